"""What policies guarantee whatever is needed, and what none can, in closed form where there is one.

Of a given variation P (`game.minimax_value` encloses V(P) more closely), of dollars needed, of
coverage, and with late feedback.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import sympy

from adlopt.bounds import quantity as q
from adlopt.bounds.bound import Bound, BoundSide
from adlopt.bounds.concluded import COVERAGE_LOSS
from adlopt.bounds.hypotheses import ENOUGH_CAPACITY, TWO_SIZES
from adlopt.bounds.witnesses import all_needed, swinging
from adlopt.foundation.arrays import FloatArray
from adlopt.model.episode import Episode
from adlopt.model.run import Information
from adlopt.policies.guaranteed import DelayedPersistence, NeededMinimax, needed_value, of_episode
from adlopt.policies.severity import Constant, Persistence

MINIMAX_LOWER = Bound(
    name="minimax, from below",
    expression=(q.FIRST_DEFICIT.symbol + q.TOP_WHOLE.symbol) / 2,
    covers="every online policy, on some sequence with the same deficits and P",
    hypotheses=(ENOUGH_CAPACITY,),
    witness=partial(all_needed, Persistence()),
    tightness_note="attained by persistence from ½ for P = 0; within a factor 2 for whole P",
    citation="new",
    proof="minimax_closed_form",
    side=BoundSide.LOWER,
)
"""(D_1 + Top_⌊P⌋)/2."""

MINIMAX_UPPER = Bound(
    name="minimax, from above",
    expression=sympy.Min(q.TOTAL_DEFICIT.symbol / 2, q.FIRST_DEFICIT.symbol / 2 + q.TOP.symbol),
    covers="persistence from ½ or the constant ½, whichever guarantees less loss for this P "
    "(hindsight)",
    hypotheses=(ENOUGH_CAPACITY,),
    information=Information.HINDSIGHT,
    witness=partial(swinging, Constant(0.5)),
    tightness_note="attained by the constant ½ for P = T − 1; within a factor 2 for whole P",
    citation="new",
    proof="minimax_closed_form",
)
"""min{Σ D/2, D_1/2 + Top_P}."""

SHARE, STEP = sympy.symbols("α η", real=True)


def _value(episode: Episode, path: FloatArray) -> float:
    most = math.fsum(np.minimum(episode.needed, episode.deficit))
    return needed_value(tuple(episode.deficit.tolist()), most)


def _late(delay: int) -> tuple[q.Quantity, q.Quantity]:
    """Deficits of the first d + 1 big rounds, and dollars by which big rounds differ d later."""
    behind = delay + 1

    def moved(episode: Episode, path: FloatArray) -> float:
        big = q.big_rounds(episode)
        size, there = episode.deficit[big], path[big]
        return math.fsum(size[behind:] * np.abs(there[behind:] - there[:-behind]))

    first = q.quantity(
        f"D_big^{delay}",
        f"deficits of the first {behind} big rounds, D ≥ max D/2",
        lambda e, u: math.fsum(e.deficit[q.big_rounds(e)][:behind]),
    )
    meaning = f"Σ D_t |u_t − u_s| over big rounds, s the big round {behind} before t, in hindsight"
    return first, q.quantity(f"W_big^{delay}", meaning, moved)


NEEDED_VALUE = q.quantity(
    "V_B", "E min(Σ min(B, D), Σ ξ_t D_t), ξ_t fair coins, in hindsight through Σ min(B, D)", _value
)


def _plays_it(rule: object, episode: Episode) -> bool:
    wanted = of_episode(episode)
    return (
        isinstance(rule, NeededMinimax)
        and (rule.deficits, rule.most) == (wanted.deficits, wanted.most)
        and rule.under == rule.over
    )


_TEN = NeededMinimax(10.0, (1.0,) * 10)
NEEDED_MINIMAX = Bound(
    name="needed dollars, from above",
    expression=NEEDED_VALUE.symbol,
    covers="needed-minimax, on any needed dollars of that sum or less (hindsight)",
    rules=(_plays_it,),
    hypotheses=(ENOUGH_CAPACITY,),
    information=Information.HINDSIGHT,
    witness=partial(all_needed, _TEN),
    tightness_note="the value of the game: attained where each round needs nothing or all it can",
    citation="new",
    proof="needed_dollars",
)
NEEDED_LOWER = Bound(
    name="needed dollars, from below",
    expression=NEEDED_VALUE.symbol,
    covers="every online policy, on some needed dollars of that sum, with the same deficits",
    hypotheses=(ENOUGH_CAPACITY,),
    witness=partial(all_needed, _TEN),
    tightness_note="the value of the game",
    citation="new",
    proof="needed_dollars",
    side=BoundSide.LOWER,
)


def delayed_envelope(delay: int) -> Bound:
    """What persistence guarantees that learns `delay` big rounds late what was needed."""
    first, moved = _late(delay)
    return Bound(
        name=f"gated envelope, {delay} late",
        expression=first.symbol / 2 + moved.symbol + q.SMALL.symbol,
        covers=f"delayed-persistence:{delay} from ½, where it counts big rounds",
        rules=(f"delayed-persistence:{delay}",),
        hypotheses=(ENOUGH_CAPACITY, TWO_SIZES),
        witness=partial(all_needed, DelayedPersistence(delay)),
        tightness_note="attained where everything is needed in the first rounds, and then too",
        citation="new; compare [CTTX26, Prop. 1]",
        proof="delayed_feedback",
    )


DELAYED = (delayed_envelope(1), delayed_envelope(2))
COVERAGE = Bound(
    name="coverage",
    expression=SHARE * q.TOTAL_DEFICIT.symbol + 1 / STEP + q.LARGEST_DEFICIT.symbol,
    covers="coverage:0.1 with η = 1/D_max, on any sequence",
    loss=COVERAGE_LOSS,
    tightness_note="the excess over α Σ D does not grow with the number of rounds",
    citation="new; compare Gibbs & Candès, NeurIPS 2021",
    proof="coverage",
    choices={SHARE: sympy.Rational(1, 10), STEP: 1 / q.LARGEST_DEFICIT.symbol},
)
BOUNDS = (MINIMAX_UPPER, MINIMAX_LOWER, NEEDED_MINIMAX, NEEDED_LOWER, *DELAYED, COVERAGE)
