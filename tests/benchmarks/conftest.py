"""Every benchmark is measured beside one pass of np.sum and beside its peers, in the same run.

Each round of the benchmark is preceded by one round of everything it is compared with, so that
whatever else the machine does meets them alike. Libraries get one thread, and what is counted is
the time that thread and its child processes run: waiting for a busy machine is no cost of ours.
"""

import os
import resource
import sys
import time
from statistics import median

import pytest

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
PATIENCE = 2.0
"""Seconds after which a peer is not measured again."""

if "numpy" in sys.modules and any(os.environ.get(name) != "1" for name in THREADS):
    raise RuntimeError(f"numpy was loaded with many threads: run with {'=1 '.join(THREADS)}=1")
os.environ.update(dict.fromkeys(THREADS, "1"))


def running_time():
    """Processor seconds of this process and of the children it has waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(pytest.mark.benchmark(timer=running_time))


@pytest.fixture
def measure(benchmark):
    """Measure `run` on n numbers, and what it is compared with; return what `run` returns.

    ``measure(run, problem=…, n=…, peers={name: run, …}, size=…, rounds=…)`` adds one row to the
    table of `table.py`: `problem` names it, `size` says how large it is (n accounts unless given),
    n is how many numbers the pass of np.sum adds up.
    """
    import numpy as np

    def measured(run, *, problem, n, peers=None, size=None, rounds=15):
        numbers = np.random.default_rng(0).random(n)
        others = {"one pass of np.sum": numbers.sum, **(peers or {})}
        seconds = {name: [] for name in others}

        def beside():
            for name, other in others.items():
                if sum(seconds[name]) < PATIENCE:
                    start = running_time()
                    other()
                    seconds[name].append(running_time() - start)

        run()
        result = benchmark.pedantic(run, setup=beside, rounds=rounds)
        medians = {name: median(taken) for name, taken in seconds.items()}
        benchmark.extra_info.update(
            problem=problem,
            size=size or f"{n:,} accounts",
            one_pass=medians.pop("one pass of np.sum"),
            peers=medians,
        )
        return result

    return measured


@pytest.fixture
def compiled(request, monkeypatch):
    """Compile loops whatever the size, or never; the name that the table gives that."""
    from adlopt.foundation import compiling

    monkeypatch.setattr(compiling, "LOADING", 0.0 if request.param else float("inf"))
    return ", compiled" if request.param else ", in numpy"
