"""Every strict queue is discontinuous in its scores, whatever the capacities [CTTX26, Prop. 8].

Swapping neighbours m and m + 1, when r is left of the budget at account m, moves the allocation by
2 min(r, u_m, u_{m+1}, u_m + u_{m+1} − r)₊ (Proposition 8). If no swap of neighbours moved anything,
all capacities would be taken: with r > 0 at account m, no jump means r ≥ u_m + u_{m+1}, so that
something is left at account m + 1 too. For n ≥ 2 and 0 < B < U some swap therefore moves the
allocation; if the two scores are nearly equal, an arbitrarily small change of them is that swap.
"""

from __future__ import annotations

from sympy import Max, Min, Sum

from adlopt.proof import *

j, m, n = integers("j m n")
B, r, u_i, u_j = reals("B r u_i u_j")
u = sequences("u")

first_i, first_j = Min(u_i, r), Min(u_j, r)
then_j, then_i = Min(u_j, r - first_i), Min(u_i, r - first_j)
jump = abs(first_i - then_i) + abs(first_j - then_j)


def before(account: object) -> Sum:
    """Capacities up to and including an account."""
    return Sum(u(j), (j, 1, account))


U = before(n)
left = Max(0, B - before(m - 1))
SWAP = {r: left, u_i: u(m), u_j: u(m + 1)}
CALM = every(m, 1, n - 1, put_formula(le(jump, 0), SWAP))
SIZES = every(j, 1, n, gt(u(j), 0))
BUDGET = gt(B, 0)


def claim(
    sizes: Formula = SIZES, budget: tuple[Formula, ...] = (BUDGET,), *, strict: bool = False
) -> Claim:
    """If no swap of neighbours moves anything, the budget takes all capacities."""
    relation = gt if strict else ge
    return Claim(given=(ge(n, 2), *budget, sizes, CALM), concludes=relation(B, U))


PAIR = (gt(u_i, 0), gt(u_j, 0))
local = Claim(given=(gt(r, 0), *PAIR, lt(r, u_i + u_j)), concludes=gt(jump, 0))
inside = [le(1, m), le(m, n - 1)]


def moves() -> Fact:
    """Compare what is left with each capacity and with both."""
    return by_cases(local.concludes, [u_i - r, u_j - r, u_i - u_j], local.given)


def rest(sizes: Formula, budget: object) -> Fact:
    """Without a jump at account m, at least u_m + u_{m+1} is left there."""
    none = by_contradiction(le(u_i + u_j, r), moves(), le(jump, 0), PAIR)
    here = put(none, SWAP)
    known = [at(sizes, place, using=inside) for place in (m, m + 1)]
    some = gt(B, before(m - 1))
    whole = prove(eq(left, B - before(m - 1)), resolve(eq(left, 0), some))
    positive = prove(gt(left, 0), whole, some)
    fact = discharge(here, known, at(CALM, m, using=inside), positive)
    return prove(ge(B - before(m - 1), u(m) + u(m + 1)), fact, whole)


def derive(
    sizes: Formula = SIZES, budget: tuple[Formula, ...] = (BUDGET,), *, strict: bool = False
) -> Fact:
    """Something is left at every account, by induction, and at the last two all that they have."""
    some = gt(B, before(m - 1))
    enough = rest(sizes, budget)
    own = last_term(j, 1, m, u(j), using=inside)
    size = at(sizes, m + 1, using=inside)
    step = prove(put_formula(some, {m: m + 1}), enough, own, size)
    base = prove(put_formula(some, {m: 1}), empty(j, 1, u(j)), budget)
    within = [le(1, m), le(m + 1, n - 1)]
    always = induct(base, discharge(step, within), some, m, 1, n - 1)
    last = {m: n - 1}
    ends = [last_term(j, 1, end, u(j), using=ge(n, 2)) for end in (n, n - 1)]
    reached = discharge(put(enough, last), at(always, n - 1, using=ge(n, 2)), ge(n, 2))
    return prove(claim(sizes, budget, strict=strict).concludes, reached, ends)


def theorem() -> Theorem:
    """Every queue jumps somewhere."""
    taken = {n: 2, m: 1, j: 1, B: 2, u: [1, 1], r: 1, u_i: 1, u_j: 1}
    empty_accounts = every(j, 1, n, ge(u(j), 0))
    return Theorem(
        item="Queue discontinuity",
        title="every queue is discontinuous in its scores, for any capacities",
        citation="new; compare [CTTX26, Prop. 8]",
        statement="for n ≥ 2 and 0 < B < U some swap of neighbours moves the allocation",
        verdict=Verdict.PROVED,
        tightness="exact: at B = 0 and B = U no swap moves it",
        proves={
            "one swap": Step(local, moves()),
            "without a jump B ≥ U": Step(
                claim,
                derive,
                {
                    "accounts without capacity": fails_at(
                        {**taken, B: 1, u: [0, 2]}, sizes=empty_accounts
                    ),
                    "no budget": fails_at({**taken, B: 0}, budget=()),
                    "discontinuous at B = U too": fails_at(taken, strict=True),
                },
            ),
        },
        witness=taken,
        letters={
            "n": ("number of accounts", "1", "CTTX26, Sec. 2"),
            "r": ("what is left of the budget when the queue reaches the two", "USD"),
            "u(j)": ("capacity of account j, in the order of the queue", "USD", "CTTX26, Eq. 7"),
        },
        words={
            "something is left": "r > 0",
            "both neighbours have capacity": PAIR,
            "the two can give more than is left": "u_i + u_j > r",
            "there are two accounts": "n ≥ 2",
            "everybody has capacity": SIZES,
            "no swap of two neighbours moves the allocation": CALM,
        },
    )
