"""Read what files hold: each is decoded once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from adlopt.data.files.aims import limits_of, worded
from adlopt.data.files.contract_rounds import contract_problem_of
from adlopt.data.files.decision_tables import belief_in
from adlopt.data.files.decoding import decode, decode_any, naming
from adlopt.data.files.file_schema import ContractRoundFile, EpisodeFile, MarketFile, RoundFile
from adlopt.data.files.markets import market_of
from adlopt.data.files.rounds_of_files import episode_of, problem_of
from adlopt.errors import InputError
from adlopt.model.episode import Episode
from adlopt.model.limits import Limits
from adlopt.model.loss import Loss
from adlopt.model.market import Market
from adlopt.model.objective import Objective
from adlopt.model.problem import Problem
from adlopt.model.round import Round, RoundStart
from adlopt.policies.decide.belief import Belief, belief_from
from adlopt.policies.decide.decision_problem import DecisionProblem, as_belief


def read(
    path: str | Path, *, objective: str | None = None
) -> Problem | DecisionProblem | Episode | Market:
    r"""Read what a .toml or .json file holds: a round to be solved, an episode, or a market.

    Parameters
    ----------
    path : str or Path
    objective : str, optional
        Instead of the file's, by its name: leximin, or with its parameters behind colons, as in
        cvar:0.9. Those that it shares with the file's stay as they are, such as the burden.

    Returns
    -------
    Problem, DecisionProblem, Episode or Market
        A round with its objective and limits, `adlopt.solve` takes all of it; in contracts a
        `TwoSidedRound` where losers shed. Without `needed` it is to be decided, by `adlopt.decide`.
        An episode or a market for which an objective is named is a problem, too.

    Raises
    ------
    InputError
        Naming file, field or row, value, and what was expected.

    Examples
    --------
    >>> import adlopt as adl, tempfile
    >>> text = 'deficit = 90.0\nneeded = 60.0\n[[account]]\nid = "a"\ncapacity = 120.0\n'
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "round.toml"
    ...     _ = path.write_text(text + '[limits]\ncap = 0.75\n')
    ...     problem = adl.read(path)
    >>> problem.thing.start.account, problem.objective.burden.value, problem.limits.cap
    (('a',), 'capacity', 0.75)
    >>> print(adl.solve(problem))
    1 winner gives 60.00 USD, worst burden 50 %; proven optimal (exact)
    """
    path = Path(path)
    entry: Any = decode_any(path)
    if isinstance(entry, RoundFile):
        return problem_of(entry, path, objective)
    if isinstance(entry, ContractRoundFile):
        return contract_problem_of(entry, path, objective)
    market = isinstance(entry, MarketFile)
    held = market_of(entry, path) if market else episode_of(entry, path)
    if objective is None:
        return held
    where = "two_sides" if market else "episodes"
    return Problem(thing=held, objective=worded(objective, {}, where))


def read_round(path: str | Path, *, objective: str | None = None) -> tuple[Round, Loss | Objective]:
    r"""Read a round of dollars and the objective it is to be solved under.

    Parameters
    ----------
    path : str or Path
    objective : str, optional
        As in `read`.

    Raises
    ------
    InputError
        Naming file, field or row, value, and what was expected.

    Examples
    --------
    >>> import tempfile
    >>> text = 'deficit = 90.0\nneeded = 60.0\n[[account]]\nid = "a"\ncapacity = 120.0\n'
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "round.toml"
    ...     _ = path.write_text(text)
    ...     round_, loss = read_round(path)
    >>> round_.start.account, loss
    (('a',), MinMax(burden=<Burden.CAPACITY: 'capacity'>, epsilon=0.0))
    """
    path = Path(path)
    problem = _finished(problem_of(decode(path, RoundFile), path, objective), path)
    assert isinstance(problem.thing, Round)
    return problem.thing, problem.objective


def read_limits(path: str | Path, start: RoundStart) -> Limits | None:
    """Read the limits of a round file, if it has any; accounts are those of the round in it."""
    path = Path(path)
    entry = decode(path, RoundFile)
    with naming(path):
        return limits_of(entry.limits, start)


def read_episode(path: str | Path) -> Episode:
    r"""Read an episode.

    Raises
    ------
    InputError
        Naming file, field or row, value, and what was expected.

    Examples
    --------
    >>> import tempfile
    >>> text = '''
    ... name = "one round"
    ... [[round]]
    ... deficit = 100
    ... needed = 50
    ... account = [{ id = "a", capacity = 80 }]
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "episode.toml"
    ...     _ = path.write_text(text)
    ...     episode = read_episode(path)
    >>> episode.name, episode.needed
    ('one round', array([50.]))
    """
    path = Path(path)
    return episode_of(decode(path, EpisodeFile), path)


def read_market(path: str | Path) -> Market:
    """Read a market.

    Raises
    ------
    InputError
        Naming file, field or row, value, and what was expected.

    Examples
    --------
    >>> import tempfile
    >>> from adlopt.data.files import write_template
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     read_market(write_template(Path(folder) / "market.toml")).equity
    array([-2000., 11400.,  4200.])
    """
    path = Path(path)
    return market_of(decode(path, MarketFile), path)


def read_contract_round(path: str | Path, *, objective: str | None = None) -> Problem:
    """Read a round in contracts, and how it is to be solved: two-sided where losers shed.

    `value` of a position may be left out where losers shed: it is then the most that a loser in
    the coin takes a contract. Without an account table the capacity is the positive PNL, where
    every position has `entry` and `mark`, and otherwise what closing everything takes.
    `closable` lots of a position may be closed; `[limits]` is that of a round file.
    """
    path = Path(path)
    entry = decode(path, ContractRoundFile)
    return _finished(contract_problem_of(entry, path, objective), path)


def read_decision(
    path: str | Path, *, objective: str | None = None, **said: Any
) -> DecisionProblem:
    """Read a round that is to be decided, as its file has no `needed`.

    `said` are fields of `DecisionProblem` instead of the file's, such as its belief.
    """
    path = Path(path)
    entry: Any = decode_any(path)
    if isinstance(entry, (RoundFile, ContractRoundFile)) and entry.needed is None:
        make: Any = problem_of if isinstance(entry, RoundFile) else contract_problem_of
        problem = make(entry, path, objective, said)
        assert isinstance(problem, DecisionProblem)
        return problem
    remedy = "what it needed is known: adlopt solve"
    raise InputError(str(path), "a finished round", "a round without `needed`", remedy=remedy)


def read_belief(words: str) -> Belief:
    """Read a belief: table.csv:COLUMN, what a file's episode taught, or a distribution."""
    name, _, column = words.rpartition(":")
    if Path(name).suffix in (".csv", ".parquet"):
        return belief_in(Path(name), column)
    if Path(words).suffix in (".toml", ".json"):
        return belief_from(read_episode(words))
    return as_belief(words)


def _finished(problem: Problem | DecisionProblem, path: Path) -> Problem:
    if isinstance(problem, Problem):
        return problem
    remedy = "it is to be decided: adlopt decide"
    raise InputError(f"{path}: needed", None, "what had to be raised, USD", remedy=remedy)
