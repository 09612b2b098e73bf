"""Feeds that vendors and indexers publish, by the mapping files that ship as examples."""

import datetime as dt
import re
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from venue_files import T0

import adlopt as adl
from adlopt.data.loaders import load_table

FEEDS = Path(__file__).parents[3] / "examples" / "feeds"
MONEY = pl.Decimal(38, 18)
FILLS = {
    "user": ["0xa", "0xz", "0xb", "0xm"],
    "coin": ["BTC", "BTC", "ETH", "@107"],
    "price": [90.0, 90.0, 40.0, 1.0],
    "size": [2.0, 2.0, 3.0, 1.0],
    "closed_pnl": [20.0, -20.0, 6.0, 0.0],
    "fee": [0.0, 0.0, 0.0, 0.0],
    "start_position": [-2.0, 2.0, -3.0, 0.0],
    "dir": ["Auto-Deleveraging", "Close Long", "Auto-Deleveraging", "Buy"],
    "liquidated_user": ["0xz", None, "0xy", None],
    "mark_price": [95.0, None, 42.0, None],
}
WORTH = {"user": ["0xz", "0xa", "0xb"], "account_value": [-50.0, 100.0, 70.0]}


def folder_of(tmp_path, feed, *, snapshot):
    text = (FEEDS / f"{feed}.toml").read_text(encoding="utf-8")
    if not snapshot:
        text = re.sub(r"\[snapshot\]\n(\w+ = .*\n)+", "", text)
    (tmp_path / "map.toml").write_text(text, encoding="utf-8")
    return tmp_path / "map.toml"


def write_fills(tmp_path, feed):
    frame = pl.DataFrame(FILLS)
    if feed == "goldsky":
        numbers = ("price", "size", "closed_pnl", "fee", "start_position")
        frame = frame.with_columns(pl.col(numbers).cast(MONEY), timestamp=pl.lit(T0))
    else:
        moment = pl.lit(T0).cast(pl.Datetime("ms", "UTC"))
        frame = frame.with_columns(timestamp=moment).rename(
            {
                "user": "address",
                "closed_pnl": "realized_pnl",
                "dir": "direction",
                "mark_price": "liquidation_mark_px",
            }
        )
    frame.write_parquet(tmp_path / "fills.parquet")
    pl.DataFrame(WORTH).write_parquet(tmp_path / "accounts.parquet")
    return tmp_path / "fills.parquet"


@pytest.mark.parametrize("feed", ["goldsky", "hydromancer"])
def test_a_snapshot_gives_fills_the_deficit_that_they_lack(tmp_path, feed):
    loaded = load_table(write_fills(tmp_path, feed), folder_of(tmp_path, feed, snapshot=True))
    (row,) = loaded.rounds.to_dicts()
    assert (row["needed"], row["deficit"], row["fills"]) == (2 * 5.0 + 3 * 2.0, 50.0, 2)
    (joined,) = [each for each in loaded.findings if each.name == "snapshot joined"]
    assert "1 of 2 losers" in joined.text, "0xy stands in no snapshot"
    assert "$120.00" in joined.text
    assert loaded.reports[0].skipped == {"other records": 2}


@pytest.mark.parametrize("feed", ["goldsky", "hydromancer"])
def test_without_one_the_deficit_is_an_interval_and_says_so(tmp_path, feed):
    loaded = load_table(write_fills(tmp_path, feed), folder_of(tmp_path, feed, snapshot=False))
    assert loaded.rounds["deficit"].to_list() == [None]
    (interval,) = [each for each in loaded.findings if each.name == "deficit is an interval"]
    assert interval.usd == 16.0
    assert "1: 0 to $16.00" in interval.text
    with pytest.raises(adl.InputError, match="deficit"):
        loaded.episode()


EVENTS = {
    "liquidated": ["dydx1z/0", "dydx1z/0", "dydx1y/3"],
    "offsetting": ["dydx1a/0", "dydx1b/1", "dydx1a/0"],
    "perpetual_id": [0, 1, 0],
    "fill_amount": [2 * 10**10, 3 * 10**9, 10**10],
    "total_quote_quantums": [180 * 10**6, 120 * 10**6, 90 * 10**6],
    "is_buy": [True, True, False],
    "is_final_settlement": [False, False, True],
    "block_time": [dt.datetime(2025, 10, 10, 21, 16, second) for second in (4, 5, 6)],
    "oracle_price": [95.0, 42.0, 95.0],
    "unrealized_pnl": [300.0, 80.0, 300.0],
}
SUBACCOUNTS = {
    "subaccount": ["dydx1z/0", "dydx1a/0", "dydx1b/1"],
    "equity": [-40.0, 500.0, 60.0],
}


def dydx(tmp_path, **changes):
    pl.DataFrame(EVENTS | changes).write_parquet(tmp_path / "events.parquet")
    pl.DataFrame(SUBACCOUNTS).write_parquet(tmp_path / "subaccounts.parquet")
    return tmp_path / "events.parquet"


def test_quantums_become_contracts_and_dollars(tmp_path):
    loaded = load_table(dydx(tmp_path), folder_of(tmp_path, "dydx", snapshot=True))
    (row,) = loaded.rounds.to_dicts()
    assert row["needed"] == pytest.approx(2 * 5.0 + 3 * 2.0)
    assert (row["deficit"], row["capacity"]) == (40.0, 360.0)
    assert loaded.episode().rounds[0].outcome.recorded.tolist() == pytest.approx([10.0, 6.0])
    (notional,) = [each for each in loaded.reconciled if each.quantity == "notional"]
    assert notional.read == pytest.approx(300.0), "dollars, not quantums"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"perpetual_id": [0, 7, 0]}, "scale.size"),
        ({"total_quote_quantums": [Decimal(-1), Decimal(1), Decimal(1)]}, "total_quote_quantums"),
    ],
)
def test_what_has_no_unit_or_no_price_is_refused(tmp_path, changes, said):
    with pytest.raises(adl.InputError, match=said):
        load_table(dydx(tmp_path, **changes), folder_of(tmp_path, "dydx", snapshot=True))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('loser = "liquidated"', "", "snapshot"),
        ("quote = 1e-6", "fee = 1e-6", "scale"),
        ('file = "subaccounts.parquet"', 'file = "../subaccounts.parquet"', "snapshot.file"),
        ('is_final_settlement = "false"', 'final = "false"', "a column 'final'"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused(tmp_path, old, new, said):
    path = folder_of(tmp_path, "dydx", snapshot=True)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(adl.InputError, match=said):
        load_table(dydx(tmp_path), path)


def test_a_snapshot_with_an_account_twice_is_refused(tmp_path):
    events = dydx(tmp_path)
    twice = {"subaccount": ["dydx1z/0"] * 2, "equity": [-40.0, -41.0]}
    pl.DataFrame(twice).write_parquet(tmp_path / "subaccounts.parquet")
    with pytest.raises(adl.InputError, match="once"):
        load_table(events, folder_of(tmp_path, "dydx", snapshot=True))
