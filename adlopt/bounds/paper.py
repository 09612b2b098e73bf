"""The bounds of [CTTX26] (arXiv 2602.15182) as it states them, with what became of each."""

from __future__ import annotations

import math
from functools import partial

import sympy

from adlopt.bounds.bound import Bound, Comparator, Status
from adlopt.bounds.concluded import OBJECTIVE
from adlopt.bounds.hypotheses import ENOUGH_CAPACITY, FIXED_DOMAIN, INSIDE_DOMAIN, KNOWN_ACCOUNTS
from adlopt.bounds.quantity import (
    DIAMETER,
    MOVED_HAIRCUTS,
    ROUNDS,
    SMALLEST_CAPACITY,
    WINNERS,
    P,
    S,
)
from adlopt.bounds.witnesses import resting
from adlopt.model.episode import Episode
from adlopt.model.run import Information
from adlopt.policies.gradient import ProjectedOGD, paper_ogd
from adlopt.policies.protocols import Severity

SOURCE = "[CTTX26, {}], arXiv 2602.15182"


def _has_the_best_step(rule: Severity, episode: Episode) -> bool:
    """Whether a rule steps by the η* of the episode itself."""
    if not isinstance(rule, ProjectedOGD) or not episode.deficit.any():
        return False
    return math.isclose(rule.step, paper_ogd(episode).step, rel_tol=1e-6)


PROPOSITION_1 = Bound(
    name="Proposition 1",
    expression=sympy.sqrt((1 + 2 * P.symbol) * S.symbol),
    covers="projected OGD on D_t |θ − θ*_t| with the hindsight step η* = sqrt((1 + 2P)/S)",
    rules=(_has_the_best_step,),
    hypotheses=(ENOUGH_CAPACITY, INSIDE_DOMAIN),
    witness=partial(resting, 1.0, 1.0),
    tightness_note="constant 1 is attained in the limit for P = 0",
    citation=SOURCE.format("Prop. 1, Eq. 17"),
    proof="prop_01_severity",
    information=Information.HINDSIGHT,
    status=Status.HOLDS_UNDER,
)
"""The bound the paper scores every policy against, B_inst."""

TRACKING, FAIRNESS = sympy.symbols("λ_track λ_fair", real=True)
"""Weights of [CTTX26, Eq. 10]: λ_track |Σx − B| + λ_fair max x/u."""
WEIGHTS = {TRACKING: sympy.Integer(1), FAIRNESS: sympy.Integer(0)}
"""Dollars missed, unless another bound is made with `dataclasses.replace`."""

SLOPE = sympy.sqrt(
    TRACKING**2 * (WINNERS.symbol - 1) + (TRACKING + FAIRNESS / SMALLEST_CAPACITY.symbol) ** 2
)
"""Longest subgradient: one winner bears the worst burden alone."""

_of_haircuts = partial(
    Bound, loss=OBJECTIVE, hypotheses=(KNOWN_ACCOUNTS, FIXED_DOMAIN), choices=WEIGHTS
)

PROPOSITION_2 = _of_haircuts(
    name="Proposition 2",
    expression=SLOPE * DIAMETER.symbol * sympy.sqrt(ROUNDS.symbol),
    comparator=Comparator.BEST_FIXED_SEVERITY,
    covers="mirror descent on haircuts, η = R/(G√T), against one fixed haircut of all rounds",
    witness=partial(resting, 1.0, 1.0),
    tightness_note="constant 1 is attained in the limit for one winner",
    citation=SOURCE.format("Prop. 2"),
    proof="slope_of_the_objective",
    status=Status.HOLDS_UNDER,
)
"""Static regret of the vector problem; false if winners or capacities change."""

PROPOSITION_3 = _of_haircuts(
    name="Proposition 3",
    expression=SLOPE * (DIAMETER.symbol * sympy.sqrt(ROUNDS.symbol) + MOVED_HAIRCUTS.symbol),
    covers="nothing: mirror descent with η = R/(G√T) exceeds it on alternating blocks",
    tightness_note="false with any constants; no algorithm has it",
    citation=SOURCE.format("Prop. 3, Eq. 27"),
    proof="prop_03_dynamic_regret",
    status=Status.REFUTED,
)
"""Kept as data, so that nobody derives it again."""

PROPOSITION_5 = _of_haircuts(
    name="Proposition 5",
    expression=SLOPE
    * sympy.sqrt(
        ROUNDS.symbol * (DIAMETER.symbol**2 + 2 * DIAMETER.symbol * MOVED_HAIRCUTS.symbol)
    ),
    covers="mirror descent on haircuts with the hindsight step √((R² + 2R P_x)/(G²T))",
    witness=partial(resting, 1.0, 1.0),
    tightness_note="attained in the limit for one winner and P_x = 0; no better rate in P_x and T "
    "is possible",
    citation=SOURCE.format("Prop. 5, Eq. 34"),
    proof="slope_of_the_objective",
    information=Information.HINDSIGHT,
    status=Status.HOLDS_UNDER,
)
"""Dynamic regret of the vector problem on a fixed domain."""

BOUNDS = (PROPOSITION_1, PROPOSITION_2, PROPOSITION_3, PROPOSITION_5)
