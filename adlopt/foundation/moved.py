"""Names of 1.0 that stand elsewhere in 2.0: each still works, and warns once where it stands."""

from __future__ import annotations

import ast
import sys
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from inspect import getsource
from types import ModuleType
from typing import Any

MODULES = {
    "adversary": "studies.adversary.worst",
    "axioms": "studies.axioms",
    "bound": "bounds.bound",
    "budget": "model.budget",
    "certificate": "optimum.core.certificate",
    "comparator_path": "optimum.paths.comparator_curve",
    "contracts": "optimum.contracts.closing",
    "coupled": "optimum.coupled.solve_coupled",
    "diagnostics": "studies.diagnostics",
    "episode": "model.episode",
    "episodes": "data.episodes",
    "evidence": "report.evidence",
    "execution": "studies.execution",
    "exposure": "studies.exposure",
    "files": "data.files",
    "frames": "show.answer",
    "highs": "optimum.programs.highs",
    "hindsight": "scoring.hindsight",
    "limits": "model.limits",
    "loaders": "data.loaders",
    "loss": "model.loss",
    "lots": "optimum.lots.least_burden",
    "market": "model.market",
    "matching": "optimum.matching.matching",
    "minimax": "bounds.game.minimax_value",
    "objective": "model.objective",
    "offline": "optimum.solve",
    "online": "policies.protocols",
    "playing": "scoring.playing",
    "plots": "report.plots.figures",
    "positions": "model.positions",
    "program": "optimum.programs.program",
    "quality": "scoring.quality",
    "quantity": "bounds.quantity",
    "round": "model.round",
    "run": "model.run",
    "sandwich": "studies.bounds_of",
    "score": "scoring.score",
    "scoreboard": "scoring.scoreboard",
    "severity_path": "optimum.paths.severity_path",
    "shed": "model.shed",
    "simulation": "studies.simulation",
    "solvency": "model.solvency",
    "sweep": "studies.sweep",
    "table": "show.table",
    "text": "show",
    "text.sandwich": "show.bounds",
    "text.summary": "show.episode",
}
"""Modules of 1.0, below the package, and where they stand; what lay below one moved with it."""

NAMES = {
    "": {
        "AxiomReport": "studies.axioms.trial.AxiomReport",
        "Binding": "errors.Binding",
        "ContractSolution": "optimum.contracts.closing.ContractSolution",
        "CoupledSolution": "optimum.coupled.solve_coupled.CoupledSolution",
        "CouplingPrice": "optimum.coupled.not_coupling.CouplingPrice",
        "Deleveraging": "rules.deleveraging.Deleveraging",
        "Diagnosis": "studies.diagnostics.diagnosis.Diagnosis",
        "Goal": "optimum.former.Goal",
        "Insured": "policies.insured.Insured",
        "LeverageDrain": "optimum.drain.LeverageDrain",
        "Matching": "optimum.matching.matched.Matching",
        "Positions": "model.positions.Positions",
        "Score": "scoring.score.Score",
        "Scoreboard": "scoring.scoreboard.Scoreboard",
        "SeverityPath": "optimum.paths.severity_path.SeverityPath",
        "SeverityThenAllocation": "policies.protocols.SeverityThenAllocation",
        "Simulation": "studies.simulation.loop.Simulation",
        "Solution": "optimum.dollars.least_loss.Solution",
        "Stage": "optimum.core.certificate.Stage",
        "Sweep": "studies.sweep.plan.Sweep",
        "best_fixed_rule": "scoring.playing.best_fixed_rule",
        "best_fixed_severity": "scoring.hindsight.best_fixed_severity",
        "compare_burdens": "studies.diagnostics.concentration.compare_burdens",
        "contract_round": "rules.market_rounds.contract_round",
        "drain_round": "optimum.drain.drain_round",
        "expected_loss": "optimum.drain.expected_loss",
        "forced_concentration": "optimum.dollars.fewest.forced_concentration",
        "lineup": "scoring.lineup.lineup",
        "match": "optimum.former.match",
        "open_contract_round": "model.shed.open_contract_round",
        "optimal_fund": "policies.insured.optimal_fund",
        "paper_ogd": "policies.gradient.paper_ogd",
        "per_round_optimum": "scoring.hindsight.per_round_optimum",
        "price_of_not_coupling": "optimum.coupled.not_coupling.price_of_not_coupling",
        "read_contract_round": "data.files.reading.read_contract_round",
        "read_limits": "data.files.reading.read_limits",
        "solve_coupled": "optimum.former.solve_coupled",
        "water_fill": "optimum.core.waterfill.water_fill",
        "wealth_round": "rules.market_rounds.wealth_round",
    },
    "optimum": {"Solution": "optimum.dollars.least_loss.Solution"},
    "policies": {"allocation_named": "policies.grammar.allocation"},
    "report": {"write_report": "report.write.write_report"},
    "rules": {"Formula": "rules.row_formula.RowFormula"},
    "studies.axioms": {
        "Axiom": "studies.axioms.laws.Law",
        "Verdict": "studies.axioms.trial.LawVerdict",
    },
    "studies.execution": {"Fills": "studies.execution.forced_fills.ClosingFills"},
    "studies.simulation": {"Outcome": "show.schema.studies.CrashOutcome"},
}
"""Public names of 1.0, by the package that held them, and where they stand; "" is adlopt itself."""


BETTER = {
    "Goal": "an objective, such as adlopt.Leximin()",
    "match": "adlopt.solve(adlopt.TwoSidedRound(round_, shed), objective)",
    "solve_coupled": "adlopt.solve(episode, objective)",
}
"""What to write now, where that is not the name of what the old one leads to."""


def forward(package: str, below: int = 0) -> Callable[[str], Any]:
    """Return a `__getattr__` by which a package hands out what it held in 1.0.

    So many functions `below` this one stand between it and who asks.
    """
    held = NAMES.get(package.partition(".")[2], {})

    def load(name: str) -> Any:
        if name not in held:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        home, _, new = f"adlopt.{held[name]}".rpartition(".")
        _warn(f"{package}.{name}", BETTER.get(name, f"{home}.{new}"), 3 + below)
        value = getattr(import_module(home), new)
        setattr(sys.modules[package], name, value)
        return value

    return load


class OldPaths:
    """Finds modules by their dotted paths of 1.0, where all other finders have failed.

    No class of `importlib.abc` is derived from: loading that takes longer than importing the
    package.
    """

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where a module of 1.0 stands, or None for any other."""
        if (home := _home(fullname)) is None:
            return None
        return ModuleSpec(fullname, self, origin=home, is_package=True)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave it to Python to make the empty module."""

    def exec_module(self, module: ModuleType) -> None:
        """Load the real module, and warn where it stands."""
        home = str(_home(module.__name__))
        real = import_module(home)
        _warn(module.__name__, home, 3)
        module.__doc__ = real.__doc__
        vars(module).update(__getattr__=partial(getattr, real), __dir__=partial(dir, real))


def _home(fullname: str) -> str | None:
    """Return where a module of 1.0 stands: by the table, or below one that the table names."""
    above, _, name = fullname.rpartition(".")
    old = fullname.removeprefix("adlopt.")
    if old != fullname and old in MODULES:
        return f"adlopt.{MODULES[old]}"
    home = _home(above) if above else None
    below = home and find_spec(home)
    if not below or below.submodule_search_locations is None:
        return None
    return f"{home}.{name}" if find_spec(f"{home}.{name}") else None


def _warn(old: str, new: str, stacklevel: int) -> None:
    said = f"{old} is {new} since adlopt 2.0; the old name goes with 3.0"
    warnings.warn(said, DeprecationWarning, stacklevel=stacklevel)


sys.meta_path.append(OldPaths())


def attach(package: str) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Return `__getattr__`, `__dir__` and `__all__` for a package.

    Its names are those that its own file imports below `if TYPE_CHECKING:`, for people and type
    checkers; a name that is a module of the package, too, is that module.
    """
    file = ast.parse(getsource(sys.modules[package])).body
    told = [each for block in file if isinstance(block, ast.If) for each in block.body]
    home_of = {
        name.asname or name.name: (str(each.module), name.name)
        for each in told
        if isinstance(each, ast.ImportFrom)
        for name in each.names
    }
    public, old = sorted(home_of), forward(package, below=1)

    def load(name: str) -> Any:
        if name not in home_of:
            return old(name)
        home, known_as = home_of[name]
        if PathFinder.find_spec(f"{package}.{name}", sys.modules[package].__path__):
            value: Any = import_module(f"{package}.{name}")
        else:
            inside = import_module(home)
            if not hasattr(inside, known_as):
                import_module(f"{home}.{known_as}")
            value = getattr(inside, known_as)
        setattr(sys.modules[package], name, value)
        return value

    return load, lambda: list(public), public


class _Callable(ModuleType):
    """A module that can be called, too; what it calls is loaded then."""

    home: str
    function: str

    def __call__(self, *given: Any, **named: Any) -> Any:
        return getattr(import_module(self.home), self.function)(*given, **named)


def callable_as(module: str, home: str, function: str) -> str:
    """Let a module of the name of a function be called as that function; return where it is."""
    made = sys.modules[module]
    made.__class__ = _Callable
    made.home, made.function = home, function  # type: ignore[attr-defined]
    return f"{home}.{function}"
