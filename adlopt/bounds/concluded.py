"""What the proofs that ship conclude about losses, written in quantities.

A bound whose `proof` does not conclude its very expression is a conjecture. No proof is run for
that: it is looked up here, and a test derives this table from the proofs.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import sympy

SEVERITY_LOSS = "Σ D_t |θ_t − θ*_t|"
"""The loss of a bound that names no other."""
OBJECTIVE = "regret in λ_track |Σx − B| + λ_fair max x/u"
"""The loss of bounds on the objective of [CTTX26, Eq. 10]."""

COVERAGE_LOSS = "Σ D_t over rounds with θ_t < θ*_t"
"""The loss of bounds on dollars of rounds that raise too little."""

_Table = Mapping[str, Mapping[str, tuple[str, ...]]]
_ON_SEVERITIES: _Table = {
    "upper": {
        "prop_01_severity": ("sqrt(2*P*S + S)",),
        "trivial": ("M", "D + D_1*Max(x_1, 1 - x_1) - D_1"),
        "minimax_severity": ("D/2",),
        "comparator_optimised": (
            "f + sqrt(2*P*S + S)",
            "f + sqrt(2*P*S + S/4)",
            "f + sqrt(2*P*S - Q*S + S/4)",
            "sqrt(S)*Abs(u_1 - x_1) + f",
        ),
        "running_step": ("sqrt(S)*sqrt(2*P + 1) + sqrt(S)/2",),
        "adaptive_steps": ("P*sqrt(S)/c + sqrt(S)*c + sqrt(S)/(2*c) + f",),
        "tuning_free": (
            "3*sqrt(S)*sqrt(2*P + 1)/2 + "
            "sqrt(S)*sqrt(log(Max(1, ceiling(log(T - 1/2)/(2*log(2)) + 1/2)))) + f",
            "L_k + sqrt(S)*sqrt(log(K))",
        ),
        "persistence": ("D_1*Abs(u_1 - x_1) + W", "D_max + G + 5*f"),
        "persistence_any_path": ("D_max*P + D_max*Abs(u_1 - x_1) + 2*f",),
        "gated_envelope": ("D_big/2 + D_small + W_big",),
        "minimax_closed_form": ("Min(D/2, D_1/2 + Top_P)",),
        "needed_dollars": ("V_B",),
        "delayed_feedback": ("D_big^1/2 + D_small + W_big^1", "D_big^2/2 + D_small + W_big^2"),
    },
    "lower": {"minimax_closed_form": ("D_1/2 + Top_⌊P⌋/2",), "needed_dollars": ("V_B",)},
}
_SLOPE = "sqrt(n*λ_track**2 + 2*λ_fair*λ_track/u_min + λ_fair**2/u_min**2)"
_ON_OBJECTIVE: _Table = {
    "upper": {
        "full_objective": (
            "sqrt(2*P*S*λ_track**2 + 4*P*S_1*λ_fair*λ_track + 2*P*S_2*λ_fair**2 + S*λ_track**2"
            " + 2*S_1*λ_fair*λ_track + S_2*λ_fair**2)",
        ),
        "slope_of_the_objective": (f"R*sqrt(T)*{_SLOPE}", f"sqrt(2*P_x*R*T + R**2*T)*{_SLOPE}"),
        "prop_03_dynamic_regret": (f"P_x*{_SLOPE} + R*sqrt(T)*{_SLOPE}",),
    }
}
_ON_COVERAGE: _Table = {"upper": {"coverage": ("D*α + D_max + 1/η",)}}
CONCLUDED = {SEVERITY_LOSS: _ON_SEVERITIES, OBJECTIVE: _ON_OBJECTIVE, COVERAGE_LOSS: _ON_COVERAGE}
"""Expressions, expanded, by loss, side and proof; Proposition 3 is what its proof refutes."""


def is_concluded(
    proof: str,
    expression: sympy.Expr,
    choices: Mapping[sympy.Symbol, sympy.Expr],
    *,
    loss: str,
    side: str,
) -> bool:
    """Say whether a proof that ships concludes an expression: with its choices, or for any."""
    said = CONCLUDED.get(loss, {}).get(side, {}).get(proof, ())
    return bool(said) and not _written(expression, tuple(choices.items())).isdisjoint(said)


@lru_cache(maxsize=256)
def _written(
    expression: sympy.Expr, choices: tuple[tuple[sympy.Symbol, sympy.Expr], ...]
) -> frozenset[str]:
    made = expression.subs(dict(choices))
    return frozenset(str(sympy.expand(each)) for each in (expression, made))
