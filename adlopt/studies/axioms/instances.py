"""Small instances in whole dollars: drawn at random, shrunk by hand, and printed in full."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain
from random import Random
from typing import Any, TypeAlias

from adlopt.model.round import RoundStart

Row: TypeAlias = tuple[int, int, int]
NAMES = "abcd"
MAINTENANCE = Fraction(1, 100)
"""Maintenance margin as a share of the notional."""
SHARES = tuple(map(Fraction, ("1/2", "1/4", "3/4", "1/8", "3/8", "5/8", "7/8")))
COLLATERAL_SHARES = tuple(map(Fraction, ("1/2", "0", "1", "1/4", "3/4", "1/8", "7/8")))
LARGE = 1000
"""Larger numbers are made smaller by halves alone."""
FACTORS = tuple(map(Fraction, ("2", "1/2", "4", "1/4", "8", "1/8", "16")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Winner:
    """An account with one long position, USD, exactly.

    `profit` is its PNL, and so its capacity; its equity is collateral + profit, and its notional
    entry + profit, where `entry` is what the position was worth when it was opened. `rebased` is
    the entry price that the venue shows over that at which it was opened: trading with itself an
    account changes the one and nothing else.
    """

    name: str
    profit: Fraction
    collateral: Fraction
    entry: Fraction
    rebased: Fraction = Fraction(1)

    @property
    def equity(self) -> Fraction:
        """Account value."""
        return self.collateral + self.profit

    @property
    def notional(self) -> Fraction:
        """Value of the position."""
        return self.entry + self.profit

    @property
    def price_ratio(self) -> Fraction:
        """Mark over the entry price that the venue shows."""
        return self.notional / (self.entry * self.rebased)

    def part(self, name: str, *, position: Fraction, collateral: Fraction) -> Winner:
        """Return an account with a share of the position and a share of the collateral."""
        held = {"profit": self.profit * position, "entry": self.entry * position}
        return replace(self, name=name, collateral=self.collateral * collateral, **held)

    def less(self, taken: Fraction) -> Winner | None:
        """Return what is left once a haircut closed as large a share of the position, if any."""
        if taken and taken >= self.profit:
            return None
        left = 1 - taken / self.profit if taken else Fraction(1)
        return self.part(self.name, position=left, collateral=Fraction(1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An instance, and two whole numbers ≥ 0 of which each axiom makes what it varies.

    `rows` have profit ≥ 0, collateral ≥ 1 and entry value ≥ 1 of each winner, USD; `deficit` ≥ 1
    and `lot` are in USD, and no lots are a `lot` of 0.

    Examples
    --------
    >>> case = Case(rows=((3, 1, 9), (1, 1, 1)), deficit=2)
    >>> [winner.name for winner in case.winners], case.start().feature("leverage")
    (['a', 'b'], array([3., 1.]))
    """

    rows: tuple[Row, ...]
    deficit: int
    lot: int = 0
    first: int = 0
    second: int = 0

    @classmethod
    def draw(cls, random: Random, *, lots: bool) -> Case:
        """Draw up to four winners with small figures, so that ties are common."""
        number = random.randint
        count = number(1, len(NAMES))
        return cls(
            rows=tuple((number(0, 12), number(1, 12), number(1, 40)) for _ in range(count)),
            deficit=random.randint(1, 30),
            lot=random.randint(1, 3) if lots else 0,
            first=random.randrange(len(SHARES)),
            second=random.randrange(len(SHARES)),
        )

    @property
    def winners(self) -> tuple[Winner, ...]:
        """The accounts a, b, c, …."""
        return tuple(
            Winner(name=n, profit=Fraction(p), collateral=Fraction(c), entry=Fraction(e))
            for n, (p, c, e) in zip(NAMES, self.rows, strict=False)
        )

    def start(
        self,
        winners: Sequence[Winner] | None = None,
        *,
        deficit: Fraction | int | None = None,
        lot: Fraction | int | None = None,
    ) -> RoundStart:
        """Start a round of these winners, deficit and lot, those of the case unless given.

        It carries the deficit as its estimate, and the features that venues rank by.
        """
        held = self.winners if winners is None else winners
        due = self.deficit if deficit is None else deficit
        size = self.lot if lot is None else lot
        return RoundStart(
            account=tuple(w.name for w in held),
            capacity=[float(w.profit) for w in held],  # type: ignore[arg-type]
            deficit=float(due),
            estimate=float(due),
            equity=[float(w.equity) for w in held],  # type: ignore[arg-type]
            lot=[float(size)] * len(held) if size else None,  # type: ignore[arg-type]
            features={
                name: [float(value) for value in values]  # type: ignore[misc]
                for name, values in features(held).items()
            },
        )

    def smaller(self) -> Iterator[Case]:
        """Yield simpler cases: an account less, no lots, smaller numbers."""
        for i in reversed(range(len(self.rows))):
            if len(self.rows) > 1:
                yield replace(self, rows=self.rows[:i] + self.rows[i + 1 :])
        if self.lot:
            yield replace(self, lot=0)
        held = {self.deficit, self.lot, self.first, self.second, *sum(self.rows, ())}
        for value in sorted(held, reverse=True):
            for lower in _lower(value):
                yield from self._lowered(value, lower)

    def _lowered(self, value: int, lower: int) -> Iterator[Case]:
        """Put a smaller number wherever a number stands, then in one place after another."""

        def put(number: int, least: int) -> int:
            return lower if number == value and lower >= least else number

        rows = tuple((put(p, 0), put(c, 1), put(e, 1)) for p, c, e in self.rows)
        deficit, lot = {"deficit": put(self.deficit, 1)}, {"lot": put(self.lot, 1)}
        others = {"first": put(self.first, 0)}, {"second": put(self.second, 0)}
        places = ({"rows": tuple(some)} for some in _one_place(self.rows, rows))
        changes: Iterator[dict[str, Any]] = chain(
            [{"rows": rows, **deficit, **lot}, deficit, lot, *others], places
        )
        cases = (replace(self, **change) for change in changes)
        yield from (case for case in cases if case != self)


def _one_place(before: Sequence[Row], after: Sequence[Row]) -> Iterator[list[Row]]:
    """Yield the rows with one number of them changed."""
    for i, ((p, c, e), (p_, c_, e_)) in enumerate(zip(before, after, strict=True)):
        for row in ((p_, c, e), (p, c_, e), (p, c, e_)):
            yield [*before[:i], row, *before[i + 1 :]]


def features(
    winners: Sequence[Winner], highest: Callable[[Any, Any], Any] = max
) -> dict[str, list[Fraction]]:
    """What venues rank by; of terms of a solver where `highest` is its maximum."""
    one = Fraction(1)
    return {
        "upnl": [w.profit for w in winners],
        "notional": [w.notional for w in winners],
        "leverage": [w.notional / w.equity for w in winners],
        "pnl_percent": [w.profit / highest(w.collateral, one) for w in winners],
        "entry_return": [w.price_ratio - 1 for w in winners],
        "price_ratio": [w.price_ratio for w in winners],
        "margin_ratio": [MAINTENANCE * w.notional / w.equity for w in winners],
    }


def _lower(value: int) -> list[int]:
    """Smaller values to try, smallest first."""
    by_one = value - 1 if value <= LARGE else 0
    return sorted({v for v in (0, 1, value // 2, by_one) if 0 <= v < value})
