"""How policies did on an episode, beside what could have been done."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from adlopt.bounds.bound import Bound, Comparator
from adlopt.bounds.data import bound_data, failures_data
from adlopt.bounds.evaluation import Evaluation
from adlopt.bounds.paper import PROPOSITION_1
from adlopt.bounds.trivial import HALF, TRIVIAL
from adlopt.model.episode import Episode
from adlopt.model.filled import filled
from adlopt.model.loss import Burden
from adlopt.model.run import Information, Run
from adlopt.optimum.core.certificate import Certificate
from adlopt.optimum.core.surface import asked
from adlopt.optimum.evidence.question import Question, Variation
from adlopt.optimum.paths.severity_path import SeverityPath, best_severity_path
from adlopt.policies import grammar
from adlopt.policies.protocols import Deciding
from adlopt.scoring.hindsight import FixedRule, FixedSeverity, best_fixed_severity, severity_loss
from adlopt.scoring.lineup import LineupRow, lineup
from adlopt.scoring.quality import inspect
from adlopt.scoring.running_certificate import RunningCertificate, running_certificate
from adlopt.scoring.score import Comparators, References, Score, row_of
from adlopt.show.answer import Answer, Columns
from adlopt.show.board import summary, tables
from adlopt.show.schema.boards import PathData, PlacedData, ProvenData, ScoreboardData
from adlopt.show.table import joined_html
from adlopt.show.words import counted

SHARES = (PROPOSITION_1, HALF)
"""Bounds that the losses of a lineup are shown as shares of."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Scoreboard(Answer):
    """An episode, what policies did on it, and the scores; each is computed once.

    `runs` are recorded or played, `burden` is that of the least burden, where accounts are known,
    and `standard` places the standard severity rules beside bounds, as where no policy was asked
    for. In *hindsight*: `loss_optimum`, the sum of the per-round optima of the loss played under;
    `coupled`, of the coupled optimum of that loss; `coupled_burden`, of the least worst burden in
    all, rounds coupled; and `variation`, P of the best path of severities that regret is measured
    against. `players` are the severities of the policies played, or they themselves, by the names
    of the policies: what bounds are about; `asked` names the bounds to set beside each. `failed`
    says of policies without a row what went wrong.
    """

    episode: Episode
    runs: tuple[Run, ...]
    burden: Burden = Burden.CAPACITY
    loss_optimum: float | None = None
    coupled: Certificate | None = None
    coupled_burden: Certificate | None = None
    variation: float | None = None
    bounds: tuple[Bound, ...] = (PROPOSITION_1, TRIVIAL, HALF)
    asked: tuple[str, ...] = ()
    players: Mapping[str, Deciding] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    standard: bool = False

    @classmethod
    def of(
        cls, episode: Episode, runs: Sequence[Run], *, burden: Burden = Burden.CAPACITY
    ) -> Scoreboard:
        """Score runs on an episode."""
        return cls(episode=episode, runs=tuple(runs), burden=burden)

    @cached_property
    def measured_from(self) -> References:
        """What burdens are measured from."""
        return References.of(self.episode, self.burden)

    @cached_property
    def scores(self) -> tuple[Score, ...]:
        """One row a run, in order."""
        against = self._comparators()
        return tuple(Score.of(self.episode, run, against) for run in self.runs)

    def __getitem__(self, policy: str) -> Score:
        return self.scores[self._place(policy)]

    @cached_property
    def best_fixed(self) -> FixedSeverity:
        """The best constant severity, in *hindsight*."""
        return best_fixed_severity(self.episode)

    @cached_property
    def best_live(self) -> FixedRule | None:
        """The best here that could run live, in *hindsight*, by severity loss, USD."""
        episode = self.episode
        losses = [(severity_loss(episode, episode.severity(run)), run.policy) for run in self._live]
        if not losses:
            return None
        least, policy = min(losses)
        return FixedRule(policy=policy, loss=least)

    @cached_property
    def best_path(self) -> SeverityPath | None:
        """The best path of the chosen variation, in *hindsight*; None if none was chosen."""
        if self.variation is None:
            return None
        episode = self.episode
        best = best_severity_path(episode.deficit, episode.needed_severity, self.variation)
        return asked(best, Question(thing=episode, objective=Variation(self.variation)))

    @cached_property
    def lineup(self) -> tuple[LineupRow, ...]:
        """The standard severity rules; none where policies were asked for."""
        return lineup(self.episode) if self.standard else ()

    @cached_property
    def evaluations(self) -> tuple[Evaluation, ...]:
        """What each bound says of the episode, in order."""
        return tuple(bound.evaluate(self.episode) for bound in self.bounds)

    def applies(self, bound: Bound, policy: str) -> dict[str, tuple[int, ...]]:
        """Hypotheses of a bound that a policy breaks, with the rounds; empty if none."""
        return bound.failures(self.episode, self.runs[self._place(policy)])

    def __str__(self) -> str:
        return summary(self.data())

    def _heading(self) -> str:
        rounds = counted(len(self.episode), "round")
        return f"{self.episode.name}: {rounds}, {len(self.runs):,} policies"

    def _columns(self) -> Columns:
        rows = [row_of(score.data()) for score in self.scores]
        names = rows[0] if rows else {}
        return {name: [row[name] for row in rows] for name in names}

    def _repr_html_(self) -> str:
        return joined_html(tables(self.data()))

    def data(self) -> ScoreboardData:
        """Return every figure at full precision; infinite burdens are null."""
        return ScoreboardData(
            episode=self.episode.data(),
            least_burden=self.measured_from.least_name,
            least_burden_is_beaten_by_usd=self.measured_from.beaten_by,
            scores=[score.data() for score in self.scores],
            best_fixed_severity=self.best_fixed.data(),
            best_fixed_rule=None if self.best_live is None else self.best_live.data(),
            best_path=self._path_data(),
            loss_optimum=self.loss_optimum,
            coupled_optimum=_proven(self.coupled),
            coupled_burden=_proven(self.coupled_burden),
            bounds=[bound_data(*each) for each in zip(self.bounds, self.evaluations, strict=True)],
            asked=list(self.asked),
            outside=self._outside(),
            verdicts=self._verdicts(),
            lineup=self._placed(),
            quality=[finding.data() for finding in inspect(self.episode)],
            running=[proof.data() for proof in self.certificates],
            failed=dict(self.failed),
        )

    @cached_property
    def certificates(self) -> list[RunningCertificate]:
        """Those that severities played have of their own, such as `coverage:0.1`."""
        found = (running_certificate(self.episode, rule) for rule in self.players.values())
        return [proof for proof in found if proof is not None]

    def _path_data(self) -> PathData | None:
        path = self.best_path
        if path is None or self.variation is None:
            return None
        proven = {"variation": self.variation, "lower_usd": path.certificate.lower}
        return filled(PathData, path, **proven, severity=path.severities.tolist())

    def _outside(self) -> dict[str, dict[str, dict[str, list[int]]]]:
        """Where policies break a hypothesis of a bound."""
        found = {
            run.policy: {
                bound.name: failures_data(broken)
                for bound in self.bounds
                if (broken := bound.failures(self.episode, run))
            }
            for run in self.runs
        }
        return {policy: broken for policy, broken in found.items() if broken}

    def _verdicts(self) -> dict[str, dict[str, str]]:
        """What the episode says of each bound, by the policy played."""
        played = [run for run in self.runs if run.policy in self.players]
        return {run.policy: self._verdicts_on(run) for run in played}

    def _verdicts_on(self, run: Run) -> dict[str, str]:
        loss, rule = self[run.policy].severity_loss, self.players[run.policy]
        return {
            bound.name: bound.verdict(rule, self.episode, loss, run).value for bound in self.bounds
        }

    def _placed(self) -> list[PlacedData]:
        """Lineup, best constant, and what was recorded clipped to θ ≤ 1, beside two bounds."""
        if not self.lineup:
            return []
        best = LineupRow(
            policy=f"best constant {self.best_fixed.theta:.4f}",
            information=Information.HINDSIGHT,
            loss={0.5: self.best_fixed.loss},
        )
        recorded = [
            LineupRow(
                policy=f"{score.policy}, clipped",
                information=score.information,
                loss={0.5: score.severity_loss},
            )
            for score in self.scores
            if score.information is Information.RECORDED and score.fairness is not None
        ]
        shares = {bound.name: bound.evaluate(self.episode).value for bound in SHARES}
        return [row.placed(shares) for row in (*self.lineup, best, *recorded)]

    def _place(self, policy: str) -> int:
        names = [run.policy for run in self.runs]
        return names.index(grammar.pick(policy, names))

    @property
    def _live(self) -> list[Run]:
        online = [run for run in self.runs if run.information is Information.ROUND_START]
        return [run for run in online if run.insured is None]

    def _comparators(self) -> Comparators:
        path, best = self.best_path, self.best_live
        chosen = [math.fsum(run.loss) for run in self._live if run.loss is not None]
        severity = {
            Comparator.PER_ROUND_OPTIMUM: 0.0,
            Comparator.BEST_FIXED_SEVERITY: self.best_fixed.loss,
            Comparator.BEST_FIXED_RULE: math.nan if best is None else best.loss,
            Comparator.BEST_PATH: None if path is None else path.loss,
        }
        loss = {
            Comparator.BEST_FIXED_RULE: min(chosen, default=math.nan),
            Comparator.PER_ROUND_OPTIMUM: self.loss_optimum,
            Comparator.COUPLED_OPTIMUM: None if self.coupled is None else self.coupled.upper,
        }
        return Comparators(
            reference=self.measured_from.published,
            least=self.measured_from.least,
            severity_loss=_known(severity),
            loss=_known(loss),
            burden_in_all=None if self.coupled_burden is None else self.coupled_burden.upper,
            proposition_1=PROPOSITION_1.value(self.episode),
        )


def _proven(certificate: Certificate | None) -> ProvenData | None:
    """An optimum between its bounds, if it was asked for."""
    return None if certificate is None else filled(ProvenData, certificate)


def _known(losses: dict[Comparator, float | None]) -> dict[Comparator, float]:
    return {comparator: loss for comparator, loss in losses.items() if loss is not None}
