"""October 10 rebuilt: files that hold the published figures give them back through the pipeline."""

import math
from pathlib import Path

import polars as pl
import pytest
from venue_files import block, detail_row, fill, write_blocks, write_detail

from adlopt.data.loaders import Deficit, Rules, load
from adlopt.scoring.quality import counted_once

DATA = Path(__file__).parents[4] / "shared" / "data" / "october_10"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the published figures are not here")


def between(last, first, count):
    """Times of `count` clusters of one fill each, more than 5 s apart from all others."""
    return [last + (first - last) * i // (count + 1) for i in range(1, count + 1)]


def rebuilt(root):
    """A checkout whose fills lie, lack and cost what the published rounds do."""
    rows, blocks = [], []
    gaps = pl.read_csv(DATA / "coin_gaps.csv").partition_by("wave", as_dict=True)
    last_wave, last_end = 0, 0
    for each in pl.read_csv(DATA / "rounds.csv").iter_rows(named=True):
        wave, start, end = each["wave_id"], each["t_start_ms"], each["t_end_ms"]
        for time in between(last_end, start, wave - last_wave - 1):
            rows.append(detail_row(time=time, liquidated_total_equity=1.0))
        rest = each["deficit_usd"] - each["max_loss_usd"]
        losers = {f"0x{each['max_loss_usd']}": each["max_loss_usd"], f"0xrest{wave}": rest}
        shared = {"total_unrealized_pnl": each["total_capacity_usd"], "total_equity": 1e12}
        for time in [*range(start, end, 5_000), end]:
            for loser, usd in losers.items():
                values = {"liquidated_user": loser, "liquidated_total_equity": -usd}
                rows.append(detail_row(time=time, **values, **shared))
        events = []
        for i, gap in enumerate(gaps[wave,].iter_rows(named=True)):
            # A price of nearly nothing keeps every digit of the gap.
            mark = gap["gap_per_contract_usd"]
            liquidation = {"liquidatedUser": "0xz", "markPx": repr(mark + 2.0**-40)}
            more = {"px": repr(2.0**-40), "sz": repr(gap["qty_contracts"]), "coin": gap["coin"]}
            time, tid = (start, end)[i % 2], 1_000 * wave + i
            events.append(fill(liquidation=liquidation, time=time, tid=tid, **more))
        blocks.append(block(*events, number=wave))
        last_wave, last_end = wave, end
    write_detail(root / "data/canonical/adl_detailed_analysis_REALTIME.csv", rows)
    write_blocks(root / "data/raw/20_fills.json", blocks[:6])
    write_blocks(root / "data/raw/21_fills.json", blocks[6:], end="\r\n")
    return root


def test_sixteen_rounds_with_the_numbers_of_their_source(tmp_path):
    published = pl.read_csv(DATA / "rounds.csv")
    root = rebuilt(tmp_path)
    loaded = load("hyperreplay", [root])
    assert loaded.rounds["wave"].to_list() == published["wave_id"].to_list()
    assert loaded.rounds["start_ms"].to_list() == published["t_start_ms"].to_list()
    assert loaded.rounds["end_ms"].to_list() == published["t_end_ms"].to_list()
    for ours, theirs in (
        ("deficit", "deficit_usd"),
        ("largest_loss", "max_loss_usd"),
        ("needed", "needed_usd"),
        ("capacity", "total_capacity_usd"),
    ):
        assert loaded.rounds[ours].to_list() == pytest.approx(published[theirs].to_list())
    episode = loaded.episode()
    assert round(math.fsum(episode.needed), 2) == 15_079_669.61
    assert round(math.fsum(episode.deficit), 2) == 100_063_386.69
    assert {finding.name for finding in loaded.quality()} >= {
        "losers counted several times",
        "repeated loser",
        "vacuous bound",
        "needed beyond deficit",
    }
    once = load("hyperreplay", [root], rules=Rules(deficit=Deficit.INCREMENT)).episode()
    assert math.fsum(once.deficit) == pytest.approx(math.fsum(counted_once(episode).deficit))
    assert round(math.fsum(once.deficit), 2) == 12_657_729.41


def test_another_gap_cuts_other_rounds(tmp_path):
    root = rebuilt(tmp_path)
    assert len(load("hyperreplay", [root], rules=Rules(gap_ms=4_999))) > 16
    assert len(load("hyperreplay", [root], rules=Rules(gap_ms=10_000_000))) == 1
