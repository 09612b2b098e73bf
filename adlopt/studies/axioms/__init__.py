"""Axioms of fair deleveraging, tried on any policy: a search for counterexamples, no proof."""

from adlopt.studies.axioms.instances import Case, Winner
from adlopt.studies.axioms.laws import AXIOMS, Axiom, Violation
from adlopt.studies.axioms.trial import AxiomReport, Counterexample, Verdict, try_axioms

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
