"""Severities that step against the subgradient of D |θ − θ*|: projected online gradient descent."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from adlopt.errors import InputError
from adlopt.foundation.arrays import LARGEST_USD
from adlopt.model.episode import Episode, path_variation
from adlopt.model.run import Information
from adlopt.policies.parameters import labelled
from adlopt.policies.severity_notation import Parametric


@dataclass(frozen=True, slots=True)
class ProjectedOGD(Parametric):
    """θ_{t+1} = clip(θ_t − η g_t, 0, 1), g_t = ±D_t or 0: the rule of [CTTX26, Prop. 1].

    `step` is η > 0, in 1/USD², `first` θ_1; `information` is HINDSIGHT if η was computed from the
    episode, as the paper's η* is.
    """

    step: float
    first: float = 0.5
    information: Information = Information.ROUND_START

    @property
    def name(self) -> str:
        """`ogd` with its step, or marked as tuned in hindsight."""
        if self.information is Information.HINDSIGHT:
            return "ogd"
        return labelled("ogd", (self.step, self.first), (None, 0.5))

    remembers: ClassVar = {"at": "first"}
    plays: ClassVar = "at"
    learns: ClassVar = {"at": "clip(at - step * deficit * sign(at - target))"}


@dataclass(frozen=True, slots=True)
class AdaGradOGD(Parametric):
    """Projected OGD with η_t = c / sqrt(Σ_{s≤t} D_s²): no tuning in hindsight.

    `c` > 0 is free, 1/√2 balances the static bound; `first` is θ_1.
    """

    c: float = math.sqrt(0.5)
    first: float = 0.5
    label: ClassVar[str] = "adagrad-ogd"

    remembers: ClassVar = {"at": "first", "squares": "0"}
    plays: ClassVar = "at"
    learns: ClassVar = {
        "squares": "squares + deficit**2",
        "at": "clip(at - c / sqrt(squares) * deficit * sign(at - target)) if squares > 0 else at",
    }


@dataclass(frozen=True, slots=True)
class RunningOGD(Parametric):
    """Projected OGD with η_t = sqrt((1 + 2 P_t) / S_t) of the rounds so far, as MetaFlux runs it.

    P_t = Σ_{s≤t} |θ*_s − θ*_{s−1}| and S_t = Σ_{s≤t} D_s² count a round once its θ* is known. No
    proposition of [CTTX26] covers this step. `first` is θ_1, which the venue does not publish.
    """

    first: float = 0.5
    label: ClassVar[str] = "metaflux-ogd"
    remembers: ClassVar = {"at": "first", "path": "0", "squares": "0", "last": "0", "rounds": "0"}
    plays: ClassVar = "at"
    learns: ClassVar = {
        "path": "path + abs(target - last) if rounds > 0 else path",
        "squares": "squares + deficit**2",
        "at": "clip(at - sqrt((1 + 2 * path) / squares) * deficit * sign(at - target)) "
        "if squares > 0 else at",
        "last": "target",
        "rounds": "1",
    }


def paper_ogd(
    episode: Episode, *, first: float = 0.5, variation: float | None = None
) -> ProjectedOGD:
    """Projected OGD with the paper's η* = sqrt((1 + 2P)/S), labelled *hindsight*.

    η* needs the path of the needed severities and every deficit, so it cannot run live
    [CTTX26, Prop. 1].

    `first` is θ_1; P is the episode's own unless a `variation` is given.
    """
    path = path_variation(episode.needed_severity) if variation is None else variation
    root, needed = math.hypot(*episode.deficit), math.sqrt(1 + 2 * path)
    if root == 0:
        raise InputError("deficit", 0.0, "a positive deficit in some round")
    if needed > LARGEST_USD * root:
        expected = f"deficits so large that η* = sqrt((1 + 2P)/S) ≤ {LARGEST_USD:g}"
        remedy = "state money in a smaller unit"
        raise InputError("deficit", float(episode.deficit.max()), expected, remedy=remedy)
    step = needed / root
    return ProjectedOGD(step=step, first=first, information=Information.HINDSIGHT)


SEVERITIES = {"ogd": ProjectedOGD, "adagrad-ogd": AdaGradOGD, "metaflux-ogd": RunningOGD}
TUNED = {"ogd": paper_ogd}
