"""What no online policy can avoid: V(P), and an instance that makes a given rule lose as much."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from adlopt.bounds.bound import Bound, Evaluation
from adlopt.bounds.game.minimax_value import Game, Interval
from adlopt.bounds.quantity import P
from adlopt.errors import CertificateError
from adlopt.foundation.arrays import freeze
from adlopt.model.episode import Episode
from adlopt.model.round import RoundOutcome, RoundStart, needed_severity
from adlopt.model.run import Information
from adlopt.policies.protocols import Severity, State
from adlopt.show.adversary import (
    bound_notes,
    bound_row,
    paragraphs,
    severities,
    share_spent,
)
from adlopt.show.answer import Tabular
from adlopt.show.table import table
from adlopt.show.words import amount, counted, percent
from adlopt.studies.adversary.arena import Arena, Attack, outcome
from adlopt.studies.adversary.seeded_search import follow
from adlopt.studies.adversary.worst_case import Lost, bound_figures, replay

ROUNDING = 1e-12
"""By which a loss, a sum of rounded products, may fall short of what the game is worth."""


@dataclass(frozen=True, slots=True, eq=False)
class MinimaxOptimal:
    """θ_t against which the worst reply is least, as the game's tables say; it knows D and P.

    θ* is taken for the nearest place on the game's grid: against replies on the grid the rule loses
    no more than the game on the grid is worth.

    Examples
    --------
    >>> rule, start = MinimaxOptimal(Game.of([1.0, 1.0], 1.0, grid=4)), Arena.unit(2, 1.0).starts[0]
    >>> rule.decide(rule.begin(), start)
    0.5
    """

    game: Game
    name: ClassVar[str] = "minimax"
    information: ClassVar[Information] = Information.HINDSIGHT

    def begin(self) -> State:
        """No round played, no θ* known, the whole budget left."""
        return 0, None, self.game.budget

    def decide(self, state: State, start: RoundStart) -> float:
        """Where the gain of a reply above and that of one below are equal."""
        return min(1.0, max(0.0, self.game.severity(*state)))

    def learn(self, state: State, start: RoundStart, theta: float, outcome: RoundOutcome) -> State:
        """Keep θ*, and the budget that is left."""
        t, last, left = state
        place = round(needed_severity(start, outcome) * self.game.grid)
        moved = 0 if last is None else abs(place - round(last * self.game.grid))
        return t + 1, place / self.game.grid, max(left - moved, 0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Unavoidable(Lost, Tabular):
    """V(P), and what an adversary that waits for each θ_t before it answers makes a rule lose.

    Parameters
    ----------
    rule : Severity
    bound : Bound
        Measured where θ* swings from end to end until P is spent: it promises no less for P.
    value : Interval
        V(P), USD.
    grid : int
        N: the adversary's θ* are multiples of 1/N.
    variation : float
        P that the adversary was allowed.
    instance : Episode
        Whose θ* are its answers.
    swing : Episode
        Where the bound is measured.
    loss : float
        USD. What the rule loses on the instance: at least the lower end of V(P).

    See Also
    --------
    adlopt.studies.adversary.unavoidable : makes one.
    """

    rule: Severity
    bound: Bound
    value: Interval
    grid: int
    variation: float
    instance: Episode
    swing: Episode
    loss: float

    @classmethod
    def of(cls, rule: Severity, bound: Bound, arena: Arena, game: Game) -> Unavoidable:
        """Answer the rule, and play it again on the instance that results.

        Raises
        ------
        CertificateError
            If the rule then loses less than the lower end of V(P), as one that is not
            deterministic may.
        """
        attack = answer(rule, arena, game)
        instance = arena.instance(attack.path, name=f"answers to {rule.name}")
        loss = replay(rule, instance)
        if loss < game.value.lower * (1 - ROUNDING):
            least = game.value.lower
            raise CertificateError(f"{rule.name} loses {loss!r}, less than the least, {least!r}")
        return cls(
            rule=rule,
            bound=bound,
            value=game.value,
            grid=game.grid,
            variation=arena.variation,
            instance=instance,
            swing=_swinging(arena),
            loss=loss,
        )

    @property
    def said(self) -> Evaluation:
        """What the bound says of the swing."""
        return self.bound.evaluate(self.swing)

    def __str__(self) -> str:
        return render(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Collect the figures, at full precision, ready for JSON."""
        said, value = self.said, self.value
        return {
            "rounds": len(self.instance),
            "source": self.instance.source,
            "variation_allowed": self.variation,
            "value_usd": {"lower": value.lower, "upper": value.upper},
            "grid": self.grid,
            **bound_figures(self.bound, said, self.swing),
            "bound_over_value": {
                "lower": _over(said.value, value.upper),
                "upper": _over(said.value, value.lower),
            },
            "policy": self.rule.name,
            "information": self.rule.information.value,
            "variation": P.measure(self.instance),
            "loss_usd": self.loss,
            "loss_over_value": {
                "lower": _over(self.loss, value.upper),
                "upper": _over(self.loss, value.lower),
            },
            "needed_severity": self.instance.needed_severity.tolist(),
            "deficit_usd": self.instance.deficit.tolist(),
        }


def answer(rule: Severity, arena: Arena, game: Game) -> Attack:
    """Let a rule play, and answer each θ_t with the θ*_t that is worth most to the adversary.

    Examples
    --------
    >>> from adlopt.policies.severity import Persistence
    >>> answer(Persistence(), Arena.unit(3, 1.0), Game.of([1.0] * 3, 1.0)).loss
    1.5
    """
    state, severity, path, last, left = rule.begin(), [], [], None, game.budget
    for t, start in enumerate(arena.starts):
        theta = float(rule.decide(state, start))
        last, left = game.reply(t, theta, last, left)
        severity.append(theta)
        path.append(last)
        state = rule.learn(state, start, theta, outcome(start, last))
    loss = math.fsum(arena.deficit * np.abs(np.subtract(severity, path)))
    return Attack(rule=rule, path=np.array(path), played=np.array(severity), loss=loss)


def render(data: dict[str, Any]) -> str:
    """Lay out what `to_dict` collected in 80 columns."""
    value = data["value_usd"]
    rows = [
        ("V(P) lies between, USD", f"{amount(value['lower'])} – {amount(value['upper'])}"),
        bound_row(data, "where θ* swings until P is spent"),
        ("bound / V(P)", _share(data["bound_over_value"])),
        ("path variation, of what was allowed", share_spent(data)),
        (f"loss of {data['policy']}, replayed, USD", amount(data["loss_usd"])),
        ("loss / V(P)", _share(data["loss_over_value"])),
    ]
    title = (
        "V(P), what no online policy can avoid, randomised or not, and knowing every deficit and "
        f"P (hindsight): {counted(data['rounds'], 'round')}, {data['source']}"
    )
    notes = [
        f"an adversary that answers each θ_t, in steps of 1/{data['grid']}, holds every policy "
        f"above the lower end: here {data['policy']} ({data['information']})",
        *bound_notes(data),
    ]
    return table(title, ("", ""), rows) + paragraphs(notes) + severities(data["needed_severity"])


def _swinging(arena: Arena) -> Episode:
    ends = freeze([t % 2 for t in range(len(arena.starts))])
    return arena.instance(follow(ends, arena.variation), name="θ* from end to end")


def _share(ends: dict[str, float | None]) -> str:
    lower, upper = percent(ends["lower"]), percent(ends["upper"])
    return lower if lower == upper else f"{lower} – {upper}"


def _over(amount: float | None, least: float) -> float | None:
    return None if amount is None or not least else amount / least
