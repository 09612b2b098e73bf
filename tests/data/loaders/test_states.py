"""Snapshots, misc events and what follows from them, against books kept event by event."""

import json
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, strategies as st
from tiers import examples
from venue_files import T0, block, fill, funding, update, write_blocks, write_snapshot

from adlopt.data.loaders import (
    Capacity,
    Deficit,
    Rules,
    equities_at,
    every_trade,
    load,
    markouts,
    production,
    read_ledger,
    read_node_fills,
    read_snapshot,
    rounds_of,
    valued,
)
from adlopt.errors import InputError

START = T0 - 60_000
USERS, COINS = ("0xa", "0xb", "0xz"), ("BTC", "ETH")


def iso(ms):
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")


class Books:
    """Accounts kept event by event: cash, size and average entry."""

    def __init__(self, values, held, marks):
        self.marks = dict(marks)
        self.size = {(u, c): size for (u, c), (size, _) in held.items()}
        self.entry = {(u, c): entry for (u, c), (_, entry) in held.items()}
        self.cash = {u: usd - self.unrealised(u) for u, usd in values.items()}

    def unrealised(self, user):
        keys = [key for key in self.size if key[0] == user]
        return sum(self.size[k] * (self.marks[k[1]] - self.entry[k]) for k in keys)

    def equity(self, user):
        return self.cash.get(user, 0.0) + self.unrealised(user)

    def trade(self, user, coin, trade, price, fee=0.0):
        """Trade, and return the PNL that closes."""
        key = user, coin
        size, entry = self.size.get(key, 0.0), self.entry.get(key, price)
        closed = 0.0 if size * trade >= 0 else min(abs(size), abs(trade)) * (1 if size > 0 else -1)
        realised = closed * (price - entry)
        after = size + trade
        if size * trade >= 0:
            entry = (entry * size + price * trade) / after if after else price
        elif abs(trade) > abs(size):
            entry = price
        self.size[key], self.entry[key] = after, entry
        self.cash[user] = self.cash.get(user, 0.0) + realised - fee
        return realised


EVENT = st.tuples(
    st.sampled_from(USERS),
    st.sampled_from(COINS),
    st.integers(-4, 4).filter(bool),
    st.integers(50, 150),
    st.integers(0, 3),
)


@examples(30)
@given(
    values=st.tuples(*[st.integers(-200, 500)] * 3),
    sizes=st.tuples(*[st.integers(-5, 5)] * 6),
    events=st.lists(EVENT, max_size=12),
    moves=st.lists(st.tuples(st.sampled_from(USERS), st.integers(-50, 50)), max_size=4),
)
def test_equities_are_those_of_books_kept_event_by_event(
    tmp_path_factory, values, sizes, events, moves
):
    folder = tmp_path_factory.mktemp("s")
    marks = {"BTC": 100.0, "ETH": 80.0}
    keys = [(user, coin) for user in USERS for coin in COINS]
    held = {key: (size, 90.0) for key, size in zip(keys, sizes, strict=True) if size}
    books = Books(dict(zip(USERS, values, strict=True)), held, marks)
    markets = {
        coin: [(u, size, entry, marks[c]) for (u, c), (size, entry) in held.items() if c == coin]
        for coin in COINS
    }
    write_snapshot(folder, START, dict(zip(USERS, values, strict=True)), markets)
    rows = []
    for i, (user, coin, trade, price, fee) in enumerate(events):
        books.trade(user, coin, trade, price, fee)
        books.marks[coin] = price
        rows.append(
            fill(
                user=user,
                coin=coin,
                sz=str(abs(trade)),
                side="B" if trade > 0 else "A",
                px=str(price),
                fee=str(fee),
                time=START + i,
                tid=i,
                dir="Open Long",
                liquidation=None,
            )
        )
    later = fill(time=START + 500, tid=99, px="3", dir="Open Long", liquidation=None)
    write_blocks(folder / "20_fills.json", [block(*rows, later)])
    for user, usd in moves:
        books.cash[user] += usd
    paid = [funding(user, usd, time=iso(START + 9)) for user, usd in moves]
    early = funding("0xa", 7_777, time=iso(START - 1))
    write_blocks(folder / "20_misc.json", [block(*paid, early)])

    snapshot = read_snapshot(folder)
    ledger, _ = read_ledger([folder / "20_misc.json"])
    names = pl.DataFrame({"account": [*USERS, "0xnew"]})
    path = [folder / "20_fills.json"]
    with every_trade() as trades, read_node_fills(path, trades=trades):
        found = equities_at(START + 500, names, trades, snapshot, ledger)
    priced = {coin for coin in COINS if markets[coin]} | {coin for _, coin, *_ in events}
    for user, equity in found.iter_rows():
        if user == "0xnew":
            assert equity is None, "the snapshot does not know it: that is not nothing"
            continue
        assert {coin for u, coin in books.size if u == user} <= priced
        assert equity == pytest.approx(books.equity(user), abs=1e-6)


LEDGER = [
    (update("deposit", usdc="5"), {"0xa": 5.0}),
    (update("deposit", amount="5.5"), {"0xa": 5.5}),
    (update("withdraw", usdc="5", fee="1"), {"0xa": -6.0}),
    (update("accountClassTransfer", usdc="5", toPerp=True), {"0xa": 5.0}),
    (update("accountClassTransfer", usdc="5", toPerp=False), {"0xa": -5.0}),
    (
        update("internalTransfer", usdc="5", user="0xa", destination="0xb", fee="1"),
        {"0xa": -6.0, "0xb": 5.0},
    ),
    (
        update("subAccountTransfer", usdc="5", user="0xa", destination="0xb"),
        {"0xa": -5.0, "0xb": 5.0},
    ),
    (update("vaultDeposit", usdc="5", vault="0xv"), {"0xa": -5.0, "0xv": 5.0}),
    (update("vaultWithdraw", netWithdrawnUsd="5", vault="0xv"), {"0xa": 5.0, "0xv": -5.0}),
    (update("vaultCreate", usdc="5", fee="1"), {"0xa": -6.0}),
    (update("vaultLeaderCommission", usdc="5"), {"0xa": 5.0}),
    (update("rewardsClaim", amount="5", token="USDC"), {"0xa": 5.0}),
    (update("rewardsClaim", amount="5", token="HYPE"), {"0xa": 0.0}),
    (
        update(
            "send",
            usdcValue="5",
            user="0xa",
            destination="0xb",
            sourceDex="",
            destinationDex="spot",
        ),
        {"0xa": -5.0},
    ),
    (update("spotTransfer", usdcValue="5"), {}),
    (update("liquidation", accountValue="5"), {}),
    (funding("0xc", -2.5), {"0xc": -2.5}),
    ({"time": "2025-10-10T21:16:04", "inner": {"ValidatorRewards": {"x": 1}}}, {}),
]


@pytest.mark.parametrize(("event", "moves"), LEDGER)
def test_ledger_updates_move_cash_as_documented(tmp_path, event, moves):
    path = write_blocks(tmp_path / "m.json", [block(event)])
    ledger, (report,) = read_ledger([path])
    assert dict(ledger.select("account", "usd").iter_rows()) == moves
    assert (report.read, report.rejected) == (1, 0)


def tagged(delta):
    inner = {"UserNonFundingLedgerUpdate": {"user": "0xa", "delta": delta}}
    return {"time": "2025-10-10T21:16:04.831Z", "inner": inner}


def test_both_writings_of_a_ledger_update_are_read(tmp_path):
    events = [
        tagged({"Deposit": {"usd": "5"}}),
        tagged({"Withdraw": {"usd": 2}}),
        tagged({"type": "deposit", "usdc": "1"}),
    ]
    ledger, _ = read_ledger([write_blocks(tmp_path / "m.json", [block(*events)])])
    assert ledger["usd"].to_list() == [5.0, -2.0, 1.0]
    assert ledger["time"].to_list()[0] == T0


@pytest.mark.parametrize(
    "event",
    [
        update("teleport", usdc="5"),
        update("deposit", usd="5"),
        update("deposit", usdc="NaN"),
        update("deposit", (), usdc="5"),
        update("accountClassTransfer", usdc="5"),
        update("deposit", usdc="5", time="yesterday"),
        funding("", 5),
        funding("0xa", "x"),
        {"time": "2025-10-10T21:16:04", "inner": {"Funding": {"deltas": [{"user": "0xa"}]}}},
        {"time": "2025-10-10T21:16:04", "inner": {"Funding": {"delta": []}}},
        {"time": "2025-10-10T21:16:04", "inner": {"UserFunding": {}}},
        {"time": "2025-10-10T21:16:04", "inner": {}},
        tagged({"Refund": {"usd": 5}}),
        tagged({"Deposit": {"usdc": 5}}),
        7,
    ],
)
def test_what_is_not_understood_is_rejected_and_never_zero(tmp_path, event):
    path = write_blocks(tmp_path / "m.json", [block(funding("0xa", 100), event)])
    with pytest.raises(InputError, match=r"m.json line 1 .* 1 of 2 records do not parse"):
        read_ledger([path])
    ledger, (report,) = read_ledger([path], tolerance=0.5)
    assert (len(ledger), report.rejected) == (1, 1)


def test_snapshots_are_checked(tmp_path):
    folder = write_snapshot(tmp_path / "s", START, {"0xa": 5}, {"BTC": [("0xa", -2, 100, 90)]})
    snapshot = read_snapshot(folder)
    assert snapshot.time == START
    assert snapshot.positions.row(0) == ("0xa", "BTC", -2.0, 100.0, 90.0)
    values = folder / f"account_value_snapshot_7_{START}.json"
    row = {"user": "0xa", "account_value": "5"}
    for bad in (row, {"user": "0xb"}, {"user": "", "account_value": 1}, 3):
        values.write_text(json.dumps([row, bad]))
        with pytest.raises(InputError, match="line 2"):
            read_snapshot(folder)
    values.rename(folder / f"account_value_snapshot_7_{START + 1}.json")
    with pytest.raises(InputError, match=f"a snapshot at {START + 1}"):
        read_snapshot(folder)
    (folder / f"account_value_snapshot_7_{START + 1}.json").unlink()
    with pytest.raises(InputError, match="one account_value_snapshot"):
        read_snapshot(folder)


def node_folder(tmp_path):
    """0xz is long 10 from 100 with 50 USD; at 94 it lacks 10, and 0xa and 0xb close against it."""
    marks = [("0xz", 10, 100, 100), ("0xa", -6, 100, 100), ("0xb", -4, 100, 100)]
    folder = write_snapshot(
        tmp_path / "node", START, {"0xz": 50, "0xa": 30, "0xb": 4}, {"BTC": marks}
    )
    trade = {"dir": "Open Long", "liquidation": None}
    path = [fill(user="0xq", px="94", sz="1", time=T0 - 5, tid=1, **trade)]
    liquidated = {"liquidatedUser": "0xz", "markPx": "94", "method": "backstop"}
    taken = [
        fill(
            user=u,
            px="95",
            sz=size,
            closedPnl=pnl,
            tid=i,
            startPosition=start,
            fee="0.5",
            liquidation=liquidated,
        )
        for i, (u, size, start, pnl) in enumerate(
            [("0xa", "6", "-6", "30"), ("0xb", "2", "-4", "10")], start=2
        )
    ]
    later = [fill(user="0xq", px="90", sz="1", time=T0 + 900, tid=9, **trade)]
    write_blocks(folder / "21_fills.json", [block(*path), block(*taken), block(*later)])
    write_blocks(folder / "21_misc.json", [block(funding("0xb", -1, time=iso(T0 - 9)))])
    return folder


def test_a_folder_of_node_files_becomes_an_episode_without_look_ahead_in_values(tmp_path):
    loaded = load("node", [node_folder(tmp_path)])
    episode = loaded.episode()
    start = episode.rounds[0].start
    assert start.deficit == 10.0
    assert episode.needed.tolist() == [8.0]
    assert start.account == ("0xa", "0xb")
    assert start.equity.tolist() == [30 + 36, 4 + 24 - 1]
    assert start.capacity.tolist() == [36.0, 24.0]
    assert len(loaded.reports) == 4
    assert not any("capacity" in each for each in loaded.look_ahead)
    assert episode.recorded[0].haircut.tolist() == [6 * (95 - 94) + 0.5 + 2 * (95 - 94) + 0.5]


def test_rounds_before_the_snapshot_have_no_state(tmp_path):
    folder = node_folder(tmp_path)
    for path in folder.glob("*snapshot*"), folder.glob("perp*"):
        for each in path:
            each.rename(each.with_name(each.name.replace(str(START), str(T0 + 1))))
    with pytest.raises(InputError, match=f"wave 1 is {T0}: expected a start after the snapshot"):
        load("node", [folder])


def test_production_is_what_two_replays_differ_by(tmp_path):
    folder = node_folder(tmp_path)
    rules = Rules(capacity=Capacity.POSITION, deficit=Deficit.INCREMENT)
    path = [folder / "21_fills.json"]
    with every_trade() as trades, read_node_fills(path, trades=trades) as fills:
        snapshot, (ledger, _) = read_snapshot(folder), read_ledger([folder / "21_misc.json"])
        with valued(fills, trades, snapshot, ledger, rules) as known:
            loaded = rounds_of(known, name="n", rules=rules)
        for horizon, price in ((0, 94.0), (899, 94.0), (900, 90.0), (5_000, 90.0)):
            total = 0.0
            for user, size, cash in (("0xa", -6, 30), ("0xb", -4, 4)):
                held = {(user, "BTC"): (size, 100.0)}
                quiet, taken = (Books({user: cash}, held, {"BTC": 100.0}) for _ in range(2))
                taken.trade(user, "BTC", 6 if user == "0xa" else 2, 95.0, fee=0.5)
                quiet.marks["BTC"] = taken.marks["BTC"] = price
                total += max(quiet.equity(user) - taken.equity(user), 0.0)
            costs = markouts(fills, loaded, trades, horizon_ms=horizon)
            assert production(costs, loaded, horizon_ms=horizon).haircut == {1: total}
        with pytest.raises(InputError, match="horizon_ms"):
            markouts(fills, loaded, trades, horizon_ms=-1)


@pytest.mark.parametrize(
    ("side", "price", "mark", "later", "immediate", "opportunity"),
    [
        ("A", 5.0, 5.0, 6.0, 0.0, -10.0),
        ("A", 5.0, 5.2, 6.0, -2.0, -8.0),
        ("B", 6.0, 6.0, 5.0, 0.0, -10.0),
    ],
)
def test_markouts_of_worked_examples(tmp_path, side, price, mark, later, immediate, opportunity):
    liquidation = {"liquidatedUser": "0xz", "markPx": str(mark)}
    events = [
        fill(side=side, sz="10", px=str(price), liquidation=liquidation, startPosition="10"),
        fill(px=str(later), dir="Open Long", liquidation=None, tid=2, time=T0 + 50),
        fill(px="77", dir="Open Long", liquidation=None, tid=3, time=T0 + 101),
        fill(px="66", coin="ETH", dir="Open Long", liquidation=None, tid=4, time=T0 + 60),
    ]
    path = [write_blocks(tmp_path / "f.json", [block(*events)])]
    with every_trade() as trades, read_node_fills(path, trades=trades) as fills:
        loaded = rounds_of(fills, name="f", rules=Rules(capacity=Capacity.POSITION))
        (row,) = markouts(fills, loaded, trades, horizon_ms=100).rows(named=True)
        assert row["immediate"] == pytest.approx(immediate)
        assert row["opportunity"] == pytest.approx(opportunity)
        assert row["total"] == pytest.approx(immediate + opportunity)
        early = markouts(fills, loaded, trades, horizon_ms=0)
        with pytest.raises(InputError, match=r"no later price of \['BTC'\]"):
            production(early, loaded, horizon_ms=0)
