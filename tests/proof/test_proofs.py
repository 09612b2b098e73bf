"""Every proof file reaches its declared verdict, and no false variant of it is accepted."""

import re
from functools import cache
from pathlib import Path

import pytest

from adlopt.errors import ProofError
from adlopt.proof import Checked, Family, Refutation, Verdict, check
from adlopt.proof.kernel import sequent

PROOFS = sorted(Path(__file__).parents[2].glob("proofs/*.py"))
EXPECTED = {
    "prop_01_severity": Verdict.PROVED_UNDER,
    "prop_03_dynamic_regret": Verdict.REFUTED,
    "haircut_fractions": Verdict.PROVED,
    "pinball_descent": Verdict.PROVED,
    "solvency_identity": Verdict.PROVED,
    "prop_03_no_policy": Verdict.PROVED,
    "prop_05_vector_dynamic_regret": Verdict.PROVED_UNDER,
    "prop_08_queue_discontinuity": Verdict.PROVED_UNDER,
    "prop_09_min_max_burden": Verdict.PROVED_UNDER,
    "eq_18_queue_dynamic_regret": Verdict.PROVED,
    "lemma_02_and_lemma_03_and_eq_22_estimate_regret": Verdict.PROVED,
    "lot_rounding_gap": Verdict.PROVED,
    "adaptive_steps": Verdict.PROVED,
    "minimax_severity": Verdict.PROVED,
    "newsvendor_severity": Verdict.PROVED,
    "persistence": Verdict.PROVED,
    "pro_rata_stability": Verdict.PROVED,
    "prop_02_static_regret": Verdict.PROVED_UNDER,
    "prop_04_constants": Verdict.PROVED,
    "prop_07_queue_as_optimum": Verdict.PROVED,
    "section_4_2_linear_impact": Verdict.REFUTED,
    "comparator_optimised": Verdict.PROVED,
    "coupled_rounds": Verdict.PROVED,
    "full_objective": Verdict.PROVED,
    "lots_heterogeneous": Verdict.PROVED,
    "minimax_closed_form": Verdict.PROVED,
    "prop_05_double_projection": Verdict.PROVED,
    "sybil_characterisation": Verdict.PROVED,
    "vacuity": Verdict.PROVED,
    "tuning_free": Verdict.PROVED,
    "trivial": Verdict.PROVED,
    "persistence_any_path": Verdict.PROVED,
    "gated_envelope": Verdict.PROVED,
    "slope_of_the_objective": Verdict.PROVED_UNDER,
    "dual_min_max": Verdict.PROVED_UNDER,
    "lemma_01_vertices": Verdict.PROVED,
    "lemma_04_undershoot_identity": Verdict.PROVED_UNDER,
    "lemma_05_slope_error": Verdict.PROVED,
    "lemma_06_slope_estimate": Verdict.REFUTED,
    "lemma_06_every_step": Verdict.REFUTED,
    "price_of_priority": Verdict.PROVED,
    "prop_06_queue_vertices": Verdict.PROVED,
    "prop_10_undershoot_path": Verdict.REFUTED,
    "prop_11_churn": Verdict.PROVED,
    "queue_discontinuity": Verdict.PROVED,
    "section_4_2_undershoot_linear": Verdict.REFUTED,
}


@cache
def checked(path: Path) -> Checked:
    return check(path)


def test_every_proof_has_an_expected_verdict():
    assert EXPECTED.keys() == {path.stem for path in PROOFS}


@pytest.mark.parametrize("path", PROOFS, ids=lambda path: path.stem)
def test_the_verdict_is_reached(path):
    assert checked(path).verdict is EXPECTED[path.stem]


@pytest.mark.parametrize("path", PROOFS, ids=lambda path: path.stem)
def test_false_variants_fail_because_a_step_does_not_close(path):
    variants = checked(path).theorem.false_variants
    assert len(variants) >= 2
    for variant in variants:
        with pytest.raises(ProofError, match=r"cannot close|left over|contradiction"):
            variant.attempt()
        assert isinstance(variant.counterexample, (Family, Refutation))


@pytest.mark.parametrize("path", PROOFS, ids=lambda path: path.stem)
def test_reports_are_written_in_text(path):
    plain = checked(path).derivation()
    long = [line for line in plain.splitlines() if len(line) > 80 and " " in line.strip()]
    assert not long
    assert checked(path).verdict.value in str(checked(path))
    assert "as left minus right is" in plain


def statements_below(theorem):
    """Every statement that the shown facts rest on, hypotheses that are only assumed left out."""
    shown = [*theorem.steps.values(), *theorem.facts.values()]
    waiting = shown + [fact for _, fact in theorem.corrected.values()]
    families = [found for found in theorem.refutations if isinstance(found, Family)]
    waiting += [fact for found in families for fact in (*found.meets, found.violates)]
    seen, found = set(), set()
    while waiting:
        fact = waiting.pop()
        if id(fact) not in seen:
            seen.add(id(fact))
            waiting += sequent(fact).premises
            found.add((fact.hypotheses, fact.conclusion))
    return {(given, said) for given, said in found if given != {said}}


@pytest.mark.parametrize("path", PROOFS, ids=lambda path: path.stem)
def test_each_statement_is_written_once_and_numbers_are_explained_before_they_are_used(path):
    written = checked(path).derivation()
    numbers = [int(k) for k in re.findall(r"^\((\d+)\) ", written, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) == len(statements_below(checked(path).theorem))
    known = set()
    for block in written.split("\n\n"):
        known |= set(re.findall(r"^(?:suppose |    if )?(\[\d+\]) ", block, re.MULTILINE))
        step = re.findall(r"^(\(\d+\)) ", block, re.MULTILINE)
        if step:
            assert set(re.findall(r"(?<!\w)[(\[]\d+[)\]]", block)) <= {*known, *step}
            known |= set(step)


MATH = re.compile(r"(?<!\\)\$([^$]*)\$")


@pytest.mark.parametrize("path", PROOFS, ids=lambda path: path.stem)
def test_latex_is_ascii_and_well_formed(path):
    written = checked(path).derivation(latex=True)
    assert written.isascii()
    assert written.startswith(r"\documentclass")
    assert written.endswith(r"\end{document}")
    assert written.count(r"\begin{") == written.count(r"\end{") == 1
    body = written.split(r"\begin{document}")[1].split(r"\end{document}")[0]
    body = body.replace(r"\\{}", "")
    assert "$$" not in body
    assert body.replace(r"\$", "").count("$") % 2 == 0
    for paragraph in body.split("\n\n"):
        assert paragraph.replace(r"\$", "").count("$") % 2 == 0
        outside = MATH.sub("", paragraph)
        assert not re.search(r"(?<!\\)[_%&#^~$]", outside)
        assert balanced(outside)
    for formula in MATH.findall(body):
        assert balanced(formula)
        assert formula.count(r"\left") == formula.count(r"\right")
        assert not re.search(r"(?<!\\)[%&#~]", formula)
        assert not re.search(r"\^\{[^{}]*\}\^|_\{[^{}]*\}_", formula), "a double script"


def balanced(text):
    depth = 0
    for brace in re.findall(r"(?<!\\)[{}]", text):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    return depth == 0


@pytest.mark.parametrize("path", PROOFS, ids=lambda path: path.stem)
def test_another_parser_reads_the_formulas(path):
    mathtext = pytest.importorskip("matplotlib.mathtext").MathTextParser("path")
    formulas = {" ".join(f.split()) for f in MATH.findall(checked(path).derivation(latex=True))}
    assert formulas
    for formula in sorted(formulas, key=len)[-40:] + sorted(formulas, key=len)[:40]:
        mathtext.parse(f"${formula}$")
