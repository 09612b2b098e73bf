"""The command line: verbs, and no logic."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, CycloptsError, Parameter

from adlopt.errors import AdloptError, InputError, NoSolution, ProofError
from adlopt.loss import Asymmetric, Burden, Loss

if TYPE_CHECKING:
    from adlopt.episode import Episode

BAD_INPUT, NO_ANSWER = 2, 1
"""Exit codes: the input cannot be used; it can, but there is no answer."""
app = App(
    name="adlopt",
    help="Optimal hindsight benchmarks and regret bounds for autodeleveraging (ADL).",
    version_flags=["--version"],
    result_action="return_value",
)

Json = Annotated[bool, Parameter(name="--json", negative="")]


def main() -> None:
    """Run the command line; errors are one message on stderr, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        app(sys.argv[1:], exit_on_error=False, print_error=False)
        sys.stdout.flush()
    except CycloptsError as error:
        _fail(str(error), BAD_INPUT)
    except ProofError as error:
        _fail(str(error), NO_ANSWER)
    except NoSolution as error:
        if "--json" in sys.argv:
            nearest = {name: getattr(error, name, None) for name in ("below", "above")}
            print(json.dumps({"error": str(error), **nearest}, indent=1))
        _fail(str(error), NO_ANSWER)
    except AdloptError as error:
        _fail(str(error), BAD_INPUT)
    except BrokenPipeError:
        _mute()
    except (OSError, MemoryError) as error:
        _mute()
        _fail(str(error) or "out of memory", NO_ANSWER)


@app.command
def play(
    episode: str,
    *,
    policy: Annotated[list[str] | None, Parameter(name=["--policy", "-p"], negative="")] = None,
    burden: Burden = Burden.CAPACITY,
    under: float | None = None,
    over: float | None = None,
    fair: float | None = None,
    json_: Json = False,
) -> None:
    """Score policies on an episode: october-10, or a .toml or .json file.

    Parameters
    ----------
    episode
        Name of a built-in episode, or a file.
    policy
        severity+allocation, such as persistence+pro-rata, a venue's rule (adlopt venues), or
        path.py:name for one of your own; repeat for several. Without it the standard severity
        rules are played from three starting values.
    burden
        What haircuts are measured against.
    under, over, fair
        Prices of a dollar missed, a dollar too much and a unit of burden: sum that loss as well,
        with its per-round optimum in hindsight.
    json_
        Print everything for machines, at full precision.
    """
    from adlopt.playing import lineup
    from adlopt.playing import play as play_
    from adlopt.summary import render, summarise

    chosen = _episode(episode)
    with _progress(None, "playing") as step:
        loss = _priced_loss(under, over, fair, burden)
        board = play_(chosen, policy or (), burden=burden, loss=loss, progress=step)
    data = summarise(board, () if policy else lineup(chosen))
    print(json.dumps(data, indent=1) if json_ else render(data))


@app.command
def solve(
    file: Path,
    *,
    method: str = "automatic",
    time_limit: float | None = None,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    json_: Json = False,
) -> None:
    """Print the offline optimum of a round file, with its certificate.

    Parameters
    ----------
    file
        A .toml or .json file; `adlopt new round.toml` writes a template.
    method
        automatic, or highs to have HiGHS solve the program.
    time_limit
        Seconds for HiGHS.
    output
        Write all haircuts to this .csv or .parquet file.
    json_
        Print everything for machines, at full precision.
    """
    from adlopt.files import read_round, write_haircuts
    from adlopt.optimum import Method
    from adlopt.optimum import solve as solve_
    from adlopt.solution_text import render, summarise

    methods = {"automatic": Method.AUTO, "highs": Method.HIGHS}
    if method not in methods:
        raise InputError("--method", method, "automatic or highs")
    round_, loss = read_round(file)
    best = solve_(round_, loss, method=methods[method], time_limit=time_limit)
    if output is not None:
        write_haircuts(round_, best.haircut, output)
    print(json.dumps(summarise(round_, best), indent=1) if json_ else render(round_, best))


@app.command
def bounds(episode: str, *, json_: Json = False) -> None:
    """Print upper and lower bounds side by side, and where policies lie between them.

    Parameters
    ----------
    episode
        Name of a built-in episode, or a file.
    json_
        Print everything for machines, at full precision.
    """
    from adlopt.sandwich import render, summarise

    data = summarise(_episode(episode))
    print(json.dumps(data, indent=1, allow_nan=False) if json_ else render(data))


@app.command
def prove(
    *names: str,
    show: Annotated[bool, Parameter(negative="")] = False,
    latex: Annotated[bool, Parameter(negative="")] = False,
    json_: Json = False,
) -> None:
    """Check the proofs of every claim, or of those named, and print the verdicts.

    Parameters
    ----------
    names
        Beginnings of names (prop-1), or .py files of your own; all that ship unless given.
    show
        Print every step of the derivations.
    latex
        The same, as LaTeX.
    json_
        Print everything for machines.
    """
    from adlopt.proof import check
    from adlopt.proof.library import check_all, find, proof_files, render, summarise

    named = [path for name in names for path in find(name)]
    paths = list(dict.fromkeys(named)) or list(proof_files().values())
    if show or latex:
        print("\n\n".join(check(path).derivation(latex=latex) for path in paths))
        return
    with _progress(len(paths), "checking") as step:
        rows = check_all(paths, progress=None if step is None else lambda row: step(row.file))
    data = summarise(rows)
    print(json.dumps(data, indent=1) if json_ else render(data))
    if data["failed"]:
        sys.exit(NO_ANSWER)


@app.command
def worst(
    policy: str,
    *,
    bound: str = "prop-1",
    episode: str | None = None,
    rounds: Annotated[int | None, Parameter(name=["--rounds", "-T"])] = None,
    variation: Annotated[float | None, Parameter(name=["--variation", "-P"])] = None,
    any_first: Annotated[bool, Parameter(negative="")] = False,
    seed: int = 0,
    time_limit: float = 60.0,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    json_: Json = False,
) -> None:
    """Find the instance on which a severity rule loses most, and set it against a bound.

    Parameters
    ----------
    policy
        A severity, such as ogd or gated-persistence.
    bound
        prop-1, half, or the name of a bound that `adlopt bounds` prints.
    episode
        Keep the deficits of this episode.
    rounds
        T rounds with unit deficits instead.
    variation
        P: how far the needed severities may move in all; the episode's own unless given.
    any_first
        Let the adversary choose the first severity too.
    seed
        Of the search, where the worst case is not found exactly.
    time_limit
        Seconds.
    output
        Write the instance to this .json file, for `adlopt play`.
    json_
        Print everything for machines, at full precision.
    """
    from adlopt import adversary
    from adlopt.files import write_episode

    chosen = None if episode is None else _episode(episode)
    with _progress(None, "trying") as step:
        case = adversary.worst(
            policy,
            bound=bound,
            episode=chosen,
            rounds=rounds,
            variation=variation,
            any_first=any_first,
            seed=seed,
            time_limit=time_limit,
            progress=step,
        )
    if output is not None:
        write_episode(case.instance, output)
    data = adversary.summarise(case)
    print(json.dumps(data, indent=1) if json_ else adversary.render(data))


@app.command
def venues(*, json_: Json = False) -> None:
    """List the rules of venues: who gives, in what order, at what price, and what is unpublished.

    Parameters
    ----------
    json_
        Print everything for machines.
    """
    from adlopt.rules_text import list_rules, render_rules

    rules = list_rules()
    print(json.dumps(rules, indent=1) if json_ else render_rules(rules))


@app.command
def deleverage(
    file: Path,
    *,
    rule: Annotated[list[str], Parameter(name=["--rule", "-r"], negative="")],
    json_: Json = False,
) -> None:
    """Print what rules would do to a market, beside the least burden that raises the same.

    Parameters
    ----------
    file
        A .toml or .json file; `adlopt new market.toml` writes a template.
    rule
        Name of a venue's rule (adlopt venues), or path.py:name; repeat for several.
    json_
        Print everything for machines, at full precision.
    """
    from adlopt.files import read_market
    from adlopt.rules import deleverage as deleverage_
    from adlopt.rules.venues import rule_named
    from adlopt.rules_text import render, summarise

    market = read_market(file)
    data = summarise([deleverage_(market, rule_named(name)) for name in rule])
    print(json.dumps(data, indent=1, allow_nan=False) if json_ else render(data))


@app.command
def simulate(
    *,
    policy: Annotated[list[str] | None, Parameter(name=["--policy", "-p"], negative="")] = None,
    seeds: int = 100,
    accounts: int = 300,
    shock: float = 0.3,
    fund: float = 0.002,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    json_: Json = False,
) -> None:
    """Play rules and policies in a simulated crash, where each choice changes what follows.

    Parameters
    ----------
    policy
        A venue's rule (adlopt venues), severity+allocation, or path.py:name; repeat for several.
        The first is what the others are compared with.
    seeds
        Worlds; all policies meet the same.
    accounts
        Traders.
    shock
        Share of its price that the first coin loses.
    fund
        The insurance fund, as a share of open interest.
    output
        Write the rounds that the first policy met at seed 0 to this .json file, for `adlopt play`.
    json_
        Print everything for machines, at full precision.
    """
    from adlopt.files import write_episode
    from adlopt.simulation import STANDARD, Scenario, compare
    from adlopt.simulation import simulate as simulate_
    from adlopt.simulation.text import render

    scenario = Scenario(accounts=accounts, shock=shock, fund=fund)
    chosen = policy or STANDARD
    if output is not None:
        write_episode(simulate_(chosen[0], scenario).episode(), output)
    with _progress(seeds * len(chosen), "simulating") as step:
        data = compare(chosen, scenario, seeds=seeds, progress=step).to_dict()
    print(json.dumps(data, indent=1, allow_nan=False) if json_ else render(data))


@app.command
def exposure(
    account: str,
    file: Path,
    *,
    rule: Annotated[list[str] | None, Parameter(name=["--rule", "-r"], negative="")] = None,
    budget: str = "uniform",
    json_: Json = False,
) -> None:
    """Print what rules may take from one account, how likely, and where it stands in their queues.

    Parameters
    ----------
    account
        Its id in the file.
    file
        A round or a market, .toml or .json.
    rule
        Name of a venue's rule (adlopt venues) or of an allocation, or path.py:name; repeat for
        several. Every venue's rule that the file allows unless given.
    budget
        How much users may have to give, USD: uniform (up to the deficit), uniform:HIGH,
        lognormal:MEDIAN:SIGMA, or quantiles:Q0:Q1:… at equally spaced levels.
    json_
        Print everything for machines, at full precision.
    """
    from adlopt.exposure import exposure as exposure_
    from adlopt.exposure.text import render
    from adlopt.files import is_market, read_market, read_round

    where = read_market(file) if is_market(file) else read_round(file)[0].start
    with _progress(None, "playing") as step:
        seen = exposure_(account, where, rule or (), budget=budget, progress=step)
    data = seen.to_dict()
    print(json.dumps(data, indent=1, allow_nan=False) if json_ else render(data))


@app.command
def new(
    file: Path,
    *,
    shock: bool = False,
    rounds: int = 16,
    winners: int = 1000,
    seed: int = 0,
    force: bool = False,
) -> None:
    """Write a commented template of a round, an episode or a market, or a generated episode.

    Parameters
    ----------
    file
        Where: round*.toml is a round, market*.toml a market, any other .toml an episode;
        --shock needs .json.
    shock
        Generate an episode of realistic shape instead.
    rounds, winners, seed
        Of the generated episode.
    force
        Overwrite.
    """
    from adlopt.episodes import shock as generate
    from adlopt.files import write_episode, write_template

    if file.exists() and not force:
        raise InputError("file", str(file), "a new name", remedy="--force overwrites")
    if shock:
        written = write_episode(generate(rounds=rounds, winners=winners, seed=seed), file)
    else:
        written = [write_template(file)]
    print("\n".join(f"wrote {path}" for path in written))
    kind = "" if shock else file.name
    verb = "solve" if kind.startswith("round") else "play"
    rest = ""
    if kind.startswith("market"):
        verb, rest = "deleverage", " --rule hyperliquid"
    print(f"next: adlopt {verb} {file}{rest}")


def _episode(name: str) -> Episode:
    from adlopt.episodes import october_10
    from adlopt.files import read_episode

    if name == "october-10":
        return october_10()
    if not name.endswith((".toml", ".json")):
        raise InputError("episode", name, "october-10, or a .toml or .json file")
    return read_episode(name)


def _priced_loss(
    under: float | None, over: float | None, fair: float | None, burden: Burden
) -> Loss | None:
    given = {"--under": under, "--over": over, "--fair": fair}
    if all(price is None for price in given.values()):
        return None
    for name, price in given.items():
        if price is None:
            raise InputError(name, None, "a price", remedy="give --under, --over and --fair")
    return Asymmetric(under=under, over=over, fair=fair, burden=burden)  # type: ignore[arg-type]


@contextmanager
def _progress(total: int | None, doing: str) -> Iterator[Callable[[str], None] | None]:
    """Show a bar on stderr where a person watches, nothing in a pipe."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(doing, total=total)
        yield lambda name: bar.update(task, description=f"{doing} {name}", advance=1)


def _mute() -> None:
    """Drop what is still buffered for a reader that is gone, or for a full disk."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(message: str, code: int) -> None:
    print(f"adlopt: {message}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
