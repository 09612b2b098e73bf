"""What a path θ* must keep to, as text: ``moved <= 29e6``, ``needed + 2e6 * target1 <= 15e6``."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray
from adlopt.policies.severity_notation import ON_FLOATS, compiled

SUMS = ("variation", "moved", "needed")
"""Σ |θ*_t − θ*_{t−1}|, Σ D_t |θ*_t − θ*_{t−1}| and Σ D_t θ*_t, as limits name them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PathLimit:
    """Σ a_t θ*_t + Σ b_t |θ*_t − θ*_{t−1}| ≤ `most`: `at` is a, shape (T,), `moves` b ≥ 0."""

    text: str
    at: FloatArray
    moves: FloatArray
    most: float

    @classmethod
    def read(cls, text: str, deficit: FloatArray, own: FloatArray | None = None) -> PathLimit:
        """Read a comparison of sums of multiples; of a sum alone, with what it is on a path.

        >>> limit = PathLimit.read("moved + target1 <= 3", np.array([2.0, 4.0]))
        >>> limit.at, limit.moves, limit.most
        (array([1., 0.]), array([4.]), 3.0)
        """
        names = [*SUMS, *(f"target{t + 1}" for t in range(deficit.size))]
        left, way, right = (*re.split("(<=|>=)", text, maxsplit=1), "", "")[:3]
        if re.search(r"[(<>=]|\bif\b|\*\*", left + right):
            raise InputError("within", text, "sums of known multiples, with <= or >= between them")
        sides = [compiled(side, frozenset(names)) for side in (left, right if way else "0")]

        def over(values: FloatArray) -> float:
            one, other = (s.value(ON_FLOATS, dict(zip(names, values, strict=True))) for s in sides)
            return float(other - one if way == ">=" else one - other)

        none, units = np.zeros(len(names)), np.eye(len(names))
        constant, drawn = over(none), np.random.default_rng(0).random(len(names))
        by = np.array([over(unit) - constant for unit in units])
        if not math.isclose(over(drawn), constant + float(by @ drawn), rel_tol=1e-9, abs_tol=1e-9):
            raise InputError("within", text, "known multiples of θ* and its sums")
        moves = by[0] + by[1] * deficit[1:]
        if (moves < 0).any():
            raise InputError("within", text, "no least variation: between two paths there is less")
        found = cls(text=text, at=by[2] * deficit + by[3:], moves=moves, most=-constant)
        if way:
            return found
        if own is None:
            raise InputError("within", text, f"{text} <= a number, where no episode is given")
        most = found.spent(own)
        return cls(text=f"{text.strip()} <= {most:.12g}", at=found.at, moves=moves, most=most)

    def spent(self, path: FloatArray) -> float:
        """What a path, shape (T,), comes to, to be no more than `most`."""
        return math.fsum(self.at * path) + math.fsum(self.moves * np.abs(np.diff(path)))

    @property
    def size(self) -> float:
        """Of the largest of its multiples."""
        return float(max(np.abs(self.at).max(), self.moves.max(initial=0.0))) or 1.0
