"""Gradient descent on vectors when the domain changes from round to round [CTTX26, Prop. 5].

The domains X_t are convex and each comparator u_t lies in its own. A step that is projected once,
onto X_{t+1}, need not come closer to u_t, which may lie outside. Two repairs, with a bound R for
the distances below, d_t = ‖u_{t+1} − u_t‖ and P = Σ d_t:

    y_t = Π_t(x_t − η g_t), x_{t+1} = Π_{t+1}(y_t):   Reg ≤ (R² + 2 R P)/2η + η/2 Σ ‖g_t‖²,
    x_{t+1} = Π_{t+1}(x_t − η g_t):                   Reg ≤ the same + G P,   G ≥ ‖g_t‖.

A projection enters by its definition, on the way to a comparator in its domain, which gives
⟨y − Πy, u − Πy⟩ ≤ 0 (`projection.py`). That g_t is a subgradient says
ℓ_t(x_t) − ℓ_t(u_t) ≤ ⟨g_t, x_t − u_t⟩.
"""

from __future__ import annotations

from functools import cache

from sympy import Max, Min, Rational, Sum, sympify

from adlopt.proof import *
from adlopt.proof.lemmas import best_step, count, inner_product_bound, optimal_bound, optimal_step

t, i, k, n, T = integers("t i k n T")
η, R, G, P = reals("η R G P")
x, y, u, g, r, d = sequences("x y u g r d")
first, second, only = sequences("first second only")
DEFINITION = theorem_of(__file__, "projection.py")


def dot(one: object, two: object) -> Sum:
    """Inner product of two vectors given by their coordinates i."""
    return Sum(one * two, (i, 1, n))


def square(vector: object) -> Sum:
    """‖v‖²."""
    return dot(vector, vector)


aim = x(t, i) - η * g(t, i)
here, after, later = x(t, i) - u(t, i), y(t, i) - u(t, i), y(t, i) - u(t + 1, i)
coming, move = x(t + 1, i) - u(t + 1, i), u(t + 1, i) - u(t, i)
BASE = (ge(n, 1), ge(T, 1), gt(η, 0), gt(R, 0))
CONVEX = every(t, 1, T, le(r(t), dot(g(t, i), here)))
PATH = (
    every(t, 1, T - 1, ge(d(t), 0)),
    every(t, 1, T - 1, eq(d(t) ** 2, square(move))),
    eq(P, Sum(d(t), (t, 1, T - 1))),
)
STARTS = le(square(here.subs(t, 1)), R**2)
REGRET, ENERGY = Sum(r(t), (t, 1, T)), Sum(square(g(t, i)), (t, 1, T))

FIRST = every(t, 1, T, le(dot(aim - y(t, i), u(t, i) - y(t, i)), 0))
SECOND = every(t, 1, T - 1, le(dot(y(t, i) - x(t + 1, i), u(t + 1, i) - x(t + 1, i)), 0))
NEAR = (every(t, 1, T, le(square(after), R**2)), every(t, 1, T - 1, le(square(later), R**2)))
TWICE = (*BASE, FIRST, SECOND, CONVEX, STARTS, *NEAR, *PATH)

ONCE_ONLY = every(t, 1, T - 1, le(dot(aim - x(t + 1, i), u(t + 1, i) - x(t + 1, i)), 0))
AHEAD = x(t, i) - u(t + 1, i)
SPAN = (
    every(t, 1, T, le(square(here), R**2)),
    every(t, 1, T - 1, le(square(AHEAD), R**2)),
)
SLOPES = every(t, 1, T, le(square(g(t, i)), G**2))
ONCE = (*BASE, gt(G, 0), ONCE_ONLY, CONVEX, SLOPES, *SPAN, *PATH)


# Each projection: the last round, its point, what is projected, the comparator, and the share
PROJECTIONS = {
    FIRST: (T, y(t, i), aim, u(t, i), first(t)),
    SECOND: (T - 1, x(t + 1, i), y(t, i), u(t + 1, i), second(t)),
    ONCE_ONLY: (T - 1, x(t + 1, i), aim, u(t + 1, i), only(t)),
}


def by_definition(
    last: object, point: object, of: object, to: object, part: object
) -> list[Formula]:
    """The share of the way to another point, and that nothing there is nearer."""
    left, way = of - point, to - point
    top = Max(0, dot(left, way))
    share = eq(part * (top + square(way)), top)
    return [every(t, 1, last, f) for f in (share, le(square(left), square(left - part * way)))]


def stated(claim: Claim) -> Claim:
    """A claim with the definition of each projection."""
    parts = (by_definition(*PROJECTIONS[f]) if f in PROJECTIONS else [f] for f in claim.given)
    return Claim(given=tuple(f for part in parts for f in part), concludes=claim.concludes)


def defined(fact: Fact) -> Fact:
    """Derive the inequality of each projection that a fact uses."""
    p, q, w = sequences("y p v")
    for last, point, of, to, part in PROJECTIONS.values():
        places = {p: (i, of), q: (i, point), w: (i, to), reals("s"): part}
        within = [le(1, t), le(t, last)]
        known = [at(h, t, using=within) for h in by_definition(last, point, of, to, part)]
        angle = discharge(put(DEFINITION.facts["from the definition"], places), known)
        fact = discharge(fact, for_all(angle, t, 1, last))
    return fact


def double(two: object = 2, half: object = Rational(1, 2)) -> Claim:
    """The bound for two projections in each round."""
    bound = (R**2 + two * R * P) / (2 * η) + half * η * ENERGY
    return Claim(given=TWICE, concludes=le(REGRET, bound))


def once(two: object = 2, extra: object = 1) -> Claim:
    """The bound for one projection in each round."""
    bound = (R**2 + two * R * P) / (2 * η) + η / 2 * ENERGY + extra * G * P
    return Claim(given=ONCE, concludes=le(REGRET, bound))


def squares(vector: object) -> Fact:
    """‖v‖² ≥ 0."""
    return sum_up(for_all(prove(ge(vector**2, 0), squares=[vector]), i, 1, n))


def path_step(point: object, at_round: object, known: list[Fact]) -> Fact:
    """‖p − u_{t+1}‖² ≤ ‖p − u_t‖² + 2 R d_t, if both distances are at most R."""
    before, beyond = point - u(at_round, i), point - u(at_round + 1, i)
    back = -move.subs(t, at_round)
    length = prove(le(square(back), d(at_round) ** 2), known)
    bounds = [
        discharge(inner_product_bound(i, n, back, end, (d(at_round), R)), length, known)
        for end in (before, beyond)
    ]
    return prove(le(square(beyond), square(before) + 2 * R * d(at_round)), bounds, degree=1)


def gradient_step(at_round: object, within: list[Formula]) -> Fact:
    """2η r_t ≤ ‖x_t − u_t‖² − ‖y_t − u_t‖² + η² ‖g_t‖²."""
    near, then, slope = (e.subs(t, at_round) for e in (here, after, g(t, i)))
    known = [at(h, at_round, using=within) for h in (FIRST, CONVEX)]
    left = squares((aim - y(t, i)).subs(t, at_round))
    goal = le(2 * η * r(at_round), square(near) - square(then) + η**2 * square(slope))
    return prove(goal, known, left, gt(η, 0), multipliers=[η])


def cross(at_round: object, within: list[Formula]) -> list[Fact]:
    """‖x_{t+1} − u_{t+1}‖² ≤ ‖y_t − u_{t+1}‖² ≤ ‖y_t − u_t‖² + 2 R d_t."""
    reach, start = (e.subs(t, at_round) for e in (coming, later))
    left = squares((y(t, i) - x(t + 1, i)).subs(t, at_round))
    closer = prove(
        le(square(reach), square(start)), at(SECOND, at_round, using=within), left, degree=1
    )
    known = [at(h, at_round, using=within) for h in (*NEAR, *PATH[:2])]
    return [closer, path_step(y(at_round, i), at_round, known)]


@cache
def derive(two: object = 2, half: object = Rational(1, 2)) -> dict[str, Fact]:
    """Carry the distance from y_t to u_t through the rounds, then divide by 2η."""
    energy = square(g(t, i))

    def potential(upto: object) -> Formula:
        path = two * R * Sum(d(t), (t, 1, upto - 1))
        paid = R**2 + path + 2 * half * η**2 * Sum(energy, (t, 1, upto))
        return le(2 * η * Sum(r(t), (t, 1, upto)) + square(after.subs(t, upto)), paid)

    one, first, inside = sympify(1), [le(1, T)], [le(1, k), le(k + 1, T)]
    begun = [single(t, 1, r(t)), single(t, 1, energy), empty(t, 1, d(t)), STARTS]
    factors = [η, η**2, R]
    base = prove(potential(one), gradient_step(one, first), begun, degree=1, multipliers=factors)
    longer = [last_term(t, 1, k + 1, e, using=inside) for e in (r(t), energy)]
    longer.append(last_term(t, 1, k, d(t), using=inside))
    gradient, walk = gradient_step(k + 1, inside), cross(k, inside)
    positive = prove(ge(R * d(k), 0), at(PATH[0], k, using=inside), gt(R, 0))
    step = prove(
        potential(k + 1),
        potential(k),
        gradient,
        walk,
        positive,
        longer,
        degree=1,
        multipliers=factors,
    )
    whole = at(induct(base, step, potential(k), k, 1, T), T, using=first)
    rest = squares(after.subs(t, T))
    doubled = le(2 * η * REGRET, R**2 + two * R * P + 2 * half * η**2 * ENERGY)
    summed = prove(doubled, whole, rest, PATH[2], degree=1, multipliers=[R])
    bound = prove(
        double(two, half).concludes,
        summed,
        reciprocal(η, gt(η, 0)),
        multipliers=[REGRET, η * ENERGY],
    )
    return {"gradient step": gradient, "path step": walk[1], "twice": summed, "bound": bound}


DISTANCE, CAP = R**2 + 2 * R * P, G**2 * T
tuned = Claim(
    given=(*TWICE, gt(G, 0), SLOPES, optimal_step(DISTANCE, CAP, η)),
    concludes=optimal_bound(REGRET, DISTANCE, CAP),
)


def at_best_step(twice: Fact) -> Fact:
    """With η = √((R² + 2 R P)/(G² T)) the bound is √(G² T (R² + 2 R P))."""
    path = prove(ge(P, 0), sum_up(PATH[0]), PATH[2])
    distance = prove(ge(DISTANCE, 0), path, gt(R, 0), squares=[R])
    energy = prove(gt(CAP, 0), gt(G, 0), ge(T, 1), degree=3)
    slopes = prove(le(ENERGY, CAP), sum_up(SLOPES), count(t, T), multipliers=[G**2])
    capped = prove(le(2 * η * REGRET, DISTANCE + η**2 * CAP), twice, slopes, squares=[η])
    return discharge(best_step(REGRET, DISTANCE, CAP, η), capped, distance, energy)


def single_step(at_round: object, within: list[Formula]) -> Fact:
    """2η r_t ≤ ‖x_t − u_t‖² − ‖x_{t+1} − u_{t+1}‖² + 2 (R + η G) d_t + η² ‖g_t‖²."""
    near, reach, shift, slope = (e.subs(t, at_round) for e in (here, coming, move, g(t, i)))
    known = [at(h, at_round, using=within) for h in (*SPAN, *PATH[:2])]
    length = prove(le(square(shift), d(at_round) ** 2), known)
    steep = at(SLOPES, at_round, using=within)
    tilt = inner_product_bound(i, n, shift, slope, (d(at_round), G))
    tilt = discharge(tilt, length, steep, known, gt(G, 0))
    left = squares((aim - x(t + 1, i)).subs(t, at_round))
    walk = path_step(x(at_round, i), at_round, known)
    gain = square(near) - square(reach) + 2 * (R + η * G) * d(at_round)
    return prove(
        le(2 * η * r(at_round), gain + η**2 * square(slope)),
        [at(h, at_round, using=within) for h in (ONCE_ONLY, CONVEX)],
        tilt,
        left,
        walk,
        gt(η, 0),
        multipliers=[η],
    )


def derive_once(two: object = 2, extra: object = 1) -> Fact:
    """Carry the distance from x_t to u_t; the last round needs no projection."""
    energy, whole_path = square(g(t, i)), Sum(d(t), (t, 1, k - 1))

    def potential(upto: object) -> Formula:
        walked = (two * R + 2 * extra * η * G) * whole_path.subs(k, upto)
        paid = R**2 + walked + η**2 * Sum(energy, (t, 1, upto - 1))
        return le(2 * η * Sum(r(t), (t, 1, upto - 1)) + square(here.subs(t, upto)), paid)

    one, inside = sympify(1), [le(1, k), le(k + 1, T)]
    factors = [η, η**2, R, η * G]
    begun = [empty(t, 1, e) for e in (r(t), energy, d(t))]
    base = prove(
        potential(one), begun, at(SPAN[0], 1, using=le(1, T)), degree=1, multipliers=factors
    )
    longer = [last_term(t, 1, k, e, using=inside) for e in (r(t), energy, d(t))]
    step = prove(
        potential(k + 1),
        potential(k),
        single_step(k, inside),
        longer,
        degree=1,
        multipliers=factors,
    )
    whole = at(induct(base, step, potential(k), k, 1, T), T, using=le(1, T))
    last = prove(
        le(2 * η * r(T), (square(here) + η**2 * energy).subs(t, T)),
        at(CONVEX, T, using=le(1, T)),
        squares((here - η * g(t, i)).subs(t, T)),
        gt(η, 0),
    )
    ends = [last_term(t, 1, T, e, using=le(1, T)) for e in (r(t), energy)]
    walked = (two * R + 2 * extra * η * G) * P
    summed = prove(
        le(2 * η * REGRET, R**2 + walked + η**2 * ENERGY),
        *(whole, last, ends, PATH[2]),
        degree=1,
        multipliers=factors,
    )
    return prove(
        once(two, extra).concludes,
        summed,
        reciprocal(η, gt(η, 0)),
        multipliers=[REGRET, η * ENERGY, G * P],
    )


# Why the comparator has to lie in the domain of the projection ------------------------------------

p, p_next, v, slope, low, high = reals("p p_next v slope low high")
reached = p - η * slope - p_next
INTERVAL = (gt(η, 0), le(low, high), eq(p_next, Max(low, Min(high, p - η * slope))))
one_step = Claim(
    given=(*INTERVAL, le(v, high), ge(v, low)),
    concludes=le(slope * (p - v), ((p - v) ** 2 - (p_next - v) ** 2) / (2 * η) + η * slope**2 / 2),
)


def one_projection(given: tuple[Formula, ...] = one_step.given) -> Fact:
    """One step towards any point of the interval that is projected onto."""
    moved = p - η * slope
    known = [*minimum(high, moved), *maximum(low, Min(high, moved)), given]
    inside = by_contradiction(
        le(reached * (v - p_next), 0), known, multipliers=[reached, v, p_next], degree=3
    )
    left = (p - v) ** 2 - (p_next - v) ** 2 + η**2 * slope**2
    doubled = prove(le(2 * η * slope * (p - v), left), inside, squares=[reached])
    return prove(
        one_step.concludes,
        doubled,
        reciprocal(η, gt(η, 0)),
        multipliers=[slope * (p - v), η * slope**2],
    )


def run(**values: object) -> dict[object, object]:
    """Numbers for a run in one dimension with R = G = η = 1."""
    rounds = len(values["r"])
    point = {n: 1, η: 1, R: 1, G: 1, T: rounds, P: sum(values["d"])}
    pairs = {e: [[place] for place in values[e.__name__]] for e in (x, y, u, g)}
    return {**point, **pairs, r: values["r"], d: values["d"]}


def theorem() -> Theorem:
    """Two ways to project onto domains that change."""
    short = run(x=[1, 0], y=[0], u=[0], g=[1], r=[1], d=[])
    chase = run(x=[1, 0, 1], y=[0, 1], u=[0, 1], g=[1, -1], r=[1, 1], d=[1])
    half = Rational(1, 2)
    outside = {p: half, p_next: half, v: 0, slope: 1, low: half, high: 1, η: half}
    at_rest = {p: 0, p_next: 0, v: 0, slope: 0, low: 0, high: 1, η: 1}
    places = [[0, 0], [half, 0], [1, half], [half, 1], [0, 1]]
    walk = {T: 4, n: 2, η: half, R: 2, G: 4, P: 3, r: [0, 1, 1, 1], d: [1] * 3}
    walk |= {u: [[0, 0], [1, 0], [1, 1], [0, 1]], g: [[-1, 0], [-2, -1], [1, -2], [2, 0]]}
    walk |= {x: places[:4], y: places[1:], first: [0] * 4, second: [0] * 3, only: [0] * 3}
    dropped = Claim(given=one_step.given[:-1], concludes=one_step.concludes)
    steps = derive()
    return Theorem(
        item="Proposition 5 on changing domains",
        title="dynamic regret of gradient descent when capacities change from round to round",
        citation="new; repairs [CTTX26, Prop. 5]",
        statement="Reg ≤ (R² + 2 R P)/2η + η/2 Σ ‖g_t‖² with a projection onto each domain",
        verdict=Verdict.PROVED,
        remarks=(
            "R bounds the distances of the run from the path: √2 U_max for haircuts, Proposition 4",
            "whether a single projection needs the term G P is not known",
        ),
        proves={
            "two projections": Step(stated(double()), defined(steps["bound"])),
            "two projections, best step": Step(
                stated(tuned), defined(at_best_step(steps["twice"]))
            ),
            "one projection": Step(stated(once()), defined(derive_once())),
            "one step inside the domain": Step(
                one_step,
                one_projection,
                {
                    "one step towards a point outside of the domain": fails_at(
                        outside, dropped, given=dropped.given
                    )
                },
            ),
        },
        steps={
            **steps,
            "bound": Step(
                double,
                derive,
                {
                    "9/10 instead of 2 in front of R P": fails_at(chase, two=Rational(9, 10)),
                    "η/4 Σ ‖g_t‖² instead of η/2": fails_at(short, half=Rational(1, 4)),
                },
                takes="bound",
            ),
        },
        witness=(walk, at_rest),
        letters={
            "R": ("bound on the distances from the path", "USD"),
            "first(t)": "share of the way from y_t to u_t",
            "g(t, i)": (
                "coordinate i of a subgradient of the loss of round t",
                "1/USD",
                "CTTX26, Prop. 5",
            ),
            "high": ("upper end of an interval", "USD"),
            "low": ("lower end of an interval", "USD"),
            "n": ("number of coordinates", "1", "CTTX26, Sec. 2"),
            "only(t)": "share of the way from x_{t+1} to u_{t+1}, where there is one projection",
            "p": ("decision in one dimension", "USD"),
            "p_next": ("the next decision in one dimension", "USD"),
            "second(t)": "share of the way from x_{t+1} to u_{t+1}",
            "slope": ("slope of the loss in one dimension", "1/USD"),
            "v": ("point of the interval", "USD"),
            "x(t, i)": (
                "coordinate i of the decision of round t, a haircut",
                "USD",
                "CTTX26, Prop. 5",
            ),
            "y(t, i)": ("coordinate i of the step, projected onto the domain of round t", "USD"),
            "η": ("step", "USD²", "CTTX26, Prop. 5"),
        },
        words={
            "there is a coordinate": BASE[0],
            "the bound R is positive": BASE[3],
            (
                "first_t is the share of the way from y_t to u_t at which the definition is used"
            ): by_definition(*PROJECTIONS[FIRST])[0],
            (
                "y_t is the point of the convex domain of round t nearest to "
                "x_t − η g_t: nothing on the way to u_t is nearer"
            ): by_definition(*PROJECTIONS[FIRST])[1],
            (
                "second_t is the share of the way from x_{t+1} to "
                "u_{t+1} at which the definition is used"
            ): by_definition(*PROJECTIONS[SECOND])[0],
            (
                "x_{t+1} is the projection of y_t onto the convex domain of round"
                " t + 1: nothing on the way to u_{t+1} is nearer"
            ): by_definition(*PROJECTIONS[SECOND])[1],
            "the start is at most R from the path": STARTS,
            "no y_t is farther than R from u_t and u_{t+1}": NEAR,
            "η is the best step for a path of variation P": "η = √(2·P·R/(G²·T) + R²/(G²·T))",
            (
                "only_t is the share of the way from x_{t+1} to "
                "u_{t+1} at which the definition is used"
            ): by_definition(*PROJECTIONS[ONCE_ONLY])[0],
            (
                "x_{t+1} is the projection of x_t − η g_t onto the convex domain of "
                "round t + 1: nothing on the way to u_{t+1} is nearer"
            ): by_definition(*PROJECTIONS[ONCE_ONLY])[1],
            "no x_t is farther than R from u_t and u_{t+1}": SPAN,
            "the next decision is a step η against the slope, clipped to the interval": INTERVAL[2],
            "v lies in the interval": ("high ≥ v", "v ≥ low"),
        },
    )
