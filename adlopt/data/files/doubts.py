"""What is odd about a file that can be read: a warning, as silence would pass for approval."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from adlopt.errors import InputError, OddInput
from adlopt.foundation.ids import alike
from adlopt.model.market import Market
from adlopt.show.words import dollars

TOTAL = re.compile(
    r"\s*(((grand|sub)[\s-]*)?totals?|sum(me)?|overall|all\s*(accounts|winners)?)\s*", re.IGNORECASE
)
"""Names that rows of totals have."""
REMOVE = "if it is a row of totals, remove it"
LEVEL = 1e-9
"""Share by which a total may differ from its parts, for rounding."""


def doubt_accounts(account: Sequence[str], usd: Sequence[float], place: str | Path) -> None:
    """Warn of ids that may be one account, and of a row that may be the total of the others."""
    said = [f"{text}, {dollars(u)}: {REMOVE}" for text, u in totals(account, usd)]
    for text in (*_alike(account, usd), *said):
        warnings.warn(OddInput(f"{place}: {text}"), stacklevel=2)


def doubt_market(market: Market, place: str | Path) -> None:
    """Warn of accounts that may be one, and of longs that are not met by shorts."""
    doubt_accounts(market.accounts.account, market.accounts.balance.tolist(), place)
    try:
        market.check_open_interest()
    except InputError as error:
        text = f"the open interest does not add up: {error}; a position is missing"
        warnings.warn(OddInput(f"{place}: {text}"), stacklevel=2)


def _alike(account: Sequence[str], usd: Sequence[float]) -> Iterator[str]:
    groups = alike(account)
    if groups:
        names = {name for group in groups for name in group}
        amount = math.fsum(abs(u) for name, u in zip(account, usd, strict=True) if name in names)
        yield (
            f"{len(names):,} ids differ from another in case or blanks alone, such as "
            f"{groups[0][0]!r} and {groups[0][1]!r}: they are different accounts, with "
            f"{dollars(amount)} in all; write them alike if they are one"
        )


def totals(account: Sequence[str], usd: Sequence[float]) -> Iterator[tuple[str, float]]:
    """Say which rows may be totals, and what they have."""
    named = {i for i, name in enumerate(account) if TOTAL.fullmatch(name)}
    parts = [0.0 if i in named else u for i, u in enumerate(usd)] if len(account) > 2 else []
    whole = math.fsum(usd)
    for i in sorted(named if parts else ()):
        name, amount = account[i], usd[i]
        if amount > 0 and abs(whole - 2 * amount) <= LEVEL * abs(whole):
            yield f"the account {name!r} has exactly what all others have together", amount
        elif amount > 0 and any(
            abs(amount - math.fsum(own)) <= LEVEL * amount for own in (parts, parts[:i])
        ):
            yield f"the account {name!r} has exactly what those before it have together", amount
