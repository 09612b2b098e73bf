"""What whole lots cost in fairness: less than one lot for each account but one.

n winners with capacities u_i, U = Σ u_i; the budget B = b g is a whole number of lots of size g.
At the burden z = (B + (n − 1) g) / U, giving each account ⌊z u_i / g⌋ lots covers the budget and
burdens nobody above z, while no haircut burdens everyone below B / U. So the burden of the best
haircut in whole lots exceeds that of pro-rata by at most (n − 1) g / U. No solver is needed.
"""

from __future__ import annotations

from sympy import Rational, Sum, floor

from adlopt.proof import *
from adlopt.proof.lemmas import count

i, n, b = integers("i n b")
g, z = reals("g z")
u, x = sequences("u x")

U = Sum(u(i), (i, 1, n))
lots = floor(z * u(i) / g)
GIVEN = (ge(n, 1), gt(g, 0), ge(z, 0))
CAPACITY = every(i, 1, n, ge(u(i), 0))
HAIRCUT = (every(i, 1, n, le(x(i), z * u(i))), ge(Sum(x(i), (i, 1, n)), b * g))


def covered(spare: object = 1) -> Claim:
    """Enough lots at the burden z with z U = B + (n − 1) g."""
    level = ge(z * U, (b + n - spare) * g)
    return Claim(given=(*GIVEN, level), concludes=ge(Sum(lots, (i, 1, n)), b))


lowest = Claim(given=HAIRCUT, concludes=ge(z * U, b * g))


def derive(spare: object = 1) -> Fact:
    """⌊y⌋ > y − 1 summed over the accounts, and a whole number above b − 1 is at least b."""
    y, claim = z * u(i) / g, covered(spare)
    short = lots - y + 1
    above = floor_of(y)[1]
    first = first_term(i, 1, n, short, using=le(1, n))
    rest = sum_up(for_all(prove(ge(short, 0), above), i, 2, n))
    strict = at(for_all(above, i, 1, n), 1, using=le(1, n))
    whole = prove(gt(Sum(short, (i, 1, n)), 0), first, rest, strict)
    inverse = reciprocal(g, gt(g, 0))
    level = prove(ge(U * z / g, b + n - 1), claim.given, inverse, multipliers=[b, n, 1])
    enough = prove(gt(Sum(lots, (i, 1, n)) + 1, b), whole, level, count(i, n))
    return prove(claim.concludes, next_integer(enough))


def burdened(spare: object = 0) -> Claim:
    """Whole lots burden nobody above z, even with more lots each."""
    each = every(i, 1, n, le(g * (lots + spare), z * u(i)))
    return Claim(given=(*GIVEN, CAPACITY), concludes=each)


def within(spare: object = 0) -> Fact:
    """Whole lots at the burden z burden nobody above z."""
    y, inverse = z * u(i) / g, reciprocal(g, gt(g, 0))
    goal, known = le(g * (lots + spare), z * u(i)), [*floor_of(y), inverse, gt(g, 0)]
    return for_all(prove(goal, known, multipliers=[z * u(i)]), i, 1, n)


def no_better() -> Fact:
    """Sum x_i ≤ z u_i over the accounts."""
    return prove(lowest.concludes, sum_up(HAIRCUT[0]), HAIRCUT[1])


def theorem() -> Theorem:
    """The gap between lots and fractions."""
    half = Rational(1, 2)
    equal = {n: 2, u: [1, 1], g: 1, b: 1, z: half, i: 1}
    return Theorem(
        item="Lot rounding gap",
        title="whole lots raise the least possible burden by at most (n − 1) g / U",
        citation="new; compare [CTTX26, Eq. 8]",
        statement="0 ≤ z(lots) − B/U ≤ (n − 1) g / U for equal lots g that divide the budget",
        verdict=Verdict.PROVED,
        tightness="attained for equal capacities and a budget of one lot",
        remarks=(
            "lots that overshoot the budget are taken back one by one, which burdens nobody more",
        ),
        proves={
            "covers the budget": Step(
                covered, derive, {"a gap of (n − 2) g / U": fails_at(equal, spare=2)}
            ),
            "burden": Step(
                burdened,
                within,
                {
                    "one lot more each, within the same burden": fails_at(
                        {n: 1, u: [1], g: 1, z: half}, spare=1
                    )
                },
            ),
            "no haircut burdens less": Step(lowest, no_better()),
        },
        witness={n: 2, u: [2, 2], x: [1, 1], g: 1, b: 1, z: 1, i: 1},
        letters={
            "b": "budget in lots",
            "u(i)": ("capacity of winner i", "USD", "CTTX26, Eq. 7"),
            "x(i)": ("haircut of winner i", "USD", "CTTX26, Eq. 7"),
            "z": (
                "burden up to which whole lots are given; a bound on all burdens",
                "1",
                "CTTX26, Eq. 8",
            ),
        },
        words={
            "the burden is not negative": GIVEN[2],
            "z is at least (B + (n − 1) g)/U": "g + z·Σ[i=1…n](u(i)) ≥ b·g + g·n",
            "the haircuts cover the budget": HAIRCUT[1],
        },
    )
