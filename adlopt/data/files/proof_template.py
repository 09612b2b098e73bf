"""A proof to start one's own from."""

PROOF = '''\
"""What the constant severity 1/2 misses in a round. Check it with: adlopt prove {name}

Change a number in `derive` and see which step no longer closes. `adlopt prove {name} --show`
writes the derivation out; `from adlopt.proof import check` does the same in Python.
"""

from sympy import Rational

from adlopt.proof import Claim, FalseVariant, Theorem, Verdict, by_cases, ge, le, prove, reals

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
    quarter, beyond = claim(share=Rational(1, 4)), claim(inside=INSIDE[:1])
    return Theorem(
        item="Half",
        title="the constant severity 1/2 misses half of the deficit at most",
        citation="mine",
        statement="D |1/2 - s| <= D/2 for s in [0, 1]",
        verdict=Verdict.PROVED,  # or PROVED_UNDER with added=..., REFUTED with refutation=...
        tightness="attained at s = 0 and s = 1",
        claims={{"a round": claim()}},
        facts={{"a round": derive()}},
        witness={{D: 1, s: 0}},  # numbers at which all hypotheses hold: the claim is not empty
        false_variants=(  # at least two: numbers refute each, and `derive` must not close on it
            FalseVariant(
                name="a quarter of the deficit",
                derivation=derive,
                changed={{"share": Rational(1, 4)}},
                claim=quarter,
                counterexample=quarter.counterexample({{D: 1, s: 1}}),
            ),
            FalseVariant(
                name="severities above 1 needed",
                derivation=derive,
                changed={{"inside": INSIDE[:1]}},
                claim=beyond,
                counterexample=beyond.counterexample({{D: 1, s: 2}}),
            ),
        ),
    )
'''
"""Formatted with the name of the file."""
