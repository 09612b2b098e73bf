"""Tables of a market: accounts, coins and open positions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar

from adlopt.foundation.arrays import FloatArray, own, own_positive
from adlopt.foundation.ids import read_ids, refuse_repeats
from adlopt.foundation.labels import in_order
from adlopt.model.positions import Side, own_keys, refuse_second_positions
from adlopt.model.tables import FieldTable, fields_in_order, own_fields


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Accounts(FieldTable):
    """Margin accounts, one each row.

    Parameters
    ----------
    account : sequence of str, length n
        Unique ids.
    balance : array_like, shape (n,)
        USD. Collateral without unrealised profit.
    opened : array_like, shape (n,), optional
        When the account was opened, in any unit that grows.
    recorded : array_like, shape (n,), optional
        USD that the venue is on record to have taken from each; below 0 where it gained.
    features : mapping of str to array_like, shape (n,)
        Whatever else a rule ranks or charges by, such as `session_profit` or `withdrawal`, USD.
    """

    account: tuple[str, ...]
    balance: FloatArray
    opened: FloatArray | None = None
    recorded: FloatArray | None = None
    features: Mapping[str, FloatArray] = field(default_factory=dict)
    row: ClassVar[str] = "account"
    units: ClassVar[Mapping[str, str]] = {"balance": "usd", "recorded": "usd"}

    def __post_init__(self) -> None:
        put = object.__setattr__
        ids = read_ids(self.account, "account")
        refuse_repeats(ids, "account", "one not used before")
        n = len(ids)
        features = {f"features.{name}": values for name, values in self.features.items()}
        known = ("account", "balance", "opened", "recorded")
        columns = {name: getattr(self, name) for name in known}
        given = in_order(columns | features, ids)
        put(self, "account", ids)
        own_fields(self, own, *known[1:], given=given, length=n)
        features = {
            k: own(given[f"features.{k}"], f"features.{k}", length=n) for k in self.features
        }
        put(self, "features", MappingProxyType(features))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Coins(FieldTable):
    """Perpetual contracts that the venue lists, one each row.

    Parameters
    ----------
    coin : sequence of str, length m
        Unique names.
    mark : array_like, shape (m,)
        USD a contract, > 0.
    lot : array_like, shape (m,)
        Contracts, > 0. The venue's size step.
    previous_mark, index : array_like, shape (m,), optional
        USD a contract, > 0. The mark one update earlier; the oracle price.
    maintenance, initial : array_like, shape (m,), optional
        Margin rates, shares of the notional, > 0.
    """

    coin: tuple[str, ...]
    mark: FloatArray
    lot: FloatArray
    previous_mark: FloatArray | None = None
    index: FloatArray | None = None
    maintenance: FloatArray | None = None
    initial: FloatArray | None = None
    row: ClassVar[str] = "coin"
    units: ClassVar[Mapping[str, str]] = {
        "lot": "contracts",
        **dict.fromkeys(("mark", "previous_mark", "index"), "usd"),
    }

    def __post_init__(self) -> None:
        given = fields_in_order(self)
        own_fields(self, read_ids, "coin", given=given)
        refuse_repeats(self.coin, "coin", "one not used before")
        columns = ("mark", "lot", "previous_mark", "index", "maintenance", "initial")
        own_fields(self, own_positive, *columns, given=given, length=len(self.coin))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class OpenPositions(FieldTable):
    """Open positions, one each row.

    `adlopt.model.positions.Positions` is what a round may close of them.

    Parameters
    ----------
    account, coin : sequence of str, length k
    side : sequence of Side or str, length k
        One position for each account, coin and side.
    size : array_like, shape (k,)
        Contracts, > 0.
    entry : array_like, shape (k,)
        USD a contract, > 0.
    recorded : array_like, shape (k,), optional
        Contracts that the venue is on record to have closed of each, ≥ 0.
    """

    account: tuple[str, ...]
    coin: tuple[str, ...]
    side: tuple[Side, ...]
    size: FloatArray
    entry: FloatArray
    recorded: FloatArray | None = None
    row: ClassVar[str] = "open position"
    units: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("size", "recorded"), "contracts"),
        "entry": "usd",
    }

    def __post_init__(self) -> None:
        given, k = own_keys(self, "account", within="positions.")
        own_fields(self, own_positive, "size", "entry", given=given, length=k)
        own_fields(self, own, "recorded", given=given, length=k, lowest=0.0)
        refuse_second_positions(self.account, self.coin, self.side)
