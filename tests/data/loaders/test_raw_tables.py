"""Tables: every record is kept, skipped or rejected with its line, whatever is wrong with it."""

import json

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from adlopt.data.loaders.columns import Column, ColumnKind
from adlopt.data.loaders.raw_tables import typed_blocks
from adlopt.data.loaders.records import Tally
from adlopt.errors import InputError

COLUMNS = (
    Column(name="account", source="user", kind=ColumnKind.TEXT),
    Column(name="time", source="t", kind=ColumnKind.TIME),
    Column(name="price", source="px", kind=ColumnKind.POSITIVE),
    Column(name="pnl", source="pnl", required=False),
)
T = 1760130964831
GOOD = f"a,{T},2.5,-3\n"


def read(path, tolerance=0.99, unit="ms"):
    tally = Tally(path, tolerance)
    tally.unit = unit
    table = pl.concat(list(typed_blocks(tally, COLUMNS)))
    return table, tally.close()


def put(tmp_path, text, name="t.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


BAD = {
    "nan": (f"a,{T},NaN,0", "NaN"),
    "infinite": (f"a,{T},inf,0", "inf"),
    "huge": (f"a,{T},1e308,0", "1e308"),
    "too huge": (f"a,{T},2,-1e309", "-1e309"),
    "word": (f"a,{T},cheap,0", "cheap"),
    "negative price": (f"a,{T},-2,0", "-2"),
    "zero price": (f"a,{T},-0.0,0", "-0.0"),
    "no price": (f"a,{T},,0", "nothing"),
    "no account": (f",{T},2,0", "nothing"),
    "blank account": (f"  ,{T},2,0", "  "),
    "no time": ("a,soon,2,0", "soon"),
    "nanoseconds": ("a,1760130964831000000,2,0", "1760130964831000000"),
    "hex": (f"a,{T},0x10,0", "0x10"),
    "underscores": (f"a,{T},1_000,0", "1_000"),
    "wide digits": (f"a,{T},\uff11,0", "\uff11"),
    "truncated": (f"a,{T},2", f"3 fields: a,{T},2"),
    "too long": (f"a,{T},2,3,4", f"5 fields: a,{T},2,3,4"),
    "open quote": (f'"a,{T},2,3', f'"a,{T},2,3'),
    "quoted number": (f'a,{T},"1,000",3', "1,000"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_record_is_shown_with_its_line_and_the_others_are_read(tmp_path, name):
    text, found = BAD[name]
    path = put(tmp_path, f"user,t,px,pnl\n{GOOD}\n{text}\n{GOOD}")
    table, report = read(path)
    assert table["line"].to_list() == [2, 5]
    assert (report.kept, report.rejected, dict(report.skipped)) == (2, 1, {"blank": 1})
    assert (report.shown[0].line, report.shown[0].found) == (4, found)
    assert report.read == 4


def test_bytes_that_are_no_text_are_rejected(tmp_path):
    table, report = read(put(tmp_path, b"user,t,px,pnl\na\xff,%d,2,3\nb,%d,2,3\n" % (T, T)))
    assert (table["account"].to_list(), report.shown[0].line) == (["b"], 2)


def test_optional_cells_are_null_and_not_zero(tmp_path):
    table, report = read(put(tmp_path, f"user,t,px,pnl\na,{T},2,\na,{T},2,-0\na,{T},2,0\n"))
    assert table["pnl"].to_list() == [None, 0.0, 0.0]
    assert report.rejected == 0


def test_ids_of_any_script_quotes_and_commas_survive(tmp_path):
    path = put(tmp_path, f'\ufeffuser,t,px,pnl\r\n"日本, 🙂",{T},2,3\r"a ""b""",{T},2,3\nà,{T},2,3')
    assert read(path)[0]["account"].to_list() == ["日本, 🙂", 'a "b"', "à"]


def test_more_bad_records_than_may_be_fail_the_load(tmp_path):
    text = "user,t,px,pnl\n" + GOOD * 1_999 + f"a,{T},NaN,0\n"
    assert read(put(tmp_path, text), tolerance=0.001)[1].rejected == 1
    expected = r"t.csv line 2000 is 'NaN': .*; 1 of 1,999 records do not parse, and 0.05 % may"
    with pytest.raises(InputError, match=expected):
        read(put(tmp_path, text.replace(GOOD, "", 1)), 0.0005)


def test_the_share_that_may_be_bad_is_a_share():
    for bad in (-0.1, 1.0, float("nan"), 2):
        with pytest.raises(InputError, match="tolerance"):
            Tally("x", bad)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "no records"),
        ("user,t,px\n", None),
        ("user,t,pnl\na,1,2\n", "a column 'px'"),
        ("user,t,px,px\n" + GOOD, "each used once"),
        ("user,,px,pnl\n" + GOOD, "each used once"),
        ("user;t;px;pnl\n" + GOOD, "separated by semicolons: save it with commas"),
        (",,\n" + GOOD, "a header"),
        ("t\0,user\n", "a column"),
    ],
)
def test_headers_are_checked(tmp_path, text, match):
    path = put(tmp_path, text)
    if match is None:
        assert read(path)[0].is_empty()
    else:
        with pytest.raises(InputError, match=match):
            read(path)


def test_json_lines_json_and_parquet_say_what_csv_says(tmp_path):
    rows = [
        {"user": "a", "t": T, "px": 2.5, "pnl": -3},
        {"user": "b", "t": T + 1, "px": 0.1, "pnl": None},
    ]
    csv = put(tmp_path, f"user,t,px,pnl\na,{T},2.5,-3\nb,{T + 1},0.1,\n")
    jsonl = put(tmp_path, "\n".join(map(json.dumps, rows)), "t.jsonl")
    array = put(tmp_path, json.dumps(rows), "t.json")
    parquet = tmp_path / "t.parquet"
    pl.DataFrame(rows).write_parquet(parquet)
    wanted = read(csv)[0].drop("line")
    for path in (jsonl, array, parquet):
        assert read(path)[0].drop("line").equals(wanted), path


@pytest.mark.parametrize(
    "record",
    [
        '{"user": "a", "t": 1, "px": true, "pnl": 1}',
        '{"user": "a", "t": 1, "px": [2], "pnl": 1}',
        '{"user": "a", "t": 1, "px": {"x": 2}, "pnl": 1}',
        '{"user": "a", "t": 1, "px": "NaN", "pnl": 1}',
        '{"user": "a", "t": true, "px": 2, "pnl": 1}',
        '{"user": "a", "t": 1, "px": 2, "pnl":',
        "[1, 2]",
        "null",
        "[" * 100_000,
        '{"user": "a", "t": 1e400, "px": 2, "pnl": 1}',
    ],
)
def test_json_records_of_wrong_types_are_rejected(tmp_path, record):
    good = f'{{"user": "a", "t": {T}, "px": "2", "pnl": 1}}'
    record = record.replace('"t": 1', f'"t": {T}')
    table, report = read(put(tmp_path, f"{good}\n{record}\n{good}\n", "t.jsonl"))
    assert table["line"].to_list() == [1, 3]
    assert (report.rejected, report.shown[0].line) == (1, 2)


@pytest.mark.parametrize(
    ("name", "text"), [("t.parquet", "no"), ("t.json", "{}"), ("t.json", "[1"), ("t.xlsx", "")]
)
def test_what_is_no_table_is_named(tmp_path, name, text):
    with pytest.raises(InputError, match=name):
        read(put(tmp_path, text, name))


@pytest.mark.parametrize(
    ("unit", "given"),
    [
        ("s", "1760130964.831"),
        ("ms", "1760130964831"),
        ("ms", "1760130964831.0"),
        ("us", "1760130964831999"),
        ("ns", "1760130964831999999"),
        ("iso", "2025-10-10T21:16:04.831"),
        ("iso", "2025-10-10T21:16:04.831999999"),
        ("iso", "2025-10-10T21:16:04.831Z"),
        ("iso", "2025-10-10T23:16:04.831+02:00"),
        ("iso", "2025-10-10 21:16:04.831000+00:00"),
    ],
)
def test_times_of_any_unit_become_milliseconds(tmp_path, unit, given):
    path = put(tmp_path, f"user,t,px,pnl\na,{given},2,3\n")
    assert read(path, unit=unit)[0]["time"].to_list() == [1760130964831]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(max_size=20), max_size=8))
def test_no_text_is_ever_lost_or_raises_anything_else(tmp_path, rows):
    body = "\n".join(row.replace("\r", "").replace("\n", "") for row in rows)
    path = put(tmp_path, f"user,t,px,pnl\n{body}\n".encode("utf-8", "surrogatepass"))
    tally = Tally(path)
    kept = sum(map(len, typed_blocks(tally, COLUMNS)))
    assert tally.kept == kept
    assert kept + tally.rejected + sum(tally.skipped.values()) == max(len(rows), 1)
