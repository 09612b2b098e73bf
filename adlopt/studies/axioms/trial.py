"""Try axioms on a policy: search for a counterexample, shrink it, decide it once more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from random import Random
from typing import Any, TypeAlias

from adlopt.data.episodes.built_in import shock
from adlopt.errors import BadHaircut, InputError, PolicyError, unknown
from adlopt.foundation.arrays import FloatArray, own_whole
from adlopt.foundation.deadline import LATE, ctrl_c_as_limit, deadline, is_late
from adlopt.model.filled import filled
from adlopt.model.round import RoundStart
from adlopt.model.solvency import check_haircut
from adlopt.policies import grammar
from adlopt.policies.grammar import Playable
from adlopt.policies.protocols import Policy
from adlopt.show.answer import Answer, Columns, Tabular
from adlopt.show.axioms import summary, unproved
from adlopt.show.schema.studies import AxiomReportData, CounterexampleData, DecidedData, TriedData
from adlopt.studies.axioms.instances import NAMES, Case, Winner
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
    none was found in so many tries. What is `proved` holds for up to so many accounts, over all
    real numbers and without lots; `unknown` says why no more is. `solved` is what z3 broke.
    """

    axiom: Law
    tries: int
    counterexample: Counterexample | None
    proved: int = 0
    unknown: str = ""
    solved: bool = False

    def __str__(self) -> str:
        """Say what was found, and no more."""
        held = f"PROVED for up to {self.proved} account{'s' * (self.proved > 1)}"
        why = f"UNKNOWN: {self.unknown}"
        proved = [held] * bool(self.proved) + [why] * bool(self.unknown)
        if self.counterexample is not None:
            where = "in lots, " if self.counterexample.case.lot else ""
            broken = f"BROKEN, {where}{'by z3' if self.solved else f'try {self.tries}'}"
            return "; without lots ".join([broken, *proved[: bool(where)]])
        if not self.tries:
            return why if self.unknown else "not tried: not feasible"
        if self.proved and not self.unknown:
            return held
        found = f"no counterexample in {self.tries} {'try' if self.tries == 1 else 'tries'}"
        return "; ".join([*proved, found])


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
        return f"{self.policy}, seed {self.seed}; {unproved(self.data())}"

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
                    proved_accounts=v.proved or None,
                    unknown=v.unknown or None,
                    counterexample=None if v.counterexample is None else v.counterexample.data(),
                )
                for v in self.verdicts
            ],
        )


@ctrl_c_as_limit()
def try_axioms(
    policy: Playable,
    *,
    tries: int = 300,
    seed: int = 0,
    axioms: Sequence[Law] = AXIOMS,
    prove: int = 0,
    time_limit: float | None = None,
    progress: Callable[[str], None] | None = None,
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
    prove : int
        Accounts, ≤ 4, up to which what does not break is decided by z3 over all real numbers, as
        far as it can; 0 proves nothing. The proof is of the rule before it rounds to micro-dollars.
    time_limit : float, optional
        Seconds > 0, after which nothing more is tried or asked. Ctrl-C is such a limit.
    progress : callable, optional
        Told each axiom, and what is known of it so far.

    Raises
    ------
    InputError
        If the policy is not one, or reads what these instances do not have, or z3 is absent.
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
    >>> print(try_axioms("pro-rata", tries=50, prove=3)["split"])
    PROVED for up to 3 accounts
    """
    for name, value, least in (("tries", tries, 1), ("seed", seed, 0), ("prove", prove, 0)):
        own_whole(value, name, lowest=least)
    if prove > len(NAMES):
        raise InputError("prove", prove, f"at most {len(NAMES)} accounts")
    chosen = grammar.policy(policy, shock(rounds=12, winners=30, seed=1))
    end, tell = deadline(time_limit), progress or (lambda _: None)
    verdicts: list[LawVerdict] = []
    for axiom in axioms:
        tell(axiom.name)
        possible = tries if not verdicts or verdicts[0].counterexample is None else 0
        verdicts.append(_try(axiom, chosen, possible, seed, end))
        tell(f"{axiom.name}: {verdicts[-1]}")
    if prove and possible:
        verdicts = _proved(verdicts, chosen, prove, end, tell)
    return AxiomReport(policy=chosen.name, seed=seed, verdicts=tuple(verdicts))


def _try(axiom: Law, policy: Policy, tries: int, seed: int, end: float) -> LawVerdict:
    random = Random(f"{axiom.name} {seed}")
    for k in range(1, tries + 1):
        if is_late(end):
            return LawVerdict(axiom=axiom, tries=k - 1, counterexample=None, unknown=LATE)
        case = Case.draw(random, lots=2 * k > tries)
        if _breaks(axiom, policy, case):
            return LawVerdict(axiom=axiom, tries=k, counterexample=_shrunk(axiom, policy, case))
    return LawVerdict(axiom=axiom, tries=tries, counterexample=None)


def _proved(
    verdicts: list[LawVerdict],
    policy: Policy,
    accounts: int,
    end: float,
    tell: Callable[[str], None],
) -> list[LawVerdict]:
    """Decide what is not broken without lots."""
    try:
        from adlopt.studies.axioms.by_z3 import decide, disagreement
        from adlopt.studies.axioms.formulas import NotAFormula, formula
    except ImportError:
        remedy = "pip install 'adlopt[smt]'"
        raise InputError("prove", accounts, "0, as z3 is absent", remedy=remedy) from None
    found: list[LawVerdict] = []
    try:
        compiled = formula(policy)
        unknown = disagreement(compiled, policy)
    except NotAFormula as error:
        unknown = str(error)
    for verdict in verdicts:
        broken, law = verdict.counterexample, verdict.axiom
        if broken is not None and not broken.case.lot:
            found.append(verdict)
        elif unknown:
            found.append(replace(verdict, unknown=unknown))
        else:
            tell(f"{law.name}: z3")
            said = decide(law.name, compiled, accounts, partial(_breaks, law, policy), end)
            if said.example is not None:
                broken = _shrunk(law, policy, said.example)
            solved = said.example is not None
            known = replace(verdict, proved=said.proved, unknown=said.unknown, solved=solved)
            found.append(replace(known, counterexample=broken))
    return found


def _breaks(axiom: Law, policy: Policy, case: Case) -> bool:
    return _decided(axiom, policy, case)[0] is not None


def _shrunk(axiom: Law, policy: Policy, case: Case) -> Counterexample:
    """Take any simpler case that still breaks the axiom, until there is none."""
    simpler: Case | None = case
    while simpler is not None:
        case = simpler
        broken = (c for c in case.smaller() if _breaks(axiom, policy, c))
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
