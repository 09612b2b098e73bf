"""What a rule did to a market, in whole lots and whole micro-dollars, checked when it is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import compress

import numpy as np

from adlopt.errors import CertificateError
from adlopt.foundation.arrays import BoolArray, FloatArray, IntArray, Record, freeze, freeze_indices
from adlopt.foundation.money import MICRO, micro
from adlopt.model.filled import filled
from adlopt.model.market import Market
from adlopt.model.shed import Shed
from adlopt.rules.book import FUND, Match, Matches, Tie, tally
from adlopt.rules.rows import account_rows
from adlopt.rules.rule import Rule
from adlopt.show.answer import Answer, Columns
from adlopt.show.rules import summary
from adlopt.show.schema.studies import (
    DeleveragingData,
    MatchData,
    OutcomeData,
    TieData,
    TouchedData,
)
from adlopt.show.words import usd


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Deleveraging(Answer, Record):
    """What a rule did.

    Parameters
    ----------
    rule : Rule
    called : str
        Who acted, where that is not the rule by its own name.
    market : Market
        Before.
    shed : Shed
        What had to go.
    triggered : bool
        Whether users were called on at all.
    closings : Matches
        What was closed, in order.
    haircut : IntArray, shape (n,)
        Micro-dollars taken from each account besides what closing cost it.
    transfer : IntArray, shape (n,)
        Micro-dollars by which each account's value changed, at the mark.
    fund_change : int
        Micro-dollars.
    ties : tuple of Tie

    Attributes
    ----------
    value_before : IntArray, shape (n,)
        Account values, micro-dollars.
    rows : IntArray, shape (len(shed),)
        Rows of the market's positions that the shed names.
    closed : IntArray, shape (k,)
        Lots closed of each position, losers' and winners'.
    taken_over : IntArray, shape (len(shed),)
        Lots of each row of the shed that the fund took.
    unmatched : IntArray, shape (len(shed),)
        Lots of each row of the shed that nobody took.

    Raises
    ------
    CertificateError
        If a micro-dollar or a lot was made or lost, or more was closed than there was.
    """

    rule: Rule
    market: Market
    shed: Shed
    triggered: bool
    closings: Matches
    haircut: IntArray
    transfer: IntArray
    fund_change: int
    ties: tuple[Tie, ...] = ()
    called: str = ""
    value_before: IntArray = field(init=False)
    rows: IntArray = field(init=False)
    closed: IntArray = field(init=False)
    taken_over: IntArray = field(init=False)
    unmatched: IntArray = field(init=False)

    def __post_init__(self) -> None:
        put, market = object.__setattr__, self.market
        put(self, "rows", market.rows_of(self.shed))
        left = np.rint(self.shed.size / market.lot[self.rows]).astype(np.int64)
        put(self, "called", self.called or self.rule.name)
        put(self, "haircut", freeze_indices(self.haircut))
        put(self, "transfer", freeze_indices(self.transfer))
        put(self, "value_before", freeze_indices(micro(market.equity)))
        closed, by_fund, paid = np.zeros_like(market.lots), np.zeros_like(left), -self.haircut
        for s, position, lots, _, money in self.closings.blocks:
            tally(np.add, closed, self.rows[s], lots)
            tally(np.subtract, left, s, lots)
            tally(np.add, paid, market.owner[self.rows[s]], money)
            if position[0, 0] == FUND:
                tally(np.add, by_fund, s, lots)
            else:
                tally(np.add, closed, position, lots)
                tally(np.subtract, paid, market.owner[position], money)
        put(self, "closed", freeze_indices(closed))
        put(self, "taken_over", freeze_indices(by_fund))
        put(self, "unmatched", freeze_indices(left))
        self._check(paid)

    def _check(self, paid: IntArray) -> None:
        """Recount money and lots; closings and haircuts `paid` so much to each account."""
        moved = sum(self.transfer.tolist()) + self.fund_change
        if moved:
            raise CertificateError(f"{self.called} makes {moved} micro-dollars out of nothing")
        if self.fund_after < 0:
            raise CertificateError(f"{self.called} leaves {self.fund_after} USD in the fund")
        if (self.closed > self.market.lots).any() or (self.unmatched < 0).any():
            raise CertificateError(f"{self.called} closes more lots than are open")
        covered = self.transfer - paid
        if (covered < 0).any() or (covered > np.maximum(-self.value_before - paid, 0)).any():
            raise CertificateError(f"{self.called} moves money that nothing accounts for")

    def _columns(self) -> Columns:
        return {
            "account": self.market.accounts.account,
            "value_before_usd": self.value_before / MICRO,
            "value_after_usd": self.value_after / MICRO,
            "given_usd": self.given,
            "owed_usd": self.owed,
        }

    def _heading(self) -> str:
        paid = f"users give {usd(self.raised)} USD, the fund {usd(self.fund_paid)}"
        return f"{self.called}: {paid}; {usd(self.deficit_left)} is left unpaid"

    def __str__(self) -> str:
        return summary(self.told())

    def told(self) -> DeleveragingData:
        """Return the same without the closings, which no text prints and which may be a million."""
        return self._with(self.outcome(matched=False))

    def data(self) -> DeleveragingData:
        """Return who closed and gave what, and what it left."""
        return self._with(self.outcome())

    def _with(self, outcome: OutcomeData) -> DeleveragingData:
        return DeleveragingData(
            accounts=len(self.market.accounts.account),
            required_usd=self.required,
            fund_usd=self.market.fund,
            rules=[outcome],
            unplayed={},
        )

    def outcome(self, *, matched: bool = True) -> OutcomeData:
        """Return what the rule did, without the market it did it to; or without its closings."""
        gave = self._gave()
        shares = [each.share_of_profit for each in gave if each.gave_usd > 0]
        return filled(
            OutcomeData,
            self,
            rule=self.called,
            **self.rule.parts(),
            unmatched_contracts=self._unmatched(),
            worst_burden=None if None in shares else max(shares, default=0.0),  # type: ignore[type-var]
            ties=[filled(TieData, tie) for tie in self.ties],
            accounts=gave,
            matches=self._matched() if matched else [],
        )

    @property
    def matches(self) -> tuple[Match, ...]:
        """What was closed, one by one."""
        return self.closings.rows()

    @property
    def value_after(self) -> IntArray:
        """Account values, micro-dollars, shape (n,); what is below zero is left unpaid."""
        return self.value_before + self.transfer

    @property
    def required(self) -> float:
        """USD. Σ (−account value)_+ before."""
        return int(np.maximum(-self.value_before, 0).sum()) / MICRO

    @property
    def given(self) -> FloatArray:
        """USD that each account gave up, shape (n,); below zero where it gained."""
        solvent = self.value_before >= 0
        return freeze(np.where(solvent, -self.transfer, 0) / MICRO)

    @property
    def raised(self) -> float:
        """USD given up by all solvent accounts: the budget that was raised."""
        return float(-int(self.transfer[self.value_before >= 0].sum()) / MICRO)

    @property
    def fund_paid(self) -> float:
        """USD; below zero where the fund gained."""
        return -self.fund_change / MICRO

    @property
    def fund_after(self) -> float:
        """USD."""
        return (int(micro([self.market.fund])[0]) + self.fund_change) / MICRO

    @property
    def deficit_left(self) -> float:
        """USD. Σ (−account value)_+ after: bad debt that nobody paid, old and new."""
        return int(np.maximum(-self.value_after, 0).sum()) / MICRO

    @property
    def new_debt(self) -> float:
        """USD of `deficit_left` owed by accounts that were solvent before the rule."""
        return int(np.maximum(-self.value_after[self.value_before >= 0], 0).sum()) / MICRO

    @property
    def surplus(self) -> float:
        """USD that bankrupt accounts were left with: raised, but not needed."""
        return int(np.maximum(self.value_after[self.value_before < 0], 0).sum()) / MICRO

    @property
    def owed(self) -> FloatArray:
        """USD that the venue still owes each account, shape (n,)."""
        return freeze(self.haircut / MICRO * self.rule.owes)

    @property
    def gave(self) -> BoolArray:
        """Solvent accounts that closed a lot or gave a dollar, shape (n,)."""
        gave, closed = self.haircut > 0, self.closed > 0
        closed[self.rows] = False
        gave[self.market.owner[closed]] = True
        return gave

    @property
    def touched(self) -> tuple[str, ...]:
        """Names of those who gave, in the market's order."""
        return tuple(compress(self.market.accounts.account, self.gave.tolist()))

    def _gave(self) -> list[TouchedData]:
        profit = account_rows(self.market).feature("capacity").tolist()
        given, owed, held = self.given.tolist(), self.owed.tolist(), self.market.positions
        closed: dict[str, dict[str, float]] = {name: {} for name in self.touched}
        size = self.closed * self.market.lot
        for row in np.flatnonzero(self.closed).tolist():
            if held.account[row] in closed:
                what = f"{held.side[row].value} {held.coin[row]}"
                closed[held.account[row]][what] = float(size[row])
        return [
            TouchedData(
                account=name,
                gave_usd=given[i],
                share_of_profit=given[i] / profit[i] if profit[i] else None,
                closed=closed[name],
                owed_usd=owed[i],
            )
            for i, name in enumerate(self.market.accounts.account)
            if name in closed
        ]

    def _matched(self) -> list[MatchData]:
        shed, taker = self.shed, self.market.positions.account
        lot = self.market.lot[self.rows].tolist()
        return [
            MatchData(
                loser=shed.loser[match.shed],
                side=shed.side[match.shed].value,
                coin=shed.coin[match.shed],
                taker=None if match.position is None else taker[match.position],
                contracts=match.lots * lot[match.shed],
                price=match.price,
                paid_usd=match.paid / MICRO,
            )
            for match in self.matches
        ]

    def _unmatched(self) -> dict[str, float]:
        left: dict[str, float] = {}
        size = self.unmatched * self.market.lot[self.rows]
        for row in np.flatnonzero(self.unmatched).tolist():
            what = f"{self.shed.side[row].value} {self.shed.coin[row]}"
            left[what] = left.get(what, 0.0) + float(size[row])
        return left
