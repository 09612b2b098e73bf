"""A problem opened: variables and rows to read, constraints of one's own, and files of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from adlopt.errors import CertificateError, InfeasibleRound, InputError, SolverFailed, SolverStopped
from adlopt.foundation.arrays import FloatArray, IntArray
from adlopt.foundation.deadline import LATE, is_time_for
from adlopt.model.budget import Budget
from adlopt.model.constraint import Constraint, Says, listed
from adlopt.model.limits import NO_LIMITS, Limits
from adlopt.model.loss import MinMax
from adlopt.model.market import Market
from adlopt.model.method import Method, Stopped
from adlopt.model.objective import CVaR, FewestAccounts, Leximin, TrackingFirst
from adlopt.model.problem import Problem
from adlopt.model.round import Round
from adlopt.model.two_sided import TwoSidedRound
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.core.surface import remade, until_stopped
from adlopt.optimum.objective_registry import OBJECTIVES, Known
from adlopt.optimum.opened import program_page as page
from adlopt.optimum.opened.expressions import InCvxpy, Variables, affine
from adlopt.optimum.opened.irreducible import explained, named
from adlopt.optimum.opened.kinds import Dollars, Kind, TwoSides, opened, own_row, stated_rows
from adlopt.optimum.opened.own_objective import is_own
from adlopt.optimum.opened.searched import search
from adlopt.optimum.opened.told import refused, with_evidence
from adlopt.optimum.opened.written import write
from adlopt.optimum.programs.highs import Infeasible, keeping_models
from adlopt.optimum.programs.stated import Stated
from adlopt.optimum.spaces import SPACES, Options
from adlopt.show.answer import Columns, Tabular

STATED = 4e-6
"""Seconds that a haircut takes to be stated as a variable of an episode, with its rows."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Model(Tabular):
    """A problem as a program with names; `adlopt.model` makes it.

    `haircut`, `raised` and `burden` are variables for constraints of one's own, in USD and shares.

    Parameters
    ----------
    kind : Dollars, Contracts, TwoSides or Rounds
        What was opened.
    stated : Stated
        Its program, names and units.
    levels : bool
        Whether this is the first program of several, of the worst burden, and `solve` goes on to
        the next worst, and so on.
    """

    kind: Kind
    stated: Stated
    options: Options
    levels: bool = False
    _made: dict[str, Any] = field(default_factory=dict)

    @property
    def haircut(self) -> Any:
        """Variable of what is taken from each account, USD: `m.haircut["ann"]`, or whole."""
        return self._variables.haircut

    @property
    def raised(self) -> Any:
        """Variable of the sum of all haircuts, USD."""
        return self._variables.raised

    @property
    def burden(self) -> Any:
        """Variable of the worst burden; `InputError` if the objective has none."""
        if self._variables.burden is None:
            raise InputError("burden", None, "an objective over the worst burden")
        return self._variables.burden

    @keeping_models()
    def solve(
        self,
        constraints: Iterable[Any] = (),
        *,
        time_limit: float | None = None,
        gap: float = 0.0,
    ) -> Any:
        """Return the optimum, under constraints of one's own.

        Rows are solved by HiGHS, and proved like every optimum. What is convex and no row goes to
        Clarabel: its optimum is reported then. So is what branch and bound says of whole lots,
        unless the continuous bound meets it, or a small tree whose nodes are all proved.

        Parameters
        ----------
        constraints : iterable of Constraint or cvxpy Constraint
            `adl.group(...)` makes the former; the latter are over this model's variables.
        time_limit : float, optional
            Seconds for HiGHS.
        gap : float
            Relative gap at which a search for whole numbers may stop.

        Returns
        -------
        Solution, ContractSolution, Matching or CoupledSolution
            As `adlopt.solve` does.

        Raises
        ------
        InfeasibleRound
            If constraints and budget contradict each other; it names which.
        InputError
            If a constraint is of another kind, or of another model.
        SolverStopped, SolverFailed, CertificateError
            As `adlopt.solve`.

        Examples
        --------
        >>> import adlopt as adl
        >>> round_ = adl.Round.of(account=["ann", "bob"], capacity=[120, 80], deficit=90, needed=60)
        >>> m = adl.model(round_)
        >>> best = m.solve([m.haircut["ann"] <= 5])
        >>> print(best)
        2 winners give 60.00 USD, worst burden 68.75 %; proven optimal (exact)
        >>> best.haircut, best.reason
        (array([ 5., 55.]), ('own 1', 'worst burden'))
        """
        options = replace(self.options, gap=gap)
        return until_stopped(lambda: self._solved(listed(constraints), options), time_limit)

    def _solved(self, given: Sequence[Any], options: Options) -> Any:
        objective: Any = self.kind.objective
        if self.levels:
            from adlopt.optimum.opened.leximin_rows import solve_leximin

            leximin = Leximin(burden=objective.burden, epsilon=objective.epsilon)
            return solve_leximin(self, given) if given else self._plainly(options, leximin)
        own = is_own(objective)
        alone = isinstance(self.kind, Dollars) and self.kind.alone
        if not (given or own):
            # Of objectives that no other method has, this says whether lots sum to the budget.
            known = self._plainly(options, objective.worst if alone else objective)
            if not alone:
                return known
        extended, cones, bearer = self.extended(given)
        cost = None
        if own and not extended.program.cost.any():
            cost = objective.cost(self.haircut, self.burden, self.raised)
        try:
            answer = search(extended, self._made.get("variables"), cones, options.gap, cost)
        except Infeasible:
            if extended.program.integer is not None:
                # What the lots sum to may be all that is in the way: that is proved without rows.
                self._plainly(options, objective.worst)
            why = explained(extended, self._loose(extended))
            raise refused(why, self, extended, given, bearer) from None
        kind = self.kind
        if isinstance(kind, Dollars) and isinstance(objective, (TrackingFirst, FewestAccounts)):
            first = kind.answer(answer, bearer)
            as_good = kind.then_burden(first, answer)
            then = search(as_good, self._made.get("variables"), cones, options.gap)
            second = kind.second(first, then, bearer)
            return with_evidence(second, self, given, bearer, [answer, then])
        try:
            best: Any = kind.answer(answer, bearer)
        except CertificateError:
            if answer.stopped is not Stopped.LIMIT:
                raise
            raise SolverStopped(f"{LATE}: HiGHS has no point that is one") from None
        if isinstance(kind, TwoSides) and (above := kind.above(best)) is not None:
            return replace(self, kind=above, stated=above.state(())[0])._solved(given, options)
        return with_evidence(best, self, given, bearer, [answer])

    def extended(self, given: Sequence[Any]) -> tuple[Stated, list[Any], IntArray]:
        """The program with rows of one's own, constraints that are none, and who bears what."""
        data = [each for each in given if isinstance(each, Constraint)]
        stated, bearer = self.stated, np.arange(len(self.stated.accounts))
        if any(each.says is Says.SHARES for each in data):
            stated, bearer = self.kind.state(data)
        names, rows = stated_rows(self.kind, stated, data)
        cones = []
        for number, each in enumerate(given, start=1):
            if isinstance(each, Constraint):
                continue
            found = affine(each, self._variables, f"own {number}")
            if found is None:
                cones.append(each)
            for row in found or ():
                names.append(row.name)
                rows.append(own_row(stated, row, self.kind.parts[0]))
        return stated.with_rows(names, rows), cones, bearer

    def to_cvxpy(self) -> InCvxpy:
        """Return the model in cvxpy: `haircut` (USD), `burden`, `raised`, objective, constraints.

        Examples
        --------
        >>> import adlopt as adl
        >>> m = adl.model(adl.Round.of(capacity=[120.0, 80.0], deficit=90.0, needed=50.0))
        >>> stated = m.to_cvxpy()
        >>> round(float(stated.problem.solve()), 6), stated.haircut.value.round(3)
        (0.25, array([30., 20.]))
        """
        return InCvxpy.stated(self.stated, self._variables)

    def write(self, path: str | Path, constraints: Iterable[Any] = ()) -> list[Path]:
        """Write the program as .mps or .lp, and the map of its names and units beside it as JSON.

        Parameters
        ----------
        path : str or Path
        constraints : iterable of Constraint or cvxpy Constraint
            Rows of one's own.

        Raises
        ------
        InputError
            If the path ends in neither or cannot be written, or a constraint is no row.
        """
        stated, cones, _ = self.extended(listed(constraints))
        if cones:
            raise InputError("constraints", str(cones[0]), "linear rows")
        return write(stated, path)

    def __str__(self) -> str:
        return page.of(self.stated)

    def _heading(self) -> str:
        return page.heading(self.stated)

    def _columns(self) -> Columns:
        stated, p = self.stated, self.stated.program
        return {
            "variable": stated.column_names(),
            "unit": [block.unit for block in stated.columns for _ in range(block.count)],
            "from": p.lower * stated.unit,
            "to": p.upper * stated.unit,
            "cost": p.cost * stated.factor / stated.unit,
        }

    @property
    def _variables(self) -> Variables:
        if "variables" not in self._made:
            self._made["variables"] = Variables.of(self.stated)
        made: Variables = self._made["variables"]
        return made

    def _loose(self, stated: Stated) -> FloatArray | None:
        """Upper ends of columns without limits of accounts; None where none are given."""
        kind = self.kind
        if not isinstance(kind, Dollars) or kind.limits is NO_LIMITS:
            return None
        upper = stated.program.upper.copy()
        most = BurdenProblem.of(kind.thing, kind.objective.worst).open
        lot = kind.problem.lot
        gives = most / stated.worth if lot is None else np.floor(most / lot)
        upper[stated.column] = np.maximum(upper[stated.column], gives)
        for column in (stated.raised, stated.burden):
            if column is not None:
                upper[column] = np.inf
        return upper

    def _plainly(self, options: Options, objective: Any) -> Any:
        thing = self.kind.thing
        return SPACES[type(thing)](thing, objective, options)


def model(
    thing: Any,
    objective: Any = None,
    *,
    budget: Budget | None = None,
    limits: Limits | None = None,
    whole_lots: bool = False,
) -> Model:
    """Open a problem: state it as a program with names, to read, to extend, and to write to files.

    Parameters
    ----------
    thing : Round, ContractRound, TwoSidedRound, Market, Episode or Problem
    objective : Loss or Objective, optional
        `MinMax()` unless given; one that a single program minimises, or `Leximin`, of which the
        program has the worst burden, and `solve` goes on to the others.
    budget : Budget, optional
    limits : Limits, optional
        Without tiers.
    whole_lots : bool
        Between two sides: close whole lots.

    Raises
    ------
    InputError
        If the thing is none of these, or several programs minimise the objective.
    InfeasibleRound
        If what limits leave cannot raise an exact budget.

    Examples
    --------
    >>> import adlopt as adl
    >>> print(adl.model(adl.Round.of(account=["ann", "bob"], capacity=[120.0, 80.0], deficit=90.0,
    ...                              needed=50.0)))
    Linear program: 4 variables, 4 rows, 8 coefficients
    minimise worst burden = burden
      haircut[…]   2, USD
      burden       1
      raised       1, USD
    subject to
      share[ann]   haircut[ann] - 120 burden ≤ 0
                   2 such rows
      raised       haircut[ann] + haircut[bob] - raised = 0
      budget       raised = 50
      0 ≤ haircut[ann] ≤ 120, …
    """
    if isinstance(thing, Problem):
        objective = thing.objective if objective is None else objective
        limits = thing.limits if limits is None else limits
        whole_lots, thing = whole_lots or thing.whole_lots, thing.thing
    if isinstance(objective, CVaR) and isinstance(thing, Round):
        objective = objective.of_start(thing.start)
    options = Options(budget=budget, limits=limits, whole_lots=whole_lots)
    levels = isinstance(objective, Leximin) and isinstance(thing, (Round, TwoSidedRound, Market))
    objective = objective.worst if levels else MinMax() if objective is None else objective
    kind = opened(thing, objective, options)
    return Model(kind=kind, stated=kind.state(())[0], options=options, levels=levels)


def by_highs(thing: Any, objective: Any, options: Options) -> Any:
    """Let HiGHS solve the program; where it finds nothing that passes, what is known otherwise."""
    if is_time_for(STATED * sum(round_.start.capacity.size for round_ in thing)):
        with suppress(Infeasible, SolverStopped, SolverFailed, CertificateError):
            opened = model(thing, objective)
            found = search(opened.stated, None, (), options.gap)
            return opened.kind.answer(found, np.arange(len(opened.stated.accounts)))
    known = SPACES[type(thing)](thing, objective, replace(options, method=Method.AUTO))
    return remade(known, stopped=Stopped.LIMIT)


def tail_in_lots(round_: Round, objective: CVaR, options: Options) -> Any:
    """The least CVaR of whole lots: of its program, as no other method is known."""
    options.only("budget", "limits", "gap", "method", where="of a tail in lots")
    opened = model(round_, objective, budget=options.budget, limits=options.limits)
    return opened.solve(gap=options.gap)


def contradiction(
    error: InfeasibleRound, thing: Any, objective: Any, options: Options
) -> InfeasibleRound:
    """Add to an error an irreducible set of what contradicts each other, where there is one.

    What is asked for decides nothing here: the worst burden is always finite.
    """
    given = replace(options, gap=0.0, method=Method.AUTO)
    plain = objective if isinstance(objective, MinMax) else objective.worst
    try:
        kind = opened(thing, plain, given)
    except InputError:
        return error
    return named(error, kind.state(())[0])


def register(name: str, make: Callable[..., Any]) -> None:
    """Give an objective of one's own a name, for files and the command line.

    Parameters
    ----------
    name : str
    make : callable
        Its class; annotated fields are its parameters in files.

    Raises
    ------
    InputError
        If the name is taken, or what is made states no cost.

    Examples
    --------
    >>> register("min-max", int)
    Traceback (most recent call last):
    adlopt.errors.InputError: name is 'min-max': expected a name that no objective has
    """
    if name in OBJECTIVES and OBJECTIVES[name].make is not make:
        raise InputError("name", name, "a name that no objective has")
    if not is_own(make):
        raise InputError("make", make, "a class with `cost(haircut, burden, raised)` and `worst`")
    OBJECTIVES[name] = Known(make, dollars=_solved)


def _solved(problem: Any, objective: Any, search: Any) -> Any:
    return model(problem.round_, objective).solve()
