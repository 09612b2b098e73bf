"""Small parts of reading, each by an example: cells, words, names, rounds of fills."""

import warnings
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import adlopt as adl
from adlopt.data.cells import guess, has_commas, id_column, number_column, other_separator
from adlopt.data.files.aims import constraints_of, objective_of, table_of, worded
from adlopt.data.files.doubts import doubt_accounts
from adlopt.data.files.file_schema import ConstraintEntry, ShareEntry
from adlopt.data.files.reading import (
    read_belief,
    read_contract_round,
    read_decision,
    read_limits,
    read_round,
)
from adlopt.data.files.writing import kind_of
from adlopt.data.loaders.columns import hint, is_spot, times
from adlopt.data.loaders.fills import Spool
from adlopt.data.loaders.records import Tally
from adlopt.data.loaders.round_figures import cluster, increments
from adlopt.errors import InputError
from adlopt.rules.lights import fifths
from adlopt.rules.vectors import described
from adlopt.show.schema.loads import Rejected


def test_ids_are_texts_or_bytes_and_never_floats():
    assert id_column(pl.Series([b"\xab", None]), "user").to_list() == ["0xab", None]
    with pytest.raises(InputError, match="a float stands for several of them"):
        id_column(pl.Series([7.0]), "user")


def test_numbers_are_what_a_machine_reads():
    read = number_column(pl.Series([" 2.5", "cheap", "1e400"]), "price")
    assert read.to_list() == [2.5, None, None]


def test_cells_of_spreadsheets_are_recognised():
    mended = "it is separated by semicolons: save it with commas"
    assert (other_separator("time;coin;price"), other_separator("time")) == (mended, "")
    assert [has_commas(cell) for cell in ("2005,5", "cheap, 7", 2005.5)] == [True, False, False]
    texts = ("-3,000,000", "1.250,5", "2005,5", "($400)", "N/A")
    assert [guess(text) for text in texts] == [-3000000.0, 1250.5, 2005.5, -400.0, None]


def test_objectives_are_read_from_tables_and_words():
    assert objective_of({"kind": "cvar", "level": 0.9}).level == 0.9
    assert worded("cvar:0.9", {"kind": "leximin", "burden": "equity"}).burden is adl.Burden.EQUITY
    stated = {"kind": "leximin", "burden": "capacity", "epsilon": 0.0}
    assert table_of(adl.Leximin()) == stated


def test_a_row_of_totals_is_doubted():
    with warnings.catch_warnings(record=True, action="always") as said:
        doubt_accounts(["a", "b", "Total"], [120.0, 80.0, 200.0], "round.toml")
    assert str(said[0].message) == (
        "round.toml: the account 'Total' has exactly what all others have together, 200.00 USD: "
        "if it is a row of totals, remove it"
    )


def test_a_table_of_constraints_is_read():
    entry = ConstraintEntry(group="makers", gives_at_most=ShareEntry(share=0.2))
    assert constraints_of([entry])[0].share == 0.2


def test_a_round_to_be_decided_is_read(tmp_path):
    path = tmp_path / "round.toml"
    path.write_text("deficit = 90.0\ncapacity = 120.0\n[belief]\nsamples = [20.0, 40.0, 60.0]\n")
    assert adl.decide(read_decision(path, under=9.0)).raised == 60.0
    assert str(read_belief("uniform:0:90")) == "belief of 200 values in USD (uniform:0:90)"


def test_the_name_of_a_template_says_its_kind():
    assert kind_of(Path("my_round-2.toml")) == "round"
    assert kind_of(Path("mine.py")) == "proof"


def test_spot_markets_are_told_apart():
    assert [is_spot(coin) for coin in ("@107", "PURR/USDC", "BTC")] == [True, True, False]


def test_a_spool_fills_columns_that_a_block_lacks():
    with Spool({"time": pl.Int64, "mark": pl.Float64}) as spool:
        spool.write(pl.DataFrame({"time": [2, 1]}))
        assert spool.scan().select("mark").collect()["mark"].to_list() == [None, None]


def test_a_tally_shows_what_it_rejects():
    tally = Tally(Path("fills.jsonl"), tolerance=0.5)
    tally.keep(2, {"debt": 700.0})
    tally.skip("spot")
    tally.reject(7, "NaN", "a price", {"debt": 300.0})
    assert tally.close().shown == (Rejected(line=7, found="NaN", expected="a price"),)


def test_rounds_end_where_a_gap_is_longer_and_count_debts_once():
    assert cluster(np.array([0, 5_000, 10_001, 10_001]), gap_ms=5_000).tolist() == [1, 1, 2, 2]
    each = {"wave": [1, 2, 3], "loser": ["a"] * 3, "usd": [5.0, 8.0, 6.0]}
    assert increments(pl.DataFrame(each))["usd"].to_list() == [5.0, 3.0, 0.0]


def test_times_say_their_zone_and_what_they_look_like():
    ms, zones = times(pl.Series(["2025-10-10T23:15:00+02:00", "10/10/2025"]), "at", "iso")
    assert (ms.to_list(), zones) == ([1760130900000, None], {"as written": 1})
    assert hint("1760130900", "ms") == ' of 2009 to 2100; it looks like time_unit = "s"'
    assert hint("03/04/2025 21:15", "iso") == ", such as 2025-10-10T21:15:00Z"


def test_lights_and_vectors_are_described():
    assert fifths(np.array([0, 1, 1, 3, 4]), np.ones(5)).tolist() == [4, 3, 3, 1, 0]
    data = described(["drift-v2"]).rules[0]
    assert (data.version, [each.passed for each in data.vectors]) == ("2026-04-01", [True] * 3)


def test_limits_and_rounds_in_contracts_are_read(tmp_path):
    path = tmp_path / "round.toml"
    path.write_text("deficit = 9.0\nneeded = 6.0\ncapacity = 12.0\n[limits]\ncap = 0.5\n")
    assert read_limits(path, read_round(path)[0].start).cap == 0.5
    held = 'account = "a"\ncoin = "ETH"\nside = "short"\nsize = 3.0\nvalue = 20.0\n'
    path.write_text(f"deficit = 90.0\nneeded = 60.0\n[[positions]]\n{held}")
    assert read_contract_round(path).thing.start.capacity.tolist() == [60.0]
