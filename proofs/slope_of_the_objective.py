"""Propositions 2 and 5 of [CTTX26] with the slope that its objective has.

The objective λ |Σ x_i − B| + μ max_i x_i/u_i of haircuts x has the subgradients
g_i = λ σ + μ a_i/u_i with σ the sign of Σ x_i − B, anything in [−1, 1] at 0, and weights a_i ≥ 0 of
sum 1 on those who bear the worst burden. With capacities u_i of at least u_min, the longest of them
is that of one winner who bears the worst burden alone,

    ‖g‖²  ≤  λ² (n − 1) + (λ + μ/u_min)²,

and with this for G the regret is at most G R √T, or G √(T (R² + 2 R P)) along a path.
"""

from __future__ import annotations

from sympy import Rational, Sum, sqrt

from adlopt.proof import *
from adlopt.proof.lemmas import count

t, i, n, T = integers("t i n T")
η, D, G, P, λ, μ, low = reals("η D G P λ μ low")
horizon = reals("root")
x, u, v, g, r, d, σ, a, cap = sequences("x u v g r d σ a cap")
inside_, share, needed, worst, other = sequences("inside share needed worst other")

STATIC = theorem_of(__file__, "prop_02_static_regret.py")
DYNAMIC = theorem_of(__file__, "prop_05_vector_dynamic_regret.py")
INSIDE = [le(1, t), le(t, T)]
SHORT = every(t, 1, T, le(Sum(g(t, i) ** 2, (i, 1, n)), G**2))
"""What the propositions ask of the slopes."""


def of_each(formula: Formula) -> Formula:
    """In every round, for every winner."""
    return every(t, 1, T, every(i, 1, n, formula))


WEIGHTS = (ge(λ, 0), ge(μ, 0), gt(low, 0), gt(λ + μ / low, 0))
SIGNS = (every(t, 1, T, ge(σ(t), -1)), every(t, 1, T, le(σ(t), 1)))
SHARES = (of_each(ge(a(t, i), 0)), of_each(le(a(t, i), 1)))
WHOLE = every(t, 1, T, eq(Sum(a(t, i), (i, 1, n)), 1))
CAPACITIES = every(i, 1, n, ge(cap(i), low))
NOT_EMPTY = every(i, 1, n, gt(cap(i), 0))
FORM = of_each(eq(g(t, i), λ * σ(t) + μ * a(t, i) / cap(i)))
OBJECTIVE = (ge(n, 1), *WEIGHTS, *SIGNS, *SHARES, WHOLE, CAPACITIES, FORM)


def against(path: object) -> tuple[tuple[Formula, ...], object]:
    """What σ, the weights and the worst burdens are, and how much more x costs than a path."""
    miss, missed = (Sum(each, (i, 1, n)) - needed(t) for each in (x(t, i), path))
    said = (
        every(t, 1, T, eq(σ(t) * miss, abs(miss))),
        every(t, 1, T, eq(worst(t), Sum(a(t, i) * x(t, i) / cap(i), (i, 1, n)))),
        of_each(le(x(t, i), worst(t) * cap(i))),
        of_each(le(path, other(t) * cap(i))),
    )
    return said, λ * abs(miss) + μ * worst(t) - λ * abs(missed) - μ * other(t)


def convex(path: object = u(t, i), fair: object = 1) -> Claim:
    """The slopes are subgradients of the objective; `fair` scales the path's burden."""
    said, difference = against(path)
    goal = le(difference + (1 - fair) * μ * other(t), Sum(g(t, i) * (x(t, i) - path), (i, 1, n)))
    return Claim(given=(*OBJECTIVE, *said), concludes=every(t, 1, T, goal))


LONGEST = λ**2 * (n - 1) + (λ + μ / low) ** 2
AT_LONGEST = {G: sqrt(LONGEST), horizon: sqrt(T)}


def longest(worth: object = 1) -> Claim:
    """The squared length of the slopes."""
    squares = Sum(g(t, i) ** 2, (i, 1, n))
    return Claim(given=OBJECTIVE, concludes=every(t, 1, T, le(squares, worth * LONGEST)))


def of_the_objective(claim: Claim, bound: object, path: object) -> Claim:
    """A proposition whose losses and slopes are those of the objective."""
    said, difference = against(path)
    places = AT_LONGEST | {r: (t, difference)}
    replaced = (SHORT, gt(G, 0), gt(horizon, 0), eq(horizon**2, T))
    kept = [put_formula(formula, places) for formula in claim.given if formula not in replaced]
    kept.remove(convex(path).concludes)
    regret = put_formula(le(Sum(r(t), (t, 1, T)), bound), places)
    return Claim(given=(*kept, *OBJECTIVE, *said), concludes=regret)


DISTANCE = D**2 + 2 * D * P
static = of_the_objective(STATIC.claims["best step"], G * D * horizon, v(i))
dynamic = of_the_objective(DYNAMIC.claims["best step"], G * sqrt(T * DISTANCE), u(t, i))


def subgradient(path: object = u(t, i), fair: object = 1) -> Fact:
    """σ (Σ v − B) ≤ |Σ v − B| and Σ a v/c ≤ max v/c."""
    (sign, burden, _, most), _ = against(path)
    each = [*INSIDE, le(1, i), le(i, n)]
    low, form, most = (at(h, t, i, using=each) for h in (SHARES[0], FORM, most))
    whole, sign, burden = (at(h, t, using=INSIDE) for h in (WHOLE, sign, burden))
    signs = [at(h, t, using=INSIDE) for h in SIGNS]
    missed = Sum(path, (i, 1, n)) - needed(t)
    track = prove(ge(abs(missed), σ(t) * missed), absolute(missed), signs)
    track = prove(ge(λ * abs(missed), λ * σ(t) * missed), track, ge(λ, 0))
    capacity = at(CAPACITIES, i, using=each)
    inverse = reciprocal(cap(i), prove(gt(cap(i), 0), capacity, WEIGHTS[2]))
    ratio = prove(le(path / cap(i), other(t)), most, inverse, multipliers=[other(t)])
    one = prove(le(a(t, i) * path / cap(i), a(t, i) * other(t)), low, ratio)
    weighted = Sum(a(t, i) * path / cap(i), (i, 1, n))
    total = sum_up(for_all(one, i, 1, n))
    mean = prove(le(weighted, other(t)), total, whole, multipliers=[other(t)])
    fairness = prove(le(μ * weighted, μ * other(t)), mean, ge(μ, 0))
    away, slope = x(t, i) - path, λ * σ(t) + μ * a(t, i) / cap(i)
    terms = prove(eq(g(t, i) * away, slope * away), form, multipliers=[away])
    goal = at(convex(path, fair).concludes, t, using=INSIDE).conclusion
    known = [track, fairness, sum_up(for_all(terms, i, 1, n)), sign, burden]
    return for_all(prove(goal, known, multipliers=[λ, μ], degree=1), t, 1, T)


def one_winner(capacities: Formula = CAPACITIES) -> Fact:
    """g_i² ≤ λ² + 2 λ μ a_i/u_min + μ² a_i/u_min²."""
    inside = [le(1, t), le(t, T), le(1, i), le(i, n)]
    share, most, what = (at(h, t, i, using=inside) for h in (*SHARES, FORM))
    capacity, signs = at(capacities, i, using=inside), [at(h, t, using=inside) for h in SIGNS]
    inverse = reciprocal(cap(i), prove(gt(cap(i), 0), capacity, WEIGHTS[2]))
    least = reciprocal(low, WEIGHTS[2])
    smaller = prove(
        le(1 / cap(i), 1 / low),
        capacity,
        inverse,
        least,
        degree=3,
        multipliers=[1 / cap(i), 1 / low],
    )
    burden, top = a(t, i) / cap(i), a(t, i) / low
    known = [prove(ge(burden, 0), share, inverse), prove(le(burden, top), share, smaller)]
    tall = prove(le(burden, 1 / low), known, most, least)
    square = prove(le(burden**2, burden / low), known, tall)
    square = prove(le(burden**2, top / low), square, known, least)
    product = prove(ge(λ * μ * burden, 0), known[0], WEIGHTS, degree=3)
    parts = [
        prove(le(σ(t) ** 2 * λ**2, λ**2), prove(le(σ(t) ** 2, 1), signs), squares=[λ]),
        prove(le(σ(t) * λ * μ * burden, λ * μ * burden), product, signs),
        prove(le(λ * μ * burden, λ * μ * top), known[1], prove(ge(λ * μ, 0), WEIGHTS)),
        prove(le(μ**2 * burden**2, μ**2 * top / low), square, squares=[μ]),
    ]
    goal = le(g(t, i) ** 2, λ**2 + 2 * λ * μ * top + μ**2 * top / low)
    return prove(goal, parts, what, multipliers=[g(t, i), λ * σ(t), μ * burden], degree=1)


def derive(worth: object = 1, capacities: Formula = CAPACITIES) -> Fact:
    """Sum over the winners."""
    summed = sum_up(for_all(one_winner(capacities), i, 1, n))
    whole = at(WHOLE, t, using=[le(1, t), le(t, T)])
    goal = le(Sum(g(t, i) ** 2, (i, 1, n)), worth * LONGEST)
    factors = [λ**2, λ * μ / low, μ**2 / low**2]
    return for_all(prove(goal, summed, count(i, n), whole, multipliers=factors), t, 1, T)


def with_slopes(fact: Fact, path: object) -> Fact:
    """Put √(λ² (n − 1) + (λ + μ/u_min)²) for G, √T for its symbol, and the losses."""
    burden = prove(gt((λ + μ / low) ** 2, 0), WEIGHTS[3])
    positive = prove(gt(LONGEST, 0), burden, ge(n, 1), squares=[λ])
    known = []
    for radicand, above in ((LONGEST, positive), (T, prove(gt(T, 0), ge(T, 1)))):
        signs = root(radicand, above)
        known += [by_contradiction(gt(sqrt(radicand), 0), signs, above), signs[1]]
    length = at(derive(), t, using=INSIDE)
    goal = put_formula(le(Sum(g(t, i) ** 2, (i, 1, n)), G**2), AT_LONGEST)
    short = prove(goal, length, known[1])
    at_costs = put(fact, AT_LONGEST | {r: (t, against(path)[1])})
    return discharge(at_costs, known, for_all(short, t, 1, T), subgradient(path))


def before_the_root() -> Fact:
    """√(G² T A) = G √(T A)."""
    path = prove(ge(P, 0), sum_up(every(t, 1, T - 1, ge(d(t), 0))), eq(P, Sum(d(t), (t, 1, T - 1))))
    room = prove(ge(DISTANCE, 0), path, gt(D, 0), squares=[D])
    inner, outer = reals("inner outer")
    signs = root(inner, ge(inner, 0))
    outside = prove(ge(G * sqrt(inner), 0), signs, gt(G, 0))
    signs += root(outer, ge(outer, 0))
    same = eq(outer, G**2 * inner)
    one = by_contradiction(
        le(sqrt(outer), G * sqrt(inner)), signs, outside, same, multipliers=[G**2]
    )
    places = {inner: T * DISTANCE, outer: G**2 * T * DISTANCE}
    inside = prove(ge(T * DISTANCE, 0), room, ge(T, 1))
    whole = prove(ge(places[outer], 0), inside, squares=[G])
    factored = discharge(put(one, places), inside, whole)
    goal = le(Sum(r(t), (t, 1, T)), G * sqrt(T * DISTANCE))
    return prove(goal, DYNAMIC.facts["best step"], factored, degree=1)


def theorem() -> Theorem:
    """The slope of the objective."""
    once = {T: 1, n: 1, D: 1, λ: 1, μ: 0, low: 1, η: 1, P: 0, d: [], x: [[1], [0]], u: [[0]]}
    once |= {σ: [1], inside_: [1], share: [0], v: [0], cap: [1], a: [[1]], g: [[1]]}
    equal = {**once, λ: 0, μ: 1, σ: [0], u: [[1]], needed: [1], worst: [1], other: [1]}
    half = Rational(1, 2)
    tiny = {**once, λ: 0, μ: 1, cap: [half], g: [[2]]}
    small = tuple(NOT_EMPTY if formula == CAPACITIES else formula for formula in OBJECTIVE)
    third, fifth = Rational(1, 3), Rational(1, 5)
    still = {T: 4, n: 2, D: 2, λ: 3, μ: 1, low: 1, η: fifth, v: [0, 0], cap: [1, 1]}
    still |= {inside_: [1] * 4, share: [0] * 4, σ: [third, 0, 1, -third]}
    still |= {a: [[1, 0], [0, 1], [half, half], [1, 0]], needed: [2, 7 * fifth, 0, 0]}
    still |= {g: [[2, 1], [0, 1], [7 * half, 7 * half], [0, -1]]}
    still |= {x: [[1, 1], [3 * fifth, 4 * fifth], [3 * fifth] * 2, [0, 0], [0, fifth]]}
    still |= {worst: [1, 4 * fifth, 3 * fifth, 0], other: [0] * 4}
    moved = {**still, η: 2 * fifth, P: 3, d: [1] * 3, u: [[0, 0], [1, 0], [1, 1], [0, 1]]}
    moved |= {σ: [-third, -2 * third, 0, third], needed: [0, 2 * fifth, 8 * fifth, 6 * fifth]}
    moved |= {a: [[0, 1], [1, 0], [1, 0], [0, 1]], g: [[-1, 0], [-1, -2], [1, 0], [1, 2]]}
    moved |= {x: [[0, 0], [2 * fifth, 0], [4 * fifth] * 2, [2 * fifth, 4 * fifth], [0, 0]]}
    moved |= {worst: [0, 2 * fifth, 4 * fifth, 4 * fifth], other: [0, 1, 1, 1]}
    return Theorem(
        item="Propositions 2 and 5 for the objective",
        title="regret of projected gradient descent on haircuts, with the slope of the objective",
        citation="[CTTX26, Props. 2 and 5] for its Eq. 10 with ε = 0",
        statement="G = √(λ² (n − 1) + (λ + μ/u_min)²) in G R √T and G √(T (R² + 2 R P))",
        verdict=Verdict.PROVED_UNDER,
        added=STATIC.added,
        tightness="the slope is attained by one winner who bears the worst burden alone",
        proves={
            "longest slope": Step(
                longest,
                derive,
                {
                    "9/10 of the squared length": fails_at(once, worth=Rational(9, 10)),
                    "capacities below u_min": fails_at(
                        tiny,
                        Claim(given=small, concludes=longest().concludes),
                        capacities=NOT_EMPTY,
                    ),
                },
            ),
            "subgradients": Step(
                convex,
                subgradient,
                {"nothing for the burden of the path": fails_at(equal, fair=0)},
            ),
            "static regret": Step(static, with_slopes(STATIC.facts["best step"], v(i))),
            "dynamic regret": Step(dynamic, with_slopes(before_the_root(), u(t, i))),
        },
        witness=(still, moved),
        letters={
            "D": (
                "diameter: bound on the distances from the comparator, R",
                "USD",
                "CTTX26, Prop. 2",
            ),
            "a(t, i)": "weight of winner i in the slope of the worst burden",
            "cap(i)": ("capacity of winner i", "USD", "CTTX26, Eq. 7"),
            "g(t, i)": (
                "coordinate i of a subgradient of the objective of round t",
                "1/USD",
                "CTTX26, Prop. 4",
            ),
            "low": ("u_min, at most the smallest capacity", "USD"),
            "u(t, i)": (
                "haircut of winner i by the comparator in round t",
                "USD",
                "CTTX26, Prop. 5",
            ),
            "v(i)": (
                "haircut of winner i by a comparator that never moves",
                "USD",
                "CTTX26, Prop. 2",
            ),
            "x(t, i)": ("haircut of winner i in round t", "USD", "CTTX26, Eq. 7"),
            "η": ("step", "USD²", "CTTX26, Prop. 2"),
        },
        words={
            "u_min is positive": WEIGHTS[2],
            "one of the prices is positive": WEIGHTS[3],
            (
                "σ_t is the sign of what is raised less what is needed, anything in [−1, 1] at 0"
            ): static.given[21],
            "the weights are those of a mean, on winners that bear the worst burden": (
                *SHARES,
                WHOLE,
                "worst(t) = Σ[i=1…n](a(t, i)·x(t, i)/(cap(i))) for t = 1…T",
                "cap(t')·worst(t) ≥ x(t, t') for t = 1…T, t' = 1…n",
            ),
            "no capacity is below u_min": CAPACITIES,
            "g_t is a subgradient of the objective at x_t": FORM,
            "nobody's burden exceeds other_t in the comparator": (
                "cap(t')·other(t) ≥ u(t, t') for t = 1…T, t' = 1…n",
                "cap(t')·other(t) ≥ v(t') for t = 1…T, t' = 1…n",
            ),
            (
                "share_t is the share of the way from x_{t+1} to the "
                "comparator at which the definition is used"
            ): dynamic.given[4],
            (
                "x_{t+1} is the projection of x_t − η g_t onto a convex domain: if the "
                "comparator is inside, nothing on the way to it is nearer"
            ): dynamic.given[5],
            "no decision is farther than D from the comparator": (
                dynamic.given[6],
                dynamic.given[7],
            ),
            "η is D/(G √T)": "η·√(T)·√(n·λ² + 2·λ·μ/(low) + μ²/((low)²)) = D",
            "η is the best step for a path of variation P": dynamic.given[11],
        },
    )
