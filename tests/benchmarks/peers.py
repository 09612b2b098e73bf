"""What others do, written from published descriptions; no code is theirs."""

import numpy as np


def bisected_level(weights, capacity, budget, steps=100):
    """Find the level of a budget by a fixed number of bisections."""
    low, high = 0.0, float((capacity[weights > 0] / weights[weights > 0]).max())
    for _ in range(steps):
        middle = 0.5 * (low + high)
        if np.minimum(capacity, weights * middle).sum() < budget:
            low = middle
        else:
            high = middle
    return high


def looped_pro_rata(capacity, budget):
    """Share a budget by capacity, account by account."""
    total = sum(capacity)
    return [budget * u / total for u in capacity]


def whole_lots_by_cbc(capacity, weights, lot, budget, seconds=30):
    """Least worst burden of whole lots that raise at least the budget: a MILP, solved by CBC.

    Columns k_i whole and M in [0, 1]; minimise M over Σ g_i k_i ≥ B and g_i k_i ≤ M w_i. Returns
    the counts, rounded; whatever CBC calls them.
    """
    import pulp

    model = pulp.LpProblem("lots", pulp.LpMinimize)
    worst = pulp.LpVariable("M", 0, 1)
    model += worst
    counts = []
    for i, (u, w, g) in enumerate(
        zip(capacity.tolist(), weights.tolist(), lot.tolist(), strict=True)
    ):
        count = pulp.LpVariable(f"k{i}", 0, int(u / g), cat="Integer")
        model += g * count <= w * worst
        counts.append(count)
    model += pulp.lpSum(g * k for g, k in zip(lot.tolist(), counts, strict=True)) >= budget
    model.solve(pulp.PULP_CBC_CMD(msg=False, timeLimit=seconds))
    return np.array([round(count.value() or 0.0) for count in counts])
