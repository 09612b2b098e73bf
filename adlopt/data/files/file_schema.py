"""What may stand in each kind of file."""

from __future__ import annotations

from typing import Any

import msgspec

from adlopt.model.positions import Side


class AccountEntry(msgspec.Struct, forbid_unknown_fields=True):
    """One `[[account]]`."""

    id: str
    capacity: float
    equity: float | None = None
    lot: float | None = None
    recorded: float | None = None
    markout: float | None = None
    features: dict[str, float] = {}
    tags: dict[str, str] = {}


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


class LimitsEntry(msgspec.Struct, forbid_unknown_fields=True):
    """Who may be touched and how far: numbers for all accounts, or tables by account id.

    A text names a column of the accounts.
    """

    ineligible: dict[str, str] = {}
    cap: float | str | dict[str, float] | None = None
    floor: float | str | dict[str, float] | None = None
    tier: str | dict[str, int] = {}
    weight: str | dict[str, float] = {}

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the accounts that it names."""
        given = (self.cap, self.floor, self.tier, self.weight)
        return tuple(dict.fromkeys(name for name in given if isinstance(name, str)))


class ShareEntry(msgspec.Struct, forbid_unknown_fields=True):
    """A bound of a group: USD, or a share of what all give."""

    share: float | None = None
    usd: float | None = None


class ConstraintEntry(msgspec.Struct, forbid_unknown_fields=True):
    """One `[[constraint]]`: accounts that have all that is asked for, and one thing it bounds.

    `haircut` weighs accounts by id, or by a feature, and bounds the sum by `at_least`, `at_most`.
    """

    group: str | None = None
    account: list[str] | None = None
    tags: dict[str, str] = {}
    coin: str | None = None
    where: dict[str, tuple[float, float]] = {}
    each: str | None = None
    gives_at_most: ShareEntry | None = None
    gives_at_least: ShareEntry | None = None
    keeps_at_most: float | None = None
    keeps_at_least: float | None = None
    shares_burden: bool = False
    delta_changes_at_most: float | None = None
    haircut: dict[str, float] | str | None = None
    at_least: float | None = None
    at_most: float | None = None


class BeliefEntry(msgspec.Struct, forbid_unknown_fields=True):
    """What is believed to be needed: exactly one of these, but `mass` goes with samples.

    `file` is a table with a `column` of `measured`: samples, errors or shares.
    """

    samples: list[float] | None = None
    errors: list[float] | None = None
    shares: list[float] | None = None
    quantiles: dict[str, float] | None = None
    distribution: str | None = None
    file: str | None = None
    mass: list[float] | None = None
    column: str = "needed"
    measured: str = "samples"


class DecideEntry(msgspec.Struct, forbid_unknown_fields=True):
    """What a decision is judged by; `capacities` is a share, or a table of scenarios by account.

    `delivered` is a share of these, or "priced": what they do not deliver is missed.
    """

    under: float = 1.0
    over: float = 1.0
    fair: float = 0.0
    ambiguity: float | str = 0.0
    chance: float | None = None
    most: float | None = None
    capacities: float | str | None = None
    delivered: float | str = 1.0
    deadline: float | None = None


class RoundFile(RoundEntry, forbid_unknown_fields=True, kw_only=True):
    """A file with one round; `loss` is an objective as `adlopt.data.files.aims` reads it.

    Without `needed` it is to be decided, on a `belief`.
    """

    needed: float | None = None  # type: ignore[assignment]
    belief: BeliefEntry | None = None
    decide: DecideEntry | None = None
    loss: dict[str, Any] = {}
    limits: LimitsEntry | None = None
    constraint: list[ConstraintEntry] = []


class RecordedEntry(msgspec.Struct, forbid_unknown_fields=True):
    """What a policy is on record to have done."""

    policy: str
    haircut: list[float]
    hindsight: bool = False
    burden: list[float] | None = None
    insured: list[float] | None = None
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


class PositionEntry(msgspec.Struct, forbid_unknown_fields=True):
    """One `[[positions]]`."""

    account: str
    coin: str
    side: str
    size: float
    lot: float = 1.0
    value: float | None = None
    mark: float | None = None
    entry: float | None = None
    closable: float | None = None


class HolderEntry(msgspec.Struct, forbid_unknown_fields=True):
    """One `[[accounts]]` of a round in contracts."""

    account: str
    capacity: float
    equity: float | None = None
    tags: dict[str, str] = {}


class ShedEntry(msgspec.Struct, forbid_unknown_fields=True):
    """One `[[shed]]`."""

    loser: str
    coin: str
    side: str
    size: float
    price: float
    mark: float


class ContractRoundFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A file with one round in contracts; a text names a table.

    `match` has a goal, its parameters, and lots. Without `needed` it is to be decided.
    """

    deficit: float
    needed: float | None = None
    belief: BeliefEntry | None = None
    decide: DecideEntry | None = None
    positions: list[PositionEntry] | str
    accounts: list[HolderEntry] | str | None = None
    shed: list[ShedEntry] | str | None = None
    match: dict[str, Any] = {}
    limits: LimitsEntry | None = None
    constraint: list[ConstraintEntry] = []


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
    recorded: float | None = None
    features: dict[str, float] = {}


class OpenPositionEntry(msgspec.Struct, forbid_unknown_fields=True):
    """One `[[position]]` of a market."""

    account: str
    coin: str
    side: Side
    size: float
    entry: float
    recorded: float | None = None


class MarketFile(msgspec.Struct, forbid_unknown_fields=True):
    """A market: accounts and positions inline, or tables named by `accounts` and `positions`.

    `shed`, inline or a table, is what has to go, and `exempt` gives reasons by account.
    """

    coin: list[CoinEntry]
    account: list[TraderEntry] | None = None
    accounts: str | None = None
    position: list[OpenPositionEntry] | None = None
    positions: str | None = None
    shed: list[ShedEntry] | str | None = None
    exempt: dict[str, str] = {}
    fund: float = 0.0
    signals: dict[str, float] = {}
