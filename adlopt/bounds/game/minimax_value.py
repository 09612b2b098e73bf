"""What no online policy can avoid: the minimax severity loss V(P), between two proven numbers.

V(P) is the least worst-case loss Σ D_t |θ_t − θ*_t| of a policy that knows every deficit and the
budget P in advance, over all sequences θ* in [0, 1] with Σ_{t≥2} |θ*_t − θ*_{t−1}| ≤ P. Randomised
policies do no better, since losses are convex in one variable.

On the grid {0, 1/N, …, 1}, with p the budget left and a the last θ*,

    V_t(a, p) = min_x max_a' D_t |x − a'| + V_{t+1}(a', p − |a' − a|)
              = (max_a' [V_{t+1} + D_t a'] + max_a' [V_{t+1} − D_t a']) / 2,

since the larger of an increasing and a decreasing line is least where they cross. An adversary may
keep to the grid, and a path moved lazily to it varies by 1/N more (`proofs/minimax_table.py`):
V_N(P) ≤ V(P) ≤ V_N(P + 1/N) + Σ D/N. The maxima run along diagonals a' ± p, one step each. All is
done in integers (`adlopt.bounds.game.integer_grid`), whose roundings are in the ends.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from adlopt.bounds.game.integer_grid import Units, first_round, unit_of_money, worth
from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray, IntArray, own, own_number, own_whole
from adlopt.optimum.core.certificate import round_down, round_up

GRID, CELLS = 400, 4e7
"""N unless told otherwise; less if the tables of all rounds would hold more cells than this."""
FINENESS = 50
"""Units of money that the dearest step of the grid costs, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Proven ends, USD: lower ≤ value ≤ upper."""

    lower: float
    upper: float

    def __and__(self, other: Interval) -> Interval:
        return Interval(lower=max(self.lower, other.lower), upper=min(self.upper, other.upper))


def largest(sizes: FloatArray, count: float) -> float:
    """Sum of the `count` largest; of a fractional count, that share of the next one."""
    return float(_largest(_fractions(sizes), Fraction(count)))


def closed_form(deficit: ArrayLike, variation: float) -> Interval:
    """(D_1 + Top_⌊P⌋)/2 ≤ V(P) ≤ min(Σ D/2, D_1/2 + Top_P), Top over D_2 … D_T.

    Below: on round 1 and the ⌊P⌋ largest others θ* is whichever end of [0, 1] lies farther from
    θ_t, and rests in between. Above: the constant ½, and persistence from ½, which pays
    Σ D_t |θ*_t − θ*_{t−1}|: at most the fractional knapsack of size P.
    """
    first, *rest = _fractions(_owned(deficit))
    budget = Fraction(own_number(variation, "variation", lowest=0.0))
    whole, knapsack = (_largest(rest, top) for top in (Fraction(math.floor(budget)), budget))
    constant = sum(rest, Fraction(0)) / 2
    return Interval(
        lower=round_down((first + whole) / 2), upper=round_up(first / 2 + min(constant, knapsack))
    )


def minimax(deficit: ArrayLike, variation: float, grid: int | None = None) -> Interval:
    """Enclose V(P), by the dynamic programme on a grid and by `closed_form`.

    N = `grid` ≥ 1, and the enclosure is about Σ D/N wide: 400 unless the episode is long. D_t,
    shape (T,), are USD ≥ 0, P ≥ 0.
    """
    return Game.of(deficit, variation, grid, replies=False).value


def minimax_weighted(
    deficit: ArrayLike, budget: float, grid: int | None = None, fineness: int = FINENESS
) -> Interval:
    """Enclose the minimax loss over sequences with Σ_{t≥2} D_t |θ*_t − θ*_{t−1}| ≤ W.

    Below: the dynamic programme, in which the adversary's steps cost D_t/N rounded up to whole
    units of money. Above: the constant ½, and persistence from ½, D_1/2 + W.

    N = `grid`; the dearest step costs at most `fineness` units of money.
    """
    sizes, dollars = _owned(deficit), own_number(budget, "budget", lowest=0.0)
    first, *rest = _fractions(sizes)
    upper = round_up(first / 2 + min(sum(rest, Fraction(0)) / 2, Fraction(dollars)))
    if not sizes.any():
        return Interval(lower=0.0, upper=0.0)
    unit = unit_of_money(sizes, own_whole(fineness, "fineness", lowest=1))
    grid = _grid_for(sizes.size, min(dollars, math.fsum(sizes)) / unit, grid)
    exact = Units.of(sizes, grid)
    cost = [max(1, math.ceil(Fraction(d) / unit)) for d in sizes.tolist()]
    units = min(Fraction(dollars) * grid // unit, grid * sum(cost[1:]))
    table = deque(worth(exact.size, cost, grid, units), maxlen=1).pop()
    lower = first_round(table[:, units], int(exact.size[0]))
    return Interval(lower=round_down(exact.usd(lower)), upper=upper)


@dataclass(frozen=True, slots=True, eq=False)
class Game:
    """The game on the grid, solved: what to reply to any severity, and the best severity.

    `size` are the deficits, in units of money, N = `grid`, `budget` the ⌊N P⌋ steps of 1/N that the
    adversary may make; `tables`, of shape (N + 1, budget + 2), say what the rounds after each are
    worth, by the last θ* and the steps left. The replies hold every policy above the lower end of
    `value`, V(P) in USD.
    """

    size: IntArray
    grid: int
    budget: int
    tables: tuple[IntArray, ...]
    value: Interval

    @classmethod
    def of(
        cls, deficit: ArrayLike, variation: float, grid: int | None = None, *, replies: bool = True
    ) -> Game:
        """Solve the game; arguments as of `minimax`. Without `replies` only its value is kept."""
        sizes, budget = _owned(deficit), own_number(variation, "variation", lowest=0.0)
        budget = min(budget, sizes.size - 1.0)
        grid = _grid_for(sizes.size, budget, grid)
        units = math.floor(Fraction(budget) * grid)
        exact = Units.of(sizes, grid)
        ahead = worth(exact.size, [1] * sizes.size, grid, units + 1)
        tables = tuple(deque(ahead, maxlen=None if replies else 1))[::-1]
        lower, above = (first_round(line, int(exact.size[0])) for line in tables[0].T[units:])
        rounding = exact.usd(sizes.size * (grid + 1)) + sum(_fractions(sizes), Fraction(0)) / grid
        ends = Interval(
            lower=round_down(exact.usd(lower)), upper=round_up(exact.usd(above) + rounding)
        )
        return cls(exact.size, grid, units, tables, ends & closed_form(sizes, variation))

    def reply(self, t: int, theta: float, last: float | None, left: int) -> tuple[float, int]:
        """Return θ*_t in answer to θ_t, and the budget left, in steps of the grid; t from 0."""
        ahead, moves = self._ahead(t, last, left)
        places = np.arange(self.grid + 1)
        gain = int(self.size[t]) * np.abs(theta * self.grid - places) + ahead
        best = int(np.argmax(np.where(moves <= left, gain, -1.0)))
        return best / self.grid, left - int(moves[best])

    def severity(self, t: int, last: float | None, left: int) -> float:
        """Return the θ_t against which the best reply is worth least; t from 0."""
        ahead, moves = self._ahead(t, last, left)
        size, reach = int(self.size[t]), np.flatnonzero(moves <= left)
        rising, falling = (ahead[reach] + way * size * reach for way in (1, -1))
        return float(rising.max() - falling.max()) / (2 * size * self.grid) if size else 0.5

    def _ahead(self, t: int, last: float | None, left: int) -> tuple[IntArray, IntArray]:
        """What each reply leaves to gain, and the steps it takes."""
        places = np.arange(self.grid + 1)
        moves = 0 * places if last is None else np.abs(places - round(last * self.grid))
        return self.tables[t][places, np.maximum(left - moves, 0)], moves


def _fractions(sizes: FloatArray) -> list[Fraction]:
    return [Fraction(size) for size in sizes.tolist()]


def _largest(sizes: list[Fraction], count: Fraction) -> Fraction:
    whole = math.floor(count)
    ordered = sorted(sizes, reverse=True)
    return sum(ordered[:whole], (count - whole) * sum(ordered[whole : whole + 1], Fraction(0)))


def _grid_for(rounds: int, budget: float, grid: int | None) -> int:
    """Return the N given, or that which keeps rounds · N · (N · budget) within `CELLS`."""
    if grid is not None:
        return own_whole(grid, "grid", lowest=1)
    return max(1, min(GRID, math.isqrt(int(CELLS / (rounds * (budget + 1.0))))))


def _owned(deficit: ArrayLike) -> FloatArray:
    sizes = own(deficit, "deficit", lowest=0.0)
    if not sizes.size:
        raise InputError("deficit", [], "at least one round")
    return sizes
