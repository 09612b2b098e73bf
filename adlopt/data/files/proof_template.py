"""A bound, its proof and the rule that it is about, to start one's own from."""

PROOF = '''\
"""What the constant severity 1/2 misses. Check the proof with: adlopt prove {name}

Change a number in `derive` and see which step no longer closes. `adlopt prove {name} --show`
writes the derivation out; `from adlopt.proof import check` does the same in Python.
Play the rule beside its bound: adlopt play october-10 -p {name}:rule --bound {name}:bound
"""

from sympy import Rational, Sum

import adlopt as adl
from adlopt.bounds.quantity import TOTAL_DEFICIT
from adlopt.policies.severity import Constant
from adlopt.proof import *

rule = Constant(0.5)
bound = adl.Bound(
    name="mine",
    expression=TOTAL_DEFICIT.symbol / 2,  # of quantities that `adlopt bounds` measures
    comparator=adl.Comparator.PER_ROUND_OPTIMUM,
    covers="constant:0.5",  # the name of a rule: what an episode may refute it with
    proof=__file__,  # which has to conclude: loss <= this expression
)

t, T = integers("t T")  # rounds 1 ... T
D, x, s = sequences("D x s")  # deficits; severities played; severities needed
HALF = Rational(1, 2)  # fractions, not floats: the kernel computes exactly
INSIDE = (every(t, 1, T, ge(s(t), 0)), every(t, 1, T, le(s(t), 1)))
GIVEN = (every(t, 1, T, ge(D(t), 0)), every(t, 1, T, eq(x(t), HALF)))


def claim(share=HALF, inside=INSIDE):
    """What is to be proved; its arguments make the false variants below."""
    loss = Sum(D(t) * abs(x(t) - s(t)), (t, 1, T))
    return Claim(given=(*GIVEN, *inside), concludes=le(loss, share * Sum(D(t), (t, 1, T))))


def derive(share=HALF, inside=INSIDE):
    """Derive it step by step: each prove(conclusion, what it follows from) is a Fact."""
    known = [at(each, t, using=[ge(t, 1), le(t, T)]) for each in (*GIVEN, *inside)]
    miss = x(t) - s(t)
    one = by_cases(le(D(t) * abs(miss), share * D(t)), miss, known)  # s below 1/2, s above
    return prove(claim(share, inside).concludes, sum_up(for_all(one, t, 1, T)))


def theorem():
    """What `adlopt prove` checks: the evidence has to reach the verdict, or it fails."""
    once = {{T: 1, t: 1, D: [1], x: [HALF]}}
    return Theorem(
        item="Half",
        title="the constant severity 1/2 misses half of the deficits at most",
        citation="mine",
        statement="the sum of D |1/2 - s| is at most half of that of D, for s in [0, 1]",
        verdict=Verdict.PROVED,  # or PROVED_UNDER with added=..., PROVED_FROM with cited=..., ...
        tightness="attained where s is 0 or 1",
        proves={{
            "the loss": Step(
                claim,
                derive,
                {{  # at least two false variants: numbers refute each, and `derive` must not close
                    "a quarter of them": fails_at({{**once, s: [1]}}, share=Rational(1, 4)),
                    "severities above 1 needed": fails_at({{**once, s: [2]}}, inside=INSIDE[:1]),
                }},
            )
        }},
        # numbers at which all hypotheses hold: the claim is not empty
        witness={{T: 2, D: [1, 2], x: [HALF, HALF], s: [0, 1]}},
    )
'''
"""Formatted with the name of the file."""
