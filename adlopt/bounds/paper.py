"""The bounds of [CTTX26] (arXiv 2602.15182) as it states them, with what became of each.

Its full objective, tracking and fairness together, is a problem in one variable: Proposition 1
covers it, by pro-rata alone.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

import sympy

from adlopt.bounds import quantity as q
from adlopt.bounds.bound import Bound, Comparator, Status
from adlopt.bounds.concluded import OBJECTIVE
from adlopt.bounds.hypotheses import ENOUGH_CAPACITY, FIXED_DOMAIN, INSIDE_DOMAIN, KNOWN_ACCOUNTS
from adlopt.bounds.witnesses import resting
from adlopt.foundation.arrays import own_number
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
    expression=sympy.sqrt((1 + 2 * q.P.symbol) * q.S.symbol),
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
    TRACKING**2 * (q.WINNERS.symbol - 1) + (TRACKING + FAIRNESS / q.SMALLEST_CAPACITY.symbol) ** 2
)
"""Longest subgradient: one winner bears the worst burden alone."""

_of_haircuts = partial(
    Bound, loss=OBJECTIVE, hypotheses=(KNOWN_ACCOUNTS, FIXED_DOMAIN), choices=WEIGHTS
)

PROPOSITION_2 = _of_haircuts(
    name="Proposition 2",
    expression=SLOPE * q.DIAMETER.symbol * sympy.sqrt(q.ROUNDS.symbol),
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
    expression=SLOPE * (q.DIAMETER.symbol * sympy.sqrt(q.ROUNDS.symbol) + q.MOVED_HAIRCUTS.symbol),
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
        q.ROUNDS.symbol * (q.DIAMETER.symbol**2 + 2 * q.DIAMETER.symbol * q.MOVED_HAIRCUTS.symbol)
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


def full_objective(track: float = 1.0, fair: float = 0.0) -> Bound:
    """√((1 + 2P) Σ D_t² (λ_track + λ_fair/U_t)²), against every path of severities.

    Pro-rata of equal mass tracks as well as any haircut and is at least as fair, so that
    λ_track |Σx − B| + λ_fair max x/u, `track` per USD, is λ_track |θD − B| + λ_fair θ D/U in θ.
    """
    weights = [own_number(track, "track", lowest=0.0), own_number(fair, "fair", lowest=0.0)]
    squares = (
        TRACKING**2 * q.S.symbol
        + 2 * TRACKING * FAIRNESS * q.OVER_CAPACITY.symbol
        + FAIRNESS**2 * q.OVER_CAPACITY_TWICE.symbol
    )
    return Bound(
        name="full objective",
        expression=sympy.sqrt((1 + 2 * q.P.symbol) * squares),
        covers="projected OGD + pro-rata, step √((1 + 2P)/S) with D_t (λ_track + λ_fair/U_t) in "
        "place of D_t (hindsight)",
        loss=OBJECTIVE,
        hypotheses=(ENOUGH_CAPACITY, INSIDE_DOMAIN),
        tightness_note="as Proposition 1 where λ_fair = 0; no √n and no 1/ε, unlike mirror "
        "descent on haircuts",
        citation="extends [CTTX26, Prop. 1] to its Eq. 10",
        proof="full_objective",
        choices=dict(zip((TRACKING, FAIRNESS), map(sympy.Float, weights), strict=True)),
        information=Information.HINDSIGHT,
    )


FULL_OBJECTIVE = replace(full_objective(), witness=partial(resting, 1.0, 1.0))
"""In dollars missed: λ_track = 1, λ_fair = 0."""

BOUNDS = (PROPOSITION_1, PROPOSITION_2, PROPOSITION_3, PROPOSITION_5, FULL_OBJECTIVE)
