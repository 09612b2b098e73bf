"""Steps that keep the dollars of rounds which raise too little near a share α of all dollars.

The policy moves up by η_t D_t (1 − α) after a round whose x_t was below the needed s_t, i_t = 1,
and down by η_t D_t α after any other, i_t = 0. It plays x_t clipped to [0, 1]. Nothing is known
ahead: from any start in [0, 1], on any needed severities in [0, 1],

    |Σ D_t (i_t − α)|  ≤  1/η + D_max             at a fixed step η,
    |Σ D_t (i_t − α)|  ≤  2 M_T                   at η_t = 1/M_t, M_t = max(D_1, …, D_t),

as x never leaves the unit interval by more than a step, and its moves telescope. Where the play
raises too little, r_t = 1, x_t is below s_t, so that Σ D_t r_t ≤ α Σ D_t + 1/η + D_max. That they
are as many is false: where nothing is needed, x_t < 0 counts, and the play of 0 raises enough.
"""

from __future__ import annotations

from functools import cache

from sympy import Min, Rational, Sum

from adlopt.proof import *
from adlopt.proof.lemmas import bit, clip

t, n, T = integers("t n T")
α, η, largest = reals("α η largest")
D, x, s, i, r, M = sequences("D x s i r M")

SHARE = (ge(α, 0), le(α, 1))
SIZES = (ge(T, 1), every(t, 1, T, ge(D(t), 0)))
TARGETS = (every(t, 1, T, ge(s(t), 0)), every(t, 1, T, le(s(t), 1)))
START = (ge(x(1), 0), le(x(1), 1))
BELOW = (
    every(t, 1, T, eq(i(t) ** 2, i(t))),
    every(t, 1, T, ge(i(t) * (s(t) - x(t)), 0)),
    every(t, 1, T, ge((1 - i(t)) * (x(t) - s(t)), 0)),
)
SETTING = (*SHARE, *SIZES, *TARGETS, *START, *BELOW)
GAP = Sum(D(t) * (i(t) - α), (t, 1, T))
FIXED = (
    gt(η, 0),
    every(t, 1, T, le(D(t), largest)),
    every(t, 1, T, eq(x(t + 1), x(t) + η * D(t) * (i(t) - α))),
)
SO_FAR = (
    every(t, 1, T, gt(M(t), 0)),
    every(t, 1, T, le(D(t), M(t))),
    every(t, 1, T - 1, le(M(t), M(t + 1))),
    every(t, 1, T, eq(M(t) * (x(t + 1) - x(t)), D(t) * (i(t) - α))),
)
TOO_LITTLE = (
    every(t, 1, T, eq(r(t) ** 2, r(t))),
    every(t, 1, T, gt(r(t) * (s(t) - clip(x(t))) + 1 - r(t), 0)),
)


def fixed(side: int = 1, spare: object = 1) -> Claim:
    """Within 1/η + D_max of the share, on either side."""
    return Claim(given=(*SETTING, *FIXED), concludes=le(side * GAP, 1 / η + spare * largest))


def so_far(side: int = 1, times: object = 2) -> Claim:
    """The same with a step that follows the largest deficit so far."""
    return Claim(given=(*SETTING, *SO_FAR), concludes=le(side * GAP, times * M(T)))


PLAYED = Sum(D(t) * r(t), (t, 1, T))
ALL = Sum(D(t), (t, 1, T))


def played(spare: object = 1, side: int = 1) -> Claim:
    """Dollars of rounds that do raise too little."""
    bound = side * α * ALL + 1 / η + spare * largest
    return Claim(given=(*SETTING, *FIXED, *TOO_LITTLE), concludes=le(side * PLAYED, bound))


# One step -----------------------------------------------------------------------------------------

w, d, κ, here, after, need, mark = reals("w d κ x y s i")
LOW, HIGH = -α * κ, 1 + (1 - α) * κ
ONE = (
    *SHARE,
    *(gt(w, 0), ge(d, 0), le(d, κ * w), ge(κ, 0), eq(w * (after - here), d * (mark - α))),
    *(eq(mark**2, mark), ge(mark * (need - here), 0), ge((1 - mark) * (here - need), 0)),
    *(ge(need, 0), le(need, 1), ge(here, LOW), le(here, HIGH)),
)


@cache
def stays() -> tuple[Fact, Fact]:
    """Steps of at most κ leave the unit interval by a share of one: α κ below, (1 − α) κ above."""
    on = bit(mark, eq(mark**2, mark))
    inside = [
        prove(le(mark * here, mark), ONE, on),
        prove(ge((1 - mark) * here, 0), ONE, on),
        prove(le((1 - mark) * here, (1 - mark) * HIGH), ONE, on),
        prove(ge(mark * here, mark * LOW), ONE, on),
    ]
    stride = [
        prove(le(d * mark * (1 - α), κ * w * mark * (1 - α)), ONE, on, degree=3),
        prove(le(d * (1 - mark) * α, κ * w * (1 - mark) * α), ONE, on, degree=3),
        prove(ge(d * mark * (1 - α), 0), ONE, on, degree=3),
        prove(ge(d * (1 - mark) * α, 0), ONE, on, degree=3),
    ]
    known = [*inside, *stride, gt(w, 0), ONE[6]]
    return (
        by_contradiction(ge(after, LOW), known),
        by_contradiction(le(after, HIGH), known),
    )


def within(most: object, scale: object, size: object, known: list[Fact]) -> list[Fact]:
    """−α κ ≤ x_n ≤ 1 + (1 − α) κ for n = 1 … T + 1; `known` says of round n what a step needs."""
    letters = {w: scale, d: size, κ: most, here: x(n), after: x(n + 1), need: s(n), mark: i(n)}
    inside, ends = [le(1, n), le(n + 1, T + 1)], []
    for claim, step in zip(
        (ge(x(n), -α * most), le(x(n), 1 + (1 - α) * most)), stays(), strict=True
    ):
        base = prove(put_formula(claim, {n: 1}), START, SHARE, first_size(most))
        after_it = discharge(
            put(step, letters), [at(h, n, using=inside) for h in (*BELOW, *TARGETS)]
        )
        ends.append(induct(base, discharge(after_it, known), claim, n, 1, T + 1))
    return ends


def first_size(most: object) -> list[Fact]:
    """κ ≥ 0."""
    first = [at(h, 1, using=le(1, T)) for h in (SIZES[1], FIXED[1])]
    return [prove(ge(most, 0), gt(η, 0), first)]


@cache
def at_a_fixed_step() -> list[Fact]:
    """η Σ D (i − α) is x_{T+1} − x_1, and x stays near the unit interval."""
    inside = [le(1, n), le(n + 1, T + 1)]
    size, most = (at(h, n, using=inside) for h in (SIZES[1], FIXED[1]))
    move = at(FIXED[2], n, using=inside)
    κ_ = η * largest
    known = [
        *SHARE,
        *first_size(κ_),
        prove(ge(η * D(n), 0), size, gt(η, 0)),
        prove(le(η * D(n), κ_), most, gt(η, 0)),
        prove(eq(x(n + 1) - x(n), η * D(n) * (i(n) - α)), move),
    ]
    ends = [at(end, T + 1, using=le(1, T)) for end in within(κ_, 1, η * D(n), known)]
    total = telescoped(lambda k: η * D(k) * (i(k) - α), FIXED[2])
    return [*ends, total]


def telescoped(body: object, moves: Formula) -> Fact:
    """Σ of the moves is x_{T+1} − x_1."""
    each = prove(eq(x(t + 1) - x(t), body(t)), at(moves, t, using=[le(1, t), le(t, T)]))
    return prove(
        eq(Sum(body(t), (t, 1, T)), x(T + 1) - x(1)),
        sum_up(for_all(each, t, 1, T)),
        telescope(t, 1, T, x(t), using=le(1, T)),
    )


def derive_fixed(side: int = 1, spare: object = 1) -> Fact:
    """Divide by η."""
    ends = at_a_fixed_step()
    return prove(
        fixed(side, spare).concludes,
        ends,
        START,
        SHARE,
        first_size(η * largest),
        reciprocal(η, gt(η, 0)),
        multipliers=[GAP, largest, α * largest],
        degree=3,
    )


@cache
def derive_so_far(side: int = 1, times: object = 2) -> Fact:
    """S_n ≤ M_n (x_{n+1} + α) and ≥ M_n (x_{n+1} − 2 + α), as M grows and x + α ≥ 0 ≥ x − 2 + α."""
    inside, first, now = [le(1, n), le(n + 1, T + 1)], [le(1, T)], [le(1, n), le(n + 1, T)]
    known = [*SHARE, ge(1, 0), at(SIZES[1], n, using=inside)]
    known += [at(h, n, using=inside) for h in (SO_FAR[0], SO_FAR[1], SO_FAR[3])]
    ends = within(1, M(n), D(n), known)
    body = D(t) * (i(t) - α)
    edge = -α if side == 1 else 2 - α

    def potential(k: object) -> Formula:
        return le(side * Sum(body, (t, 1, k)), side * M(k) * (x(k + 1) - edge))

    start = [at(h, 1, using=first) for h in (SO_FAR[0], SO_FAR[3])]
    base = prove(potential(1), single(t, 1, body), start, START, SHARE, multipliers=[1])
    place = ends[0] if side == 1 else ends[1]
    reached = at(place, n + 1, using=now)
    grows = at(SO_FAR[2], n, using=now)
    move = at(SO_FAR[3], n + 1, using=now)
    more = last_term(t, 1, n + 1, body, using=now)
    step = prove(potential(n + 1), potential(n), more, move, reached, grows)
    whole = at(induct(base, step, potential(n), n, 1, T), T, using=first)
    last = [at(end, T + 1, using=first) for end in ends]
    return prove(
        so_far(side, times).concludes,
        whole,
        last,
        at(SO_FAR[0], T, using=first),
        multipliers=[M(T)],
    )


def derive_played(spare: object = 1, side: int = 1) -> Fact:
    """r_t ≤ i_t: a play in [0, 1] below s_t stands for an x_t below it."""
    inside = [le(1, t), le(t, T)]
    marks, over, (short, strict) = (
        bit(i(t), at(BELOW[0], t, using=inside)),
        at(BELOW[2], t, using=inside),
        [at(h, t, using=inside) for h in TOO_LITTLE],
    )
    play, rest = clip(x(t)), 1 - i(t)
    ends = [at(h, t, using=inside) for h in TARGETS]
    least = Min(1, x(t))
    lower = by_cases(ge(rest * (least - s(t)), 0), x(t) - 1, minimum(1, x(t)), marks, over, ends)
    above = prove(ge(rest * (play - s(t)), 0), lower, maximum(0, least), marks)
    each = by_contradiction(
        le(side * r(t), side * i(t)), bit(r(t), short), short, strict, marks, above
    )
    paid = prove(le(side * D(t) * r(t), side * D(t) * i(t)), each, at(SIZES[1], t, using=inside))
    whole = sum_up(for_all(paid, t, 1, T))
    return prove(played(spare, side).concludes, whole, derive_fixed(side, spare))


def theorem() -> Theorem:
    """Coverage in dollars."""
    half = Rational(1, 2)
    once = {T: 1, D: [1], s: [1], i: [1], x: [0, 5], r: [1], α: half, η: 10, largest: 1, M: [1]}
    sure = {T: 3, D: [1, 1, 1], s: [0, 0, 0], i: [0, 1, 1], x: [half, -half, -half, -half]}
    sure |= {r: [0, 0, 0], α: 1, η: 1, largest: 1, M: [1, 1, 1]}
    turns = {T: 2, D: [1, 1], s: [1, 0], i: [1, 0], x: [0, half, 0], r: [1, 1 - 1]}
    turns |= {α: half, η: 1, largest: 1, M: [1, 1]}
    return Theorem(
        item="Coverage",
        title="dollars of rounds that raise too little, kept near a share of all",
        citation="new; compare adaptive conformal inference (Gibbs & Candès, NeurIPS 2021)",
        statement="|Σ D_t (1[x_t < s_t] − α)| ≤ 1/η + D_max, on any sequence, from any start",
        verdict=Verdict.PROVED,
        proves={
            "raised too little": Step(
                played,
                derive_played,
                {
                    "without D_max": fails_at(once, spare=0),
                    "as many rounds that do raise too little": fails_at(sure, side=-1),
                },
            ),
            "no more than the share": Step(
                fixed, derive_fixed, {"without D_max ": fails_at(once, spare=0)}
            ),
            "no less": Step(fixed(-1), derive_fixed(-1)),
            "step of the largest so far": Step(
                so_far,
                derive_so_far,
                {"1/3 M_T": fails_at(once | {x: [0, half]}, times=Rational(1, 3))},
            ),
            "step of the largest so far, no less": Step(so_far(-1), derive_so_far(-1)),
        },
        witness=turns,
        letters={
            "M(t)": ("at least the largest deficit up to round t", "USD"),
            "i(t)": "1 if x_t is below the needed severity, 0 if above",
            "r(t)": "1 only if the play of round t raises too little",
            "x(t)": "severity of round t before it is clipped",
            "α": "share of the dollars that may lie in rounds that raise too little",
            "η": ("step", "1/USD"),
        },
        words={
            "the share α lies in [0, 1]": SHARE,
            (
                "i_t is 1 where x_t is below what is needed, 0 where it is above, either at a tie"
            ): BELOW,
            "after a round x moves up by η D_t (1 − α) if i_t = 1, else down by η D_t α": FIXED[2],
            "r_t = 1 only where x_t, clipped to [0, 1], is below what is needed": TOO_LITTLE,
            "M_t is positive, never falls, and no deficit up to round t is above it": SO_FAR[:3],
            "the same moves with the step 1/M_t": SO_FAR[3],
        },
    )
