"""What the public repositories hold, where ADLOPT_OCTOBER names a folder with their checkouts."""

import math
import os
from pathlib import Path

import pytest
from test_published import BASE, HORIZONS, folder_of

from adlopt.data.episodes import october_10
from adlopt.data.loaders import Rules, load, read_by_coin, read_by_user, read_published

OCTOBER = Path(os.environ.get("ADLOPT_OCTOBER", "."))
NOTIONAL, FILLS, ACCOUNTS = 2_103_111_430.86, 34_983, 19_337


def found(name):
    """Files of that name in the checkouts; the test is skipped without any."""
    paths = sorted(OCTOBER.rglob(name)) if "ADLOPT_OCTOBER" in os.environ else []
    if not paths:
        pytest.skip(f"ADLOPT_OCTOBER names no folder with {name}")
    return paths


@pytest.mark.nightly("reads the public repositories")
def test_published_totals_come_out_at_all_five_horizons():
    (sweep,) = found("eval_horizon_sweep_gap_ms=5000.csv")
    for horizon in HORIZONS:
        loaded = load("published", [sweep.parent], rules=Rules(horizon_ms=horizon))
        assert round(math.fsum(loaded.rounds["needed"]), 2) == 15_079_669.61
        assert [each.production for each in loaded.horizons] == list(HORIZONS.values())
        later = {each.policy: math.fsum(each.haircut.values()) for each in loaded.recorded}
        for other in HORIZONS.keys() - {horizon, 0}:
            twin = later[f"production queue, {other} ms later"]
            assert twin == pytest.approx(HORIZONS[other], rel=1e-12)


@pytest.mark.nightly("reads the public repositories")
def test_tables_by_user_and_by_coin_agree():
    for path in found("adl_by_user_REALTIME.csv"):
        users, report = read_by_user(path)
        assert (len(users), report.rejected) == (ACCOUNTS, 0)
        coins, _ = read_by_coin(path.with_name("adl_by_coin_REALTIME.csv"))
        for table in (users, coins):
            assert round(math.fsum(table["notional"]), 2) == NOTIONAL
            assert table["fills"].sum() == FILLS


@pytest.mark.nightly("reads the public repositories")
def test_accounts_of_the_detailed_table_sum_to_the_table_by_user():
    from adlopt.data.loaders import read_detail

    for path in found("adl_detailed_analysis_REALTIME.csv"):
        with read_detail(path) as fills:
            table = fills.scan().collect()
        assert len(table) == FILLS
        assert round(math.fsum(table["price"] * table["size"]), 2) == NOTIONAL


def test_tables_by_user_and_by_coin_are_read_from_a_checkout(tmp_path):
    head = "coin,adl_notional,closed_pnl,leverage_realtime,pnl_percent,is_negative_equity,"
    rows = "BTC,100.5,7,2,3,0,2,3\nETH,50,-1,2,3,0,1,1\n"
    (tmp_path / "c.csv").write_text(f"{head}num_users,num_events\n{rows}")
    table, report = read_by_coin(tmp_path / "c.csv")
    assert table["notional"].to_list() == [100.5, 50.0]
    assert report.kept == 2
    (tmp_path / "c.csv").write_text(f"{head}num_users,num_events\n{rows}BTC,1,1,1,1,0,1,1\n")
    _, report = read_by_coin(tmp_path / "c.csv", tolerance=0.5)
    assert (report.kept, report.rejected) == (2, 1)


def test_haircuts_by_account_are_those_of_the_horizon_asked_for(tmp_path):
    out = folder_of(tmp_path, october_10())
    users = ["wave,user,cap_eff_usd,equity_usd,haircut_prod_usd"]
    header = "wave,user,equity_start_usd,pnl_start_usd,haircut_prod_usd"
    waves = read_published(out).rounds["wave"].to_list()
    users += [f"{wave},0xa,9,90,5" for wave in waves]
    (out / "policy_per_wave_user_haircuts.csv").write_text("\n".join(users) + "\n")
    for horizon in (0, 500):
        folder = out / BASE.replace("horizon_ms=0", f"horizon_ms={horizon}")
        folder.mkdir(parents=True, exist_ok=True)
        rows = [header, *(f"{wave},0xa,90,9,{5 + horizon}" for wave in waves)]
        (folder / "two_pass_wave_prod_haircuts.csv").write_text("\n".join(rows) + "\n")
        first = out / BASE / "two_pass_equity_delta_by_wave.csv"
        (folder / first.name).write_text(first.read_text())
        loaded = load("published", [out], rules=Rules(horizon_ms=horizon))
        assert loaded.accounts["recorded"].unique().to_list() == [5.0 + horizon]
        assert loaded.episode().rounds[0].outcome.recorded.tolist() == [5.0 + horizon]
