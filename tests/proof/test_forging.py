"""Objects that lie, and objects that were tampered with: no rule believes them."""

import copy
import dataclasses
import pickle
from fractions import Fraction

import pytest

from adlopt.errors import ProofError
from adlopt.proof import (
    Claim,
    Fact,
    FalseVariant,
    Family,
    Refutation,
    Step,
    Theorem,
    Verdict,
    check,
    ge,
    gt,
    kernel,
    prove,
    reals,
)
from adlopt.proof.formula import Formula, Relation
from adlopt.proof.kernel import Combination, Product, certify, definition
from adlopt.proof.ledger import Handle
from adlopt.proof.notation import integer_sequences, integers, point, sequences, term
from adlopt.proof.refutation import refute
from adlopt.proof.term import ZERO, Atom, Kind, constant, of_atom
from adlopt.proof.written_out import derivation

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
        certify(Formula(fake, ZERO), [], Combination())


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
        certify(ge_term(1), [], Combination(products=(Product(number),)))
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


SQUARE = Claim(given=(), concludes=ge(x**2, 0))
WRONG = Claim(given=(), concludes=ge(x, 0))


def square(**changes):
    plain = {"item": "square", "title": "", "citation": "", "statement": ""}
    plain |= {"verdict": Verdict.PROVED, "claims": {"c": SQUARE}}
    return Theorem(**{**plain, "facts": {"c": prove(ge(x**2, 0), squares=[x])}, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"claims": {"c": WRONG}},
        {"facts": {}},
        {"verdict": Verdict.REFUTED},
        {"verdict": Verdict.PROVED_UNDER},
        {"facts": {"c": object.__new__(Fact)}},
        {"facts": {"c": kernel.sequent(prove(ge(1, 0)))}},
        {"refutation": object.__new__(Refutation), "verdict": Verdict.REFUTED},
    ],
)
def test_a_replaced_part_is_checked_again(changes):
    with pytest.raises(ProofError):
        dataclasses.replace(square(), **changes)
    with pytest.raises(ProofError):
        square(**changes)


def test_a_handle_of_another_kind_does_not_become_a_fact():
    refutation = WRONG.counterexample({x: -1})
    refutation.__class__ = Fact
    with pytest.raises(ProofError, match="not made by the kernel"):
        _ = refutation.conclusion
    with pytest.raises(ProofError, match="not made by the kernel"):
        kernel.weaken(refutation, ge(x, 0))


@pytest.mark.parametrize("value", ["__dict__", "__slots__", "__reduce__", "__setstate__"])
def test_a_fact_has_no_state_to_put_in(value):
    fact = prove(ge(1, 0))
    assert not hasattr(fact, "__dict__")
    with pytest.raises((AttributeError, TypeError)):
        object.__setattr__(fact, value, {"conclusion": ge(0, 1)})
    with pytest.raises(ProofError):
        copy.copy(fact)
    with pytest.raises(ProofError):
        pickle.dumps(fact)
    assert fact.conclusion == ge(1, 0)


HEADER = "from adlopt.proof import *\nx = reals('x')\n"
CLAIMS = "{'c': Claim(given=(), concludes=ge(x**2, 0))}"
MADE = (
    f"Theorem(item='i', title='', citation='', statement='', verdict=Verdict.OPEN, claims={CLAIMS})"
)
FORGED = {
    "a subclass that does not check": (
        "class Mine(Theorem):\n    def check_evidence(self):\n        pass\n"
        f"def theorem():\n    return {MADE.replace('Theorem', 'Mine')}\n"
    ),
    "conjured": "def theorem():\n    return object.__new__(Theorem)\n",
    "altered": (
        f"def theorem():\n    made = {MADE}\n"
        "    object.__setattr__(made, 'verdict', Verdict.PROVED)\n"
        "    object.__setattr__(made, 'claims', {'c': Claim(given=(), concludes=ge(x, 0))})\n"
        "    return made\n"
    ),
}


@pytest.mark.parametrize("kind", FORGED)
def test_a_forged_theorem_is_refused(kind, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(HEADER + FORGED[kind])
    with pytest.raises(ProofError):
        check(path)


class Twofold:
    value = "floor"

    def __hash__(self):
        return hash(Kind.FLOOR)

    def __eq__(self, other):
        return other in (Kind.ABS, Kind.FLOOR)


class SeemsAFact(Twofold):
    __class__ = property(lambda self: Fact)


class TwofoldHandle(Twofold, Handle):
    __slots__ = ()


class TwofoldFact(Fact):
    __slots__ = ()
    value = "floor"
    __hash__ = Twofold.__hash__
    __eq__ = Twofold.__eq__


def test_a_kind_that_seems_a_fact_is_refused():
    argument = term(x)
    with pytest.raises(ProofError):
        definition(SeemsAFact(), [argument], 0)
    with pytest.raises(ProofError):
        definition(object.__new__(TwofoldHandle), [argument], 0)


def test_a_kind_that_changes_its_class_while_it_is_read_is_refused():
    kind = object.__new__(Fact)

    def arguments():
        kind.__class__ = TwofoldFact
        yield term(x)

    with pytest.raises(ProofError):
        definition(kind, arguments(), 0)


class AlwaysFails(Claim):
    def fails_at(self, refutation):
        return True

    def follows_from(self, fact):
        return True


class AlwaysRefutes(Family):
    def refutes(self, claim):
        return True

    def gaps(self, claim):
        return []


class Agreeing(Formula):
    def __eq__(self, other):
        return True

    __hash__ = Formula.__hash__


def altered(claim):
    object.__setattr__(claim, "concludes", Agreeing(*claim.concludes))
    return claim


ALWAYS = AlwaysRefutes(instance={}, meets=(), violates=prove(ge(1, 0)), when=())
TRUE = AlwaysFails(given=(), concludes=ge(x**2, 0))


@pytest.mark.parametrize(
    "changes",
    [
        {"claims": {"c": TRUE}, "refutation": WRONG.counterexample({x: -1})},
        {"refutation": ALWAYS},
        {
            "claims": {"c": altered(Claim(given=(), concludes=ge(x**2, 0)))},
            "refutation": WRONG.counterexample({x: -1}),
        },
        {
            "claims": {"c": WRONG},
            "refutation": WRONG.counterexample({x: -1}),
            "corrected": {"c": Step(AlwaysFails(given=(), concludes=ge(x, 5)), prove(ge(1, 0)))},
        },
    ],
)
def test_parts_of_a_class_of_ones_own_refute_nothing(changes):
    with pytest.raises(ProofError):
        square(facts={}, verdict=Verdict.REFUTED, **changes)


def test_a_false_variant_of_a_class_of_ones_own_is_refused():
    parts = {"name": "n", "derivation": lambda: None, "changed": {}, "claim": TRUE}
    with pytest.raises(ProofError, match="a Refutation or a Family"):
        FalseVariant(counterexample=ALWAYS, **parts)
    variant = FalseVariant(counterexample=WRONG.counterexample({x: -1}), **parts)
    with pytest.raises(ProofError, match="another claim"):
        variant.rejection()


@pytest.mark.parametrize("name", ["y ≥ 0, 0 ≥ 1, z", "1", "x y", ""])
def test_a_name_that_reads_as_something_else_is_refused(name):
    with pytest.raises(ProofError, match="not a name"):
        kernel.assume(Formula(Relation.GE, of_atom(Atom(Kind.REAL, name))))


def test_a_real_symbol_does_not_pass_for_a_bound_index():
    bound = of_atom(Atom(Kind.REAL, "@0"))
    with pytest.raises(ProofError, match="reserved"):
        kernel.assume(Formula(Relation.GE, bound, ((constant(1), constant(3)),)))


def test_one_name_does_not_stand_for_a_real_and_an_integer():
    whole = integers("x")
    with pytest.raises(ProofError, match="both a real and an integer"):
        Claim(given=(ge(whole, 1),), concludes=ge(x, 0))


def test_what_is_an_integer_says_so():
    n = integers("n")
    fact = kernel.next_integer(prove(gt(n, 0), gt(n, 0)))
    assert str(fact) == "n > 0 ⊢ n ≥ 1 (n whole)"
    claim = Claim(given=(gt(n, 0),), concludes=ge(n, 1))
    report = square(claims={"c": claim}, facts={"c": fact}, witness={n: 1})
    assert "Whole numbers: n\n" in derivation(report)
    assert "Whole numbers: $n$\n" in derivation(report, latex=True)


@pytest.mark.parametrize("name", ["m\u0430x", "Max", "\u0391", "\uff41bs", "\u0405", "\u2113"])
def test_a_letter_that_looks_like_another_names_nothing(name):
    """Cyrillic a and S, a Greek capital Alpha, a wide a: they read as what they are not."""
    for declare in (reals, integers, sequences, integer_sequences):
        with pytest.raises(ProofError, match=r"reads as the operation|may read as another letter"):
            declare(name)
    assert reals("θ_hat") != reals("theta_hat")
