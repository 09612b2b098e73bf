"""What is odd about a file that can be read: a warning, as silence would pass for approval."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from adlopt.errors import InputError, OddInput
from adlopt.foundation.ids import alike, folded
from adlopt.model.market import Market
from adlopt.show.words import dollars

TOTAL = r"(grand|sub)?totals?|sum|summe|overall|all(accounts|winners)?"
"""Names, without blanks, that rows of totals have."""
LEVEL = 1e-9
"""Share by which a total may differ from its parts, for rounding."""


def doubt_accounts(account: Sequence[str], usd: Sequence[float], place: str | Path) -> None:
    """Warn of ids that may be one account, and of a row that may be the total of the others."""
    for text in (*_alike(account, usd), *_totals(account, usd)):
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


def _totals(account: Sequence[str], usd: Sequence[float]) -> Iterator[str]:
    whole = math.fsum(usd)
    for name, amount in zip(account, usd, strict=True):
        sums = abs(whole - 2 * amount) <= LEVEL * abs(whole) and amount > 0
        if sums and len(account) > 2 and re.fullmatch(TOTAL, folded(name)):
            yield (
                f"the account {name!r} has exactly what all others have together, "
                f"{dollars(amount)}: if it is a row of totals, remove it"
            )
