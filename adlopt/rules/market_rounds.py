"""A market as a round: its winners in dollars, or with their positions in contracts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from adlopt.errors import InputError
from adlopt.model.market import Market
from adlopt.model.positions import ContractRound
from adlopt.model.round import RESERVED, RoundStart
from adlopt.model.two_sided import TwoSidedRound
from adlopt.rules.rows import account_rows, position_rows


def wealth_round(
    market: Market, *, t: int = 1, deficit: float | None = None, estimate: float | None = None
) -> RoundStart:
    """Solvent accounts with a profit, what they may give, and all that rules rank by.

    The deficit is all that the market lacks unless given.
    Columns of positions, such as `price_ratio`, are there if every winner has just one position;
    columns that are infinite somewhere are left out.

    Raises
    ------
    InputError
        If nobody wins.

    Examples
    --------
    >>> from adlopt.model.market import Accounts, Coins, OpenPositions
    >>> market = Market(
    ...     accounts=Accounts(account=["A", "B"], balance=[2000, 8000]),
    ...     coins=Coins(coin=["ETH"], mark=[3600], lot=[0.01]),
    ...     positions=OpenPositions(account=["A", "B"], coin=["ETH", "ETH"],
    ...                             side=["long", "short"], size=[10, 10], entry=[4000, 4000]))
    >>> start = wealth_round(market)
    >>> start.account, start.capacity, start.deficit, start.feature("leverage")
    (('B',), array([4000.]), 2000.0, array([3.]))
    """
    rows, wins = account_rows(market), market.winners
    if not wins.any():
        raise InputError("positions", "no winner", "a solvent account with a profit")
    chosen = rows.take(wins)
    columns = {name: chosen.feature(name) for name in rows.features}
    winners, owner = np.flatnonzero(wins), market.owner
    held = np.bincount(owner, minlength=len(rows))
    if (held[winners] == 1).all():
        place = np.empty(len(rows), dtype=np.int64)
        place[owner] = np.arange(owner.size)
        held_by = position_rows(market).take(place[winners])
        columns = {name: held_by.feature(name) for name in held_by.features} | columns
    return RoundStart(
        t=t,
        account=chosen.account,
        capacity=columns["capacity"],
        equity=columns["equity"],
        deficit=market.required if deficit is None else deficit,
        estimate=estimate,
        features={
            name: column
            for name, column in columns.items()
            if name not in RESERVED and np.isfinite(column).all()
        },
        signals=dict(rows.signals),
    )


def contract_round(market: Market) -> ContractRound:
    """Winners with all their positions, so that `market.shed()` can be matched with them.

    Of `TwoSidedRound.of_market`, and with all that rules rank by.

    Raises
    ------
    InputError
        If nobody wins.

    Examples
    --------
    >>> from adlopt.model.market import Accounts, Coins, OpenPositions
    >>> from adlopt.optimum.solve import solve
    >>> market = Market(
    ...     accounts=Accounts(account=["A", "B"], balance=[2000, 8000]),
    ...     coins=Coins(coin=["ETH"], mark=[3600], lot=[0.01]),
    ...     positions=OpenPositions(account=["A", "B"], coin=["ETH", "ETH"],
    ...                             side=["long", "short"], size=[10, 10], entry=[4000, 4000]))
    >>> print(solve(TwoSidedRound(contract_round(market), market.shed())))
    1 winner gives 2,000.00 USD in 1 trade, worst burden 50 %; proven optimal (exact)
    """
    return replace(TwoSidedRound.of_market(market).winners, start=wealth_round(market))
