"""The step that a venue runs: η_t = √((1 + 2 P_t)/S_t), of what has been seen so far.

S_t = D_1² + … + D_t² and P_t = Σ_{s≤t} |θ*_s − θ*_{s−1}| count a round once its θ* is known. The
step is not monotone, so [CTTX26, Prop. 1] does not cover it. Against θ* itself, whatever the start,

    Σ D_t |θ_t − θ*_t|  ≤  √S_T (√(1 + 2 P_T) + 1/2):

half of √S more than the bound with the best fixed step, which needs hindsight. What keeps the
constant at 1 is 2d − d² ≤ 2 q_{t−1} (q_t − q_{t−1}), with d = P_t − P_{t−1} and q_t = √(1 + 2 P_t).
"""

from __future__ import annotations

from functools import cache

from sympy import Rational, Sum, sqrt, sympify

from adlopt.proof import *
from adlopt.proof.lemmas import clip, clip_lies_in_unit_interval, projected_step, roots_of_sums
from adlopt.proof.operations import root as root_of

t, j, n, T = integers("t j n T")
D, x, s, g, root, q = sequences("D x s g root q")

missed = D(t) * abs(x(t) - s(t))
move = abs(s(t) - s(t - 1))
LOSS, P = Sum(missed, (t, 1, T)), Sum(move, (t, 2, T))


def walked(k: object) -> object:
    """1 + 2 P_k."""
    return 1 + 2 * Sum(abs(s(j) - s(j - 1)), (j, 2, k))


DEFICITS = [
    every(t, 1, T, gt(D(t), 0)),
    every(t, 1, T, gt(root(t), 0)),
    every(t, 1, T, eq(root(t) ** 2, Sum(D(j) ** 2, (j, 1, t)))),
]
WALK = [
    every(t, 1, T, gt(q(t), 0)),
    every(t, 1, T, eq(q(t) ** 2, walked(t))),
]
PATH = [every(t, 1, T, ge(s(t), 0)), every(t, 1, T, le(s(t), 1))]
SLOPES = [
    every(t, 1, T, ge(g(t), -D(t))),
    every(t, 1, T, le(g(t), D(t))),
    every(t, 1, T, eq(g(t) * (x(t) - s(t)), D(t) * abs(x(t) - s(t)))),
]
START = [ge(x(1), 0), le(x(1), 1)]
STEPS = every(t, 1, T, eq(x(t + 1), clip(x(t) - q(t) / root(t) * g(t))))
PLAY = (ge(T, 1), *DEFICITS, *WALK, *PATH, *SLOPES, *START, STEPS)


def claim(half: object = Rational(1, 2), one: object = 1) -> Claim:
    """The bound, with its two constants."""
    return Claim(given=PLAY, concludes=le(LOSS, root(T) * (one * q(T) + half)))


ROOTS = {
    root: (t, sqrt(Sum(D(j) ** 2, (j, 1, t)))),
    q: (t, sqrt(walked(t))),
}
written_out = Claim(
    given=tuple(
        put_formula(formula, ROOTS) for formula in PLAY if formula not in (*DEFICITS[1:], *WALK)
    ),
    concludes=put_formula(claim().concludes, ROOTS),
)


def sizes(k: object, within: list[Formula]) -> list[Fact]:
    """√S and √(1 + 2P) of a round are above zero, and have reciprocals."""
    above = [at(h, k, using=within) for h in (DEFICITS[1], WALK[0])]
    return [*above, *reciprocal(root(k), above[0]), *reciprocal(q(k), above[1])]


def gradient_step(k: object, within: list[Formula]) -> Fact:
    """2 ℓ_k ≤ (√S_k/q_k) ((x_k − θ*_k)² − (x_{k+1} − θ*_k)²) + D_k² q_k/√S_k."""
    step = q(k) / root(k)
    known = [at(h, k, using=within) for h in (*SLOPES, *PATH, STEPS)]
    aim = x(k) - step * g(k)
    nearer = projected_step(x(k + 1), aim, s(k), known)
    small = prove(le(g(k) ** 2, D(k) ** 2), known)
    gain = (x(k) - s(k)) ** 2 - (x(k + 1) - s(k)) ** 2
    loss = missed.subs(t, k)
    short = prove(
        le(2 * step * loss, gain + step**2 * D(k) ** 2),
        nearer,
        small,
        known[2],
        squares=[step],
        multipliers=[step],
    )
    energy = D(k) ** 2 * q(k)
    scaled = prove(
        le(2 * q(k) * loss, root(k) * gain + energy * step),
        short,
        sizes(k, within),
        multipliers=[q(k) * loss, energy * step],
    )
    return prove(
        le(2 * loss, root(k) / q(k) * gain + energy / root(k)),
        scaled,
        sizes(k, within),
        multipliers=[loss, energy / root(k)],
    )


def growth(k: object, within: list[Formula]) -> list[Fact]:
    """√S_k ≥ √S_{k−1}, and D_k² q_k/√S_k ≤ 2 q_k (√S_k − √S_{k−1})."""
    now, before = root(k), root(k - 1)
    squares = [at(DEFICITS[2], i, using=within) for i in (k, k - 1)]
    signs = [at(DEFICITS[1], i, using=within) for i in (k, k - 1)]
    more = last_term(j, 1, k, D(j) ** 2, using=within)
    added = prove(eq(now**2, before**2 + D(k) ** 2), squares, more)
    larger = by_contradiction(ge(now, before), added, signs, squares=[D(k)])
    room = prove(le(D(k) ** 2, 2 * now * (now - before)), added, squares=[now - before])
    goal = le(D(k) ** 2 / now, 2 * (now - before))
    once = prove(goal, room, reciprocal(now, signs[0]), multipliers=[now, before])
    above = at(WALK[0], k, using=within)
    return [larger, prove(le(D(k) ** 2 * q(k) / now, 2 * q(k) * (now - before)), once, above)]


def bend(k: object, within: list[Formula]) -> list[Fact]:
    """q_k ≥ q_{k−1} ≥ 1, and 2d − d² ≤ 2 q_{k−1} (q_k − q_{k−1})."""
    now, before, d = q(k), q(k - 1), abs(s(k) - s(k - 1))
    signs = [at(WALK[0], i, using=within) for i in (k, k - 1)]
    squares = [at(WALK[1], i, using=within) for i in (k, k - 1)]
    jump = absolute(s(k) - s(k - 1))
    more = last_term(j, 2, k, abs(s(j) - s(j - 1)), using=within)
    added = prove(eq(now**2, before**2 + 2 * d), squares, more)
    past = sum_up(for_all(absolute(s(t) - s(t - 1))[0], t, 2, k - 1))
    one = by_contradiction(ge(before, 1), squares, signs, past)
    larger = by_contradiction(ge(now, before), added, signs, jump)
    shorter = prove(le(now - before, d), added, one, larger, squares=[now - before])
    return [
        one,
        larger,
        prove(le(2 * d - d**2, 2 * before * (now - before)), added, shorter, larger, jump),
    ]


def path_step(k: object, within: list[Formula]) -> list[Fact]:
    """(x_k − θ*_k)² is at most 1, and at most (x_k − θ*_{k−1})² + 2d − d²."""
    known = [at(h, i, using=within) for h in PATH for i in (k, k - 1)]
    known.append(at(STEPS, k - 1, using=within))
    known += clip_lies_in_unit_interval(x(k - 1) - q(k - 1) / root(k - 1) * g(k - 1))
    distance, jump = (x(k) - s(k)) ** 2, s(k) - s(k - 1)
    goal = le(distance, (x(k) - s(k - 1)) ** 2 + 2 * abs(jump) - abs(jump) ** 2)
    return [prove(le(distance, 1), known), by_cases(goal, jump, known, absolute(jump))]


def carried(k: object, within: list[Formula]) -> Fact:
    """(√S_k/q_k) a − (√S_n/q_n) b ≤ √S_k − √S_n + 2 √S_n (q_k − q_n), n = k − 1."""
    i = k - 1
    a, b = (x(k) - s(k)) ** 2, (x(k) - s(i)) ** 2
    near, nearer = path_step(k, within)
    one, larger, bent = bend(k, within)
    more, _ = growth(k, within)
    known = [*sizes(k, within), *sizes(i, within)]
    both = prove(gt(1 / q(k) / q(i), 0), known)
    less = prove(le(1 / q(k), 1 / q(i)), larger, both, known, multipliers=[1 / q(k), 1 / q(i)])
    unit = prove(le(1 / q(k), 1), one, larger, known, multipliers=[1 / q(k)])
    rise = prove(ge((root(k) - root(i)) / q(k), 0), more, known)
    first = prove(
        le(root(k) / q(k) * a, root(i) / q(i) * a + root(k) - root(i)),
        prove(le((root(k) - root(i)) / q(k) * a, (root(k) - root(i)) / q(k)), rise, near),
        prove(le((root(k) - root(i)) / q(k), root(k) - root(i)), more, unit),
        prove(le(root(i) / q(k), root(i) / q(i)), less, known),
        squares=[x(k) - s(k)],
    )
    second = prove(
        le(root(i) / q(i) * (a - b), 2 * root(i) * (q(k) - q(i))),
        prove(le(a - b, 2 * q(i) * (q(k) - q(i))), nearer, bent),
        prove(gt(root(i) / q(i), 0), known),
        known,
        multipliers=[root(i) * (q(k) - q(i))],
    )
    return prove(
        le(
            root(k) / q(k) * a - root(i) / q(i) * b, root(k) - root(i) + 2 * root(i) * (q(k) - q(i))
        ),
        first,
        second,
    )


@cache
def derive(half: object = Rational(1, 2), one: object = 1) -> Fact:
    """Carry 2 Σ ℓ + (√S_k/q_k)(x_{k+1} − θ*_k)² ≤ √S_k (1 + 2 q_k) through the rounds."""

    def potential(k: object) -> Formula:
        left = 2 * Sum(missed, (t, 1, k)) + root(k) / q(k) * (x(k + 1) - s(k)) ** 2
        return le(left, root(k) * (2 * half + 2 * one * q(k)))

    first, inside = [le(1, T)], [le(1, n), le(n + 1, T)]
    base = prove(
        potential(sympify(1)),
        gradient_step(sympify(1), first),
        opening(first),
        single(t, 1, missed),
    )
    k = n + 1
    step = prove(
        potential(k),
        potential(n),
        gradient_step(k, inside),
        carried(k, inside),
        growth(k, inside),
        bend(k, inside)[:2],
        [at(h, n, using=inside) for h in (DEFICITS[1], WALK[0])],
        last_term(t, 1, k, missed, using=inside),
    )
    whole = at(induct(base, step, potential(n), n, 1, T), T, using=first)
    known = sizes(T, first)
    left = prove(ge(root(T) / q(T), 0), known)
    return prove(claim(half, one).concludes, whole, left, known, squares=[x(T + 1) - s(T)])


def opening(within: list[Formula]) -> Fact:
    """(√S_1/q_1)(x_1 − θ*_1)² + D_1² q_1/√S_1 ≤ 3 √S_1: q_1 = 1 and √S_1 = D_1."""
    known = [at(h, 1, using=within) for h in (*PATH, *DEFICITS, *WALK)]
    body = [single(j, 1, D(j) ** 2), empty(j, 2, abs(s(j) - s(j - 1)))]
    one = prove(eq(q(1) ** 2, 1), known, body)
    low = by_contradiction(ge(q(1), 1), one, known)
    high = by_contradiction(le(q(1), 1), one, known)
    same = prove(eq(root(1) ** 2, D(1) ** 2), known, body)
    near = prove(le((x(1) - s(1)) ** 2, 1), START, known)
    inverse = sizes(sympify(1), within)
    energy = prove(
        eq(D(1) ** 2 / root(1), root(1)), same, inverse, multipliers=[root(1), 1 / root(1)]
    )
    flat = prove(eq(1 / q(1), 1), low, high, inverse, multipliers=[1 / q(1)])
    start = prove(
        le(root(1) / q(1) * (x(1) - s(1)) ** 2, root(1)),
        near,
        flat,
        inverse,
        multipliers=[root(1) * (x(1) - s(1)) ** 2],
    )
    grown = prove(eq(D(1) ** 2 * q(1) / root(1), root(1) * q(1)), energy, multipliers=[q(1)])
    return prove(
        le(
            root(1) / q(1) * (x(1) - s(1)) ** 2 + D(1) ** 2 * q(1) / root(1),
            root(1) * (1 + 2 * q(1)),
        ),
        start,
        grown,
        inverse,
    )


def roots_of_walks() -> list[Fact]:
    """√(1 + 2 P_t) is above zero and has that square, for 1 ≤ t ≤ T."""
    inside = [le(1, t), le(t, T)]
    past = sum_up(for_all(absolute(s(j) - s(j - 1))[0], j, 2, t))
    positive = prove(gt(walked(t), 0), past)
    low, square = root_of(walked(t), positive)
    above = by_contradiction(gt(sqrt(walked(t)), 0), low, square, positive)
    return [for_all(prove(fact.conclusion, fact, inside), t, 1, T) for fact in (above, square)]


def theorem() -> Theorem:
    """The running step."""
    once = {T: 1, D: [1], root: [1], q: [1], x: [1, 0], s: [0], g: [1]}
    turn = {T: 2, D: [3, 4], root: [3, 5], q: [1, Rational(3, 2)], g: [3, -4]}
    turn |= {x: [1, 0, 1], s: [0, Rational(5, 8)]}
    bound = derive()
    return Theorem(
        item="Running step",
        title="dynamic regret with η_t = √((1 + 2 P_t)/S_t), nothing known in hindsight",
        citation="new; the step is that of MetaFlux's published controller, 2026",
        statement="Σ D_t |θ_t − θ*_t| ≤ √S_T (√(1 + 2 P_T) + 1/2), S_T = Σ D_t²",
        verdict=Verdict.PROVED,
        tightness="3/2 of [CTTX26, Prop. 1], whose step needs hindsight, at P = 0; less elsewhere",
        proves={
            "against θ*": Step(
                claim,
                derive,
                {
                    "−1/4 instead of 1/2": fails_at(once, half=Rational(-1, 4)),
                    "no √(1 + 2 P) term": fails_at(once, one=0),
                },
            ),
            "with roots written out": Step(
                written_out,
                discharge(put(bound, ROOTS), [*roots_of_sums(D, t, T), *roots_of_walks()]),
            ),
        },
        witness=turn,
        letters={
            "q(t)": "√(1 + 2 P_t), P_t the path variation of θ* up to round t",
        },
        words={
            "q_t is √(1 + 2 P_t)": WALK,
            (
                "the next severity is a step √((1 + 2 P_t)/S_t) "
                "against the slope, clipped to [0, 1]"
            ): (STEPS, written_out.given[9]),
        },
    )
