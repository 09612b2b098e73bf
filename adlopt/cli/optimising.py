"""Verbs that print an optimum, or a decision before it is known, with its certificate."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import adlopt as adl
from adlopt.cli import command as cli
from adlopt.errors import CertificateError, InfeasibleRound, InputError
from adlopt.foundation.user_code import MARK, load
from adlopt.model.loss import Burden, MinMax
from adlopt.model.positions import ContractRound
from adlopt.model.problem import Problem
from adlopt.model.two_sided import TwoSidedRound
from adlopt.show.answer import Answer
from adlopt.show.optima import render


@cli.example("adlopt solve round.toml --objective leximin -o haircuts.csv")
def solve(
    file: Path,
    *,
    objective: str | None = None,
    extra: float = 0.0,
    gap: float = 0.0,
    method: str = "automatic",
    time_limit: cli.TimeLimit = None,
    write_model: cli.WriteModel = None,
    certificate: cli.CertificateFile = None,
    output: cli.Rows = None,
    form: cli.Form = cli.TEXT,
) -> None:
    """Print the offline optimum of a round, an episode or a market, with its certificate.

    Parameters
    ----------
    file
        A .toml or .json file; `adlopt new round.toml` writes a template. Where it lists
        positions, whole lots of them are closed, worth whole micro-dollars after rounding; of an
        episode rounds share their winners; in a market these are matched with the bankrupt.
    objective
        Instead of the file's: min-max, leximin (then the second worst burden, ...), tracking
        (nearest sum, then worst burden), fewest (accounts, then worst burden), cvar:0.9 (mean
        of the worst tenth of the burdens; cvar:0.9:capacity: a tenth of the dollars), or with
        prices surrogate:TRACK:FAIR or asymmetric:UNDER:OVER:FAIR; or one of your own, mine.py:Name,
        whose `cost` is stated in cvxpy. Not of a round in contracts.
    extra
        USD that may be raised beyond what is needed, or inf: lots need not meet it exactly.
    gap
        Relative gap, proven, at which a search may stop.
    method
        automatic, or highs to have HiGHS solve the program.
    """
    methods = {"automatic": adl.Method.AUTO, "highs": adl.Method.HIGHS}
    if method not in methods:
        raise InputError("--method", method, "automatic or highs")
    objective = _named(objective)
    held = adl.read(file, objective=objective)
    problem: Any = _winners_alone(held, objective) if isinstance(held, Problem) else held
    options: dict[str, Any] = {"budget": adl.Budget(extra=extra) if extra else None, "gap": gap}
    _write_model(problem, write_model, budget=options["budget"])
    with _refusals(certificate):
        best = adl.solve(problem, method=methods[method], time_limit=time_limit, **options)
    _print(best, form, best, output, certificate)


@contextmanager
def _refusals(certificate: Path | None) -> Iterator[None]:
    """Show that it is solved; write what proves that nothing meets a round, too, where asked."""
    try:
        with cli.progress(None, "solving"):
            yield
    except InfeasibleRound as error:
        if certificate is not None:
            try:
                error.certificate_file(certificate)
            except (CertificateError, InputError) as why:
                print(f"no certificate is written: {why}", file=sys.stderr)
        raise


def _named(objective: str | None) -> str | None:
    """The name of an objective; one of a Python file, mine.py:Soft, is registered by its own."""
    if objective is None or MARK not in objective:
        return objective
    from adlopt.optimum.opened.model import register

    name = objective.rpartition(":")[2]
    register(name, load(objective))
    return name


def _write_model(problem: Any, path: Path | None, *loss: Any, **budget: Any) -> None:
    """Write the program where that was asked for."""
    if path is not None:
        constraints = problem.constraints if isinstance(problem, Problem) else ()
        adl.model(problem, *loss, **budget).write(path, constraints)


def _winners_alone(problem: Problem, objective: str | None) -> Problem:
    """Leave aside what losers shed, which `match` is for, and round lots to micro-dollars."""
    thing = problem.thing
    round_ = thing.winners if isinstance(thing, TwoSidedRound) else thing
    if not isinstance(round_, ContractRound):
        return problem
    if objective is not None:
        remedy = "adlopt match has goals for positions"
        raise InputError("--objective", objective, "none beside positions", remedy=remedy)
    return replace(problem, thing=round_.rounded(), objective=problem.objective.worst)


@cli.example("adlopt check round.toml certificate.json")
def check(
    instance: Path | None = None, certificate: Path | None = None, *, extract: cli.Flag = False
) -> None:
    """Check a certificate against its instance, and print VALID and what is proved, or INVALID.

    The checker is one file that needs Python alone, neither adlopt nor a solver.

    Parameters
    ----------
    instance
        The .toml or .json file that was solved; with --extract where to write the checker,
        adlcheck.py unless given.
    certificate
        What `--certificate` or `certificate_file` wrote.
    extract
        Write the checker out, to be handed to an auditor: python -I -S adlcheck.py INSTANCE
        CERTIFICATE.
    """
    from adlopt.optimum.evidence import adlcheck

    if extract:
        target = Path("adlcheck.py") if instance is None else instance
        target.write_bytes(Path(adlcheck.__file__).read_bytes())
        print(f"wrote {target}")
        return
    if instance is None or certificate is None:
        raise InputError("certificate", None, "an instance and its certificate, or --extract")
    code = adlcheck.main([str(instance), str(certificate)])
    if code:
        raise SystemExit(code)


@cli.example("adlopt match contracts.toml --goal keep-hedges -o trades.csv")
def match(
    file: Path,
    *,
    goal: str | None = None,
    time_limit: cli.TimeLimit = None,
    write_model: cli.WriteModel = None,
    certificate: cli.CertificateFile = None,
    output: cli.Rows = None,
    form: cli.Form = cli.TEXT,
) -> None:
    """Match winners with what losers shed, coin by coin, and print who closes what.

    Parameters
    ----------
    file
        A .toml or .json file of a round in contracts, or a market; `adlopt new contracts.toml`
        writes a template.
    goal
        Instead of the file's: least-burden, leximin, keep-hedges, least-leverage or
        fewest-accounts.
    """
    from adlopt.data.files.aims import worded
    from adlopt.optimum.objective_registry import known_as

    if goal is not None:
        known_as(goal.partition(":")[0], "--goal", "two_sides")
    held = adl.read(file, objective=goal)
    problem = held if isinstance(held, Problem) else None
    if isinstance(held, adl.Market):
        problem = Problem(thing=held, objective=worded(goal or "least-burden", {}, "two_sides"))
    if problem is None or not isinstance(problem.thing, (TwoSidedRound, adl.Market)):
        remedy = "add [[shed]] entries, or a table named by `shed`"
        raise InputError("shed", None, "what losers shed", remedy=remedy)
    _write_model(problem, write_model)
    with _refusals(certificate):
        best = adl.solve(problem, time_limit=time_limit)
    _print(best, form, best, output, certificate)


@cli.example("adlopt couple episode.toml --under 1 --over 1 --fair 100")
def couple(
    episode: str,
    *,
    burden: cli.Against = Burden.CAPACITY,
    under: cli.Under = None,
    over: cli.Over = None,
    fair: cli.Fair = None,
    gap: float = 0.0,
    time_limit: cli.TimeLimit = None,
    write_model: cli.WriteModel = None,
    certificate: cli.CertificateFile = None,
    output: cli.Rows = None,
    form: cli.Form = cli.TEXT,
) -> None:
    """Print the offline optimum of an episode whose rounds share winners, with its certificate.

    What is taken from an account in one round is gone in the next. Every budget is met at the
    least worst burden over all rounds, or the sum of a loss is made least where it has prices, and
    the price of solving each round on its own is shown.

    Parameters
    ----------
    episode
        A .toml or .json file.
    gap
        Relative gap, proven, at which the search under prices may stop.
    """
    from adlopt.optimum.coupled.not_coupling import price_of_not_coupling

    chosen = cli.episode_named(episode)
    loss = cli.priced_loss(under, over, fair, burden) or MinMax(burden=burden)
    _write_model(chosen, write_model, loss)
    with _refusals(certificate):
        price = price_of_not_coupling(chosen, loss, gap=gap, time_limit=time_limit)
    _print(price, form, price.coupled, output, certificate)


def _print(
    answer: Answer, form: cli.Shape, solved: Any, output: Path | None, certificate: Path | None
) -> None:
    """Print an optimum, once its evidence and rows are written where that was asked for."""
    from adlopt.data.files.writing import write_rows

    if certificate is not None:
        solved.certificate_file(certificate)
    if output is not None:
        write_rows(solved, output)
    cli.put(answer, form, lambda _: render(answer.to_dict()))


@cli.example("adlopt decide decision.toml --under 5 --over 1 --audit log.jsonl")
def decide(
    file: Path,
    *,
    belief: str | None = None,
    under: float | None = None,
    over: float | None = None,
    fair: float | None = None,
    ambiguity: str | None = None,
    chance: float | None = None,
    objective: str | None = None,
    deadline: float | None = None,
    audit: Path | None = None,
    certificate: cli.CertificateFile = None,
    output: cli.Rows = None,
    form: cli.Form = cli.TEXT,
) -> None:
    """Decide how much a round raises, and from whom, before it is known what it needs.

    Options stand in for what the file's [belief] and [decide] say.

    Parameters
    ----------
    file
        A .toml or .json file of a round without `needed`.
    belief
        table.csv:COLUMN of needed budgets, an episode, or uniform:LOW:HIGH, lognormal:MEDIAN:SIGMA,
        exponential:MEAN.
    under
        Price of a dollar missed.
    over
        Price of a dollar too much.
    fair
        Price of a unit of the worst burden.
    ambiguity
        How far from the belief the truth may be: USD, or cross-validated.
    chance
        Raise at least what is enough in this share of cases.
    objective
        Of the allocation: min-max, leximin, fewest or cvar:0.9.
    deadline
        Seconds, after which the best so far is printed with its proven gap.
    audit
        Append the decision, with all that it was made of, to this log of lines.
    """
    from adlopt.data.files.decision_tables import ambiguity_of
    from adlopt.data.files.reading import read_belief, read_decision
    from adlopt.data.files.writing import write_rows
    from adlopt.policies.decide.deciding import decided
    from adlopt.show.decision import screen

    said = {"under": under, "over": over, "fair": fair, "chance": chance, "deadline": deadline}
    given = {name: value for name, value in said.items() if value is not None}
    if belief is not None:
        given["belief"] = read_belief(belief)  # type: ignore[assignment]
    if ambiguity is not None:
        given["ambiguity"] = ambiguity_of(ambiguity)  # type: ignore[assignment]
    with cli.progress(None, "deciding"):
        decision = decided(read_decision(file, objective=objective, **given))
    if audit is not None:
        adl.write_decision(decision, audit)
    if certificate is not None:
        decision.certificate_file(certificate)
    if output is not None:
        write_rows(decision, output)
    cli.put(decision, form, screen)


@cli.example("adlopt audit log.jsonl")
def audit(file: Path, *, head: str | None = None, form: cli.Form = cli.TEXT) -> None:
    """Decide every decision of a log again, bit for bit, and check its hashes and certificates.

    Parameters
    ----------
    file
        Written by adlopt decide --audit.
    head
        The hash of the last line, where it was published.
    """
    with cli.progress(None, "deciding again"):
        found = adl.audit(file, head=head)
    cli.put(found, form, lambda _: found)
