"""The command line: verbs, and no logic."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, CycloptsError, Parameter, Token

from adlopt.errors import AdloptError, InputError, NoSolution, ProofError, SweepStopped
from adlopt.loss import Asymmetric, Burden, MinMax

if TYPE_CHECKING:
    from adlopt.episode import Episode

BAD_INPUT, NO_ANSWER, INTERRUPTED = 2, 1, 130
"""Exit codes: the input cannot be used; it can, but there is no answer; Ctrl-C."""
app = App(
    name="adlopt",
    help="Optimal hindsight benchmarks and regret bounds for autodeleveraging (ADL).",
    version_flags=["--version"],
    result_action="return_value",
)


def _whole(_: type, tokens: Sequence[Token]) -> int:
    """Read a whole number as it is written; cyclopts would round 1.5."""
    try:
        return int(tokens[0].value)
    except ValueError:
        raise ValueError(f"{tokens[0].value!r} is not a whole number") from None


Whole = Annotated[int, Parameter(converter=_whole)]
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
    except (ProofError, SweepStopped) as error:
        _fail(str(error), NO_ANSWER)
    except NoSolution as error:
        if "--json" in sys.argv:
            names = ("below", "above", "missing", "rounds")
            details = {name: getattr(error, name, None) for name in names}
            held = [b._asdict() for b in getattr(error, "binding", ())]
            print(json.dumps({"error": str(error), **details, "binding": held}, indent=1))
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
    variation: Annotated[float | None, Parameter(name=["--variation", "-P"])] = None,
    json_: Json = False,
) -> None:
    """Score policies on an episode: october-10, or a .toml or .json file.

    Parameters
    ----------
    episode
        Name of a built-in episode, or a file.
    policy
        severity+allocation, such as persistence+pro-rata; repeat for several. Without it the
        standard severity rules are played from three starting values.
    burden
        What haircuts are measured against.
    under, over, fair
        Prices of a dollar missed, a dollar too much and a unit of burden: sum that loss as well,
        with its per-round and its coupled optimum in hindsight.
    variation
        P: show regret against the best path of severities of that variation, in hindsight.
    json_
        Print everything for machines, at full precision.
    """
    from adlopt.playing import lineup
    from adlopt.playing import play as play_
    from adlopt.summary import render, summarise

    chosen = _episode(episode)
    with _progress(None, "playing") as step:
        loss = _priced_loss(under, over, fair, burden)
        board = play_(
            chosen, policy or (), burden=burden, loss=loss, variation=variation, progress=step
        )
    data = summarise(board, () if policy else lineup(chosen))
    print(json.dumps(data, indent=1) if json_ else render(data))


@app.command
def solve(
    file: Path,
    *,
    objective: str | None = None,
    extra: float = 0.0,
    gap: float = 0.0,
    method: str = "automatic",
    time_limit: float | None = None,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    json_: Json = False,
) -> None:
    """Print the offline optimum of a round, in dollars or in contracts, with its certificate.

    Parameters
    ----------
    file
        A .toml or .json file; `adlopt new round.toml` writes a template. Where it lists
        positions, whole lots of them are closed, worth whole micro-dollars after rounding.
    objective
        Instead of the file's: min-max, leximin (then the second worst burden, ...), tracking
        (nearest sum, then worst burden), fewest (accounts, then worst burden), or cvar:0.9 (mean
        of the worst tenth of the burdens). Of a round in dollars.
    extra
        USD that may be raised beyond what is needed, or inf: lots need not meet it exactly.
    gap
        Relative gap, proven, at which to stop. Of a round in contracts.
    method
        automatic, or highs to have HiGHS solve the program.
    time_limit
        Seconds for HiGHS.
    output
        Write all haircuts, or lots, to this .csv or .parquet file.
    json_
        Print everything for machines, at full precision.
    """
    from adlopt import contract_text, solution_text
    from adlopt.budget import Budget
    from adlopt.files import (
        is_contract_round,
        read_contract_round,
        read_limits,
        read_round,
        write_haircuts,
        write_lots,
    )
    from adlopt.method import Method
    from adlopt.offline import solve as solve_

    methods = {"automatic": Method.AUTO, "highs": Method.HIGHS}
    if method not in methods:
        raise InputError("--method", method, "automatic or highs")
    options: dict[str, Any] = {
        "budget": Budget(extra=extra), "gap": gap, "method": methods[method],
        "time_limit": time_limit,
    }  # fmt: skip
    if is_contract_round(file):
        if objective is not None:
            remedy = "adlopt match has goals for positions"
            raise InputError("--objective", objective, "none beside positions", remedy=remedy)
        case = read_contract_round(file)
        rounded = case.round_.rounded()
        closing = solve_(rounded, MinMax(burden=case.burden), **options)
        if output is not None:
            write_lots(rounded, closing.lots, output)
        data = contract_text.summarise(rounded, closing, float(case.round_.rounding.max()))
        print(json.dumps(data, indent=1) if json_ else contract_text.render(data))
        return
    round_, aim = read_round(file, objective=objective)
    best = solve_(round_, aim, limits=read_limits(file, round_.start), **options)
    if output is not None:
        write_haircuts(round_, best.haircut, output)
    data = solution_text.summarise(round_, best)
    print(json.dumps(data, indent=1) if json_ else solution_text.render(round_, best))


@app.command
def match(
    file: Path,
    *,
    goal: str | None = None,
    time_limit: float | None = None,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    json_: Json = False,
) -> None:
    """Match winners with what losers shed, coin by coin, and print who closes what.

    Parameters
    ----------
    file
        A .toml or .json file of a round in contracts; `adlopt new contracts.toml` writes a
        template.
    goal
        Instead of the file's: least-burden, leximin, keep-hedges, least-leverage or
        fewest-accounts.
    time_limit
        Seconds.
    output
        Write all trades to this .csv or .parquet file.
    json_
        Print everything for machines, at full precision.
    """
    from adlopt.files import read_contract_round, write_trades
    from adlopt.matching import Goal
    from adlopt.matching_text import render, summarise

    names = [each.value for each in Goal]
    if goal is not None and goal not in names:
        raise InputError("--goal", goal, f"one of {', '.join(names)}")
    case = read_contract_round(file)
    best = case.match(goal=None if goal is None else Goal(goal), time_limit=time_limit)
    if output is not None:
        write_trades(case, best, output)
    data = summarise(case, best)
    print(json.dumps(data, indent=1, allow_nan=False) if json_ else render(data))


@app.command
def couple(
    episode: str,
    *,
    burden: Burden = Burden.CAPACITY,
    under: float | None = None,
    over: float | None = None,
    fair: float | None = None,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    json_: Json = False,
) -> None:
    """Print the offline optimum of an episode whose rounds share winners, with its certificate.

    What is taken from an account in one round is gone in the next. Every budget is met at the
    least worst burden over all rounds, and the price of solving each round on its own is shown.

    Parameters
    ----------
    episode
        A .toml or .json file.
    burden
        What haircuts are measured against.
    under, over, fair
        Prices of a dollar missed, a dollar too much and a unit of burden: make the sum of that
        loss over the rounds least instead.
    output
        Write all haircuts to this .csv or .parquet file.
    json_
        Print everything for machines, at full precision.
    """
    from adlopt.coupled_text import render, summarise
    from adlopt.coupling_price import price_of_not_coupling
    from adlopt.files import write_episode_haircuts

    chosen = _episode(episode)
    loss = _priced_loss(under, over, fair, burden) or MinMax(burden=burden)
    price = price_of_not_coupling(chosen, loss)
    if output is not None:
        write_episode_haircuts(chosen, price.coupled.haircuts, output)
    print(json.dumps(summarise(chosen, price), indent=1) if json_ else render(chosen, price))


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
    from adlopt.proof.report import derivation

    named = [path for name in names for path in find(name)]
    paths = list(dict.fromkeys(named)) or list(proof_files().values())
    if show or latex:
        if json_:
            raise InputError("--json", True, "left out beside --show and --latex")
        print(derivation(*(check(path).theorem for path in paths), latex=latex))
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
    against: str | None = None,
    bound: str = "prop-1",
    episode: str | None = None,
    rounds: Annotated[int | None, Parameter(name=["--rounds", "-T"], converter=_whole)] = None,
    variation: Annotated[float | None, Parameter(name=["--variation", "-P"])] = None,
    any_first: Annotated[bool, Parameter(negative="")] = False,
    seed: Whole = 0,
    time_limit: float = 60.0,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    json_: Json = False,
) -> None:
    """Find the instance on which a severity rule loses most, and set it against a bound.

    Parameters
    ----------
    policy
        A severity, such as ogd or gated-persistence; or minimax: what no policy can avoid.
    against
        With minimax: the severity to answer; the minimax-optimal one unless given.
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
        Seconds; minimax needs none.
    output
        Write the instance to this .json file, for `adlopt play`.
    json_
        Print everything for machines, at full precision.
    """
    from adlopt import adversary
    from adlopt.files import write_episode

    if policy != "minimax" and against is not None:
        raise InputError("--against", against, "nothing, unless the policy is minimax")
    if policy == "minimax" and any_first:
        raise InputError("--any-first", any_first, "nothing with minimax: V(P) is for any start")
    chosen = None if episode is None else _episode(episode)
    instance: dict[str, Any] = {"episode": chosen, "rounds": rounds, "variation": variation}
    case: adversary.WorstCase | adversary.Unavoidable
    if policy == "minimax":
        case = adversary.unavoidable(against, bound=bound, **instance)
    else:
        with _progress(None, "trying") as step:
            case = adversary.worst(
                policy,
                bound=bound,
                any_first=any_first,
                seed=seed,
                time_limit=time_limit,
                progress=step,
                **instance,
            )
    if output is not None:
        write_episode(case.instance, output)
    print(json.dumps(case.to_dict(), indent=1, allow_nan=False) if json_ else case)


@app.command
def sweep(
    spec: Path,
    *,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    workers: Annotated[int | None, Parameter(converter=_whole)] = None,
    threads: Annotated[bool, Parameter(negative="")] = False,
    scheduler: str | None = None,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Play episodes × policies × losses × parameters × seeds, and write a Parquet file.

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
    from adlopt.sweep import choose, read_sweep, run_sweep

    chosen = read_sweep(spec)
    if dry_run:
        print(chosen)
        return
    path = spec.with_suffix(".parquet") if output is None else output
    try:
        with (
            choose(workers=workers, threads=threads, scheduler=scheduler) as executor,
            _progress(chosen.parts, "chunks") as step,
        ):
            run_sweep(chosen, path, executor, progress=step, notice=_notice)
    except KeyboardInterrupt:
        _fail("stopped; the same command carries on", INTERRUPTED)
    print(f"wrote {path}: {chosen}")


@app.command
def new(
    file: Path,
    *,
    shock: bool = False,
    rounds: Whole = 16,
    winners: Whole = 1000,
    seed: Whole = 0,
    force: bool = False,
) -> None:
    """Write a commented template of a round or an episode, or a generated episode.

    Parameters
    ----------
    file
        Where: round*.toml is a round, contracts*.toml one in contracts, any other .toml an
        episode; --shock needs .json.
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
    verbs = {"round": "solve", "contracts": "match"}
    named = (verb for start, verb in verbs.items() if file.name.startswith(start))
    verb = "play" if shock else next(named, "play")
    print(f"next: adlopt {verb} {file}")


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
) -> Asymmetric | None:
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


def _notice(message: str) -> None:
    print(f"adlopt: {message}", file=sys.stderr)


def _mute() -> None:
    """Drop what is still buffered for a reader that is gone, or for a full disk."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(message: str, code: int) -> None:
    print(f"adlopt: {message}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
