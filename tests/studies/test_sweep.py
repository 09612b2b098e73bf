"""Sweeps: equal on any executor, resumable after any end, and never a row lost or doubled."""

import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import Executor, Future
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from tiers import by_day

import adlopt as adl
from adlopt.errors import CertificateError, InputError, SweepStopped
from adlopt.studies.sweep import choose, on_processes, on_threads, read_sweep, run_sweep
from adlopt.studies.sweep.plan import Sweep, play_chunk
from adlopt.studies.sweep.running import compact, write_part
from adlopt.studies.sweep.tasks import Instance

KEY = Instance.KEY
SPEC = """
policies = ["constant:{theta}+pro-rata", "persistence+queue:leverage"]
seeds = 5
chunk = 2
[parameters]
theta = [0.25, 0.5]
[[episode]]
source = "shock"
rounds = [3, 4]
winners = 20
[[loss]]
name = "cheap"
kind = "asymmetric"
under = 2.0
over = 1.0
fair = 1e5
[[loss]]
name = "dear"
kind = "surrogate"
track = 2.0
fair = 1e6
"""
ROWS, PARTS = 2 * 5 * 3 * 2, 2 * 3
SLOW = SPEC.replace("seeds = 5", "seeds = 24").replace("winners = 20", "winners = 2000")


class Here(Executor):
    """Plays in this thread, and counts."""

    def __init__(self):
        self.played = 0

    def submit(self, run, /, *args, **kwargs):
        future = Future()
        self.played += 1
        try:
            future.set_result(run(*args, **kwargs))
        except SweepStopped as error:
            future.set_exception(error)
        return future


@pytest.fixture
def spec(tmp_path):
    def written(text=SPEC, **replaced):
        for old, new in replaced.items():
            text = text.replace(f"{old} = ", f"{old} = {new} #")
        path = tmp_path / "spec.toml"
        path.write_text(text)
        return path

    return written


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def folder(output):
    return output.with_name(output.name + ".parts")


def test_every_row_is_there_once_in_the_order_of_the_spec(spec, tmp_path):
    sweep = read_sweep(spec())
    assert (len(sweep), sweep.parts) == (ROWS, PARTS)
    assert str(sweep) == "60 rows: 10 episodes × 3 policies × 2 losses"
    told = []
    table = pl.read_parquet(run_sweep(sweep, tmp_path / "a.parquet", Here(), progress=told.append))
    assert told == [f"{k} of 6" for k in range(1, 7)]
    assert len(table) == table.select(*KEY).n_unique() == ROWS
    assert table["rounds"].to_list() == [3] * 30 + [4] * 30
    assert table["seed"].to_list()[::6] == [*range(5), *range(5)]
    assert table["theta"].to_list()[:3] == [0.25, 0.5, None]
    assert table["policy"].to_list()[:3] == [
        "constant:0.25+pro-rata",
        "constant:0.5+pro-rata",
        "persistence+queue:leverage",
    ]


def test_figures_are_those_of_play(spec, tmp_path):
    table = pl.read_parquet(run_sweep(read_sweep(spec()), tmp_path / "a.parquet", Here()))
    names = ["constant:0.25+pro-rata", "constant:0.5+pro-rata", "persistence+queue:leverage"]
    loss = adl.Asymmetric(under=2.0, over=1.0, fair=1e5)
    for seed in range(5):
        episode = adl.episodes.shock(rounds=4, winners=20, seed=seed)
        board = adl.play(episode, names, loss=loss)
        for name in names:
            chosen = (pl.col("policy") == name) & (pl.col("seed") == seed) & (pl.col("rounds") == 4)
            row = table.filter(chosen, loss="cheap").row(0, named=True)
            score = board[name]
            assert row["tracking_usd"] == score.tracking
            assert row["loss_value"] == score.loss
            assert row["worst_burden"] == score.worst_burden
            assert row["hindsight_loss_optimum"] == board.loss_optimum
            assert row["hindsight_loss_optimum_lower"] <= board.loss_optimum
            assert row["information"] == "round start"


def test_results_are_equal_bit_for_bit_on_threads_and_processes(spec, tmp_path):
    sweep, found = read_sweep(spec()), set()
    found.add(digest(run_sweep(sweep, tmp_path / "here.parquet", Here())))
    for name, chosen in {
        "one": on_threads(1),
        "three": on_threads(3),
        "processes": on_processes(2),
    }.items():
        with chosen as executor:
            found.add(digest(run_sweep(sweep, tmp_path / f"{name}.parquet", executor)))
    assert len(found) == 1


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    chunk=st.integers(1, 12),
    seeds=st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=6, unique=True),
)
def test_neither_the_chunks_nor_other_seeds_change_a_row(spec, tmp_path_factory, chunk, seeds):
    folder = tmp_path_factory.mktemp("chunks")
    one, other = (
        run_sweep(
            read_sweep(spec(chunk=str(chunk), seeds=str(listed))),
            folder / f"{name}.parquet",
            Here(),
        )
        for name, chunk, listed in (("one", chunk, seeds), ("other", 32, seeds[::-1]))
    )
    assert pl.read_parquet(one).sort(*KEY).equals(pl.read_parquet(other).sort(*KEY))
    same = run_sweep(read_sweep(spec(chunk="5", seeds=str(seeds))), folder / "same.parquet", Here())
    assert digest(same) == digest(one)


@pytest.mark.parametrize("done", range(PARTS + 1))
def test_finished_chunks_are_not_played_again(spec, tmp_path, done):
    sweep, output = read_sweep(spec()), tmp_path / "a.parquet"
    whole = digest(run_sweep(sweep, tmp_path / "whole.parquet", Here()))
    folder(output).mkdir()
    for part in sorted(folder(tmp_path / "whole.parquet").iterdir())[:done]:
        (folder(output) / part.name).write_bytes(part.read_bytes())
    again = Here()
    assert digest(run_sweep(sweep, output, again)) == whole
    assert again.played == PARTS - done


def test_more_seeds_keep_what_is_finished_and_a_changed_loss_does_not(spec, tmp_path):
    output = tmp_path / "a.parquet"
    run_sweep(read_sweep(spec(seeds="4")), output, Here())
    more = Here()
    run_sweep(read_sweep(spec(seeds="6")), output, more)
    assert more.played == 2
    changed = Here()
    run_sweep(read_sweep(spec(seeds="6", over="1.5")), output, changed)
    assert changed.played == 6
    assert pl.read_parquet(output).filter(loss="cheap").height == 36


def test_a_changed_program_does_not_mix_with_what_it_did_before(spec, tmp_path, monkeypatch):
    output = tmp_path / "a.parquet"
    run_sweep(read_sweep(spec()), output, Here())
    planned = Sweep.chunks
    monkeypatch.setattr(
        Sweep, "chunks", lambda sweep: (replace(c, code="other") for c in planned(sweep))
    )
    with pytest.raises(SweepStopped, match="another version"):
        run_sweep(read_sweep(spec()), output, Here(), notice=lambda _: None)


def damaged(data):
    middle = len(data) // 2
    yield data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
    yield data[:middle]
    yield data + b"\0"
    yield b""


@pytest.mark.parametrize("kind", range(4))
def test_a_damaged_part_is_announced_and_played_again(spec, tmp_path, kind):
    sweep, output = read_sweep(spec()), tmp_path / "a.parquet"
    whole = digest(run_sweep(sweep, output, Here()))
    part = sorted(folder(output).iterdir())[3]
    part.write_bytes(list(damaged(part.read_bytes()))[kind])
    again, told = Here(), []
    assert digest(run_sweep(sweep, output, again, notice=told.append)) == whole
    assert again.played == 1
    assert told == [f"{part} is damaged; its episodes are played again"]


def test_half_written_and_foreign_files_are_left_out(spec, tmp_path):
    sweep, output = read_sweep(spec()), tmp_path / "a.parquet"
    whole = digest(run_sweep(sweep, output, Here()))
    part = sorted(folder(output).iterdir())[0]
    part.rename(part.with_name(part.name + ".partial"))
    (folder(output) / "my-notes.parquet").write_text("not ours")
    again = Here()
    assert digest(run_sweep(sweep, output, again)) == whole
    assert again.played == 1
    assert not list(folder(output).glob("*.partial"))


def test_a_doubled_and_a_lost_row_are_refused(spec, tmp_path):
    chunk = next(read_sweep(spec()).chunks())
    rows = pl.read_parquet(play_chunk(chunk))
    for wrong in (pl.concat([rows, rows[:1]]), rows[1:], pl.concat([rows[1:], rows[1:2]])):
        wrong.write_parquet(tmp_path / "wrong")
        part = write_part(tmp_path, "a" * 32, (tmp_path / "wrong").read_bytes())
        with pytest.raises(CertificateError, match=f"instead of {len(rows)}"):
            compact([part], [*KEY], len(rows), tmp_path / "out.parquet")
    part.write_bytes(b"x")
    with pytest.raises(CertificateError, match="damaged"):
        compact([part], [*KEY], len(rows), tmp_path / "out.parquet")
    assert not (tmp_path / "out.parquet").exists()


def test_a_failing_episode_stops_neither_the_others_nor_goes_unnoticed(spec, tmp_path):
    bad = '[[round]]\ndeficit = 9.0\nneeded = 6.0\naccount = [{ id = "a", capacity = 12.0 }]\n'
    (tmp_path / "bare.toml").write_text(bad)
    path = spec(SPEC + '[[episode]]\nsource = "bare.toml"\n')
    told, output = [], tmp_path / "a.parquet"
    with pytest.raises(SweepStopped, match=r"1 of 7 chunks failed.*bare\.toml: .*leverage"):
        run_sweep(read_sweep(path), output, Here(), notice=told.append)
    assert len(told) == 1
    assert not output.exists()
    assert len(list(folder(output).iterdir())) == PARTS


def test_files_and_pooled_episodes_take_part(spec, tmp_path):
    text = 'policies = ["persistence", "ogd"]\n[[episode]]\nsource = "october-10"\n'
    adl.write_episode(adl.episodes.shock(rounds=3, winners=9), tmp_path / "own.json")
    path = spec(text + '[[episode]]\nsource = "own.json"\n')
    with on_processes(1) as executor:
        table = pl.read_parquet(run_sweep(read_sweep(path), tmp_path / "a.parquet", executor))
    assert table["episode"].to_list() == ["october-10"] * 2 + ["own.json"] * 2
    assert table["seed"].null_count() == table["winners"].null_count() == 4
    assert table["information"].to_list() == ["round start", "hindsight"] * 2
    assert table["worst_burden"].is_null().to_list() == [True, True, False, False]
    board = adl.play(adl.episodes.october_10(), ["persistence"])
    assert table["tracking_usd"][0] == board["persistence+pro-rata"].tracking


def test_infinite_burdens_survive(spec, tmp_path):
    held = '[{ id = "a", capacity = 9.0, equity = 0.0 }, { id = "b", capacity = 9.0, equity = 9.0}]'
    (tmp_path / "own.toml").write_text(f"[[round]]\ndeficit=9.0\nneeded=6.0\naccount={held}\n")
    loss = '[[loss]]\nname="l"\nkind="asymmetric"\nburden="equity"\nunder=1.0\nover=1.0\nfair=1.0\n'
    path = spec(f'policies = ["constant:0.5"]\n[[episode]]\nsource = "own.toml"\n{loss}')
    row = pl.read_parquet(run_sweep(read_sweep(path), tmp_path / "a.parquet", Here()))
    assert np.isinf(row["worst_burden"][0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[episode]]\nsource = "shock"', r"policies is \[\]: expected at least one policy"),
        ('policies = ["persistence"]', r"episode is \[\]: expected at least one episode or scen"),
        (SPEC + "[[episode]]\n", r"episode\[2\]|source is None"),
        (SPEC + "[nonsense]\n", "nonsense.*expected a key that is known"),
        (SPEC.replace("chunk = 2", "chunk = 0"), "chunk is 0"),
        (SPEC.replace("chunk = 2", "chunk = 1.5"), r"chunk is 1\.5: expected a whole number"),
        (SPEC.replace("seeds = 5", "seeds = 0"), "seeds is 0"),
        (SPEC.replace("seeds = 5", "seeds = true"), "seeds is True"),
        (SPEC.replace("seeds = 5", "seeds = []"), r"seeds is \[\]"),
        (SPEC.replace("seeds = 5", "seeds = [1, -1]"), r"seeds\[1\] is -1"),
        (SPEC.replace("seeds = 5", "seeds = [3, 1, 3]"), r"seeds\[2\] is 3"),
        (SPEC.replace("seeds = 5", "seeds = 10_000_000_000"), "seeds is 10000000000"),
        (SPEC.replace("seeds = 5", "seeds = 90_000_000"), "not 1,080,000,000"),
        (SPEC.replace("[3, 4]", "[3, 4, 3]"), r"episode\[0\]\.rounds\[2\] is 3"),
        (SPEC.replace("[3, 4]", "[]"), r"episode\[0\]\.rounds is \[\]"),
        (SPEC.replace("[3, 4]", "0"), r"episode\[0\]\.rounds\[0\] is 0"),
        (SPEC.replace("winners = 20", "winners = nan"), r"episode\[0\]\.winners is nan"),
        (SPEC.replace('"shock"', '"flood"'), r"episode\[0\]\.source is 'flood'"),
        (
            SPEC.replace('"shock"', '"none.toml"'),
            r"episode\[0\]\.rounds is \[3, 4\]: expected nothing",
        ),
        (SPEC + '[[episode]]\nsource = "none.toml"\n', r"none\.toml': expected a file that exists"),
        (
            SPEC.replace('"shock"\nrounds = [3, 4]\nwinners = 20', '"october-10"'),
            "seeds is 5: expected nothing",
        ),
        (
            SPEC + '[[episode]]\nsource = "shock"\nrounds = 4\nwinners = 20\n',
            r"episode\[1\] is 'shock\(rounds=4",
        ),
        (SPEC.replace("[0.25, 0.5]", "[0.25, 0.25]"), r"theta\[1\] is 0\.25"),
        (SPEC.replace("[0.25, 0.5]", "[0.25, 'a']"), r"theta\[1\] is 'a'"),
        (SPEC.replace("[0.25, 0.5]", "[nan]"), r"theta\[0\] is nan"),
        (SPEC.replace("[0.25, 0.5]", "[]"), r"theta is \[\]"),
        (
            SPEC.replace("[0.25, 0.5]", "[0.25, 1.5]"),
            r"policies\[0\]: policy 'constant:1\.5': theta is 1\.5",
        ),
        (SPEC.replace("theta = ", "seed = "), r"parameters\.seed"),
        (SPEC.replace("theta = ", "phi = "), r"policies\[0\].*parameters of phi"),
        (SPEC.replace("theta = ", "phi = [1]\ntheta = "), r"parameters\.phi .*write \{phi\}"),
        (
            SPEC.replace('"persistence+queue:leverage"', '"hope"'),
            r"policies\[1\]: policy is 'hope'",
        ),
        (
            SPEC.replace('"persistence+queue:leverage"', '"constant:0.50"'),
            r"policies\[1\] is 'constant:0\.5\+pro-rata': expected policies that differ",
        ),
        (SPEC.replace('"dear"', '"cheap"'), r"loss\[1\] is 'cheap'"),
        (SPEC.replace('"surrogate"', '"min-max"'), r"loss\[1\]: loss\."),
        (SPEC.replace("under = 2.0", "under = -2.0"), r"loss\[0\]: under is -2\.0"),
        (SPEC.replace("under = 2.0\n", ""), r"loss\[0\]: loss\.under is None"),
    ],
)
def test_a_spec_that_cannot_be_used_is_refused_by_key(spec, text, message):
    with pytest.raises(InputError, match=message) as refused:
        read_sweep(spec(text))
    assert str(refused.value).startswith(str(spec(text)))


def test_the_spec_in_the_guide_is_as_large_as_it_says(spec):
    guide = (Path(__file__).parents[2] / "examples/guide/studies.md").read_text(encoding="utf-8")
    episodes, crashes = re.findall(r"```toml\n(policies = .*?)```", guide, re.DOTALL)
    assert f"--dry-run                # {read_sweep(spec(episodes))}\n" in guide
    assert f"This makes {read_sweep(spec(crashes))}:" in " ".join(guide.split())


@pytest.mark.parametrize("output", ["a.csv", "none/a.parquet", "folder.parquet"])
def test_outputs_that_cannot_be_written_are_refused(spec, tmp_path, output):
    (tmp_path / "folder.parquet").mkdir()
    with pytest.raises(InputError, match="output"):
        run_sweep(read_sweep(spec()), tmp_path / output, Here())


def test_executors_that_cannot_be_are_refused():
    for options in ({"workers": 0}, {"workers": -1, "threads": True}):
        with pytest.raises(InputError, match="workers"), choose(**options):
            pass
    for options in ({"workers": 2}, {"threads": True}):
        with pytest.raises(InputError, match="nothing beside scheduler"):
            choose(scheduler="tcp://localhost:1", **options)


def test_a_cluster_without_dask_is_refused(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"pip install 'adlopt\[dask\]'"):
        choose(scheduler="tcp://localhost:1").__enter__()


@pytest.mark.parametrize("accepted", [2, PARTS])
def test_an_interrupt_at_any_time_cancels_what_has_not_begun(spec, tmp_path, accepted):
    class Idle(Executor):
        """Begins nothing, and is interrupted after so many chunks were handed in."""

        def __init__(self):
            self.futures = []

        def submit(self, run, /, *args, **kwargs):
            if len(self.futures) == accepted:
                raise KeyboardInterrupt
            self.futures.append(Future())
            if len(self.futures) == PARTS:
                self.futures[0].set_exception(KeyboardInterrupt())
            return self.futures[-1]

    idle = Idle()
    with pytest.raises(KeyboardInterrupt):
        run_sweep(read_sweep(spec()), tmp_path / "a.parquet", idle)
    assert len(idle.futures) == accepted
    assert all(future.done() for future in idle.futures)


def start(path, *words):
    command = [sys.executable, "-m", "adlopt", "sweep", str(path), *words]
    here = {"PYTHONPATH": str(Path(adl.__file__).parents[1])}
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | here,
        start_new_session=True,
    )


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def children(pid):
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(child) for child in listed.split()]


def lives(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").split()[2] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for processes in /proc")
def test_a_killed_sweep_carries_on_and_leaves_no_workers(spec, tmp_path):
    path, output = spec(SLOW), tmp_path / "spec.parquet"
    running = start(path, "--workers", "2")
    wait_for(lambda: len(list(folder(output).glob("*.parquet"))) >= 3)
    workers = children(running.pid)
    assert workers
    running.send_signal(signal.SIGKILL)
    running.communicate()
    kept = {part: digest(part) for part in folder(output).glob("*.parquet")}
    assert not output.exists()
    assert len(kept) < read_sweep(path).parts
    wait_for(lambda: not any(map(lives, workers)))
    again = Here()
    run_sweep(read_sweep(path), output, again)
    assert again.played == read_sweep(path).parts - len(kept)
    assert all(digest(part) == before for part, before in kept.items())
    assert pl.read_parquet(output).height == len(read_sweep(path))


@pytest.mark.parametrize("threads", by_day(1, [[], ["--threads"]]))
def test_ctrl_c_leaves_whole_files_and_carries_on(spec, tmp_path, threads):
    path, output = spec(SLOW), tmp_path / "spec.parquet"
    running = start(path, "--workers", "2", *threads)
    wait_for(lambda: len(list(folder(output).glob("*.parquet"))) >= 2)
    os.killpg(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (130, "")
    assert err == "adlopt: stopped; the same command carries on\n"
    kept = list(folder(output).iterdir())
    assert all(digest(part)[:32] == part.stem.partition("-")[2] for part in kept)
    again = Here()
    run_sweep(read_sweep(path), output, again)
    assert again.played == read_sweep(path).parts - len(kept)


@pytest.mark.nightly("processes of a sweep")
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for processes in /proc")
def test_a_dead_worker_process_is_one_message(spec, tmp_path):
    path, output = spec(SLOW), tmp_path / "spec.parquet"
    running = start(path, "--workers", "2")
    wait_for(lambda: len(list(folder(output).glob("*.parquet"))) >= 2)
    os.kill(children(running.pid)[-1], signal.SIGKILL)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 1
    assert err == "adlopt: a worker process died; what is finished is kept: run it again\n"


def test_a_dry_run_counts_and_plays_nothing(spec, tmp_path):
    running = start(spec(SLOW), "--dry-run")
    assert running.communicate(timeout=60) == (
        "288 rows: 48 episodes × 3 policies × 2 losses\n",
        "",
    )
    assert [path.name for path in tmp_path.iterdir()] == ["spec.toml"]
