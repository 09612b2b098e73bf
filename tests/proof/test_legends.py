"""Every symbol of a proof has a meaning, a unit and a source; every hypothesis has words."""

import json
import re
import tomllib
from collections import Counter, defaultdict
from dataclasses import replace
from fractions import Fraction

import pytest
from rich.cells import cell_len
from tiers import by_day

from adlopt.data.files import write_template
from adlopt.errors import ProofError
from adlopt.proof import Theorem, Verdict, ge, gt, prove, reals, sequences
from adlopt.proof.claim import Claim
from adlopt.proof.formula import index
from adlopt.proof.legend import SHARED, arities, place, places
from adlopt.proof.library import Verdicts, proof_data, proof_files
from adlopt.proof.term import FAMILIES, SYMBOLS, Atom, Kind
from adlopt.show.proofs import explained

PROOFS = proof_files()
SHELF = tomllib.loads(next(iter(PROOFS.values())).with_name(SHARED).read_text(encoding="utf-8"))
each_proof = pytest.mark.parametrize("name", sorted(PROOFS))


@each_proof
def test_every_symbol_has_one_meaning_a_unit_and_a_source(checked, name):
    theorem = checked(name).theorem
    explained = [place(letter.symbol) for letter in theorem.legend]
    assert sorted(explained) == sorted(places(theorem.said))
    for letter in theorem.legend:
        assert letter.meaning
        assert dimension(letter.unit) is not None
        assert re.fullmatch(r"here|CTTX26, ((Eq|Prop|Sec|App)\.|Lemma) .+", letter.source)


@each_proof
def test_every_hypothesis_has_words(checked, name):
    assert all(checked(name).theorem.worded.values())


def test_what_proofs_share_is_used_by_several_of_them_and_of_one_kind(checked):
    letters, words, kinds = Counter(), Counter(), defaultdict(set)
    for name in PROOFS:
        theorem = checked(name).theorem
        used = {letter.symbol: letter for letter in theorem.legend}
        for symbol, said in SHELF["letters"].items():
            letter = used.get(symbol)
            if letter and [letter.meaning, letter.unit, letter.source][: len(said)] == said:
                letters[symbol] += 1
                heads = arities(theorem.said)
                kinds[symbol] |= {a.kind for a in heads if a.name == place(symbol)[0]}
        for formula, said in theorem.worded.items():
            words[said, str(formula)] += 1
    assert {s for s in SHELF["letters"] if letters[s] < 2} == set()
    assert {f for w, of in SHELF["words"].items() for f in of if words[w, f] < 2} == set()
    assert {symbol: found for symbol, found in kinds.items() if len(found) > 1} == {}


# Units --------------------------------------------------------------------------------------------

BASES = {"USD": "USD", "contract": "contract", "contracts": "contract", "1": None}


def dimension(unit):
    """USD/contract² as powers of its parts; none if it is no unit."""
    found = Counter()
    for sign, part in zip((1, -1), unit.split("/"), strict=False):
        power = 2 if part.endswith("²") else 1
        if (base := part.removesuffix("²")) not in BASES:
            return None
        if BASES[base]:
            found[BASES[base]] += sign * power
    return frozenset((base, Fraction(power)) for base, power in found.items())


def times(*factors):
    """The dimension of a product of powers."""
    found = Counter()
    for known, power in factors:
        for base, size in known:
            found[base] += power * size
    return frozenset((base, size) for base, size in found.items() if size)


class Units:
    """Dimensions of terms, by the legend of a theorem."""

    def __init__(self, theorem):
        self.known = {place(letter.symbol): dimension(letter.unit) for letter in theorem.legend}

    def agree(self, formula):
        """Whether all parts of a statement have one dimension."""
        bound = {}
        try:
            for level, ends in enumerate(formula.ranges):
                bound[index(level)] = self.alike(ends, bound)
            self.alike([formula.term], bound)
        except ValueError:
            return False
        return True

    def alike(self, terms, bound):
        """The one dimension of all parts of terms; of numbers alone, none."""
        found = {self.monomial(m, bound) for term in terms for m, _, _ in term}
        if len(found) > 1:
            raise ValueError(found)
        return found.pop() if found else frozenset()

    def monomial(self, monomial, bound):
        return times(*((self.atom(atom, bound), power) for atom, power in monomial))

    def atom(self, atom, bound):
        head = Atom(atom.kind, atom.name)
        if head in bound:
            return bound[head]
        if atom.kind in SYMBOLS | FAMILIES:
            return self.known[atom.name, len(atom.args)]
        if atom.kind is Kind.SUM:
            low, high, body = atom.args
            inside = {**bound, Atom(Kind.INTEGER, atom.name): self.alike([low, high], bound)}
            return self.alike([body], inside)
        whole = self.alike(atom.args, bound)
        return times((whole, {Kind.SQRT: Fraction(1, 2), Kind.INVERSE: -1}.get(atom.kind, 1)))


NORMALISED = {
    "coupled_rounds": 6,  # online, the budget of a round is 1
    "gated_envelope": 3,  # weights stand beside the sizes that they are certain of
    "needed_dollars": 1,  # whole units of money
    "prop_11_churn": 3,  # slopes of 0 and 1
}
"""Statements that set a number beside what has a unit, by proof."""


@each_proof
def test_every_claim_and_hypothesis_adds_like_to_like(checked, name):
    """Units are checked by reckoning: a meaning that is another symbol's would not add up."""
    theorem = checked(name).theorem
    units = Units(theorem)
    said = {f for claim in theorem.stated.values() for f in (*claim.given, claim.concludes)}
    mixed = [str(formula) for formula in said if not units.agree(formula)]
    assert len(mixed) == NORMALISED.get(name, 0), mixed


# Of one's own -------------------------------------------------------------------------------------

x = reals("x")
D = sequences("D")


def small(**more):
    """A theorem with legends of its own."""
    return Theorem(
        item="Mine", title="", citation="", statement="", verdict=Verdict.PROVED,
        claims={"main": Claim(given=(ge(x, 1), ge(D(1), 0)), concludes=ge(x, 0))},
        facts={"main": prove(ge(x, 0), ge(x, 1))}, witness={x: 1, D: [0]}, **more,
    )  # fmt: skip


def test_a_proof_of_ones_own_says_what_its_letters_mean():
    theorem = small(
        letters={x: ("a size", "USD", "my paper"), D(1): "a deficit"},
        words={"the size is 1 at least": ge(x, 1), "and all the rest": [ge(D(1), 0)]},
    )
    assert [(each.symbol, each.meaning, each.unit, each.source) for each in theorem.legend] == [
        ("D(1)", "a deficit", "1", "here"),
        ("x", "a size", "USD", "my paper"),
    ]
    assert theorem.worded == {ge(x, 1): "the size is 1 at least", ge(D(1), 0): "and all the rest"}
    again = replace(theorem, title="another")
    assert (again.legend, again.worded) == (theorem.legend, theorem.worded)


def test_without_words_hypotheses_are_listed_all_the_same():
    theorem = small()
    assert theorem.legend == []
    assert theorem.worded == {ge(x, 1): "", ge(D(1), 0): ""}


@pytest.mark.parametrize("said", [(), ("a", "b", "c", "d"), 3, ("a", 3)])
def test_a_letter_that_is_no_text_is_refused(said):
    with pytest.raises(ProofError, match="meaning, unit and source"):
        small(letters={x: said})


@pytest.mark.parametrize(
    ("letters", "words", "idle"),
    [({gt: "an order"}, {}, "letter"), ({}, {"more than 2": gt(x, 2)}, "hypothesis")],
)
def test_what_is_explained_has_to_occur(letters, words, idle):
    with pytest.raises(ProofError, match=f"no {idle}"):
        small(letters=letters, words=words)


def test_what_a_folder_shares_gives_way_to_what_a_proof_says(tmp_path, run):
    mine = write_template(tmp_path / "mine.py")
    text = mine.read_text(encoding="utf-8")
    kept = text.replace('T: "number of rounds",', "").replace(
        '"no deficit is negative"', '"it is 0"'
    )
    mine.write_text(kept.replace('"it is 0": GIVEN[0],', ""), encoding="utf-8")
    shared = """[letters]
"T" = ["rounds in all"]
"x(t)" = ["something else"]
"y" = ["what does not occur"]
[words]
"deficits are not negative" = ["D(t) ≥ 0 for t = 1…T", "x > 7"]
"something else" = ["s(t) ≥ 0 for t = 1…T"]
"""
    (tmp_path / SHARED).write_text(shared, encoding="utf-8")
    row = json.loads(run("prove", str(mine), "--json")[1])["proofs"][0]
    letters = {each["symbol"]: each["meaning"] for each in row["letters"]}
    assert letters.keys() == {"D(t)", "T", "s(t)", "x(t)"}
    assert (letters["T"], letters["x(t)"]) == ("rounds in all", "severity played in round t")
    words = {each["says"]: each["words"] for each in row["hypotheses"]}
    assert words["D(t) ≥ 0 for t = 1…T"] == "deficits are not negative"
    assert words["s(t) ≥ 0 for t = 1…T"] == "the needed severities lie in [0, 1]"
    printed = run("prove", str(mine))[1]
    assert "severity played in round t" in printed


# As they are shown --------------------------------------------------------------------------------


@each_proof
def test_letters_and_hypotheses_hold_at_sixty_columns(checked, name, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    row = proof_data(name, checked(name))
    shown = explained(Verdicts((row,)).data())
    assert max(map(cell_len, shown.splitlines())) <= 60
    assert f"Letters of {row.item}" in " ".join(shown.split())


@pytest.mark.parametrize("name", by_day(8, sorted(PROOFS)))
def test_derivations_begin_with_the_letters_and_say_each_hypothesis_in_words(checked, name):
    theorem, written = checked(name).theorem, " ".join(checked(name).derivation().split())
    for letter in theorem.legend:
        assert f"{letter.symbol}: {letter.meaning}" in written
    for formula, words in theorem.worded.items():
        assert re.search(
            re.escape(f"{formula}") + f"(, from the literature)?: {re.escape(words)}", written
        )
