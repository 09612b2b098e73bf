"""Sweeps of crashes in a closed loop: figures are those of `simulate`, and nothing is lost."""

from dataclasses import asdict
from pathlib import Path

import msgspec
import polars as pl
import pytest

import adlopt as adl
from adlopt.errors import InputError, SweepStopped
from adlopt.studies.simulation import CrashOutcome, compare
from adlopt.studies.sweep import on_processes, on_threads, read_sweep, run_sweep
from adlopt.studies.sweep.plan import play_chunk
from adlopt.studies.sweep.tasks import Crash

SPEC = """
policies = ["hyperliquid", "constant:{theta}+pro-rata"]
seeds = 3
chunk = 2
[parameters]
theta = [0.5, 1.0]
[[scenario]]
accounts = 40
steps = 20
shock = [0.3, 0.4]
fund = 0.0
"""
OWN = """
from adlopt.rules import VENUES
rule = VENUES["{}"]
"""


@pytest.fixture
def spec(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def written(text=SPEC):
        (tmp_path / "spec.toml").write_text(text)
        return tmp_path / "spec.toml"

    return written


def swept(path, output="a.parquet", told=None, policies=()):
    with on_threads(1) as executor:
        progress = None if told is None else told.append
        chosen = read_sweep(path, policies)
        return pl.read_parquet(run_sweep(chosen, output, executor, progress=progress))


def parts(output="a.parquet"):
    return {p.name: p.stat().st_mtime_ns for p in Path(f"{output}.parts").iterdir()}


def test_every_policy_meets_every_crash_once(spec):
    sweep = read_sweep(spec())
    assert str(sweep) == "18 rows: 6 crashes × 3 policies"
    table = swept(spec())
    assert table.select(sweep.key).n_unique() == len(table) == len(sweep)
    assert table.columns == [*Crash.KEY, "theta", *Crash.FIGURES]
    assert table["shock"].to_list() == [0.3] * 9 + [0.4] * 9
    assert table["seed"].to_list() == [0, 0, 0, 1, 1, 1, 2, 2, 2] * 2
    assert table["theta"].to_list()[:3] == [None, 0.5, 1.0]


def test_figures_are_those_of_simulate_and_compare(spec):
    table = swept(spec())
    scenario = adl.Scenario(accounts=40, steps=20, shock=0.4, fund=0.0)
    names = ["hyperliquid", "constant:0.5+pro-rata", "constant:1.0+pro-rata"]
    whole = compare(names, scenario, seeds=3).to_frame()
    for seed in range(3):
        run = adl.simulate(names[1], scenario, seed=seed)
        row = table.row(by_predicate=(pl.col("policy") == run.player) & (pl.col("shock") == 0.4)
                        & (pl.col("seed") == seed), named=True)  # fmt: skip
        outcome = msgspec.to_builtins(run.outcome)
        assert {name: row[name] for name in outcome} == outcome
        assert {name: row[name] for name in asdict(scenario)} == asdict(scenario)
        assert row["information"] == "round start"
    figures = ["policy", "seed", *CrashOutcome.__struct_encode_fields__]
    assert (
        table.filter(shock=0.4)
        .select(figures)
        .sort("policy", "seed")
        .equals(whole.select(figures).sort("policy", "seed"))
    )
    assert table["given_usd"].sum() > 0


@pytest.mark.nightly("processes of a sweep")
def test_threads_processes_and_other_chunks_give_the_same_rows(spec):
    swept(spec())
    with on_processes(2) as executor:
        other = run_sweep(read_sweep(spec()), "b.parquet", executor)
    assert other.read_bytes() == other.with_name("a.parquet").read_bytes()
    assert swept(spec(SPEC.replace("chunk = 2", "chunk = 5")), "c.parquet").equals(swept(spec()))


def test_a_sweep_carries_on_and_more_seeds_add_to_it(spec):
    whole = swept(spec())
    before = parts()
    kept = dict(sorted(before.items())[:2])
    for name in before.keys() - kept.keys():
        (spec().parent / "a.parquet.parts" / name).unlink()
    assert swept(spec()).equals(whole)
    assert kept.items() <= parts().items()
    more = swept(spec(SPEC.replace("seeds = 3", "seeds = 4")))
    assert len(more) == 24
    assert kept.items() <= parts().items()


def test_a_changed_rule_of_ones_own_is_played_again(spec, tmp_path):
    text = SPEC.replace("shock = [0.3, 0.4]", "")
    found = []
    for venue in ("binance", "gte", "binance"):
        (tmp_path / "own.py").write_text(OWN.format(venue))
        found.append(swept(spec(text), policies=["own.py:rule"]))
        assert set(found[-1]["policy"]) >= {venue}
    assert found[0].equals(found[2])
    (chunk, *_) = read_sweep(spec(text), ["own.py:rule"]).chunks()
    (tmp_path / "own.py").write_text(OWN.format("gte"))
    with pytest.raises(SweepStopped, match="not the one that was planned with"):
        play_chunk(chunk)


def test_a_crash_that_fails_is_named(spec, tmp_path):
    (tmp_path / "own.py").write_text(
        "import numpy as np\ndef p(start): return start.capacity * 2\n"
    )
    with (
        pytest.warns(UserWarning, match="own.py:p"),
        pytest.raises(SweepStopped, match=r"Scenario\(accounts=40.*seed 0: own\.py:p: "),
    ):
        swept(spec(), policies=["own.py:p"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SPEC + '[[episode]]\nsource = "october-10"\n', "episode is '1 given': expected nothing"),
        (SPEC + '[[loss]]\nname = "l"\nkind = "surrogate"\ntrack = 1.0\nfair = 1.0\n',
         "loss is '1 given': expected nothing"),
        (SPEC.replace("[0.3, 0.4]", "[]"), r"scenario\[0\]\.shock is \[\]"),
        (SPEC.replace("[0.3, 0.4]", "[0.3, 0.3]"), r"scenario\[0\]\.shock\[1\] is 0\.3"),
        (SPEC.replace("[0.3, 0.4]", "0.99"), r"scenario\[0\]: shock is 0\.99"),
        (SPEC.replace("[0.3, 0.4]", "nan"), r"scenario\[0\]: shock is nan"),
        (SPEC.replace("accounts = 40", "accounts = 1"), r"scenario\[0\]: accounts is 1"),
        (SPEC.replace("accounts = 40", "accounts = 4.5"), r"accounts is 4\.5"),
        (SPEC.replace("fund = 0.0", "fond = 0.0"), "fond"),
        (SPEC + "[[scenario]]\naccounts = 40\nsteps = 20\nshock = 0.4\nfund = 0.0\n",
         r"scenario\[1\] is 'Scenario\(accounts=40"),
        (SPEC.replace("seeds = 3", "seeds = 0"), "seeds is 0"),
        (SPEC.replace('"hyperliquid"', '"hyperfluid"'), r"policies\[0\]: policy is 'hyperfluid'"),
        (SPEC.replace("theta", "shock"), r"parameters\.shock"),
    ],
)  # fmt: skip
def test_a_spec_that_cannot_be_used_is_refused_by_key(spec, text, message):
    with pytest.raises(InputError, match=message):
        read_sweep(spec(text))
