"""What a rule did to a market, in whole lots and whole micro-dollars, checked when it is made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adlopt.errors import CertificateError, InputError
from adlopt.foundation.arrays import FloatArray, IntArray, Record, freeze, freeze_indices
from adlopt.model.market import Market
from adlopt.model.positions import WHOLE
from adlopt.model.shed import Shed
from adlopt.optimum.lots.lot_grid import MICRO
from adlopt.rules.matches import Match, Matches
from adlopt.rules.rows import micro
from adlopt.rules.rule import Rule
from adlopt.show.answer import Columns, Tabular


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """Equals between whom only the tie-break decided.

    Parameters
    ----------
    where : str
        What was split.
    accounts : tuple of str
        Who would have given something else had the tie-break been reversed.
    """

    where: str
    accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Deleveraging(Tabular, Record):
    """What a rule did.

    Parameters
    ----------
    rule : Rule
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

    def __post_init__(self) -> None:
        for name in ("haircut", "transfer"):
            object.__setattr__(self, name, freeze_indices(getattr(self, name)))
        moved = sum(self.transfer.tolist()) + self.fund_change
        if moved:
            raise CertificateError(f"{self.rule.name} makes {moved} micro-dollars out of nothing")
        if self.fund_after < 0:
            raise CertificateError(f"{self.rule.name} leaves {self.fund_after} USD in the fund")
        if (self.closed > self.market.lots).any() or (self.unmatched < 0).any():
            raise CertificateError(f"{self.rule.name} closes more lots than are open")
        owner, paid = self.market.owner, -self.haircut
        loser = owner[shed_rows(self.market, self.shed)]
        done, by_user = self.closings, self.closings.by_user
        np.add.at(paid, loser[done.shed], done.paid)
        np.subtract.at(paid, owner[done.position[by_user]], done.paid[by_user])
        covered = self.transfer - paid
        if (covered < 0).any() or (covered > np.maximum(-self.value_before - paid, 0)).any():
            raise CertificateError(f"{self.rule.name} moves money that nothing accounts for")

    def _columns(self) -> Columns:
        return {
            "account": self.market.accounts.account,
            "value_before_usd": self.value_before / MICRO,
            "value_after_usd": self.value_after / MICRO,
            "given_usd": self.given,
            "owed_usd": self.owed,
        }

    def _heading(self) -> str:
        paid = f"users give {self.raised:,.2f} USD, the fund {self.fund_paid:,.2f}"
        return f"{self.rule.name}: {paid}; {self.deficit_left:,.2f} is left unpaid"

    @property
    def matches(self) -> tuple[Match, ...]:
        """What was closed, one by one."""
        return self.closings.rows()

    @property
    def value_before(self) -> IntArray:
        """Account values, micro-dollars, shape (n,)."""
        return micro(self.market.equity)

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
        later = self.rule.haircut is not None and self.rule.haircut.owed
        return freeze(self.haircut / MICRO * later)

    @property
    def closed(self) -> IntArray:
        """Lots closed of each position, losers' and winners', shape (k,)."""
        closed = np.zeros(len(self.market.positions), dtype=np.int64)
        rows, done = shed_rows(self.market, self.shed), self.closings
        np.add.at(closed, rows[done.shed], done.lots)
        np.add.at(closed, done.position[done.by_user], done.lots[done.by_user])
        return freeze_indices(closed)

    @property
    def unmatched(self) -> IntArray:
        """Lots of each row of the shed that nobody took, shape (k,)."""
        left = shed_lots(self.market, self.shed)
        np.subtract.at(left, self.closings.shed, self.closings.lots)
        return freeze_indices(left)

    @property
    def touched(self) -> tuple[str, ...]:
        """Solvent accounts that closed a lot or gave a dollar, in the market's order."""
        hit, done = self.haircut > 0, self.closings
        hit[self.market.owner[done.position[done.by_user]]] = True
        names = self.market.accounts.account
        return tuple(n for n, hit_ in zip(names, hit.tolist(), strict=True) if hit_)


def shed_lots(market: Market, shed: Shed) -> IntArray:
    """Whole lots of each row of a shed, shape (len(shed),)."""
    rows = shed_rows(market, shed)
    return np.rint(shed.size / market.lot[rows]).astype(np.int64)


def shed_rows(market: Market, shed: Shed) -> IntArray:
    """Rows of the market's positions that a shed names, shape (len(shed),).

    Raises
    ------
    InputError
        If one of them is not there, smaller than what must go, or at another mark.
    """
    held = market.positions
    losers = set(shed.loser)
    positions = enumerate(zip(held.account, held.coin, held.side, strict=True))
    index = {key: row for row, key in positions if key[0] in losers}
    marks = dict(zip(market.coins.coin, market.coins.mark.tolist(), strict=True))
    keys = zip(shed.loser, shed.coin, shed.side, strict=True)
    rows = []
    for row, key in enumerate(keys):
        if key not in index:
            raise InputError(
                "shed", f"{key[2].value} {key[1]} of {key[0]!r}", "a position", index=row
            )
        if shed.size[row] > held.size[index[key]] * (1 + WHOLE):
            expected = f"at most the {held.size[index[key]]:g} contracts held"
            raise InputError("shed.size", float(shed.size[row]), expected, index=row)
        if shed.mark[row] != marks[key[1]]:
            expected = f"{marks[key[1]]!r}, the market's mark of {key[1]}"
            raise InputError("shed.mark", float(shed.mark[row]), expected, index=row)
        rows.append(index[key])
    return np.array(rows, dtype=np.int64)
