"""Both sides of a deleveraging: winners with their positions, against what losers shed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import Record
from adlopt.model.market import Market
from adlopt.model.positions import ContractRound, Positions
from adlopt.model.round import RoundOutcome, RoundStart
from adlopt.model.shed import Shed, average_values
from adlopt.model.tables import picked, require_kinds
from adlopt.show.answer import Columns, Tabular
from adlopt.show.words import counted


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TwoSidedRound(Tabular, Record):
    """A round in contracts whose winners are to be matched with what losers shed.

    What a contract takes from a winner follows from the loser's price, not from the value that
    its positions state.

    Parameters
    ----------
    winners : ContractRound
    losers : Shed

    Raises
    ------
    InputError
        If one of them is of another kind.

    Examples
    --------
    >>> winners = ContractRound.of(
    ...     account=["alice", "bob"], coin=["ETH", "ETH"], side=["short", "short"], size=[10, 5],
    ...     value=[200, 200], capacity=[8000, 1000], deficit=1800, needed=1800)
    >>> losers = Shed(loser=["xavier"], coin=["ETH"], side=["long"], size=[9], price=[3800],
    ...               mark=[3600])
    >>> TwoSidedRound(winners, losers)
    <TwoSidedRound: 2 positions of 2 winners, against 1 order>
    """

    winners: ContractRound
    losers: Shed

    def __post_init__(self) -> None:
        require_kinds(self, winners=ContractRound, losers=Shed)

    @classmethod
    def of_market(cls, market: Market) -> TwoSidedRound:
        """Solvent accounts with a profit, against all positions of bankrupt ones.

        All positions of winners are listed, hedges included. `needed` is what the bankrupt take in
        all: the fund plays no part.

        Raises
        ------
        InputError
            If nobody wins.

        Examples
        --------
        >>> from adlopt.model.market_parts import Accounts, Coins, OpenPositions
        >>> market = Market(
        ...     accounts=Accounts(account=["A", "B"], balance=[2000, 8000]),
        ...     coins=Coins(coin=["ETH"], mark=[3600], lot=[0.01]),
        ...     positions=OpenPositions(account=["A", "B"], coin=["ETH", "ETH"],
        ...                             side=["long", "short"], size=[10, 10], entry=[4000, 4000]))
        >>> both = TwoSidedRound.of_market(market)
        >>> both.winners.start.account, both.losers.loser, both.winners.needed
        (('B',), ('A',), 2000.0)
        """
        wins, losers = market.winners, market.shed()
        if not wins.any():
            raise InputError("positions", "no winner", "a solvent account with a profit")
        start = RoundStart(
            **picked(np.flatnonzero(wins), account=market.accounts.account),
            capacity=market.by_account(market.upnl)[wins],
            equity=market.equity[wins],
            deficit=market.required,
        )
        needed = RoundOutcome(needed=float((losers.size * losers.value).sum()))
        held = picked(
            np.flatnonzero(wins[market.owner]),
            account=market.positions.account,
            coin=market.positions.coin,
            side=market.positions.side,
            size=market.positions.size,
            lot=market.lot,
            mark=market.mark,
        )
        value = average_values(losers, held["coin"], held["side"])
        positions = Positions(**held, value=value)
        return cls(ContractRound(start=start, positions=positions, outcome=needed), losers)

    def _columns(self) -> Columns:
        return self.winners._columns()

    def _heading(self) -> str:
        winners = counted(len(self.winners.start.account), "winner")
        held = counted(len(self.winners.positions), "position")
        return f"{held} of {winners}, against {counted(len(self.losers), 'order')}"
