"""Verbs that judge policies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from adlopt.cli import command as cli
from adlopt.errors import InputError
from adlopt.foundation.arrays import own_whole
from adlopt.model.loss import Burden


@cli.app.command
def axioms(
    policy: cli.OnePolicy,
    *,
    tries: cli.Whole = 300,
    seed: cli.Whole = 0,
    prove: cli.Flag = False,
    accounts: cli.Whole = 4,
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
    """
    from adlopt.show.axioms import render
    from adlopt.studies.axioms.trial import try_axioms

    own_whole(accounts, "accounts", lowest=1)
    cli.put(try_axioms(policy, tries=tries, seed=seed, prove=accounts * prove), form, render)


@cli.app.command
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
    from adlopt.studies.diagnostics.diagnosis import diagnose as diagnose_

    chosen = cli.episode_named(episode)
    with cli.progress(None, "diagnosing") as step:
        options: dict[str, Any] = {"burden": burden, "as_published": as_published}
        found = diagnose_(chosen, policy or (), progress=step, **options)
    cli.put(found, form, render)


@cli.app.command
def compare(
    file: Path,
    *,
    rule: cli.Players = None,
    burden: cli.Against = Burden.CAPACITY,
    output: cli.Output = None,
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
    output
        Write what each takes from every account to this .csv or .parquet file.
    """
    from adlopt.data.files.reading import read
    from adlopt.data.files.writing import write_rows
    from adlopt.show.side_by_side import render
    from adlopt.studies.side_by_side.compared import compare as compare_

    held: Any = read(file)
    with cli.progress(None, "playing") as step:
        found = compare_(held, rule or (), burden=burden, progress=step)
    if output is not None:
        write_rows(found, output)
    cli.put(found, form, render)


@cli.app.command
def simulate(
    market: Path | None = None,
    *,
    policy: cli.Policies = None,
    seeds: cli.Whole = 100,
    accounts: Annotated[int | None, Parameter(converter=cli.whole)] = None,
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
    from adlopt.data.files.writing import write_episode
    from adlopt.show.comparison import render
    from adlopt.studies.simulation.loop import simulate as simulate_
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
        write_episode(simulate_(chosen[0], scenario, market=where).episode(), output)
    with cli.progress(seeds * len(chosen), "simulating") as step:
        done = compare(chosen, scenario, seeds=seeds, market=where, progress=step)
    cli.put(done, form, render)


@cli.app.command
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
    from adlopt.data.files.reading import read
    from adlopt.model.market import Market
    from adlopt.model.problem import Problem
    from adlopt.model.round import Round
    from adlopt.show.exposure import render
    from adlopt.studies.exposure.account_exposure import exposure as exposure_

    held = read(file)
    thing = held.thing if isinstance(held, Problem) else held
    if not isinstance(thing, (Round, Market)):
        raise InputError("file", str(file), "a round of dollars, or a market")
    where = thing.start if isinstance(thing, Round) else thing
    with cli.progress(None, "playing") as step:
        seen = exposure_(account, where, rule or (), budget=budget, progress=step)
    cli.put(seen, form, render)
