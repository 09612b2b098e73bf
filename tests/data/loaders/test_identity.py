"""Who is who: ids of every type and spelling, in every reader, and columns of any name."""

import datetime as dt
import json

import polars as pl
import pytest
from tiers import NIGHTLY
from venue_files import T0, block, detail_row, fill, write_blocks, write_detail, write_snapshot

from adlopt.data.loaders import Alike, load, load_table, read_detail, rounds_of
from adlopt.errors import AdloptError, InputError

MAP = """kind = "fills"
[columns]
time = "ts"
account = "{account}"
coin = "coin"
price = "px"
size = "qty"
mark = "mark"
position_pnl = "upnl"
loser = "loser"
loser_equity = "left"
"""
ROW = {"ts": T0, "who": "a", "coin": "ETH", "px": 2005.0, "qty": 10.0, "mark": 2000.0}
ROW |= {"upnl": 900.0, "loser": "z", "left": -400.0}


def loaded(tmp_path, columns, account="who", **how):
    pl.DataFrame({name: [value] for name, value in ROW.items()} | columns).write_parquet(
        tmp_path / "t.parquet"
    )
    (tmp_path / "m.toml").write_text(MAP.format(account=account))
    return load_table(tmp_path / "t.parquet", tmp_path / "m.toml", **how)


@pytest.mark.parametrize("column", ["who", "loser", "coin"])
@pytest.mark.parametrize("name", ["\x00", "\u200b"])
def test_an_id_that_cannot_be_seen_is_no_id(tmp_path, column, name):
    with pytest.raises(InputError, match=f"of which something shows in '{column}'"):
        loaded(tmp_path, {column: pl.Series([name])})


WHOLE = [
    *(pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.Int128, pl.UInt8, pl.UInt16, pl.UInt32),
    *(pl.UInt64, pl.Decimal(38, 0)),
]
TEXT = [pl.String, pl.Categorical, pl.Enum(["7"])]
FRACTION = [pl.Float32, pl.Float64, pl.Decimal(38, 6), pl.Decimal(9, 2)]
MOMENT = dt.datetime(2025, 10, 10, 21, 15, tzinfo=dt.UTC)
OTHER = {
    "boolean": pl.Series([True]),
    "date": pl.Series([MOMENT.date()]),
    "time": pl.Series([MOMENT.time()]),
    "moment": pl.Series([MOMENT]),
    "duration": pl.Series([dt.timedelta(seconds=7)]),
    "list": pl.Series([[7]]),
    "array": pl.Series([[7]], dtype=pl.Array(pl.Int64, 1)),
    "struct": pl.Series([{"v": 7}]),
}


@pytest.mark.parametrize("kind", [*WHOLE, *TEXT], ids=str)
@pytest.mark.parametrize("column", ["who", "loser", "coin"])
def test_texts_and_whole_numbers_of_any_type_are_ids(tmp_path, column, kind):
    got = loaded(tmp_path, {column: pl.Series(["7"]).cast(pl.Int64).cast(pl.String).cast(kind)})
    if column == "who":
        assert got.accounts["account"].to_list() == ["7"]
    assert got.rounds["losers"].to_list() == [1]


@pytest.mark.parametrize("kind", [*WHOLE, *TEXT, *FRACTION], ids=str)
@pytest.mark.parametrize(("column", "figure"), [("left", "deficit"), ("upnl", "capacity")])
def test_numbers_of_any_type_are_their_values(tmp_path, column, figure, kind):
    sign = -1 if column == "left" else 1
    if kind in (pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64) or kind in TEXT:
        sign, column, figure = 1, "upnl", "capacity"
    value = pl.Series([7 * sign]) if kind not in TEXT else pl.Series(["7"])
    assert loaded(tmp_path, {column: value.cast(kind)}).rounds[figure].to_list() == [7.0]


@pytest.mark.parametrize("name", OTHER)
@pytest.mark.parametrize("column", ["who", "loser", "coin", "px", "left", "upnl", "ts"])
def test_columns_of_other_types_are_refused_by_the_names_of_column_and_type(tmp_path, column, name):
    if (column, name) == ("ts", "moment"):
        assert loaded(tmp_path, {column: OTHER[name]}).rounds["start_ms"].to_list() == [
            1760130900000
        ]
        return
    kind = str(OTHER[name].dtype).partition("(")[0]
    with pytest.raises(InputError, match=rf"t\.parquet: {column} is .{kind}"):
        loaded(tmp_path, {column: OTHER[name]})


@pytest.mark.parametrize("kind", FRACTION, ids=str)
def test_ids_that_became_floats_are_refused(tmp_path, kind):
    with pytest.raises(InputError, match=r"who is '.*a float stands for several of them"):
        loaded(tmp_path, {"who": pl.Series([7.0]).cast(kind)})


@pytest.mark.parametrize("text", ["1.2345678901234568e+18", "7.0", "1.23457E+18"])
@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_ids_that_were_floats_before_they_were_text_are_refused(tmp_path, text, suffix):
    path = tmp_path / f"t.{suffix}"
    row = ROW | {"who": text}
    if suffix == "csv":
        path.write_text(f"{','.join(row)}\n{','.join(map(str, row.values()))}\n")
    else:
        path.write_text(json.dumps(row | {"who": float(text)}) + "\n")
    (tmp_path / "m.toml").write_text(MAP.format(account="who"))
    with pytest.raises(InputError, match="whole numbers, not floats, in 'who'"):
        load_table(path, tmp_path / "m.toml")


def test_bytes_are_written_in_hexadecimal_and_long_numbers_to_the_digit(tmp_path):
    got = loaded(tmp_path, {"who": [b"\xab" * 20]})
    assert got.accounts["account"].to_list() == ["0x" + "ab" * 20]
    big = 1234567890123456789
    got = loaded(
        tmp_path, {"who": [big, big + 1], **{k: [v] * 2 for k, v in ROW.items() if k != "who"}}
    )
    assert got.accounts["account"].to_list() == [str(big), str(big + 1)]


@pytest.mark.parametrize("name", ["line", "wave", "row", "file", "account", "kept", "time", ""])
def test_a_column_may_have_any_name(tmp_path, name):
    got = loaded(tmp_path, {name or "who": ["ann"]}, account=name or "who")
    assert got.accounts["account"].to_list() == ["ann"]


@pytest.mark.parametrize(
    "name", ["line", "wave", "records", "gain", "start_ms", "x y", "features.x"]
)
def test_a_feature_may_have_any_name(tmp_path, name):
    mapping = 'kind = "accounts"\n[columns]\nround = "r"\naccount = "who"\ncapacity = "u"\n'
    (tmp_path / "m.toml").write_text(mapping + f'deficit = "D"\nneeded = "B"\n"{name}" = "lev"\n')
    (tmp_path / "t.csv").write_text("r,who,u,D,B,lev\n7,ann,50,40,30,3\n7,bob,10,40,30,2\n")
    episode = load_table(tmp_path / "t.csv", tmp_path / "m.toml").episode()
    assert episode.rounds[0].start.features[name].tolist() == [3.0, 2.0]


ADDRESS = "0xAbCd000000000000000000000000000000000001"
SPELLINGS = [ADDRESS, ADDRESS.lower(), f" {ADDRESS.upper()} ", ADDRESS[:6] + " " + ADDRESS[6:]]


def spelt(tmp_path, **how):
    """One loser of 400 in four spellings, and a winner in two."""
    n = len(SPELLINGS)
    rows = {name: [value] * n for name, value in ROW.items()}
    rows |= {"loser": SPELLINGS, "who": ["Ann", "ann", "bob", "cy"]}
    return loaded(tmp_path, rows, **how)


def test_ids_alike_are_a_finding_with_the_dollars_that_hang_on_it(tmp_path):
    got = spelt(tmp_path)
    assert got.rounds["losers"].to_list() == [4]
    assert got.rounds["deficit"].to_list() == [1_600.0]
    (said,) = [finding for finding in got.findings if finding.name == "ids alike"]
    assert "6 ids differ from another in case or blanks alone" in said.text
    assert "debts of $1,600.00" in said.text
    assert said.usd == 1_600.0


def test_one_switch_says_that_ids_alike_are_one_account(tmp_path, run):
    got = spelt(tmp_path, alike=Alike.SAME)
    assert got.rounds["losers"].to_list() == [1]
    assert got.rounds["deficit"].to_list() == [400.0]
    assert got.accounts["account"].to_list() == ["ann", "bob", "cy"]
    assert not [finding for finding in got.findings if finding.name == "ids alike"]
    words = ("load", "--map", "m.toml", "t.parquet", "--json")
    assert json.loads(run(*words, "--alike", "same")[1])["rounds"] == got.data().rounds
    mapping = (tmp_path / "m.toml").read_text()
    (tmp_path / "m.toml").write_text('alike = "same"\n' + mapping)
    assert json.loads(run(*words)[1])["rounds"] == got.data().rounds
    assert json.loads(run(*words[:-1], "--json", "--alike", "apart")[1])["rounds"]


def node_folder(folder, *, case):
    write_snapshot(
        folder,
        T0 - 60_000,
        {case("0xa"): 1000, case("0xz"): -50},
        {"BTC": [(case("0xa"), -2, 100, 95), (case("0xz"), 2, 150, 95)]},
    )
    write_blocks(folder / "20_fills.json", [block(fill())])
    (folder / "20_misc.json").write_text("")
    return folder


def test_a_snapshot_in_another_case_is_a_finding_and_the_switch_joins_it(tmp_path):
    folder = node_folder(tmp_path, case=str.upper)
    got = load("node", [folder])
    names = [finding.name for finding in got.findings]
    assert len(got) == 0
    assert {"unknown liquidated accounts", "unknown deleveraged accounts"} <= set(names)
    assert "1 stand in it but for case or blanks: see --alike" in got.findings[0].text
    same = load("node", [folder], alike=Alike.SAME)
    assert same.rounds["deficit"].to_list() == [50.0]
    assert same.accounts["account"].to_list() == ["0xa"]


@pytest.mark.parametrize("pad", ["{}", " {}", "{}\t", "\u00a0{} "])
def test_blanks_around_ids_of_node_files_are_no_part_of_them(tmp_path, pad):
    folder = node_folder(tmp_path, case=pad.format)
    got = load("node", [folder])
    assert got.rounds["deficit"].to_list() == [50.0]


@pytest.mark.parametrize("loser", ["", "   ", None])
def test_a_debt_without_a_name_is_owed_and_said(tmp_path, loser):
    rows = [
        detail_row(liquidated_user=loser, liquidated_total_equity=-400.0),
        detail_row(user="0xb"),
    ]
    with read_detail(write_detail(tmp_path / "d.csv", rows)) as fills:
        got = rounds_of(fills, name="d")
    assert got.rounds["deficit"].to_list() == [450.0]
    (said,) = [finding for finding in got.findings if finding.name == "debt of nobody"]
    assert said.usd == 400.0
    assert said.text.startswith("$400.00 are owed by liquidated accounts without an id")


@pytest.mark.parametrize("user", ["", " ", None])
def test_a_winner_without_a_name_is_rejected_with_its_dollars(tmp_path, user):
    rows = [detail_row(), detail_row(user=user)]
    path = write_detail(tmp_path / "d.csv", rows)
    with pytest.raises(InputError, match=r"line 3 is .*expected a text in 'user'"):
        read_detail(path)
    with read_detail(path, tolerance=0.6) as fills:
        (report,) = fills.reports
    assert report.lost == {"notional": 180.0, "capacity": 30.0, "debt": 50.0}


def test_whatever_stands_in_a_column_is_read_or_refused_by_name(tmp_path):
    """No type of any column ends in an error of another library."""
    every = [pl.Series([7]).cast(kind) for kind in (*WHOLE, *FRACTION)]
    every += [pl.Series(["7"]).cast(kind) for kind in TEXT] + [*OTHER.values(), pl.Series([b"7"])]
    every += [pl.Series([None]), pl.Series([None], dtype=pl.Float64)]
    refused = []
    for i, column in enumerate(ROW):
        for values in every if NIGHTLY else every[i % 3 :: 3]:
            try:
                loaded(tmp_path, {column: values})
            except AdloptError as error:
                refused.append((column, str(error)))
    assert all(column in said for column, said in refused)
    assert 0 < len(refused) < len(ROW) * len(every)
