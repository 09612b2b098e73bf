"""Times: the instant that was written, or a word about it."""

import datetime as dt
import zoneinfo

import polars as pl
import pytest
from hypothesis import given, strategies as st
from tiers import by_day

from adlopt.data.loaders import load_table
from adlopt.data.loaders.columns import PER_UNIT, hint, times
from adlopt.data.loaders.records import FIRST_MS, LAST_MS
from adlopt.errors import InputError

FILLS = """kind = "fills"
time_unit = "{unit}"
{more}
[columns]
time = "ts"
account = "who"
coin = "coin"
price = "px"
size = "qty"
mark = "mark"
position_pnl = "upnl"
loser = "loser"
loser_equity = "left"
"""
REST = {"who": ["a", "b", "c"], "coin": "ETH", "px": 2005.0, "qty": 10.0, "mark": 2000.0}
REST |= {"upnl": 900.0, "loser": ["x", "y", "z"], "left": [-400.0, -300.0, -200.0]}
INSTANTS = [1760130900000, 1760130960000, 1760131500000]
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Chatham"]
MS = st.integers(FIRST_MS, LAST_MS)


def loaded(tmp_path, column, unit="ms", more="", kind="parquet"):
    table = pl.DataFrame({"ts": column, **REST})
    path = tmp_path / f"t.{kind}"
    getattr(table, f"write_{kind}")(path)
    (tmp_path / "m.toml").write_text(FILLS.format(unit=unit, more=more))
    return load_table(path, tmp_path / "m.toml")


def starts(tmp_path, *given, **options):
    return loaded(tmp_path, *given, **options).rounds["start_ms"].to_list()


@pytest.mark.parametrize("said", ["s", "ms", "us", "ns", "iso"])
@pytest.mark.parametrize("own", by_day(1, ["us", "ms", "ns"]))
@pytest.mark.parametrize("zone", [None, *ZONES])
def test_a_typed_column_is_believed_before_any_option(tmp_path, said, own, zone):
    column = pl.Series(INSTANTS).cast(pl.Datetime("ms", zone or "UTC")).cast(pl.Datetime(own, zone))
    assert starts(tmp_path, column, said) == INSTANTS


@given(st.lists(MS, min_size=1, max_size=4), st.sampled_from(["ms", "us", "ns"]))
def test_numbers_are_the_instants_of_their_unit(instants, unit):
    whole = pl.Series([ms * round(1 / PER_UNIT[unit]) for ms in instants])
    found, zones = times(whole, "ts", unit)
    assert found.to_list() == instants
    assert zones == {f"UTC, as {unit} since 1970": len(instants)}
    assert times(whole.cast(pl.String), "ts", unit)[0].to_list() == instants


@given(MS, st.sampled_from(ZONES), st.sampled_from("T "), st.integers(0, 9))
def test_iso_with_an_offset_is_one_instant(ms, zone, mark, digits):
    at = dt.datetime.fromtimestamp(ms // 1000, zoneinfo.ZoneInfo(zone))
    fraction = f".{ms % 1000:03d}000000"[: 1 + digits] if digits else ""
    text = at.strftime(f"%Y-%m-%d{mark}%H:%M:%S") + fraction + at.strftime("%z")
    (found,), zones = times(pl.Series([text]), "ts", "iso")
    kept = ms % 1000 - ms % 10 ** max(0, 3 - digits)
    assert (found, zones) == (ms // 1000 * 1000 + kept, {"as written": 1})


@given(MS, st.sampled_from(list(PER_UNIT)), st.sampled_from(list(PER_UNIT)))
def test_another_unit_than_said_is_no_time_and_is_named(ms, own, said):
    value = ms * round(1 / PER_UNIT[own]) if own != "s" else ms // 1000
    found, _ = times(pl.Series([value]), "ts", said)
    if own != said:
        assert found.to_list() == [None]
        assert f'time_unit = "{own}"' in hint(value, said)
    else:
        assert found.to_list() == [ms if own != "s" else ms // 1000 * 1000]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize(
    ("column", "unit", "words"),
    [
        ([t // 1000 for t in INSTANTS], "ms", 'looks like time_unit = "s"'),
        ([t * 1000 for t in INSTANTS], "ms", 'looks like time_unit = "us"'),
        (INSTANTS, "us", 'looks like time_unit = "ms"'),
        ([INSTANTS[0] // 1000, *INSTANTS[1:]], "ms", 'looks like time_unit = "s"'),
        ([45940.885417, 45940.886111, 45941.5], "s", "a spreadsheet's days"),
        ([45940.885417, 45940.886111, 45941.5], "iso", "a spreadsheet's days"),
        (["03/04/2025 21:15:00", "03/05/2025 21:15:00", "03/06/2025"], "iso", "2025-10-10T21"),
        (["10.10.2025 21:15"] * 3, "iso", "such as 2025-10-10T21:15:00Z"),
        (["2025-10-10T21:15:00Z"] * 3, "ms", 'looks like time_unit = "iso"'),
        (["1985-10-26T01:21:00Z"] * 3, "iso", "a time"),
        (["2025-10-10T21:16:60Z"] * 3, "iso", "a time"),
        ([0, 1, 2], "s", "2009 to 2100"),
        ([-1760130900000] * 3, "ms", "2009 to 2100"),
    ],
)
def test_times_that_cannot_be_meant_are_refused_with_what_they_look_like(
    tmp_path, kind, column, unit, words
):
    with pytest.raises(InputError, match=r"a time.*in 'ts'") as caught:
        loaded(tmp_path, column, unit, kind=kind)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "column",
    [
        [dt.date(2025, 10, 10)] * 3,
        [dt.timedelta(seconds=1)] * 3,
        [dt.time(21, 15)] * 3,
        [[1]] * 3,
        [{"s": 1}] * 3,
        [True] * 3,
        [b"x"] * 3,
    ],
)
def test_columns_of_other_types_are_refused_by_name(tmp_path, column):
    kind = str(pl.Series(column).dtype).partition("(")[0]
    with pytest.raises(InputError, match=f"ts is .{kind}"):
        loaded(tmp_path, column)


NAIVE = ["2025-10-26T02:30:00", "2025-10-26T03:30:01", "2025-10-26T12:00:00"]


@pytest.mark.parametrize(
    "column", [NAIVE, pl.Series(NAIVE).str.to_datetime()], ids=["text", "typed"]
)
def test_times_without_a_zone_are_utc_and_said_to_be(tmp_path, column):
    got = loaded(tmp_path, column, "iso")
    assert got.rounds["start_ms"][0] == 1761445800000
    (said,) = [finding.text for finding in got.findings if finding.name == "no time zone"]
    assert said.startswith("3 of 3 times of t.parquet carry no zone and are taken as UTC")
    assert got.cut.zones == {"no zone, taken as UTC": 3}
    assert "no zone, taken as UTC (3)" in " ".join(str(got).split())


def test_a_zone_can_be_stated_and_hours_that_the_clock_repeats_are_refused(tmp_path):
    more = 'time_zone = "Europe/Berlin"'
    clear = ["2025-10-26T01:30:00", "2025-10-26T03:30:01", "2025-10-26T12:00:00"]
    got = loaded(tmp_path, clear, "iso", more)
    assert got.rounds["start_ms"][0] == 1761435000000
    assert got.cut.zones == {"Europe/Berlin": 3}
    assert not [finding for finding in got.findings if finding.name == "no time zone"]
    with pytest.raises(InputError, match="'2025-10-26T02:30:00': expected a time"):
        loaded(tmp_path, NAIVE, "iso", more)
    with pytest.raises(InputError, match="time_zone is 'Mars/Olympus'"):
        loaded(tmp_path, NAIVE, "iso", 'time_zone = "Mars/Olympus"')


def test_how_rounds_were_cut_is_said(tmp_path):
    got = loaded(tmp_path, [INSTANTS[0], INSTANTS[0] + 4_000, INSTANTS[2]])
    cut = got.cut
    assert (cut.gap_ms, cut.longest_pause_ms, cut.shortest_gap_ms) == (5_000, 4_000, 596_000)
    assert (cut.first_ms, cut.last_ms) == (INSTANTS[0], INSTANTS[2])
    said = " ".join(str(got).split())
    assert "2025-10-10 21:15:00.000 to 2025-10-10 21:25:00.000 UTC" in said
    assert "after 5,000 ms without a fill; the longest pause within one is 4,000 ms" in said
