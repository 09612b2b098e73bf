"""Every rule by its name."""

from __future__ import annotations

from adlopt.errors import unknown
from adlopt.rules import exchanges as e
from adlopt.rules import on_chain as p
from adlopt.rules.rule import Rule

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
