"""The simplex method in fractions, by Bland's rule: slow, exact, and sharing nothing."""

from fractions import Fraction


def most(cost, rows, bounds):
    """Maximise cost·x over rows·x ≤ bounds, x ≥ 0, with bounds ≥ 0."""
    width = len(cost) + len(rows)
    table = []
    for k, (row, bound) in enumerate(zip(rows, bounds, strict=True)):
        slack = [Fraction(int(k == j)) for j in range(len(rows))]
        table.append([*map(Fraction, row), *slack, Fraction(bound)])
    price = [*(-Fraction(c) for c in cost), *([Fraction(0)] * len(rows)), Fraction(0)]
    basis = list(range(len(cost), width))
    while (enter := next((j for j in range(width) if price[j] < 0), None)) is not None:
        ratios = [
            (row[-1] / row[enter], basis[k], k) for k, row in enumerate(table) if row[enter] > 0
        ]
        if not ratios:
            raise OverflowError("unbounded")
        _, _, leave = min(ratios)
        pivot = table[leave][enter]
        table[leave] = [value / pivot for value in table[leave]]
        for row in [*(each for k, each in enumerate(table) if k != leave), price]:
            factor = row[enter]
            if factor:
                row[:] = [a - factor * b for a, b in zip(row, table[leave], strict=True)]
        basis[leave] = enter
    return price[-1]


def least_burden(capacity, weight, budget):
    """min z: Σ x = B, 0 ≤ x ≤ u, x ≤ w z, by its dual: max B y − u·ν, y ≤ μ + ν, w·μ ≤ 1."""
    return _dual(capacity, weight, budget, 1, None)


def least_loss(capacity, weight, budget, under, over, fair):
    """min under (B − H)₊ + over (H − B)₊ + fair z, by its dual: −over ≤ y ≤ under."""
    return _dual(capacity, weight, budget, fair, (under, over))


def _dual(capacity, weight, budget, fair, prices):
    n = len(capacity)
    zero = [Fraction(0)] * n
    unit = [[Fraction(int(i == j)) for j in range(n)] for i in range(n)]
    rows = [[0, 0, *map(Fraction, weight), *zero]]
    bounds = [Fraction(fair)]
    for i in range(n):
        rows.append([1, -1, *(-e for e in unit[i]), *(-e for e in unit[i])])
        bounds.append(Fraction(0))
    if prices is not None:
        rows += [[1, 0, *zero, *zero], [0, 1, *zero, *zero]]
        bounds += [Fraction(prices[0]), Fraction(prices[1])]
    else:
        rows.append([0, 1, *zero, *zero])
        bounds.append(Fraction(0))
    cost = [Fraction(budget), -Fraction(budget), *zero, *(-Fraction(u) for u in capacity)]
    return most(cost, rows, bounds)


def least_cvar(capacity, weight, budget, level):
    """min t + Σ s_i / n (1 − α), s_i ≥ x_i / w_i − t, by its dual: Σ q ≤ 1, q_i ≤ 1 / n (1 − α)."""
    n = len(capacity)
    zero = [Fraction(0)] * n
    rows, bounds = [[0, *([1] * n), *zero]], [Fraction(1)]
    for i in range(n):
        rows.append([0, *(int(i == j) for j in range(n)), *zero])
        bounds.append(1 / (n * (1 - Fraction(level))))
    for i in range(n):
        share = [-1 / Fraction(weight[i]) if i == j else 0 for j in range(n)]
        rows.append([1, *share, *(-int(i == j) for j in range(n))])
        bounds.append(Fraction(0))
    return most([Fraction(budget), *zero, *(-Fraction(u) for u in capacity)], rows, bounds)
