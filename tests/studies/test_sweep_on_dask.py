"""Sweeps on a dask cluster: the same bits, and a killed worker loses nothing."""

import os
import signal

import pytest
from distributed import Client, LocalCluster

from adlopt.errors import InputError
from adlopt.studies.sweep import on_dask, on_threads, read_sweep, run_sweep

SPEC = """
policies = ["persistence", "queue:leverage"]
seeds = 40
chunk = 2
[[episode]]
source = "shock"
rounds = 3
winners = 1000
"""


@pytest.fixture
def sweep(tmp_path):
    (tmp_path / "spec.toml").write_text(SPEC)
    return read_sweep(tmp_path / "spec.toml")


@pytest.fixture
def cluster():
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as running:
        yield running


@pytest.mark.nightly("a cluster of processes")
def test_a_killed_worker_loses_nothing_and_changes_nothing(sweep, cluster, tmp_path):
    with on_threads(1) as executor:
        alone = run_sweep(sweep, tmp_path / "alone.parquet", executor).read_bytes()
    with Client(cluster.scheduler_address, set_as_default=False) as client:
        victim, survivor = client.run(os.getpid).values()
    told = []

    def kill_one(finished):
        if not told:
            os.kill(victim, signal.SIGKILL)
        told.append(finished)

    with on_dask(cluster.scheduler_address) as executor:
        path = run_sweep(sweep, tmp_path / "a.parquet", executor, progress=kill_one)
    assert path.read_bytes() == alone
    assert told == [f"{k} of 20" for k in range(1, 21)]
    with Client(cluster.scheduler_address, set_as_default=False) as client:
        left = client.run(os.getpid).values()
    assert victim not in left
    assert survivor in left


def test_a_scheduler_that_does_not_answer_is_an_input_error():
    for address in ("tcp://127.0.0.1:1", "nonsense://x"):
        with pytest.raises(InputError, match="scheduler"), on_dask(address):
            pass
