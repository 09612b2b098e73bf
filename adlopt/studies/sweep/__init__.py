"""Sweeps: episodes × policies × losses × parameters × seeds → one Parquet file; or crashes × ….

A spec lists episodes, each on its own and with its outcomes as they were recorded or generated:
what a policy does changes neither prices nor later rounds. Or it lists scenarios of crashes, which
every policy plays in a closed loop (`adlopt.studies.simulation`): each seed is one world, the same
for all policies until they act.

It is cut into chunks of a few episodes or crashes. Each finished chunk is one file in the folder
`<output>.parts`, named by a digest of everything its figures depend on and by a digest of what it
holds, so a sweep that was killed carries on where it stopped, a changed spec finds what still
holds, and a damaged file is computed again. Rows are in the order of the spec, whoever computed
them; results are equal to the last bit for any executor and any number of workers.

Plan for 10⁵ generated episodes of 16 rounds under four policies and one loss with its optimum:
one core plays an episode of 1,000 winners in 0.06 s of processor time and one of 20,000 winners in
0.48 s (`tests/benchmarks/test_sweep.py`), which makes 1.7 and 13 core hours. A machine of 4 cores
does either overnight with `adlopt sweep spec.toml`, a cluster in proportion sooner: start
`dask scheduler`, on each node `dask worker tcp://HOST:8786 --nworkers CORES --nthreads 1`, then
`adlopt sweep spec.toml --scheduler tcp://HOST:8786`. Workers need the same adlopt, numpy and
polars, and no shared disk: whoever runs the sweep writes the files, here 3,125 of 32 episodes each.
All rows are held in memory once, at the end, about 200 bytes a row.

Plan for 10⁵ closed-loop episodes, a crash of 60 steps under one policy each: one core plays 15 of
300 accounts in a second of processor time and 6.1 of 1,000 accounts (medians of 32 plays under
hyperliquid, reya, persistence and constant:1+queue: `pytest tests/benchmarks/test_sweep.py
--benchmark-enable`), which makes 1.8 and 4.5 core hours. 10⁵ crashes under four policies each, to
be compared pair by pair, take four times that: 7.3 and 18 core hours, a night of 8 hours on 1 and
on 3 cores. `seeds = 25000` in the spec makes 10⁵ of them with four policies; chunks of 32 crashes
last 8 and 21 seconds, which is what a killed worker costs at most.
"""

from adlopt.studies.sweep.plan import Sweep
from adlopt.studies.sweep.running import choose, on_dask, on_processes, on_threads, run_sweep
from adlopt.studies.sweep.spec import read_sweep

__all__ = ["Sweep", "choose", "on_dask", "on_processes", "on_threads", "read_sweep", "run_sweep"]
