"""The full convex objective is a problem in one dimension [CTTX26, Eq. 10], with ε = 0.

A round with deficit D, needed budget b and winners of capacity u_i, U = Σ u_i, costs

    λ |Σ x_i − b| + μ z,    x_i ≤ z u_i for every i.

Pro-rata of the same mass H = Σ x_i tracks as well and has burden H/U ≤ z. So only the severity
θ = H/D is to be chosen, at the cost f_t(θ) = λ |θ D_t − b_t| + μ θ D_t/U_t, whose slopes are at
most E_t = D_t (λ + μ/U_t), and projected steps have the bound of [CTTX26, Prop. 1] with E_t:

    Σ f_t(x_t) − f_t(u_t)  ≤  √((1 + 2 P) Σ E_t²)

for every path u of severities: neither the number of winners nor 1/ε is in it.
"""

from __future__ import annotations

from functools import cache

from sympy import Rational, Sum, sympify

from adlopt.proof import *
from adlopt.proof.lemmas import best_step, clip, optimal_bound, optimal_step, projected_step

i, m = integers("i m")
t, n, T = integers("t n T")
η, λ, μ, z, H, needed = reals("η λ μ z H needed")
y, v = sequences("y v")
D, U, b, x, u, σ, g = sequences("D U b x u σ g")

# One round ----------------------------------------------------------------------------------------

capacity = Sum(v(i), (i, 1, m))
ROUND = (ge(m, 1), gt(capacity, 0), ge(λ, 0), ge(μ, 0))
HAIRCUT = (every(i, 1, m, le(y(i), z * v(i))), eq(Sum(y(i), (i, 1, m)), H))
PRO_RATA = H / capacity * v(i)
same_mass = Claim(given=ROUND[:2], concludes=eq(Sum(PRO_RATA, (i, 1, m)), H))
burden = Claim(given=(ROUND[1], *HAIRCUT), concludes=le(H / capacity, z))


def dominated(factor: object = 1) -> Claim:
    """The cost of pro-rata with the same mass is not higher."""
    pro_rata = λ * abs(Sum(PRO_RATA, (i, 1, m)) - needed) + μ * H / capacity
    other = λ * abs(Sum(y(i), (i, 1, m)) - needed) + factor * μ * z
    return Claim(given=(*ROUND, *HAIRCUT), concludes=le(pro_rata, other))


inverse = reciprocal(capacity, gt(capacity, 0))


def lighter() -> Fact:
    """H = Σ x_i ≤ z U."""
    return prove(burden.concludes, sum_up(HAIRCUT[0]), HAIRCUT[1], inverse)


def equal_mass() -> Fact:
    """Σ H u_i/U = H."""
    return prove(same_mass.concludes, inverse, multipliers=[H])


def dominate(factor: object = 1) -> Fact:
    """Equal tracking, no higher burden."""
    claim = dominated(factor)
    one, two = Sum(PRO_RATA, (i, 1, m)) - needed, Sum(y(i), (i, 1, m)) - needed
    same = by_cases(eq(abs(one), abs(two)), one, equal_mass(), HAIRCUT[1])
    return prove(claim.concludes, same, lighter(), ge(μ, 0), multipliers=[λ])


# All rounds ---------------------------------------------------------------------------------------


def f(severity: object) -> object:
    """Cost of a severity in round t."""
    return λ * abs(severity * D(t) - b(t)) + μ * severity * D(t) / U(t)


regret, E, move = f(x(t)) - f(u(t)), D(t) * (λ + μ / U(t)), u(t) - u(t - 1)
S, P = Sum(E**2, (t, 1, T)), Sum(abs(move), (t, 2, T))
Q = Sum(move**2, (t, 2, T))
REGRET = Sum(f(x(t)), (t, 1, T)) - Sum(f(u(t)), (t, 1, T))

COSTS = (ge(λ, 0), ge(μ, 0))
SIZES = (every(t, 1, T, ge(D(t), 0)), every(t, 1, T, gt(U(t), 0)))
SIGNS = (
    every(t, 1, T, ge(σ(t), -1)),
    every(t, 1, T, le(σ(t), 1)),
    every(t, 1, T, eq(σ(t) * (x(t) * D(t) - b(t)), abs(x(t) * D(t) - b(t)))),
)
SLOPES = every(t, 1, T, eq(g(t), λ * D(t) * σ(t) + μ * D(t) / U(t)))
PATH = (every(t, 1, T, ge(u(t), 0)), every(t, 1, T, le(u(t), 1)))
START = (ge(x(1), 0), le(x(1), 1))
STEPS = every(t, 1, T, eq(x(t + 1), clip(x(t) - η * g(t))))
PLAY = (ge(T, 1), gt(η, 0), *COSTS, *SIZES, *SIGNS, SLOPES, *PATH, *START, STEPS)

slope_bound = Claim(given=PLAY, concludes=every(t, 1, T, le(g(t) ** 2, E**2)))
subgradient = Claim(given=PLAY, concludes=every(t, 1, T, le(regret, g(t) * (x(t) - u(t)))))


def general(fair: object = 1) -> Claim:
    """The bound for any step; `fair` scales what fairness adds to the slopes."""
    energy = Sum((D(t) * (λ + fair * μ / U(t))) ** 2, (t, 1, T))
    distance = (x(1) - u(1)) ** 2 + 2 * P - Q
    return Claim(given=PLAY, concludes=le(REGRET, distance / (2 * η) + η / 2 * energy))


tuned = Claim(
    given=(*PLAY, gt(S, 0), optimal_step(1 + 2 * P, S, η)),
    concludes=optimal_bound(REGRET, 1 + 2 * P, S),
)


def slope(k: object, within: list[Formula]) -> tuple[Fact, Fact]:
    """f(x_k) − f(u_k) ≤ g_k (x_k − u_k) and g_k² ≤ E_k², where g = λ D σ + μ D/U."""
    size, winners, *signs, what = (at(h, k, using=within) for h in (*SIZES, *SIGNS, SLOPES))
    gap = u(k) * D(k) - b(k)
    share = reciprocal(U(k), winners)[1]
    track = prove(
        le(abs(x(k) * D(k) - b(k)) - abs(gap), D(k) * σ(k) * (x(k) - u(k))), signs, absolute(gap)
    )
    paid = prove(
        le(regret.subs(t, k), g(k) * (x(k) - u(k))), track, what, COSTS, multipliers=[x(k), u(k)]
    )
    weighted, rest = prove(ge(λ * D(k), 0), size, COSTS), ge(μ * D(k) / U(k), 0)
    fair = prove(rest, prove(ge(μ * D(k), 0), size, COSTS), share)
    top = E.subs(t, k)
    ends = [prove(end, what, signs, weighted, fair) for end in (le(g(k), top), ge(g(k), -top))]
    return paid, prove(le(g(k) ** 2, top**2), ends)


def gradient_step(k: object, within: list[Formula]) -> Fact:
    """2η r_k ≤ (x_k − u_k)² − (x_{k+1} − u_k)² + η² E_k²."""
    known = [at(h, k, using=within) for h in (*PATH, STEPS)]
    aim = x(k) - η * g(k)
    nearer = projected_step(x(k + 1), aim, u(k), known)
    gain = (x(k) - u(k)) ** 2 - (x(k + 1) - u(k)) ** 2
    goal = le(2 * η * regret.subs(t, k), gain + η**2 * E.subs(t, k) ** 2)
    return prove(goal, nearer, slope(k, within), gt(η, 0), squares=[η])


PROP_1 = theorem_of(__file__, "prop_01_severity.py")


@cache
def derive(fair: object = 1) -> dict[str, Fact]:
    """Carry a potential through the rounds, as for a deficit alone."""
    energy = (D(t) * (λ + fair * μ / U(t))) ** 2

    def potential(k: object) -> Formula:
        past = 2 * η * Sum(regret, (t, 1, k)) + (x(k + 1) - u(k)) ** 2
        path = 2 * Sum(abs(move), (t, 2, k)) - Sum(move**2, (t, 2, k))
        return le(past, (x(1) - u(1)) ** 2 + path + η**2 * Sum(energy, (t, 1, k)))

    summands = [(1, regret), (1, energy), (2, abs(move)), (2, move**2)]
    begun = [single(t, 1, body) if low == 1 else empty(t, 2, body) for low, body in summands]
    first, inside = sympify(1), [le(1, n), le(n + 1, T)]
    base = prove(
        potential(first), gradient_step(first, [le(1, T)]), begun, degree=1, multipliers=[η, η**2]
    )
    longer = [last_term(t, low, n + 1, body, using=inside) for low, body in summands]
    gradient, walk = gradient_step(n + 1, inside), PROP_1.steps["path step"]
    step = prove(
        potential(n + 1), potential(n), gradient, walk, longer, degree=1, multipliers=[η, η**2]
    )
    whole = at(induct(base, step, potential(n), n, 1, T), T, using=le(1, T))
    bound = prove(
        general(fair).concludes,
        whole,
        reciprocal(η, gt(η, 0)),
        squares=[x(T + 1) - u(T)],
        multipliers=[REGRET, η * Sum(energy, (t, 1, T))],
    )
    return {"gradient step": gradient, "potential": whole, "any step": bound}


def at_best_step(potential: Fact) -> Fact:
    """At the best step the bound is √((1 + 2 P) Σ E_t²)."""
    squares = sum_up(for_all(prove(ge(move**2, 0), squares=[move]), t, 2, T))
    variation = sum_up(for_all(absolute(move)[0], t, 2, T))
    near = prove(le((x(1) - u(1)) ** 2, 1), START, [at(h, 1, using=le(1, T)) for h in PATH])
    goal = le(2 * η * REGRET, 1 + 2 * P + η**2 * S)
    twice = prove(goal, potential, near, squares, squares=[x(T + 1) - u(T)], degree=1)
    distance = prove(ge(1 + 2 * P, 0), variation)
    return discharge(best_step(REGRET, 1 + 2 * P, S, η), twice, distance, gt(S, 0))


def theorem() -> Theorem:
    """The full objective in one dimension."""
    half = Rational(1, 2)
    equal = {m: 2, v: [1, 1], y: [1, 1], z: 1, H: 2, needed: 2, λ: 1, μ: 1}
    once = {T: 1, D: [1], U: [1], b: [0], σ: [1], u: [0], η: half, λ: 1, μ: 1}
    once |= {g: [2], x: [1, 0]}
    twice = {**once, T: 2, D: [1, 1], U: [1, 1], b: [0, 1], σ: [1, -1], u: [0, half]}
    twice |= {g: [2, 0], x: [1, 0, 0]}
    paid, small = slope(t, [le(1, t), le(t, T)])
    steps = derive()
    return Theorem(
        item="Full objective",
        title="tracking and fairness together are a problem in one dimension",
        citation="new; objective of [CTTX26, Eq. 10] with ε = 0, compare [CTTX26, Prop. 1]",
        statement="Reg ≤ √((1 + 2 P) Σ E_t²) with E_t = D_t (λ + μ/U_t), by pro-rata alone",
        verdict=Verdict.PROVED,
        tightness="attained: D = U = λ = μ = 1, b = 0, x_1 = 1, η = 1/2",
        remarks=(
            "the burden of pro-rata is lower unless x is pro-rata itself, by Proposition 9",
            "a severity of at most 1 is feasible where U_t ≥ D_t",
            "with burdens x_i/(u_i + ε) and ε > 0 pro-rata does not minimise",
        ),
        proves={
            "same mass": Step(same_mass, equal_mass()),
            "no higher burden": Step(burden, lighter()),
            "no higher cost": Step(
                dominated, dominate, {"fairness counted half": fails_at(equal, factor=half)}
            ),
            "slopes": Step(slope_bound, for_all(small, t, 1, T)),
            "subgradient": Step(subgradient, for_all(paid, t, 1, T)),
            "any step": Step(
                general,
                derive,
                {"D_t λ for the slopes, as if fairness were free": fails_at(once, fair=0)},
                takes="any step",
            ),
            "best step": Step(tuned, at_best_step(steps["potential"])),
        },
        steps=steps,
        witness=(equal, twice),
        letters={
            "H": ("what the haircuts of one round raise", "USD", "CTTX26, Eq. 9"),
            "b(t)": ("needed budget of round t", "USD", "CTTX26, Eq. 6"),
            "g(t)": "slope of the cost of round t at x_t",
            "m": "number of winners of one round",
            "needed": ("needed budget of one round", "USD", "CTTX26, Eq. 6"),
            "v(i)": ("capacity of winner i of one round", "USD", "CTTX26, Eq. 7"),
            "y(i)": ("haircut of winner i of one round", "USD", "CTTX26, Eq. 7"),
            "z": ("worst burden of one round", "1", "CTTX26, Eq. 8"),
            "η": ("step", "1", "CTTX26, Prop. 1"),
            "σ(t)": "sign of x_t D_t − b_t, anything in [−1, 1] at 0",
        },
        words={
            "there is a winner": ROUND[0],
            "the winners have capacity": ROUND[1],
            "nobody's burden exceeds z": HAIRCUT[0],
            "the haircuts add up to H": HAIRCUT[1],
            "every round's winners have capacity": SIZES[1],
            "σ_t is the sign of x_t D_t − b_t, anything in [−1, 1] at 0": SIGNS,
            "g_t is the slope of the cost at x_t": SLOPES,
            "some round can cost something": gt(S, 0),
            "η is the best step for a path of variation P": tuned.given[16],
        },
    )
