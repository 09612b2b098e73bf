"""Tables of a market: accounts, coins and open positions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType

from adlopt.foundation.arrays import FloatArray, Record, own, own_positive
from adlopt.foundation.ids import read_ids, refuse_repeats
from adlopt.foundation.labels import in_order
from adlopt.model.positions import Side, own_sides, refuse_second_positions
from adlopt.show.answer import Columns, Tabular
from adlopt.show.words import counted


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Accounts(Tabular, Record):
    """Margin accounts, one each row.

    Parameters
    ----------
    account : sequence of str, length n
        Unique ids.
    balance : array_like, shape (n,)
        USD. Collateral without unrealised profit.
    opened : array_like, shape (n,), optional
        When the account was opened, in any unit that grows.
    features : mapping of str to array_like, shape (n,)
        Whatever else a rule ranks or charges by, such as `session_profit` or `withdrawal`, USD.
    """

    account: tuple[str, ...]
    balance: FloatArray
    opened: FloatArray | None = None
    features: Mapping[str, FloatArray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        put = object.__setattr__
        ids = read_ids(self.account, "account")
        refuse_repeats(ids, "account", "one not used before")
        n = len(ids)
        features = {f"features.{name}": values for name, values in self.features.items()}
        columns = {name: getattr(self, name) for name in ("account", "balance", "opened")}
        given = in_order(columns | features, ids)
        put(self, "account", ids)
        put(self, "balance", own(given["balance"], "balance", length=n))
        if self.opened is not None:
            put(self, "opened", own(given["opened"], "opened", length=n))
        features = {
            k: own(given[f"features.{k}"], f"features.{k}", length=n) for k in self.features
        }
        put(self, "features", MappingProxyType(features))

    def _columns(self) -> Columns:
        opened = {} if self.opened is None else {"opened": self.opened}
        features = {f"features.{name}": values for name, values in self.features.items()}
        return {"account": self.account, "balance_usd": self.balance, **opened, **features}

    def _heading(self) -> str:
        return counted(len(self.account), "account")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Coins(Tabular, Record):
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

    def __post_init__(self) -> None:
        put = object.__setattr__
        given = in_order({each.name: getattr(self, each.name) for each in fields(self)}, None)
        put(self, "coin", read_ids(given["coin"], "coin"))
        refuse_repeats(self.coin, "coin", "one not used before")
        for name in ("mark", "lot", "previous_mark", "index", "maintenance", "initial"):
            if getattr(self, name) is not None:
                put(self, name, own_positive(given[name], name, length=len(self.coin)))

    def _columns(self) -> Columns:
        columns = {
            "mark_usd": self.mark,
            "lot_contracts": self.lot,
            "previous_mark_usd": self.previous_mark,
            "index_usd": self.index,
            "maintenance": self.maintenance,
            "initial": self.initial,
        }
        known = {name: values for name, values in columns.items() if values is not None}
        return {"coin": self.coin, **known}

    def _heading(self) -> str:
        return counted(len(self.coin), "coin")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class OpenPositions(Tabular, Record):
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
    """

    account: tuple[str, ...]
    coin: tuple[str, ...]
    side: tuple[Side, ...]
    size: FloatArray
    entry: FloatArray

    def __post_init__(self) -> None:
        put = object.__setattr__
        given = in_order({each.name: getattr(self, each.name) for each in fields(self)}, None)
        put(self, "account", read_ids(given["account"], "positions.account"))
        k = len(self.account)
        put(self, "coin", read_ids(given["coin"], "positions.coin", k))
        put(self, "side", own_sides(given["side"], k))
        for name in ("size", "entry"):
            put(self, name, own_positive(given[name], name, length=k))
        refuse_second_positions(self.account, self.coin, self.side)

    def _columns(self) -> Columns:
        return {
            "account": self.account,
            "coin": self.coin,
            "side": [side.value for side in self.side],
            "size_contracts": self.size,
            "entry_usd": self.entry,
        }

    def _heading(self) -> str:
        return counted(len(self), "open position")

    def __len__(self) -> int:
        return len(self.account)
