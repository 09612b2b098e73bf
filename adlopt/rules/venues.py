"""Every rule by its name."""

from __future__ import annotations

from collections.abc import Sequence

from adlopt.errors import unknown
from adlopt.rules import exchanges as e
from adlopt.rules import on_chain as p
from adlopt.rules.rule import Rule
from adlopt.show.schema.studies import RuleData, RulesData

VENUES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        p.HYPERLIQUID, e.BINANCE, p.ASTER, p.AEVO, e.BITMEX, e.BYBIT, e.OKX, e.BITGET, e.XCOIN,
        p.BLUEFIN, p.ETHEREAL, p.GTE, e.WHITEBIT, e.BULLISH, p.TRADOOR, p.REYA, p.DYDX, p.DRIFT,
        p.VERTEX, p.PARADEX, p.GMX_V2, p.LIGHTER, e.KRAKEN, e.DERIBIT, p.ZENEX, p.PERCOLATOR,
        e.VMGH,
    )
}  # fmt: skip
"""In no order of merit."""


def rule_named(name: str) -> Rule:
    """Return a venue's rule by its name; see `adlopt venues`.

    Raises
    ------
    InputError
        If there is none of that name.

    Examples
    --------
    >>> rule_named("hyperliquid").close.price.text
    'previous mark'
    """
    if name not in VENUES:
        raise unknown("rule", name, VENUES, listed="adlopt venues")
    return VENUES[name]


def described(names: Sequence[str] = ()) -> RulesData:
    """Describe venues' rules part by part, with what their sources leave open; all unless named.

    Examples
    --------
    >>> described(["gte"]).rules[0].family
    'two-sided queue'
    """
    rules = [rule_named(name) for name in names] or VENUES.values()
    return RulesData(rules=[RuleData(rule=rule.name, **rule.parts()) for rule in rules])
