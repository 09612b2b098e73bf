"""The only loop: reveal a round's start, let the policy decide, check, score, let it learn."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, cast

import numpy as np

from adlopt.coupled import solve_coupled
from adlopt.episode import Episode
from adlopt.errors import InputError
from adlopt.hindsight import best_fixed_severity, paper_ogd, per_round_optimum, severity_loss
from adlopt.loss import Asymmetric, Burden, Loss, MinMax, worst_burden
from adlopt.online import Allocation, Haircut, Policy, Severity, SeverityThenAllocation
from adlopt.online import policy as function_policy
from adlopt.own_file import MARK, load
from adlopt.policies import SEVERITIES, allocation_named, as_allocation, insured_named, named
from adlopt.policies.allocation import ProRata
from adlopt.policies.gradient import AdaGradOGD
from adlopt.policies.insured import Insured
from adlopt.policies.severity import (
    Constant,
    DollarPersistence,
    FollowTheLeader,
    GatedPersistence,
    Persistence,
    RunningRatio,
)
from adlopt.round import Round, RoundOutcome, RoundStart
from adlopt.rules.rule import Rule
from adlopt.run import Information, Run
from adlopt.scoreboard import Scoreboard
from adlopt.solvency import check_haircut

Playable: TypeAlias = Policy | Allocation | Rule | Callable[[RoundStart], Haircut] | str
ALWAYS = ("do-nothing", "constant:0.5", "persistence")
"""What every board carries: a policy that loses to these must be seen to."""


def decisions(policy: Policy, rounds: Iterable[Round]) -> Iterator[tuple[Round, Haircut]]:
    """Yield each round with the haircut a policy took, checked, shape (n,) USD.

    Raises
    ------
    BadHaircut
        If a haircut is not one finite number for each account within 0 ≤ x ≤ u.
    """
    state = policy.begin()
    for round_ in rounds:
        start = round_.start
        haircut = check_haircut(policy.decide(state, start), start, who=f"policy {policy.name!r}")
        yield round_, haircut
        state = policy.learn(state, start, haircut, round_.outcome)


def run_policy(
    episode: Episode,
    policy: Policy,
    *,
    burden: Burden = Burden.CAPACITY,
    loss: Loss | None = None,
) -> Run:
    """Play one policy through an episode.

    It sees each `RoundStart`, and each `RoundOutcome` only after its haircut was taken.

    Raises
    ------
    BadHaircut
        If a haircut is not one finite number for each account within 0 ≤ x ≤ u.

    Examples
    --------
    >>> from adlopt.episodes import october_10
    >>> run_policy(october_10(), named("do-nothing")).haircut.max().item()
    0.0
    """
    taken, burdens, touched, losses = [], [], [], []
    paid = None
    if isinstance(policy, Insured):
        paid = policy.payments(round_.start for round_ in episode)
    for t, (round_, haircut) in enumerate(decisions(policy, episode.rounds)):
        taken.append(math.fsum(haircut))
        touched.append(np.count_nonzero(haircut))
        burdens.append(worst_burden(haircut, burden.weights(round_.start)))
        if loss is not None:
            losses.append(loss.value(_left(round_, 0.0 if paid is None else paid[t]), haircut))
    known = not episode.pooled
    return Run(
        policy=policy.name,
        information=policy.information,
        haircut=taken,  # type: ignore[arg-type]
        burden=burdens if known else None,  # type: ignore[arg-type]
        touched=touched if known else None,  # type: ignore[arg-type]
        loss=losses if losses else None,  # type: ignore[arg-type]
        insured=paid,
    )


def _left(round_: Round, paid: float) -> Round:
    """What a round needed from winners, after a fund."""
    if paid == 0:
        return round_
    return replace(round_, outcome=RoundOutcome(needed=max(round_.needed - paid, 0.0)))


def play(
    episode: Episode,
    policies: Sequence[Playable] = (),
    *,
    burden: Burden = Burden.CAPACITY,
    loss: Loss | None = None,
    variation: float | None = None,
    progress: Callable[[str], None] | None = None,
) -> Scoreboard:
    """Play policies through an episode and score them, with what is recorded beside them.

    Parameters
    ----------
    episode : Episode
    policies : sequence of Policy, Rule, Allocation, function or str
        A function takes a RoundStart and returns a haircut. Names are as in
        `adlopt.policies.named`; "ogd" alone is the paper's, with the *hindsight* step η*.
        Do-nothing, the constant ½, persistence and the best constant (*hindsight*) are always
        added.
    burden : Burden
        What haircuts are measured against.
    loss : Loss, optional
        A loss to sum as well, with its per-round and its coupled optimum in *hindsight*. It must
        price the budget: under `MinMax` alone a policy that raises nothing would look best.
    variation : float, optional
        P: show regret against the best path of that variation as well, in *hindsight*.
    progress : callable, optional
        Told each policy's name before it plays.

    Examples
    --------
    >>> from adlopt.episodes import october_10
    >>> board = play(october_10(), ["ogd"])
    >>> round(board["ogd+pro-rata"].severity_loss, 2)
    52311145.22
    """
    if isinstance(loss, MinMax):
        raise InputError("loss", loss, "a loss that prices the budget", remedy="use surrogate(...)")
    if isinstance(policies, str):
        raise InputError("policies", policies, "a list of them", remedy=f"write [{policies!r}]")
    chosen = [resolve(p, episode) for p in policies]
    names = {policy.name for policy in chosen}
    constant = best_fixed_severity(episode).theta
    best = SeverityThenAllocation(Constant(constant, Information.HINDSIGHT), ProRata())
    chosen += [p for p in (*map(named, ALWAYS), best) if p.name not in names]
    _require_distinct([*(run.policy for run in episode.recorded), *(p.name for p in chosen)])
    runs = list(episode.recorded)
    for policy in chosen:
        if progress is not None:
            progress(policy.name)
        runs.append(run_policy(episode, policy, burden=burden, loss=loss))
    optimum = coupled = None
    if loss is not None:
        optimum = math.fsum(solution.value for solution in per_round_optimum(episode, loss))
    if isinstance(loss, Asymmetric) and not episode.pooled:
        coupled = solve_coupled(episode, loss).certificate
    return Scoreboard.of(
        episode, runs, burden=burden, loss_optimum=optimum, coupled=coupled, variation=variation
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedRule:
    """The best of some rules on an episode, in *hindsight*, and its loss."""

    policy: str
    loss: float


def best_fixed_rule(
    episode: Episode, rules: Sequence[Playable], *, loss: Loss | None = None
) -> FixedRule:
    """Play rules, each from start to end, and return the one that loses least: *hindsight*.

    Parameters
    ----------
    episode : Episode
    rules : sequence of Policy, function or str
        At least one; as in `play`.
    loss : Loss, optional
        To sum over the rounds; the severity loss Σ D|θ − θ*|, USD, unless given.

    Examples
    --------
    >>> from adlopt.episodes import october_10
    >>> best = best_fixed_rule(october_10(), ["persistence", "follow-the-leader", "constant:0.5"])
    >>> best.policy, round(best.loss / 1e6, 2)
    ('follow-the-leader+pro-rata', 11.88)
    """
    if isinstance(rules, str) or not rules:
        raise InputError("rules", rules, "a list of at least one rule")
    found = []
    for policy in (resolve(rule, episode) for rule in rules):
        run = run_policy(episode, policy, loss=loss)
        cost = severity_loss(episode, episode.severity(run))
        found.append((cost if run.loss is None else math.fsum(run.loss), policy.name))
    least, name = min(found)
    return FixedRule(policy=name, loss=least)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineupRow:
    """Severity loss of one rule, USD, by its first severity θ_1; free choices are all shown."""

    policy: str
    information: Information
    loss: dict[float, float]


def lineup(episode: Episode) -> tuple[LineupRow, ...]:
    """Play the standard severity rules, each with pro-rata, from θ_1 = 0, ½ and 1.

    Examples
    --------
    >>> from adlopt.episodes import october_10
    >>> row = next(r for r in lineup(october_10()) if r.policy == "gated-persistence")
    >>> {first: round(loss / 1e6, 2) for first, loss in row.loss.items()}
    {0.0: 16.86, 0.5: 17.79, 1.0: 23.25}
    """
    rules: dict[str, Callable[[float], Severity]] = {}
    if episode.deficit.any():
        rules["ogd, paper's η*"] = lambda first: paper_ogd(episode, first=first)
        rules["ogd, η for P = 0"] = lambda first: paper_ogd(episode, first=first, variation=0.0)
    rules |= {
        "adagrad-ogd": lambda first: AdaGradOGD(first=first),
        "adagrad-ogd:0.25": lambda first: AdaGradOGD(0.25, first),
        "follow-the-leader": FollowTheLeader,
        "running-ratio": RunningRatio,
        "persistence": Persistence,
        "gated-persistence": lambda first: GatedPersistence(first=first),
        "dollar-persistence": DollarPersistence,
        "constant": Constant,
    }
    rows = []
    for name, rule in rules.items():
        losses = {}
        for first in (0.0, 0.5, 1.0):
            run = run_policy(episode, SeverityThenAllocation(rule(first), ProRata()))
            losses[first] = severity_loss(episode, episode.severity(run))
        rows.append(LineupRow(policy=name, information=rule(0.5).information, loss=losses))
    return tuple(rows)


def resolve(policy: Playable, episode: Episode | None = None) -> Policy:
    """Return a policy for its name; "ogd" without a step is tuned in *hindsight*.

    A rule or an allocation of one's own is preceded by persistence.
    """
    if isinstance(policy, str):
        return _named(policy, episode)
    if isinstance(policy, type):
        raise InputError("policy", policy, "an object", remedy="make one of the class")
    if hasattr(policy, "decide"):
        return cast(Policy, policy)
    if isinstance(policy, Rule) or hasattr(policy, "allocate"):
        return SeverityThenAllocation(Persistence(), as_allocation(policy, "policy"))
    if callable(policy):
        return function_policy(policy)
    raise InputError("policy", policy, "a policy, a rule, a function of RoundStart, or a name")


def _named(name: str, episode: Episode | None) -> Policy:
    severity, plus, allocation = name.partition("+")
    kind = severity.partition(":")[0]
    if kind == "insured":
        return insured_named(severity, resolve(allocation or "persistence", episode))
    if MARK in name and kind not in SEVERITIES:
        return loaded(load(name), name, episode)
    if severity != "ogd" or episode is None:
        return named(name)
    split = allocation_named(allocation) if plus else ProRata()
    return SeverityThenAllocation(paper_ogd(episode), split)


def loaded(found: Playable, name: str, episode: Episode | None = None) -> Policy:
    """Return a policy for what a file calls by a name.

    Raises
    ------
    InputError
        If it is none, naming the file.
    """
    if isinstance(found, str):
        raise InputError(name, found, "a policy, a rule, or a function of RoundStart")
    try:
        return resolve(found, episode)
    except InputError as error:
        raise InputError(name, found, error.expected, remedy=error.remedy) from None


def _require_distinct(names: list[str]) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise InputError("policies", name, "names that differ", index=index)
