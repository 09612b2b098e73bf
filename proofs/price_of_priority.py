"""What a queue costs beside pro-rata, in the burden of the account that pays most.

Winners i = 1 … n in the order of a queue, with capacities u_i ≥ 0, U = Σ u_i, and a budget
0 < B ≤ U. Account i pays q_i = max(0, min(u_i, B − Σ_{j<i} u_j)). The queue raises B, nobody's
burden q_i/u_i is above B/max(B, u_1), and account 1 bears just that. The least burden of any
haircut is B/U (Proposition 9), so the price of priority is U/max(B, u_1).
"""

from __future__ import annotations

from sympy import Max, Min, Rational, Sum, sympify

from adlopt.proof import *
from adlopt.proof.kernel import congruence
from adlopt.proof.notation import symbol_atom, term
from adlopt.proof.whole_numbers import by_order, same_value

i, j, k, n = integers("i j k n")
B, left, ahead, size = reals("B left ahead size")
u, q = sequences("u q")


def before(account: object) -> Sum:
    """Capacities up to and including an account."""
    return Sum(u(j), (j, 1, account))


U = before(n)
SIZES = every(j, 1, n, ge(u(j), 0))
QUEUE = every(i, 1, n, eq(q(i), Max(0, Min(u(i), B - before(i - 1)))))
ENOUGH = le(B, U)
ROUND = (ge(n, 1), gt(u(1), 0), SIZES, gt(B, 0), ENOUGH, QUEUE)
top = Max(B, u(1))

budget = Claim(given=ROUND, concludes=eq(Sum(q(i), (i, 1, n)), B))


def no_more(times: object = 1) -> Claim:
    """State q_i/u_i ≤ B/max(B, u_1) without the division, for accounts without capacity."""
    return Claim(given=ROUND, concludes=every(i, 1, n, le(q(i) * top, times * B * u(i))))


most = Claim(given=ROUND, concludes=eq(q(1) / u(1), B / top))
price = Claim(given=ROUND, concludes=eq(q(1) / u(1) / (B / U), U / top))

inside = [le(1, i), le(i, n)]


def raised(enough: object = ENOUGH) -> Fact:
    """Σ_{i≤k} q_i = min(B, Σ_{i≤k} u_i), by induction on k; B ≤ U at the end."""
    claim, within = eq(Sum(q(i), (i, 1, k)), Min(B, before(k))), [ge(k, 0), le(k + 1, n)]
    none, start = [empty(i, 1, q(i)), empty(j, 1, u(j))], put_formula(claim, {k: 0})
    base = prove(start, none, resolve(start, none, gt(B, 0)))
    one = by_cases(
        eq(Min(B, ahead) + Max(0, Min(size, B - ahead)), Min(B, ahead + size)),
        [B - ahead, B - ahead - size],
        ge(size, 0),
    )
    here = put(one, {ahead: before(k), size: u(k + 1)})
    more = last_term(j, 1, k + 1, u(j), using=within)
    sides = term(before(k + 1)), term(before(k) + u(k + 1))
    same = congruence(more, term(Min(B, ahead)), symbol_atom(ahead), sides)
    step = prove(
        put_formula(claim, {k: k + 1}),
        claim,
        last_term(i, 1, k + 1, q(i), using=within),
        at(QUEUE, k + 1, using=within),
        discharge(here, at(SIZES, k + 1, using=within)),
        same,
    )
    whole = at(induct(base, discharge(step, within), claim, k, 0, n), n, using=ge(n, 1))
    return prove(budget.concludes, whole, resolve(eq(Min(B, U), 0), enough))


def first_pays() -> Fact:
    """Q_1 max(B, u_1) = min(B, u_1) max(B, u_1) = B u_1."""
    goal = eq(Max(0, Min(u(1), left)) * top, B * u(1))
    fact = by_cases(goal, u(1) - B, eq(left, B), gt(B, 0), gt(u(1), 0), multipliers=[B, u(1)])
    start = put(fact, {left: B - before(0)})
    none = empty(j, 1, u(j))
    here = discharge(start, prove(put_formula(eq(left, B), {left: B - before(0)}), none))
    return prove(eq(q(1) * top, B * u(1)), here, at(QUEUE, 1, using=ge(n, 1)), multipliers=[top])


def later_pays(times: object = 1) -> Fact:
    """Account i ≥ 2 has at least u_1 ahead of it."""
    second = ge(i, 2)
    known = [second, le(i, n)]
    rest = for_all(
        discharge(at(SIZES, j, using=[le(2, j), le(j, i - 1), *known]), known), j, 2, i - 1
    )
    parts = split(j, 1, 1, i - 1, u(j), using=second)
    behind = prove(ge(before(i - 1), u(1)), parts, single(j, 1, u(j)), sum_up(rest))
    goal = le(Max(0, Min(u(i), left)) * top, times * B * u(i))
    room = le(left, B - u(1))
    signs = [u(1) - B, left, u(i) - left]
    fact = by_cases(goal, signs, room, gt(B, 0), ge(u(i), 0), multipliers=[B, u(1)])
    here = discharge(put(fact, {left: B - before(i - 1)}), behind, at(SIZES, i, using=known))
    pays = at(QUEUE, i, using=known)
    bound = le(q(i) * top, times * B * u(i))
    return discharge(prove(bound, here, pays, multipliers=[top]), known)


def derive(times: object = 1) -> Fact:
    """The first account, and those behind it."""
    goal = le(q(i) * top, times * B * u(i))
    same = [same_value(sequence, i, 1) for sequence in (q, u)]
    first = prove(goal, first_pays(), same, multipliers=[top, B])
    nobody = by_contradiction(goal, le(i, 0), ge(i, 1))
    return for_all(by_order(goal, i, sympify(1), nobody, first, later_pays(times)), i, 1, n)


def priced() -> list[Fact]:
    """Divide by u_1 and max(B, u_1), then by B/U."""
    positive = prove(gt(top, 0), maximum(B, u(1)), gt(B, 0))
    inverses = [*reciprocal(u(1), gt(u(1), 0)), *reciprocal(top, positive)]
    part = q(1) / u(1)
    burden = prove(
        most.concludes, first_pays(), inverses, multipliers=[1 / u(1) / top, part, B / top]
    )
    by_b = reciprocal(B, gt(B, 0))
    return [burden, prove(price.concludes, burden, by_b, multipliers=[U / B, U / top])]


def theorem() -> Theorem:
    """The price of priority."""
    pair = {n: 2, i: 1, j: 1, u: [1, 3], B: 2, q: [1, 1]}
    beyond = Claim(given=tuple(h for h in ROUND if h != ENOUGH), concludes=budget.concludes)
    burden, ratio = priced()
    return Theorem(
        item="Price of priority",
        title="the largest burden of a queue, beside that of pro-rata",
        citation="new; compare [CTTX26, Prop. 9]",
        statement="z(queue)/z(pro-rata) = U/max(B, u_1)",
        verdict=Verdict.PROVED,
        tightness="exact",
        proves={
            "the queue raises B": Step(
                budget,
                raised,
                {
                    "a queue raises any budget": fails_at(
                        {**pair, B: 5, q: [1, 3]}, beyond, enough=()
                    )
                },
            ),
            "no burden above B/max(B, u_1)": Step(
                no_more, derive, {"9/10 of it": fails_at(pair, times=Rational(9, 10))}
            ),
            "account 1 bears it": Step(most, burden),
            "price": Step(price, ratio),
        },
        witness=pair,
        letters={
            "q(i)": ("what winner i gives in a queue", "USD", "CTTX26, Prop. 6"),
            "u(i)": ("capacity of winner i, in the order of the queue", "USD", "CTTX26, Eq. 7"),
        },
        words={
            "the first in the queue has capacity": ROUND[1],
        },
    )
