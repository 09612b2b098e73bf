"""The published per-round figures, read back from the folder they were published in."""

import csv
import math
from pathlib import Path

import polars as pl
import pytest

from adlopt.data.episodes import october_10
from adlopt.data.loaders import read_published
from adlopt.data.loaders.published import POLICIES
from adlopt.errors import InputError
from adlopt.show.load import render

DATA = Path(__file__).parents[4] / "shared" / "data" / "october_10"
BASE = "eval_horizon_sweep/gap_ms=5000/horizon_ms=0"
PRODUCTION = {
    0: "production queue",
    500: "production queue, 500 ms later",
    5000: "production queue, 5000 ms later",
}
HORIZONS = {
    0: 60108335.328144774,
    500: 66753276.21823378,
    1000: 66091792.83439987,
    2000: 62526361.714594774,
    5000: 64353144.63285082,
}
"""Published totals of production haircuts, by milliseconds after a round's end."""


def write(path, header, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def folder_of(tmp_path, episode, gaps=None):
    """An `out/` folder that says what an episode says."""
    out = tmp_path / "out"
    header = "wave,t_start_ms,t_end_ms,deficit_usd,max_loss_usd,budget_needed_usd,budget_prod_usd"
    keys = [key for key, name in POLICIES.items() if name in {r.policy for r in episode.recorded}]
    metrics = []
    for horizon, policy in PRODUCTION.items():
        rows = []
        for round_ in episode:
            t, signals = round_.start.t - 1, round_.start.signals
            times = [int(signals[name]) for name in ("wave", "start_ms", "end_ms")]
            production = float(episode.recorded_run(policy).haircut[t])
            figures = [round_.start.deficit, signals["largest_loss"], round_.needed, production]
            rows.append([*times, *figures])
        base = BASE.replace("horizon_ms=0", f"horizon_ms={horizon}")
        write(out / base / "two_pass_equity_delta_by_wave.csv", header.split(","), rows)
    for t, round_ in enumerate(episode):
        wave = int(round_.start.signals["wave"])
        cells = [wave, "2025-10-10 21:16:04.831000+00:00", round_.start.total_capacity]
        for key in keys:
            run = episode.recorded_run(POLICIES[key])
            cells += [float(run.haircut[t]), float(run.burden[t])]
        metrics.append(cells)
    names = [f"{kind}_{key}" for key in keys for kind in ("budget", "max_pct")]
    write(out / "policy_per_wave_metrics.csv", ["wave", "t_start", "total_cap", *names], metrics)
    if gaps is not None:
        header = "wave,t_start_ms,t_end_ms,coin,gap_usd_x_qty,qty_contracts,gap_per_contract_usd"
        write(out / BASE / "two_pass_wave_coin_gap_per_contract.csv", header.split(","), gaps)
    header = (
        "gap_ms,eval_horizon_ms,num_waves,total_deficit_usd,total_budget_needed_usd,"
        "total_H_prod_usd,total_overshoot_prod_minus_needed_usd"
    )
    needed = math.fsum(episode.needed)
    total = math.fsum(episode.deficit)
    sweep = [[5000, ms, 16, total, needed, usd, usd - needed] for ms, usd in HORIZONS.items()]
    write(out / "eval_horizon_sweep_gap_ms=5000.csv", header.split(","), sweep)
    return out


def test_the_built_in_episode_comes_back_figure_by_figure(tmp_path):
    known = october_10()
    loaded = read_published(folder_of(tmp_path, known))
    episode = loaded.episode()
    assert loaded.rounds["wave"].to_list() == [1, 2, 4, 5, *range(7, 15), 17, 21, 25, 28]
    assert episode.deficit.tolist() == known.deficit.tolist()
    assert episode.needed.tolist() == known.needed.tolist()
    assert round(math.fsum(episode.needed), 2) == 15_079_669.61
    assert episode.total_capacity.tolist() == known.total_capacity.tolist()
    assert (episode.pooled, episode.reference, episode.fairest) == (
        True,
        known.reference,
        known.fairest,
    )
    assert {run.policy for run in episode.recorded} == {run.policy for run in known.recorded}
    for run in known.recorded:
        twin = episode.recorded_run(run.policy)
        assert twin.haircut.tolist() == run.haircut.tolist()
        assert (twin.burden is None) == (run.burden is None)
        assert run.burden is None or twin.burden.tolist() == run.burden.tolist()
        assert twin.information == run.information
    millions = [round(each["production"] / 1e6, 3) for each in loaded.to_dict()["horizons"]]
    assert millions == [60.108, 66.753, 66.092, 62.526, 64.353]
    assert "winners" in loaded.unavailable
    wide = [line.strip() for line in render(loaded.data()).splitlines() if len(line) > 80]
    assert all(Path(line).is_file() for line in wide), "nothing but a path is wider"
    origin = loaded.origins[28]["deficit, needed"][0]
    assert (Path(origin.file).name, origin.first) == ("two_pass_equity_delta_by_wave.csv", 17)


@pytest.mark.skipif(not DATA.is_dir(), reason="the published figures are not here")
def test_the_published_figures_agree_with_themselves(tmp_path):
    gaps = pl.read_csv(DATA / "coin_gaps.csv").rows()
    loaded = read_published(folder_of(tmp_path, october_10(), gaps))
    assert [finding.name for finding in loaded.findings] == []
    assert {report.rejected for report in loaded.reports} == {0}
    rounds = pl.read_csv(DATA / "rounds.csv")
    columns = {"wave": "wave_id", "deficit": "deficit_usd", "needed": "needed_usd"}
    for ours, theirs in columns.items():
        assert loaded.rounds[ours].to_list() == rounds[theirs].to_list()
    assert loaded.rounds["capacity"].to_list() == rounds["total_capacity_usd"].to_list()
    for ms in (0, 500, 5000):
        assert math.fsum(rounds[f"production_haircut_{ms}ms_usd"]) == pytest.approx(HORIZONS[ms])
    broken = [(*row[:4], row[4] + 1.0, *row[5:]) if row[0] == 8 else row for row in gaps]
    loaded = read_published(folder_of(tmp_path / "broken", october_10(), broken))
    assert [(f.name, f.rounds) for f in loaded.findings] == [("needed disagrees", (6,))]


def test_a_missing_table_is_named_and_its_figures_are_unavailable(tmp_path):
    out = folder_of(tmp_path, october_10())
    (out / "policy_per_wave_metrics.csv").unlink()
    loaded = read_published(out)
    assert loaded.rounds["capacity"].null_count() == 16
    assert [record.policy for record in loaded.recorded] == list(PRODUCTION.values())
    with pytest.raises(InputError, match=r"capacity is 'unavailable'.*policy_per_wave_metrics"):
        loaded.episode()
    (out / BASE / "two_pass_equity_delta_by_wave.csv").unlink()
    with pytest.raises(InputError, match="a folder with eval_horizon_sweep"):
        read_published(out)
    with pytest.raises(InputError, match="a folder"):
        read_published(tmp_path / "absent")


def with_winners(tmp_path, episode, *, users):
    """An `out/` folder with three winners a round, and what production took of each."""
    out = folder_of(tmp_path, episode)
    rows = []
    production = episode.recorded_run("production queue").haircut
    for round_, taken in zip(episode, production.tolist(), strict=True):
        wave, total = int(round_.start.signals["wave"]), round_.start.total_capacity
        for user, part in (("0xa", 0.5), ("0xb", 0.3), ("0xc", 0.2)):
            rows.append([wave, user, part * total, 2 * part * total, part * taken])
    if users:
        header = ["wave", "user", "cap_eff_usd", "equity_usd", "haircut_prod_usd"]
        write(out / "policy_per_wave_user_haircuts.csv", header, rows)
    else:
        header = ["wave", "user", "pnl_start_usd", "equity_start_usd", "haircut_prod_usd"]
        write(out / BASE / "two_pass_wave_prod_haircuts.csv", header, rows)
    return out, rows


@pytest.mark.parametrize("users", [True, False])
def test_winners_come_with_capacity_equity_and_what_production_took(tmp_path, users):
    known = october_10()
    out, rows = with_winners(tmp_path, known, users=users)
    loaded = read_published(out)
    assert "winners" not in loaded.unavailable
    assert len(loaded.accounts) == len(rows)
    assert [finding.name for finding in loaded.findings] == []
    episode = loaded.episode()
    assert not episode.pooled
    assert episode.rounds[0].start.account == ("0xa", "0xb", "0xc")
    assert episode.total_capacity.tolist() == pytest.approx(known.total_capacity.tolist())
    assert episode.rounds[3].start.equity.tolist() == pytest.approx(
        [2 * usd for usd in episode.rounds[3].start.capacity.tolist()]
    )
    assert "recorded" not in episode.rounds[0].start.features, "it is known when the round is over"
    assert sum(loaded.accounts["recorded"]) == pytest.approx(HORIZONS[0])


def test_winners_that_do_not_add_up_are_said(tmp_path):
    out, _ = with_winners(tmp_path, october_10(), users=True)
    path = out / "policy_per_wave_user_haircuts.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[:-1]) + "\n")
    found = {(finding.name, finding.rounds) for finding in read_published(out).findings}
    assert found == {("production disagrees", (16,)), ("total_cap disagrees", (16,))}
    path.write_text("\n".join([*lines, lines[1]]) + "\n")
    with pytest.raises(InputError, match="line 50 is '0xa': expected wave and account once"):
        read_published(out)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    out = folder_of(tmp_path, october_10())
    path = out / "policy_per_wave_metrics.csv"
    path.rename(tmp_path / "elsewhere.csv")
    path.symlink_to(tmp_path / "elsewhere.csv")
    with pytest.raises(InputError, match="a file inside"):
        read_published(out)


def test_a_wave_that_stands_twice_is_refused(tmp_path):
    out = folder_of(tmp_path, october_10())
    path = out / BASE / "two_pass_equity_delta_by_wave.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines, lines[3]]))
    with pytest.raises(InputError, match=r"by_wave.csv line 18 is 4"):
        read_published(out)
