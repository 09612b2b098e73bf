"""A queue is the linear optimum of its scores; for strict scores the only one [CTTX26, Prop. 7].

Accounts are numbered in the order of the queue, s_1 > s_2 > … > s_n. The queue takes q_j = u_j
ahead of a marginal account m and q_j = 0 behind it. Any other haircut x of the same total has
⟨s, q − x⟩ = Σ (s_j − s_m)(q_j − x_j), where no term is negative; it is zero only for x = q.
"""

from __future__ import annotations

from sympy import Rational, Sum

from adlopt.proof import *
from adlopt.proof.lemmas import below_sum, isolate

j, m, n, k = integers("j m n k")
s, u, q, x = sequences("s u q x")

AHEAD = (every(j, 1, m - 1, eq(q(j), u(j))), every(j, m + 1, n, eq(q(j), 0)))
BOX = (every(j, 1, n, ge(x(j), 0)), every(j, 1, n, le(x(j), u(j))))
SAME = eq(Sum(x(j), (j, 1, n)), Sum(q(j), (j, 1, n)))
SORTED = (every(j, 1, m - 1, gt(s(j), s(m))), every(j, m + 1, n, gt(s(m), s(j))))
TIED = (every(j, 1, m - 1, ge(s(j), s(m))), every(j, m + 1, n, ge(s(m), s(j))))
ROUND = (ge(m, 1), le(m, n), *AHEAD, *BOX, SAME)
GIVEN = (*ROUND, *SORTED)

gain = (s(j) - s(m)) * (q(j) - x(j))
VALUE = Sum(s(j) * q(j), (j, 1, n)) - Sum(s(j) * x(j), (j, 1, n))
best = Claim(given=GIVEN, concludes=ge(VALUE, 0))
TIE = (*GIVEN, le(VALUE, 0))
equal_ahead = Claim(given=TIE, concludes=every(j, 1, m - 1, eq(x(j), q(j))))
equal_behind = Claim(given=TIE, concludes=every(j, m + 1, n, eq(x(j), q(j))))
equal_at = Claim(given=TIE, concludes=eq(x(m), q(m)))


def parts() -> list[tuple[object, object, int]]:
    """The accounts ahead of the marginal one, and those behind it."""
    return [(1, m - 1, 0), (m + 1, n, 1)]


def one_sided(low: object, high: object, side: int, order: tuple[Formula, ...]) -> Fact:
    """(s_j − s_m)(q_j − x_j) ≥ 0 on one side of the marginal account."""
    inside = [le(low, j), le(j, high), le(1, m), le(m, n)]
    known = [at(h, j, using=inside) for h in (*BOX, AHEAD[side], *order[side : side + 1])]
    return for_all(prove(ge(gain, 0), known, multipliers=[s(j), s(m)]), j, low, high)


def derive(order: tuple[Formula, ...] = SORTED) -> Fact:
    """Sum both sides; the marginal account itself adds nothing."""
    sums = [sum_up(one_sided(*part, order)) for part in parts()]
    whole = isolate(j, (1, n), m, gain, le(1, m), le(m, n))
    return prove(best.concludes, sums, whole, SAME, multipliers=[s(m)])


def unique(side: int, order: tuple[Formula, ...] = SORTED) -> Fact:
    """Without a loss of value every term is zero, and s_k ≠ s_m leaves x_k = q_k."""
    low, high, _ = parts()[side]
    gains = [one_sided(*part, order) for part in parts()]
    inside = [le(low, k), le(k, high), le(1, m), le(m, n)]
    whole = isolate(j, (1, n), m, gain, le(1, m), le(m, n))
    small = below_sum(gains[side], j, (low, high), k, gain, inside)
    none = prove(
        le(gain.subs(j, k), 0),
        small,
        sum_up(gains[1 - side]),
        whole,
        SAME,
        TIE[-1],
        multipliers=[s(m)],
    )
    known = [at(h, k, using=inside) for h in (*BOX, AHEAD[side], order[side])]
    known.append(none)
    sides = [
        by_contradiction(goal, known, multipliers=[s(k), s(m)])
        for goal in (ge(x(k), q(k)), le(x(k), q(k)))
    ]
    return for_all(prove(eq(x(k), q(k)), sides), k, low, high)


def the_rest(order: tuple[Formula, ...] = SORTED) -> Fact:
    """Equal totals leave x_m = q_m."""
    sums = [sum_up(unique(side, order)) for side in (0, 1)]
    return prove(
        equal_at.concludes, sums, isolate(j, (1, n), m, x(j) - q(j), le(1, m), le(m, n)), SAME
    )


def theorem() -> Theorem:
    """Proposition 7."""
    pair = {n: 2, m: 1, s: [2, 1], u: [1, 1], q: [1, 0], x: [1, 0], j: 1, k: 1}
    shared = [1, Rational(1, 2), 0]
    three = {n: 3, m: 2, s: [3, 2, 1], u: [1, 1, 1], q: shared, x: shared}
    free = Claim(given=ROUND, concludes=best.concludes)
    tied = Claim(given=(*ROUND, *TIED, le(VALUE, 0)), concludes=equal_at.concludes)
    return Theorem(
        item="Proposition 7",
        title="a queue is the unique maximiser of ⟨s, x⟩ for strictly ordered scores",
        citation="[CTTX26, Prop. 7]",
        statement="Q = argmax ⟨s, x⟩ over 0 ≤ x ≤ u, Σ x = B, and it is unique",
        verdict=Verdict.PROVED,
        tightness="exact",
        proves={
            "optimal": Step(
                best,
                derive,
                {
                    "in any order of the scores": fails_at(
                        {**pair, s: [1, 2], x: [0, 1]}, free, order=()
                    )
                },
            ),
            "unique ahead of the marginal account": Step(equal_ahead, unique(0)),
            "unique behind it": Step(equal_behind, unique(1)),
            "unique at it": Step(
                equal_at,
                the_rest,
                {
                    "unique with equal scores too": fails_at(
                        {**pair, s: [1, 1], x: [0, 1]}, tied, order=TIED
                    )
                },
            ),
        },
        witness=three,
        letters={
            "m": "the marginal account",
            "n": ("number of accounts", "1", "CTTX26, Sec. 2"),
            "q(j)": ("what account j gives in a queue", "USD", "CTTX26, Prop. 7"),
            "s(j)": ("score of account j", "1", "CTTX26, Prop. 7"),
            "u(j)": ("capacity of account j, in the order of the queue", "USD", "CTTX26, Eq. 7"),
            "x(j)": ("haircut of account j", "USD", "CTTX26, Eq. 7"),
        },
        words={
            "a queue: all ahead of the marginal account give their capacity": AHEAD[0],
            "those behind the marginal account give nothing": AHEAD[1],
            "the haircuts add up to what the queue raises": SAME,
            (
                "scores ahead of the marginal account are higher than its own, those behind lower"
            ): SORTED,
            "the other haircuts are worth no less": TIE[9],
        },
    )
