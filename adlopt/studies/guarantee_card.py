"""The guarantee card: on a page, what is known of a rule, and what is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from adlopt.bounds.data import bound_data
from adlopt.bounds.registry import UPPER
from adlopt.data.episodes.built_in import october_10
from adlopt.foundation.arrays import own_whole
from adlopt.model.episode import Episode, path_variation
from adlopt.policies import grammar
from adlopt.policies.grammar import Playable
from adlopt.policies.protocols import Policy, Severity, SeverityThenAllocation
from adlopt.scoring.hindsight import severity_loss
from adlopt.scoring.lineup import lineup
from adlopt.scoring.one_run import run_policy
from adlopt.scoring.quality import inspect
from adlopt.show.answer import Answer, Columns
from adlopt.show.card import answers, render
from adlopt.show.schema.boards import BoundData
from adlopt.show.schema.studies import CardTrialData, GuaranteeCardData, RivalData
from adlopt.show.table import LINES, Table
from adlopt.studies.adversary.worst import WorstCase, worst
from adlopt.studies.adversary.worst_case import Outcome, played
from adlopt.studies.axioms.trial import try_axioms


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class GuaranteeCard(Answer):
    """What is known of a rule: theorem, worst case, loss, rivals, axioms; and what is not known."""

    figures: GuaranteeCardData
    worst: WorstCase | None

    def __str__(self) -> str:
        lines = render(self.figures).splitlines()
        return "\n".join(lines if len(lines) <= LINES else [*lines[: LINES - 1], "…"])

    def _heading(self) -> str:
        return f"{self.figures.policy} on {self.figures.episode}"

    def _columns(self) -> Columns:
        asked, said = zip(*answers(self.figures), strict=True)
        return {"question": list(asked), "answer": list(said)}

    def _repr_html_(self) -> str:
        rows = answers(self.figures)
        return Table(
            f"Guarantee card: {self._heading()}", ("question", "answer"), rows
        )._repr_html_()

    def data(self) -> GuaranteeCardData:
        """Return the figures."""
        return self.figures


def vouch(
    rule: Playable,
    episode: Episode | None = None,
    *,
    tries: int = 60,
    time_limit: float = 20.0,
    progress: Callable[[str], None] | None = None,
) -> GuaranteeCard:
    """Say on a page what is known of a rule, and what is not.

    Parameters
    ----------
    rule : Policy, Severity, Allocation, Rule, function or str
        As for `adlopt.play`: a venue's rule alone raises the whole deficit.
    episode : Episode, optional
        Where it is played, and whose deficits and P the worst case keeps; October 10 unless given.
    tries : int
        Small instances for each axiom, ≥ 1.
    time_limit : float
        Seconds for the worst case.
    progress : callable, optional
        Told what is tried.

    Raises
    ------
    InputError
        If the rule is none, or reads what the episode or small instances do not have.

    Examples
    --------
    >>> card = vouch("persistence", tries=5)
    >>> print(str(card).splitlines()[0])
    Guarantee card: persistence+pro-rata on october-10
    """
    own_whole(tries, "tries", lowest=1)
    where = october_10() if episode is None else episode
    policy = grammar.policy(rule, where)
    severity = policy.severity if isinstance(policy, SeverityThenAllocation) else None
    case = None
    if severity is not None:
        case = worst(severity, where, time_limit=time_limit, progress=progress)
    report = try_axioms(policy, tries=tries)
    ended = case is None or case.outcome is Outcome.SUPREMUM
    loss = _loss(policy, severity, where)
    rivals = _rivals(where)
    return GuaranteeCard(
        worst=case,
        figures=GuaranteeCardData(
            policy=policy.name,
            severity=None if severity is None else severity.name,
            information=policy.information.value,
            episode=where.name,
            rounds=len(where),
            variation=path_variation(where.needed_severity),
            theorems=[] if severity is None else _theorems(severity, where),
            worst=None if case is None else case.data(),
            loss_usd=loss,
            beaten_by=[each for each in rivals if each.loss_usd < loss],
            beats=[each for each in rivals if each.loss_usd > loss],
            axioms=[
                CardTrialData(
                    name=each.axiom.name, tries=each.tries, broken=each.counterexample is not None
                )
                for each in report.verdicts
            ],
            quality=[each.text for each in inspect(where)],
            unknown=_unknown(severity, ended=ended),
        ),
    )


def _loss(policy: Policy, severity: Severity | None, where: Episode) -> float:
    """Of the severity, where there is one: who pays does not matter, and may not be known."""
    run = run_policy(where, policy) if severity is None else played(severity, where)
    return severity_loss(where, where.severity(run))


def _theorems(severity: Severity, where: Episode) -> list[BoundData]:
    run = played(severity, where)
    about = [bound for bound in UPPER.values() if bound.is_about(severity, where)]
    return [bound_data(bound, bound.evaluate(where, run)) for bound in about]


def _rivals(where: Episode) -> list[RivalData]:
    """The standard severities from ½ and the constants 0, ½ and 1, by loss."""
    found = []
    for row in lineup(where):
        starts = row.loss.items() if row.policy == "constant" else [(0.5, row.loss[0.5])]
        for first, loss in starts:
            name = f"constant:{first:g}" if row.policy == "constant" else row.policy
            found.append(RivalData(policy=f"{name} ({row.information.value})", loss_usd=loss))
    return sorted(found, key=lambda each: each.loss_usd)


def _unknown(severity: Severity | None, *, ended: bool) -> list[str]:
    said = ["other deficits, or shares that move further, may cost more than the worst case here"]
    if severity is None:
        said.append("its worst case and theorems: it is no severity with an allocation")
    if not ended:
        said.append("where between its two ends the worst case lies")
    said.append("axioms that were not broken are not proved; who pays has no worst case here")
    return said
