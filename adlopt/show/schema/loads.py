"""Loads of venue data, as machines get them."""

from __future__ import annotations

from typing import Any

from adlopt.show.schema.boards import FindingData
from adlopt.show.schema.data import Data, Part


class Rejected(Part):
    """A record that did not parse: its line, or row, from 1; what was found, and expected."""

    line: int
    found: str
    expected: str


class Origin(Part):
    """Records of one file that a figure was made of: lines, or rows, from 1, and how many."""

    file: str
    first: int
    last: int
    records: int


class FileReport(Part):
    """What became of the records of one file: kept, skipped by kind, or rejected.

    `shown` has the first that were rejected; `lost` what they hold in USD by quantity, as far as
    that can be read, `owed` what they say that liquidated accounts lack, and `unread` how many of
    them no dollar can be read of. `zones` says how many times stated their zone how; `unended` is
    the last line, if the file ends without a line end.
    """

    file: str
    read: int
    kept: int
    skipped: dict[str, int]
    rejected: int
    shown: tuple[Rejected, ...]
    lost: dict[str, float]
    owed: dict[str, float]
    unread: int
    zones: dict[str, int]
    unended: int | None


class RoundCut(Part):
    """How fills were cut into rounds: milliseconds, and times since 1970 in UTC.

    The longest pause within a round and the shortest between two say how near the gap is to
    cutting other rounds; null where there is none. `zones` says how many times stated theirs how.
    """

    gap_ms: int
    per_coin: bool
    first_ms: int
    last_ms: int
    longest_pause_ms: int | None
    shortest_gap_ms: int | None
    zones: dict[str, int]


class Reconciled(Part):
    """USD of one quantity: read = used + left out, by reason, + a difference that is rounding."""

    quantity: str
    read: float
    used: float
    left_out: dict[str, float]
    difference: float


class Horizon(Part):
    """What production took in all, in USD, measured so long after the end of each round."""

    horizon_ms: float
    rounds: float
    deficit: float
    needed: float
    production: float


class MarketLoadData(Data):
    """A market as it was read: what it holds, what has to go and takes, and what is odd.

    `shed_on_record` says whether that is what the venue shed, or all of the bankrupt.
    """

    name: str
    time_ms: int | None
    accounts: int
    coins: int
    positions: int
    required_usd: float
    shed_on_record: bool
    shed_rows: int
    shed_notional_usd: float
    shed_takes_usd: float
    recorded_usd: float | None
    exempt: dict[str, str]
    files: list[FileReport]
    quality: list[FindingData]


class LoadData(Data):
    """Figures of rounds as they were read, where each came from, and what is odd.

    `rounds` has one entry a round: `wave` is its number in the source; money is in USD, and null
    where it is unavailable. `unavailable` says why, by quantity; `look_ahead` what was not known
    when a round began; `origins` which records a figure was made of, by wave and quantity.
    """

    name: str
    source: str
    rules: dict[str, Any] | None
    cut: RoundCut | None
    rounds: list[dict[str, int | float | str | None]]
    winners: int | None
    reconciled: list[Reconciled]
    unavailable: dict[str, str]
    look_ahead: list[str]
    files: list[FileReport]
    quality: list[FindingData]
    origins: dict[str, dict[str, list[Origin]]]
    horizons: list[Horizon]
