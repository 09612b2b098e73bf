"""Objects that lie, and objects that were tampered with: no rule believes them."""

from fractions import Fraction

import pytest

from adlopt.errors import ProofError
from adlopt.proof import Claim, Theorem, Verdict, ge, kernel, prove, reals
from adlopt.proof.formula import Formula, Relation
from adlopt.proof.kernel import Certificate, Product, certify, definition
from adlopt.proof.notation import integers, point
from adlopt.proof.refutation import refute
from adlopt.proof.term import ZERO, Kind, constant

x = reals("x")


class Liar(int):
    def __mul__(self, other):
        return -1

    __rmul__ = __mul__

    def __ne__(self, other):
        return False

    __hash__ = int.__hash__


def test_a_relation_that_is_no_member_is_refused():
    fake = object.__new__(Relation)
    with pytest.raises(ProofError, match="not a member of Relation"):
        certify(Formula(fake, ZERO), [], Certificate())


def test_a_kind_that_changes_its_mind_is_refused():
    class Two:
        def __hash__(self):
            return hash(Kind.ABS)

        def __eq__(self, other):
            return other in (Kind.ABS, Kind.FLOOR)

    with pytest.raises(ProofError):
        definition(Two(), [ZERO], 0)
    with pytest.raises(ProofError, match="not a member of Kind"):
        definition(object.__new__(Kind), [ZERO], 0)


def tampered(name, value):
    fraction = Fraction(1, 2)
    setattr(fraction, name, value)
    return fraction


@pytest.mark.parametrize(
    "number", [tampered("_numerator", Liar(1)), tampered("_denominator", Liar(2))]
)
def test_a_fraction_with_another_inside_is_refused(number):
    with pytest.raises(ProofError, match="tampered"):
        certify(ge_term(1), [], Certificate(products=(Product(number),)))
    n = integers("n")
    symbol = next(iter(point({n: 1})))
    with pytest.raises(ProofError, match="tampered"):
        refute([], ge(n * n, 1), {symbol: number})


def ge_term(value):
    return Formula(Relation.GE, constant(value))


def test_a_class_that_equals_every_class_does_not_hide_a_liar():
    class Same(type):
        def __eq__(cls, other):
            return True

        def __hash__(cls):
            return hash(int)

    class Hidden(int, metaclass=Same):
        pass

    term = frozenset({(frozenset(), Hidden(-1), 1)})
    with pytest.raises(ProofError):
        kernel.assume(Formula(Relation.GE, term))


def test_a_formula_that_equals_every_formula_is_refused():
    class Agreeable(Formula):
        def __eq__(self, other):
            return True

        __hash__ = Formula.__hash__

    with pytest.raises(ProofError):
        Claim(given=(), concludes=Agreeable(Relation.GE, constant(-1)))


def test_hypotheses_that_can_be_read_once_are_kept():
    claim = Claim(given=iter((ge(x, 1), ge(-1, x))), concludes=ge(0, 1))
    assert len(claim.given) == 2
    assert len(claim.given) == 2
    fact = prove(ge(0, 1), ge(x, 1), ge(-1, x))
    with pytest.raises(ProofError, match="witness"):
        Theorem(
            item="empty",
            title="",
            citation="",
            statement="",
            verdict=Verdict.PROVED,
            claims={"c": claim},
            facts={"c": fact},
        )


def test_a_theorem_cannot_be_changed_after_it_was_checked():
    claim = Claim(given=(), concludes=ge(x**2, 0))
    theorem = Theorem(
        item="square",
        title="",
        citation="",
        statement="",
        verdict=Verdict.PROVED,
        claims={"c": claim},
        facts={"c": prove(ge(x**2, 0), squares=[x])},
    )
    with pytest.raises(TypeError):
        theorem.claims["c"] = Claim(given=(), concludes=ge(0, 1))


def test_a_refuted_theorem_shows_no_fact_that_is_not_its_claim():
    wrong = Claim(given=(), concludes=ge(x, 1))
    with pytest.raises(ProofError, match="not what was proved"):
        Theorem(
            item="mixed",
            title="",
            citation="",
            statement="",
            verdict=Verdict.REFUTED,
            claims={"a": wrong, "b": wrong},
            facts={"b": prove(ge(1, 0))},
            refutation=wrong.counterexample({x: 0}),
        )
