"""Pro-rata moves little when capacities do, and does not depend on how a budget is cut.

Capacities u and v of n winners, U = Σ u_i, V = Σ v_i, the same budget B. In the ℓ1 norm pro-rata
moves by at most (2B/U) Σ |u_i − v_i|; exchanging u and v, the larger of U and V may stand there.
Taking B_1 and then B_2 from what remains is taking B_1 + B_2 at once.
"""

from __future__ import annotations

from sympy import Rational, Sum

from adlopt.proof import *

i, n = integers("i n")
B, B_1, B_2 = reals("B B_1 B_2")
u, v = sequences("u v")

U, V = Sum(u(i), (i, 1, n)), Sum(v(i), (i, 1, n))
GIVEN = (ge(n, 1), ge(B, 0), gt(U, 0), gt(V, 0), every(i, 1, n, ge(v(i), 0)))
shift = abs(u(i) - v(i))
MOVED = Sum(abs(B * u(i) / U - B * v(i) / V), (i, 1, n))
inverses = [*reciprocal(U, gt(U, 0)), *reciprocal(V, gt(V, 0))]


def stable(two: object = 2) -> Claim:
    """Pro-rata is Lipschitz in the capacities."""
    return Claim(given=GIVEN, concludes=le(MOVED, two * B / U * Sum(shift, (i, 1, n))))


def derive(two: object = 2) -> Fact:
    """u/U − v/V = (u − v)/U + v (1/U − 1/V), summed."""
    here = at(GIVEN[4], i, using=[le(1, i), le(i, n)])
    tilt, gap = 1 / U - 1 / V, u(i) - v(i)
    plain = by_cases(
        le(abs(B * u(i) / U - B * v(i) / V), B * shift / U + B * v(i) * abs(tilt)),
        [B * u(i) / U - B * v(i) / V],
        scaled(here, tilt, gap),
    )
    each = sum_up(for_all(plain, i, 1, n))
    total = Sum(shift, (i, 1, n))
    sides = [
        sum_up(for_all(prove(ge(shift, sign * gap), absolute(gap)), i, 1, n)) for sign in (1, -1)
    ]
    tilted = by_cases(
        le(abs(tilt) * V * U, total),
        tilt,
        sides,
        inverses,
        absolute(tilt),
        multipliers=[U, V, V * U],
    )
    divided = prove(le(abs(tilt) * V, total / U), tilted, inverses, multipliers=[abs(tilt) * V])
    last = prove(le(B * abs(tilt) * V, B * total / U), divided, GIVEN[1])
    return prove(stable(two).concludes, each, last)


def scaled(here: Fact, tilt: object, gap: object) -> list[Fact]:
    """±B (u − v)/U ≤ B |u − v|/U and ±B v (1/U − 1/V) ≤ B v |1/U − 1/V|."""
    weight = prove(ge(B / U, 0), inverses, GIVEN[1])
    mass = prove(ge(B * v(i), 0), here, GIVEN[1])
    goals = [(B / U, gap, weight), (B * v(i), tilt, mass)]
    return [
        prove(le(sign * factor * e, factor * abs(e)), positive, absolute(e))
        for factor, e, positive in goals
        for sign in (1, -1)
    ]


remaining = u(i) - B_1 * u(i) / U
TWICE = (gt(U, 0), lt(B_1, U))


def cut(capacity: object = remaining) -> Claim:
    """Two rounds, the second on `capacity`, and one round."""
    twice = B_1 * u(i) / U + B_2 * capacity / (U - B_1)
    return Claim(given=TWICE, concludes=eq(twice, (B_1 + B_2) * u(i) / U))


def at_once(capacity: object = remaining) -> Fact:
    """(1 − B_1/U)/(U − B_1) = 1/U."""
    rest = reciprocal(U - B_1, prove(gt(U - B_1, 0), TWICE))
    same = prove(
        eq((1 - B_1 / U) / (U - B_1), 1 / U),
        rest,
        inverses[:2],
        multipliers=[1 / U, 1 / (U - B_1)],
    )
    return prove(cut(capacity).concludes, same, multipliers=[B_2 * u(i)])


def theorem() -> Theorem:
    """Stability and path independence of pro-rata."""
    tight = {n: 2, u: [1, 1], v: [1, 0], B: 1, B_1: 1, B_2: 0, i: 1}
    return Theorem(
        item="Pro-rata stability",
        title="pro-rata is Lipschitz in the capacities and independent of the path",
        citation="new; compare [Chitra25]",
        statement="‖PR(u) − PR(v)‖₁ ≤ 2B/max(U, V) · ‖u − v‖₁",
        verdict=Verdict.PROVED,
        tightness="attained: u = (1, 1), v = (1, 0)",
        proves={
            "stable": Step(
                stable, derive, {"19/10 instead of 2": fails_at(tight, two=Rational(19, 10))}
            ),
            "path independent": Step(
                cut,
                at_once,
                {
                    "the second round on the capacities of the first": fails_at(
                        {**tight, B_2: 1}, capacity=u(i)
                    )
                },
            ),
        },
        witness=tight,
        letters={
            "B_1": ("first part of the budget", "USD"),
            "B_2": ("second part of the budget", "USD"),
            "u(i)": ("capacity of winner i", "USD", "CTTX26, Eq. 7"),
            "v(i)": ("its capacity in another round", "USD"),
        },
        words={
            "the winners have capacity in the other round": GIVEN[3],
            "no capacity of the other round is negative": GIVEN[4],
            "the first part of the budget leaves some capacity": TWICE[1],
        },
    )
