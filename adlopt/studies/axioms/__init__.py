"""Axioms of fair deleveraging, tried on any policy: a search for counterexamples, no proof."""

from adlopt.foundation.moved import forward
from adlopt.studies.axioms.instances import Case, Winner
from adlopt.studies.axioms.laws import AXIOMS, Law, Violation
from adlopt.studies.axioms.trial import AxiomReport, Counterexample, LawVerdict, try_axioms

__getattr__ = forward(__name__)
__all__ = [
    "AXIOMS",
    "AxiomReport",
    "Case",
    "Counterexample",
    "Law",
    "LawVerdict",
    "Violation",
    "Winner",
    "try_axioms",
]
