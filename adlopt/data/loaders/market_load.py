"""A market as it was read from a venue's data: with what was shed, and what is odd about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from adlopt.foundation.arrays import FloatArray
from adlopt.model.market import Market
from adlopt.model.market_parts import Accounts, Coins, OpenPositions
from adlopt.model.positions import Side
from adlopt.model.shed import Shed
from adlopt.scoring.quality import Finding
from adlopt.show.answer import Answer, Columns
from adlopt.show.load import of_market
from adlopt.show.schema.loads import FileReport, MarketLoadData


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class LoadedMarket(Answer):
    """A market, the files that it was read from, and what is odd about them.

    Parameters
    ----------
    name : str
    time : int or None
        Milliseconds since 1970 of what the market shows.
    market : Market
    reports : tuple of FileReport
    findings : tuple of Finding
    """

    name: str
    time: int | None
    market: Market
    reports: tuple[FileReport, ...] = ()
    findings: tuple[Finding, ...] = ()

    def _columns(self) -> Columns:
        return self.market._columns()

    def _heading(self) -> str:
        return f"{self.name}: {self.market._heading()}"

    def data(self) -> MarketLoadData:
        """Plain data for machines; the market itself is what `adl.write_market` writes."""
        market, gone = self.market, self.market.shed()
        recorded = market.accounts.recorded
        return MarketLoadData(
            name=self.name,
            time_ms=self.time,
            accounts=len(market.accounts),
            coins=len(market.coins),
            positions=len(market.positions),
            required_usd=market.required,
            shed_on_record=market.forced is not None,
            shed_rows=len(gone),
            shed_notional_usd=float((gone.size * gone.mark).sum()),
            shed_takes_usd=float((gone.size * gone.value).sum()),
            recorded_usd=None if recorded is None else float(recorded.sum()),
            exempt=dict(market.exempt),
            files=list(self.reports),
            quality=[finding.data() for finding in self.findings],
        )

    def __str__(self) -> str:
        return of_market(self.data())


def market_of(
    held: Mapping[tuple[str, str], tuple[float, float]],
    cash: Mapping[str, float],
    coins: Coins,
    *,
    recorded: Mapping[str, float] | None = None,
    closed: Mapping[tuple[str, str], float] | None = None,
    forced: Shed | None = None,
    exempt: Mapping[str, str] | None = None,
) -> Market:
    """Put a market together of what accounts hold, and of their balances, USD.

    `held` has signed contracts, to be whole lots, and entries, USD, by account and coin.
    """
    lots = dict(zip(coins.coin, coins.lot.tolist(), strict=True))
    sizes = {key: round(abs(size) / lots[key[1]]) * lots[key[1]] for key, (size, _) in held.items()}
    keys = sorted(key for key, size in sizes.items() if size > 0)
    names = tuple(sorted({account for account, _ in keys}))
    return Market(
        accounts=Accounts(
            account=names,
            balance=_column(cash, names),
            recorded=None if recorded is None else _column(recorded, names),
        ),
        coins=coins,
        positions=OpenPositions(
            account=tuple(account for account, _ in keys),
            coin=tuple(coin for _, coin in keys),
            side=tuple(Side.LONG if held[key][0] > 0 else Side.SHORT for key in keys),
            size=np.array([sizes[key] for key in keys]),
            entry=np.array([held[key][1] for key in keys]),
            recorded=None if closed is None else np.array([closed.get(k, 0.0) for k in keys]),
        ),
        forced=forced,
        exempt={} if exempt is None else exempt,
    )


def _column(by_account: Mapping[str, float], names: tuple[str, ...]) -> FloatArray:
    return np.array([by_account.get(name, 0.0) for name in names])
