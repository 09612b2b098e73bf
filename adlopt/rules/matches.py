"""Who closed against whom, in the order in which it was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from adlopt.foundation.arrays import BoolArray, FloatArray, IntArray, Record, freeze, freeze_indices
from adlopt.foundation.money import MICRO
from adlopt.show.answer import Columns, Tabular
from adlopt.show.words import counted

MatchColumns: TypeAlias = tuple[IntArray, IntArray, IntArray, FloatArray, IntArray]
"""In the order of the fields of `Matches`."""
FUND = -1
"""Taker of lots that no position takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Lots closed of a loser against a winner, or taken over by the fund.

    Parameters
    ----------
    shed : int
        Row of what had to go.
    position : int or None
        Row of the market's positions; None is the fund.
    lots : int
    price : float
        USD a contract.
    paid : int
        Micro-dollars of account value, at the mark, that moved to the loser.
    """

    shed: int
    position: int | None
    lots: int
    price: float
    paid: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Matches(Tabular, Record):
    """Columns of matches, each of shape (k,), as in `Match`; `FUND` is no position."""

    shed: IntArray
    position: IntArray
    lots: IntArray
    price: FloatArray
    paid: IntArray

    def __post_init__(self) -> None:
        for name in ("shed", "position", "lots", "paid"):
            object.__setattr__(self, name, freeze_indices(getattr(self, name)))
        object.__setattr__(self, "price", freeze(self.price))

    def _columns(self) -> Columns:
        return {
            "shed": self.shed,
            "position": self.position,
            "lots": self.lots,
            "price": self.price,
            "paid_usd": self.paid / MICRO,
        }

    def _heading(self) -> str:
        return f"{counted(self.lots.size, 'closing')}, in order"

    @classmethod
    def joined(cls, parts: Sequence[MatchColumns]) -> Matches:
        """All of them, in order, each part the columns of some."""
        none = np.zeros(0, dtype=np.int64)
        columns = zip(cls.__slots__, zip((none,) * 5, *parts, strict=True), strict=True)
        return cls(**{name: np.concatenate(each) for name, each in columns})

    @property
    def by_user(self) -> BoolArray:
        """Those whose taker is a position, not the fund, shape (k,)."""
        taken: BoolArray = self.position != FUND
        return taken

    def rows(self) -> tuple[Match, ...]:
        """One by one."""
        columns = (getattr(self, name).tolist() for name in self.__slots__)
        return tuple(
            Match(shed=s, position=None if p == FUND else p, lots=n, price=price, paid=paid)
            for s, p, n, price, paid in zip(*columns, strict=True)
        )
