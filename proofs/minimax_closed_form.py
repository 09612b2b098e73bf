"""The value of the severity game, in closed form, for costs of any ratio.

The losses of a round are D_t (λ [s_t − x_t]₊ + μ [x_t − s_t]₊), too little at λ and too much at μ,
with s_t revealed after the round and a path variation of s of at most a whole number P. Let Top be
the sum of the P largest of D_2 … D_T, h = λ μ/(λ + μ) and q = λ/(λ + μ). Then the value V(P) obeys

    h (D_1 + Top)  ≤  V(P)  ≤  min{ h Σ D_t,  h D_1 + max(λ, μ) Top },

for λ = μ = 1 the bounds (D_1 + Top)/2 and min{ Σ D_t/2, D_1/2 + Top }. Below, the adversary moves
in the first round and the P others; above, the severity is q throughout, or q and then the last s.

Top is written as Σ c_t D_t, with c_t = 1 where D_t is above some level l ≥ 0, 0 where it is below
it, and Σ c_t = P. No other weights e_t in [0, 1] with Σ e_t ≤ P give more: this is the dual of a
knapsack, and with e_t = |s_t − s_{t−1}| it is also the upper bound. For a P that is not whole the
upper bound holds with a fraction of the next deficit: with any c_t in [0, 1] at the level l.
"""

from __future__ import annotations

from sympy import Max, Min, Rational, Sum, sympify

from adlopt.proof import *
from adlopt.proof.lemmas import bit

t, T = integers("t T")
P, level, λ, μ, q = reals("P level λ μ q")
D, x, s, a, c, e = sequences("D x s a c e")

GAME = theorem_of(__file__, "minimax_severity.py")
SIZES = (ge(T, 1), every(t, 1, T, ge(D(t), 0)))
TARGETS = (every(t, 1, T, ge(s(t), 0)), every(t, 1, T, le(s(t), 1)))
VARIATION = Sum(abs(s(t) - s(t - 1)), (t, 2, T))
CHOSEN = every(t, 1, T, eq(c(t) ** 2, c(t)))
LARGEST = (
    *(CHOSEN, ge(level, 0), eq(Sum(c(t), (t, 2, T)), P)),
    every(t, 2, T, ge((2 * c(t) - 1) * (D(t) - level), 0)),
)
TOP = Sum(c(t) * D(t), (t, 2, T))
OTHERS = (
    every(t, 2, T, ge(e(t), 0)),
    every(t, 2, T, le(e(t), 1)),
    le(Sum(e(t), (t, 2, T)), P),
)


def knapsack(share: object = 1) -> Claim:
    """No other rounds weigh more than `share` of the largest."""
    weight = Sum(e(t) * D(t), (t, 2, T))
    return Claim(given=(*LARGEST, *OTHERS), concludes=le(weight, share * TOP))


def sided(inside: list[Formula]) -> list[Fact]:
    """C (D − l) ≥ 0 and (1 − c)(D − l) ≤ 0, from c² = c and (2c − 1)(D − l) ≥ 0."""
    binary, side = (at(h, t, using=inside) for h in (CHOSEN, LARGEST[3]))
    weight = bit(c(t), binary)
    gap, factors = D(t) - level, [D(t), level, c(t) * D(t), c(t) * level]
    return [
        prove(ge(c(t) * gap, 0), side, weight, binary, multipliers=factors),
        prove(le((1 - c(t)) * gap, 0), side, weight, binary, multipliers=factors),
    ]


def largest(share: object = 1) -> Fact:
    """(c − e)(D − l) ≥ 0, and l Σ e ≤ l P = l Σ c."""
    inside = [le(2, t), le(t, T)]
    bounds = [at(h, t, using=inside) for h in OTHERS[:2]]
    one = prove(ge((c(t) - e(t)) * (D(t) - level), 0), sided(inside), bounds)
    summed = sum_up(for_all(one, t, 2, T))
    return prove(knapsack(share).concludes, summed, OTHERS[2], LARGEST[1:3], multipliers=[level])


# Equal costs --------------------------------------------------------------------------------------

HALF = Rational(1, 2)
LOSS = Sum(D(t) * abs(x(t) - s(t)), (t, 1, T))
MOVES = (eq(s(1), a(1)), every(t, 2, T, eq(s(t), c(t) * a(t) + (1 - c(t)) * s(t - 1))))


def adversary(middle: object) -> tuple[Formula, ...]:
    """On chosen rounds s_t is the end of [0, 1] on the dearer side of x_t; else it rests."""
    dearer = every(t, 1, T, ge((1 - 2 * a(t)) * (x(t) - middle), 0))
    end = every(t, 1, T, eq(a(t) ** 2, a(t)))
    return (*SIZES, end, dearer, eq(c(1), 1), *MOVES, *LARGEST)


def persistence(start: object) -> tuple[Formula, ...]:
    """Repeat the last s."""
    copied = (eq(x(1), start), every(t, 2, T, eq(x(t), s(t - 1))))
    return (*SIZES, *TARGETS, *copied, le(VARIATION, P), *LARGEST)


within = Claim(given=adversary(HALF), concludes=le(VARIATION, P))
lower = Claim(given=adversary(HALF), concludes=ge(LOSS, (D(1) + TOP) / 2))
upper = Claim(given=persistence(HALF), concludes=le(LOSS, D(1) / 2 + TOP))
constant = Claim(
    given=(*SIZES, *TARGETS, every(t, 1, T, eq(x(t), HALF))),
    concludes=le(LOSS, Sum(D(t), (t, 1, T)) / 2),
)


FRACTION = (
    *(every(t, 2, T, ge(c(t), 0)), every(t, 2, T, le(c(t), 1)), *LARGEST[1:3]),
    every(t, 2, T, ge(c(t) * (D(t) - level), 0)),
    every(t, 2, T, le((1 - c(t)) * (D(t) - level), 0)),
)
ANY_P = (
    *(*SIZES, *TARGETS, eq(x(1), HALF), every(t, 2, T, eq(x(t), s(t - 1)))),
    *(le(VARIATION, P), *FRACTION),
)
BOUNDS = Sum(D(t), (t, 1, T)) / 2, D(1) / 2 + TOP
at_any_budget = Claim(given=ANY_P, concludes=le(LOSS, BOUNDS[1]))
rest_if_less = Claim(
    given=(*constant.given, le(*BOUNDS)), concludes=le(LOSS, Min(*BOUNDS, evaluate=False))
)
repeat_if_less = Claim(
    given=(*ANY_P, ge(*BOUNDS)), concludes=le(LOSS, Min(*BOUNDS, evaluate=False))
)


def whichever_is_less(claim: Claim, fact: Fact, order: Formula) -> Fact:
    """The smaller of the two bounds is the one that is taken."""
    return prove(claim.concludes, fact, order, resolve(claim.concludes, order))


def of_the_adversary(name: str, goal: Formula) -> Fact:
    """What the adversary does with any chosen rounds, for the largest."""
    first = first_term(t, 1, T, c(t) * D(t), using=le(1, T))
    spent = prove(le(Sum(c(t), (t, 2, T)), P), LARGEST[2])
    fact = discharge(GAME.facts[name], spent)
    return prove(goal, fact, first, eq(c(1), 1), multipliers=[D(1)])


def of_persistence(goal: Formula, *sides: Formula) -> Fact:
    """Σ (D − l)₊ + l P = Σ c D."""
    inside = [le(2, t), le(t, T)]
    over, under = (at(h, t, using=inside) for h in sides) if sides else sided(inside)
    excess = by_cases(le(Max(0, D(t) - level), c(t) * (D(t) - level)), D(t) - level, over, under)
    summed = sum_up(for_all(excess, t, 2, T))
    return prove(goal, GAME.facts["persistence"], summed, LARGEST[1:3], multipliers=[level])


# Costs of any ratio -------------------------------------------------------------------------------

COSTS = (gt(λ, 0), gt(μ, 0))
SHARE = (eq(q * (λ + μ), λ), ge(q, 0), le(q, 1))
BEST, VALUE = λ / (λ + μ), λ * μ / (λ + μ)


def cost(severity: object, needed: object) -> object:
    """Too little at λ, too much at μ."""
    return λ * Max(0, needed - severity) + μ * Max(0, severity - needed)


PAID = Sum(D(t) * cost(x(t), s(t)), (t, 1, T))


def at_least(worth: object = 1) -> Claim:
    """The adversary's gain at any costs."""
    given = (*COSTS, *adversary(BEST))
    return Claim(given=given, concludes=ge(PAID, worth * VALUE * (D(1) + TOP)))


def at_most(worth: object = 1) -> Claim:
    """Persistence from q."""
    bound = VALUE * D(1) + worth * Max(λ, μ) * TOP
    return Claim(given=(*COSTS, *persistence(BEST)), concludes=le(PAID, bound))


resting = Claim(
    given=(*COSTS, *SIZES, *TARGETS, every(t, 1, T, eq(x(t), BEST))),
    concludes=le(PAID, VALUE * Sum(D(t), (t, 1, T))),
)


def shares() -> list[Fact]:
    """Q = λ/(λ + μ) lies in [0, 1]."""
    inverse = reciprocal(λ + μ, prove(gt(λ + μ, 0), COSTS))
    goals = [put_formula(goal, {q: BEST}) for goal in SHARE]
    return [prove(goal, inverse, COSTS, multipliers=[λ]) for goal in goals]


def parts(severity: object, needed: object) -> list[Fact]:
    """What is known of the two sides of a cost."""
    return [*maximum(0, needed - severity), *maximum(0, severity - needed)]


def hit(k: object, inside: list[Formula], target: list[Fact], given: tuple[Formula, ...]) -> Fact:
    """D cost ≥ c D q μ: the chosen end a costs λ a (1 − x) + μ (1 − a) x ≥ q μ."""
    end, side = (at(h, k, using=inside) for h in given[2:4])
    chosen, size = (at(h, k, using=inside) for h in (CHOSEN, SIZES[1]))
    ends, weight = bit(a(k), end), bit(c(k), chosen)
    gap = x(k) - q
    factors = [x(k), q, a(k) * x(k), a(k) * q, λ, μ]
    up = prove(le(a(k) * gap, 0), side, ends, end, multipliers=factors)
    down = prove(ge((1 - a(k)) * gap, 0), side, ends, end, multipliers=factors)
    far = prove(
        ge(λ * a(k) * (1 - x(k)) + μ * (1 - a(k)) * x(k), q * μ),
        up,
        down,
        COSTS,
        SHARE,
        multipliers=[a(k)],
    )
    apart = λ * a(k) * (s(k) - x(k)) + μ * (1 - a(k)) * (x(k) - s(k))
    sides = [
        prove(ge(Max(0, s(k) - x(k)), a(k) * (s(k) - x(k))), parts(x(k), s(k)), ends),
        prove(ge(Max(0, x(k) - s(k)), (1 - a(k)) * (x(k) - s(k))), parts(x(k), s(k)), ends),
    ]
    charged = prove(ge(cost(x(k), s(k)), apart), sides, COSTS)
    same = prove(eq(c(k) * s(k), c(k) * a(k)), target, chosen, multipliers=[s(k - 1), a(k)])
    moved = prove(
        eq(c(k) * apart, c(k) * (λ * a(k) * (1 - x(k)) + μ * (1 - a(k)) * x(k))),
        same,
        end,
        multipliers=[λ * a(k), μ * (1 - a(k)), c(k) * λ, c(k) * μ],
    )
    counted = prove(ge(c(k) * cost(x(k), s(k)), c(k) * q * μ), charged, moved, far, weight)
    positive = prove(ge(cost(x(k), s(k)), 0), parts(x(k), s(k)), COSTS)
    whole = prove(ge(cost(x(k), s(k)), c(k) * q * μ), counted, positive, weight)
    return prove(ge(D(k) * cost(x(k), s(k)), q * μ * c(k) * D(k)), whole, size)


def gain(worth: object = 1) -> Fact:
    """The first round and the chosen ones."""
    given, inside = adversary(q), [le(2, t), le(t, T)]
    start = hit(sympify(1), [le(1, T)], [MOVES[0], eq(c(1), 1)], given)
    rest = sum_up(for_all(hit(t, inside, [at(MOVES[1], t, using=inside)], given), t, 2, T))
    whole = first_term(t, 1, T, D(t) * cost(x(t), s(t)), using=le(1, T))
    goal = ge(PAID, worth * q * μ * (D(1) + TOP))
    fact = prove(goal, start, rest, whole, eq(c(1), 1), multipliers=[q * μ * D(1)])
    return discharge(put(fact, {q: BEST}), shares())


def from_best(k: object, inside: list[Formula], play: object) -> Fact:
    """D cost(q, s) ≤ D q μ."""
    known = [at(h, k, using=inside) for h in (SIZES[1], *TARGETS)]
    close = by_cases(
        le(cost(x(k), s(k)), q * μ), x(k) - s(k), play, known, COSTS, SHARE, multipliers=[λ, μ]
    )
    return prove(le(D(k) * cost(x(k), s(k)), q * μ * D(k)), close, known)


def repeat(worth: object = 1) -> Fact:
    """cost(s', s) ≤ max(λ, μ) |s − s'|, and Σ D |s − s'| ≤ Top by the knapsack."""
    inside, jump = [le(2, t), le(t, T)], abs(s(t) - s(t - 1))
    ends = [at(h, k, using=inside) for h in TARGETS for k in (t, t - 1)]
    short = by_cases(le(jump, 1), s(t) - s(t - 1), ends)
    known = [for_all(fact, t, 2, T) for fact in (absolute(s(t) - s(t - 1))[0], short)]
    filled = discharge(put(largest(), {e: (t, jump)}), known, le(VARIATION, P))
    dearest = maximum(λ, μ)
    copied = at(persistence(q)[5], t, using=inside)
    one = by_cases(
        le(cost(x(t), s(t)), Max(λ, μ) * jump),
        s(t) - s(t - 1),
        copied,
        dearest[:2],
        multipliers=[λ, μ],
    )
    size = at(SIZES[1], t, using=inside)
    each = prove(le(D(t) * cost(x(t), s(t)), Max(λ, μ) * D(t) * jump), one, size)
    rest = sum_up(for_all(each, t, 2, T))
    positive = prove(ge(Max(λ, μ), 0), dearest[0], dearest[1], COSTS)
    start = from_best(sympify(1), [le(1, T)], eq(x(1), q))
    whole = first_term(t, 1, T, D(t) * cost(x(t), s(t)), using=le(1, T))
    goal = le(PAID, q * μ * D(1) + worth * Max(λ, μ) * TOP)
    fact = prove(goal, start, rest, whole, filled, positive)
    return discharge(put(fact, {q: BEST}), shares())


def rest_at_best() -> Fact:
    """Sum over the rounds."""
    inside = [le(1, t), le(t, T)]
    play = every(t, 1, T, eq(x(t), q))
    each = from_best(t, inside, at(play, t, using=inside))
    fact = prove(le(PAID, q * μ * Sum(D(t), (t, 1, T))), sum_up(for_all(each, t, 1, T)))
    return discharge(put(fact, {q: BEST}), shares())


def theorem() -> Theorem:
    """The closed form."""
    play = {T: 2, D: [1, 1], x: [HALF, 0], s: [0, 1], a: [0, 1], c: [1, 1], P: 1, level: 1}
    play |= {e: {2: 1}, λ: 1, μ: 1}
    still = {**play, x: [HALF, HALF]}
    calm = {**play, s: [0, 0], c: [1, 0], P: 0}
    persisting = of_persistence(upper.concludes, *FRACTION[4:])
    return Theorem(
        item="Minimax severity in closed form",
        title="the value of the severity game by the largest deficits, for costs of any ratio",
        citation="new; compare [CTTX26, Prop. 1] and [CTTX26, Eq. 9]",
        statement="h (D_1 + Top) ≤ V(P) ≤ min{h Σ D, h D_1 + max(λ, μ) Top}, h = λ μ/(λ + μ)",
        verdict=Verdict.PROVED,
        tightness="within a factor 2 at equal costs, max(λ, μ)/h at others; exact at P = 0",
        remarks=(
            "c marks the P largest of D_2 … D_T if they lie on one side of a level, the others on"
            " the other side: a hypothesis of each claim. That there are such c and level, by"
            " sorting the deficits, is not a step of the proof",
        ),
        proves={
            "no other rounds weigh more": Step(
                knapsack, largest, {"9/10 of Top": fails_at(play, share=Rational(9, 10))}
            ),
            "the adversary's variation": Step(
                within, of_the_adversary("the adversary's variation", within.concludes)
            ),
            "lower bound": Step(lower, of_the_adversary("the adversary's gain", lower.concludes)),
            "upper bound, persistence": Step(upper, of_persistence(upper.concludes)),
            "persistence, any P": Step(at_any_budget, persisting),
            "1/2 where its bound is less": Step(
                rest_if_less,
                whichever_is_less(rest_if_less, GAME.facts["the constant 1/2"], le(*BOUNDS)),
            ),
            "persistence where its bound is less": Step(
                repeat_if_less, whichever_is_less(repeat_if_less, persisting, ge(*BOUNDS))
            ),
            "upper bound, 1/2": Step(constant, GAME.facts["the constant 1/2"]),
            "lower bound at any costs": Step(
                at_least,
                gain,
                {"11/10 of h (D_1 + Top)": fails_at(still, worth=Rational(11, 10))},
            ),
            "persistence at any costs": Step(
                at_most,
                repeat,
                {"half of max(λ, μ) Top for persistence": fails_at(play, worth=HALF)},
            ),
            "a constant at any costs": Step(resting, rest_at_best()),
        },
        witness=(play, still, calm),
        letters={
            "P": ("bound on the path variation of s", "1", "CTTX26, Prop. 1"),
            "a(t)": "end of [0, 1] that costs more against x_t",
            "c(t)": "weight of round t in Top: 1 if the adversary moves there",
            "e(t)": "other weights of rounds",
            "level": ("deficit from which rounds are chosen", "USD"),
            "λ": ("price of a dollar too little", "1", "CTTX26, Eq. 9"),
            "μ": ("price of a dollar too much", "1", "CTTX26, Eq. 9"),
        },
        words={
            "P rounds after the first are chosen": LARGEST[2],
            "rounds above the level are chosen, those below are not": LARGEST[3],
            "the other weights lie in [0, 1]": OTHERS[:2],
            "the other weights add up to P at most": OTHERS[2],
            "the weights lie in [0, 1]": FRACTION[:2],
            "rounds above the level have weight 1, those below have none": FRACTION[4:6],
            (
                "persistence has no smaller bound than 1/2"
            ): "1/2·D(1) + Σ[i=2…T](D(i)·c(i)) ≥ 1/2·Σ[i=1…T](D(i))",
            (
                "1/2 has no smaller bound than persistence"
            ): "1/2·Σ[i=1…T](D(i)) ≥ 1/2·D(1) + Σ[i=2…T](D(i)·c(i))",
            "the prices are positive": COSTS,
            (
                "a_t is the end of [0, 1] that costs more against x_t: 1 below λ/(λ + μ), 0 above"
            ): adversary(BEST)[3],
            "the first severity is λ/(λ + μ)": "x(1) = λ/(λ + μ)",
            "every severity is λ/(λ + μ)": "x(t) = λ/(λ + μ) for t = 1…T",
        },
    )
