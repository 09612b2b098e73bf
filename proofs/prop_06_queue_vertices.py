"""What a queue takes is a vertex of {0 ≤ x ≤ u, Σ x = B} [CTTX26, Prop. 6].

A queue gives account j all that is left of the budget, up to u_j: whoever pays behind account j,
account j itself pays in full. So at most one account, the marginal one, is strictly inside its
bounds, and a haircut with at most one account m inside is half way only between itself and itself:
if q = (y + z)/2, then y_j = q_j where q_j is at a bound, and for m because the totals agree.
"""

from __future__ import annotations

from sympy import Max, Min, Rational, Sum

from adlopt.proof import *
from adlopt.proof.lemmas import isolate
from adlopt.proof.whole_numbers import by_order, same_value

i, j, k, m, n = integers("i j k m n")
B, left_i, left_k = reals("B left_i left_k")
u, q, y, z = sequences("u q y z")

# A haircut with at most one account inside is a vertex -------------------------------------------


def total(x: object) -> Sum:
    """Sum over the accounts."""
    return Sum(x(j), (j, 1, n))


FULL_OR_FREE = eq(q(j) * (u(j) - q(j)), 0)
AHEAD, BEHIND = every(j, 1, m - 1, FULL_OR_FREE), every(j, m + 1, n, FULL_OR_FREE)
BOXES = tuple(every(j, 1, n, formula) for x in (y, z) for formula in (ge(x(j), 0), le(x(j), u(j))))
MIDDLE = every(j, 1, n, eq(2 * q(j), y(j) + z(j)))
SAME = eq(total(y), total(q))
GIVEN = (le(1, m), le(m, n), AHEAD, BEHIND, *BOXES, MIDDLE, SAME)


def vertex(given: tuple[Formula, ...] = GIVEN) -> Claim:
    """No other two haircuts have q half way between them."""
    return Claim(given=given, concludes=every(j, 1, n, eq(y(j), q(j))))


def at_bound(low: object, high: object, side: tuple[Formula, ...]) -> Fact:
    """4 q (u − q) = 0 bounds (y − z)² by zero, for the accounts from low to high."""
    within = [le(low, j), le(j, high), le(1, m), le(m, n)]
    known = [at(h, j, using=within) for h in (*BOXES, MIDDLE, *side)]
    apart = prove(le((y(j) - q(j)) ** 2, 0), known, multipliers=[y(j), z(j), q(j), u(j)])
    goals = [ge(y(j), q(j)), le(y(j), q(j))]
    return prove(eq(y(j), q(j)), [by_contradiction(goal, apart) for goal in goals])


def derive(ahead: tuple[Formula, ...] = (AHEAD,), same: tuple[Formula, ...] = (SAME,)) -> Fact:
    """First the accounts at a bound, then the one account that is left."""
    before, after = at_bound(1, m - 1, ahead), at_bound(m + 1, n, (BEHIND,))
    sums = [sum_up(for_all(before, j, 1, m - 1)), sum_up(for_all(after, j, m + 1, n))]
    whole = isolate(j, (1, n), m, y(j) - q(j), le(1, m), le(m, n))
    inside = prove(eq(y(m), q(m)), sums, whole, same)
    here = prove(eq(y(j), q(j)), inside, [same_value(x, j, m) for x in (y, q)])
    fact = by_order(eq(y(j), q(j)), j, m, before, here, after)
    return for_all(fact, j, 1, n)


# A queue has at most one account inside ----------------------------------------------------------


def before(account: object) -> Sum:
    """Capacities ahead of an account."""
    return Sum(u(j), (j, 1, account - 1))


QUEUE = (
    every(j, 1, n, ge(u(j), 0)),
    every(i, 1, n, eq(q(i), Max(0, Min(u(i), B - before(i))))),
)
PAIR = (le(1, i), le(i + 1, k), le(k, n))


def one_inside(behind: object = q(k)) -> Claim:
    """Account i pays in full, or what stands behind it pays nothing."""
    return Claim(given=(*QUEUE, *PAIR), concludes=eq(behind * (u(i) - q(i)), 0))


def queue(given: tuple[Formula, ...] = QUEUE, behind: object = q(k)) -> Fact:
    """If account k pays, more is left at account i than it has; `behind` is what pays nothing."""
    upto = split(j, 1, i, k - 1, u(j), using=PAIR)
    own = last_term(j, 1, i, u(j), using=PAIR)
    inside = [le(i + 1, j), le(j, k - 1)]
    between = for_all(discharge(at(given[0], j, using=[*inside, *PAIR]), inside), j, i + 1, k - 1)
    ahead = prove(ge(before(k), before(i) + u(i)), upto, own, sum_up(between))
    sizes = [at(given[0], account, using=PAIR) for account in (i, k)]
    left = {left_i: B - before(i), left_k: B - before(k)}
    order = [ge(u(i), 0), ge(u(k), 0), le(left_k, left_i - u(i))]
    pays_i, pays_k = Max(0, Min(u(i), left_i)), Max(0, Min(u(k), left_k))
    product = put(by_cases(eq(pays_k * (u(i) - pays_i), 0), left_k, order), left)
    plays = [at(given[1], account, using=PAIR) for account in (i, k)]
    fact = prove(
        one_inside(behind).concludes,
        discharge(product, ahead, sizes),
        plays,
        multipliers=[u(i) - q(i), pays_k.subs(left)],
    )
    return discharge(fact, PAIR)


def theorem() -> Theorem:
    """Proposition 6."""
    half = Rational(1, 2)
    served = {n: 3, m: 2, i: 1, k: 2, B: 2, u: [1, 2, 1], q: [1, 1, 0], y: [1, 1, 0], z: [1, 1, 0]}
    two = {n: 2, m: 2, u: [1, 1], q: [half, half], y: [1, 0], z: [0, 1]}
    one = {n: 1, m: 1, u: [1], q: [half], y: [1], z: [0]}
    ahead, total_of = (tuple(h for h in GIVEN if h != drop) for drop in (AHEAD, SAME))
    return Theorem(
        item="Proposition 6",
        title="the haircuts of a queue are vertices",
        citation="[CTTX26, Prop. 6]",
        statement="Q is a vertex of {0 ≤ x ≤ u, Σ x = B}",
        verdict=Verdict.PROVED,
        tightness="exact",
        remarks=("of any two accounts of a queue, one pays in full or the one behind it nothing",),
        proves={
            "one account inside: a vertex": Step(
                vertex,
                derive,
                {
                    "two accounts inside": fails_at(two, vertex(ahead), ahead=()),
                    "among haircuts of any total": fails_at(one, vertex(total_of), same=()),
                },
            ),
            "a queue has one inside": Step(
                one_inside,
                queue,
                {"no account of a queue is inside": fails_at({**served, i: 2, k: 3}, behind=q(i))},
            ),
        },
        witness=served,
        letters={
            "k": "an account behind account i",
            "m": "the marginal account, the only one that may be inside its bounds",
            "n": ("number of accounts", "1", "CTTX26, Sec. 2"),
            "u(j)": ("capacity of account j, in the order of the queue", "USD", "CTTX26, Eq. 7"),
            "y(j)": ("what account j gives in one of two haircuts with q in the middle", "USD"),
            "z(j)": ("what it gives in the other", "USD"),
        },
        words={
            "every other account gives nothing or its capacity": (AHEAD, BEHIND),
            "one haircut lies between 0 and the capacities": BOXES[:2],
            "the other haircut lies between 0 and the capacities": BOXES[2:4],
            "q is half way between the two": MIDDLE,
            "they add up to the same": SAME,
        },
    )
