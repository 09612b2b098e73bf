"""Rounding pro-rata down to whole lots of different sizes.

Account i trades in lots of g_i, i = 1 … n; U = Σ u_i. At a level z it gives whole lots,
x_i(z) = g_i ⌊z u_i/g_i⌋, at a burden of at most z, and

    z U − Σ g_i  <  Σ x_i(z)  ≤  z U.

At z = B/U this keeps the burden of pro-rata and falls short of the budget by less than Σ g_i; at
z = (B + Σ g_i)/U it covers the budget. For equal lots g the level (B + (n − 1) g)/U covers it, and
no lower one need do: with equal capacities and the budget B = g, whole lots have a burden of at
least B/U + (n − 1) g/U.
"""

from __future__ import annotations

from functools import cache

from sympy import Rational, Sum, floor

from adlopt.proof import *

i, n = integers("i n")
B, z, size, w = reals("B z size w")
u, g = sequences("u g")
k = integer_sequences("k")

U, LOTS = Sum(u(i), (i, 1, n)), Sum(g(i), (i, 1, n))
GIVEN = (ge(n, 1), gt(U, 0), every(i, 1, n, gt(g(i), 0)))


def lots(level: object) -> object:
    """Rounded down, in the account's own lots."""
    return g(i) * floor(level * u(i) / g(i))


def total(level: object) -> Sum:
    """Sum over the accounts."""
    return Sum(lots(level), (i, 1, n))


fits = Claim(given=GIVEN, concludes=every(i, 1, n, le(lots(B / U), B / U * u(i))))
below = Claim(given=GIVEN, concludes=le(total(B / U), B))


def shortfall(spare: object = 1) -> Claim:
    """Less than one lot of each account is missing."""
    return Claim(given=GIVEN, concludes=lt(B - total(B / U), spare * LOTS))


LEVEL = (B + LOTS) / U
covers = Claim(given=GIVEN, concludes=gt(total(LEVEL), B))
light = Claim(given=GIVEN, concludes=every(i, 1, n, le(lots(LEVEL), LEVEL * u(i))))
inverse = reciprocal(U, gt(U, 0))


def rounded(given: tuple[Formula, ...] = GIVEN) -> dict[str, Fact]:
    """Z u − g < g ⌊z u/g⌋ ≤ z u for each account, and summed."""
    inside = [le(1, i), le(i, n)]
    lot = at(given[2], i, using=inside)
    y, per_lot = z * u(i) / g(i), reciprocal(g(i), lot)
    low, high = floor_of(y)
    factors = [z * u(i)]
    one = prove(le(lots(z), z * u(i)), low, per_lot, lot, multipliers=factors)
    gap = lots(z) + g(i) - z * u(i)
    above = prove(gt(gap, 0), high, per_lot, lot, multipliers=factors)
    strict = for_all(above, i, 1, n)
    later = [le(2, i), le(i, n)]
    rest = sum_up(
        for_all(prove(ge(lots(z) + g(i) - z * u(i), 0), at(strict, i, using=later)), i, 2, n)
    )
    first = first_term(i, 1, n, lots(z) + g(i) - z * u(i), using=GIVEN[0])
    whole = prove(gt(total(z) + LOTS - z * U, 0), at(strict, 1, using=GIVEN[0]), rest, first)
    each = for_all(one, i, 1, n)
    return {"each": each, "sum": sum_up(each), "above": whole}


@cache
def derive(spare: object = 1, given: tuple[Formula, ...] = GIVEN) -> dict[str, Fact]:
    """The two levels."""
    at_level = rounded(given)
    down, up = (
        {name: put(f, {z: level}) for name, f in at_level.items()} for level in (B / U, LEVEL)
    )
    return {
        "burden of pro-rata": down["each"],
        "within the budget": prove(below.concludes, down["sum"], inverse, multipliers=[B]),
        "shortfall": prove(shortfall(spare).concludes, down["above"], inverse, multipliers=[B]),
        "covers the budget": prove(covers.concludes, up["above"], inverse, multipliers=[B, LOTS]),
        "burden": up["each"],
    }


# Equal lots and capacities ------------------------------------------------------------------------

EQUAL = (
    *(ge(n, 1), gt(size, 0), gt(w, 0)),
    every(i, 1, n, le(size * k(i), z * w)),
    ge(Sum(size * k(i), (i, 1, n)), size),
)


def dearest(spare: object = 1) -> Claim:
    """The least burden of equal capacities w, when the budget is one lot."""
    return Claim(given=EQUAL, concludes=ge(z, size / (n * w) + (n - spare) * size / (n * w)))


def one_lot(spare: object = 1) -> Fact:
    """With z w below one lot nobody gives any, as numbers of lots are whole."""
    inside = [le(1, i), le(i, n)]
    few = lt(z * w, size)
    share = at(EQUAL[3], i, using=inside)
    fraction = by_contradiction(gt(1 - k(i), 0), share, few, EQUAL[1])
    none = prove(le(size * k(i), 0), next_integer(fraction), EQUAL[1])
    nothing = sum_up(for_all(none, i, 1, n))
    enough = by_contradiction(ge(z * w, size), nothing, EQUAL)
    per_account = reciprocal(n, prove(gt(n, 0), EQUAL[0]))
    per_unit = reciprocal(w, EQUAL[2])
    level = prove(ge(z, size / w), enough, per_unit, multipliers=[z, size])
    return prove(
        dearest(spare).concludes, level, per_account, per_unit, multipliers=[size / w, size]
    )


def theorem() -> Theorem:
    """Rounding to lots of different sizes."""
    odd = {n: 2, u: [1, 3], g: [1, 2], B: 2, i: 1}
    tight = {n: 2, k: [1, 0], size: 1, w: 1, z: 1}
    thin = {**odd, u: [3, 3], g: [4, 4], B: 6}
    signed = Claim(given=GIVEN[:2], concludes=below.concludes)
    any_sign = (*GIVEN[:2], every(i, 1, n, gt(g(i) ** 2, 0)))
    wrong = {
        "within the budget": {
            "lots of any sign": fails_at({**odd, g: [-2, -2]}, signed, given=any_sign)
        },
        "shortfall": {"a shortfall of half the lots": fails_at(thin, spare=Rational(1, 2))},
    }
    claims = {
        "burden of pro-rata": fits,
        "within the budget": below,
        "shortfall": shortfall,
        "covers the budget": covers,
        "burden": light,
    }
    return Theorem(
        item="Lots of different sizes",
        title="rounding down keeps the burden of pro-rata and misses less than a lot of each",
        citation="new; compare [CTTX26, Eq. 8]",
        statement="x_i = g_i ⌊B u_i/(U g_i)⌋ has burden ≤ B/U and Σ x > B − Σ g_i",
        verdict=Verdict.PROVED,
        tightness="the bound (n − 1) g/U for equal lots is attained: equal capacities, B = g",
        remarks=(
            "lots that overshoot the budget are taken back one by one, which burdens nobody more,"
            " until less than the largest lot is over",
            "an exact total may not exist: it is a subset sum",
        ),
        proves={
            **{
                name: Step(claim, derive, wrong.get(name, {}), takes=name)
                for name, claim in claims.items()
            },
            "equal lots": Step(dearest, one_lot, {"a gap of n g/U": fails_at(tight, spare=0)}),
        },
        steps=rounded(),
        witness=(odd, tight),
        letters={
            "g(i)": ("size of a lot of account i", "USD"),
            "k(i)": "lots that account i gives",
            "n": ("number of accounts", "1", "CTTX26, Sec. 2"),
            "size": ("size of a lot, where all are equal; the budget then, too", "USD"),
            "u(i)": ("capacity of account i", "USD", "CTTX26, Eq. 7"),
            "w": ("capacity of each account, where all are equal", "USD"),
        },
        words={
            "there is an account": GIVEN[0],
            "the accounts have capacity": GIVEN[1],
            "lots have a size": GIVEN[2],
            "lots and capacities have a size": EQUAL[1:3],
            "nobody's burden exceeds z": EQUAL[3],
            "the lots cover a budget of one lot": EQUAL[4],
        },
    )
