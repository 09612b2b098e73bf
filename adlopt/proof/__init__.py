"""Proofs checked by a small trusted kernel.

`check` runs a proof file. To write one, state hypotheses and goals with `le`, `lt`, `eq`, `ge`,
`gt` and `every`, derive facts with `prove` and its relatives, and return a `Theorem` of `Step`s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adlopt.foundation.moved import attach

if TYPE_CHECKING:
    from adlopt.proof.checking import Checked as Checked, check as check, theorem_of as theorem_of
    from adlopt.proof.claim import Claim as Claim, FalseVariant as FalseVariant, Family as Family
    from adlopt.proof.formula import Formula as Formula, Relation as Relation
    from adlopt.proof.kernel import (
        Axiom as Axiom,
        Fact as Fact,
        axiom as axiom,
        next_integer as next_integer,
    )
    from adlopt.proof.notation import (
        eq as eq,
        every as every,
        ge as ge,
        gt as gt,
        integer_sequences as integer_sequences,
        integers as integers,
        le as le,
        lt as lt,
        reals as reals,
        sequences as sequences,
    )
    from adlopt.proof.operations import (
        absolute as absolute,
        floor_of as floor_of,
        maximum as maximum,
        minimum as minimum,
        reciprocal as reciprocal,
        root as root,
    )
    from adlopt.proof.refutation import Refutation as Refutation
    from adlopt.proof.step import Step as Step, fails_at as fails_at
    from adlopt.proof.sums import (
        empty as empty,
        first_term as first_term,
        last_term as last_term,
        shift as shift,
        single as single,
        split as split,
        sum_up as sum_up,
        swap as swap,
        telescope as telescope,
    )
    from adlopt.proof.tactics import (
        at as at,
        by_cases as by_cases,
        by_contradiction as by_contradiction,
        discharge as discharge,
        facts as facts,
        for_all as for_all,
        induct as induct,
        prove as prove,
        put as put,
        put_formula as put_formula,
        resolve as resolve,
    )
    from adlopt.proof.theorem import Theorem as Theorem, Verdict as Verdict

__getattr__, __dir__, __all__ = attach(__name__)
