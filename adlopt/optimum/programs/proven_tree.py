"""Branch and bound whose bound is ours: each node is closed by weak duality, not by a status.

HiGHS's own tree is faster, and its bound is its own word. Here every node is a linear relaxation
whose multipliers are evaluated anew, and a node without a point is closed by a ray that shows it.
Nodes are parted on the whole number that raised bounds most so far: it is tried on several, the
first of equals being the earliest column, until that is known of each.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count

import numpy as np

from adlopt.foundation.arrays import FloatArray, IntArray
from adlopt.foundation.deadline import is_late
from adlopt.optimum.programs.highs import Relaxation
from adlopt.optimum.programs.program import Program
from adlopt.optimum.programs.weak_duality import lower_bound

WHOLE = 1e-6
"""How near to a whole number one counts as decided: it only says where to branch."""
KNOWN, LOOKS = 4, 8
"""Tries after which it is known how a number raises bounds; looks in vain before the best is it."""
LEAST = 1e-9
"""What a part counts for that raises no bound."""
FAR = 2.0
"""Times what is good enough that a ray is stretched to: nothing is as good where no point is."""


def proven_lower_bound(
    program: Program,
    *,
    good_enough: float,
    deadline: float = math.inf,
    nodes: float = math.inf,
    progress: Callable[[float], None] | None = None,
) -> float:
    """Return a number that no feasible point of a program with bounded columns costs less than.

    A bound of `good_enough`, such as what a known point costs, need not be raised; the deadline is
    on the clock of `time.monotonic`, so many `nodes` are parted at most, and `progress` is told the
    bound now and then.

    >>> program = Program(cost=[-1.0, -1.0], lower=[0, 0], upper=[1, 1], row_lower=[-np.inf],
    ...                   row_upper=[1.5], start=[0, 2], column=[0, 1], coefficient=[1.0, 1.0],
    ...                   integer=np.array([True, True]))
    >>> round(proven_lower_bound(program, good_enough=-1.0), 9)
    -1.0
    """
    tree, order, closed = _Tree(program, good_enough), count(), good_enough
    open_ = [(-math.inf, next(order), tree.node(program.lower, program.upper, -math.inf))]
    while open_ and open_[0][0] < closed and not is_late(deadline):
        if (nodes := nodes - 1) < 0:
            break
        bound, step, node = heapq.heappop(open_)
        if progress is not None and step % 200 == 0:
            progress(bound)
        parts = tree.parts(node) if node.bound < good_enough else ()
        if not parts:
            closed = min(closed, node.bound)
        for part in parts:
            if part.bound < good_enough:
                heapq.heappush(open_, (part.bound, next(order), part))
    return min([closed, *(node.bound for *_, node in open_[:1])])


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """Multipliers of rows, (rows,), that show what a part of a tree costs at least."""

    duals: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    """A whole column that is at most `at`, or more: the trees of both parts."""

    column: int
    at: int
    below: Leaf | Branch
    above: Leaf | Branch


def refutation(program: Program, *, good_enough: float, nodes: int) -> Leaf | Branch | None:
    """A tree that shows that no point costs less than `good_enough`; None if it has more nodes."""
    tree, left = _Tree(program, good_enough), nodes

    def part(node: _Node) -> Leaf | Branch | None:
        nonlocal left
        if node.bound >= good_enough:
            return Leaf(node.duals)
        left -= 1
        halves = tree.parts(node) if left >= 0 else ()
        if not halves:
            return None
        column = int(np.argmax(halves[0].upper < node.upper))
        below, above = part(halves[0]), None
        if below is not None:
            above = part(halves[1])
        if below is None or above is None:
            return None
        return Branch(column, int(halves[0].upper[column]), below, above)

    return part(tree.node(program.lower, program.upper, -math.inf))


@dataclass(frozen=True, slots=True, eq=False)
class _Node:
    """Column bounds, what a point within them costs at least, a relaxed point, and multipliers."""

    lower: FloatArray
    upper: FloatArray
    bound: float
    point: FloatArray | None
    duals: FloatArray


class _Tree:
    """How a program's whole numbers raise bounds, by what was tried."""

    def __init__(self, program: Program, good_enough: float) -> None:
        self.program, self.good_enough = program, good_enough
        self.relaxation = Relaxation(program)
        self.wholes = np.flatnonzero(np.asarray(program.integer))
        self.raised, self.tried = np.zeros((2, program.cost.size)), np.zeros((2, program.cost.size))

    def node(self, lower: FloatArray, upper: FloatArray, known: float) -> _Node:
        """Bound what is within column bounds, of which a bound is known."""
        within = replace(self.program, lower=lower, upper=upper)
        shown = self._emptied(within, _farthest_row(within))
        if shown.any():
            return _Node(lower, upper, math.inf, None, shown)
        point, duals = self.relaxation.solve(lower, upper)
        if point is None:
            shown = self._emptied(within, duals)
            return _Node(lower, upper, math.inf if shown.any() else known, None, shown)
        bound = max(known, lower_bound(within, duals, exact=False).lower)
        return _Node(lower, upper, bound, point, duals)

    def _emptied(self, within: Program, ray: FloatArray) -> FloatArray:
        """Multipliers that show that no point satisfies the rows, if a ray of either sign does."""
        free = replace(within, cost=np.zeros(within.cost.size))
        for y in (ray, -ray) if ray.any() else ():
            shown = lower_bound(free, y, exact=False).lower
            if shown > 0:
                stretched: FloatArray = y * (FAR * (1.0 + abs(self.good_enough)) / shown)
                return stretched
        return np.zeros(within.row_lower.size)

    def parts(self, node: _Node) -> tuple[_Node, ...]:
        """Part a node in two, on the whole number that is best; none if all are decided."""
        if node.point is None:
            return ()
        x = node.point[self.wholes]
        between = self.wholes[np.abs(x - np.rint(x)) > WHOLE]
        if not between.size:
            between = self.wholes[node.lower[self.wholes] < node.upper[self.wholes]][:1]
        best: tuple[_Node, ...] = ()
        most, looked = 0.0, 0
        scores = self._scores(between, node.point[between] % 1.0)
        for k in np.argsort(-scores, kind="stable").tolist():
            j, looked = int(between[k]), looked + 1
            if scores[k] > most or self.tried[:, j].min() < KNOWN:
                parts = self._halves(node, j)
                gains = [min(part.bound, self.good_enough) - node.bound for part in parts]
                found = math.prod(max(gain, LEAST) for gain in gains)
                if found > most:
                    best, most, looked = parts, found, 0
                if max(part.bound for part in parts) >= self.good_enough:
                    break
            if looked >= LOOKS:
                break
        return best

    def _scores(self, columns: IntArray, share: FloatArray) -> FloatArray:
        """By how much parts are thought to raise the bound, multiplied; of each column."""
        tried, raised = self.tried[:, columns], self.raised[:, columns]
        usual = self.raised.sum(1) / np.maximum(self.tried.sum(1), 1.0)
        each = np.where(tried > 0, raised / np.maximum(tried, 1.0), usual[:, None])
        thought: FloatArray = np.maximum(each * [share, 1.0 - share], LEAST).prod(0)
        return thought

    def _halves(self, node: _Node, j: int) -> tuple[_Node, _Node]:
        """Part a node on one whole number, and learn how that raises bounds."""
        assert node.point is not None
        at = node.point[j]
        below = min(max(math.floor(at + WHOLE), node.lower[j]), node.upper[j] - 1.0)
        low, high = node.lower.copy(), node.upper.copy()
        low[j], high[j] = below + 1.0, below
        halves = (self.node(node.lower, high, node.bound), self.node(low, node.upper, node.bound))
        distances = at - below, below + 1.0 - at
        for side, (part, away) in enumerate(zip(halves, distances, strict=True)):
            gain = min(part.bound, self.good_enough) - node.bound
            self.raised[side, j] += gain / max(away, WHOLE)
            self.tried[side, j] += 1.0
        return halves


def _farthest_row(program: Program) -> FloatArray:
    """A ray of the row alone that column bounds miss by most; nothing where they miss none."""
    p = program
    ends = [p.coefficient * bound[p.column] for bound in (p.lower, p.upper)]
    least, most = (
        np.bincount(p.row, of(*ends), p.row_lower.size) for of in (np.minimum, np.maximum)
    )
    missed = np.maximum(p.row_lower - most, least - p.row_upper)
    ray = np.zeros(missed.size)
    if missed.max(initial=0.0) > 0:
        ray[missed.argmax()] = 1.0
    return ray
