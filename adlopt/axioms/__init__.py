"""Axioms of fair deleveraging, tried on any policy: a search for counterexamples, no proof."""

from adlopt.axioms.case import Case, Winner
from adlopt.axioms.laws import AXIOMS, Axiom, Violation
from adlopt.axioms.trial import AxiomReport, Counterexample, Verdict, try_axioms

__all__ = [
    "AXIOMS",
    "Axiom",
    "AxiomReport",
    "Case",
    "Counterexample",
    "Verdict",
    "Violation",
    "Winner",
    "try_axioms",
]
