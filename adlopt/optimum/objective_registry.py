"""Every objective by the name that files and the command line have for it, and who minimises it.

One of your own is a file with its class and with what minimises it, and a line below. The fields of
the class are its parameters, in files and, in their order, behind colons on the command line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

from adlopt.errors import InputError, unknown
from adlopt.model.loss import Asymmetric, Empirical, MinMax, surrogate
from adlopt.model.objective import (
    CVaR,
    FewestAccounts,
    KeepHedges,
    LeastLeverage,
    Leximin,
    TrackingFirst,
)
from adlopt.optimum.dollars.fewest import fewest_accounts
from adlopt.optimum.dollars.least_loss import Solution, least_loss
from adlopt.optimum.dollars.leximin import leximin
from adlopt.optimum.dollars.tail_burden import least_cvar
from adlopt.optimum.dollars.tracking_first import tracking_first

if TYPE_CHECKING:
    from adlopt.optimum.contracts.closing import ContractSolution
    from adlopt.optimum.coupled.solve_coupled import CoupledSolution
    from adlopt.optimum.matching.found import Flow

InDollars: TypeAlias = Callable[..., Solution]
"""(problem, objective, search): over haircuts of a `BurdenProblem`, that of its `worst` burden."""
InContracts: TypeAlias = "Callable[..., ContractSolution]"
"""(round_, objective, budget, *, limits, gap, method, time_limit): over whole lots of positions."""
OfTwoSides: TypeAlias = "Callable[..., Flow]"
"""(search, objective): over flows of a `MatchingProblem`, which the search holds."""
OfEpisodes: TypeAlias = "Callable[..., CoupledSolution]"
"""(episode, objective, *, gap): over haircuts of rounds that share their winners."""


@dataclass(frozen=True, slots=True)
class Known:
    """An objective, who minimises it where, and what may be asked in dollars.

    `make` is its class, or, of `kind`, what makes it of its parameters. `highs`: HiGHS can be asked
    to. `exact`: the budget is met, so that tiers fill up one after another. `beyond`: whole lots
    may raise more than the budget. `also` has other names.
    """

    make: Callable[..., Any]
    kind: type | None = None
    dollars: InDollars | None = None
    contracts: InContracts | None = None
    two_sides: OfTwoSides | None = None
    episodes: OfEpisodes | None = None
    exact: bool = True
    beyond: bool = False
    also: tuple[str, ...] = ()

    @property
    def made(self) -> Any:
        """Its class."""
        return self.make if self.kind is None else self.kind


def _later(module: str, name: str) -> Callable[..., Any]:
    """A function that is loaded when it is first called: few need all of them."""

    def call(*given: Any, **options: Any) -> Any:
        return getattr(import_module(f"adlopt.optimum.{module}"), name)(*given, **options)

    return call


_in_contracts = _later("contracts.closing", "solve_contracts")
_of_episodes = _later("coupled.solve_coupled", "solve_coupled")


def _loss(problem: Any, objective: Any, search: Any) -> Solution:
    return least_loss(problem, search)


OBJECTIVES: dict[str, Known] = {
    "min-max": Known(
        MinMax,
        dollars=_loss,
        contracts=_in_contracts,
        two_sides=lambda search, _: search.least_burden(),
        episodes=_of_episodes,
        beyond=True,
        also=("least-burden",),
    ),
    "surrogate": Known(surrogate, Asymmetric, dollars=_loss, episodes=_of_episodes, exact=False),
    "asymmetric": Known(Asymmetric, dollars=_loss, episodes=_of_episodes, exact=False),
    "empirical": Known(Empirical, dollars=_loss, exact=False),
    "leximin": Known(
        Leximin,
        dollars=lambda problem, _, search: leximin(problem, search),
        two_sides=lambda search, _: search.leximin(),
        beyond=True,
    ),
    "tracking": Known(
        TrackingFirst,
        dollars=lambda problem, _, search: tracking_first(problem, search),
        exact=False,
    ),
    "fewest": Known(
        FewestAccounts,
        dollars=lambda problem, _, search: fewest_accounts(problem, search),
        two_sides=_later("matching.fewest_winners", "fewest_accounts"),
        beyond=True,
        also=("fewest-accounts",),
    ),
    "cvar": Known(CVaR, dollars=least_cvar),
    "keep-hedges": Known(
        KeepHedges, two_sides=lambda search, objective: search.keep_hedges(objective)
    ),
    "least-leverage": Known(
        LeastLeverage, two_sides=_later("matching.leverage_levels", "least_leverage")
    ),
}
"""By name; of those that make one class the first."""


def names(where: str | None = None) -> Iterator[str]:
    """Names of objectives: all, or those minimised in dollars, contracts, two_sides or episodes."""
    for name, known in OBJECTIVES.items():
        if where is None or getattr(known, where) is not None:
            yield from (name, *known.also)


def known_as(name: str, field: str = "objective", where: str | None = None) -> Known:
    """Return the objective of a name."""
    if name not in names(where):
        raise unknown(field, name, names(where))
    return next(k for n, k in OBJECTIVES.items() if name in (n, *k.also))


def known_of(objective: object, where: str, remedy: str) -> Known:
    """Return what is known of an objective, where it is to be minimised."""
    for known in OBJECTIVES.values():
        if type(objective) is known.made and getattr(known, where) is not None:
            return known
    kinds = dict.fromkeys(k.made.__name__ for k in OBJECTIVES.values() if getattr(k, where))
    raise InputError("objective", objective, ", ".join(kinds), remedy=remedy)
