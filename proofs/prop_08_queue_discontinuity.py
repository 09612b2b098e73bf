"""A queue's allocation jumps when two neighbours swap ranks [CTTX26, Prop. 8].

Accounts i and j are neighbours in the queue; r is what is left of the budget when it reaches them.
Served first, i gives min(u_i, r) and j then min(u_j, r − x_i); after an arbitrarily small change of
scores, j is served first. The paper has n = 2, r = B and u_i, u_j ≥ B: a jump of 2B in the ℓ1 norm.
The jump is 2 min(r, u_i, u_j, u_i + u_j − r)₊ for any capacities.
"""

from __future__ import annotations

from functools import cache

from sympy import Max, Min, Rational

from adlopt.proof import *

r, u_i, u_j = reals("r u_i u_j")

first_i, first_j = Min(u_i, r), Min(u_j, r)
then_j, then_i = Min(u_j, r - first_i), Min(u_i, r - first_j)
jump = abs(first_i - then_i) + abs(first_j - then_j)
size = Max(0, Min(r, Min(u_i, Min(u_j, u_i + u_j - r))))

ROUND = (ge(r, 0), ge(u_i, 0), ge(u_j, 0))
AMPLE = (ge(u_i, r), ge(u_j, r))
BUDGET = gt(r, 0)

general = Claim(given=ROUND, concludes=eq(jump, 2 * size))
paper = Claim(given=(*ROUND, *AMPLE), concludes=eq(jump, 2 * r))
positive = Claim(given=(*ROUND, *AMPLE), concludes=gt(jump, 0))


@cache
def allocation(claim: Claim) -> Fact:
    """Compare the budget with each capacity and with both; each case is linear."""
    orders = [u_i - r, u_j - r, u_i + u_j - r, u_i - u_j]
    return by_cases(claim.concludes, orders, claim.given)


def discontinuous(budget: tuple[Formula, ...] = (BUDGET,)) -> Fact:
    """A jump of 2 r is a jump if there is a budget."""
    return prove(positive.concludes, allocation(paper), ROUND, budget)


def theorem() -> Theorem:
    """Proposition 8, and the jump for any two neighbours."""
    one_and_half = Claim(given=paper.given, concludes=eq(jump, Rational(3, 2) * r))
    unequal = Claim(given=ROUND, concludes=eq(jump, 2 * r))
    return Theorem(
        item="Proposition 8",
        title="every queue is discontinuous in its scores",
        citation="[CTTX26, Prop. 8]",
        statement="for u_i, u_j ≥ B a swap of two neighbours moves the allocation by 2B in ℓ1",
        verdict=Verdict.PROVED_UNDER,
        added={"there is a budget": BUDGET},
        tightness="exact",
        proves={
            "jump": Step(
                paper,
                allocation,
                {
                    "a jump of 2B whatever the capacities": fails_at(
                        {r: 2, u_i: 1, u_j: 1}, unequal, claim=unequal
                    ),
                    "a jump of 3/2 B": fails_at(
                        {r: 1, u_i: 1, u_j: 1}, one_and_half, claim=one_and_half
                    ),
                },
                holds={"claim": paper},
            ),
            "discontinuity": Step(
                positive,
                discontinuous,
                {
                    "discontinuous even with an empty budget": fails_at(
                        {r: 0, u_i: 1, u_j: 1}, positive, budget=()
                    )
                },
            ),
            "any capacities": Step(general, allocation(general)),
        },
        witness={r: 1, u_i: 2, u_j: 3},
        letters={
            "r": ("what is left of the budget when the queue reaches the two", "USD"),
        },
        words={
            "what is left is not negative": ROUND[0],
            "the capacities are not negative": ROUND[1:3],
            "either of the two can give all that is left": AMPLE,
        },
    )
