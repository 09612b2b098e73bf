"""The closed form of the minimax loss V(P); `minimax_value` encloses it more closely."""

from __future__ import annotations

from functools import partial

import sympy

from adlopt.bounds.bound import Bound, BoundSide
from adlopt.bounds.hypotheses import ENOUGH_CAPACITY
from adlopt.bounds.quantity import FIRST_DEFICIT, TOP, TOP_WHOLE, TOTAL_DEFICIT
from adlopt.bounds.witnesses import all_needed, swinging
from adlopt.model.run import Information
from adlopt.policies.severity import Constant, Persistence

MINIMAX_LOWER = Bound(
    name="minimax, from below",
    expression=(FIRST_DEFICIT.symbol + TOP_WHOLE.symbol) / 2,
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
    expression=sympy.Min(TOTAL_DEFICIT.symbol / 2, FIRST_DEFICIT.symbol / 2 + TOP.symbol),
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

BOUNDS = (MINIMAX_UPPER, MINIMAX_LOWER)
