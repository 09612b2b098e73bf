"""Constructions that meet a bound: a rule it covers, played on an episode where it is attained."""

from __future__ import annotations

import math

from adlopt.bounds.bound import Witness
from adlopt.model.episode import Episode
from adlopt.model.round import Round
from adlopt.model.run import Information
from adlopt.policies.gradient import ProjectedOGD
from adlopt.policies.protocols import Severity

ROUNDS = 10
"""T; the resting construction has T² − 1, so that no stride ends on θ*."""
BARELY = 1e-9
"""θ* lies this far inside [0, 1], so that a rule at the end itself is still drawn off it."""


def resting(first: float, distance: float | None = None) -> Witness:
    """OGD with the step `distance`/√S, from `first` towards a θ* at rest near the end across.

    With T unit deficits it walks there in strides of `distance`/√T (|θ_1 − θ*| unless given) and is
    clipped, then steps to and fro: from that distance it loses nearly `distance` √T.
    """
    rounds, target = ROUNDS**2 - 1, BARELY if first >= 0.5 else 1.0 - BARELY
    distance = abs(first - target) if distance is None else distance
    step = distance / math.sqrt(rounds)
    rule = ProjectedOGD(step=step, first=first, information=Information.HINDSIGHT)
    return Witness(rule, _episode("θ* at rest", [1.0] * rounds, [target] * rounds))


def all_needed(rule: Severity) -> Witness:
    """Everything is needed in every round."""
    return Witness(rule, _episode("everything is needed", [1.0] * ROUNDS, [1.0] * ROUNDS))


def swinging(rule: Severity) -> Witness:
    """θ* moves from end to end every round."""
    targets = [float(t % 2) for t in range(ROUNDS)]
    return Witness(rule, _episode("θ* from end to end", [1.0] * ROUNDS, targets))


def growing(rule: Severity) -> Witness:
    """Everything is needed, and each deficit is more than twice the last."""
    sizes = [2.001**t for t in range(ROUNDS)]
    return Witness(rule, _episode("growing deficits", sizes, [1.0] * ROUNDS))


def _episode(name: str, deficit: list[float], severity: list[float]) -> Episode:
    pairs = zip(deficit, severity, strict=True)
    rounds = [
        Round.of(t=t, account=("winner",), capacity=[d], deficit=d, needed=d * share)
        for t, (d, share) in enumerate(pairs, start=1)
    ]
    return Episode(name=name, rounds=tuple(rounds), source="attains a bound")
