"""What may stand in a round file and in an episode file."""

from __future__ import annotations

import msgspec

from adlopt.loss import Burden
from adlopt.positions import Side


class AccountEntry(msgspec.Struct, forbid_unknown_fields=True):
    """One `[[account]]`."""

    id: str
    capacity: float
    equity: float | None = None
    lot: float | None = None
    features: dict[str, float] = {}


class RoundEntry(msgspec.Struct, forbid_unknown_fields=True):
    """A round: exactly one of `account` (inline), `accounts` (a table) and `capacity` (a total)."""

    deficit: float
    needed: float
    account: list[AccountEntry] | None = None
    accounts: str | None = None
    capacity: float | None = None
    lot: float | None = None
    estimate: float | None = None
    signals: dict[str, float] = {}


class LossEntry(msgspec.Struct, forbid_unknown_fields=True):
    """The objective of a round file: which kind, and its prices."""

    kind: str = "min-max"
    burden: Burden = Burden.CAPACITY
    epsilon: float = 0.0
    track: float | None = None
    under: float | None = None
    over: float | None = None
    fair: float | None = None
    reference: float | None = None
    weight: float | None = None
    excess_only: bool = False


class RoundFile(RoundEntry, forbid_unknown_fields=True):
    """A file with one round."""

    loss: LossEntry = msgspec.field(default_factory=LossEntry)


class RecordedEntry(msgspec.Struct, forbid_unknown_fields=True):
    """What a policy is on record to have done."""

    policy: str
    haircut: list[float]
    hindsight: bool = False
    burden: list[float] | None = None
    touched: list[float] | None = None


class EpisodeFile(msgspec.Struct, forbid_unknown_fields=True):
    """A file with several rounds; `accounts` names one table for all of them."""

    round: list[RoundEntry]
    name: str | None = None
    source: str = ""
    accounts: str | None = None
    reference: str | None = None
    fairest: str | None = None
    recorded: list[RecordedEntry] = []


class CoinEntry(msgspec.Struct, forbid_unknown_fields=True):
    """One `[[coin]]` of a market."""

    name: str
    mark: float
    lot: float
    previous_mark: float | None = None
    index: float | None = None
    maintenance: float | None = None
    initial: float | None = None


class TraderEntry(msgspec.Struct, forbid_unknown_fields=True):
    """One `[[account]]` of a market."""

    id: str
    balance: float
    opened: float | None = None
    features: dict[str, float] = {}


class PositionEntry(msgspec.Struct, forbid_unknown_fields=True):
    """One `[[position]]` of a market."""

    account: str
    coin: str
    side: Side
    size: float
    entry: float


class MarketFile(msgspec.Struct, forbid_unknown_fields=True):
    """A market: accounts and positions inline, or tables named by `accounts` and `positions`."""

    coin: list[CoinEntry]
    account: list[TraderEntry] | None = None
    accounts: str | None = None
    position: list[PositionEntry] | None = None
    positions: str | None = None
    fund: float = 0.0
    signals: dict[str, float] = {}
