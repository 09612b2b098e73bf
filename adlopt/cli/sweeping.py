"""The verb that plays many episodes."""

from __future__ import annotations

import sys
from pathlib import Path

from adlopt.cli import command as cli


@cli.app.command
def sweep(
    spec: Path,
    *,
    policy: cli.Policies = None,
    output: cli.Output = None,
    workers: cli.WholeOrNone = None,
    threads: cli.Flag = False,
    scheduler: str | None = None,
    dry_run: cli.Flag = False,
) -> None:
    """Play episodes × policies × losses × parameters × seeds, and write a Parquet file.

    Or crashes in a closed loop × policies × parameters × seeds, where the file lists scenarios.
    Policies that are named here are played besides those of the file.
    Stopped or killed, the same command carries on with what is not yet played.

    Parameters
    ----------
    spec
        A .toml or .json file; its name with .parquet is the output unless given.
    output
        A .parquet file; finished chunks are kept in a folder beside it.
    workers
        Processes; one for each core unless given.
    threads
        Use threads instead of processes.
    scheduler
        Use a dask cluster instead: tcp://HOST:PORT. It needs the extra dask.
    dry_run
        Print how much there is to play, and play nothing.
    """
    from adlopt.studies.sweep.running import choose, run_sweep
    from adlopt.studies.sweep.spec import read_sweep

    chosen = read_sweep(spec, policy or ())
    if dry_run:
        print(chosen)
        return
    path = spec.with_suffix(".parquet") if output is None else output
    try:
        with (
            choose(workers=workers, threads=threads, scheduler=scheduler) as executor,
            cli.progress(chosen.parts, "chunks") as step,
        ):
            run_sweep(chosen, path, executor, progress=step, notice=_notice)
    except KeyboardInterrupt:
        _notice("stopped; the same command carries on")
        raise
    print(f"wrote {path}: {chosen}")


def _notice(message: str) -> None:
    print(f"adlopt: {message}", file=sys.stderr)
