"""What any online severity can guarantee: lower and upper bounds that differ by a factor 2.

Losses D_t |x_t − s_t|, s_t revealed after the round, path variation of s at most P.

Lower bound. Choose the first round and P others. An adversary that sees x_t puts s_t, on a chosen
round, at the end of [0, 1] farther from x_t, and leaves it where it is otherwise: the variation is
at most P and the loss at least half of the chosen deficits. With the P largest ones the value is at
least (D_1 + Top_P)/2.

Upper bound. The constant 1/2 loses at most Σ D_t / 2. Persistence from 1/2 loses at most
D_1/2 + Σ_{t≥2} D_t d_t with d_t = |s_t − s_{t−1}| ≤ 1 and Σ d_t ≤ P, so at most
D_1/2 + Σ_{t≥2} (D_t − l)₊ + l P for every l ≥ 0; the least of these is D_1/2 + Top_P for integer P.
"""

from __future__ import annotations

from sympy import Max, Rational, Sum, sympify

from adlopt.proof import *
from adlopt.proof.lemmas import bit

t, n, T = integers("t n T")
P, level = reals("P level")
D, x, s, a, c = sequences("D x s a c")

HALF = Rational(1, 2)
SIZES = (ge(T, 1), every(t, 1, T, ge(D(t), 0)))
TARGETS = (every(t, 1, T, ge(s(t), 0)), every(t, 1, T, le(s(t), 1)))
LOSS = Sum(D(t) * abs(x(t) - s(t)), (t, 1, T))
VARIATION = Sum(abs(s(t) - s(t - 1)), (t, 2, T))

FARTHER_END = (
    every(t, 1, T, eq(a(t) ** 2, a(t))),
    every(t, 1, T, ge((1 - 2 * a(t)) * (x(t) - HALF), 0)),
)
CHOSEN = every(t, 1, T, eq(c(t) ** 2, c(t)))
MOVES = (eq(s(1), a(1)), every(t, 2, T, eq(s(t), c(t) * a(t) + (1 - c(t)) * s(t - 1))))
ADVERSARY = (*SIZES, *FARTHER_END, CHOSEN, eq(c(1), 1), *MOVES)
BUDGET = (le(Sum(c(t), (t, 2, T)), P),)


def lower(half: object = HALF) -> Claim:
    """The adversary makes half of the chosen deficits."""
    return Claim(given=ADVERSARY, concludes=ge(LOSS, half * Sum(c(t) * D(t), (t, 1, T))))


within = Claim(given=(*ADVERSARY, *BUDGET), concludes=le(VARIATION, P))
PERSISTENCE = (eq(x(1), HALF), every(t, 2, T, eq(x(t), s(t - 1))))
constant = Claim(
    given=(*SIZES, *TARGETS, every(t, 1, T, eq(x(t), HALF))),
    concludes=le(LOSS, Sum(D(t), (t, 1, T)) / 2),
)


def upper(half: object = HALF) -> Claim:
    """Persistence from 1/2, for every level."""
    bound = half * D(1) + Sum(Max(0, D(t) - level), (t, 2, T)) + level * P
    given = (*SIZES, *TARGETS, *PERSISTENCE, ge(level, 0), le(VARIATION, P))
    return Claim(given=given, concludes=le(LOSS, bound))


def adversary_moves_by() -> Fact:
    """|s_t − s_{t−1}| ≤ c_t, as both ends lie in [0, 1]."""
    inside = [le(1, n), le(n + 1, T)]
    ends = [le(1, n), le(n, T)]
    low, high = stays_inside()
    now = [at(h, n + 1, using=inside) for h in (FARTHER_END[0], CHOSEN, MOVES[1])]
    before = [at(h, n, using=[*inside, *ends]) for h in (low, high)]
    parts = [*bit(a(n + 1), now[0]), *bit(c(n + 1), now[1]), *before]
    move = s(n + 1) - s(n)
    one = by_cases(le(abs(move), c(n + 1)), move, parts, now[2], absolute(move))
    return for_all(put(discharge(one, inside), {n: t - 1}), t, 2, T)


def stays_inside() -> list[Fact]:
    """The adversary's target stays in [0, 1]."""
    inside, first = [le(1, n), le(n + 1, T)], le(1, T)
    now = [at(h, n + 1, using=inside) for h in (FARTHER_END[0], CHOSEN, MOVES[1])]
    parts = [*bit(a(n + 1), now[0]), *bit(c(n + 1), now[1])]
    start = bit(a(1), at(FARTHER_END[0], 1, using=first))
    facts = []
    for claim in (ge(s(n), 0), le(s(n), 1)):
        base = prove(put_formula(claim, {n: 1}), start, MOVES[0])
        step = prove(put_formula(claim, {n: n + 1}), claim, parts, now[2])
        facts.append(induct(base, step, claim, n, 1, T))
    return facts


def farther(k: object, within: list[object], target: list[object]) -> Fact:
    """D_k |x_k − s_k| ≥ c_k D_k / 2: on a chosen round s_k = a_k is at least 1/2 away."""
    binary = [at(h, k, using=within) for h in (FARTHER_END[0], CHOSEN)]
    end, chosen = (bit(w(k), square) for w, square in zip((a, c), binary, strict=True))
    size, side = (at(h, k, using=within) for h in (SIZES[1], FARTHER_END[1]))
    away = by_cases(
        ge(abs(x(k) - a(k)), HALF),
        [x(k) - HALF, a(k) - HALF],
        side,
        end,
        binary,
        absolute(x(k) - a(k)),
    )
    same = prove(eq(c(k) * s(k), c(k) * a(k)), target, binary, multipliers=[s(k - 1), a(k)])
    gap = x(k) - s(k)
    hit = by_cases(
        ge(c(k) * abs(gap), c(k) * abs(x(k) - a(k))),
        x(k) - a(k),
        same,
        chosen,
        absolute(gap),
        absolute(x(k) - a(k)),
    )
    counted = prove(ge(c(k) * abs(gap), HALF * c(k)), hit, away, chosen)
    whole = prove(ge(abs(gap), HALF * c(k)), counted, chosen, absolute(gap))
    return prove(ge(D(k) * abs(gap), HALF * c(k) * D(k)), whole, size)


def half_of_the_chosen(half: object = HALF) -> Fact:
    """The first round is chosen and s_1 = a_1; later ones follow the adversary's rule."""
    first = farther(sympify(1), [le(1, T)], [MOVES[0], eq(c(1), 1)])
    inside = [le(2, t), le(t, T)]
    rest = sum_up(for_all(farther(t, inside, [at(MOVES[1], t, using=inside)]), t, 2, T))
    splits = [
        first_term(t, 1, T, body, using=le(1, T)) for body in (D(t) * abs(x(t) - s(t)), c(t) * D(t))
    ]
    return prove(lower(half).concludes, first, rest, splits)


def inside_budget() -> Fact:
    """Sum over the rounds."""
    return prove(within.concludes, sum_up(adversary_moves_by()), BUDGET)


def always_half() -> Fact:
    """|1/2 − s_t| ≤ 1/2."""
    inside = [le(1, t), le(t, T)]
    size, low, high, play = (
        at(h, t, using=inside) for h in (SIZES[1], *TARGETS, constant.given[-1])
    )
    near = by_cases(le(abs(x(t) - s(t)), HALF), x(t) - s(t), low, high, play)
    family = for_all(prove(le(D(t) * abs(x(t) - s(t)), HALF * D(t)), near, size), t, 1, T)
    return prove(constant.concludes, sum_up(family))


def persist(half: object = HALF) -> Fact:
    """D d ≤ (D − l)₊ + l d for 0 ≤ d ≤ 1."""
    inside, jump = [le(2, t), le(t, T)], s(t) - s(t - 1)
    bounds = [at(h, k, using=inside) for h in TARGETS for k in (t, t - 1)]
    play = at(PERSISTENCE[1], t, using=inside)
    short = by_cases(le(abs(jump), 1), jump, bounds)
    over = Max(0, D(t) - level)
    cost = prove(
        le(D(t) * abs(jump), over + level * abs(jump)),
        maximum(0, D(t) - level),
        short,
        absolute(jump),
    )
    gap = x(t) - s(t)
    same = by_cases(eq(abs(gap), abs(jump)), gap, play, absolute(jump), absolute(gap))
    each = prove(le(D(t) * abs(gap), over + level * abs(jump)), cost, same, multipliers=[D(t)])
    rest = sum_up(for_all(each, t, 2, T))
    first = [at(h, 1, using=le(1, T)) for h in (SIZES[1], *TARGETS)]
    near = by_cases(le(abs(x(1) - s(1)), HALF), x(1) - s(1), first, PERSISTENCE[0])
    start = prove(le(D(1) * abs(x(1) - s(1)), HALF * D(1)), near, first)
    whole = first_term(t, 1, T, D(t) * abs(gap), using=le(1, T))
    paid = prove(le(level * VARIATION, level * P), ge(level, 0), le(VARIATION, P))
    return prove(upper(half).concludes, whole, start, rest, paid)


def theorem() -> Theorem:
    """The minimax theorem."""
    play = {T: 2, D: [1, 1], x: [HALF, 0], s: [0, 0], a: [0, 1], c: [1, 0], P: 0, level: 1}
    return Theorem(
        item="Minimax severity",
        title="what any online severity can guarantee, within a factor 2",
        citation="new; compare [CTTX26, Prop. 1]",
        statement="(D_1 + Top_P)/2 ≤ V(P) ≤ min(Σ D_t/2, D_1/2 + Top_P) for integer P",
        verdict=Verdict.PROVED,
        tightness="within a factor 2; exact at P = 0",
        remarks=(
            "Top_P, the sum of the P largest deficits, enters by the choice of rounds and level",
        ),
        proves={
            "the adversary's gain": Step(
                lower,
                half_of_the_chosen,
                {"51/100 of the chosen deficits": fails_at(play, half=Rational(51, 100))},
            ),
            "the adversary's variation": Step(within, inside_budget()),
            "the constant 1/2": Step(constant, always_half()),
            "persistence": Step(
                upper,
                persist,
                {
                    "49/100 D_1 for persistence": fails_at(
                        {**play, D: [1, 0], level: 0}, half=Rational(49, 100)
                    )
                },
            ),
        },
        witness=(play, {**play, x: [HALF, HALF]}),
        letters={
            "P": ("bound on the path variation of s", "1", "CTTX26, Prop. 1"),
            "a(t)": "end of [0, 1] farther from x_t",
            "c(t)": "1 if the adversary moves in round t, else 0",
            "level": ("any amount to compare deficits with", "USD"),
        },
        words={
            "at most P rounds after the first are chosen": BUDGET,
        },
    )
