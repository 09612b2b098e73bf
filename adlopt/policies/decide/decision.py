"""A decision before the need is known: how much, from whom, and what is proved about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from adlopt.foundation.arrays import FloatArray, Record, own
from adlopt.model.filled import filled
from adlopt.model.limits import NO_LIMITS
from adlopt.model.run import Information
from adlopt.optimum.core.certificate import Certificate
from adlopt.optimum.core.surface import burdened, gives
from adlopt.optimum.reasons import notes
from adlopt.policies.decide.decision_problem import DecisionProblem
from adlopt.show.answer import Answer, Columns
from adlopt.show.decision import screen
from adlopt.show.schema.decisions import DecisionData
from adlopt.show.words import dollars


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Decision(Answer, Record):
    """What to take at a round's start, before it is known what is needed.

    Parameters
    ----------
    problem : DecisionProblem
    haircut : FloatArray, shape (n,)
        USD taken from each account.
    raised : float
        USD. H, their sum; with capacities that move, what is to be delivered.
    worst_burden : float
    most : float
        USD. b_max, above which the needed budget is taken not to be.
    radius : float
        USD. ε, how far from the belief the truth may be.
    expected_loss, worst_loss : float
        Under the belief, and under the worst distribution within ε of it, burdens included.
    price_of_ambiguity : float
        What the belief itself says that is lost by guarding against its doubt.
    worst_needed, worst_mass : FloatArray, shape (k,)
        USD, and shares: a distribution within ε against which no budget loses less.
    moved : FloatArray, shape (2, N)
        Mass of each value of the belief, ascending, that it moves up to `most`, and down to 0.
    certificate : Certificate
        Of `worst_loss`: no haircut loses less at worst.
    allocation : Certificate
        Of the haircuts: no others raise as much at a better value of the objective.
    guarantee : float or None
        Share of cases, at least, in which enough is raised, for exchangeable samples.
    delivered : float or None
        Share of the scenarios of capacities in which it is delivered.
    stopped : bool
        Whether the deadline came first.
    lots : list of int or None
        Closed of each position.
    evidence : callable, optional
        What writes certificates in files.
    """

    problem: DecisionProblem
    haircut: FloatArray
    raised: float
    worst_burden: float
    most: float
    radius: float
    expected_loss: float
    worst_loss: float
    price_of_ambiguity: float
    worst_needed: FloatArray
    worst_mass: FloatArray
    moved: FloatArray
    certificate: Certificate
    allocation: Certificate
    guarantee: float | None = None
    delivered: float | None = None
    stopped: bool = False
    lots: tuple[int, ...] | None = None
    evidence: Callable[[Decision, str | Path], Path] | None = None

    _view = screen

    def __post_init__(self) -> None:
        object.__setattr__(self, "haircut", own(self.haircut, "haircut", lowest=0.0))
        for name in ("worst_needed", "worst_mass"):
            object.__setattr__(self, name, own(getattr(self, name), name, lowest=0.0))
        self.certificate.check_is_of(self.haircut, np.array(self.raised))

    @property
    def information(self) -> Information:
        """ROUND_START: nothing that the round turns out to need is known."""
        return Information.ROUND_START

    @property
    def severity(self) -> float:
        """θ = H / D; 0 without a deficit."""
        deficit = self.problem.start.deficit
        return self.raised / deficit if deficit > 0 else 0.0

    @property
    def touched(self) -> int:
        """Number of accounts with a haircut."""
        return int(np.count_nonzero(self.haircut))

    @property
    def notes(self) -> tuple[str, ...]:
        """Whom the burden protects, with their dollars, and whether one account bears a tail."""
        asked = self.problem
        worst, limits = asked.objective.worst, asked.limits or NO_LIMITS
        return tuple(notes(asked.start, asked.objective, worst, limits, self.haircut))

    def certificate_file(self, path: str | Path) -> Path:
        """Write what is proved as JSON that others check, `python -I -S adlcheck.py INSTANCE FILE`.

        It states the belief and the prices, and is bound to the round that starts. `InputError` if
        it cannot be written, or if the decision is not one of the least worst burden in dollars.
        """
        assert self.evidence is not None
        return self.evidence(self, path)

    def _columns(self) -> Columns:
        start = self.problem.start
        return {
            "account": start.account,
            "capacity_usd": start.capacity,
            "haircut_usd": self.haircut,
        }

    def _heading(self) -> str:
        return f"round start: {self._summary()}"

    def _summary(self) -> str:
        said = f"{gives(self.touched, float(self.haircut.sum()))}, {burdened(self.worst_burden)}"
        doubt = f" within {dollars(self.radius)} of the belief" if self.radius else ""
        late = "; stopped at the deadline" if self.stopped else ""
        loses = f"loses {self.worst_loss:,.6g} at worst{doubt}, {self.certificate}{late}"
        return "; ".join([said, loses, *self.notes])

    def data(self) -> DecisionData:
        """Return it as machines get it."""
        problem = self.problem
        start = problem.start
        given = {name: getattr(problem, name) for name in ("under", "over", "fair", "chance")}
        return filled(
            DecisionData,
            self,
            **given,
            summary=self._summary(),
            round=start.t,
            deficit_usd=start.deficit,
            belief=problem.belief._heading(),
            sampled=problem.belief.sampled,
            certificate=self.certificate.data(),
            allocation=self.allocation.data(),
            account=list(start.account),
            capacity_usd=start.capacity.tolist(),
        )
