"""Repeat what was needed when that is only known d rounds later.

What round t needed is known from round t + d + 1 on. *Delayed persistence* plays 1/2 in the first
d + 1 rounds and x_t = s_{t−d−1} then; its loss is at most

    Σ_{t ≤ d+1} D_t/2 + Σ_{t ≥ d+2} D_t |s_t − s_{t−d−1}|,

where all but the first sum is an identity. Where rounds are big (b_t = 1) or small, and a round
copies any one that it can know, E(r, t) = 1, or none, F(t) = 1, then whatever it copies

    Σ D_t |x_t − s_t|  ≤  Σ_{big, none} D_t/2 + Σ_{big} D_t |s_t − s_r| + Σ_{small} D_t:

d may count big rounds, or rounds as they come.
"""

from __future__ import annotations

from sympy import Rational, Sum

from adlopt.proof import *

t, r, j, d, T = integers("t r j d T")
D, b, E, F, x, s = sequences("D b E F x s")

ENVELOPE = theorem_of(__file__, "gated_envelope.py")
HALF = Rational(1, 2)
SIZES = (ge(d, 0), ge(T, d + 1), every(t, 1, T, ge(D(t), 0)))
TARGETS = (every(t, 1, T, ge(s(t), 0)), every(t, 1, T, le(s(t), 1)))
PLAY = (
    every(t, 1, d + 1, eq(x(t), HALF)),
    every(t, d + 2, T, eq(x(t), s(t - d - 1))),
)
LOST = D(t) * abs(x(t) - s(t))
COPIES = (
    *(ge(d, 0), ge(T, 1), *SIZES[2:], *TARGETS),
    every(t, 1, T, eq(b(t) ** 2, b(t))),
    every(t, 1, T, eq(F(t) ** 2, F(t))),
    every(r, 1, T, every(t, 1, T, eq(E(r, t) ** 2, E(r, t)))),
    every(t, 1, T, eq(Sum(E(r, t), (r, 1, T)) + F(t), 1)),
    every(t, 1, T, every(r, t, T, eq(E(r, t), 0))),
    every(j, 0, d, every(t, j + 1, T, eq(E(t - j, t), 0))),
    every(t, 1, T, eq(x(t), Sum(E(r, t) * s(r), (r, 1, T)) + F(t) / 2)),
)


def moved(late: int = 1) -> object:
    """Dollars that a round differs by from the one that it copies."""
    return D(t) * abs(s(t) - s(t - d - late))


def plain(half: object = HALF, late: int = 1) -> Claim:
    """Persistence, d rounds late."""
    bound = half * Sum(D(t), (t, 1, d + 1)) + Sum(moved(late), (t, d + 2, T))
    return Claim(given=(*SIZES, *TARGETS, *PLAY), concludes=le(Sum(LOST, (t, 1, T)), bound))


envelope = Claim(given=COPIES, concludes=ENVELOPE.claims["envelope"].concludes)


def derive(half: object = HALF, late: int = 1) -> Fact:
    """At most 1/2 away before anything is known, and what the copied round is away then."""
    early, after = [le(1, t), le(t, d + 1)], [le(d + 2, t), le(t, T)]
    gap, move = x(t) - s(t), s(t) - s(t - d - late)
    first = [*early, *SIZES[:2]]
    ends = [at(h, t, using=first) for h in TARGETS]
    near = by_cases(le(abs(gap), half), gap, ends, at(PLAY[0], t, using=early))
    one = prove(le(LOST, half * D(t)), near, at(SIZES[2], t, using=first))
    same = by_cases(
        eq(abs(gap), abs(move)), gap, at(PLAY[1], t, using=after), absolute(move), absolute(gap)
    )
    other = prove(eq(LOST, moved(late)), same, multipliers=[D(t)])
    sums = [
        sum_up(discharge(for_all(one, t, 1, d + 1), SIZES[:2])),
        sum_up(for_all(other, t, d + 2, T)),
    ]
    parts = split(t, 1, d + 1, T, LOST, using=SIZES[:2])
    return prove(plain(half, late).concludes, parts, sums)


def theorem() -> Theorem:
    """Delayed persistence."""
    two = {d: 2, T: 4, D: [1] * 4, s: [1, 1, 0, 0], x: [HALF, HALF, HALF, 1], r: 1, t: 1, j: 1}
    two |= {b: [1] * 4, E: [[0, 0, 0, 1], [0] * 4, [0] * 4, [0] * 4], F: [1, 1, 1, 0]}
    turn = {d: 0, T: 2, D: [1, 1], s: [1, 0], x: [HALF, 1]}
    alone = {d: 0, T: 1, D: [1], s: [1], x: [HALF]}
    return Theorem(
        item="Delayed feedback",
        title="repeating what was needed, d rounds late",
        citation="new; compare [CTTX26, Prop. 1]",
        statement="L ≤ Σ_{t ≤ d+1} D_t/2 + Σ D_t |s_t − s_{t−d−1}|",
        verdict=Verdict.PROVED,
        tightness="the first sum is attained",
        proves={
            "delayed": Step(
                plain,
                derive,
                {
                    "1/4 before anything is known": fails_at(alone, half=Rational(1, 4)),
                    "known a round earlier": fails_at(turn, late=0),
                },
            ),
            "envelope": Step(envelope, ENVELOPE.facts["envelope"]),
        },
        witness=two,
        letters={
            "d": "rounds that pass before what was needed is known",
        },
        words={
            "the delay is not negative": SIZES[0],
            "there are more rounds than the delay": SIZES[1],
            "the first d + 1 rounds play 1/2": PLAY[0],
            "later rounds play what was needed d + 1 rounds before": PLAY[1],
            "none of the last d rounds is copied": COPIES[10],
        },
    )
