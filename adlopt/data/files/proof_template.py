"""A proof to start one's own from."""

PROOF = '''\
"""What the constant severity 1/2 misses in a round. Check it with: adlopt prove {name}

Change a number in `derive` and see which step no longer closes. `adlopt prove {name} --show`
writes the derivation out; `from adlopt.proof import check` does the same in Python.
"""

from sympy import Rational

from adlopt.proof import Claim, Step, Theorem, Verdict, by_cases, fails_at, ge, le, prove, reals

D, s = reals("D s")  # deficit of the round; needed severity
HALF = Rational(1, 2)  # fractions, not floats: the kernel computes exactly
SIZE, INSIDE = ge(D, 0), (ge(s, 0), le(s, 1))


def claim(share=HALF, inside=INSIDE):
    """What is to be proved; its arguments make the false variants below."""
    return Claim(given=(SIZE, *inside), concludes=le(D * abs(HALF - s), share * D))


def derive(share=HALF, inside=INSIDE):
    """Derive it step by step: each prove(conclusion, what it follows from) is a Fact."""
    miss = by_cases(le(abs(HALF - s), share), HALF - s, inside)  # s below 1/2, s above
    return prove(claim(share).concludes, miss, SIZE)


def theorem():
    """What `adlopt prove` checks: the evidence has to reach the verdict, or it fails."""
    return Theorem(
        item="Half",
        title="the constant severity 1/2 misses half of the deficit at most",
        citation="mine",
        statement="D |1/2 - s| <= D/2 for s in [0, 1]",
        verdict=Verdict.PROVED,  # or PROVED_UNDER with added=..., PROVED_FROM with cited=..., ...
        tightness="attained at s = 0 and s = 1",
        proves={{
            "a round": Step(
                claim,
                derive,
                {{  # at least two false variants: numbers refute each, and `derive` must not close
                    "a quarter of the deficit": fails_at({{D: 1, s: 1}}, share=Rational(1, 4)),
                    "severities above 1 needed": fails_at({{D: 1, s: 2}}, inside=INSIDE[:1]),
                }},
            )
        }},
        witness={{D: 1, s: 0}},  # numbers at which all hypotheses hold: the claim is not empty
    )
'''
"""Formatted with the name of the file."""
