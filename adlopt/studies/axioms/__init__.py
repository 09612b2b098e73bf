"""Axioms of fair deleveraging, tried on any policy: a search for counterexamples, no proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adlopt.foundation.moved import attach

if TYPE_CHECKING:
    from adlopt.studies.axioms.instances import Case as Case, Winner as Winner
    from adlopt.studies.axioms.laws import AXIOMS as AXIOMS, Law as Law, Violation as Violation
    from adlopt.studies.axioms.trial import (
        AxiomReport as AxiomReport,
        Counterexample as Counterexample,
        LawVerdict as LawVerdict,
        try_axioms as try_axioms,
    )

__getattr__, __dir__, __all__ = attach(__name__)
