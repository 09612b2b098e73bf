"""The dual of the least burden, and which program it is the dual of [CTTX26, App. C, (D)].

(P): min z with Σ x = B, 0 ≤ x ≤ u, x ≤ z u. (D): max y B with y U ≤ 1, where U = Σ u. For 0 ≤ B ≤ U
both have the value B/U. But (D) has no multipliers for x ≤ u: it is the dual of (P) without those
bounds. For B > U no haircut exists, and (D) still has the value B/U. With multipliers w for x ≤ u,

    max  y B − Σ w u   with  y ≤ v + w,  Σ v u ≤ 1,  v, w ≥ 0,

which has the same value for B ≤ U; at y = w = K, v = 0 it is K (B − U), without bound for B > U.
"""

from __future__ import annotations

from functools import cache

from sympy import Rational, Sum

from adlopt.proof import *
from adlopt.proof.kernel import cases

i, n = integers("i n")
B, y, z, K = reals("B y z K")
x, u, v, w = sequences("x u v w")


def total(summand: object) -> Sum:
    """Sum over the accounts."""
    return Sum(summand, (i, 1, n))


def each(formula: Formula) -> Formula:
    """State something for every account."""
    return every(i, 1, n, formula)


U = total(u(i))
ROUND = (ge(n, 1), gt(U, 0), each(ge(u(i), 0)), ge(B, 0))
ENOUGH = le(B, U)
RAISES = eq(total(x(i)), B)
CAPPED = each(le(x(i), u(i)))
PRIMAL = (RAISES, each(ge(x(i), 0)), each(le(x(i), z * u(i))))
DUAL = le(y * U, 1)
FULL_DUAL = (
    each(ge(v(i), 0)),
    each(ge(w(i), 0)),
    each(le(y, v(i) + w(i))),
    le(total(v(i) * u(i)), 1),
)
worth = y * B - total(w(i) * u(i))

PRO_RATA = each(eq(x(i), B / U * u(i)))
OPTIMUM = (eq(y, 1 / U), eq(z, B / U), PRO_RATA)
RISING = (ge(K, 0), eq(y, K), each(eq(w(i), K)), each(eq(v(i), 0)))
GROWTH = eq(worth, K * (B - U))
AT_OPTIMUM = {
    "total": RAISES,
    "sign": PRIMAL[1],
    "burden": PRIMAL[2],
    "cap": CAPPED,
    "y U ≤ 1": DUAL,
    "no gap": eq(y * B, z),
}
WHILE_RISING = {
    "v ≥ 0": FULL_DUAL[0],
    "w ≥ 0": FULL_DUAL[1],
    "y ≤ v + w": FULL_DUAL[2],
    "Σ v u ≤ 1": FULL_DUAL[3],
    "value K (B − U)": GROWTH,
}
inverse = reciprocal(U, gt(U, 0))
within = [le(1, i), le(i, n)]


def reached(formula: Formula) -> Claim:
    """State what holds at pro-rata and y = 1/U."""
    return Claim(given=(*ROUND, *OPTIMUM), concludes=formula)


def rising(formula: Formula) -> Claim:
    """State what holds at y = w = K and v = 0."""
    return Claim(given=RISING, concludes=formula)


weak = Claim(given=(*ROUND, *PRIMAL, DUAL), concludes=le(y * B, z))
full_weak = Claim(given=(*ROUND, *PRIMAL, CAPPED, *FULL_DUAL), concludes=le(worth, z))
infeasible = Claim(given=(RAISES, CAPPED), concludes=le(B, U))


def at_slope(most: int = 1) -> Claim:
    """Bound the value of (D), or of (D) with another number instead of 1."""
    return Claim(given=(*ROUND, le(y * U, most)), concludes=le(y * B, B / U))


def derive_weak() -> Fact:
    """Y B ≤ y z U ≤ z for y ≥ 0, and y B ≤ 0 ≤ z for y < 0."""
    least = prove(ge(z * U, B), sum_up(PRIMAL[2]), RAISES)
    not_negative = by_contradiction(ge(z, 0), least, ge(B, 0), gt(U, 0))
    pays = prove(le(y * B, y * z * U), least, ge(y, 0))
    up = prove(weak.concludes, pays, not_negative, DUAL)
    down = prove(weak.concludes, not_negative, le(y, 0), ge(B, 0))
    return cases(up, down, ge(y, 0), le(y, 0))


def at_most(most: int = 1) -> Fact:
    """Y ≤ 1/U."""
    slope = prove(le(y, 1 / U), le(y * U, most), inverse, multipliers=[y])
    return prove(at_slope().concludes, slope, ge(B, 0))


@cache
def pro_rata_fits(enough: object = ENOUGH) -> dict[str, Fact]:
    """B/U · u_i is between 0 and u_i, adds up to B and has burden B/U."""
    ratio, size = prove(ge(B / U, 0), inverse, ge(B, 0)), at(ROUND[2], i, using=within)
    plays = at(PRO_RATA, i, using=within)
    small = prove(le(B / U, 1), inverse, enough)
    return {
        "total": prove(RAISES, sum_up(PRO_RATA), inverse, multipliers=[B]),
        "sign": for_all(prove(ge(x(i), 0), plays, ratio, size), i, 1, n),
        "burden": for_all(prove(le(x(i), z * u(i)), plays, OPTIMUM[1]), i, 1, n),
        "cap": for_all(prove(le(x(i), u(i)), plays, small, size), i, 1, n),
        "y U ≤ 1": prove(DUAL, OPTIMUM[0], inverse, multipliers=[U]),
        "no gap": prove(eq(y * B, z), OPTIMUM[:2], multipliers=[B]),
    }


def full() -> Fact:
    """Y B = Σ y x ≤ Σ (v + w) x ≤ z Σ v u + Σ w u."""
    sign, paid = PRIMAL[1:]
    x_i, burden, cap, v_i, w_i, price = (
        at(h, i, using=within) for h in (sign, paid, CAPPED, *FULL_DUAL[:3])
    )
    one = prove(le(y * x(i), z * v(i) * u(i) + w(i) * u(i)), x_i, burden, cap, v_i, w_i, price)
    least = prove(ge(z * U, B), sum_up(paid), RAISES)
    not_negative = by_contradiction(ge(z, 0), least, ge(B, 0), gt(U, 0))
    known = [sum_up(for_all(one, i, 1, n)), RAISES, not_negative, FULL_DUAL[3]]
    return prove(full_weak.concludes, known, multipliers=[y])


@cache
def growing() -> dict[str, Fact]:
    """The multipliers fit whatever K is, and Σ w u = K U."""
    w_i, v_i = (at(h, i, using=within) for h in RISING[2:])
    none = sum_up(for_all(prove(eq(v(i) * u(i), 0), v_i, multipliers=[u(i)]), i, 1, n))
    paid = sum_up(for_all(prove(eq(w(i) * u(i), K * u(i)), w_i, multipliers=[u(i)]), i, 1, n))
    return {
        "v ≥ 0": for_all(prove(ge(v(i), 0), v_i), i, 1, n),
        "w ≥ 0": for_all(prove(ge(w(i), 0), w_i, RISING[0]), i, 1, n),
        "y ≤ v + w": for_all(prove(le(y, v(i) + w(i)), v_i, w_i, RISING[1]), i, 1, n),
        "Σ v u ≤ 1": prove(FULL_DUAL[3], none),
        "value K (B − U)": prove(GROWTH, paid, RISING[1], multipliers=[B]),
    }


def theorem() -> Theorem:
    """The dual (D)."""
    half = Rational(1, 2)
    even = {n: 2, i: 1, u: [1, 1], B: 1, x: [half, half], z: half, y: half, K: 1}
    even |= {v: [half, half], w: [0, 0]}
    more = {**even, B: 3, z: 3 * half, x: [3 * half, 3 * half]}
    any_budget = fails_at(more, reached(CAPPED), enough=())
    return Theorem(
        item="Dual (D)",
        title="the dual of the least burden",
        citation="[CTTX26, App. C]",
        statement="the value of (P) is that of (D): max y B with y U ≤ 1, which is B/U",
        verdict=Verdict.PROVED_UNDER,
        added={"the budget is at most the capacities": ENOUGH},
        tightness="exact",
        remarks=("(D) is the dual of (P) without x ≤ u: for B > U (P) is empty and (D) is finite",),
        proves={
            "weak duality without x ≤ u": Step(weak, derive_weak()),
            "no value of (D) above B/U": Step(
                at_slope, at_most, {"y U ≤ 2 instead of 1": fails_at({**even, y: 1}, most=2)}
            ),
            **{
                f"pro-rata, y = 1/U: {name}": Step(
                    reached(formula),
                    pro_rata_fits,
                    {"pro-rata fits whatever the budget": any_budget} if name == "cap" else {},
                    takes=name,
                )
                for name, formula in AT_OPTIMUM.items()
            },
            "no haircut beyond the capacities": Step(
                infeasible, prove(infeasible.concludes, sum_up(CAPPED), RAISES)
            ),
            "weak duality with multipliers for x ≤ u": Step(full_weak, full()),
            **{
                f"y = w = K, v = 0: {name}": Step(rising(formula), growing, takes=name)
                for name, formula in WHILE_RISING.items()
            },
        },
        witness=(even, {**even, K: 1, y: 1, w: [1, 1], v: [0, 0]}),
        letters={
            "K": ("how far the multipliers are raised", "1/USD"),
            "u(i)": ("capacity of winner i", "USD", "CTTX26, Eq. 7"),
            "v(i)": ("multiplier of x_i ≤ z u_i", "1/USD"),
            "w(i)": ("multiplier of x_i ≤ u_i", "1/USD"),
            "x(i)": ("haircut of winner i", "USD", "CTTX26, Eq. 7"),
            "y": ("multiplier of the budget", "1/USD", "CTTX26, App. C"),
        },
        words={
            "y is feasible in (D)": DUAL,
            "y is 1/U": OPTIMUM[0],
            "the haircuts are pro-rata": PRO_RATA,
            "multipliers of inequalities are not negative": FULL_DUAL[:2],
            "y, v and w are feasible for each haircut": FULL_DUAL[2],
            "v is feasible for the burden": FULL_DUAL[3],
            "the rise is not negative": RISING[0],
            "y = w_i = K and v_i = 0": RISING[1:4],
        },
    )
