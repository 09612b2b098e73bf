"""Verbs that judge policies, on one episode or on many."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import adlopt as adl
from adlopt.cli import command as cli
from adlopt.errors import InputError
from adlopt.foundation.arrays import own_whole
from adlopt.model.loss import Burden


@cli.example("adlopt axioms queue --prove")
def axioms(
    policy: cli.OnePolicy,
    *,
    tries: cli.Whole = 300,
    seed: cli.Whole = 0,
    prove: cli.Flag = False,
    accounts: cli.Whole = 4,
    time_limit: float | None = None,
    form: cli.Form = cli.TEXT,
) -> None:
    """Search for small instances on which a policy breaks axioms of fair deleveraging.

    Parameters
    ----------
    policy
        severity+allocation, such as persistence+pro-rata (adlopt policies), a venue's rule (adlopt
        venues), or path.py:name; a rule or an allocation alone raises the whole deficit.
    tries
        Instances for each axiom.
    seed
        Of the search: equal seeds find equal counterexamples.
    prove
        Decide with z3 what the search does not break, over all real profits and deficits.
    accounts
        Up to so many, at most 4.
    time_limit
        Seconds; what is known by then is printed, as after Ctrl-C.
    """
    from adlopt.show.axioms import render

    own_whole(accounts, "accounts", lowest=1)
    with cli.progress(None, "trying") as step:
        options: dict[str, Any] = {"time_limit": time_limit, "progress": step}
        found = adl.try_axioms(policy, tries=tries, seed=seed, prove=accounts * prove, **options)
    cli.put(found, form, render)


@cli.example("adlopt diagnose episode.toml -p persistence+queue -p persistence+pro-rata")
def diagnose(
    episode: str,
    *,
    policy: cli.Policies = None,
    burden: cli.Against = Burden.CAPACITY,
    as_published: cli.Flag = False,
    form: cli.Form = cli.TEXT,
) -> None:
    """Measure what policies do to accounts: who pays, in what order, how steadily.

    Parameters
    ----------
    episode
        A .toml or .json file with accounts.
    as_published
        PTSR, PMR and RD-NSE by what is left of the deficit, as was published of October 10.
    """
    from adlopt.show.diagnosis import render

    chosen = cli.episode_named(episode)
    with cli.progress(None, "diagnosing") as step:
        options: dict[str, Any] = {"burden": burden, "as_published": as_published}
        found = adl.diagnose(chosen, policy or (), progress=step, **options)
    cli.put(found, form, render)


@cli.example("adlopt compare october.json -r pro-rata -r min-max -o by_account.csv")
def compare(
    file: Path,
    *,
    rule: cli.Players = None,
    burden: cli.Against = Burden.CAPACITY,
    output: cli.Rows = None,
    form: cli.Form = cli.TEXT,
) -> None:
    """Set what the venue took from each account beside rules, policies and optima at one budget.

    Parameters
    ----------
    file
        An episode with accounts, or a market, .toml or .json; with what was recorded, if production
        is to be one of them.
    rule
        A venue's rule (adlopt venues), severity+allocation (adlopt policies), path.py:name, or an
        objective such as min-max, for the optimum in hindsight; repeat for several.
    """
    from adlopt.data.files.writing import write_rows
    from adlopt.show.side_by_side import render

    held: Any = adl.read(file)
    with cli.progress(None, "playing") as step:
        found = adl.compare(held, rule or (), burden=burden, progress=step)
    if output is not None:
        write_rows(found, output)
    cli.put(found, form, render)


@cli.example("adlopt simulate -p hyperliquid -p reya --seeds 20")
def simulate(
    market: Path | None = None,
    *,
    policy: cli.Policies = None,
    seeds: cli.Whole = 100,
    accounts: cli.WholeOrNone = None,
    shock: float = 0.3,
    fund: float | None = None,
    output: cli.Output = None,
    form: cli.Form = cli.TEXT,
) -> None:
    """Play rules and policies in a simulated crash, where each choice changes what follows.

    The first policy is what the others are compared with.

    Parameters
    ----------
    market
        A market, .toml or .json, that the crash finds: its accounts, positions, marks and fund.
    seeds
        Worlds; all policies meet the same.
    accounts
        Traders, where no market is given; 300 unless said.
    shock
        Share of its price that the first coin loses; in a market, every coin.
    fund
        The insurance fund, as a share of open interest; 0.002 unless said, or a market has it.
    output
        Write the rounds that the first policy met at seed 0 to this .json file, for `adlopt play`.
    """
    from adlopt.data.files.reading import read_market
    from adlopt.show.comparison import render
    from adlopt.studies.simulation.paired import STANDARD, compare
    from adlopt.studies.simulation.world import Scenario

    said: dict[str, Any] = {
        name: v for name, v in (("accounts", accounts), ("fund", fund)) if v is not None
    }
    if market is not None and said:
        name, value = next(iter(said.items()))
        raise InputError(f"--{name}", value, "nothing beside a market, which has its own")
    scenario, where = Scenario(shock=shock, **said), None if market is None else read_market(market)
    chosen = policy or STANDARD
    if output is not None:
        adl.write_episode(adl.simulate(chosen[0], scenario, market=where).episode(), output)
    with cli.progress(seeds * len(chosen), "simulating") as step:
        done = compare(chosen, scenario, seeds=seeds, market=where, progress=step)
    cli.put(done, form, render)


@cli.example("adlopt exposure sam market.toml -r hyperliquid")
def exposure(
    account: str,
    file: Path,
    *,
    rule: cli.Players = None,
    budget: str = "uniform",
    form: cli.Form = cli.TEXT,
) -> None:
    """Print what rules may take from one account, how likely, and where it stands in their queues.

    Every venue's rule that the file allows is played unless rules are given.

    Parameters
    ----------
    account
        Its id in the file.
    file
        A round or a market, .toml or .json.
    budget
        How much users may have to give, USD: uniform (up to the deficit), uniform:HIGH,
        lognormal:MEDIAN:SIGMA, or quantiles:Q0:Q1:… at equally spaced levels.
    """
    from adlopt.show.exposure import render
    from adlopt.studies.exposure.account_exposure import exposure as exposure_

    held = adl.read(file)
    thing = held.thing if isinstance(held, adl.Problem) else held
    if not isinstance(thing, (adl.Round, adl.Market)):
        raise InputError("file", str(file), "a round of dollars, or a market")
    where = thing.start if isinstance(thing, adl.Round) else thing
    with cli.progress(None, "playing") as step:
        seen = exposure_(account, where, rule or (), budget=budget, progress=step)
    cli.put(seen, form, render)


@cli.example("adlopt sweep spec.toml --workers 8")
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
    from adlopt.studies.sweep import differences
    from adlopt.studies.sweep.running import choose, run_sweep

    chosen = adl.read_sweep(spec, policy or ())
    if dry_run:
        print(chosen)
        return
    path = spec.with_suffix(".parquet") if output is None else output
    try:
        with (
            choose(workers=workers, threads=threads, scheduler=scheduler) as executor,
            cli.progress(chosen.parts, "chunks") as step,
        ):
            run_sweep(chosen, path, executor, progress=step, notice=cli.warn)
    except KeyboardInterrupt:
        cli.warn("stopped; the same command carries on")
        raise
    print(f"wrote {path}: {chosen}")
    if len(chosen.contenders) > 1:
        print(differences(path))
