"""The only loop: reveal a round's start, let the policy decide, check, score, let it learn."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from adlopt.foundation.arrays import freeze
from adlopt.model.episode import Episode
from adlopt.model.loss import Burden, Loss, worst_burden
from adlopt.model.round import Round, RoundOutcome
from adlopt.model.run import Information, Run
from adlopt.model.solvency import check_haircut
from adlopt.optimum.coupled.coupled_proof import worst_in_all
from adlopt.optimum.coupled.shared_winners import Coupling
from adlopt.policies.insured import Insured
from adlopt.policies.protocols import Blaming, Haircut, Policy

PRODUCTION = "production"
"""How what the venue is on record to have taken, account by account, is called."""


def production_run(episode: Episode, burden: Burden = Burden.CAPACITY) -> Run | None:
    """What the venue is on record to have taken; None where accounts' haircuts are not known."""
    taken = [(r.start, r.outcome.recorded) for r in episode if r.outcome.recorded is not None]
    if not taken:
        return None
    worst = [worst_burden(x, burden.weights(start)) for start, x in taken]
    return Run(
        policy=PRODUCTION,
        information=Information.RECORDED,
        haircut=[math.fsum(x) for _, x in taken],  # type: ignore[arg-type]
        burden=worst,  # type: ignore[arg-type]
        touched=[np.count_nonzero(x) for _, x in taken],  # type: ignore[arg-type]
    )


def decisions(policy: Policy, rounds: Iterable[Round]) -> Iterator[tuple[Round, Haircut]]:
    """Yield each round with the haircut a policy took, checked, shape (n,) USD."""
    with Blaming(policy) as now:
        state = policy.begin()
        for round_ in rounds:
            now.start = start = round_.start
            taken = policy.decide(state, start)
            haircut = check_haircut(taken, start, who=f"policy {policy.name!r}")
            yield round_, haircut
            state = policy.learn(state, start, haircut, round_.outcome)


def run_policy(
    episode: Episode,
    policy: Policy,
    *,
    burden: Burden = Burden.CAPACITY,
    loss: Loss | None = None,
    coupling: Coupling | None = None,
) -> Run:
    """Play one policy through an episode.

    It sees each `RoundStart`, and each `RoundOutcome` only after its haircut was taken.

    Parameters
    ----------
    episode : Episode
    policy : Policy
    burden : Burden
        What haircuts are measured against.
    loss : Loss, optional
        To sum as well.
    coupling : Coupling, optional
        Of the episode's rounds: measure the worst burden of the whole episode as well.

    Raises
    ------
    BadHaircut
        If a haircut is not one finite number for each account within 0 ≤ x ≤ u.
    PolicyError
        If the policy raises what is no error of ours; it names the round, and the line.

    Examples
    --------
    >>> from adlopt.data.episodes import october_10
    >>> from adlopt.policies.grammar import named
    >>> run_policy(october_10(), named("do-nothing")).haircut.max().item()
    0.0
    """
    taken, burdens, touched, losses = [], [], [], []
    paid = None
    if isinstance(policy, Insured):
        paid = policy.payments(round_.start for round_ in episode)
    by_account = None if coupling is None else np.zeros_like(coupling.weight)
    for t, (round_, haircut) in enumerate(decisions(policy, episode.rounds)):
        taken.append(math.fsum(haircut))
        touched.append(np.count_nonzero(haircut))
        burdens.append(worst_burden(haircut, burden.weights(round_.start)))
        if coupling is not None and by_account is not None:
            by_account[t, coupling.place[t]] = haircut
        if loss is not None:
            losses.append(loss.value(_left(round_, 0.0 if paid is None else paid[t]), haircut))
    known, in_all = not episode.pooled, None
    if coupling is not None and by_account is not None:
        in_all = math.inf if math.inf in burdens else worst_in_all(coupling, by_account)
    return Run(
        policy=policy.name,
        information=policy.information,
        haircut=taken,  # type: ignore[arg-type]
        burden=burdens if known else None,  # type: ignore[arg-type]
        touched=touched if known else None,  # type: ignore[arg-type]
        loss=losses if losses else None,  # type: ignore[arg-type]
        insured=paid,
        burden_in_all=in_all,
    )


def _left(round_: Round, paid: float) -> Round:
    """What a round needed from winners, after a fund."""
    if paid == 0:
        return round_
    return replace(round_, outcome=RoundOutcome(needed=max(round_.needed - paid, 0.0)))


@contextmanager
def other_future(episode: Episode, t: int, factor: float) -> Iterator[None]:
    """Change what rounds turn out to need, from place t on, in place, and put it back."""
    outcomes = {id(r.outcome): r.outcome for r in episode.rounds[t:]}.values()
    known = [(outcome, "needed", outcome.needed) for outcome in outcomes]
    columns = [(episode, name, getattr(episode, name)) for name in ("needed", "needed_severity")]
    try:
        for outcome, name, value in known:
            object.__setattr__(outcome, name, factor * value + factor)
        for _, name, _ in columns:
            object.__setattr__(episode, name, freeze([getattr(r, name) for r in episode]))
        yield
    finally:
        for holder, name, value in (*known, *columns):
            object.__setattr__(holder, name, value)
