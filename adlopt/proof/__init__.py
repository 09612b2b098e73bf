"""Proofs checked by a small trusted kernel.

`check` runs a proof file. To write one, state hypotheses and goals with `le`, `lt`, `eq`, `ge`,
`gt` and `every`, derive facts with `prove` and its relatives, and return a `Theorem` of `Step`s.
"""

from adlopt.proof.checking import Checked, check, theorem_of
from adlopt.proof.claim import Claim, FalseVariant, Family
from adlopt.proof.formula import Formula, Relation
from adlopt.proof.kernel import Axiom, Fact, axiom, next_integer
from adlopt.proof.notation import (
    eq,
    every,
    ge,
    gt,
    integer_sequences,
    integers,
    le,
    lt,
    reals,
    sequences,
)
from adlopt.proof.operations import absolute, floor_of, maximum, minimum, reciprocal, root
from adlopt.proof.refutation import Refutation
from adlopt.proof.step import Step, fails_at
from adlopt.proof.sums import (
    empty,
    first_term,
    last_term,
    shift,
    single,
    split,
    sum_up,
    swap,
    telescope,
)
from adlopt.proof.tactics import (
    at,
    by_cases,
    by_contradiction,
    discharge,
    facts,
    for_all,
    induct,
    prove,
    put,
    put_formula,
    resolve,
)
from adlopt.proof.theorem import Theorem, Verdict

__all__ = [
    "Axiom",
    "Checked",
    "Claim",
    "Fact",
    "FalseVariant",
    "Family",
    "Formula",
    "Refutation",
    "Relation",
    "Step",
    "Theorem",
    "Verdict",
    "absolute",
    "at",
    "axiom",
    "by_cases",
    "by_contradiction",
    "check",
    "discharge",
    "empty",
    "eq",
    "every",
    "facts",
    "fails_at",
    "first_term",
    "floor_of",
    "for_all",
    "ge",
    "gt",
    "induct",
    "integer_sequences",
    "integers",
    "last_term",
    "le",
    "lt",
    "maximum",
    "minimum",
    "next_integer",
    "prove",
    "put",
    "put_formula",
    "reals",
    "reciprocal",
    "resolve",
    "root",
    "sequences",
    "shift",
    "single",
    "split",
    "sum_up",
    "swap",
    "telescope",
    "theorem_of",
]
