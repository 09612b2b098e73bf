"""What differs by more than noise: beside SciPy's paired test, and where nothing differs."""

import numpy as np
import polars as pl
import pytest
from scipy import stats

import adlopt as adl
from adlopt.studies.sweep import differences, on_threads, read_sweep, run_sweep

SPEC = """
policies = ["do-nothing", "constant:1+pro-rata", "constant:1+queue"]
seeds = 12
[[episode]]
source = "shock"
rounds = [4, 6]
winners = 8
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    (folder / "a.toml").write_text(SPEC)
    with on_threads(1) as executor:
        return run_sweep(read_sweep(folder / "a.toml"), folder / "a.parquet", executor)


def test_the_interval_is_that_of_a_paired_test(written):
    found = differences(written).to_frame().filter(pl.col("figure") == "tracking_usd")
    table = pl.read_parquet(written)
    sides = {n: table.filter(policy=n)["tracking_usd"].to_numpy() for n in table["policy"].unique()}
    for row in found.iter_rows(named=True):
        gap = sides[row["policy"]] - sides["do-nothing+pro-rata"]
        test = stats.ttest_1samp(gap, 0.0).confidence_interval(0.95)
        assert row["pairs"] == 24
        assert row["mean"] == pytest.approx(gap.mean())
        assert row["interval"] == pytest.approx([test.low, test.high], rel=1e-3)


def test_who_pays_does_not_move_what_is_raised(written):
    """The queue and pro-rata raise the same dollars: between them nothing is more than noise."""
    rows = differences(written).to_frame().filter(pl.col("figure") == "undershoot_usd")
    assert rows["mean"][0] == pytest.approx(rows["mean"][1])
    assert "too few" not in str(differences(written))


@pytest.mark.parametrize(("more", "said"), [(0.0, "noise"), (1.0, "more than noise")])
def test_a_difference_is_told_from_noise(written, tmp_path, more, said):
    rng, table = np.random.default_rng(1), pl.read_parquet(written)
    drawn = rng.standard_normal(len(table)) + more * (table["policy"] != "do-nothing+pro-rata")
    table.with_columns(pl.Series("tracking_usd", drawn)).write_parquet(tmp_path / "b.parquet")
    found = differences(tmp_path / "b.parquet")
    low, high = next(r.interval for r in found.data().rows if r.figure == "tracking_usd")
    assert (low < 0 < high) == (said == "noise")
    if more:
        assert "yes" in str(found)


def test_few_pairs_have_no_interval(written, tmp_path):
    pl.read_parquet(written).filter(pl.col("seed") < 2).write_parquet(tmp_path / "c.parquet")
    found = differences(tmp_path / "c.parquet")
    assert {row.interval for row in found.data().rows} == {None}
    assert "too few" in str(found)


def test_what_no_sweep_wrote_is_refused(tmp_path):
    pl.DataFrame({"policy": ["a"]}).write_parquet(tmp_path / "d.parquet")
    for name in ("d.parquet", "none.parquet"):
        with pytest.raises(adl.InputError, match="that a sweep wrote"):
            differences(tmp_path / name)
