"""Sweeps: episodes × policies × losses × parameters × seeds → one Parquet file.

A spec is cut into chunks of a few episodes. Each finished chunk is one file in the folder
`<output>.parts`, named by a digest of everything its figures depend on and by a digest of what it
holds, so a sweep that was killed carries on where it stopped, a changed spec finds what still
holds, and a damaged file is computed again. Rows are in the order of the spec, whoever computed
them; results are equal to the last bit for any executor and any number of workers.

Plan for 10⁵ episodes: SPEED. So a node of 32 cores plays 10⁵ such episodes under such a spec in
HOURS, and 10 times as many overnight on three of them: start `dask scheduler` and, on each node,
`dask worker tcp://HOST:8786 --nthreads 1 --nworkers 32`, then `adlopt sweep spec.toml
--scheduler tcp://HOST:8786`. Of the parts, 10⁵ episodes at the default of 32 a chunk make 3,125.
"""

from adlopt.sweep.executors import choose, on_dask, on_processes, on_threads
from adlopt.sweep.running import run_sweep
from adlopt.sweep.spec import Sweep, read_sweep

__all__ = ["Sweep", "choose", "on_dask", "on_processes", "on_threads", "read_sweep", "run_sweep"]
