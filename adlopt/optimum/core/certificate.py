"""Proof that an answer is as good as it says, from the answer's numbers and the problem's alone.

No solver is believed: the upper bound is the objective recomputed at the haircut, the lower bound
is weak duality evaluated at whatever multipliers are at hand, good or bad. For multipliers y on
the budget and μ ≥ 0 on the burden rows with Σ w_i μ_i ≤ fair and −over ≤ y ≤ under, every
feasible haircut costs at least ::

    y · budget − Σ u_i (y − μ_i)_+ − allowance · Σ w_i μ_i

Where the budget is exact, rounding can leave the haircut an ulp short of it; the bound is then
that of the sum which was raised, and the residual is stated beside it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum
from fractions import Fraction
from typing import Any

import numpy as np

from adlopt.errors import CertificateError
from adlopt.foundation.arrays import SMALLEST_USD, AnyArray, FloatArray, checksum
from adlopt.foundation.exact import exact_dot, exact_sum, largest_quotient
from adlopt.model.loss import worst_burden
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.show.certificate import in_words
from adlopt.show.schema.data import CertificateData, StageData

EXACT_ACCOUNTS = 10_000
"""Up to so many accounts, what is no plain sum or quotient takes fractions: 0.4 s of them."""
TOLERANCE = 1e-9
"""Relative gap below which an answer counts as optimal, and relative residual allowed."""
ROUNDING = 1e-12
"""Relative distance from the budget that adding up haircuts can leave."""
UNIT_ROUNDING = 2.0**-52


class Trust(Enum):
    """What stands behind a lower bound."""

    EXACT = "exact"
    """Checked in integers or fractions, and rounded down once, at the end."""
    VERIFIED = "verified"
    """Weak duality in floating point; `Certificate.error`, already subtracted, covers rounding."""
    REPORTED = "reported"
    """A search's own word that nothing better exists."""
    CLAIMED = "claimed, not checked"
    """Nobody's word: the certificate was written or altered by hand."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Multipliers:
    """Dual variables: y of the budget, μ of the burden rows, shape (n,)."""

    budget: float
    burden: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Certificate:
    """What is proved about a haircut.

    Parameters
    ----------
    upper : float
        The objective at the haircut, recomputed.
    lower : float
        No haircut costs less than this.
    trust : Trust
        What stands behind `lower`.
    error : float
        Rounding allowance that was subtracted from `lower`.
    budget_residual : float
        USD. Σx − budget where the budget is exact, else 0.
    multipliers : Multipliers or None
        Of the weak duality bound, where it was used.
    rounding : float
        Part of `upper` that only says that money was added, or burdens subtracted, in floating
        point.
    of : int
        Checksum of the answer that was checked.
    seal : int
        Of these numbers, by the check that found them; without it nothing is proven.

    Raises
    ------
    CertificateError
        If `lower` exceeds `upper` by more than rounding: one of the two must be wrong.

    Examples
    --------
    >>> print(checked(upper=0.25, lower=0.25, trust=Trust.EXACT))
    proven optimal (exact)
    >>> print(checked(upper=0.25, lower=0.2, trust=Trust.REPORTED))
    within 0.2 of the optimum (reported)
    >>> print(Certificate(upper=0.25, lower=0.25, trust=Trust.EXACT))
    nothing proven (claimed, not checked)
    """

    upper: float
    lower: float
    trust: Trust
    error: float = 0.0
    budget_residual: float = 0.0
    multipliers: Multipliers | None = None
    rounding: float = 0.0
    of: int = 0
    seal: int = 0

    def __post_init__(self) -> None:
        for name in ("upper", "lower", "error", "budget_residual", "rounding"):
            object.__setattr__(self, name, float(getattr(self, name)))
        if self.seal != self._sealed():
            object.__setattr__(self, "trust", Trust.CLAIMED)
        if not self.lower <= self.upper * (1 + TOLERANCE) + self.rounding + SMALLEST_USD:
            raise CertificateError(f"lower bound {self.lower!r} exceeds the value {self.upper!r}")

    def _repr_markdown_(self) -> str:
        return rf"${self.lower:.12g} \leq \min \leq {self.upper:.12g}$: {self}"

    @property
    def gap(self) -> float:
        """Upper − lower, at least 0."""
        return max(self.upper - self.lower, 0.0)

    @property
    def optimal(self) -> bool:
        """Whether the gap is within `TOLERANCE` of the value, apart from `rounding`."""
        return self.gap <= TOLERANCE * self.upper + self.rounding + SMALLEST_USD

    @property
    def proven(self) -> bool:
        """Whether it is optimal, and not on somebody's word."""
        return self.optimal and self.trust not in (Trust.REPORTED, Trust.CLAIMED)

    def check_is_of(self, *answer: AnyArray) -> None:
        """Refuse, by `CertificateError`, an answer that was altered since it was checked."""
        if self.trust is not Trust.CLAIMED and self.of != checksum(*answer):
            raise CertificateError("the answer is not the one that was certified: solve again")

    def _sealed(self) -> int:
        """A checksum of what was proved, and of what."""
        trust = list(Trust).index(self.trust)
        return hash((self.upper, self.lower, self.error, self.rounding, trust, self.of)) or 1

    def __str__(self) -> str:
        return in_words(self._fields())

    def data(self) -> CertificateData:
        """Return it as machines get it."""
        return CertificateData(**self._fields())

    def _fields(self) -> dict[str, Any]:
        return {
            "upper": self.upper,
            "lower": self.lower,
            "gap": self.gap,
            "optimal": self.optimal,
            "trust": self.trust.value,
            "error": self.error,
            "budget_residual_usd": self.budget_residual,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A further criterion, optimal among the haircuts that are optimal in all before it.

    Its certificate's bound is *given* those.
    """

    criterion: str
    certificate: Certificate

    @property
    def value(self) -> float:
        """The criterion at the haircut, recomputed."""
        return self.certificate.upper

    def data(self) -> StageData:
        """Return it as machines get it."""
        return StageData(criterion=self.criterion, **self.certificate._fields())


def checked(**fields: Any) -> Certificate:
    """Make a certificate: for checks alone, which have computed what it says."""
    return _seal(Certificate(**fields), fields["trust"])


def resealed(certificate: Certificate, **changes: Any) -> Certificate:
    """A certificate with other numbers, or of another answer: for checks alone."""
    changed = replace(certificate, **changes)
    if certificate.trust is Trust.CLAIMED and "trust" not in changes:
        return changed
    return _seal(changed, changes.get("trust", certificate.trust))


def _seal(certificate: Certificate, trust: Trust) -> Certificate:
    object.__setattr__(certificate, "trust", trust)
    object.__setattr__(certificate, "seal", certificate._sealed())
    return certificate


def tied(certificate: Certificate, *answer: AnyArray) -> Certificate:
    """The certificate of an answer, which holds for no other."""
    return resealed(certificate, of=checksum(*answer))


def certify(problem: BurdenProblem, haircut: FloatArray, multipliers: Multipliers) -> Certificate:
    """Certify a haircut, shape (n,) USD, by weak duality."""
    raised = check_feasible(problem, haircut)
    clipped = _clip(problem, multipliers)
    upper, missed = _value(problem, haircut, raised)
    return checked(
        upper=upper,
        lower=round_down(max(weak_bound(problem, clipped, raised), Fraction(0))),
        trust=Trust.EXACT,
        budget_residual=float(raised - Fraction(problem.budget)) if problem.exact else 0.0,
        multipliers=clipped,
        rounding=_rounding(problem, haircut, raised, missed),
    )


def check_feasible(problem: BurdenProblem, haircut: FloatArray) -> Fraction:
    """Return Σx, exact, in USD, after checking every constraint."""
    if haircut.shape != problem.capacity.shape or not np.isfinite(haircut).all():
        raise CertificateError("the haircut is not one finite number for each account")
    capacity = problem.open
    beyond = haircut > capacity * (1 + TOLERANCE)
    if beyond.any():
        worst = int(np.argmax(np.where(beyond, haircut - capacity, 0.0)))
        over = haircut[worst] - capacity[worst]
        raise CertificateError(f"account {worst} gives {over:.3g} USD above its capacity")
    if haircut.min() < 0:
        raise CertificateError(f"account {int(np.argmin(haircut))} gives less than nothing")
    raised = exact_sum(haircut)
    residual = float(raised - Fraction(problem.budget))
    allowed = max(TOLERANCE * problem.budget, SMALLEST_USD)
    if problem.exact and not -allowed <= residual <= problem.extra + allowed:
        raise CertificateError(f"the haircut misses the budget by {residual:.3g} USD")
    return raised


def round_down(exact: Fraction) -> float:
    """Largest float that is not above a fraction."""
    nearest = float(exact)
    return nearest if nearest <= exact else math.nextafter(nearest, -math.inf)


def round_up(exact: Fraction) -> float:
    """Smallest float that is not below a fraction; zero has no sign."""
    return 0.0 - round_down(-exact)


def _rounding(
    problem: BurdenProblem, haircut: FloatArray, raised: Fraction, missed: float
) -> float:
    """The price of missing the budget by no more than adding up leaves, and that of `allowance`."""
    budget = Fraction(problem.budget)
    added = missed if abs(raised - budget) <= Fraction(ROUNDING) * budget else 0.0
    if not problem.allowance:
        return added
    cancelled = worst_burden(haircut, problem.weight) + problem.allowance
    return added + 4.0 * UNIT_ROUNDING * problem.fair * cancelled


def _clip(problem: BurdenProblem, given: Multipliers) -> Multipliers:
    y = float(np.clip(given.budget, -problem.over, problem.under))
    ceiling = max(y, 0.0)
    highest = ceiling if problem.fair > 0 else 0.0
    burden = np.clip(given.burden, 0.0, highest)
    burden[problem.weight <= 0] = ceiling
    return Multipliers(budget=y, burden=burden)


def _value(problem: BurdenProblem, haircut: FloatArray, raised: Fraction) -> tuple[float, float]:
    """The objective and its budget term without rounding, each then rounded up once."""
    missed = Fraction(0)
    if not problem.exact:
        missing = Fraction(problem.budget) - raised
        missed = max(Fraction(problem.under) * missing, -Fraction(problem.over) * missing)
    if (haircut[problem.weight <= 0] > 0).any():
        return math.inf, round_up(missed)
    worst = largest_quotient(haircut, problem.weight)
    excess = max(worst - Fraction(problem.allowance), Fraction(0))
    return round_up(missed + Fraction(problem.fair) * excess), round_up(missed)


def weak_bound(
    problem: BurdenProblem, given: Multipliers, raised: Fraction, *, stretch: bool = True
) -> Fraction:
    """Weak duality without rounding; an account whose μ is 0 or y only adds to a sum.

    `raised`, USD, is what rounding left of an exact budget, where multipliers may `stretch`.
    """
    budget = Fraction(problem.budget)
    if problem.exact:
        budget = min(budget, raised)
    y, fair = Fraction(given.budget), Fraction(problem.fair)
    held = given.burden >= given.budget
    between = np.flatnonzero(~held & (given.burden > SMALLEST_USD))
    burden = given.burden[between]
    weight_held, capacity_lost = exact_sum(problem.weight[held]), exact_sum(problem.open[~held])
    total = max(y, Fraction(0)) * weight_held + exact_dot(problem.weight[between], burden)
    forgone = y * capacity_lost - exact_dot(problem.open[between], burden)
    scale = min(Fraction(1), fair / total) if total else Fraction(1)
    if problem.exact and total and stretch:
        scale = fair / total
    return scale * (y * budget - forgone - Fraction(problem.allowance) * total)
