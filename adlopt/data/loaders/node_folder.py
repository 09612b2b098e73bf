"""A folder with a clearinghouse snapshot, and node fills and misc events since.

Deficits and equities are those at the start of each round: nothing looks ahead but who won.

The market that a round's rule met: accounts are worth what `states` says; entries are averaged as
the venue does, by what adds to a position. A coin that is deleveraged in the round is marked at the
mean mark of its fills, by size, others at their newest price, which of all is the previous mark.
What was shed is what the round's fills closed, at their mean price, and what winners gave is that
price against the mark.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple, Unpack

import polars as pl

from adlopt.data.files.places import inside
from adlopt.data.loaders.cutting import rounds_of
from adlopt.data.loaders.fills import Fills, Spool
from adlopt.data.loaders.loaded import Loaded
from adlopt.data.loaders.loader import Loader
from adlopt.data.loaders.market_load import LoadedMarket, market_of
from adlopt.data.loaders.markout import by_account, markouts, production
from adlopt.data.loaders.misc_events import read_ledger
from adlopt.data.loaders.node_fills import every_trade, read_node_fills
from adlopt.data.loaders.options import Capacity, Deficit, Rules
from adlopt.data.loaders.records import How
from adlopt.data.loaders.round_figures import in_waves, waves_of
from adlopt.data.loaders.snapshot import Snapshot, open_interest, read_snapshot
from adlopt.data.loaders.states import Books, valued, worth_at
from adlopt.data.loaders.venue_info import ListedCoin, margins, read_meta
from adlopt.errors import InputError
from adlopt.model.market import Market
from adlopt.model.market_parts import Coins
from adlopt.model.positions import Side
from adlopt.model.shed import Shed
from adlopt.scoring.quality import Finding
from adlopt.show.words import DUST

Key = tuple[str, str]


def _read(paths: Sequence[Path], rules: Rules, how: How) -> Loaded:
    """Rounds of the folder, with what production took where it can be told."""
    folder = paths[0]
    files = {kind: node_files(folder, kind) for kind in ("fills", "misc")}
    snapshot = read_snapshot(folder, **how)
    ledger, reports = read_ledger(files["misc"], **how)
    with every_trade() as trades, read_node_fills(files["fills"], trades=trades, **how) as raw:
        with valued(raw, trades, snapshot, ledger, rules) as fills:
            fills.reports += [*reports, *snapshot.reports]
            fills.findings += open_interest(snapshot)
            source = ", ".join(path.name for path in [*files["fills"], *files["misc"]])
            loaded = rounds_of(fills, name="node", source=source, rules=rules)
        if rules.per_coin:
            return loaded
        costs = markouts(raw, loaded, trades, horizon_ms=rules.horizon_ms)
        unpriced = costs.filter(costs["total"].is_null())["coin"].unique().sort().to_list()
        if unpriced:
            reason = f"coins without a price before a round's end: {', '.join(unpriced[:5])}"
            return replace(loaded, unavailable={**loaded.unavailable, "production": reason})
        accounts = loaded.accounts
        if accounts is not None:
            each = by_account(costs).select("wave", "account", markout="total")
            accounts = accounts.join(
                each, on=["wave", "account"], how="left", maintain_order="left"
            )
        made = (production(costs, loaded, horizon_ms=rules.horizon_ms),)
        return replace(loaded, recorded=made, accounts=accounts)


def node_files(folder: Path, kind: str) -> list[Path]:
    """Files of a kind, fills or misc, in order."""
    found = sorted(folder.glob(f"*_{kind}.json*"))
    if not found:
        stem = {"fills": "node_fills", "misc": "misc_events"}[kind]
        found = sorted([*folder.glob(f"{stem}_*.lz4"), *folder.glob(f"{stem}_*.lz4.part-aa")])
    if not found:
        raise InputError("path", str(folder), f"a folder with *_{kind}.json")
    return [inside(folder, path.name) for path in found]


class Wave(NamedTuple):
    """Fills of a round, and when they began."""

    start: int
    fills: pl.DataFrame


def node_market(
    folder: str | Path,
    *,
    wave: int = 1,
    rules: Rules | None = None,
    shed: Sequence[str] | None = None,
    exempt: Mapping[str, str] | None = None,
    **how: Unpack[How],
) -> LoadedMarket:
    """Read the market at the start of a round from a folder as `load("node", …)` takes.

    Parameters
    ----------
    folder : Path
        With a clearinghouse snapshot, node fills and misc events; a saved `meta` response beside
        them says what a lot is, else the finest size seen.
    wave : int
        Number of the round, from 1.
    rules : Rules, optional
        How rounds are cut.
    shed : sequence of str, optional
        Accounts all of whose positions go, at their bankruptcy prices; what the round's fills
        closed, at their prices, unless given.
    exempt : mapping of str to str, optional
        Accounts that may not be deleveraged, such as child vaults, each with the reason.

    Raises
    ------
    InputError
        If files cannot be used, there is no such round, or an account is not in the market.
    """
    root = Path(folder)
    files = {kind: node_files(root, kind) for kind in ("fills", "misc")}
    snapshot = read_snapshot(root, **how)
    ledger, reports = read_ledger(files["misc"], **how)
    found = sorted(root.glob("*meta*.json"))
    meta = read_meta(found[0]) if found else {}
    with every_trade() as trades, read_node_fills(files["fills"], trades=trades, **how) as fills:
        now = _wave(fills, rules or Rules(), wave)
        if now.start < snapshot.time:
            raise InputError(f"wave {wave}", now.start, f"a start after {snapshot.time}")
        marks = fills.scan().select("time", "coin", "mark").collect(engine="streaming")
        books = Books(trades, snapshot, ledger, marks)
        market, odd = _market(now, books, meta, exempt or {}, shed)
        reports = [*fills.reports, *reports, *snapshot.reports]
    return LoadedMarket(
        name=f"{root.name}, wave {wave}",
        time=now.start,
        market=market,
        reports=tuple(reports),
        findings=(*open_interest(snapshot), *odd),
    )


def _wave(fills: Fills, rules: Rules, wave: int) -> Wave:
    waves = waves_of(fills.scan(), rules)
    numbers = sorted(set(waves["wave"])) if len(waves) else []
    if wave not in numbers:
        raise InputError("wave", wave, f"a round from 1 to {max(numbers, default=0)}")
    own = in_waves(fills.scan(), waves).filter(pl.col("wave") == wave)
    table = own.collect(engine="streaming").sort("row")
    return Wave(int(table["time"].min()), table)  # type: ignore[arg-type]


def _market(
    now: Wave,
    books: Books,
    meta: Mapping[str, ListedCoin],
    exempt: Mapping[str, str],
    chosen: Sequence[str] | None,
) -> tuple[Market, list[Finding]]:
    trades, snapshot = books.trades, books.snapshot
    traded = trades.scan().select("account").unique().collect(engine="streaming")
    names = pl.concat([snapshot.positions["account"], traded["account"], now.fills["loser"]])
    worth, equity = worth_at(now.start, names.unique().to_frame(), books)
    value = {a: v for a, v in equity.iter_rows() if v is not None}
    entry = _entries(snapshot, trades, now.start)
    open_ = worth.filter(pl.col("size") != 0.0)
    rows = {(a, c): (s, m) for a, c, s, m in open_.select("account", "coin", "size", "mark").rows()}
    held = {k: (size, entry[k]) for k, (size, _) in rows.items() if k[0] in value}
    cash = dict(value)
    for (account, coin), (size, price) in held.items():
        cash[account] -= size * (rows[account, coin][1] - price)
    findings = list(_unknown(rows, value))
    coins = _coins(now, {coin: mark for (_, coin), (_, mark) in rows.items()}, books, meta)
    forced, recorded, closed, odd = _done(now, held, dict(zip(coins.coin, coins.mark, strict=True)))
    market = market_of(
        held, cash, coins, forced=forced, recorded=recorded, closed=closed, exempt=exempt
    )
    if chosen is not None:
        market = replace(market, forced=market.shed(chosen))
    return market, findings + odd


def _entries(snapshot: Snapshot, trades: Spool, until: int) -> dict[Key, float]:
    """Mean entry of each position, USD: what adds to it moves it, what closes does not."""
    held = {
        (account, coin): (size, entry)
        for account, coin, size, entry in snapshot.positions.select(
            "account", "coin", "size", "entry"
        ).iter_rows()
    }
    span = pl.col("time").is_between(snapshot.time, until, closed="left")
    columns = ("account", "coin", "trade", "price")
    rows = trades.scan().filter(span).select("time", *columns).collect(engine="streaming")
    ordered = rows.sort("time", maintain_order=True).select(columns)
    for account, coin, trade, price in ordered.iter_rows():
        size, entry = held.get((account, coin), (0.0, price))
        after = size + trade
        if size * trade >= 0.0:
            entry = (size * entry + trade * price) / after if after else price
        elif size * after < 0.0:
            entry = price
        held[account, coin] = after, entry
    return {key: entry for key, (_, entry) in held.items()}


def _unknown(
    rows: Mapping[Key, tuple[float, float]], value: Mapping[str, float]
) -> Iterator[Finding]:
    lost = {key: abs(size * mark) for key, (size, mark) in rows.items() if key[0] not in value}
    if lost:
        usd, accounts = sum(lost.values()), len({account for account, _ in lost})
        text = (
            f"{accounts:,} accounts of unknown worth are left out, with positions of ${usd:,.2f}: "
            "the snapshot does not know them, or a price is missing"
        )
        yield Finding(name="unknown accounts", text=text, usd=usd)


def _coins(
    now: Wave, newest: Mapping[str, float], books: Books, meta: Mapping[str, ListedCoin]
) -> Coins:
    """Marks and lots, and margins where the venue lists the most leverage."""
    worth, size = (pl.col("mark") * pl.col("size")).sum(), pl.col("size").sum()
    means = dict(now.fills.group_by("coin").agg(worth / size).iter_rows())
    marks = {**newest, **means}
    names, finest = tuple(sorted(marks)), _finest(books)
    lots = [meta[c].lot if c in meta else finest.get(c, 1.0) for c in names]
    given = margins(names, meta) | {"previous_mark": [newest.get(c, marks[c]) for c in names]}
    return Coins(coin=names, mark=[marks[c] for c in names], lot=lots, **given)  # type: ignore[arg-type]


def _finest(books: Books) -> dict[str, float]:
    """The finest size that each coin was held or traded in, a power of ten, contracts."""
    traded = books.trades.scan().select("coin", size="trade").unique().collect(engine="streaming")
    both = pl.concat([traded, books.snapshot.positions.select("coin", "size")])
    digits: defaultdict[str, int] = defaultdict(int)
    for coin, size in both.iter_rows():
        exponent = Decimal(str(size)).normalize().as_tuple().exponent
        digits[coin] = max(digits[coin], -int(exponent))
    return {coin: float(f"1e-{n}") for coin, n in digits.items()}


def _done(
    now: Wave, held: Mapping[Key, tuple[float, float]], marks: Mapping[str, float]
) -> tuple[Shed | None, dict[str, float], dict[Key, float], list[Finding]]:
    """What was shed, what it took from each account at the mark, USD, and closed, contracts."""
    given: defaultdict[str, float] = defaultdict(float)
    closed: defaultdict[Key, float] = defaultdict(float)
    gone: defaultdict[tuple[str, str, Side], list[float]] = defaultdict(lambda: [0.0, 0.0])
    rows = now.fills.select("account", "loser", "coin", "trade", "price")
    for account, loser, coin, trade, price in rows.iter_rows():
        given[account] += trade * (price - marks[coin])
        closed[account, coin] += abs(trade)
        order = gone[loser, coin, Side.LONG if trade > 0 else Side.SHORT]
        order[0] += abs(trade)
        order[1] += abs(trade) * price
    kept, lost = {}, 0.0
    for key in sorted(gone, key=lambda key: (key[0], key[1], key[2].value)):
        size, worth = gone[key]
        has = held.get(key[:2], (0.0, 0.0))[0] * key[2].sign
        least = min(size, max(has, 0.0))
        lost += (size - least) * marks[key[1]]
        if least > 0:
            kept[key] = least, worth / size
    findings = []
    if lost > DUST:
        text = (
            f"${lost:,.2f} of what was shed is left out: its account's position is not so large "
            "when the round begins"
        )
        findings.append(Finding(name="shed without a position", text=text, usd=lost))
    there = {account for account, _ in held}
    apart = math.fsum(abs(usd) for account, usd in given.items() if account not in there)
    if apart:
        text = f"${apart:,.2f} were given by accounts that the market does not show"
        findings.append(Finding(name="given by others", text=text, usd=apart))
    if not kept:
        return None, given, closed, findings
    forced = Shed(
        loser=tuple(loser for loser, _, _ in kept),
        coin=tuple(coin for _, coin, _ in kept),
        side=tuple(side for _, _, side in kept),
        size=[size for size, _ in kept.values()],  # type: ignore[arg-type]
        price=[price for _, price in kept.values()],  # type: ignore[arg-type]
        mark=[marks[coin] for _, coin, _ in kept],  # type: ignore[arg-type]
    )
    return forced, given, closed, findings


LOADER = Loader(
    kind="node",
    takes="FOLDER (a clearinghouse snapshot, and *_fills.json and *_misc.json since)",
    read=_read,
    rules=Rules(capacity=Capacity.POSITION, deficit=Deficit.INCREMENT),
    most=1,
)
