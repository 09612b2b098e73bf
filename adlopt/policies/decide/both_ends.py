"""Both ends of what a decision costs at worst, in whole numbers of a power of 2.

Above: λ ε + Σ p_i max_v [ℓ(H, v) − λ |v − b_i|], whatever λ ≥ 0 is. Below: the least over all H of
the expected cost under one distribution in the ball, the worst burden priced by weak duality.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

import numpy as np

from adlopt.policies.decide.ball import Ball, Line, Tangent

SHRINK = 1.0 - 2.0**-40
"""What takes rounding out of a distribution that leaves the ball by it."""


def whole(*columns: Iterable[float]) -> tuple[list[list[int]], Fraction]:
    """Columns as whole numbers of one unit, and the unit: [[2, 12], [1]] quarters are 0.5, 3, ¼."""
    ratios = [[float(value).as_integer_ratio() for value in column] for column in columns]
    bits = max((down.bit_length() for column in ratios for _, down in column), default=1) - 1
    made = [[up << (bits - down.bit_length() + 1) for up, down in column] for column in ratios]
    return made, Fraction(1, 1 << bits)


def at_most(ball: Ball, raised: Fraction, price: float) -> Fraction:
    """No distribution in the ball makes H cost more; `price` is λ ≥ 0, good or bad."""
    scale = raised.denominator
    (needed, (most,)), usd = whole(ball.needed, [ball.most])
    needed, most = [b * scale for b in needed], most * scale
    h = raised.numerator * usd.denominator // usd.numerator
    ((under, over, move),), unit = whole([ball.under, ball.over, price])
    (mass,), _ = whole(ball.mass)

    def miss(b: int) -> int:
        return max(under * (b - h), over * (h - b))

    bottom, top = miss(0), miss(most)
    lost = sum(
        p * max(miss(b), bottom - move * b, top - move * (most - b))
        for p, b in zip(mass, needed, strict=True)
    )
    mean = Fraction(lost, sum(mass)) * unit * usd / scale
    return mean + Fraction(price) * Fraction(ball.radius)


def at_least(
    ball: Ball, used: Sequence[tuple[float, Tangent]], ends: tuple[float, float], burden: Line
) -> Fraction:
    """No H between two ends costs less, at worst, with the worst burden priced by a line."""
    up = sum((weight * each.worst.up for weight, each in used), np.zeros_like(ball.mass))
    down = sum((weight * each.worst.down for weight, each in used), np.zeros_like(ball.mass))
    for _ in range(4):
        (mass, risen, fallen), _ = whole(ball.mass, up, down)
        stay = [w - a - b for w, a, b in zip(mass, risen, fallen, strict=True)]
        if min(stay) >= 0 and _moved(ball, risen, fallen) <= Fraction(ball.radius) * sum(mass):
            break
        up, down = up * SHRINK, down * SHRINK
    else:  # a belief of one float's breadth: nothing is moved
        (mass,), _ = whole(ball.mass)
        stay, risen, fallen = mass, [0], [0]
    (needed, (most, low, high)), usd = whole(ball.needed, [ball.most, *ends])
    atoms = [(0, sum(fallen)), *zip(needed, stay, strict=True), (most, sum(risen))]
    ((under, over),), price = whole([ball.under, ball.over])
    tried = sorted({min(max(b, low), high) for b, _ in atoms} | {low, high})
    costs = _expected(sorted(atoms), tried, under, over)
    scale = price * usd / sum(mass)
    return min(
        scale * c + burden[0] + burden[1] * usd * h for c, h in zip(costs, tried, strict=True)
    )


def _moved(ball: Ball, risen: list[int], fallen: list[int]) -> Fraction:
    """Distance that mass was moved, in its whole units."""
    (needed, (most,)), usd = whole(ball.needed, [ball.most])
    rows = zip(needed, risen, fallen, strict=True)
    return usd * sum(a * (most - b) + c * b for b, a, c in rows)


def _expected(atoms: list[tuple[int, int]], tried: list[int], under: int, over: int) -> list[int]:
    """Σ mass ℓ(H, b) at each H, ascending, from sums over the atoms below and above it."""
    mass, moment = sum(m for _, m in atoms), sum(b * m for b, m in atoms)
    below, first, place, costs = 0, 0, 0, []
    for h in tried:
        while place < len(atoms) and atoms[place][0] <= h:
            below += atoms[place][1]
            first += atoms[place][0] * atoms[place][1]
            place += 1
        costs.append(over * (h * below - first) + under * (moment - first - h * (mass - below)))
    return costs


def mixed(used: Sequence[tuple[float, Tangent]]) -> Line:
    """What burdens cost at least at H: the lines of the tangents, mixed."""
    total = sum(Fraction(weight) for weight, _ in used)
    lines = [(Fraction(weight) / total, each.burden.line()) for weight, each in used]
    return sum((w * a for w, (a, _) in lines), Fraction(0)), sum(
        (w * b for w, (_, b) in lines), Fraction(0)
    )
