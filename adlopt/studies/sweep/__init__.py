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
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adlopt.foundation.moved import attach

if TYPE_CHECKING:
    from adlopt.studies.sweep.beyond_noise import differences as differences
    from adlopt.studies.sweep.plan import Sweep as Sweep
    from adlopt.studies.sweep.running import (
        choose as choose,
        on_dask as on_dask,
        on_processes as on_processes,
        on_threads as on_threads,
        run_sweep as run_sweep,
    )
    from adlopt.studies.sweep.spec import read_sweep as read_sweep

__getattr__, __dir__, __all__ = attach(__name__)
