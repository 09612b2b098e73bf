"""How rounds are read out of fills: how they are cut, and what counts as deficit and capacity."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from adlopt.errors import InputError
from adlopt.foundation.arrays import own_whole


class Deficit(Enum):
    """What the liquidated accounts of a round owe."""

    PUBLISHED = "published"
    """Σ over its liquidated accounts of what each lacks at its worst in the round: an account
    liquidated in several rounds counts in each."""
    INCREMENT = "increment"
    """Of that, only what no earlier round has counted: the growth of unresolved deficit."""


class Capacity(Enum):
    """What may be taken from a winner."""

    ACCOUNT_MAX = "account-max"
    """Largest unrealised PNL of the account among its rows of the round. Looks ahead."""
    POSITION_MAX = "position-max"
    """Sum over coins of the position's largest unrealised PNL in the round. Looks ahead."""
    ACCOUNT = "account"
    """Unrealised PNL of the account at its first row of the round."""
    POSITION = "position"
    """Sum over coins of the position's unrealised PNL at its first row of the round."""

    @property
    def looks_ahead(self) -> bool:
        """Whether it needs rows that come later in the round."""
        return self in (Capacity.ACCOUNT_MAX, Capacity.POSITION_MAX)

    @property
    def quantity(self) -> str:
        """The quantity of a fill that it is made of."""
        account = self in (Capacity.ACCOUNT_MAX, Capacity.ACCOUNT)
        return "account_pnl" if account else "position_pnl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How rounds are made of fills.

    Parameters
    ----------
    gap_ms : int
        Milliseconds. A round ends where no fill follows for longer than this, strictly.
    per_coin : bool
        Whether each coin has rounds of its own, instead of all coins together.
    deficit : Deficit
    capacity : Capacity
    mark_age_ms : int
        Milliseconds. Older prices of positions are a finding.
    horizon_ms : int
        Milliseconds after a round's end at which what production took is measured.
    deficit_from, needed_from : str or Path, optional
        Tables that state these by the time or the number of a round, instead of the fills.
    """

    gap_ms: int = 5_000
    per_coin: bool = False
    deficit: Deficit = Deficit.PUBLISHED
    capacity: Capacity = Capacity.ACCOUNT_MAX
    mark_age_ms: int = 60_000
    horizon_ms: int = 0
    deficit_from: str | Path | None = None
    needed_from: str | Path | None = None

    def __post_init__(self) -> None:
        for name in ("gap_ms", "mark_age_ms", "horizon_ms"):
            own_whole(getattr(self, name), name, expected="a whole number of milliseconds, ≥ 0")
        for name, kind in (("deficit", Deficit), ("capacity", Capacity)):
            if not isinstance(getattr(self, name), kind):
                raise InputError(name, getattr(self, name), f"a {kind.__name__}")
