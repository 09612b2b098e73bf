"""Pro-rata is the only rule that splitting an account does not change; rounding breaks it.

Capacities are whole numbers of units, N in all, and a budget B > 0 is to be raised. A rule that is
symmetric and does not change what anybody pays when an account is split into parts (the parts pay
together what it paid) charges by size only, f(k) for k units, and f(j + k) = f(j) + f(k). Then
f(k) = k f(1), and as the budget is raised exactly, account i pays B k_i/N = B u_i/U.

If nobody is ever paid, the same holds off the grid: an account between k and k + 1 units pays
between f(k) and f(k + 1), so within B/N of B v/U, for units as small as one likes.

Rounding down to lots g leaks: m accounts that share a due payment pay less by up to m g, and
nothing at all once each of them owes less than a lot. Burdens x_i/(u_i + ε) with ε > 0 break it
too: where nobody is exhausted their least maximum takes B (u_i + ε)/(U + n ε), which charges an
account more once it is split in two.
"""

from __future__ import annotations

from sympy import Rational, Sum, floor, sympify

from adlopt.proof import *
from adlopt.proof.lemmas import count

i, j, m, n, r, N = integers("i j m n r N")
B, g, v, U, x, over, under, z, ε = reals("B g v U x over under z ε")
f, u = sequences("f u")
k = integer_sequences("k")

WHOLE = every(r, 1, N, every(j, 1, N - r, eq(f(r + j), f(r) + f(j))))
ACCOUNTS = (
    ge(m, 1),
    every(i, 1, m, ge(k(i), 1)),
    every(i, 1, m, le(k(i), N)),
    eq(Sum(k(i), (i, 1, m)), N),
    eq(Sum(f(k(i)), (i, 1, m)), B),
)
RULE = (ge(N, 1), WHOLE)
MONOTONE = every(r, 1, N, every(j, 1, N - r, ge(f(r + j), f(r))))


def linear(units: object, offset: object = 0) -> Formula:
    """F(k) = k f(1)."""
    return eq(f(units), (units + offset) * f(1))


def additive(offset: object = 0) -> Claim:
    """A rule that charges by size only, additively."""
    return Claim(given=RULE, concludes=every(n, 1, N, linear(n, offset)))


def pro_rata(given: tuple[Formula, ...] = (*RULE, *ACCOUNTS)) -> Claim:
    """Each account pays in proportion to its units."""
    return Claim(given=given, concludes=every(i, 1, m, eq(f(k(i)), B * k(i) / N)))


BETWEEN = (
    *(ge(n, 1), le(n + 1, N), gt(U, 0), eq(f(1), B / N)),
    *(eq(x, f(n) + over), eq(f(n + 1), x + under), ge(over, 0), ge(under, 0)),
    *(le(n * U, v * N), le(v * N, (n + 1) * U)),
)
off_grid = tuple(
    Claim(given=(*RULE, *BETWEEN), concludes=le(sign * (x - B * v / U), B / N)) for sign in (1, -1)
)


def additivity(offset: object = 0, rule: Formula = WHOLE) -> Fact:
    """Induction: a unit more costs f(1) more."""
    inside = [ge(n, 1), le(n + 1, N)]
    one = prove(linear(sympify(1), offset))
    more = at(at(rule, n, using=inside), 1, using=inside)
    step = prove(linear(n + 1, offset), linear(n, offset), more)
    return induct(one, step, linear(n, offset), n, 1, N)


per_unit = reciprocal(N, prove(gt(N, 0), ge(N, 1)))


def characterise(rule: Formula = WHOLE, accounts: tuple[Formula, ...] = ACCOUNTS) -> Fact:
    """N f(1) = Σ f(k_i) = B."""
    inside = [le(1, i), le(i, m)]
    sizes = [at(h, i, using=inside) for h in accounts[1:3]]
    each = for_all(at(additivity(rule=rule), k(i), using=sizes), i, 1, m)
    price = prove(eq(N * f(1), B), sum_up(each), accounts[3:], multipliers=[f(1)])
    here, factors = at(each, i, using=inside), [k(i) / N, k(i) * f(1)]
    one = prove(eq(f(k(i)), B * k(i) / N), here, price, per_unit, multipliers=factors)
    return for_all(one, i, 1, m)


def squeezed(sign: int) -> Fact:
    """F(n) ≤ x ≤ f(n + 1), and n/N ≤ v/U ≤ (n + 1)/N."""
    ends = [at(additivity(), e, using=BETWEEN[:2]) for e in (n, n + 1)]
    inverses = [*per_unit, *reciprocal(U, BETWEEN[2])]
    factors = [v / U, n / N, 1 / N]
    low = prove(le(n / N, v / U), BETWEEN[8], inverses, degree=3, multipliers=factors)
    high = prove(le(v / U, (n + 1) / N), BETWEEN[9], inverses, degree=3, multipliers=factors)
    unit = prove(ge(B / N, 0), ends, BETWEEN[3:8], degree=1)
    budget = prove(ge(B, 0), unit, per_unit, RULE[0], multipliers=[B])
    return prove(
        off_grid[(1 - sign) // 2].concludes, ends, BETWEEN[3:8], low, high, budget, multipliers=[n]
    )


# Rounding down to lots ----------------------------------------------------------------------------

due = Sum(z * u(i), (i, 1, m))
rounded = Sum(g * floor(z * u(i) / g), (i, 1, m))
LOTS = (ge(m, 1), gt(g, 0))


def leak(lots: object = m) -> Claim:
    """What m parts avoid by rounding."""
    return Claim(given=LOTS, concludes=lt(due - rounded, lots * g))


SMALL = (every(i, 1, m, ge(z * u(i), 0)), every(i, 1, m, lt(z * u(i), g)))
nothing = Claim(given=(*LOTS, *SMALL), concludes=eq(rounded, 0))


EPSILON = (ge(n, 1), gt(B, 0), gt(ε, 0), gt(U, v), ge(v, 0))


def regularised(accounts: object, parts: object) -> object:
    """What an account of capacity v in so many parts pays, of so many accounts."""
    return B * (v + parts * ε) / (U + accounts * ε)


split_costs = Claim(given=EPSILON, concludes=gt(regularised(n + 1, 2), regularised(n, 1)))


def dearer() -> Fact:
    """(v + 2ε)(U + n ε) − (v + ε)(U + (n + 1) ε) = ε (U − v) + (n − 1) ε²."""
    few, many = U + n * ε, U + (n + 1) * ε
    spread = prove(ge(n * ε, ε), EPSILON[:3])
    positive = [prove(gt(size, 0), spread, EPSILON) for size in (few, many)]
    inverses = [reciprocal(size, known) for size, known in zip((few, many), positive, strict=True)]
    cross = (v + 2 * ε) * few - (v + ε) * many
    ahead = prove(gt(cross, 0), spread, EPSILON)
    paid = prove(gt(B * cross, 0), ahead, EPSILON[1])
    shares = prove(gt(B * cross / few / many, 0), paid, inverses[0][1], inverses[1][1], degree=3)
    one = [B * (v + 2 * ε) / many, B * (v + ε) / few]
    return prove(split_costs.concludes, shares, inverses, multipliers=one)


def leaks(lots: object = m) -> Fact:
    """⌊y⌋ > y − 1 for each part."""
    y, per_lot = z * u(i) / g, reciprocal(g, gt(g, 0))
    gap = g * floor(y) + g - z * u(i)
    above = prove(gt(gap, 0), floor_of(y)[1], per_lot, gt(g, 0), multipliers=[z * u(i)])
    strict, later = for_all(above, i, 1, m), [le(2, i), le(i, m)]
    rest = sum_up(for_all(prove(ge(gap, 0), at(strict, i, using=later)), i, 2, m))
    first = first_term(i, 1, m, gap, using=LOTS[0])
    whole = prove(gt(Sum(gap, (i, 1, m)), 0), at(strict, 1, using=LOTS[0]), rest, first)
    return prove(leak(lots).concludes, whole, count(i, m), multipliers=[g])


def evades() -> Fact:
    """A whole number in [0, 1) is 0."""
    y, per_lot, inside = z * u(i) / g, reciprocal(g, gt(g, 0)), [le(1, i), le(i, m)]
    low, high = (at(h, i, using=inside) for h in SMALL)
    sides = [
        prove(ge(y, 0), low, per_lot),
        prove(lt(y, 1), high, per_lot),
        *floor_of(y),
    ]
    whole = [
        next_integer(prove(gt(floor(y) + 1, 0), sides)),
        next_integer(prove(gt(1 - floor(y), 0), sides)),
    ]
    none = prove(eq(floor(y), 0), whole)
    each = prove(eq(g * floor(y), 0), none, multipliers=[g])
    return prove(nothing.concludes, sum_up(for_all(each, i, 1, m)))


def theorem() -> Theorem:
    """Who may be charged what, if splitting is not to pay."""
    half = Rational(1, 2)
    plain = {N: 3, m: 2, k: [1, 2], f: [1, 2, 3], B: 3, g: 1, z: half, u: [1, 1]}
    plain |= {n: 1, U: 3, v: 1, x: 1, over: 0, under: 1, ε: 1}
    single_unit = {N: 1, m: 1, k: [1], f: [1], B: 1}
    monotone, unpaid = pro_rata((RULE[0], MONOTONE, *ACCOUNTS)), pro_rata((*RULE, *ACCOUNTS[:4]))
    return Theorem(
        item="Sybil characterisation",
        title="pro-rata is the only rule that no splitting of accounts changes",
        citation="new; compare [Chitra25]",
        statement="symmetric, exact and split-invariant on a grid: x_i = B u_i/U; lots leak < m g",
        verdict=Verdict.PROVED,
        tightness="exact on the grid; the leak of m lots is approached, not attained",
        remarks=(
            "that a symmetric, split-invariant rule charges by size only, additively, is the"
            " definition of the two properties, not a step of the proof",
        ),
        proves={
            "additive": Step(
                additive, additivity, {"one unit counted twice": fails_at(single_unit, offset=1)}
            ),
            "pro-rata": Step(
                pro_rata,
                characterise,
                {
                    "monotone instead of split-invariant": fails_at(
                        {**plain, f: [1, 1, 1], B: 2}, monotone, rule=MONOTONE
                    ),
                    "any budget": fails_at({**single_unit, B: 2}, unpaid, accounts=ACCOUNTS[:4]),
                },
            ),
            "off the grid, above": Step(off_grid[0], squeezed(1)),
            "off the grid, below": Step(off_grid[1], squeezed(-1)),
            "leak of rounding": Step(
                leak,
                leaks,
                {"a leak of m − 1 lots": fails_at({m: 1, u: [1], g: 1, z: half}, lots=m - 1)},
            ),
            "small parts pay nothing": Step(nothing, evades()),
            "ε > 0 charges for splitting": Step(split_costs, dearer()),
        },
        witness=plain,
        letters={
            "N": "units of capacity in all",
            "U": ("capacity of all accounts", "USD", "CTTX26, Eq. 7"),
            "f(k)": ("what an account of k units pays", "USD"),
            "k(i)": "units of capacity of account i",
            "m": "number of accounts",
            "n": "whole units of an account off the grid; for ε > 0, number of accounts",
            "over": ("what an account off the grid pays more than its whole units", "USD"),
            "u(i)": ("capacity of account i", "USD", "CTTX26, Eq. 7"),
            "under": ("what it pays less than with one unit more", "USD"),
            "v": ("capacity of one account", "USD"),
            "x": ("what it pays", "USD"),
            "z": ("burden of pro-rata", "1", "CTTX26, Eq. 8"),
        },
        words={
            "there is a unit": RULE[0],
            "the parts of an account pay together what it paid": WHOLE,
            "there is an account": ACCOUNTS[0],
            "each account has 1 to N units": ACCOUNTS[1:3],
            "the units add up to N": ACCOUNTS[3],
            "the budget is raised exactly": ACCOUNTS[4],
            "the account has a whole unit; with ε > 0, there is an account": BETWEEN[0],
            "the account has less than all units": BETWEEN[1],
            "the accounts have capacity": BETWEEN[2],
            "one unit pays its share of the budget": BETWEEN[3],
            "the account pays no less than its whole units would": (BETWEEN[4], BETWEEN[6]),
            "it pays no more than one unit more would": (BETWEEN[5], BETWEEN[7]),
            "its capacity lies between its whole units and one more": BETWEEN[8:10],
            "no payment is negative": SMALL[0],
            "nobody owes a whole lot": SMALL[1],
            "others have capacity, too": EPSILON[3],
            "the capacity is not negative": EPSILON[4],
        },
    )
