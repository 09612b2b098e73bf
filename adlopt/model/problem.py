"""What is to be solved, under which objective, and within what: as a file states it."""

from __future__ import annotations

from dataclasses import dataclass, field

from adlopt.errors import InputError
from adlopt.foundation.arrays import Record
from adlopt.model.constraint import Constraint
from adlopt.model.episode import Episode
from adlopt.model.limits import Limits
from adlopt.model.loss import Loss, MinMax
from adlopt.model.market import Market
from adlopt.model.method import Method
from adlopt.model.objective import Objective
from adlopt.model.positions import ContractRound
from adlopt.model.round import Round
from adlopt.model.two_sided import TwoSidedRound
from adlopt.show.answer import Columns, Tabular

SOLVED = (Round, ContractRound, TwoSidedRound, Market, Episode)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Problem(Tabular, Record):
    """What `adlopt.solve` is put before, and how: it takes this as it is.

    Parameters
    ----------
    thing : Round, ContractRound, TwoSidedRound, Market or Episode
    objective : Loss or Objective
    limits : Limits, optional
    whole_lots : bool
        Of a two-sided round: whether whole lots are closed.
    method : Method
    constraints : tuple of Constraint
        Rows of one's own.

    Examples
    --------
    >>> Problem(thing=Round.of(capacity=[120.0, 80.0], deficit=90.0, needed=60.0))
    <Problem: start of round 1: deficit 90.00 USD, 2 winners; needed 60.00 USD (hindsight); MinMax>
    """

    thing: Round | ContractRound | TwoSidedRound | Market | Episode
    objective: Loss | Objective = field(default_factory=MinMax)
    limits: Limits | None = None
    whole_lots: bool = False
    method: Method = Method.AUTO
    constraints: tuple[Constraint, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.thing, SOLVED):
            raise InputError("thing", self.thing, f"one of {', '.join(k.__name__ for k in SOLVED)}")

    def _columns(self) -> Columns:
        return self._table._columns()

    def _heading(self) -> str:
        return f"{self._table._heading()}; {type(self.objective).__name__}"

    @property
    def _table(self) -> Tabular:
        return self.thing.positions if isinstance(self.thing, Market) else self.thing
