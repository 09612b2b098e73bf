"""Dollars: what was read is used or left out for a reason, and few may be left out unread."""

import math

import polars as pl
import pytest
from hypothesis import given, strategies as st
from tiers import NIGHTLY, examples
from venue_files import T0, block, detail_row, fill, write_blocks, write_detail, write_snapshot

from adlopt.data.cells import guess
from adlopt.data.loaders import (
    Deficit,
    Rules,
    load,
    load_table,
    read_detail,
    read_node_fills,
    rounds_of,
)
from adlopt.errors import InputError
from adlopt.scoring.quality import counted_once, inspect

LOSSES = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(["0xy", "0xz", ""]), st.integers(-50, 20)),
    min_size=1,
    max_size=9,
)


def of(loaded, quantity):
    return next(each for each in loaded.reconciled if each.quantity == quantity)


@examples(30)
@given(
    losses=LOSSES, once=st.booleans(), prices=st.lists(st.integers(80, 99), min_size=9, max_size=9)
)
def test_every_dollar_is_used_or_left_out(tmp_path_factory, losses, once, prices):
    folder = tmp_path_factory.mktemp("r")
    rows = [
        detail_row(
            user=f"0x{k % 4}",
            time=T0 + 10_000 * wave,
            adl_price=price,
            liquidated_user=loser,
            liquidated_total_equity=equity,
            total_equity=15.0 + k,
        )
        for k, ((wave, loser, equity), price) in enumerate(zip(losses, prices, strict=False))
    ]
    rules = Rules(deficit=Deficit.INCREMENT if once else Deficit.PUBLISHED)
    events = [
        fill(user=row["user"], time=row["time"], px=str(row["adl_price"]), tid=k)
        for k, row in enumerate(rows)
    ]
    node = write_blocks(folder / "f.json", [block(*events, fill(time=T0 + 5_000_000, tid=99))])
    detail = write_detail(folder / "d.csv", rows)
    with read_detail(detail) as fills, read_node_fills([node]) as gaps:
        got = rounds_of(fills, name="d", rules=rules, gaps=gaps)
    assert [each.quantity for each in got.reconciled] == [
        "debt",
        "capacity",
        "recorded",
        "needed",
        "notional",
    ]
    assert all(abs(each.difference) <= 1e-9 * max(each.read, 1.0) for each in got.reconciled)
    owing = {row["time"] for row in rows if row["liquidated_total_equity"] < 0}
    notional = [row["adl_price"] * row["adl_size"] for row in rows]
    inside = [row["adl_price"] * row["adl_size"] for row in rows if row["time"] in owing]
    assert of(got, "notional").read == pytest.approx(math.fsum(notional))
    assert of(got, "notional").used == pytest.approx(math.fsum(inside))
    gaps_usd = [abs(95 - row["adl_price"]) * 2 for row in rows if row["time"] in owing]
    assert of(got, "needed").used == pytest.approx(math.fsum(gaps_usd))
    assert of(got, "needed").read == pytest.approx(
        10.0 + math.fsum(abs(95 - row["adl_price"]) * 2 for row in rows)
    )
    assert of(got, "debt").used == pytest.approx(sum(got.rounds["deficit"]))
    assert of(got, "capacity").used == pytest.approx(sum(got.rounds["capacity"]))
    if not once:
        assert of(got, "debt").left_out == {}


WHALE = 25_000_000.0
SPOILT = {
    "thousands": lambda usd: f'"{usd:,.2f}"',
    "spaces": lambda usd: f"{usd:,.2f}".replace(",", " "),
    "currency": lambda usd: f"${usd:.2f}",
    "parentheses": lambda usd: f"({abs(usd):.2f})",
    "minus": lambda usd: f"{usd:.2f}".replace("-", "\N{MINUS SIGN}") + " ",
    "comma": lambda usd: f'"{usd:.2f}"'.replace(".", ","),
}


@pytest.mark.parametrize("how", SPOILT)
@pytest.mark.parametrize("line", [1, 700, 1_500])
def test_one_record_that_holds_most_dollars_fails_a_load_of_many(tmp_path, how, line):
    head = "ts,who,coin,px,qty,mark,upnl,loser,left\n"
    rows = [f"{T0},a{i},ETH,2005,10,2000,10,zed,-400\n" for i in range(1_500)]
    spoilt = SPOILT[how](-WHALE)
    if guess(spoilt.strip('"')) != -WHALE or spoilt.replace(".", "").lstrip("-").isdigit():
        spoilt = f'"-{WHALE:,.2f}"'
    rows.insert(line, f"{T0},whale,ETH,2005,10,2000,10,yan,{spoilt}\n")
    (tmp_path / "t.csv").write_text(head + "".join(rows))
    columns = {"time": "ts", "account": "who", "price": "px", "size": "qty", "position_pnl": "upnl"}
    columns |= {"coin": "coin", "mark": "mark", "loser": "loser", "loser_equity": "left"}
    mapped = "".join(f'{ours} = "{theirs}"\n' for ours, theirs in columns.items())
    (tmp_path / "m.toml").write_text(f'kind = "fills"\n[columns]\n{mapped}')
    paths = tmp_path / "t.csv", tmp_path / "m.toml"
    with pytest.raises(InputError, match=rf"line {line + 2} is .*hold \$25,000,000.00 of .* debt"):
        load_table(*paths)
    got = load_table(*paths, tolerance=0.99)
    assert of(got, "debt").left_out == {"records that do not parse": WHALE}
    assert of(got, "debt").read == 400.0 + WHALE
    assert abs(of(got, "debt").difference) < 1e-3
    (said,) = [finding for finding in got.findings if finding.name == "rejected records"]
    assert "$25,000,000.00 of debt" in said.text


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *[("-3,000,000", -3e6), ("1,250,000.50", 1250000.5), ("1.250.000,50", 1250000.5)],
        *[("2005,5", 2005.5), ("(400)", -400.0), ("$2,005", 2005.0), ("1_000", 1000.0)],
        *[("2 005", 2005.0), ("2\u00a0005", 2005.0), ("\u2212400", -400.0), ("1'000", 1000.0)],
        *[("N/A", None), ("", None), ("-", None), ("nan", None), ("1e999", None), (None, None)],
    ],
)
def test_what_a_person_reads_in_a_cell_is_read(text, number):
    assert guess(text) == number


def test_a_rejected_record_of_a_loser_that_others_state_leaves_no_debt_out(tmp_path):
    rows = [detail_row() for _ in range(9)] + [detail_row(adl_size="x")]
    rows.append(detail_row(adl_size="x", liquidated_total_equity=-80.0))
    with read_detail(write_detail(tmp_path / "d.csv", rows), tolerance=0.5) as fills:
        got = rounds_of(fills, name="d")
    assert got.rounds["deficit"].to_list() == [50.0]
    assert of(got, "debt").left_out == {"records that do not parse": 30.0}
    assert of(got, "capacity").left_out == {"records that do not parse": 60.0}


def test_increments_are_counted_once_and_not_once_again(tmp_path):
    """Losers are known by id: equal amounts of different losers are not one."""
    losses = [(0, "0xz", -400.0), (1, "0xz", -400.0), (1, "0xy", -300.0), (2, "0xx", -400.0)]
    rows = [
        detail_row(time=T0 + 10_000 * wave, liquidated_user=loser, liquidated_total_equity=equity)
        for wave, loser, equity in losses
    ]
    for deficit, total in ((Deficit.INCREMENT, 1_100.0), (Deficit.PUBLISHED, 1_500.0)):
        with read_detail(write_detail(tmp_path / "d.csv", rows)) as fills:
            got = rounds_of(fills, name="d", rules=Rules(deficit=deficit))
        assert sum(got.rounds["deficit"]) == total
        assert got.rounds["counted_once"].to_list() == [400.0, 300.0, 400.0]
        events = [fill(time=row["time"], tid=k) for k, row in enumerate(rows)]
        node = write_blocks(tmp_path / "f.json", [block(*events)])
        with read_detail(tmp_path / "d.csv") as fills, read_node_fills([node]) as gaps:
            episode = rounds_of(fills, name="d", rules=Rules(deficit=deficit), gaps=gaps).episode()
        assert counted_once(episode).deficit.tolist() == [400.0, 300.0, 400.0]
        found = [finding for finding in inspect(episode) if finding.name == "repeated loser"]
        assert [finding.usd for finding in found] == ([400.0] if total == 1_500.0 else [])


def whole_files(tmp_path):
    """One file of each kind that is read record by record, and how it is loaded."""
    rows = [detail_row(), detail_row(user="0xb", liquidated_total_equity=-1234.5)]
    detail = write_detail(tmp_path / "d.csv", rows)
    node = write_blocks(tmp_path / "f.json", [block(fill()), block(fill(tid=2, user="0xb"))])
    table = pl.DataFrame(rows).select("user", "time", "adl_price")
    table.write_ndjson(tmp_path / "t.jsonl")
    return {"d.csv": (detail, "hyperreplay"), "f.json": (node, "fills")}


@pytest.mark.parametrize("name", ["d.csv", "f.json"])
def test_a_file_that_is_cut_off_anywhere_is_an_error_or_said(tmp_path, name):
    path, kind = whole_files(tmp_path)[name]
    data = path.read_bytes()
    ends = {0, *(i + 1 for i, byte in enumerate(data) if byte == 0x0A)}
    said = []
    near = {end + d for end in ends for d in (-1, 0, 1)}
    for cut in (c for c in range(1, len(data)) if NIGHTLY or c in near or c % 9 == 0):
        path.write_bytes(data[:cut])
        try:
            got = load(kind, [path], tolerance=0.99)
        except InputError as error:
            said.append(str(error))
            continue
        odd = {finding.name for finding in got.findings}
        assert cut in ends or "no line end" in odd
    assert any("the file is cut off: its last record is not whole" in each for each in said)


def test_longs_that_are_not_shorts_are_said_with_their_dollars(tmp_path):
    held = {"BTC": [("0xa", -2, 100, 95), ("0xz", 2, 150, 95)], "ETH": [("0xa", 3, 10, 10)]}
    folder = write_snapshot(tmp_path, T0 - 60_000, {"0xa": 1000, "0xz": -50}, held)
    write_blocks(folder / "20_fills.json", [block(fill())])
    (folder / "20_misc.json").write_text("")
    (said,) = [f for f in load("node", [folder]).findings if f.name == "longs are not shorts"]
    assert said.usd == 30.0
    assert "differ by $30.00 in 1 coin, most in ETH" in said.text


@pytest.mark.parametrize(("age", "old"), [(1_000, False), (4 * 3600_000, True)])
def test_old_prices_are_said_and_the_venues_mark_is_preferred(tmp_path, age, old):
    """The loser holds BTC, marked by the venue itself, and ETH, which nobody else traded."""
    held = {"BTC": [("0xa", -2, 100, 95), ("0xz", 2, 150, 95)]}
    held["ETH"] = [("0xz", 1, 10, 10), ("0xa", -1, 10, 10)]
    folder = write_snapshot(tmp_path, T0 - 5 * 3600_000, {"0xa": 1000, "0xz": -50}, held)
    trades = [
        fill(
            user="0xa",
            coin=coin,
            px=px,
            tid=k,
            dir="Open Long",
            liquidation=None,
            time=T0 - age,
            sz=sz,
        )
        for k, (coin, px, sz) in enumerate([("BTC", "200", "1"), ("ETH", "10", "1")], start=5)
    ]
    write_blocks(folder / "20_fills.json", [block(*trades, fill())])
    (folder / "20_misc.json").write_text("")
    got = load("node", [folder])
    assert got.rounds["deficit"].to_list() == [50.0]
    said = [finding for finding in got.findings if finding.name == "old marks"]
    assert [finding.usd for finding in said] == ([20.0 - 10.0] if old else [])
    if old:
        assert "older than 60 s, the oldest 14,400 s, of ETH in wave 1" in said[0].text


def test_accounts_that_the_snapshot_does_not_know_are_of_unknown_worth(tmp_path):
    held = {"BTC": [("0xa", -2, 100, 95), ("0xz", 2, 150, 95)]}
    folder = write_snapshot(tmp_path, T0 - 60_000, {"0xa": 1000, "0xz": -50}, held)
    unknown = {"liquidatedUser": "0xy", "markPx": "95", "method": "backstop"}
    fills = [fill(), fill(user="0xb", tid=2, liquidation=unknown)]
    write_blocks(folder / "20_fills.json", [block(*fills)])
    (folder / "20_misc.json").write_text("")
    got = load("node", [folder])
    said = {finding.name: finding for finding in got.findings}
    assert said["unknown liquidated accounts"].usd == 180.0
    assert said["unknown liquidated accounts"].text.startswith("1 of 2 liquidated accounts are")
    assert said["unknown deleveraged accounts"].text.startswith("1 of 2 deleveraged accounts are")
    assert of(got, "capacity").left_out == {"of accounts of unknown equity": 10.0}
