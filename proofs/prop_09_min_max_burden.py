"""Pro-rata is the only haircut of least burden, and every queue is worse [CTTX26, Prop. 9].

Winners i = 1 … n with capacities u_i, U = Σ u_i, and a budget 0 ≤ B ≤ U. A haircut x has burden at
most z if x_i ≤ z u_i for every i.
"""

from __future__ import annotations

from sympy import Max, Min, Rational, Sum

from adlopt.proof import *
from adlopt.proof.lemmas import below_sum

i, j, k, n = integers("i j k n")
B, z, ε, u_1, u_2, o, left = reals("B z ε u_1 u_2 o left")
x, u, q = sequences("x u q")

U = Sum(u(i), (i, 1, n))
pro_rata = B / U * u(i)
ROUND = (ge(n, 1), gt(U, 0), every(i, 1, n, ge(u(i), 0)), ge(B, 0), le(B, U))
HAIRCUT = (eq(Sum(x(i), (i, 1, n)), B), every(i, 1, n, le(x(i), z * u(i))))

least = Claim(given=(*ROUND, *HAIRCUT), concludes=ge(z, B / U))
feasible = Claim(given=ROUND, concludes=every(i, 1, n, le(pro_rata, u(i))))
exact = Claim(given=ROUND, concludes=eq(Sum(pro_rata, (i, 1, n)), B))
unique = Claim(given=(*ROUND, *HAIRCUT, eq(z, B / U)), concludes=every(i, 1, n, eq(x(i), pro_rata)))
order = Claim(
    given=(*ROUND, ge(u(i), u(k))),
    concludes=ge(u(i) - pro_rata, u(k) - pro_rata.subs(i, k)),
)

first = Min(u_1, B)
second = Min(u_2, B - first)
QUEUE = (gt(B, 0), gt(u_1, 0))
price = Claim(given=QUEUE, concludes=eq(first / u_1 * Max(B, u_1), B))
worse = Claim(given=(*QUEUE, *ROUND, lt(u_1, U), lt(B, U)), concludes=gt(first / u_1, B / U))
ahead = Min(u_2, B)
pays_1, pays_2 = o * first + (1 - o) * Min(u_1, B - ahead), o * second + (1 - o) * ahead
LARGER = (gt(u_2, 0), gt(u_1, u_2), eq(B, u_1))
inverted = Claim(
    given=(*LARGER, eq(o**2, o)),
    concludes=lt(u_1 - pays_1, u_2 - pays_2),
)
FIXED = eq(o, 1)
prop_6 = theorem_of(__file__, "prop_06_queue_vertices.py")
QUEUE_OF_MANY = prop_6.claims["a queue has one inside"].given
smallest_first = Claim(
    given=(*QUEUE_OF_MANY, le(u(i), u(k))), concludes=le(u(i) - q(i), u(k) - q(k))
)

inverse = reciprocal(U, gt(U, 0))
ratio = [
    prove(ge(B / U, 0), inverse, ge(B, 0)),
    prove(le(B / U, 1), inverse, le(B, U)),
    prove(exact.concludes, inverse, multipliers=[B]),
]


def no_less(worth: object = 1, pad: object = 0) -> Claim:
    """No haircut has less than `worth` times the burden B/U, burdens being x/(u + pad)."""
    burden = every(i, 1, n, le(x(i), z * (u(i) + pad)))
    return Claim(given=(*ROUND, ge(ε, 0), HAIRCUT[0], burden), concludes=ge(z, worth * B / U))


def lowest(worth: object = 1, pad: object = 0) -> Fact:
    """B = Σ x_i ≤ z U."""
    said = no_less(worth, pad)
    return prove(said.concludes, sum_up(said.given[-1]), said.given[:-1], inverse)


def pro_rata_fits() -> Fact:
    """B/U · u_i ≤ u_i."""
    here = at(ROUND[2], i, using=[le(1, i), le(i, n)])
    return for_all(prove(le(pro_rata, u(i)), ratio, here), i, 1, n)


def alone() -> Fact:
    """The gaps z u_i − x_i are not negative and add up to zero."""
    gap = B / U * u(i) - x(i)
    here = at(HAIRCUT[1], i, using=[le(1, i), le(i, n)])
    tight = prove(ge(gap, 0), here, eq(z, B / U), multipliers=[u(i)])
    gaps = for_all(tight, i, 1, n)
    inside = [le(1, k), le(k, n)]
    small = below_sum(gaps, i, (1, n), k, gap, inside)
    here = at(gaps, k, using=inside)
    one = prove(eq(x(k), pro_rata.subs(i, k)), small, here, HAIRCUT[0], ratio)
    return for_all(one, k, 1, n)


def dearer(given: tuple[Formula, ...] = worse.given) -> Fact:
    """min(u_1, B) U > B u_1, whichever of u_1 and B is smaller; divide by u_1 U."""
    crossed = by_cases(gt(first * U, B * u_1), u_1 - B, given)
    other = reciprocal(u_1, gt(u_1, 0))
    return prove(
        worse.concludes, crossed, inverse, other, multipliers=[first / u_1, B / U], degree=3
    )


def priced() -> Fact:
    """min(u_1, B) max(B, u_1) = B u_1."""
    crossed = by_cases(eq(first * Max(B, u_1), B * u_1), u_1 - B, degree=2)
    return prove(price.concludes, crossed, reciprocal(u_1, gt(u_1, 0)), multipliers=[1 / u_1, B])


def keeps_order() -> Fact:
    """(1 − B/U)(u_i − u_k) ≥ 0."""
    return prove(order.concludes, ratio, order.given)


def leaves_nothing(
    given: tuple[Formula, ...] = LARGER, order: tuple[Formula, ...] = (FIXED,)
) -> Fact:
    """Account 1 is served first, pays u_1 and keeps nothing; account 2 pays nothing."""
    known = [*minimum(u_1, B), *minimum(u_2, B - first), *given]
    whole = by_cases(eq(first, u_1), u_1 - B, given)
    alone_ = prove(lt(u_1 - first, u_2 - second), whole, known)
    served = [first, second, ahead, Min(u_1, B - ahead)]
    return prove(inverted.concludes, alone_, order, eq(o**2, o), multipliers=served)


def within_bounds(account: object) -> list[Fact]:
    """0 ≤ q ≤ u for what the queue takes from an account."""
    size, pays = (at(h, account, using=QUEUE_OF_MANY[2:]) for h in QUEUE_OF_MANY[:2])
    takes, room = Max(0, Min(u(account), left)), [left, u(account) - left]
    here = {left: B - Sum(u(j), (j, 1, account - 1))}
    bounds = [
        discharge(put(by_cases(goal, room, ge(u(account), 0)), here), size)
        for goal in (ge(takes, 0), le(takes, u(account)))
    ]
    return [prove(goal, bounds, pays) for goal in (ge(q(account), 0), le(q(account), u(account)))]


def never_inverts() -> Fact:
    """Either account k pays nothing, or account i, served before it, keeps nothing."""
    known = [prop_6.facts["a queue has one inside"], *within_bounds(i), *within_bounds(k)]
    fact = by_contradiction(smallest_first.concludes, known, le(u(i), u(k)))
    return discharge(fact, QUEUE_OF_MANY[2:])


def theorem() -> Theorem:
    """Proposition 9."""
    half, third = Rational(1, 2), Rational(1, 3)
    halves = {n: 2, u: [1, 3], B: 2, i: 1, k: 2, ε: 1, z: half, x: [half, 3 * half]}
    more = {**halves, B: 3, z: 3 * half / 2, x: [3 * half / 2, 9 * half / 2], i: 2, k: 1}
    level = {**halves, x: [2 * third, 4 * third], z: third}
    always = Claim(given=(*QUEUE, *ROUND), concludes=worse.concludes)
    same = Claim(given=(LARGER[0], FIXED), concludes=inverted.concludes)
    return Theorem(
        item="Proposition 9",
        title="pro-rata is the unique haircut of least burden; queues are worse and can invert",
        citation="[CTTX26, Prop. 9]",
        statement="the least burden is B/U, reached by x = B u/U alone; every queue has more",
        verdict=Verdict.PROVED_UNDER,
        added={"the order does not depend on the capacities: account 1 is served first": FIXED},
        tightness="exact; the price of priority is z(queue)/z(pro-rata) = U / max(B, u_1)",
        remarks=(
            "burdens are x_i / u_i: with x_i / (u_i + ε) and ε > 0 pro-rata is not the minimiser",
            "an order that may depend on them (o = 0: account 2 first) can avoid every inversion",
        ),
        proves={
            "no burden below B/U": Step(
                least,
                lowest,
                {
                    "no burden below B/U for burdens x/(u + ε) either": fails_at(
                        level, no_less(pad=ε), pad=ε
                    ),
                    "every haircut has 11/10 of the burden B/U": fails_at(
                        halves, no_less(Rational(11, 10)), worth=Rational(11, 10)
                    ),
                },
            ),
            "pro-rata fits": Step(feasible, pro_rata_fits()),
            "pro-rata raises B": Step(exact, ratio[2]),
            "nothing else does": Step(unique, alone()),
            "price of priority": Step(price, priced()),
            "queues are worse": Step(
                worse,
                dearer,
                {
                    "queues are worse with a single winner too": fails_at(
                        {n: 1, u: [1], u_1: 1, B: 1}, always, given=always.given
                    )
                },
            ),
            "pro-rata keeps the order of what remains": Step(order, keeps_order()),
            "a queue can invert it": Step(
                inverted,
                leaves_nothing,
                {
                    "a queue inverts whomever it serves first": fails_at(
                        {u_1: 2, u_2: 1, B: 2, o: 0}, inverted, order=()
                    ),
                    "a queue inverts whatever the capacities": fails_at(
                        {u_1: 2, u_2: 1, B: 0, o: 1}, same, given=LARGER[:1]
                    ),
                },
            ),
            "not if it serves the smallest first": Step(smallest_first, never_inverts()),
        },
        witness=({**more, u_1: 3, u_2: 1, o: 1}, {**halves, q: [1, 1], o: 1}),
        letters={
            "k": "an account; in a queue, behind account i",
            "o": "1 if account 1 is served first, 0 if account 2 is",
            "u(i)": ("capacity of winner i", "USD", "CTTX26, Eq. 7"),
            "u_1": ("capacity of account 1", "USD", "CTTX26, Eq. 7"),
            "u_2": ("capacity of account 2", "USD", "CTTX26, Eq. 7"),
            "x(i)": ("haircut of winner i", "USD", "CTTX26, Eq. 7"),
        },
        words={
            "the first in the queue has capacity": QUEUE[1],
            "others have capacity, too": "Σ[i=1…n](u(i)) > u_1",
            "the budget is less than the capacities": "Σ[i=1…n](u(i)) > B",
            "account i has no less capacity than account k": "u(i) ≥ u(k)",
            "account 1 has more capacity than account 2, which has some": LARGER[:2],
            "the budget is the capacity of account 1": LARGER[2],
            "one of the two accounts is served first": "o² = o",
            "the account ahead is no larger": "u(k) ≥ u(i)",
        },
    )
