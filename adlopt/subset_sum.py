"""Which sums can be made of lots: a bounded subset-sum search that knows when it has proved it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

NODES = 200_000
"""How many partial sums are looked at before the search gives up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosestSums:
    """The nearest sums to a target that lots can make.

    Parameters
    ----------
    below : int
        Largest sum found that is ≤ target.
    above : int or None
        Smallest sum found that is ≥ target; None if there is none.
    take_below, take_above : dict
        Lots of each size that make them.
    proven : bool
        Whether nothing nearer exists; False if the search gave up.
    """

    below: int
    above: int | None
    take_below: Mapping[int, int]
    take_above: Mapping[int, int] | None
    proven: bool


def closest_sums(available: Mapping[int, int], target: int, *, nodes: int = NODES) -> ClosestSums:
    """Find the sums Σ size · count, 0 ≤ count ≤ available, nearest to `target` from both sides.

    Depth first, largest lots first, remembering every (size, rest) already seen; each is visited
    once, so the search is exact when it ends before `nodes` of them.

    Parameters
    ----------
    available : mapping of int to int
        Count of lots of each size > 0.
    target : int
        ≥ 0.

    Examples
    --------
    >>> found = closest_sums({5: 2, 3: 1}, 9)
    >>> found.below, found.above, found.proven
    (8, 10, True)
    """
    search = _Search(available, target)
    search.run(nodes)
    return ClosestSums(
        below=target - search.best_rest,
        above=search.best_above,
        take_below=search.counts(search.path_below),
        take_above=None if search.best_above is None else search.counts(search.path_above),
        proven=search.finished,
    )


_Path = tuple[int, int, "_Path | None"]


class _Search:
    def __init__(self, available: Mapping[int, int], target: int) -> None:
        self.sizes = sorted((size for size, count in available.items() if count > 0), reverse=True)
        self.count = [available[size] for size in self.sizes]
        self.left = [0] * (len(self.sizes) + 1)
        for j in reversed(range(len(self.sizes))):
            self.left[j] = self.left[j + 1] + self.sizes[j] * self.count[j]
        self.target, self.best_rest = target, target
        self.best_above: int | None = None
        self.path_below: _Path | None = None
        self.path_above: _Path | None = None
        self.finished = False
        step = math.gcd(*self.sizes)
        self.ideal_rest = target % step if step else target
        self.ideal_above = target + (-target % step) if step else target

    @property
    def done(self) -> bool:
        """Both sides are as near as the greatest common divisor of the sizes allows."""
        below_done = self.best_rest == self.ideal_rest
        return self.best_rest == 0 or (below_done and self.best_above == self.ideal_above)

    def run(self, nodes: int) -> None:
        if self.target == 0:
            self._offer_above(0, None)
        seen: set[tuple[int, int]] = set()
        stack: list[tuple[int, int, int, _Path | None]] = []
        self._enter(0, self.target, None, seen, stack)
        while stack and not self.done:
            if len(seen) > nodes:
                return
            j, rest, take, path = stack.pop()
            if take < 0:
                continue
            after = rest - take * self.sizes[j]
            if after <= self.left[j + 1]:
                stack.append((j, rest, take - 1, path))
            self._enter(j + 1, after, (j, take, path), seen, stack)
        self.finished = True
        if self.best_rest == 0:
            self.best_above, self.path_above = self.target, self.path_below

    def _enter(
        self,
        j: int,
        rest: int,
        path: _Path | None,
        seen: set[tuple[int, int]],
        stack: list[tuple[int, int, int, _Path | None]],
    ) -> None:
        """Look at the state in which sizes before j are decided and `rest` is still to be made."""
        if rest < self.best_rest:
            self.best_rest, self.path_below = rest, path
        if j == len(self.sizes) or (j, rest) in seen:
            return
        seen.add((j, rest))
        most = min(self.count[j], rest // self.sizes[j])
        if most < self.count[j]:
            self._offer_above(self.target - rest + (most + 1) * self.sizes[j], (j, most + 1, path))
        stack.append((j, rest, most, path))

    def _offer_above(self, total: int, path: _Path | None) -> None:
        if self.best_above is None or total < self.best_above:
            self.best_above, self.path_above = total, path

    def counts(self, path: _Path | None) -> dict[int, int]:
        taken: dict[int, int] = {}
        while path is not None:
            j, take, path = path
            if take:
                taken[self.sizes[j]] = take
        return taken
