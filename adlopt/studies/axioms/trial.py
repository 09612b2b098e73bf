"""Try axioms on a policy: search for a counterexample, shrink it, decide it once more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Any, TypeAlias

from adlopt.data.episodes.generated import shock
from adlopt.errors import BadHaircut, PolicyError, unknown
from adlopt.foundation.arrays import FloatArray, own_whole
from adlopt.model.filled import filled
from adlopt.model.round import RoundStart
from adlopt.model.solvency import check_haircut
from adlopt.policies import grammar
from adlopt.policies.playable import Playable
from adlopt.policies.protocols import Policy
from adlopt.show.answer import Answer, Columns, Tabular
from adlopt.show.axioms import summary
from adlopt.show.schema.studies import AxiomReportData, CounterexampleData, DecidedData, TriedData
from adlopt.studies.axioms.instances import Case, Winner
from adlopt.studies.axioms.laws import AXIOMS, Law, Paid, Pays, Violation

Decision: TypeAlias = tuple[RoundStart, FloatArray | None]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Counterexample(Tabular):
    """An instance on which a policy breaks an axiom.

    The `case` is shrunk: nothing simpler that was tried breaks it; the `violation` is as decided
    once more on it. `rounds` have what the policy was given, and what it took from whom, USD, shape
    (n,); None if that is not feasible.
    """

    case: Case
    violation: Violation
    rounds: tuple[Decision, ...]

    def data(self) -> CounterexampleData:
        """Return the figures, as exactly as JSON has them."""
        amount = self.violation.usd
        return CounterexampleData(
            text=self.violation.text,
            usd=None if amount is None else float(amount),
            usd_exactly=None if amount is None else str(amount),
            rounds=[_decided_data(start, taken) for start, taken in self.rounds],
        )

    def _columns(self) -> Columns:
        rows = [
            (k, name, start.deficit, start.capacity[i], None if taken is None else taken[i])
            for k, (start, taken) in enumerate(self.rounds, 1)
            for i, name in enumerate(start.account)
        ]
        names = ("round", "account", "deficit_usd", "capacity_usd", "haircut_usd")
        return {name: [row[i] for row in rows] for i, name in enumerate(names)}

    def _heading(self) -> str:
        return self.violation.text


@dataclass(frozen=True, slots=True, kw_only=True)
class LawVerdict:
    """What trying one axiom came to.

    `tries` is 0 if haircuts are not feasible in the first place. No counterexample proves nothing:
    none was found in so many tries.
    """

    axiom: Law
    tries: int
    counterexample: Counterexample | None

    def __str__(self) -> str:
        """Say what was found, and no more."""
        if self.counterexample is not None:
            where = "in lots, " if self.counterexample.case.lot else ""
            return f"BROKEN, {where}try {self.tries}"
        if not self.tries:
            return "not tried: not feasible"
        return f"no counterexample in {self.tries} {'try' if self.tries == 1 else 'tries'}"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AxiomReport(Answer):
    """Which axioms survived the tries, and what broke the others."""

    _view = summary
    policy: str
    seed: int
    verdicts: tuple[LawVerdict, ...]

    def __getitem__(self, axiom: str) -> LawVerdict:
        """Verdict on the axiom of that name."""
        for verdict in self.verdicts:
            if verdict.axiom.name == axiom:
                return verdict
        raise unknown("axiom", axiom, [v.axiom.name for v in self.verdicts])

    @property
    def broken(self) -> tuple[str, ...]:
        """Names of the axioms with a counterexample."""
        return tuple(v.axiom.name for v in self.verdicts if v.counterexample is not None)

    def _columns(self) -> Columns:
        found = [v.counterexample for v in self.verdicts]
        return {
            "axiom": [v.axiom.name for v in self.verdicts],
            "broken": [c is not None for c in found],
            "tries": [v.tries for v in self.verdicts],
            "violation": [None if c is None else c.violation.text for c in found],
        }

    def _heading(self) -> str:
        return f"{self.policy}, seed {self.seed}; where nothing breaks, nothing is proved"

    def data(self) -> AxiomReportData:
        """Return what was found, and the figures of each counterexample."""
        return AxiomReportData(
            policy=self.policy,
            seed=self.seed,
            axioms=[
                TriedData(
                    name=v.axiom.name,
                    statement=v.axiom.statement,
                    tries=v.tries,
                    found=str(v),
                    counterexample=None if v.counterexample is None else v.counterexample.data(),
                )
                for v in self.verdicts
            ],
        )


def try_axioms(
    policy: Playable, *, tries: int = 300, seed: int = 0, axioms: Sequence[Law] = AXIOMS
) -> AxiomReport:
    """Search for instances on which a policy breaks an axiom.

    Instances have up to four winners and whole dollars; the second half of them have lots. Equal
    arguments find equal counterexamples. The policy decides each round afresh, as the first of an
    episode.

    Parameters
    ----------
    policy : Policy, Severity, Allocation, Rule, function or str
        As for `adlopt.play`.
    tries : int
        Instances for each axiom, ≥ 1.
    seed : int
    axioms : sequence of Law
        The first must be the one on feasible haircuts: where it breaks, the others are not tried.

    Raises
    ------
    InputError
        If the policy is not one, or reads what these instances do not have.
    PolicyError
        If it decides the same instance differently a second time.

    Examples
    --------
    >>> report = try_axioms("pro-rata", tries=50)
    >>> report.broken
    ()
    >>> broken = try_axioms("queue", tries=50)["split"].counterexample
    >>> print(broken.violation.text)
    a pays 1 USD; as a1 and a2 it pays 0 USD
    """
    for name, value, least in (("tries", tries, 1), ("seed", seed, 0)):
        own_whole(value, name, lowest=least)
    chosen = grammar.policy(policy, shock(rounds=12, winners=30, seed=1))
    feasible, *others = axioms
    verdicts = [_try(feasible, chosen, tries, seed)]
    possible = tries if verdicts[0].counterexample is None else 0
    verdicts += [_try(axiom, chosen, possible, seed) for axiom in others]
    return AxiomReport(policy=chosen.name, seed=seed, verdicts=tuple(verdicts))


def _try(axiom: Law, policy: Policy, tries: int, seed: int) -> LawVerdict:
    random = Random(f"{axiom.name} {seed}")
    for k in range(1, tries + 1):
        case = Case.draw(random, lots=2 * k > tries)
        if _decided(axiom, policy, case)[0] is not None:
            return LawVerdict(axiom=axiom, tries=k, counterexample=_shrunk(axiom, policy, case))
    return LawVerdict(axiom=axiom, tries=tries, counterexample=None)


def _shrunk(axiom: Law, policy: Policy, case: Case) -> Counterexample:
    """Take any simpler case that still breaks the axiom, until there is none."""
    simpler: Case | None = case
    while simpler is not None:
        case = simpler
        broken = (c for c in case.smaller() if _decided(axiom, policy, c)[0] is not None)
        simpler = next(broken, None)
    violation, rounds = _decided(axiom, policy, case)
    if violation is None:
        raise PolicyError(f"policy {policy.name!r} decides the same instance differently again")
    return Counterexample(case=case, violation=violation, rounds=tuple(rounds))


def _decided(axiom: Law, policy: Policy, case: Case) -> tuple[Violation | None, list[Decision]]:
    """Whether what a policy did on a case breaks an axiom, and what it did."""
    rounds: list[Decision] = []
    try:
        return axiom.check(case, _paying(policy, case, rounds)), rounds
    except BadHaircut as error:
        return Violation(str(error), None), rounds


def _paying(policy: Policy, case: Case, rounds: list[Decision]) -> Pays:
    def pays(*winners: Sequence[Winner], **amounts: Any) -> Paid:
        start = case.start(*winners, **amounts)
        rounds.append((start, None))
        haircut = check_haircut(policy.decide(policy.begin(), start), start, who="it")
        rounds[-1] = (start, haircut)
        return dict(zip(start.account, map(Fraction, haircut.tolist()), strict=True))

    return pays


def _decided_data(start: RoundStart, taken: FloatArray | None) -> DecidedData:
    return filled(
        DecidedData,
        start,
        lot_usd=None if start.lot is None else float(start.lot[0]),
        features={key: column.tolist() for key, column in start.features.items()},
        haircut_usd=None if taken is None else taken.tolist(),
    )
