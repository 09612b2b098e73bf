"""Every rule by its name."""

from __future__ import annotations

from adlopt.errors import InputError
from adlopt.foundation.user_code import MARK, load
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
    """Return a rule by its name, or from a file of one's own, `path.py:name`.

    Raises
    ------
    InputError
        If there is none of that name.

    Examples
    --------
    >>> rule_named("hyperliquid").close.price.text
    'previous mark'
    """
    if MARK in name:
        found = load(name)
        if not isinstance(found, Rule):
            raise InputError(name, found, "a Rule")
        return found
    if name not in VENUES:
        raise InputError("rule", name, f"one of {', '.join(VENUES)}, or path.py:name")
    return VENUES[name]
