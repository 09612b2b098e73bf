"""Projected gradient steps on the severity where too little costs more than too much.

Losses D_t (λ [s_t − θ]₊ + μ [θ − s_t]₊) have slopes between −λ D_t and μ D_t. For prices of at most
M the bound of [CTTX26, Prop. 1] holds with M D_t for D_t: for every path u in [0, 1],

    Σ ℓ_t(x_t) − ℓ_t(u_t)  ≤  M √((1 + 2 P) Σ D_t²)    at η = √((1 + 2 P)/(M² Σ D_t²)).

Of the losses only this is used: with slopes g_t and |g_t| ≤ E_t they lose at most g_t (x_t − u_t)
more at x_t than at u_t.
"""

from __future__ import annotations

from functools import cache

from sympy import Max, Rational, Sum, sympify

from adlopt.proof import *
from adlopt.proof.lemmas import best_step, clip, optimal_bound, optimal_step, projected_step

t, n, T = integers("t n T")
η, λ, μ, M = reals("η λ μ M")
D, E, x, u, s, g, r = sequences("D E x u s g r")

HALF = Rational(1, 2)
move = u(t) - u(t - 1)
P, Q = Sum(abs(move), (t, 2, T)), Sum(move**2, (t, 2, T))
S = Sum(D(t) ** 2, (t, 1, T))
PATH = (every(t, 1, T, ge(u(t), 0)), every(t, 1, T, le(u(t), 1)))
START = (ge(x(1), 0), le(x(1), 1))
STEPS = every(t, 1, T, eq(x(t + 1), clip(x(t) - η * g(t))))
PLAY = (ge(T, 1), gt(η, 0), *PATH, *START, STEPS)
CONVEX = every(t, 1, T, le(r(t), g(t) * (x(t) - u(t))))
SHORT = every(t, 1, T, le(g(t) ** 2, E(t) ** 2))
INSIDE = [le(1, t), le(t, T)]


def cost(severity: object) -> object:
    """Loss of round t."""
    return D(t) * (λ * Max(0, s(t) - severity) + μ * Max(0, severity - s(t)))


LOSS = cost(x(t)) - cost(u(t))
PRICES = (ge(λ, 0), ge(μ, 0), le(λ, M), le(μ, M), gt(M, 0))
ROUNDS = (
    every(t, 1, T, ge(D(t), 0)),
    every(t, 1, T, ge(g(t), -λ * D(t))),
    every(t, 1, T, le(g(t), μ * D(t))),
    every(t, 1, T, eq(g(t) * (x(t) - s(t)), cost(x(t)))),
)
REGRET = Sum(LOSS, (t, 1, T))


def general(noise: object = 1) -> Claim:
    """Any losses, any step."""
    bound = ((x(1) - u(1)) ** 2 + 2 * P - Q) / (2 * η)
    squares = noise * η / 2 * Sum(E(t) ** 2, (t, 1, T))
    return Claim(given=(*PLAY, CONVEX, SHORT), concludes=le(Sum(r(t), (t, 1, T)), bound + squares))


def at_price(dearest: object = M) -> Claim:
    """Prices of at most M, at the best step."""
    energy = dearest**2 * S
    given = (*PLAY, *PRICES, *ROUNDS, gt(S, 0), optimal_step(1 + 2 * P, energy, η))
    return Claim(given=given, concludes=optimal_bound(REGRET, 1 + 2 * P, energy))


@cache
def derive(noise: object = 1) -> dict[str, Fact]:
    """Carry a potential through the rounds, as for [CTTX26, Prop. 1]."""
    walk = theorem_of(__file__, "prop_01_severity.py").steps["path step"]

    def potential(k: object) -> Formula:
        past = 2 * η * Sum(r(t), (t, 1, k)) + (x(k + 1) - u(k)) ** 2
        path = 2 * Sum(abs(move), (t, 2, k)) - Sum(move**2, (t, 2, k))
        energy = noise * η**2 * Sum(E(t) ** 2, (t, 1, k))
        return le(past, (x(1) - u(1)) ** 2 + path + energy)

    def gradient(k: object, within: list[Formula]) -> Fact:
        known = [at(h, k, using=within) for h in (*PATH, STEPS, CONVEX, SHORT)]
        aim = x(k) - η * g(k)
        nearer = projected_step(x(k + 1), aim, u(k), known[:3])
        gain = (x(k) - u(k)) ** 2 - (x(k + 1) - u(k)) ** 2
        goal = le(2 * η * r(k), gain + η**2 * E(k) ** 2)
        return prove(goal, nearer, known[3:], gt(η, 0), squares=[η])

    summands = [(1, r(t)), (1, E(t) ** 2), (2, abs(move)), (2, move**2)]
    begun = [single(t, 1, body) if low == 1 else empty(t, 2, body) for low, body in summands]
    base = prove(
        potential(1), gradient(sympify(1), [le(1, T)]), begun, degree=1, multipliers=[η, η**2]
    )
    inside = [le(1, n), le(n + 1, T)]
    longer = [last_term(t, low, n + 1, body, using=inside) for low, body in summands]
    step = prove(
        potential(n + 1),
        potential(n),
        gradient(n + 1, inside),
        walk,
        longer,
        degree=1,
        multipliers=[η, η**2],
    )
    whole = at(induct(base, step, potential(n), n, 1, T), T, using=le(1, T))
    bound = prove(
        general(noise).concludes,
        whole,
        reciprocal(η, gt(η, 0)),
        squares=[x(T + 1) - u(T)],
        multipliers=[Sum(r(t), (t, 1, T)), η * Sum(E(t) ** 2, (t, 1, T))],
    )
    return {"potential": whole, "any losses": bound}


def priced(dearest: object = M) -> Fact:
    """The losses are convex and their slopes at most M D; then the best step."""
    size, low, high, here = (at(h, t, using=INSIDE) for h in ROUNDS)
    gap = u(t) - s(t)
    prices = [D(t) * λ, D(t) * μ]
    there = by_cases(le(g(t) * gap, cost(u(t))), gap, low, high, multipliers=prices)
    convex = prove(le(LOSS, g(t) * (x(t) - u(t))), here, there)
    ends = [
        prove(le(g(t), dearest * D(t)), high, size, PRICES),
        prove(ge(g(t), -dearest * D(t)), low, size, PRICES),
    ]
    short = prove(le(g(t) ** 2, (dearest * D(t)) ** 2), ends)
    losses = {r: (t, LOSS), E: (t, dearest * D(t))}
    potential = put(derive()["potential"], losses)
    whole = discharge(potential, for_all(convex, t, 1, T), for_all(short, t, 1, T))
    squares = sum_up(for_all(prove(ge(move**2, 0), squares=[move]), t, 2, T))
    variation = sum_up(for_all(absolute(move)[0], t, 2, T))
    near = prove(le((x(1) - u(1)) ** 2, 1), START, [at(h, 1, using=le(1, T)) for h in PATH])
    energy = dearest**2 * S
    goal = le(2 * η * REGRET, 1 + 2 * P + η**2 * energy)
    twice = prove(goal, whole, near, squares, squares=[x(T + 1) - u(T)], degree=1)
    distance = prove(ge(1 + 2 * P, 0), variation)
    positive = prove(gt(energy, 0), gt(S, 0), prove(gt(dearest**2, 0), PRICES[4:]))
    return discharge(best_step(REGRET, 1 + 2 * P, energy, η), twice, distance, positive)


def theorem() -> Theorem:
    """Proposition 1 at prices."""
    once = {T: 1, D: [1], s: [1], u: [1], x: [0, 1], g: [-2], λ: 2, μ: 1, M: 2, η: HALF}
    bare = {**once, r: [2], E: [2]}
    twice = {**once, T: 2, D: [1, 1], s: [1, 0], u: [1, HALF], x: [0, 1, HALF], g: [-2, 1]}
    return Theorem(
        item="Pinball descent",
        title="gradient steps on the severity at prices for too little and too much",
        citation="new; loss of [CTTX26, Eq. 9], compare [CTTX26, Prop. 1]",
        statement="Reg ≤ M √((1 + 2 P) Σ D_t²) for prices λ_under, λ_over ≤ M",
        verdict=Verdict.PROVED,
        tightness="attained: one round, θ = 0 where 1 was needed, M the price of too little",
        proves={
            "any losses, any step": Step(
                general,
                derive,
                {"η/4 Σ E² instead of η/2": fails_at(bare, noise=HALF)},
                takes="any losses",
            ),
            "best step": Step(
                at_price,
                priced,
                {"the price left out": fails_at({**once, η: 1}, dearest=sympify(1))},
            ),
        },
        steps=derive(),
        witness={**twice, r: [2, HALF], E: [2, 1]},
        letters={
            "E(t)": ("bound on the slope of round t", "USD"),
            "M": "bound on both prices",
            "r(t)": ("what round t costs more than the comparator, or less", "USD"),
            "λ": ("price of a dollar too little", "1", "CTTX26, Eq. 9"),
            "μ": ("price of a dollar too much", "1", "CTTX26, Eq. 9"),
        },
        words={
            "g_t is a subgradient at x_t, by its definition at u_t": CONVEX,
            "E_t bounds the slope of round t": SHORT,
            "neither price is above M": PRICES[2:4],
            "M is positive": PRICES[4],
            "g_t is a slope of the loss of round t at x_t": ROUNDS[1:4],
            "η is the best step for a path of variation P": at_price().given[-1],
        },
    )
