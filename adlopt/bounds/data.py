"""A bound and what it says of an episode, as machines get it: decided and written in one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adlopt.bounds.bound import Bound
from adlopt.bounds.evaluation import Evaluation
from adlopt.bounds.quantity import QUANTITIES
from adlopt.model.episode import Episode
from adlopt.model.filled import filled
from adlopt.show.schema.boards import BoundData, QuantityData
from adlopt.show.schema.data import finite


def bound_data(bound: Bound, said: Evaluation) -> BoundData:
    """State a bound: its value, what it rests on, and whether it says anything."""
    known = {str(quantity.symbol): quantity for quantity in QUANTITIES.values()}
    return filled(
        BoundData,
        bound,
        usd=finite(said.value),
        measured_usd=finite(said.measured),
        vacuous=said.vacuous,
        fails=failures_data(said.failures),
        path_variation=said.path_variation,
        proof=str(bound.proof),
        expression=str(bound.expression),
        choices={str(symbol): str(value) for symbol, value in bound.choices.items()},
        quantities={
            name: filled(QuantityData, known[name], value=finite(value))
            for name, value in said.quantities.items()
        },
    )


def failures_data(failures: Mapping[str, Sequence[int]]) -> dict[str, list[int]]:
    """Rounds, from 1, in which hypotheses fail, by hypothesis."""
    return {text: list(rounds) for text, rounds in failures.items()}


def is_vacuous(bound: Bound, episode: Episode) -> bool:
    """Whether a bound is not below the trivial one, and so says nothing on this episode."""
    return bound.evaluate(episode).vacuous
