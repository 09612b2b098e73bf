"""Dynamic regret without tuning: experts with steps of every size, weighted by Hedge.

Expert k = 1 … K plays adaptive steps with c_k = 2^(k−1), and loses at most
√S ((1/2 + P)/c_k + c_k) more than a path u, where S = Σ D_t². One of them is within √2 of the
best c = √(1/2 + P): with r the ratio of the two, r + 1/r ≤ 3/√2, so it loses at most
3/2 √(1 + 2 P) √S more. Hedge with the rates ζ_t = 2 √(L/S_t), L = ln K, plays the weighted mean and
loses at most √(L S) more than any expert:

    Σ ℓ_t(x_t) − ℓ_t(u_t)  ≤  (3/2 √(1 + 2 P) + √L) √S    for every path u in [0, 1].

The kernel knows neither exponentials nor logarithms. Of the weights only this is used, with Λ_k(t)
the loss of expert k up to round t, ψ_t = Σ w_t ln(K w_t) and Φ(ζ, Λ) = −1/ζ ln Σ exp(−ζ Λ_k)/K:

  * Gibbs' variational principle, Φ(ζ, Λ) = min over weights w of Σ w_k Λ_k + ψ(w)/ζ with 0 ≤ ψ ≤ L,
    attained by Hedge: at the weights of a round, at those of the next one, and at a single expert;
  * Hoeffding's lemma: Σ w_k ℓ_k ≤ Φ(ζ_t, Λ(t)) − Φ(ζ_t, Λ(t − 1)) + ζ_t D_t²/8, as
    the ℓ_k of a round lie within D_t of each other.

They are cited, and stand as hypotheses of the facts that use them: for weights other than Hedge's
they fail. What follows from them is derived: falling rates cost
nothing, the sum over the rounds, the convexity of the losses and the choice of the expert.
"""

from __future__ import annotations

from functools import cache

from sympy import Max, Rational, Sum, sqrt, sympify

from adlopt.proof import *
from adlopt.proof.kernel import cases
from adlopt.proof.lemmas import clip, count, roots_of_sums

t, j, k, m, n, T, K = integers("t j k m n T K")
L, ρ, p, step_size = reals("L ρ p step_size")
c_0 = reals("c")
D, u, s, size, x, g, root_, X, G = sequences("D u s size x g root X G")
w, c, ψ, before, after, ζ = sequences("w c ψ before after ζ")

PATH_LENGTH = Sum(abs(u(t) - u(t - 1)), (t, 2, T))


def loss(severity: object, at_round: object = t) -> object:
    """D_t |θ − s_t|."""
    return D(at_round) * abs(severity - s(at_round))


def expert(k_: object, upto: object) -> Sum:
    """Loss of an expert so far."""
    return Sum(loss(X(k_, j), j), (j, 1, upto))


SIZES = (
    ge(T, 1),
    every(t, 1, T, gt(D(t), 0)),
    every(t, 1, T, gt(size(t), 0)),
    every(t, 1, T, eq(size(t) ** 2, Sum(D(j) ** 2, (j, 1, t)))),
)
WEIGHTS = (
    every(t, 1, T, every(k, 1, K, ge(w(t, k), 0))),
    every(t, 1, T, eq(Sum(w(t, k), (k, 1, K)), 1)),
)
MEAN = every(t, 1, T, eq(x(t), Sum(w(t, k) * X(k, t), (k, 1, K))))
RATES = (gt(L, 0), every(t, 1, T, eq(ζ(t) * size(t), 2 * ρ)))
ROOT = (gt(ρ, 0), eq(ρ**2, L))


def mixed(at_round: object, upto: object) -> Sum:
    """Σ w_k Λ_k."""
    return Sum(w(at_round, k) * expert(k, upto), (k, 1, K))


def paid(at_round: object) -> Sum:
    """Σ w_k ℓ_k in a round."""
    return Sum(w(at_round, k) * loss(X(k, at_round), at_round), (k, 1, K))


HOEFFDING = every(t, 1, T, le(paid(t), after(t) - before(t) + ζ(t) * D(t) ** 2 / 8))
GIBBS = {
    "ψ ≥ 0": every(t, 1, T, ge(ψ(t), 0)),
    "attained": every(t, 1, T, ge(before(t), mixed(t, t - 1) + ψ(t) / ζ(t))),
    "next": every(t, 2, T, le(after(t - 1), mixed(t, t - 1) + ψ(t) / ζ(t - 1))),
    "expert": every(k, 1, K, le(after(T), expert(k, T) + L / ζ(T))),
}
HEDGE = (*SIZES, *RATES, ge(K, 1), *WEIGHTS)
CITED = {
    Axiom(
        "Hoeffding's lemma, for the weights of each round",
        "Hoeffding 1963, Probability inequalities for sums of bounded random variables",
    ): (HOEFFDING,),
    Axiom(
        "Gibbs' variational principle, at the weights of a round, of the next one, at one expert",
        "Donsker and Varadhan 1975, Asymptotic evaluation of certain Markov process expectations"
        " for large time, I",
    ): tuple(GIBBS.values()),
}


def regret_of_hedge(worth: object = 1) -> Formula:
    """The mean loss against each expert."""
    gap = Sum(paid(t), (t, 1, T)) - expert(k, T)
    return every(k, 1, K, le(gap, worth * ρ * size(T)))


def growth(at_round: object, within: list[Formula]) -> tuple[Fact, Fact]:
    """√S does not fall, and D_t² ≤ 2 √S_t (√S_t − √S_{t−1})."""
    now, last = size(at_round), size(at_round - 1)
    signs = [at(SIZES[2], e, using=within) for e in (at_round, at_round - 1)]
    squares = [at(SIZES[3], e, using=within) for e in (at_round, at_round - 1)]
    more = last_term(j, 1, at_round, D(j) ** 2, using=within)
    added = prove(eq(now**2, last**2 + D(at_round) ** 2), squares, more)
    larger = by_contradiction(ge(now, last), added, signs, squares=[D(at_round)])
    goal = le(D(at_round) ** 2, 2 * now * (now - last))
    return larger, prove(goal, added, squares=[now - last])


def rate(at_round: object, within: list[Formula]) -> list[Fact]:
    """ζ_t > 0 and 1/ζ_t = √S_t/(2 √L)."""
    speed, mass = ζ(at_round), size(at_round)
    positive, law = (at(h, at_round, using=within) for h in (SIZES[2], RATES[1]))
    by_root = reciprocal(ρ, ROOT[0])
    above = by_contradiction(gt(speed, 0), law, positive, ROOT)
    inverse = reciprocal(speed, above)
    goal = eq(1 / speed, mass / (2 * ρ))
    factors = [1 / (speed * ρ), mass / ρ, 1 / speed]
    return [above, prove(goal, law, inverse[0], by_root[0], multipliers=factors), *by_root]


def falling(at_round: object, within: list[Formula]) -> Fact:
    """Φ(ζ_{t−1}, Λ(t − 1)) ≤ Φ(ζ_t, Λ(t − 1)), as 1/ζ grows and ψ ≥ 0."""
    larger, _ = growth(at_round, within)
    rates = [rate(e, within) for e in (at_round, at_round - 1)]
    slower = prove(
        le(1 / ζ(at_round - 1), 1 / ζ(at_round)), larger, rates[0][1], rates[1][1], rates[0][2:]
    )
    entropy, attained, beyond = (
        at(GIBBS[name], at_round, using=within) for name in ("ψ ≥ 0", "attained", "next")
    )
    return prove(le(after(at_round - 1), before(at_round)), attained, beyond, entropy, slower)


@cache
def hedge(worth: object = 1, lemma: Formula = HOEFFDING) -> dict[str, Fact]:
    """Σ of the mean losses is at most Φ(ζ_T, Λ(T)) + √L √S_T / 2."""

    def potential(upto: object) -> Formula:
        return le(Sum(paid(t), (t, 1, upto)), after(upto) + ρ * size(upto) / 2)

    one, first, inside = sympify(1), [le(1, T)], [le(1, n), le(n + 1, T)]
    unheard = for_all(
        prove(eq(w(1, k) * expert(k, 0), 0), none_yet(), multipliers=[w(1, k)]), k, 1, K
    )
    start = [at(GIBBS[name], 1, using=first) for name in ("ψ ≥ 0", "attained")]
    speed = rate(one, first)
    positive = [at(SIZES[2], 1, using=first), ROOT[0]]
    free = prove(ge(before(1), 0), start, sum_up(unheard), reciprocal(ζ(1), speed[0]))
    square = [at(SIZES[3], 1, using=first), single(j, 1, D(j) ** 2)]
    spent = prove(
        le(ζ(1) * D(1) ** 2 / 8, ρ * size(1) / 2),
        square,
        at(RATES[1], 1, using=first),
        positive,
        multipliers=[ζ(1), size(1)],
    )
    base = prove(
        potential(one), at(lemma, 1, using=first), single(t, 1, paid(t)), free, spent, degree=1
    )
    now = n + 1
    _, room = growth(now, inside)
    pace = rate(now, inside)
    law = at(RATES[1], now, using=inside)
    rise = size(now) - size(n)
    noise = prove(
        le(ζ(now) * D(now) ** 2 / 8, ρ * rise / 2),
        room,
        pace[0],
        law,
        multipliers=[size(now), size(n)],
    )
    step = prove(
        potential(now),
        potential(n),
        at(lemma, now, using=inside),
        falling(now, inside),
        noise,
        last_term(t, 1, now, paid(t), using=inside),
        degree=1,
    )
    whole = at(induct(base, step, potential(n), n, 1, T), T, using=first)
    last = rate(T, first)
    single_expert = at(GIBBS["expert"], k, using=[le(1, k), le(k, K)])
    price = prove(
        eq(L / ζ(T), ρ * size(T) / 2),
        last[1:3],
        ROOT[1],
        multipliers=[L, size(T) * ρ, size(T) / ρ],
    )
    gap = Sum(paid(t), (t, 1, T)) - expert(k, T)
    bound = prove(le(gap, worth * ρ * size(T)), whole, single_expert, price, degree=1)
    return {
        "falling rates": falling(now, inside),
        "all rounds": whole,
        "Hedge": for_all(bound, k, 1, K),
    }


def none_yet() -> Fact:
    """An expert has lost nothing before the first round."""
    return empty(j, 1, loss(X(k, j), j))


def of_the_mean() -> Fact:
    """Σ ℓ_t(Σ w_k X_k) ≤ ΣΣ w_k ℓ_t(X_k), as |·| is convex."""
    inside, each = [le(1, t), le(t, T)], [le(1, k), le(k, K)]
    weight = at(WEIGHTS[0], t, k, using=[*inside, *each])
    away = X(k, t) - s(t)
    sides = [
        prove(le(sign * w(t, k) * away, w(t, k) * abs(away)), weight, absolute(away))
        for sign in (1, -1)
    ]
    summed = [sum_up(for_all(side, k, 1, K)) for side in sides]
    whole, mean = (at(h, t, using=inside) for h in (WEIGHTS[1], MEAN))
    spread = Sum(w(t, k) * abs(away), (k, 1, K))
    close = by_cases(
        le(abs(x(t) - s(t)), spread), x(t) - s(t), summed, whole, mean, multipliers=[s(t)]
    )
    one = prove(le(loss(x(t)), paid(t)), close, at(SIZES[1], t, using=inside))
    return sum_up(for_all(one, t, 1, T))


# The experts --------------------------------------------------------------------------------------

ADAPTIVE = theorem_of(__file__, "adaptive_steps.py").facts["any c"]
PATH = (every(t, 1, T, ge(u(t), 0)), every(t, 1, T, le(u(t), 1)))


def for_each(formula: Formula) -> Formula:
    """For every expert."""
    return every(k, 1, K, formula)


EXPERTS = (
    for_each(every(t, 1, T, ge(G(k, t), -D(t)))),
    for_each(every(t, 1, T, le(G(k, t), D(t)))),
    for_each(every(t, 1, T, eq(G(k, t) * (X(k, t) - s(t)), D(t) * abs(X(k, t) - s(t))))),
    for_each(ge(X(k, 1), 0)),
    for_each(le(X(k, 1), 1)),
    for_each(every(t, 1, T, eq(X(k, t + 1), clip(X(k, t) - c(k) / size(t) * G(k, t))))),
)
GRID = (
    eq(c(1), 1),
    every(k, 1, K - 1, eq(c(k + 1), 2 * c(k))),
    le(2 * T - 1, 4 * c(K) ** 2),
)
PLAY = (*HEDGE, MEAN, *PATH, *EXPERTS, *GRID)
RADICAND = 1 + 2 * PATH_LENGTH
OF_PATH = Sum(loss(u(t)), (t, 1, T))
REGRET = Sum(loss(x(t)), (t, 1, T)) - OF_PATH
BOUND = (Rational(3, 2) * sqrt(RADICAND) + ρ) * size(T)
tuning_free = Claim(given=PLAY, concludes=le(REGRET, BOUND))

NEAR = (gt(step_size, 0), le(step_size, p), le(p, 2 * step_size))


def within_root_two(worth: object = Rational(3, 2)) -> Claim:
    """The price of a step that is within √2 of the best one."""
    cost = p**2 / (2 * step_size) + step_size
    return Claim(given=NEAR, concludes=le(cost, worth * p))


def near(worth: object = Rational(3, 2)) -> Fact:
    """(p − c)(p − 2c) ≤ 0: with r = p/(√2 c) this is r + 1/r ≤ 3/√2."""
    crossed = prove(ge(2 * worth * p * step_size, p**2 + 2 * step_size**2), NEAR)
    inverse = reciprocal(step_size, NEAR[0])
    return prove(within_root_two(worth).concludes, crossed, inverse, multipliers=[step_size, p])


def sizes_of_steps() -> Fact:
    """c_k ≥ 1."""
    inside = [ge(n, 1), le(n + 1, K)]
    claim = ge(c(n), 1)
    base = prove(put_formula(claim, {n: 1}), GRID[0])
    step = prove(put_formula(claim, {n: n + 1}), claim, at(GRID[1], n, using=inside))
    return induct(base, step, claim, n, 1, K)


def short_path() -> list[Fact]:
    """0 ≤ P ≤ T − 1."""
    inside, jump = [le(2, t), le(t, T)], u(t) - u(t - 1)
    ends = [at(h, e, using=inside) for h in PATH for e in (t, t - 1)]
    one = by_cases(le(abs(jump), 1), jump, ends)
    most, least = (sum_up(for_all(f, t, 2, T)) for f in (one, absolute(jump)[0]))
    ones = [first_term(t, 1, T, sympify(1), using=SIZES[0]), count(t, T)]
    return [
        prove(ge(PATH_LENGTH, 0), least),
        prove(le(PATH_LENGTH, T - 1), most, ones, degree=1),
    ]


def good(number: object, inside: list[Formula], hedged: Fact) -> Fact:
    """If c_k² ≤ 1 + 2 P ≤ 4 c_k², the policy has the bound."""
    here, step, y = [le(1, k), le(k, K)], c(number), RADICAND
    played = put(ADAPTIVE, {c_0: c(k), x: (t, X(k, t)), g: (t, G(k, t)), root_: (t, size(t))})
    above = at(sizes_of_steps(), k, using=here)
    lost = discharge(played, [at(h, k, using=here) for h in EXPERTS], above)
    lost, above = (discharge(put(f, {k: number}), inside) for f in (lost, above))
    radical = root(y, prove(ge(y, 0), short_path()))
    sides = [le(step**2, y), le(y, 4 * step**2)]
    low = by_contradiction(le(step, sqrt(y)), radical, sides[0], above)
    high = by_contradiction(le(sqrt(y), 2 * step), radical, sides[1], above)
    price = discharge(put(near(), {p: sqrt(y), step_size: step}), low, high, above)
    cost = (Rational(1, 2) + PATH_LENGTH) / step + step
    tuned = prove(
        le(cost, Rational(3, 2) * sqrt(y)), price, radical, multipliers=[1 / step], degree=1
    )
    mass = at(SIZES[2], T, using=SIZES[0])
    priced = prove(le(size(T) * cost, size(T) * Rational(3, 2) * sqrt(y)), tuned, mass)
    chosen = at(hedged, number, using=inside)
    return prove(le(REGRET, BOUND), lost, priced, of_the_mean(), chosen, degree=1)


def derive() -> dict[str, Fact]:
    """Either the bound holds, or 1 + 2 P is beyond the first n experts; it is not beyond all."""
    steps = hedge()
    room, y = BOUND - REGRET, RADICAND
    first, inside = [le(1, K)], [ge(n, 1), le(n + 1, K)]

    def beyond(expert_: object) -> object:
        return y - 4 * c(expert_) ** 2

    def claim(upto: object) -> Formula:
        return ge(Max(room, beyond(upto)), 0)

    def either(upto: object, reached: Fact) -> Fact:
        """Split on whether 1 + 2 P is beyond expert `upto`, given the bound if it is not."""
        most = maximum(room, beyond(upto))
        far, close = ge(beyond(upto), 0), ge(-beyond(upto), 0)
        return cases(prove(claim(upto), far, most), prove(claim(upto), reached, most), far, close)

    def short(upto: object, reached: Fact) -> Fact:
        """The bound from the claim, given it also where 1 + 2 P ≥ 4 c²."""
        most = maximum(room, beyond(upto))
        near_, far = gt(-beyond(upto), 0), ge(beyond(upto), 0)
        held = by_contradiction(ge(room, 0), claim(upto), most, near_)
        return cases(reached, held, far, near_)

    path, one = short_path(), sympify(1)
    lowest = prove(le(c(1) ** 2, y), path, GRID[0], multipliers=[c(1)])
    base = either(one, discharge(good(one, first, steps["Hedge"]), lowest))
    doubled = at(GRID[1], n, using=inside)
    enough = prove(ge(y, c(n + 1) ** 2), doubled, ge(beyond(n), 0), multipliers=[c(n), c(n + 1)])
    next_one = discharge(good(n + 1, inside, steps["Hedge"]), enough)
    step = either(n + 1, short(n, next_one))
    everywhere = at(induct(base, step, claim(n), n, 1, K), K, using=first)
    top = prove(le(y, 4 * c(K) ** 2), path, GRID[2])
    under = prove(ge(y, c(K) ** 2), ge(beyond(K), 0), squares=[c(K)])
    last = discharge(good(K, first, steps["Hedge"]), top, under)
    return {**steps, "bound": discharge(short(K, last), everywhere)}


AT_ROOT = {ρ: sqrt(L)}
AT_ROOTS = {size: (t, sqrt(Sum(D(j) ** 2, (j, 1, t))))}


def at_root(claim: Claim) -> Claim:
    """Put √L for its symbol."""
    given = tuple(put_formula(formula, AT_ROOT) for formula in claim.given)
    return Claim(given=given, concludes=put_formula(claim.concludes, AT_ROOT))


def with_root(fact: Fact) -> Fact:
    """√L > 0 and √L² = L."""
    low, square = root(L, gt(L, 0))
    positive = by_contradiction(gt(sqrt(L), 0), low, square, gt(L, 0))
    return discharge(put(fact, AT_ROOT), positive, square)


def written_out(claim: Claim) -> Claim:
    """Put √S_t for its symbol."""
    given = (put_formula(formula, AT_ROOTS) for formula in claim.given if formula not in SIZES[2:])
    return Claim(given=tuple(given), concludes=put_formula(claim.concludes, AT_ROOTS))


def with_roots(fact: Fact) -> Fact:
    """√S_t > 0 and √S_t² = S_t."""
    return discharge(put(fact, AT_ROOTS), roots_of_sums(D, t, T))


def hedging(worth: object = 1, *cited: Formula) -> Claim:
    """What Hedge loses against each expert."""
    return at_root(Claim(given=(*HEDGE, *cited), concludes=regret_of_hedge(worth)))


alone = Claim(
    given=(
        *(*SIZES, le(T, 2), *PATH, ge(x(1), 0), le(x(1), 1)),
        every(t, 1, T, ge(g(t), -D(t))),
        every(t, 1, T, le(g(t), D(t))),
        every(t, 1, T, eq(g(t) * (x(t) - s(t)), D(t) * abs(x(t) - s(t)))),
        every(t, 1, T, eq(x(t + 1), clip(x(t) - 1 / size(t) * g(t)))),
    ),
    concludes=le(REGRET, Rational(3, 2) * sqrt(RADICAND) * size(T)),
)


def one_expert() -> Fact:
    """For T ≤ 2 the step c = 1 alone is within √2 of the best one."""
    played = discharge(put(ADAPTIVE, {c_0: 1, root_: (t, size(t))}))
    path, y = short_path(), RADICAND
    radical = root(y, prove(ge(y, 0), path))
    low = by_contradiction(ge(sqrt(y), 1), radical, path)
    high = by_contradiction(le(sqrt(y), 2), radical, path, le(T, 2))
    price = discharge(put(near(), {p: sqrt(y), step_size: 1}), low, high)
    cost, mass = Rational(3, 2) + PATH_LENGTH, at(SIZES[2], T, using=SIZES[0])
    tuned = prove(le(cost, Rational(3, 2) * sqrt(y)), price, radical)
    priced = prove(le(size(T) * cost, size(T) * Rational(3, 2) * sqrt(y)), tuned, mass)
    return prove(alone.concludes, played, priced, degree=1)


averaged = Claim(
    given=(*SIZES, *WEIGHTS, MEAN),
    concludes=le(Sum(loss(x(t)), (t, 1, T)), Sum(paid(t), (t, 1, T))),
)


mixed_experts = Claim(
    given=(*HEDGE, ge(k, 1), le(k, K), HOEFFDING, *GIBBS.values(), MEAN),
    concludes=le(Sum(loss(x(t)), (t, 1, T)), expert(k, T) + ρ * size(T)),
)


def of_each_expert(hedged: Fact) -> Fact:
    """The mean plays no worse than the experts' losses are, weighted."""
    one = at(hedged, k, using=[le(1, k), le(k, K)])
    return prove(mixed_experts.concludes, one, of_the_mean(), degree=1)


def theorem() -> Theorem:
    """Tuning-free dynamic regret."""
    half, less = Rational(1, 2), Rational(7, 10)
    idle = {T: 1, K: 2, k: 1, D: [1], size: [1], u: [0], s: [0], c: [1, 2], L: 1, ζ: [2]}
    idle |= {w: [[half, half]], ψ: [0], before: [0], after: [0], p: 1, step_size: 1}
    idle |= {X: [[0, 0], [0, 0]], G: [[0, 0], [0, 0]], x: [0, 0], g: [0]}
    split = {**idle, X: [[0, 0], [1, 1]], L: Rational(4, 9), ζ: [Rational(4, 3)]}
    split |= {after: [Rational(1, 3)]}
    slow = {**split, L: Rational(1, 16), ζ: [half], after: [0]}
    twice = {**idle, T: 2, D: [3, 4], size: [3, 5], ζ: [Rational(2, 3), Rational(2, 5)]}
    twice |= {name: [0, 0] for name in (u, s, ψ, before, after, g)}
    twice |= {w: [[half, half]] * 2, X: [[0, 0, 0]] * 2, x: [0, 0, 0]}
    cited, steps = (HOEFFDING, *GIBBS.values()), derive()
    return Theorem(
        item="Tuning-free regret",
        title="dynamic regret against every path, with nothing known in hindsight",
        citation="new; experts as in Ader [Zhang, Lu and Zhou 2018, Adaptive online learning in"
        " dynamic environments]",
        statement="Reg ≤ (3/2 √(1 + 2 P) + √(ln K)) √S with K experts, 4^K ≥ 2 T − 1",
        verdict=Verdict.PROVED_FROM,
        cited=CITED,
        remarks=(
            "L stands for ln K, which enters through the entropy of a single expert, with K ≥ 2;"
            " two rounds need one expert and no Hedge",
        ),
        proves={
            "a step within √2": Step(
                within_root_two, near, {"5/4 instead of 3/2": fails_at(idle, worth=Rational(5, 4))}
            ),
            "the mean": Step(averaged, of_the_mean()),
            "Hedge": Step(hedging, with_root(steps["Hedge"])),
            "every expert": Step(
                written_out(at_root(mixed_experts)),
                with_roots(with_root(of_each_expert(steps["Hedge"]))),
            ),
            "tuning-free": Step(
                written_out(at_root(tuning_free)), with_roots(with_root(steps["bound"]))
            ),
            "two rounds, one expert": Step(written_out(alone), with_roots(one_expert())),
        },
        steps={
            **steps,
            "Hedge": Step(
                hedging,
                hedge,
                {
                    "7/10 √(L S) for Hedge": fails_at(split, hedging(less, *cited), worth=less),
                    "Hedge without Hoeffding's lemma": fails_at(
                        slow, hedging(1, *cited[1:]), lemma=GIBBS["ψ ≥ 0"]
                    ),
                },
                takes="Hedge",
            ),
        },
        witness=twice,
        letters={
            "G(k, t)": ("slope of the loss of round t at the severity of expert k", "USD"),
            "K": "number of experts",
            "k": "one of the experts",
            "L": "ln K",
            "X(k, t)": "severity of expert k in round t",
            "after(t)": (
                "Φ(ζ_t, Λ(t)), the soft minimum of what the experts have lost after round t",
                "USD",
            ),
            "before(t)": ("Φ(ζ_t, Λ(t − 1)), the same before it", "USD"),
            "c(k)": "scale of the steps of expert k, 2^(k−1)",
            "g(t)": ("slope of the loss of round t at x_t, of one expert alone", "USD"),
            "p": "√(1 + 2 P)",
            "size(t)": ("√S_t, S_t = D_1² + … + D_t²", "USD"),
            "step_size": "scale of the steps of some expert",
            "w(t, k)": "weight of expert k in round t",
            "ζ(t)": ("rate of Hedge in round t", "1/USD"),
            "ψ(t)": "Σ w_t ln(K w_t), how far the weights of round t are from equal",
        },
        words={
            "the scale is positive": NEAR[0],
            "the scale is within a factor 2 of √(1 + 2 P)": NEAR[1:3],
            "size_t is √(D_1² + … + D_t²)": SIZES[2:4],
            "the weights are those of a mean": WEIGHTS,
            "the policy plays the mean of the experts": MEAN,
            "there are experts to tell apart": RATES[0],
            "the rate is 2 √(L/S_t)": (
                "size(t)·ζ(t) = 2·√(L) for t = 1…T",
                "ζ(t)·√(Σ[i=1…t](D(i)²)) = 2·√(L) for t = 1…T",
            ),
            "there is an expert": HEDGE[6],
            "k is one of the experts": (ge(k, 1), le(k, K)),
            "G is a slope of D_t |θ − s_t| at the severity of the expert": EXPERTS[:3],
            "the experts' first severities lie in [0, 1]": EXPERTS[3:5],
            "an expert takes a step c_k/√S_t against its slope, clipped to [0, 1]": put_formula(
                EXPERTS[5], AT_ROOTS
            ),
            "the scale of each expert is twice that of the last, from 1 on": GRID[:2],
            "there are enough experts: 4^K ≥ 2 T − 1": GRID[2],
            "there are two rounds at most": "2 ≥ T",
            (
                "the next severity is a step 1/√S_t against the slope, clipped to [0, 1]"
            ): put_formula(alone.given[-1], AT_ROOTS),
            (
                "Hoeffding's lemma: the mean loss of a round is at "
                "most what Φ rises by, and ζ_t D_t²/8"
            ): HOEFFDING,
            (
                "Gibbs' principle: the distance ψ of weights from equal ones is not negative"
            ): "ψ(t) ≥ 0 for t = 1…T",
            "Gibbs' principle, at the weights of a round": GIBBS["attained"],
            "Gibbs' principle, at the weights of the next round": GIBBS["next"],
            "Gibbs' principle, at one expert": GIBBS["expert"],
        },
    )
