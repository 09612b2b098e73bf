"""The paper's constructions: small episodes on which a claim is decided in closed form."""

from __future__ import annotations

from adlopt.errors import InputError
from adlopt.foundation.arrays import own_number, own_whole
from adlopt.model.episode import Episode
from adlopt.model.round import Round

PAPER = "arXiv 2602.15182"


def alternating_capacities(rounds: int, ratio: float) -> Episode:
    """Two winners with capacities (1, M), then (M, 1), and so on; a budget of 1 [CTTX26, Eq. 18].

    A queue that always serves the first winner bears 1 on odd rounds and 1/M on even ones; the
    least burden is 1/(M + 1) in each.

    Examples
    --------
    >>> [r.start.capacity.tolist() for r in alternating_capacities(2, 3.0)]
    [[1.0, 3.0], [3.0, 1.0]]
    """
    _require_rounds(rounds)
    if own_number(ratio, "ratio", lowest=0.0) < 1:
        raise InputError("ratio", ratio, "a number ≥ 1")
    made = [
        Round.of(
            t=t,
            account=("first", "second"),
            capacity=[1.0, ratio] if t % 2 else [ratio, 1.0],
            deficit=1.0,
            needed=1.0,
        )
        for t in range(1, rounds + 1)
    ]
    return Episode(name="alternating capacities", rounds=tuple(made), source=f"{PAPER}, Eq. 18")


def alternating_blocks(blocks: int) -> Episode:
    """N blocks of n rounds with unit deficits and θ* = 0, 1, 0, 1, … by block.

    With θ_1 = 1 and η = 1/n projected OGD loses n(n + 1)/2 while the path varies by n − 1 only: it
    refutes [CTTX26, Prop. 3].

    Examples
    --------
    >>> alternating_blocks(2).needed_severity.tolist()
    [0.0, 0.0, 1.0, 1.0]
    """
    _require_rounds(blocks)
    made = [
        Round.of(t=t + 1, capacity=[1.0], deficit=1.0, needed=float(t // blocks % 2))
        for t in range(blocks * blocks)
    ]
    return Episode(name="alternating blocks", rounds=tuple(made), source=f"{PAPER}, Prop. 3")


def _require_rounds(rounds: int) -> None:
    own_whole(rounds, "rounds", lowest=1)
