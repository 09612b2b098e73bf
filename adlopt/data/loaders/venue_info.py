"""Hyperliquid's saved `info` responses: `clearinghouseState` of accounts, and `meta`.

A response does not say whose it is: it is saved as ACCOUNT.json, or as a line of a .jsonl file,
`{"user": ACCOUNT, "state": {…}}`, in a folder with the `meta` response, `meta.json`:

    {"marginSummary": {"accountValue"}, "assetPositions": [{"position": {"coin", "szi", "entryPx",
    "positionValue", "unrealizedPnl", "leverage"}}], "time": ms}

Nothing is fetched. Responses of different times are a finding: a market shows one moment.

`meta` is `{"universe": [{"name": "BTC", "szDecimals": 5, "maxLeverage": 40}, …]}`, or plain
`{"BTC": 5, …}`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Unpack

import msgspec

from adlopt.data.files.places import existing_file, inside
from adlopt.data.loaders.market_load import LoadedMarket, market_of
from adlopt.data.loaders.raw_tables import decoded_lines, read_each
from adlopt.data.loaders.records import How, Malformed, Tally, account, moment, number, once
from adlopt.errors import InputError, unknown
from adlopt.foundation.strict_json import decode
from adlopt.model.market_parts import Coins
from adlopt.scoring.quality import Finding
from adlopt.show.schema.loads import FileReport

Decimals = Annotated[int, msgspec.Meta(ge=0, le=18)]


class ListedCoin(msgspec.Struct, frozen=True):
    """A perpetual: how many decimals its sizes have, and the most leverage that it allows."""

    name: str
    szDecimals: Decimals  # noqa: N815 - as the venue calls it
    maxLeverage: Annotated[float, msgspec.Meta(gt=0)] | None = None  # noqa: N815

    @property
    def lot(self) -> float:
        """Contracts."""
        return float(f"1e-{self.szDecimals}")


def read_meta(path: str | Path) -> dict[str, ListedCoin]:
    """Read what is listed, by coin.

    Raises
    ------
    InputError
        If it is no such response, or a coin stands twice.
    """
    path = existing_file(Path(path))
    try:
        found = decode(path.read_bytes())
        if isinstance(found, dict) and "universe" not in found:
            plain = msgspec.convert(found, dict[str, Decimals])
            return {name: ListedCoin(name=name, szDecimals=n) for name, n in plain.items()}
        listed = msgspec.convert(found, dict[str, Any])["universe"]
        listed = msgspec.convert(listed, list[ListedCoin])
    except (ValueError, OSError) as error:
        expected = f"a saved `meta` response, or size decimals by coin ({str(error)[:80]})"
        raise InputError("file", str(path), expected) from None
    coins = {each.name: each for each in listed}
    if len(coins) < len(listed):
        raise InputError(f"{path}: name", len(listed), f"{len(coins)} coins, each once")
    return coins


def read_size_decimals(path: str | Path) -> dict[str, int]:
    """Read how many decimals a size may have, by coin, as `read_meta` does."""
    return {name: each.szDecimals for name, each in read_meta(path).items()}


def margins(names: Sequence[str], meta: Mapping[str, ListedCoin]) -> dict[str, list[float]]:
    """Margin rates, where the venue lists the most leverage of all: maintenance is half initial."""
    most = [meta[coin].maxLeverage if coin in meta else None for coin in names]
    rates = [1.0 / each for each in most if each is not None]
    if len(rates) < len(names):
        return {}
    return {"initial": rates, "maintenance": [rate / 2 for rate in rates]}


META = "meta.json"
APART_MS = 1_000
"""Milliseconds by which the moments of responses may differ without a word."""
SUM = 0.01
"""Share by which a stated unrealised profit may differ from size and prices, for rounding."""


class State(NamedTuple):
    """One response."""

    account: str
    time: int
    value: float
    held: dict[str, tuple[float, float, float]]
    """Signed contracts, entry and mark, USD, by coin."""
    profit: float
    """USD, as stated."""


def info_market(
    folder: str | Path,
    *,
    shed: Sequence[str] | None = None,
    exempt: Mapping[str, str] | None = None,
    **how: Unpack[How],
) -> LoadedMarket:
    """Read a market from a folder of saved responses.

    Parameters
    ----------
    folder : Path
        With meta.json, and ACCOUNT.json or .jsonl files.
    shed : sequence of str, optional
        Accounts all of whose positions go, at their bankruptcy prices; those of the bankrupt unless
        given.
    exempt : mapping of str to str, optional
        Accounts that may not be deleveraged, each with the reason.

    Raises
    ------
    InputError
        If files cannot be used, an account stands twice, or a coin is not listed.
    """
    root = Path(folder)
    meta = read_meta(inside(root, META))
    paths = sorted(p for p in root.iterdir() if p.suffix in (".json", ".jsonl") and p.name != META)
    if not paths:
        raise InputError("path", str(root), f"{META} and clearinghouseState responses")
    states: dict[str, State] = {}
    reports = [_read(inside(root, path.name), states, how) for path in paths]
    held = {(s.account, c): (q, e) for s in states.values() for c, (q, e, _) in s.held.items()}
    marks = _marks(states.values())
    market = market_of(
        held,
        {s.account: s.value - s.profit for s in states.values()},
        _coins(marks, meta),
        exempt=exempt,
    )
    if shed is not None:
        market = replace(market, forced=market.shed(shed))
    times = sorted(state.time for state in states.values())
    return LoadedMarket(
        name=root.name,
        time=times[-1],
        market=market,
        reports=tuple(reports),
        findings=tuple(_odd(states.values(), marks, times)),
    )


def _read(path: Path, states: dict[str, State], how: How) -> FileReport:
    tally = Tally(path, **how)

    def state(record: Any) -> State:
        whose = record if path.suffix == ".jsonl" else {"user": path.stem, "state": record}
        name = once(account(whose, "user", tally.alike), states, "account")
        return _state(name, whose.get("state"))

    for found in read_each(decoded_lines(tally), tally, state):
        states[found.account] = found
        worth = sum(abs(size * mark) for size, _, mark in found.held.values())
        tally.keep(1, {"cash": abs(found.value), "notional": worth})
    return tally.close()


def _state(name: str, response: Any) -> State:
    match response:
        case {"marginSummary": dict(summary), "assetPositions": list(positions)}:
            pass
        case _:
            raise Malformed(response, "a clearinghouseState response")
    held: dict[str, tuple[float, float, float]] = {}
    profit = []
    for each in positions:
        position = each.get("position") if isinstance(each, dict) else None
        if not isinstance(position, dict) or not isinstance(position.get("coin"), str):
            raise Malformed(each, "a position with its coin")
        coin, size = once(position["coin"], held, "coin"), number(position, "szi")
        if size:
            mark = abs(number(position, "positionValue") / size)
            held[coin] = (size, number(position, "entryPx", positive=True), mark)
            profit.append(number(position, "unrealizedPnl"))
    value = number(summary, "accountValue")
    at = moment(response.get("time"), "time")
    return State(name, at, value, held, math.fsum(profit))


def _marks(states: Any) -> dict[str, float]:
    """The mark of each coin: that of its largest position, which rounding changes least."""
    largest: dict[str, tuple[float, float]] = {}
    for state in states:
        for coin, (size, _, mark) in state.held.items():
            largest[coin] = max(largest.get(coin, (0.0, 0.0)), (abs(size), mark))
    return {coin: mark for coin, (_, mark) in largest.items()}


def _coins(marks: Mapping[str, float], meta: Mapping[str, ListedCoin]) -> Coins:
    for coin in marks:
        if coin not in meta:
            raise unknown("coin", coin, meta, remedy=f"save the {META} of the same day")
    names = tuple(sorted(marks))
    lot = [meta[coin].lot for coin in names]
    return Coins(coin=names, mark=[marks[c] for c in names], lot=lot, **margins(names, meta))  # type: ignore[arg-type]


def _odd(states: Any, marks: Mapping[str, float], times: Sequence[int]) -> Iterator[Finding]:
    if times[-1] - times[0] > APART_MS:
        text = f"responses are up to {(times[-1] - times[0]) / 1000:,.0f} s apart: no one moment"
        yield Finding(name="several moments", text=text)
    usd, count = 0.0, 0
    for state in states:
        profit = math.fsum(q * (marks[c] - e) for c, (q, e, _) in state.held.items())
        gross = math.fsum(abs(q * marks[c]) for c, (q, _, _) in state.held.items())
        if abs(profit - state.profit) > SUM * gross + SUM:
            usd, count = usd + abs(profit - state.profit), count + 1
    if count:
        text = f"stated profits of {count:,} accounts differ from size and prices, by ${usd:,.2f}"
        yield Finding(name="profits disagree", text=text, usd=usd)
