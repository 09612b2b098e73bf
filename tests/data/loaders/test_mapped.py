"""A table of one's own, by a TOML file that says what its columns mean."""

import numpy as np
import polars as pl
import pytest

from adlopt.data.loaders import read_mapped, read_mapping
from adlopt.errors import InputError

FILLS = """
kind = "fills"
name = "mine"
time_unit = "iso"
[columns]
account = "trader"
coin = "market"
time = "at"
price = "px"
size = "qty"
mark = "mark"
loser = "bankrupt"
loser_equity = "left"
position_pnl = "upnl"
equity = "worth"
[rules]
capacity = "position"
"""
ROWS = """\
trader,market,at,px,qty,mark,bankrupt,left,upnl,worth,note
ann,ETH,2026-01-01T00:00:00Z,100,2,103,zed,-40,50,80,x
bob,ETH,2026-01-01T00:00:01Z,101,1,103,zed,-45,9,90,
ann,BTC,2026-01-01T00:00:06.001Z,900,0.5,880,zed,-50,20,5,"a, b"
"""
ACCOUNTS = """
kind = "accounts"
[columns]
round = "wave"
account = "who"
capacity = "profit"
deficit = "D"
needed = "B"
leverage = "lev"
"""
TABLE = """\
wave,who,profit,D,B,lev
7,ann,50,40,30,3
7,bob,10,40,30,2
9,ann,20,5,6,1
"""


def put(tmp_path, mapping, table, name="t.csv"):
    (tmp_path / "map.toml").write_text(mapping)
    (tmp_path / name).write_text(table)
    return tmp_path / name, read_mapping(tmp_path / "map.toml")


def test_fills_become_rounds(tmp_path):
    loaded = read_mapped(*put(tmp_path, FILLS, ROWS))
    episode = loaded.episode()
    assert episode.name == "mine"
    assert episode.deficit.tolist() == [45.0, 5.0]
    assert episode.needed.tolist() == [8.0, 10.0]
    first, second = episode
    assert first.start.account == ("ann", "bob")
    assert first.start.capacity.tolist() == [50.0, 9.0]
    assert second.start.capacity.tolist() == [5.0]
    assert loaded.unavailable == {}


def test_accounts_become_rounds(tmp_path):
    loaded = read_mapped(*put(tmp_path, ACCOUNTS, TABLE))
    episode = loaded.episode()
    assert episode.deficit.tolist() == [40.0, 5.0]
    assert episode.needed.tolist() == [30.0, 6.0]
    assert episode.rounds[0].start.features["leverage"].tolist() == [3.0, 2.0]
    assert [round_.start.signals["wave"] for round_ in episode] == [7.0, 9.0]
    assert loaded.unavailable == {"equity": "no column is mapped to it"}
    (origin,) = loaded.origins[7]["all"]
    assert (origin.first, origin.last, origin.records) == (2, 3, 2)


def test_parquet_and_json_lines_load_alike(tmp_path):
    path, mapping = put(tmp_path, ACCOUNTS, TABLE)
    frame = pl.read_csv(path)
    frame.write_parquet(tmp_path / "t.parquet")
    frame.write_ndjson(tmp_path / "t.jsonl")
    wanted = read_mapped(path, mapping).episode()
    for name in ("t.parquet", "t.jsonl"):
        episode = read_mapped(tmp_path / name, mapping).episode()
        for ours, theirs in zip(episode, wanted, strict=True):
            assert ours.start.account == theirs.start.account
            assert np.array_equal(ours.start.capacity, theirs.start.capacity)


@pytest.mark.parametrize(
    ("mapping", "match"),
    [
        ("kind = ", "a mapping of columns"),
        ("[columns]\n", "a mapping of columns"),
        (FILLS.replace("fills", "trades"), "a mapping of columns"),
        (FILLS.replace('time = "at"\n', ""), r"columns.time is None"),
        (FILLS.replace('time = "at"', 'time = ""'), r"columns.time is ''"),
        (FILLS.replace("loser_equity", "looser"), r"columns is 'looser': .*did you mean 'loser'"),
        (FILLS.replace('"iso"', '"days"'), "a mapping of columns"),
        (FILLS.replace('"position"', '"all"'), "a mapping of columns"),
        (FILLS + "gap = 3\n", "a mapping of columns"),
        (ACCOUNTS + "[rules]\n", "rules is 'given'"),
        (ACCOUNTS.replace('needed = "B"\n', ""), "columns.needed is None"),
        ("x" * 10_000, "a mapping of columns"),
    ],
)
def test_mappings_are_checked(tmp_path, mapping, match):
    with pytest.raises(InputError, match=match):
        put(tmp_path, mapping, "")


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("wave,who", "wave,whom", "a column 'who'"),
        ("7,bob,10,40,30,2", "7,bob,10,41,30,2", r"deficit of round 7 is \[40.0, 41.0\]"),
        ("9,ann,20", "9.5,ann,20", "line 4 is 9.5: expected a round"),
        ("7,bob,10", "7,bob,-10", r"capacity\[1\] is -10"),
        ("7,bob,10", "7,ann,10", "id not used before"),
        ("7,bob,10", "7,bob,", "line 3"),
        (",3\n", ",NaN\n", "line 2 is 'NaN'"),
    ],
)
def test_tables_are_checked(tmp_path, old, new, match):
    assert old in TABLE
    with pytest.raises(InputError, match=match):
        read_mapped(*put(tmp_path, ACCOUNTS, TABLE.replace(old, new))).episode()


def test_a_capacity_that_is_not_in_the_table_is_unavailable(tmp_path):
    mapping = FILLS.replace('capacity = "position"', 'capacity = "account"')
    loaded = read_mapped(*put(tmp_path, mapping, ROWS))
    assert "account_pnl" in loaded.unavailable["capacity"]
    assert loaded.accounts is None
    with pytest.raises(InputError, match="mine: capacity is 'unavailable'"):
        loaded.episode()


@pytest.mark.parametrize("name", ["bankrupt", "left", "upnl", "worth"])
def test_a_table_without_a_column_that_is_mapped_is_another_table(tmp_path, name):
    (tmp_path / "map.toml").write_text(FILLS)
    path = tmp_path / "t.csv"
    path.write_text(ROWS.replace(f",{name},", f",{name}s,", 1))
    with pytest.raises(InputError, match=f"a column '{name}'.*{name}s"):
        read_mapped(path, read_mapping(tmp_path / "map.toml"))
    path = tmp_path / "t.parquet"
    pl.read_csv(tmp_path / "t.csv").write_parquet(path)
    with pytest.raises(InputError, match=f"a column '{name}'"):
        read_mapped(path, read_mapping(tmp_path / "map.toml"))


def test_records_of_json_may_leave_out_the_loser_beside_a_snapshot(tmp_path):
    text = 'kind = "fills"\n[columns]\naccount = "a"\ncoin = "c"\ntime = "t"\nprice = "p"\n'
    text += 'size = "s"\nloser = "l"\n[snapshot]\nfile = "w.csv"\naccount = "a"\nequity = "e"\n'
    (tmp_path / "map.toml").write_text(text)
    (tmp_path / "w.csv").write_text("a,e\nann,5\n")
    record = '{"a": "ann", "c": "ETH", "t": 1760130964831, "p": 1, "s": 2}\n'
    (tmp_path / "f.jsonl").write_text(record * 2)
    loaded = read_mapped(tmp_path / "f.jsonl", read_mapping(tmp_path / "map.toml"))
    assert loaded.rounds["deficit"].to_list() in ([], [None])
    assert any(each.name == "snapshot joined" for each in loaded.findings)
