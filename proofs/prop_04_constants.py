"""The diameter and the slopes of the vector problem [CTTX26, Prop. 4].

Diameter: for x, y ≥ 0 of total at most U_max, of the same round or not,
‖x − y‖² ≤ ‖x‖² + ‖y‖² ≤ ‖x‖₁² + ‖y‖₁² ≤ 2 U_max². That the totals are equal, as the paper argues,
is neither true nor needed.

Slopes: a subgradient of λ_t |Σ x − B| + λ_f max_i x_i/(u_i + ε) is g_i = λ_t s + λ_f w_i/(u_i + ε),
with −1 ≤ s ≤ 1 and weights w ≥ 0 of total 1. With κ = 1/(u_min + ε) its largest square is
λ_t² (n − 1) + (λ_t + λ_f κ)², at s = 1 and all weight on the smallest account. The paper has
(λ_t √n + λ_f/ε)², which is larger.
"""

from __future__ import annotations

from sympy import Integer, Rational, Sum

from adlopt.proof import *
from adlopt.proof.lemmas import below_sum, count

i, k, n = integers("i k n")
U_max = reals("U_max")
x, y, u = sequences("x y u")


def total(summand: object) -> Sum:
    """Sum over the winners."""
    return Sum(summand, (i, 1, n))


SIGNS = (every(i, 1, n, ge(x(i), 0)), every(i, 1, n, ge(y(i), 0)))
SIZES = (le(total(x(i)), U_max), le(total(y(i)), U_max))
WITHIN = (every(i, 1, n, le(x(i), u(i))), every(i, 1, n, le(y(i), u(i))))
one_round = Claim(
    given=(*SIGNS, *WITHIN), concludes=le(total((x(i) - y(i)) ** 2), total(u(i) ** 2))
)


def claim(two: object = 2, signs: object = SIGNS) -> Claim:
    """The squared distance of two haircuts."""
    return Claim(
        given=(ge(n, 1), *signs, *SIZES), concludes=le(total((x(i) - y(i)) ** 2), two * U_max**2)
    )


def norms(z: object, sign: object) -> list[Fact]:
    """Σ z ≥ 0 and Σ z² ≤ (Σ z)², since z_k ≤ Σ z."""
    inside = [le(1, k), le(k, n)]
    family = for_all(at(sign, i, using=[le(1, i), le(i, n)]), i, 1, n)
    below = below_sum(family, i, (1, n), k, z(i), inside)
    one = prove(le(z(k) ** 2, z(k) * total(z(i))), below, at(sign, k, using=inside))
    return [sum_up(sign), sum_up(for_all(one, k, 1, n))]


def derive(two: object = 2, signs: tuple[Formula, ...] = SIGNS) -> Fact:
    """Expand the square; the mixed terms are not negative."""
    here = [at(sign, i, using=[le(1, i), le(i, n)]) for sign in signs]
    mixed = sum_up(for_all(prove(ge(x(i) * y(i), 0), here), i, 1, n))
    known = [norms(z, sign) for z, sign in zip((x, y), signs, strict=True)]
    return prove(claim(two).concludes, mixed, known, SIZES)


def in_one_round() -> Fact:
    """|x_i − y_i| ≤ u_i."""
    here = [at(h, i, using=[le(1, i), le(i, n)]) for h in (*SIGNS, *WITHIN)]
    ends = [prove(goal, here) for goal in (le(x(i) - y(i), u(i)), ge(x(i) - y(i), -u(i)))]
    return sum_up(for_all(prove(le((x(i) - y(i)) ** 2, u(i) ** 2), ends), i, 1, n))


# Slopes ------------------------------------------------------------------------------------------

λ_t, λ_f, κ, ε, sign, u_min, r = reals("λ_t λ_f κ ε sign u_min r")
g, w = sequences("g w")

WEIGHTS = (every(i, 1, n, ge(w(i), 0)), eq(total(w(i)), 1))
CAPACITIES = (gt(ε, 0), ge(u_min, 0), every(i, 1, n, ge(u(i), u_min)))
SIGN = (le(sign, 1), ge(sign, -1))
COSTS = (ge(λ_t, 0), ge(λ_f, 0))
SLOPE = every(i, 1, n, eq(g(i) * (u(i) + ε), λ_t * sign * (u(i) + ε) + λ_f * w(i)))
GRADIENT = (ge(n, 1), *COSTS, *SIGN, *WEIGHTS, *CAPACITIES, SLOPE)
smallest, share = 1 / (u_min + ε), w(i) / (u(i) + ε)


def largest(inverse: object = smallest, one: object = 1) -> object:
    """λ_t² (n − 1) + (λ_t + λ_f/(u_min + ε))²."""
    return λ_t**2 * (n - one) + (λ_t + λ_f * inverse) ** 2


def slopes(one: object = 1) -> Claim:
    """The squared length of a subgradient."""
    return Claim(given=GRADIENT, concludes=le(total(g(i) ** 2), largest(one=one)))


paper = Claim(
    given=(*GRADIENT, ge(r, 0), eq(r**2, n)),
    concludes=le(total(g(i) ** 2), (λ_t * r + λ_f / ε) ** 2),
)
CORNER = (ge(n, 1), eq(g(1), λ_t + λ_f * κ), every(i, 2, n, eq(g(i), λ_t)))
attained = Claim(given=CORNER, concludes=eq(total(g(i) ** 2), largest(κ)))


def shares(weights: tuple[Formula, ...] = WEIGHTS) -> list[Fact]:
    """Σ v ≤ κ and Σ v² ≤ κ², as v_i = w_i/(u_i + ε) ≤ κ w_i ≤ κ."""
    within = [le(1, i), le(i, n)]
    weight, size = at(WEIGHTS[0], i, using=within), at(CAPACITIES[2], i, using=within)
    above = prove(gt(u_min + ε, 0), CAPACITIES[:2])
    here = reciprocal(u(i) + ε, prove(gt(u(i) + ε, 0), above, size))
    there = reciprocal(u_min + ε, above)
    inverse = 1 / (u(i) + ε)
    less = prove(
        le(inverse, smallest), here, there, size, degree=3, multipliers=[inverse, smallest]
    )
    below = prove(le(share, smallest * w(i)), less, weight)
    positive = prove(ge(share, 0), here, weight)
    small = put(below_sum(WEIGHTS[0], i, (1, n), k, w(i), [le(1, k), le(k, n)]), {k: i})
    capped = prove(le(share, smallest), below, small, weights, there)
    square = prove(le(share**2, smallest * share), capped, positive)
    sums = [sum_up(for_all(discharge(fact, within), i, 1, n)) for fact in (below, square)]
    each = prove(le(total(share), smallest), sums[0], weights, multipliers=[smallest])
    squares = prove(le(total(share**2), smallest**2), sums[1], each, there)
    return [positive, each, squares]


def derive_slopes(one: object = 1, weights: tuple[Formula, ...] = WEIGHTS) -> Fact:
    """Bound g² by λ_t² + 2 λ_t λ_f v + λ_f² v² for every account, and sum."""
    positive, each, squares = shares(weights)
    within = [le(1, i), le(i, n)]
    above = prove(gt(u(i) + ε, 0), CAPACITIES[:2], at(CAPACITIES[2], i, using=within))
    slope = prove(
        eq(g(i), λ_t * sign + λ_f * share),
        at(SLOPE, i, using=within),
        reciprocal(u(i) + ε, above),
        multipliers=[1 / (u(i) + ε), g(i), λ_t * sign],
    )
    both = prove(ge(λ_t * λ_f, 0), COSTS)
    known = [prove(le(sign**2, 1), SIGN), prove(le(sign * share, share), positive, SIGN)]
    bound = λ_t**2 + 2 * λ_t * λ_f * share + λ_f**2 * share**2
    mixed = prove(le(λ_t * λ_f * sign * share, λ_t * λ_f * share), both, known[1])
    square = prove(
        eq(g(i) ** 2, (λ_t * sign + λ_f * share) ** 2),
        slope,
        multipliers=[g(i) + λ_t * sign + λ_f * share],
    )
    one_account = prove(le(g(i) ** 2, bound), square, mixed, known[0], squares=[λ_t])
    accounts = sum_up(for_all(discharge(one_account, within), i, 1, n))
    spread = prove(le(λ_t * λ_f * total(share), λ_t * λ_f * smallest), both, each)
    return prove(
        slopes(one).concludes,
        accounts,
        spread,
        squares,
        count(i, n),
        squares=[λ_f],
        multipliers=[λ_t**2],
    )


def looser() -> Fact:
    """Compare 1/(u_min + ε) ≤ 1/ε ≤ √n/ε."""
    above = prove(gt(u_min + ε, 0), CAPACITIES[:2])
    inverse = [*reciprocal(u_min + ε, above), *reciprocal(ε, CAPACITIES[0])]
    less = prove(
        le(smallest, 1 / ε), inverse, CAPACITIES[1], degree=3, multipliers=[smallest, 1 / ε]
    )
    more = by_contradiction(ge(r, 1), paper.given[-2:], ge(n, 1))
    wide = prove(le(smallest, r / ε), less, more, inverse)
    both = prove(ge(λ_t * λ_f, 0), COSTS)
    mixed = prove(le(λ_t * λ_f * smallest, λ_t * λ_f * r / ε), both, wide)
    square = prove(le(smallest**2, 1 / ε**2), less, inverse)
    root = eq(r**2, n)
    return prove(
        paper.concludes,
        derive_slopes(),
        mixed,
        square,
        root,
        squares=[λ_f],
        multipliers=[λ_t**2],
    )


def corner() -> Fact:
    """All weight on the smallest account, which is account 1."""
    first = first_term(i, 1, n, g(i) ** 2, using=ge(n, 1))
    rest = prove(
        eq(g(i) ** 2, λ_t**2),
        at(CORNER[2], i, using=[le(2, i), le(i, n)]),
        multipliers=[g(i) + λ_t],
    )
    others = sum_up(for_all(discharge(rest, [le(2, i), le(i, n)]), i, 2, n))
    number = first_term(i, 1, n, Integer(1), using=ge(n, 1))
    known = [first, others, number, count(i, n), CORNER[1]]
    return prove(attained.concludes, known, multipliers=[λ_t**2, g(1) + λ_t + λ_f * κ])


def theorem() -> Theorem:
    """Proposition 4."""
    half = Rational(1, 2)
    corners = {n: 2, x: [1, 0], y: [0, 1], u: [1, 1], U_max: 1, i: 1, k: 1}
    alone = {n: 1, λ_t: 1, λ_f: 1, sign: 1, w: [1], ε: 1, u_min: 1, u: [1], r: 1}
    alone |= {g: [1 + half], κ: half}
    four = {**alone, n: 4, r: 2, w: [1, 0, 0, 0], u: [1, 2, 2, 2], g: [1 + half, 1, 1, 1]}
    heavy = {**alone, w: [2], g: [2]}
    loose = Claim(given=tuple(h for h in GRADIENT if h != WEIGHTS[1]), concludes=slopes().concludes)
    return Theorem(
        item="Proposition 4",
        title="diameter √2 U_max of all haircuts, and the length of a subgradient",
        citation="[CTTX26, Prop. 4]",
        statement="‖x − y‖₂ ≤ √2 U_max and ‖g‖₂ ≤ λ_t √n + λ_f/ε",
        verdict=Verdict.PROVED,
        tightness="diameter: attained by (U, 0) and (0, U); slopes: the exact form is attained",
        remarks=(
            "the argument by equal totals is not used: totals differ from round to round",
            "within one round the diameter is ‖u‖₂, between nothing and everything",
        ),
        proves={
            "diameter": Step(
                claim,
                derive,
                {
                    "19/10 instead of 2": fails_at(corners, two=Rational(19, 10)),
                    "haircuts of any sign": fails_at({**corners, y: [-1, 1]}, signs=SIGNS[:1]),
                },
            ),
            "diameter of one round": Step(one_round, in_one_round()),
            "slopes": Step(paper, looser()),
            "slopes, exactly": Step(
                slopes,
                derive_slopes,
                {
                    "n − 2 instead of n − 1": fails_at(alone, one=2),
                    "weights of any total": fails_at(heavy, loose, weights=WEIGHTS[:1]),
                },
            ),
            "attained": Step(attained, corner()),
        },
        witness=(corners, four),
        letters={
            "U_max": ("bound on the total of a haircut", "USD", "CTTX26, Prop. 4"),
            "g(i)": ("coordinate i of a subgradient of the objective", "1/USD", "CTTX26, Prop. 4"),
            "r": "√n",
            "sign": "sign of what is raised less what is needed, anything in [−1, 1] at 0",
            "u(i)": ("capacity of winner i", "USD", "CTTX26, Eq. 7"),
            "u_min": ("at most the smallest capacity", "USD"),
            "w(i)": "weight of winner i in the slope of the worst burden",
            "x(i)": ("haircut of winner i", "USD", "CTTX26, Eq. 7"),
            "y(i)": ("another haircut of winner i, perhaps of another round", "USD"),
            "κ": ("1/(u_min + ε), the steepest slope of a burden", "1/USD"),
            "λ_f": ("price of the worst burden, λ_fair", "1", "CTTX26, Eq. 10"),
            "λ_t": ("price of a dollar missed, λ_track", "1/USD", "CTTX26, Eq. 10"),
        },
        words={
            "nobody is paid in the other haircut": SIGNS[1],
            "both haircuts add up to U_max at most": SIZES,
            "nobody gives more than the capacity in the other haircut": WITHIN[1],
            "the prices are not negative": COSTS,
            "the sign is one, or anything between": SIGN,
            "the weights are those of a mean": WEIGHTS,
            "no capacity is below u_min, which is not negative": CAPACITIES[1:3],
            "g is a subgradient of the objective": SLOPE,
            "r is √n": ("r ≥ 0", "r² = n"),
            "all weight is on winner 1, and too much is raised": CORNER[1:3],
        },
    )
