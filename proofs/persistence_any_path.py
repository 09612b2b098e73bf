"""Persistence against every path, for equal deficits.

Losses D |x_t − s_t| and x_t = s_{t−1}. Each round of a path u that misses s_t is missed by the
policy at most twice, in that round and in the next, and each move of u once:

    Σ D |x_t − s_t|  ≤  2 Σ D |u_t − s_t| + D (Σ |u_t − u_{t−1}| + |x_1 − u_1|).
"""

from __future__ import annotations

from sympy import Sum

from adlopt.proof import *

t, T = integers("t T")
largest = reals("largest")
D, x, s, u = sequences("D x s u")

PLAIN = theorem_of(__file__, "persistence.py").facts["plain"]
COPY = every(t, 2, T, eq(x(t), s(t - 1)))
EQUAL = every(t, 1, T, eq(D(t), largest))
NO_LARGER = (every(t, 1, T, ge(D(t), 0)), every(t, 1, T, le(D(t), largest)))
PLAY = (ge(T, 1), ge(largest, 0), COPY)

jump, miss = abs(u(t) - u(t - 1)), abs(u(t) - s(t))
LOSS = Sum(D(t) * abs(x(t) - s(t)), (t, 1, T))
OF_PATH, P = Sum(D(t) * miss, (t, 1, T)), Sum(jump, (t, 2, T))


def bound(twice: object = 2) -> Formula:
    """Twice what the path loses, its moves and its distance from the start."""
    return le(LOSS, twice * OF_PATH + largest * (P + abs(x(1) - u(1))))


def against_every_path(twice: object = 2) -> Claim:
    """The bound for equal deficits."""
    return Claim(given=(*PLAY, EQUAL), concludes=bound(twice))


def one_round(*sizes: Formula) -> Fact:
    """D_t |s_t − s_{t−1}| is at most D_t |u_t − s_t| + D_{t−1} |u_{t−1} − s_{t−1}| + D |move|."""
    inside, before = [le(2, t), le(t, T)], abs(u(t - 1) - s(t - 1))
    gaps = (u(t) - s(t), u(t) - u(t - 1), u(t - 1) - s(t - 1))
    move = s(t) - s(t - 1)
    near = by_cases(le(abs(move), miss + jump + before), move, *(absolute(gap) for gap in gaps))
    known = [at(h, k, using=inside) for h in sizes for k in (t, t - 1)]
    paid = prove(le(largest * abs(move), largest * (miss + jump + before)), near, ge(largest, 0))
    return prove(
        le(D(t) * abs(move), D(t) * miss + largest * jump + D(t - 1) * before),
        paid,
        known,
        multipliers=[abs(move), miss, before],
    )


def derive(twice: object = 2, sizes: tuple[Formula, ...] = (EQUAL,)) -> Fact:
    """Sum over the rounds; what the path missed a round ago is part of what it loses."""
    rest = sum_up(for_all(one_round(*sizes), t, 2, T))
    ago = shift(t, 1, T - 1, D(t) * miss, 1)
    ends = [
        last_term(t, 1, T, D(t) * miss, using=le(1, T)),
        first_term(t, 1, T, D(t) * miss, using=le(1, T)),
    ]
    size = [[at(h, k, using=le(1, T)) for h in sizes] for k in (1, T)]
    start = by_cases(
        le(abs(x(1) - s(1)), abs(x(1) - u(1)) + abs(u(1) - s(1))),
        x(1) - s(1),
        absolute(x(1) - u(1)),
        absolute(u(1) - s(1)),
    )
    gaps = [abs(x(1) - s(1)), abs(x(1) - u(1)), abs(u(1) - s(1)), abs(u(T) - s(T))]
    paid = prove(
        le(D(1) * gaps[0], largest * gaps[1] + D(1) * gaps[2]),
        start,
        size[0],
        ge(largest, 0),
        multipliers=gaps,
    )
    last = prove(
        ge(D(T) * gaps[3], 0), absolute(u(T) - s(T))[0], size[1], ge(largest, 0), multipliers=gaps
    )
    return prove(bound(twice), PLAIN, rest, ago, ends, paid, last, degree=1)


def theorem() -> Theorem:
    """Persistence, equal deficits."""
    spike = {T: 3, D: [1, 1, 1], largest: 1, s: [0, 1, 0], u: [0, 0, 0], x: [0, 0, 1]}
    growing = {T: 2, D: [1, 100], largest: 100, s: [1, 0], u: [0, 0], x: [0, 1]}
    uneven = Claim(given=(*PLAY, *NO_LARGER), concludes=bound())
    return Theorem(
        item="Persistence, equal deficits",
        title="loss of repeating the last round, against every path",
        citation="new; compare [CTTX26, Prop. 1]",
        statement="L ≤ 2 L(u) + D (P(u) + |x_1 − u_1|) where all deficits are D",
        verdict=Verdict.PROVED,
        tightness="attained: s = (0, 1, 0), u = 0, x_1 = 0",
        proves={
            "against every path": Step(
                against_every_path,
                derive,
                {
                    "1 instead of 2 in front of the loss of the path": fails_at(spike, twice=1),
                    "deficits that grow": fails_at(growing, uneven, sizes=NO_LARGER),
                },
            )
        },
        witness=spike,
        letters={
            "largest": ("deficit of every round", "USD"),
        },
        words={
            "the deficit is not negative": PLAY[1],
            "all rounds have the same deficit": EQUAL,
        },
    )
