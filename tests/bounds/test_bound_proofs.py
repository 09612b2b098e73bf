"""Each bound is what a proof concludes: written in its letters, their difference is zero."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
import sympy
from sympy import Max, Rational, Sum

import adlopt as adl
from adlopt.bounds import (
    ADAPTIVE,
    ADAPTIVE_TUNED,
    BOUNDS,
    CONSTANT_FROM_HALF,
    CONSTANT_FROM_ZERO,
    FULL_OBJECTIVE,
    GATED_ENVELOPE,
    GATED_PERSISTENCE,
    HALF,
    MINIMAX_LOWER,
    MINIMAX_UPPER,
    OPTIMISED,
    OPTIMISED_FROM_HALF,
    PERSISTENCE,
    PERSISTENCE_UNIFORM,
    PROPOSITION_1,
    PROPOSITION_2,
    PROPOSITION_3,
    PROPOSITION_5,
    QUADRATIC,
    RUNNING,
    TRIVIAL,
    TUNING_FREE,
    from_start,
    full_objective,
)
from adlopt.bounds.bound import FIRST_SEVERITY, BoundSide, Status
from adlopt.bounds.concluded import CONCLUDED
from adlopt.bounds.gradient_steps import EXPERTS, MIXED, STEP
from adlopt.bounds.guarantees import (
    COVERAGE,
    DELAYED,
    NEEDED_LOWER,
    NEEDED_MINIMAX,
    NEEDED_VALUE,
    SHARE,
    STEP as ETA,
)
from adlopt.bounds.paper import FAIRNESS, TRACKING
from adlopt.bounds.quantity import (
    DIAMETER,
    FIRST,
    FIRST_BIG,
    FIRST_DEFICIT,
    GATED,
    LARGEST_DEFICIT,
    LOSS,
    MOVED,
    MOVED_BIG,
    MOVED_HAIRCUTS,
    OVER_CAPACITY,
    OVER_CAPACITY_TWICE,
    PLAIN,
    QUANTITIES,
    ROUNDS,
    SMALL,
    SMALLEST_CAPACITY,
    TOP,
    TOP_WHOLE,
    TOTAL_DEFICIT,
    WINNERS,
    WORST_MISS,
    P,
    Q,
    S,
)
from adlopt.bounds.trivial import FIRST_ROUND
from adlopt.proof import (
    Claim,
    Verdict,
    eq,
    ge,
    integer_sequences,
    integers,
    le,
    put_formula,
    reals,
    sequences,
)
from adlopt.proof.checking import load
from adlopt.proof.library import proof_files
from adlopt.proof.term import ZERO, subtract
from adlopt.scoring.scoreboard import Scoreboard
from adlopt.show.board import bounds as board_bounds
from adlopt.show.bounds import render
from adlopt.studies import bounds_of as report

t, i, k, r, n, T, most = integers("t i k r n T M")
c, L, track, fair, w, low, largest, radius, moved = reals("c L λ μ w low largest D P")
D, U, X, b, x, s, u, v = sequences("D U X b x s u v")
worst, other, needed = sequences("worst other needed")
chosen, E, F, short, worth = sequences("c E F r Φ")
dollars = integer_sequences("b")
share, step_ = reals("α η")

# The letters of the proofs ------------------------------------------------------------------------

ANY_PATH = u(t)
LOST = Sum(D(t) * abs(x(t) - s(t)), (t, 1, T))


def over_rounds(body: Any, first: int = 1) -> Sum:
    return Sum(body, (t, first, T))


def quantities(path: Any) -> dict[sympy.Symbol, Any]:
    """What each quantity is in the proofs, along a path given as an expression in t."""

    def at(index: Any) -> Any:
        return sympy.sympify(path).subs(t, index)

    step, copied = abs(at(t) - at(t - 1)), Sum(E(r, t) * abs(at(t) - at(r)), (r, 1, T))
    definitions = {
        P: over_rounds(step, 2),
        Q: over_rounds((at(t) - at(t - 1)) ** 2, 2),
        LOSS: over_rounds(D(t) * abs(at(t) - s(t))),
        FIRST: at(1),
        MOVED: over_rounds(D(t) * step, 2),
        GATED: over_rounds(D(t) * copied),
        MOVED_BIG: over_rounds(b(t) * D(t) * copied),
        FIRST_BIG: over_rounds(b(t) * F(t) * D(t)),
        SMALL: over_rounds((1 - b(t)) * D(t)),
        TOP: over_rounds(chosen(t) * D(t), 2),
        TOP_WHOLE: over_rounds(chosen(t) * D(t), 2),
        S: over_rounds(D(t) ** 2),
        TOTAL_DEFICIT: over_rounds(D(t)),
        FIRST_DEFICIT: D(1),
        PLAIN: over_rounds(D(t) * abs(X(k, t) - s(t))),
        LARGEST_DEFICIT: largest,
        WORST_MISS: over_rounds(D(t) * Max(s(t), 1 - s(t))),
        OVER_CAPACITY: over_rounds(D(t) ** 2 / U(t)),
        OVER_CAPACITY_TWICE: over_rounds(D(t) ** 2 / U(t) ** 2),
        ROUNDS: T,
        WINNERS: n,
        SMALLEST_CAPACITY: low,
        DIAMETER: radius,
        MOVED_HAIRCUTS: moved,
        NEEDED_VALUE: worth(1, most),
    }
    late = {q: definitions[FIRST_BIG if str(q.symbol)[0] == "D" else MOVED_BIG] for q in LATE}
    return {quantity.symbol: meaning for quantity, meaning in (definitions | late).items()}


LATE = [q for q in QUANTITIES.values() if "^" in str(q.symbol)]
"""Of late feedback: in the proof, whatever rounds a big one may copy."""
KEPT = {SHARE: share, ETA: step_, FIRST_SEVERITY: x(1), STEP: c, EXPERTS: n}
KEPT |= {TRACKING: track, FAIRNESS: fair}
"""Choices that proofs leave open, and their letters there."""


def cost(severity: Any) -> Any:
    return track * abs(severity * D(t) - b(t)) + fair * severity * D(t) / U(t)


def burdened(haircut: Any, burden: Any) -> Any:
    """The objective of [CTTX26, Eq. 10], of haircuts with a worst burden."""
    return over_rounds(track * abs(Sum(haircut, (i, 1, n)) - needed(t)) + fair * burden(t))


@dataclass(frozen=True, kw_only=True)
class Link:
    """Where and how a bound is concluded."""

    claims: tuple[str, ...]
    bounded: Any = LOST
    path: Any = ANY_PATH
    kept: tuple[sympy.Symbol, ...] = ()
    relation: Any = le

    def formula(self, bound: adl.Bound, expression: Any = None) -> Any:
        """The bound in the letters of its proof."""
        expression = bound.expression if expression is None else expression
        made = {k: v for k, v in bound.choices.items() if k not in self.kept}
        stated = self.relation(LEFT, expression.subs(sympy.log(EXPERTS), LN_EXPERTS).subs(made))
        letters = quantities(self.path) | {k: KEPT[k] for k in self.kept}
        return put_formula(stated, letters | {LEFT: self.bounded, LN_EXPERTS: L})


LEFT, LN_EXPERTS = reals("left ln_experts")
AGAINST_PATH = LOST - Sum(D(t) * abs(u(t) - s(t)), (t, 1, T))
OF_OBJECTIVE = over_rounds(cost(x(t))) - over_rounds(cost(u(t)))
RESTING = Link(
    claims=("a resting path", "a policy that rests there"), path=w, kept=(FIRST_SEVERITY,)
)
ANY_STEP = Link(claims=("any c, with √S written out",), kept=(STEP,))
WEIGHTS = (TRACKING, FAIRNESS)

LINKS = {
    PROPOSITION_1: Link(claims=("optimal step",), bounded=AGAINST_PATH),
    TRIVIAL: Link(claims=("worst miss",)),
    HALF: Link(claims=("the constant 1/2",)),
    FIRST_ROUND: Link(claims=("the first round",), kept=(FIRST_SEVERITY,)),
    OPTIMISED: Link(claims=("any start",)),
    OPTIMISED_FROM_HALF: Link(claims=("start 1/2",)),
    QUADRATIC: Link(claims=("start 1/2, with −Q",)),
    CONSTANT_FROM_HALF: RESTING,
    CONSTANT_FROM_ZERO: RESTING,
    ADAPTIVE: ANY_STEP,
    ADAPTIVE_TUNED: ANY_STEP,
    TUNING_FREE: Link(claims=("tuning-free",)),
    MIXED: Link(claims=("every expert",), kept=(EXPERTS,)),
    RUNNING: Link(claims=("with roots written out",), path=s(t)),
    PERSISTENCE: Link(claims=("plain",), path=s(t), kept=(FIRST_SEVERITY,), relation=eq),
    PERSISTENCE_UNIFORM: Link(claims=("against every path",), kept=(FIRST_SEVERITY,)),
    GATED_PERSISTENCE: Link(claims=("at κ = 1/2",)),
    GATED_ENVELOPE: Link(claims=("envelope",), path=s(t)),
    MINIMAX_UPPER: Link(
        claims=("1/2 where its bound is less", "persistence where its bound is less")
    ),
    NEEDED_MINIMAX: Link(
        claims=("the play, at equal prices",), bounded=over_rounds(abs(x(t) - dollars(t)))
    ),
    NEEDED_LOWER: Link(
        claims=("any play, at equal prices",),
        bounded=over_rounds(abs(x(t) - dollars(t))),
        relation=ge,
    ),
    **dict.fromkeys(DELAYED, Link(claims=("envelope",), path=s(t))),
    COVERAGE: Link(
        claims=("raised too little",), bounded=over_rounds(D(t) * short(t)), kept=(SHARE, ETA)
    ),
    MINIMAX_LOWER: Link(claims=("lower bound",), relation=ge),
    FULL_OBJECTIVE: Link(claims=("best step",), bounded=OF_OBJECTIVE, kept=WEIGHTS),
    PROPOSITION_2: Link(
        claims=("static regret",),
        bounded=burdened(x(t, i), worst) - burdened(v(i), other),
        kept=WEIGHTS,
    ),
    PROPOSITION_5: Link(
        claims=("dynamic regret",),
        bounded=burdened(x(t, i), worst) - burdened(u(t, i), other),
        kept=WEIGHTS,
    ),
}

# The difference -----------------------------------------------------------------------------------

HOLDING = [bound for bound in BOUNDS if bound.status is not Status.REFUTED]
each_bound = pytest.mark.parametrize("bound", HOLDING, ids=lambda bound: bound.name)


def theorem(name: str) -> Any:
    """Of the proof that ships; the tests of one group run in one process, which loads it once."""
    return load(proof_files()[name])


def is_concluded(bound: adl.Bound, expression: Any = None) -> bool:
    """Whether the facts named by the link state just this, under the hypotheses of their claims."""
    link, proved = LINKS[bound], theorem(bound.proof)
    formula = link.formula(bound, expression)
    said = {
        name: Claim(given=(*proved.claims[name].given, *proved.besides), concludes=formula)
        for name in link.claims
    }
    return all(claim.follows_from(proved.facts[name]) for name, claim in said.items())


def test_no_bound_is_without_a_link():
    assert set(LINKS) == set(HOLDING)
    assert not any(bound.conjectured for bound in HOLDING)


VERDICTS = {
    Status.HOLDS: {Verdict.PROVED, Verdict.PROVED_FROM},
    Status.HOLDS_UNDER: {Verdict.PROVED_UNDER},
}


@each_bound
def test_the_proof_is_there_and_closes(bound):
    assert theorem(bound.proof).verdict in VERDICTS[bound.status]


@each_bound
def test_bound_less_conclusion_is_zero(bound):
    link = LINKS[bound]
    for name in link.claims:
        concluded = theorem(bound.proof).facts[name].conclusion
        assert subtract(link.formula(bound).term, concluded.term) == ZERO
    assert is_concluded(bound)
    assert (link.relation is ge) == (bound.side is BoundSide.LOWER)


@each_bound
def test_no_other_constant_is_concluded(bound):
    """Neither 9/10 of the bound nor twice, or none of, any one of its quantities."""
    assert not is_concluded(bound, Rational(9, 10) * bound.expression)
    for symbol in bound.expression.free_symbols & set(QUANTITIES):
        assert not is_concluded(bound, bound.expression.subs(symbol, 2 * symbol))
        if symbol != SMALLEST_CAPACITY.symbol:
            assert not is_concluded(bound, bound.expression.subs(symbol, 0))


@pytest.mark.parametrize(
    ("bound", "false"),
    [
        (PROPOSITION_1, sympy.sqrt((1 + P.symbol) * S.symbol)),
        (PROPOSITION_1, sympy.sqrt(2 * P.symbol * S.symbol)),
        (OPTIMISED_FROM_HALF, LOSS.symbol + sympy.sqrt(2 * P.symbol * S.symbol)),
        (QUADRATIC, OPTIMISED_FROM_HALF.expression - Q.symbol),
        (MINIMAX_LOWER, FIRST_DEFICIT.symbol + TOP_WHOLE.symbol),
        (MINIMAX_UPPER, MINIMAX_UPPER.expression.args[0]),
        (PERSISTENCE_UNIFORM, PERSISTENCE_UNIFORM.expression - LOSS.symbol),
        (GATED_ENVELOPE, GATED_ENVELOPE.expression - FIRST_BIG.symbol / 4),
        (TRIVIAL, TOTAL_DEFICIT.symbol / 2),
        (PROPOSITION_2, PROPOSITION_2.expression.subs(WINNERS.symbol, WINNERS.symbol - 1)),
        (PROPOSITION_5, PROPOSITION_5.expression.subs(FAIRNESS, 0)),
    ],
    ids=lambda value: getattr(value, "name", str(value)),
)
def test_false_variants_leave_a_difference(bound, false):
    assert not is_concluded(bound, false)


def test_a_choice_is_part_of_the_bound():
    other = replace(OPTIMISED_FROM_HALF, choices={FIRST_SEVERITY: Rational(1, 4)})
    formula = LINKS[OPTIMISED_FROM_HALF].formula
    assert formula(other) != formula(OPTIMISED_FROM_HALF)


def test_two_rounds_need_one_expert():
    """K = 1 up to T = 2, where the claim for a single expert has no √(ln K)."""
    (count,) = TUNING_FREE.choices.values()
    assert [count.subs(ROUNDS.symbol, rounds) for rounds in (1, 2, 3)] == [1, 1, 2]
    alone = replace(LINKS[TUNING_FREE], claims=("two rounds, one expert",))
    formula = alone.formula(TUNING_FREE, TUNING_FREE.expression.subs(EXPERTS, 1))
    assert formula == theorem(TUNING_FREE.proof).claims["two rounds, one expert"].concludes


# The table that bounds are looked up in -----------------------------------------------------------


def test_the_table_says_what_the_proofs_conclude_and_nothing_else():
    """Written with the choices that a proof makes, and open in those that it leaves open."""
    derived = {("upper", PROPOSITION_3.proof): {str(sympy.expand(PROPOSITION_3.expression))}}
    for bound, link in LINKS.items():
        made = {k: v for k, v in bound.choices.items() if k not in link.kept}
        text = str(sympy.expand(bound.expression.subs(made)))
        derived.setdefault((bound.side.value, bound.proof), set()).add(text)
    looked_up = {
        (side, proof): set(said)
        for sides in CONCLUDED.values()
        for side, proofs in sides.items()
        for proof, said in proofs.items()
    }
    assert looked_up == derived
    assert all(is_concluded(bound) for bound in HOLDING)


@pytest.mark.parametrize(
    "changes",
    [
        {"proof": "no_such_proof"},
        {"proof": "trivial"},
        {"proof": ""},
        {"expression": 0 * PROPOSITION_1.expression},
        {"expression": Rational(9, 10) * PROPOSITION_1.expression},
        {"loss": "another"},
        {"side": BoundSide.LOWER},
    ],
    ids=str,
)
def test_a_bound_that_no_proof_concludes_is_a_conjecture(changes):
    assert replace(PROPOSITION_1, **changes).conjectured
    assert not replace(PROPOSITION_1, name="mine", citation="").conjectured


def test_a_choice_that_no_proof_makes_is_a_conjecture():
    assert replace(OPTIMISED_FROM_HALF, choices={FIRST_SEVERITY: Rational(1, 4)}).conjectured
    assert not from_start(Rational(1, 4)).conjectured
    assert not full_objective(2.0, 0.5).conjectured


def test_the_same_expression_written_otherwise_is_no_conjecture():
    other = sympy.sqrt(S.symbol + 2 * P.symbol * S.symbol)
    assert not replace(PROPOSITION_1, expression=other).conjectured


# Bounds without a proof ---------------------------------------------------------------------------


def test_a_bound_without_a_proof_is_shown_as_conjectured(monkeypatch):
    bare = {bound: replace(bound, proof="") for bound in BOUNDS}
    monkeypatch.setattr(report, "BOUNDS", tuple(bare.values()))
    data = adl.bounds_of(adl.episodes.alternating_blocks(2)).data()
    assert all(row.conjectured for row in data.bounds)
    words = " ".join(render(data).split())
    assert words.count("(conjectured)") >= len(BOUNDS)
    assert "conjectured" in str(bare[HALF].evaluate(adl.episodes.alternating_blocks(2)))
    assert str(bare[HALF]) == "θ = 1/2 (conjectured): D/2"
    assert "conjectured" not in str(HALF)


def test_the_board_marks_conjectures():
    board = Scoreboard.of(adl.episodes.alternating_blocks(2), ())
    board = replace(board, bounds=(replace(PROPOSITION_1, proof=""), HALF))
    words = " ".join(str(board_bounds(board.data())).split())
    assert words.count("(conjectured)") == words.count("Proposition 1 (conjectured)") == 1


def test_json_names_the_proof():
    for row in adl.bounds_of(adl.episodes.alternating_blocks(2)).to_dict()["bounds"]:
        assert row["proof"] in proof_files()
        assert not row["conjectured"]
