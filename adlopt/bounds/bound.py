"""A bound as data: an expression over measurable quantities, and when it may be used."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy

from adlopt.bounds.concluded import CONCLUDED, SEVERITY_LOSS, is_concluded
from adlopt.bounds.evaluation import Evaluation
from adlopt.bounds.quantity import LOSS, QUANTITIES, WORST_MISS
from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray
from adlopt.model.episode import Episode, path_variation
from adlopt.model.run import Information, Run
from adlopt.model.tightness import Tightness
from adlopt.optimum.paths.comparator_curve import Vertex, comparator_curve
from adlopt.policies.protocols import Deciding, Severity

if TYPE_CHECKING:
    from adlopt.bounds.own_proof import Conclusion


class Comparator(Enum):
    """What a regret is measured against."""

    PER_ROUND_OPTIMUM = "per-round optimum"
    """The best action of each round, in hindsight: dynamic regret."""
    BEST_FIXED_SEVERITY = "best fixed severity"
    """The best constant θ, in hindsight: static regret."""
    BEST_FIXED_RULE = "best fixed rule"
    """The best of the rules played that could run live, chosen in hindsight [CTTX26, Eq. 14]."""
    BEST_PATH = "best path of a given variation"
    """The best severities that move no more than a given amount in all, in hindsight."""
    COUPLED_OPTIMUM = "coupled optimum"
    """The best haircuts of all rounds together, in hindsight, no dollar being taken twice."""


class BoundSide(Enum):
    """Which side of the loss a bound is on."""

    UPPER = "upper"
    """The policies it covers lose no more, on any sequence it describes."""
    LOWER = "lower"
    """Every policy loses as much on some sequence it describes."""


class Along(Enum):
    """Along which comparator path u a bound is measured; each is *hindsight*."""

    NEEDED = "the needed severities"
    """u = θ*: no loss of its own."""
    BEST_PATH = "the path that makes the bound least"
    """Chosen from the corners of f(P) = min {Σ D|u − θ*| : path variation ≤ P}."""
    BEST_CONSTANT = "the constant that makes the bound least"
    """Chosen from the needed severities and the policy's first one."""


class Status(Enum):
    """What is known about a bound."""

    HOLDS = "holds"
    HOLDS_UNDER = "holds under hypotheses its source does not state"
    REFUTED = "a proof: it is refuted by a counterexample, and never evaluated"


class BoundVerdict(Enum):
    """What an episode says about a bound, by the loss of a rule on it."""

    CONSISTENT = "CONSISTENT"
    """The bound covers the rule, which loses no more."""
    REFUTED = "REFUTED on this instance"
    """The bound covers the rule, which loses more."""
    OTHERS = "covers others"
    """The bound is not about the rule."""
    SILENT = "does not apply"
    """A hypothesis of the bound fails."""


ROUNDING = 1e-6
"""Share by which a loss may exceed a bound through rounding."""
FIRST_SEVERITY = sympy.Symbol("x_1", real=True)
"""What the policy plays first: a choice, not a measurement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """What must hold for a bound to say anything.

    Parameters
    ----------
    text : str
    fails : callable
        From an episode and a run (None: the episode alone) to the rounds, from 1, where it does
        not hold.
    """

    text: str
    fails: Callable[[Episode, Run | None], tuple[int, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Witness:
    """A rule that a bound covers, and an episode on which its loss meets the bound within 1 %."""

    rule: Severity
    episode: Episode


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A bound on the loss of a policy: Σ D_t |θ_t − θ*_t|, unless it names another.

    Parameters
    ----------
    name : str
    expression : sympy.Expr
        Over the symbols of `adlopt.bounds.quantity` and those of `choices`, in USD.
    covers : str
        Which policies: the name or the class of one, or words with `rules` beside them.
    rules : tuple of str, type or callable
        Which severities that is: names, classes, or conditions on a rule and an episode.
    comparator : Comparator
    loss : str
        Which loss, or regret.
    hypotheses : tuple of Hypothesis
    witness : callable, optional
        Builds the construction that meets the bound; without it the bound is not shown tight.
    tightness_note : str
        Where it is met, or how far off it may be, in words.
    citation : str
    proof : str or Path
        Who concludes the expression: a proof that ships, by its name, or a file of one's own
        (`adlopt.bounds.own_proof` has its letters), which is checked. Otherwise the bound is
        conjectured.
    choices : mapping of sympy.Symbol to sympy.Expr
        Free constants of the policy: its step, its first severity.
    along : Along
        The comparator path to measure along.
    information : Information
        HINDSIGHT if the policy it covers is tuned on the episode.
    side : BoundSide
    status : Status

    Examples
    --------
    >>> from adlopt.data.episodes import october_10
    >>> from adlopt.bounds.quantity import TOTAL_DEFICIT
    >>> half = Bound(name="mine", expression=TOTAL_DEFICIT.symbol / 2,
    ...              covers="the constant ½")
    >>> f"{half.value(october_10()):,.2f}"
    '50,031,693.34'
    """

    name: str
    expression: sympy.Expr
    covers: str
    comparator: Comparator = Comparator.PER_ROUND_OPTIMUM
    loss: str = SEVERITY_LOSS
    hypotheses: tuple[Hypothesis, ...] = ()
    witness: Callable[[], Witness] | None = None
    tightness_note: str = ""
    citation: str = ""
    proof: str | Path = ""
    rules: tuple[str | type | Callable[[Any, Episode], bool], ...] = ()
    choices: Mapping[sympy.Symbol, sympy.Expr] = field(default_factory=dict, hash=False)
    along: Along = Along.NEEDED
    information: Information = Information.ROUND_START
    side: BoundSide = BoundSide.UPPER
    status: Status = Status.HOLDS

    @property
    def regret(self) -> sympy.Expr:
        """The bound less the loss of the comparator path itself."""
        return self.expression - LOSS.symbol

    @property
    def tightness(self) -> Tightness:
        """TIGHT if the bound carries the construction that meets it."""
        return Tightness.NOT_SHOWN if self.witness is None else Tightness.TIGHT

    @property
    def conjectured(self) -> bool:
        """Whether no proof concludes this very expression, on this side of this loss."""
        return self._concluded()[0]

    @property
    def basis(self) -> str:
        """Which claim of its proof concludes it, and from what; or why it is conjectured."""
        return self._concluded()[1]

    def _concluded(self) -> tuple[bool, str]:
        """Say whether the bound is conjectured, and why, or why not."""
        name, side = str(self.proof), self.side
        if not name:
            return True, "no proof is named"
        if name.endswith(".py"):
            if self.loss != SEVERITY_LOSS:
                return True, f"a proof of one's own concludes bounds on {SEVERITY_LOSS}"
            found = self._own_conclusion()
            return found.fact is None, found.text
        table = CONCLUDED.get(self.loss, {}).get(side.value, {})
        if name not in table:
            from adlopt.proof.library import stems

            name = next((stem for stem in stems(name) if stem in table), name)
        where = {"loss": self.loss, "side": side.value}
        if is_concluded(name, self.expression, self.choices, **where):
            return False, f"proofs/{name}.py"
        return True, f"{name} concludes {'; '.join(table.get(name, ())) or 'no such bound'}"

    def _own_conclusion(self) -> Conclusion:
        """Return what a proof of one's own concludes, and under which hypotheses."""
        from adlopt.bounds.own_proof import conclusion

        upper, along = self.side is BoundSide.UPPER, self.along.value
        path, made = Path(self.proof), (self.expression, self.choices)
        return conclusion(path, *made, along=along, upper=upper)

    def is_about(self, rule: Deciding, episode: Episode) -> bool:
        """Whether the bound covers a rule on an episode, as far as it can be told.

        Examples
        --------
        >>> from adlopt.bounds import HALF
        >>> from adlopt.data.episodes import october_10
        >>> from adlopt.policies.severity import Constant
        >>> [HALF.is_about(Constant(theta), october_10()) for theta in (0.5, 0.4)]
        [True, False]
        """
        names = {rule.name, type(rule).__name__}
        return any(
            each in names
            if isinstance(each, str)
            else isinstance(rule, each)
            if isinstance(each, type)
            else each(rule, episode)
            for each in (self.covers, *self.rules)
        )

    def verdict(self, rule: Deciding, episode: Episode, loss: float, run: Run) -> BoundVerdict:
        """Set the severity loss of a rule on an episode, USD, against the bound."""
        others = not self.is_about(rule, episode)
        value = self.evaluate(episode, None if others else run).value
        if value is None:
            return BoundVerdict.SILENT
        if others:
            return BoundVerdict.OTHERS
        allowed = value + ROUNDING * max(abs(value), loss)
        return BoundVerdict.CONSISTENT if loss <= allowed else BoundVerdict.REFUTED

    @property
    def label(self) -> str:
        """The name as it is shown, marked if the bound is conjectured.

        Examples
        --------
        >>> from dataclasses import replace
        >>> from adlopt.bounds import HALF
        >>> HALF.label, replace(HALF, proof="").label
        ('θ = 1/2', 'θ = 1/2 (conjectured)')
        """
        return f"{self.name} (conjectured)" if self.conjectured else self.name

    def __str__(self) -> str:
        return f"{self.label}: {self.expression}"

    def _repr_markdown_(self) -> str:
        sign = r"\geq" if self.side is BoundSide.LOWER else r"\leq"
        return f"**{self.label}**: {self.loss} ${sign} {sympy.latex(self.expression)}$"

    def value(self, episode: Episode) -> float:
        """USD, with the quantities measured on the episode, whether its hypotheses hold or not.

        Raises
        ------
        InputError
            If the bound is refuted.

        Examples
        --------
        >>> from adlopt.bounds import PROPOSITION_1
        >>> from adlopt.data.episodes import october_10
        >>> round(PROPOSITION_1.value(october_10()), 2)
        129699802.43
        """
        return self._least(episode)[0]

    def evaluate(self, episode: Episode, run: Run | None = None) -> Evaluation:
        """Measure the bound, or say which hypotheses fail.

        Examples
        --------
        >>> from adlopt.bounds import PERSISTENCE_UNIFORM
        >>> from adlopt.data.episodes import alternating_blocks, october_10
        >>> PERSISTENCE_UNIFORM.evaluate(alternating_blocks(2)).value
        1.5
        >>> PERSISTENCE_UNIFORM.evaluate(october_10()).value is None
        True
        """
        if self.status is Status.REFUTED:
            return Evaluation(bound=self.label, failures={Status.REFUTED.value: ()})
        failures = self.failures(episode, run)
        try:
            usd, quantities, path = self._least(episode)
        except (ArithmeticError, ValueError):
            if not failures:
                raise
            return Evaluation(bound=self.label, failures=failures)
        return Evaluation(
            bound=self.label,
            measured=usd,
            failures=failures,
            vacuous=self._is_vacuous(usd, episode),
            quantities=quantities,
            path_variation=path_variation(path),
        )

    def at(self, episode: Episode, path: FloatArray) -> float:
        """USD, measured along a path of one's own, shape (T,) in [0, 1]."""
        return _measure(self._chosen(), episode, path)[0]

    def failures(self, episode: Episode, run: Run | None = None) -> dict[str, tuple[int, ...]]:
        """Rounds in which a hypothesis fails, by hypothesis; empty if the bound applies.

        What a proof of one's own assumes of measured letters is a hypothesis, too.
        """
        found = {h.text: h.fails(episode, run) for h in self.hypotheses}
        if str(self.proof).endswith(".py") and self.loss == SEVERITY_LOSS:
            from adlopt.bounds.own_proof import unmet

            found |= unmet(self._own_conclusion(), episode, run)
        return {text: rounds for text, rounds in found.items() if rounds}

    def _is_vacuous(self, usd: float, episode: Episode) -> bool:
        """Whether no policy can lose more anyway; the trivial bound is what that is measured by."""
        on_severities = self.loss == SEVERITY_LOSS and self.side is BoundSide.UPPER
        if not on_severities or self.expression == WORST_MISS.symbol:
            return False
        return usd >= WORST_MISS.measure(episode)

    def _chosen(self) -> sympy.Expr:
        if self.status is Status.REFUTED:
            raise InputError("bound", self.name, "a bound that holds")
        return self.expression.subs(self.choices)

    def _least(self, episode: Episode) -> tuple[float, dict[str, float], FloatArray]:
        expression, best = self._chosen(), None
        for path in self._paths(episode):
            value, quantities = _measure(expression, episode, path)
            if best is None or value < best[0]:
                best = value, quantities, path
        if best is None:
            raise InputError("episode", episode.name, "an episode with a path")
        return best

    def _paths(self, episode: Episode) -> Iterator[FloatArray]:
        needed = episode.needed_severity
        if self.along is Along.NEEDED:
            yield needed
        elif self.along is Along.BEST_PATH:
            for corner in corners(episode):
                yield corner.severities
        else:
            starts = {float(self.choices[FIRST_SEVERITY])} | set(needed.tolist())
            for theta in sorted(starts):
                yield np.full(len(episode), theta)


def corners(episode: Episode) -> tuple[Vertex, ...]:
    """Corners of f(P) = min {Σ D|u − θ*| : path variation ≤ P}, solved once for all bounds."""
    return _corners(episode.deficit.tobytes(), episode.needed_severity.tobytes())


@lru_cache(maxsize=2)
def _corners(deficit: bytes, needed: bytes) -> tuple[Vertex, ...]:
    return comparator_curve(np.frombuffer(deficit), np.frombuffer(needed)).vertices


def _measure(
    expression: sympy.Expr, episode: Episode, path: FloatArray
) -> tuple[float, dict[str, float]]:
    symbols, function = _compiled(expression)
    measured = [QUANTITIES[symbol].measure(episode, path) for symbol in symbols]
    return float(function(*measured)), dict(zip(map(str, symbols), measured, strict=True))


@lru_cache(maxsize=256)
def _compiled(expression: sympy.Expr) -> tuple[tuple[sympy.Symbol, ...], Callable[..., float]]:
    symbols = tuple(sorted(expression.free_symbols, key=str))
    return symbols, sympy.lambdify(symbols, expression, modules="math")
