"""A venue's rule, composed of parts.

::

    rule = trigger × what the fund pays first
         × close     eligible × order or weights × limits, in tiers; whole lots; closing price
         × haircut   eligible × order or weights × limits, in tiers; dollars; owed later or not
         × residual  what the fund pays of what users leave unpaid; the rest is left
         × tie-break
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adlopt.errors import InputError
from adlopt.foundation.arrays import IntArray
from adlopt.model.market import Market
from adlopt.model.shed import Shed
from adlopt.rules.lights import Light
from adlopt.rules.row_formula import RowFormula
from adlopt.rules.split import Queue, Split

ANYONE = RowFormula("anyone", lambda rows: 1.0)
"""Everyone is eligible."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """A number that a venue reads off its market, with the text that tables show.

    Parameters
    ----------
    text : str
    of : callable
        From a Market to a number; a condition holds where it is not 0.
    """

    text: str
    of: Callable[[Market], float]


AS_THEY_COME = Queue(())
"""Losers by id."""
ALWAYS = Gauge("always", lambda market: 1.0)
"""No condition besides a shortfall that the fund may not pay."""
WHOLE_FUND = Gauge("the whole fund", lambda market: market.fund)
"""The fund pays first while it lasts."""
NO_FUND = Gauge("nothing", lambda market: 0.0)
"""Users pay first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Some rows, and how they share what reaches them; what they cannot bear goes on.

    Parameters
    ----------
    split : Split
        An order, or weights.
    eligible : RowFormula
        Holds for the rows of the tier. Of positions to be closed, it may read the loser's columns
        (`loser_bankruptcy_price`, …) and the `closing_price`; of accounts, whether they hold a
        position `opposite` to what had to go.
    limit : RowFormula, optional
        The most that may be taken of a row: contracts of a position, USD of an account; infinite
        is no limit. Unless given, the whole position, and the positive unrealised profit.
    after_fund : bool
        Whether it gives only what the fund leaves once the tiers before have given; of dollars.
    """

    split: Split
    eligible: RowFormula = ANYONE
    limit: RowFormula | None = None
    after_fund: bool = False

    @property
    def text(self) -> str:
        """Who, and how."""
        who = "" if self.eligible is ANYONE else f"{self.eligible.text}: "
        return "then the fund, then " * self.after_fund + who + self.split.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """Close positions on the other side against those of the losers, at one price for both.

    Parameters
    ----------
    tiers : Tier, …
    price : RowFormula
        USD a contract; reads the candidate's columns and, as `loser_…`, the loser's, and the
        signal `fund_pays`, USD that the fund still pays before users do.
    fund_takes_positions : bool
        Whether the fund takes over positions at their bankruptcy price while it pays; else users
        take them all, and it pays what their price leaves.
    losers : Queue
        Which loser is served first; equal ones by id.
    rounds_up : bool
        Whether what a part of a position pays at the bankruptcy price is rounded in the loser's
        favour, to the micro-dollar; else in the taker's. The last pays what is left.
    """

    tiers: tuple[Tier, ...]
    price: RowFormula
    losers: Queue = AS_THEY_COME
    fund_takes_positions: bool = True
    rounds_up: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Haircut:
    """Take dollars from accounts for what is still unpaid.

    Parameters
    ----------
    tiers : Tier, …
    owed : bool
        Whether what is taken stays owed to its owner.
    by_coin : bool
        Whether each coin's share of the debt is borne by those who hold that coin; limits are then
        of each coin.
    """

    tiers: tuple[Tier, ...]
    owed: bool = False
    by_coin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How a venue deleverages.

    Parameters
    ----------
    name : str
        As it is typed.
    close : Close, optional
    haircut : Haircut, optional
        At least one of the two.
    trigger : Gauge
        A condition besides the shortfall.
    fund : Gauge
        USD that the fund pays before users do.
    residual : Gauge
        USD that the fund pays in all where users leave debt unpaid; the whole fund unless given.
    sheds : callable
        From a Market to what must go; the bankrupt accounts' positions unless given.
    after : callable, optional
        Raises where the venue would refuse the outcome: of the market, what had to go, the lots
        closed of each position, and those of each row of the shed that nobody took.
    tie_break : RowFormula, …
        Served highest first among equals, then by account id.
    light : Light, optional
        How positions are shown their place.
    venue, source, version, unpublished, searched : str
        What it rests on, of venues' rules as `sources.toml` has it.

    Examples
    --------
    >>> from adlopt.rules.row_formula import column
    >>> Rule(name="by-leverage", haircut=Haircut(tiers=(Tier(split=Queue((column("leverage"),))),)))
    Rule(by-leverage)
    """

    name: str
    close: Close | None = None
    haircut: Haircut | None = None
    trigger: Gauge = ALWAYS
    fund: Gauge = WHOLE_FUND
    residual: Gauge = WHOLE_FUND
    sheds: Callable[[Market], Shed] = Market.shed
    after: Callable[[Market, Shed, IntArray, IntArray], None] | None = None
    tie_break: tuple[RowFormula, ...] = ()
    light: Light | None = None
    venue: str = ""
    source: str = ""
    version: str = ""
    unpublished: tuple[str, ...] = ()
    searched: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name or any(c in self.name for c in "+: "):
            raise InputError("rule.name", self.name, "a text without +, : and spaces")
        if self.close is None and self.haircut is None:
            raise InputError("rule", self.name, "something to close or to take", remedy="add it")

    def __repr__(self) -> str:
        return f"Rule({self.name})"

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """Of what it closes; of its haircuts where it closes nothing."""
        stage = self.close or self.haircut
        assert stage is not None
        return stage.tiers

    @property
    def family(self) -> str:
        """What kind of rule it is, in the field's words."""
        parts = [*(self.close.tiers if self.close else ())]
        parts += self.haircut.tiers if self.haircut else ()
        names = ", ".join(dict.fromkeys(tier.split.family for tier in parts))
        both = "two-sided " if self.close and self.close.losers.keys else ""
        return both + names + (", owed later" if self.owes else "")

    @property
    def owes(self) -> bool:
        """Whether what it takes stays owed."""
        return self.haircut is not None and self.haircut.owed

    def parts(self) -> dict[str, Any]:
        """Describe it part by part, as `RuleData` has it."""
        losers = self.close.losers if self.close else AS_THEY_COME
        return {
            "venue": self.venue,
            "family": self.family,
            "closes": [tier.text for tier in self.close.tiers] if self.close else [],
            "losers": losers.text if losers.keys else None,
            "closing_price": self.close.price.text if self.close else None,
            "takes": [tier.text for tier in self.haircut.tiers] if self.haircut else [],
            "owed_later": self.owes,
            "fund_pays_first": self.fund.text,
            "fund_pays_in_all": self.residual.text,
            "trigger": [] if self.trigger is ALWAYS else [self.trigger.text],
            "tie_break": [*(key.text for key in self.tie_break), "account id"],
            "shown_to_traders": self.light.text if self.light else None,
            "unpublished": list(self.unpublished),
            "source": self.source,
            "version": self.version or None,
        }
