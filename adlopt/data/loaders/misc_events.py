"""Hyperliquid's misc events: funding, deposits, withdrawals and transfers of perpetual accounts.

A block a line, JSON, plain or LZ4: `{"events": [{"time": ISO, "inner": {"Funding": {"deltas":
[{"user", "coin", "funding_amount"}]} | "LedgerUpdate": {"users": […], "delta": {"type": …}}}}]}`.
Another writing of the same, `UserNonFundingLedgerUpdate` with a `user` and a `delta` such as
`{"Deposit": {"usd": …}}`, is read alike. A kind that is not known is rejected, not passed over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias, Unpack

import polars as pl

from adlopt.data.cells import guess
from adlopt.data.loaders.lines import each_once
from adlopt.data.loaders.raw_tables import events_of
from adlopt.data.loaders.records import How, Malformed, Tally, account, moment, number
from adlopt.foundation.ids import Alike, folded
from adlopt.show.schema.loads import FileReport

NO_CASH = {
    *("CDeposit", "CWithdrawal", "Delegation", "ValidatorRewards", "GossipPriorityAuctionRestart")
}
"""Events that do not move the cash of perpetual accounts."""
NO_CASH_DELTAS = {
    *("spotTransfer", "spotGenesis", "liquidation", "cStakingTransfer", "deployGasAuction"),
    *("accountActivationGas", "borrowLend"),
}
"""Ledger updates that do not; what a liquidation realises is in its fills."""
NO_USD = {"time", "hash", "user", "users", "destination", "vault", "nonce", "coin"}
"""Fields of events whose digits are no dollars."""
TAGS = {"Deposit": 1.0, "Withdraw": -1.0, "Transfer": 1.0}
"""Deltas named by a tag, and the sign of their `usd`."""


Change: TypeAlias = tuple[int, str, float]
"""Time, perpetual account and USD by which its cash changed."""


def read_ledger(
    paths: Sequence[str | Path], **how: Unpack[How]
) -> tuple[pl.DataFrame, list[FileReport]]:
    """Read changes of cash: `time` (ms), `account`, `usd` (signed).

    Raises
    ------
    InputError
        If a file cannot be read or stands twice, or more than the tolerance of its events, or of
        the dollars they move, do not parse.
    """
    schema = {"time": pl.Int64, "account": pl.String, "usd": pl.Float64}
    frames, reports = [pl.DataFrame(schema=schema)], []
    for path in each_once(paths):
        tally = Tally(path, **how)
        for _, events in events_of(tally, _event):
            kinds = Counter(each for each in events if isinstance(each, str))
            for kind, count in kinds.items():
                tally.skip(kind, count)
            found = [each for each in events if not isinstance(each, str)]
            changes = [change for each in found for change in each]
            tally.keep(len(found), {"cash": sum(abs(usd) for _, _, usd in changes)})
            frames.append(pl.DataFrame(changes, schema=schema, orient="row"))
        reports.append(tally.close())
    return pl.concat(frames), reports


def _event(event: Any, alike: Alike) -> list[Change] | str:
    """Changes of cash, or the kind of an event that has none."""
    try:
        return _read(event, alike)
    except Malformed as error:
        error.usd = {"cash": _largest(event)}
        raise


def _largest(event: Any) -> float:
    """What an event that is not understood may move, USD: the largest of its numbers."""
    if isinstance(event, (dict, list)):
        parts = event.items() if isinstance(event, dict) else enumerate(event)
        return max((_largest(each) for key, each in parts if key not in NO_USD), default=0.0)
    amount = None if isinstance(event, bool) else guess(event)
    return 0.0 if amount is None else abs(amount)


def _read(event: Any, alike: Alike) -> list[Change] | str:
    match event:
        case {"time": str(text), "inner": dict(inner)} if len(inner) == 1:
            time = _milliseconds(text)
        case _:
            raise Malformed(event, "an event with a time and one inner kind")
    ((kind, body),) = inner.items()
    match kind, body:
        case "Funding", {"deltas": list(deltas)} if deltas:
            moves = [(account(each, "user"), number(each, "funding_amount")) for each in deltas]
        case "LedgerUpdate", {"users": list(users), "delta": {"type": str(name)} as delta}:
            if name in NO_CASH_DELTAS:
                return name
            moves = list(_moves(name, delta, users))
        case "UserNonFundingLedgerUpdate", {"user": str(), "delta": dict(delta)}:
            moves = list(_tagged(account(body, "user"), delta))
        case _ if kind in NO_CASH:
            return str(kind)
        case _:
            raise Malformed({kind: body}, "Funding or LedgerUpdate, as documented")
    one = folded if alike is Alike.SAME else str
    return [(time, one(name), usd) for name, usd in moves]


def _moves(name: str, delta: dict[str, Any], users: list[Any]) -> Iterator[tuple[str, float]]:
    """Who gains or loses how many USD by a ledger update."""
    first = account({"user": users[0] if users else None}, "user")
    match name:
        case "deposit":
            yield first, number(delta, "usdc" if "usdc" in delta else "amount")
        case "withdraw" | "vaultCreate":
            yield first, -number(delta, "usdc") - number(delta, "fee")
        case "accountClassTransfer":
            if not isinstance(delta.get("toPerp"), bool):
                raise Malformed(delta.get("toPerp"), "true or false in 'toPerp'")
            yield first, number(delta, "usdc") * (1 if delta["toPerp"] else -1)
        case "internalTransfer" | "subAccountTransfer":
            usd = number(delta, "usdc")
            fee = number(delta, "fee") if "fee" in delta else 0.0
            yield account(delta, "user"), -usd - fee
            yield account(delta, "destination"), usd
        case "vaultDeposit":
            usd = number(delta, "usdc")
            yield first, -usd
            yield account(delta, "vault"), usd
        case "vaultWithdraw":
            usd = number(delta, "netWithdrawnUsd")
            yield first, usd
            yield account(delta, "vault"), -usd
        case "vaultDistribution" | "vaultLeaderCommission":
            yield first, number(delta, "usdc")
        case "rewardsClaim":
            usd = number(delta, "amount")
            yield first, usd if delta.get("token", "USDC") == "USDC" else 0.0
        case "send":
            yield from _sent(delta)
        case _:
            raise Malformed(name, "a ledger update that is known")


def _sent(delta: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """Only the venue's own perpetual accounts count, whose dex has no name."""
    usd = number(delta, "usdcValue")
    if delta.get("sourceDex") == "":
        yield account(delta, "user"), -usd
    if delta.get("destinationDex") == "":
        yield account(delta, "destination"), usd


def _tagged(user: str, delta: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """Read a delta under a tag, or with a type."""
    kind = delta.get("type")
    if isinstance(kind, str):
        yield from () if kind in NO_CASH_DELTAS else _moves(kind, delta, [user])
        return
    match list(delta.items()):
        case [(str(tag), dict(body))] if tag in TAGS:
            yield user, TAGS[tag] * number(body, "usd")
        case _:
            raise Malformed(delta, f"one of {', '.join(TAGS)}, or a type")


def _milliseconds(text: str) -> int:
    """Read ISO 8601 of up to nanoseconds; UTC, as the node writes it, unless it says otherwise."""
    head, dot, tail = text.partition(".")
    digits = len(tail) - len(tail.lstrip("0123456789"))
    text = head + dot + tail[: min(digits, 6)] + tail[digits:]
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Malformed(text, "a time such as 2025-10-10T21:16:04.831") from None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    return moment(int((at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000), "time")
