"""HiGHS behind one function: a Program in, a raw answer out. The only file that knows highspy.

The answer is raw on purpose: nothing here is believed until `adlopt.optimum.core.certificate` has
recomputed it. What is guarded against is written beside each guard.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from tempfile import NamedTemporaryFile
from typing import Any

import numpy as np

from adlopt.errors import SolverFailed, SolverStopped
from adlopt.foundation.arrays import FloatArray
from adlopt.foundation.deadline import LATE, deadline, is_late, is_time_for, seconds_left
from adlopt.model.method import Method, Stopped
from adlopt.optimum.programs.program import Program

OPTIONS: dict[str, bool | float | str] = {
    "output_flag": False,
    # Presolve finds nothing in these forms, and is quadratic on one dense equality row.
    "presolve": "off",
    "solver": "simplex",
    # One scheduler serves the whole process and cannot change size: rounds are the parallelism.
    "threads": 1,
}

INTERIOR_OPTIONS: dict[str, bool | float | str] = {
    "solver": "ipm",
    # Crossover pivots as long as simplex does; a point inside is as good where it is certified.
    "run_crossover": "off",
}

MIP_OPTIONS: dict[str, bool | float | str] = {
    # The defaults stop at a relative gap of 1e-4, and accept 1e-6 as zero.
    "mip_rel_gap": 0.0,
    "mip_abs_gap": 0.0,
    "mip_feasibility_tolerance": 1e-9,
    "primal_feasibility_tolerance": 1e-9,
    "dual_feasibility_tolerance": 1e-9,
}

STARTED = 1e-6, 4e-6
"""Seconds a coefficient before HiGHS first looks at the clock, and where numbers are whole."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RawAnswer:
    """What HiGHS returned, unchecked: a point it calls feasible, and its own lower bound.

    `row_duals` are the multipliers of a linear program's rows.
    """

    columns: FloatArray
    row_duals: FloatArray | None
    bound: float
    stopped: Stopped
    method: Method

    @property
    def duals(self) -> FloatArray:
        """Multipliers of the rows of a linear program, shape (rows,)."""
        assert self.row_duals is not None, "a mixed-integer program has none"
        return self.row_duals


class Infeasible(Exception):
    """HiGHS says that no point satisfies the program."""


def run(
    program: Program,
    *,
    time_limit: float | None = None,
    presolve: bool = False,
    rough: bool = False,
    pivots: int | None = None,
    nodes: int | None = None,
    interior: bool = False,
    gap: float = 0.0,
) -> RawAnswer:
    """Minimise a program, for so many seconds, simplex `pivots` or search `nodes` at most.

    With `presolve` HiGHS reduces it first; a `rough` search does so, too, and finds more, within
    HiGHS's own tolerances; `interior` asks for an interior point, which is no vertex.

    >>> program = Program(cost=[1.0], lower=[0.0], upper=[np.inf], row_lower=[2.0],
    ...                   row_upper=[np.inf], start=[0, 1], column=[0], coefficient=[1.0])
    >>> run(program).columns
    array([2.])
    """
    from highspy import _core as core

    if not is_time_for(STARTED[program.integer is not None] * program.column.size):
        raise SolverStopped(f"{LATE}: HiGHS was not started")
    options = OPTIONS if program.integer is None or rough else OPTIONS | MIP_OPTIONS
    if program.integer is not None:
        options = options | {"mip_rel_gap": gap}
    end = deadline(time_limit)
    if (left := seconds_left(end)) is not None:
        options = options | {"time_limit": left}
    if presolve or rough:
        options = options | {"presolve": "on"}
    if interior:
        options = options | INTERIOR_OPTIONS
    if nodes is not None:
        options = options | {"mip_max_nodes": nodes}
    if pivots is not None:
        options = options | {"simplex_iteration_limit": pivots}
    solver = core._Highs()
    for name, value in options.items():
        _accept(solver.setOptionValue(name, value), f"option {name}={value!r}", core)
    _pass_model(solver, program, core)
    status = _run(solver, core, end)
    if (
        status == core.HighsStatus.kError
        and solver.getModelStatus() == core.HighsModelStatus.kNotset
    ):
        # The process already runs HiGHS with another number of threads: take what there is.
        _accept(solver.setOptionValue("threads", 0), "option threads=0", core)
        status = _run(solver, core, end)
    if program.integer is None and _gave_up(solver, core):
        # Simplex cycles where many vertices are nearly one: start again from within; what is found
        # there without crossover may be no point at all: start again with it.
        solver.clearSolver()
        for name, value in {"solver": "ipm", "run_crossover": "on"}.items():
            _accept(solver.setOptionValue(name, value), f"option {name}={value!r}", core)
        interior, status = True, _run(solver, core, end)
    method = Method.HIGHS_INTERIOR if interior else Method.HIGHS
    return _answer(solver, program, status, method, core)


def _gave_up(solver: Any, core: Any) -> bool:
    """Whether the state is unknown, or called optimal at a point that is not feasible."""
    state, found = solver.getModelStatus(), solver.getInfo().primal_solution_status
    feasible = found == int(core.SolutionStatus.kSolutionStatusFeasible)
    kinds = core.HighsModelStatus
    return bool(state == kinds.kUnknown or (state == kinds.kOptimal and not feasible))


def _run(solver: Any, core: Any, end: float) -> Any:
    """Run HiGHS, and raise what Ctrl-C means to Python, which learns of it in callbacks alone.

    They also stop it in time: of itself it looks at the clock between its heuristics only.
    """
    raised: list[BaseException] = []
    listener = _listen(raised, end)
    next(listener)
    # HiGHS may swallow what a callback raises, and Python raises at the first instruction of a
    # function, before any `try`: `max` is none of its functions, and resumes one within.
    solver.setCallback(partial(max, key=listener.send), None)
    kinds = core.cb.HighsCallbackType
    for kind in (
        kinds.kCallbackSimplexInterrupt,
        kinds.kCallbackIpmInterrupt,
        kinds.kCallbackMipInterrupt,
    ):
        _accept(solver.startCallback(kind), f"callback {kind}", core)
    status = solver.run()
    if raised:
        raise raised[0]
    return status


def _listen(raised: list[BaseException], end: float) -> Generator[int, Any]:
    """Keep what is raised while the arguments of callbacks arrive, and ask HiGHS to stop."""
    while True:
        try:
            while True:
                argument = yield 0
                if (raised or is_late(end)) and hasattr(argument, "user_interrupt"):
                    argument.user_interrupt = True
        except GeneratorExit:
            return
        except BaseException as error:  # noqa: BLE001 - `_run` raises it
            raised.append(error)


def _pass_model(solver: Any, program: Program, core: Any) -> None:
    columns, rows = program.cost.size, program.row_lower.size
    # Always the full integrality array: an empty one makes passModel fail while run() succeeds.
    integer = np.zeros(columns) if program.integer is None else program.integer
    sizes = columns, rows, program.column.size
    ends = program.lower, program.upper, program.row_lower, program.row_upper
    entries = program.start, program.column, program.coefficient
    kinds = int(core.MatrixFormat.kRowwise), int(core.ObjSense.kMinimize)
    whole = np.asarray(integer, dtype=np.int32)
    status = solver.passModel(*sizes, *kinds, 0.0, program.cost, *ends, *entries, whole)
    _accept(status, "the model", core)


def _accept(status: Any, what: str, core: Any) -> None:
    if status == core.HighsStatus.kError:
        raise SolverFailed(f"HiGHS {core._Highs().version()} refused {what}")


def _answer(solver: Any, program: Program, status: Any, method: Method, core: Any) -> RawAnswer:
    kinds, state = core.HighsModelStatus, solver.getModelStatus()
    if status == core.HighsStatus.kError:
        raise _failed(program, f"HiGHS failed with status {solver.modelStatusToString(state)}")
    if state in (kinds.kInfeasible, kinds.kUnboundedOrInfeasible):
        raise Infeasible
    limits = (kinds.kTimeLimit, kinds.kIterationLimit, kinds.kSolutionLimit, kinds.kInterrupt)
    if state != kinds.kOptimal and state not in limits:
        raise _failed(program, f"HiGHS ended in state {solver.modelStatusToString(state)}")
    info = solver.getInfo()
    solution = solver.getSolution()
    stopped = SolverStopped("HiGHS reached its limit before it found a feasible haircut")
    stopped.row_duals = np.array(solution.row_dual)
    # Before a point is found `col_value` is full of zeros that mean nothing.
    if info.primal_solution_status != int(core.SolutionStatus.kSolutionStatusFeasible):
        raise stopped
    whole = program.integer is not None
    return RawAnswer(
        columns=np.array(solution.col_value),
        row_duals=None if whole else np.array(solution.row_dual),
        bound=float(info.mip_dual_bound if whole else info.objective_function_value),
        stopped=Stopped.OPTIMAL if state == kinds.kOptimal else Stopped.LIMIT,
        method=method,
    )


def _failed(program: Program, message: str) -> SolverFailed:
    error = SolverFailed(message)
    error.program = program
    return error


@contextmanager
def keeping_models() -> Iterator[None]:
    """Keep the program that HiGHS failed at in a file of its own, and say where it is."""
    try:
        yield
    except SolverFailed as error:
        if error.program is None:
            raise
        from highspy import _core as core

        solver = core._Highs()
        solver.setOptionValue("output_flag", False)
        _pass_model(solver, error.program, core)
        with NamedTemporaryFile(prefix="adlopt-", suffix=".mps", delete=False) as file:
            _accept(solver.writeModel(file.name), f"to write {file.name}", core)
        raise SolverFailed(f"{error}; its model is kept in {file.name}") from None


class Relaxation:
    """The linear relaxation of a program, solved again and again with other column bounds.

    What it says of a node is not believed before weak duality has been computed with it.
    """

    def __init__(self, program: Program) -> None:
        from highspy import _core as core

        self._core: Any = core
        self._solver: Any = core._Highs()
        for name, value in OPTIONS.items():
            _accept(self._solver.setOptionValue(name, value), f"option {name}={value!r}", core)
        _pass_model(self._solver, replace(program, integer=None), core)
        self._every = np.arange(program.cost.size, dtype=np.int32)

    def solve(self, lower: FloatArray, upper: FloatArray) -> tuple[FloatArray | None, FloatArray]:
        """Return a point and row duals; no point, and the ray, where there is none."""
        self._solver.changeColsBounds(self._every.size, self._every, lower, upper)
        self._solver.run()
        if self._solver.getModelStatus() == self._core.HighsModelStatus.kInfeasible:
            _, has_one, ray = self._solver.getDualRay()
            return None, np.array(ray) if has_one else np.zeros(0)
        solution = self._solver.getSolution()
        return np.array(solution.col_value), np.array(solution.row_dual)
