"""Other kernels agree: Coq checks every step that is exported, and sympy every identity."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from sympy import Max, Min, Sum, floor
from tiers import by_day

from adlopt.errors import ProofError
from adlopt.proof import (
    at,
    eq,
    every,
    floor_of,
    for_all,
    ge,
    gt,
    induct,
    integers,
    kernel,
    le,
    maximum,
    minimum,
    next_integer,
    prove,
    put,
    reals,
    sequences,
    shift,
    single,
    split,
    sum_up,
    swap,
)
from adlopt.proof.checking import load
from adlopt.proof.coq import Development, development
from adlopt.proof.kernel import Sequent
from adlopt.proof.library import proof_files
from adlopt.proof.notation import symbol_atom, term
from adlopt.proof.second_kernels import LEMMAS, expanded, exported, second_opinion
from adlopt.proof.term import Kind
from adlopt.proof.theorem import statements
from adlopt.show.schema.proofs import DerivationData

REALS = {
    "ClassicalDedekindReals.sig_not_dec",
    "ClassicalDedekindReals.sig_forall_dec",
    "FunctionalExtensionality.functional_extensionality_dep",
    "Classical_Prop.classic",
}
"""Axioms of Coq's real numbers."""
BY_DAY = ("trivial", "newsvendor_severity", "solvency_identity")
needs_coq = pytest.mark.skipif(shutil.which("coqc") is None, reason="no coqc on this machine")


def theorem(name):
    return load(proof_files()[name])


def coqc(folder, name, text):
    (folder / f"{name}.v").write_text(text, encoding="utf-8")
    command = ["coqc", "-Q", ".", "", f"{name}.v"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("coq")
    done = coqc(made, LEMMAS.stem, LEMMAS.read_text(encoding="utf-8"))
    assert done.returncode == 0, done.stderr
    return made


def accepted(folder, name):
    """Whether Coq accepts a theorem and its counterexamples, from the axioms of the reals alone."""
    made, text = theorem(name), development(theorem(name))
    done = coqc(folder, name, text)
    assert done.returncode == 0, done.stderr[-2000:]
    assumed = set(re.findall(r"^([A-Za-z_.']+)(?: :|$)", done.stdout, re.MULTILINE))
    assert assumed - {"Axioms:", "Axioms"} <= REALS
    assert done.stdout.count("Axioms:") == text.count("Print Assumptions proved.") == 1
    claimed = re.findall(r"^Theorem (claim_\d+)", text, re.MULTILINE)
    assert len(claimed) == len(made.facts) + len(made.corrected)
    false = re.findall(r"^Theorem (false_\d+) : ~ ", text, re.MULTILINE)
    assert len(false) >= len(made.false_variants) + len(made.refutations)
    everything = ", ".join(f"@{one}" for one in (*claimed, *false))
    assert f"Definition proved := ({everything})." in text


def test_each_false_variant_is_a_theorem_that_its_claim_fails():
    made = theorem("solvency_identity")
    text = development(made)
    found = re.findall(r"^Theorem false_\d+ : ~ \(forall ", text, re.MULTILINE)
    assert len(found) == len(made.false_variants)
    assert all(f"(* false: {variant.name} *)" in text for variant in made.false_variants)


@needs_coq
@pytest.mark.parametrize("name", BY_DAY)
def test_coq_accepts_a_theorem_with_no_axioms_but_those_of_the_reals(folder, name):
    accepted(folder, name)


@needs_coq
@pytest.mark.nightly("coqc checks 49 theorems in minutes")
@pytest.mark.parametrize("name", sorted(proof_files().keys() - set(BY_DAY)))
def test_coq_accepts_every_theorem(folder, name):
    accepted(folder, name)


@needs_coq
@pytest.mark.parametrize(
    ("was", "now"),
    [("Part (Qmake (1) 1)", "Part (Qmake (2) 1)"), (" Leq ", " Less "), ("-> 1 <=", "-> 2 <=")],
)
def test_coq_refuses_a_step_that_was_altered(folder, was, now):
    text = development(theorem("trivial"))
    assert was in text
    assert coqc(folder, "altered", text.replace(was, now, 1)).returncode != 0


def test_the_lemmas_assume_nothing_and_no_export_admits_anything():
    texts = [LEMMAS.read_text(encoding="utf-8"), development(theorem("trivial"))]
    for text in texts:
        assert not re.search(r"\b(Axiom|Admitted|admit|Parameter|Conjecture|Hypothesis)\b", text)


def test_statements_of_claims_read_as_ours():
    text = development(theorem("trivial"))
    assert "Theorem claim_1" in text
    assert "Print Assumptions proved." in text
    assert "forall k'0 : R, whole k'0 -> 1 <= k'0 -> k'0 <= T -> (x k'0) <= 1" in text


# Data ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["lemma_05_slope_error"])
def test_a_derivation_is_the_same_bytes_whatever_the_hash_seed(name):
    script = (
        "import hashlib, msgspec\n"
        "from adlopt.proof.checking import load\n"
        "from adlopt.proof.coq import development\n"
        "from adlopt.proof.library import proof_files\n"
        "from adlopt.proof.second_kernels import exported\n"
        f"theorem = load(proof_files()[{name!r}])\n"
        "made = msgspec.json.encode(exported(theorem)) + development(theorem).encode()\n"
        "print(hashlib.sha256(made).hexdigest())\n"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(said) == 1
    made = msgspec.json.encode(exported(theorem(name)))
    here = hashlib.sha256(made + development(theorem(name)).encode()).hexdigest()
    assert said == {here + "\n"}


@pytest.mark.parametrize("name", by_day(12, sorted(proof_files())))
def test_sympy_expands_every_identity_to_zero_and_premises_come_before_their_use(name):
    made = msgspec.json.decode(msgspec.json.encode(exported(theorem(name))), type=DerivationData)
    certified = [step for step in made.steps if step.certificate is not None]
    assert expanded(made) == len(certified) > 0
    for step in made.steps:
        assert all(-len(made.hypotheses) <= place < step.number for place in step.premises)
        assert step.rule
    assert len(made.steps) == len(theorem(name).statements())


def test_sympy_finds_a_number_that_was_altered():
    made = exported(theorem("trivial"))
    steps = [step for step in made.steps if step.certificate and step.certificate.products]
    (size, chosen, square), *rest = steps[-1].certificate.products
    products = [(f"{size}/7", chosen, square), *rest]
    altered = msgspec.structs.replace(
        steps[-1],
        certificate=msgspec.structs.replace(steps[-1].certificate, products=products),
    )
    swapped = [altered if step is steps[-1] else step for step in made.steps]
    with pytest.raises(ProofError, match=rf"step {altered.number}: sympy is left with"):
        expanded(msgspec.structs.replace(made, steps=swapped))


def test_the_command_line_exports_and_asks_sympy(run, tmp_path):
    assert run("prove", "lemma-5", "--export", "lemma.json")[0] == 0
    made = json.loads((tmp_path / "lemma.json").read_text(encoding="utf-8"))
    assert made["schema"] == "adlopt/derivation/2"
    assert made["steps"][0]["number"] == 1
    code, out, _ = run("prove", "lemma-5", "trivial", "--export", "coq", "--coq", "--with-sympy")
    assert code == 0
    assert "certificates to 0" in out
    written = sorted(path.name for path in (tmp_path / "coq").iterdir())
    assert written == ["Adlopt.v", "lemma_05_slope_error.v", "trivial.v"]
    assert run("prove", "lemma-5", "trivial", "--export", "both.json")[0] == 2
    assert run("prove", "lemma-5", "--coq")[0] == 2


def test_second_opinions_count_what_they_decide():
    assert second_opinion(theorem("trivial")) == 28
    assert replace(theorem("trivial"), title="another").title == "another"


# Rules weakened on purpose ------------------------------------------------------------------------


def steps_to(fact):
    """The steps to one fact, as a file for Coq."""
    made = Development(lines=["Require Import Adlopt.", "Open Scope R_scope."])
    for said in statements([fact]):
        made.step(said)
    return "\n".join(made.lines)


x, y, z = reals("x y z")
k, m, n = integers("k m n")
f = sequences("f")


def says(**wrong):
    """A change of what a rule enters in the ledger: hypotheses dropped, or another conclusion."""

    def change(made):
        return made._replace(**{name: new(made) for name, new in wrong.items()})

    return change


def with_conclusion(formula):
    return says(conclusion=lambda made: formula)


ALONE = says(hypotheses=lambda made: frozenset())
WEAKENED = {
    "weaken": (ALONE, lambda: kernel.weaken(kernel.assume(ge(x, 0)), ge(y, 0))),
    "cut": (ALONE, lambda: kernel.cut(kernel.assume(ge(x, 0)), prove(ge(x, 0), ge(x, 1)))),
    "certificate": (with_conclusion(ge(x, 2)), lambda: prove(ge(x, 0), ge(x, 1))),
    "antisymmetry": (
        with_conclusion(eq(x, 1)),
        lambda: kernel.antisymmetry(kernel.assume(ge(x, 0)), kernel.assume(le(x, 0))),
    ),
    "absurd": (ALONE, lambda: kernel.absurd(kernel.assume(gt(0, 0)), ge(x, 0))),
    "cases": (
        ALONE,
        lambda: kernel.cases(
            kernel.assume(ge(x, 0)), prove(ge(x, 0), le(x, 0), ge(x, 1)), ge(x, 0), le(x, 0)
        ),
    ),
    "instantiate": (with_conclusion(ge(y, 1)), lambda: put(kernel.assume(ge(x, 0)), {x: y})),
    "generalise": (ALONE, lambda: for_all(kernel.assume(ge(k, 1)), m, 1, n)),
    "specialise": (ALONE, lambda: at(every(k, 1, n, ge(f(k), 0)), m)),
    "sum": (
        with_conclusion(ge(Sum(f(k), (k, 1, n)), 1)),
        lambda: sum_up(every(k, 1, n, ge(f(k), 0))),
    ),
    "induction": (
        with_conclusion(every(k, 1, n, ge(k, 2))),
        lambda: induct(prove(ge(1, 1)), prove(ge(k + 1, 1), ge(k, 1)), ge(k, 1), k, 1, n),
    ),
    "definition of abs": (
        with_conclusion(ge(x, abs(x))),
        lambda: kernel.definition(Kind.ABS, [term(x)], 0),
    ),
    "definition of max": (with_conclusion(ge(x, Max(x, y))), lambda: maximum(x, y)[0]),
    "definition of min": (with_conclusion(le(x, Min(x, y))), lambda: minimum(x, y)[0]),
    "definition of floor": (with_conclusion(ge(floor(x), x)), lambda: floor_of(x)[0]),
    "definition of sqrt": (ALONE, lambda: kernel.definition(Kind.SQRT, [term(x)], 1)),
    "definition of inverse": (ALONE, lambda: kernel.definition(Kind.INVERSE, [term(x)], 0)),
    "integer": (
        with_conclusion(ge(n, 2)), lambda: next_integer(kernel.assume(gt(n, 0)))
    ),
    "congruence": (
        with_conclusion(eq(x, y + 1)),
        lambda: kernel.congruence(
            kernel.assume(eq(x, y)), term(z), symbol_atom(z), (term(x), term(y))
        ),
    ),
    "split sum": (ALONE, lambda: split(k, 1, m, n, f(k))),
    "single sum": (with_conclusion(eq(f(m), 0)), lambda: single(k, m, f(k))),
    "shift sum": (
        with_conclusion(eq(Sum(f(k), (k, 1, n)), Sum(f(k), (k, 2, n + 1)))),
        lambda: shift(k, 1, n, f(k), 1),
    ),
    "swap sums": (
        with_conclusion(eq(Sum(f(k), (k, 1, n)), 0)),
        lambda: swap(k, m, (1, n, 1, n), f(k) * f(m)),
    ),
}  # fmt: skip


def test_every_rule_of_the_kernel_is_weakened_once_but_for_assumptions():
    source = Path(kernel.__file__).read_text(encoding="utf-8")
    rules = set(re.findall(r'_(?:from|given)\(\s*f?"([a-z ]+)', source))
    kinds = {name.split(" of ")[0] for name in WEAKENED}
    assert {rule.removesuffix(" of ").strip() for rule in rules} - {"assume", "axiom"} == kinds


@needs_coq
@pytest.mark.nightly("coqc, twice for each rule")
@pytest.mark.parametrize("rule", WEAKENED)
def test_coq_refuses_what_a_weakened_rule_derives(folder, monkeypatch, rule):
    change, derive = WEAKENED[rule]
    sound = derive()
    assert coqc(folder, "sound", steps_to(sound)).returncode == 0

    def weakened(*said):
        made = Sequent(*said)
        return change(made) if made.rule == rule else made

    with monkeypatch.context() as patch:
        patch.setattr(kernel, "Sequent", weakened)
        false = derive()
    assert (false.hypotheses, false.conclusion) != (sound.hypotheses, sound.conclusion)
    refused = coqc(folder, "unsound", steps_to(false))
    assert refused.returncode != 0
    assert re.search("expected to have type|Unable to unify", refused.stderr), refused.stderr
