"""Rows that a rule may take from, with named columns: positions in lots, accounts in dollars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from adlopt.arrays import BoolArray, FloatArray, IntArray, Record
from adlopt.errors import InputError
from adlopt.lot_grid import MICRO
from adlopt.market import Market
from adlopt.positions import Side
from adlopt.round import RoundStart


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows(Record):
    """Candidates of a rule.

    Parameters
    ----------
    account : tuple of str, length n
        Owners.
    most : IntArray, shape (n,)
        The most that may be taken of each: lots of a position, micro-dollars of an account.
    features : mapping of str to FloatArray, shape (n,)
        What formulas read.
    signals : mapping of str to float
        What else they read.
    """

    account: tuple[str, ...]
    most: IntArray
    features: Mapping[str, FloatArray]
    signals: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("features", "signals"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def __len__(self) -> int:
        return len(self.account)

    def feature(self, name: str) -> FloatArray:
        """Return a column, shape (n,).

        Raises
        ------
        InputError
            If there is none of that name.
        """
        if name not in self.features:
            known = ", ".join(self.features)
            raise InputError(
                "feature", name, f"one of {known}", remedy="add it to the market or round"
            )
        return self.features[name]

    def signal(self, name: str) -> float:
        """Return a signal.

        Raises
        ------
        InputError
            If there is none of that name.
        """
        if name not in self.signals:
            known = ", ".join(self.signals) or "none"
            raise InputError(
                "signal", name, f"one of {known}", remedy="add it to the market or round"
            )
        return self.signals[name]

    def take(self, chosen: BoolArray | IntArray) -> Rows:
        """The rows chosen by a mask or by indices, in that order."""
        indices = np.flatnonzero(chosen) if np.asarray(chosen).dtype == bool else chosen
        return Rows(
            account=tuple(self.account[i] for i in indices),
            most=self.most[indices],
            features={name: column[indices] for name, column in self.features.items()},
            signals=self.signals,
        )

    def having(self, columns: Mapping[str, ArrayLike]) -> Rows:
        """The same rows with further columns, or others in their place."""
        wide = {n: np.broadcast_to(np.asarray(c, float), len(self)) for n, c in columns.items()}
        return replace(self, features={**self.features, **wide})

    def limited(self, most: IntArray) -> Rows:
        """The same rows with other limits."""
        return replace(self, most=most)


def position_rows(market: Market) -> Rows:
    """Every open position of a market, in the market's order.

    Columns of the position: `side` (+1 long, −1 short), `size`, `lot`, `entry`, `mark`, `upnl`,
    `notional`, `bankruptcy_price`, and the ratios `price_ratio` (mark over entry), `entry_return`
    (profit over the value at entry), `pnl_percent` (profit over a balance of at least 1 USD),
    `leverage` (notional over equity) and `effective_leverage` (notional over what is left before
    bankruptcy); where the market knows them `previous_mark`, `index`, and the margins `maintenance`
    and `initial`, USD. Columns of its account: those of `account_rows`, with `account_` in front
    where the names clash.
    """
    owner, held = market.owner, market.positions
    columns: dict[str, FloatArray] = {
        "side": market.sign,
        "size": held.size,
        "lot": market.lot,
        "entry": held.entry,
        "mark": market.mark,
        "upnl": market.upnl,
        "notional": market.notional,
        "bankruptcy_price": market.bankruptcy_price,
    }
    for name in ("previous_mark", "index"):
        if getattr(market.coins, name) is not None:
            columns[name] = market.of_coin(name)
    for name in ("maintenance", "initial"):
        if getattr(market.coins, name) is not None:
            columns[name] = market.of_coin(name) * market.notional
    of_account = {name: column[owner] for name, column in _account_columns(market).items()}
    columns |= _ratios(columns["upnl"], columns["notional"], of_account)
    room = columns["side"] * (columns["mark"] - columns["bankruptcy_price"])
    columns |= {
        "price_ratio": columns["mark"] / columns["entry"],
        "entry_return": columns["upnl"] / (columns["size"] * columns["entry"]),
        "effective_leverage": _over(columns["mark"], room),
    }
    clash = {f"account_{n}" if n in columns else n: column for n, column in of_account.items()}
    return Rows(
        account=held.account,
        most=market.lots,
        features=columns | clash,
        signals=_signals(market),
    )


def account_rows(market: Market) -> Rows:
    """Every account of a market, in the market's order; limits are positive profits.

    Columns: `balance`, `upnl`, `notional`, `equity`, `deficit`, `gains` and `losses` (of its
    positions, each ≥ 0), `capacity` (positive `upnl`), `size` (contracts held, all coins and
    sides), `pnl_percent`, `leverage`; where the market knows them the margins `maintenance` and
    `initial`, USD, `margin_ratio` (maintenance margin over equity, 0 without equity) and
    `opened`; and the accounts' own features. A ratio to an equity that is not positive is
    infinite.
    """
    columns = _account_columns(market)
    columns |= _ratios(columns["upnl"], columns["notional"], columns)
    columns["capacity"] = np.maximum(columns["upnl"], 0.0)
    columns["size"] = market.by_account(market.positions.size)
    return Rows(
        account=market.accounts.account,
        most=micro(columns["capacity"]),
        features=columns,
        signals=_signals(market),
    )


def round_rows(start: RoundStart) -> Rows:
    """Winners of a round: what they may give is their positive profit, `upnl`."""
    n = len(start.account)
    columns = {"capacity": start.capacity, "upnl": start.capacity, "opposite": np.ones(n)}
    if start.equity is not None:
        columns["equity"] = start.equity
    return Rows(
        account=start.account,
        most=np.floor(start.capacity * MICRO).astype(np.int64),
        features=columns | dict(start.features),
        signals=start.signals,
    )


def micro(usd: ArrayLike) -> IntArray:
    """Whole micro-dollars, to the nearest.

    Examples
    --------
    >>> micro([1.5, -0.0000004])
    array([1500000,       0])
    """
    return np.rint(np.asarray(usd, dtype=np.float64) * MICRO).astype(np.int64)


def closes_against(market: Market, coin: str, side: Side) -> BoolArray:
    """Positions on the other side of a coin, shape (k,)."""
    held = market.positions
    return np.array(
        [c == coin and s is side.opposite for c, s in zip(held.coin, held.side, strict=True)],
        dtype=bool,
    )


def _account_columns(market: Market) -> dict[str, FloatArray]:
    columns = {
        "balance": market.accounts.balance,
        "upnl": market.by_account(market.upnl),
        "notional": market.by_account(market.notional),
        "equity": market.equity,
        "deficit": np.maximum(-market.equity, 0.0),
        "gains": market.by_account(np.maximum(market.upnl, 0.0)),
        "losses": market.by_account(np.maximum(-market.upnl, 0.0)),
    }
    for name in ("maintenance", "initial"):
        if getattr(market.coins, name) is not None:
            columns[name] = market.by_account(market.of_coin(name) * market.notional)
    if "maintenance" in columns:
        solvent = columns["equity"] > 0
        ratio = _over(columns["maintenance"], columns["equity"])
        columns["margin_ratio"] = np.where(solvent, ratio, 0.0)
    if market.accounts.opened is not None:
        columns["opened"] = market.accounts.opened
    return columns | dict(market.accounts.features)


def _signals(market: Market) -> dict[str, float]:
    own = {
        "fund": market.fund,
        "required": market.required,
        "total_balance": float(market.accounts.balance.sum()) + market.fund,
    }
    return own | dict(market.signals)


def _ratios(
    upnl: FloatArray, notional: FloatArray, account: Mapping[str, FloatArray]
) -> dict[str, FloatArray]:
    return {
        "pnl_percent": upnl / np.maximum(account["balance"], 1.0),
        "leverage": _over(notional, account["equity"]),
    }


def _over(above: FloatArray, below: FloatArray) -> FloatArray:
    """Divide; infinite where there is nothing, or less, to divide by."""
    solvent = below > 0
    return np.where(solvent, above / np.where(solvent, below, 1.0), np.inf)
