"""Verbs that print an optimum with its certificate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from adlopt.cli.command import Json, Output, app, as_json, episode_named, priced_loss
from adlopt.errors import InputError
from adlopt.model.loss import Burden, MinMax


@app.command
def solve(
    file: Path,
    *,
    objective: str | None = None,
    extra: float = 0.0,
    gap: float = 0.0,
    method: str = "automatic",
    time_limit: float | None = None,
    output: Output = None,
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
    from adlopt.data.files.contract_rounds import is_contract_round, read_contract_round
    from adlopt.data.files.reading import read_limits, read_round
    from adlopt.data.files.writing import write_haircuts, write_lots
    from adlopt.model.budget import Budget
    from adlopt.model.method import Method
    from adlopt.optimum.solve import solve as solve_
    from adlopt.show import contracts as contract_text
    from adlopt.show import solution as solution_text

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
        closing = solve_(rounded, MinMax(burden=case.burden), limits=case.limits, **options)
        if output is not None:
            write_lots(rounded, closing.lots, output)
        data = contract_text.summarise(rounded, closing, float(case.round_.rounding.max()))
        print(as_json(data) if json_ else contract_text.render(data))
        return
    round_, aim = read_round(file, objective=objective)
    best = solve_(round_, aim, limits=read_limits(file, round_.start), **options)
    if output is not None:
        write_haircuts(round_, best.haircut, output)
    data = solution_text.summarise(round_, best)
    print(as_json(data) if json_ else solution_text.render(round_, best))


@app.command
def match(
    file: Path,
    *,
    goal: str | None = None,
    time_limit: float | None = None,
    output: Output = None,
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
    from adlopt.data.files.contract_rounds import read_contract_round, write_trades
    from adlopt.optimum.matching.goals import Goal
    from adlopt.show.matching import render, summarise

    names = [each.value for each in Goal]
    if goal is not None and goal not in names:
        raise InputError("--goal", goal, f"one of {', '.join(names)}")
    case = read_contract_round(file)
    best = case.match(goal=None if goal is None else Goal(goal), time_limit=time_limit)
    if output is not None:
        write_trades(case, best, output)
    data = summarise(case, best)
    print(as_json(data) if json_ else render(data))


@app.command
def couple(
    episode: str,
    *,
    burden: Burden = Burden.CAPACITY,
    under: float | None = None,
    over: float | None = None,
    fair: float | None = None,
    gap: float = 0.0,
    time_limit: float | None = None,
    output: Output = None,
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
    gap
        Relative gap, proven, at which to stop. With prices.
    time_limit
        Seconds after which to stop with the best found so far. With prices.
    output
        Write all haircuts to this .csv or .parquet file.
    json_
        Print everything for machines, at full precision.
    """
    from adlopt.data.files.writing import write_episode_haircuts
    from adlopt.optimum.coupled.not_coupling import price_of_not_coupling
    from adlopt.show.coupled import render, summarise

    chosen = episode_named(episode)
    loss = priced_loss(under, over, fair, burden) or MinMax(burden=burden)
    price = price_of_not_coupling(chosen, loss, gap=gap, time_limit=time_limit)
    if output is not None:
        write_episode_haircuts(chosen, price.coupled.haircuts, output)
    print(as_json(summarise(chosen, price)) if json_ else render(chosen, price))
