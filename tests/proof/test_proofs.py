"""Every proof file reaches its declared verdict, and no false variant of it is accepted."""

from pathlib import Path
from time import perf_counter

import pytest

from adlopt.proof import Refutation, Verdict, check
from adlopt.proof.checking import load

PROOFS = sorted(Path(__file__).parents[2].glob("proofs/*.py"))
EXPECTED = {
    "prop_01_severity": Verdict.PROVED_UNDER,
    "prop_03_dynamic_regret": Verdict.REFUTED,
    "prop_05_vector_dynamic_regret": Verdict.PROVED,
    "prop_08_queue_discontinuity": Verdict.PROVED_UNDER,
    "prop_09_min_max_burden": Verdict.PROVED,
    "eq_18_queue_dynamic_regret": Verdict.PROVED,
    "lemma_02_03_estimate_regret": Verdict.PROVED,
    "lot_rounding_gap": Verdict.PROVED,
    "adaptive_steps": Verdict.PROVED,
    "minimax_severity": Verdict.PROVED,
    "newsvendor_severity": Verdict.PROVED,
    "persistence": Verdict.PROVED,
    "pro_rata_stability": Verdict.PROVED,
    "prop_02_static_regret": Verdict.PROVED,
    "prop_04_diameter": Verdict.PROVED,
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
    "tuning_free": Verdict.PROVED_UNDER,
    "trivial": Verdict.PROVED,
    "persistence_any_path": Verdict.PROVED,
    "gated_envelope": Verdict.PROVED,
    "slope_of_the_objective": Verdict.PROVED,
}


@pytest.mark.parametrize("path", PROOFS, ids=lambda path: path.stem)
def test_proof_closes_within_seconds(path):
    started = perf_counter()
    checked = check(path)
    assert checked.verdict is EXPECTED.get(path.stem, checked.verdict)
    assert checked.verdict is not Verdict.OPEN
    assert perf_counter() - started < 20


@pytest.mark.parametrize("path", PROOFS, ids=lambda path: path.stem)
def test_false_variants_fail_because_a_step_does_not_close(path):
    for variant in load(path).false_variants:
        with pytest.raises(Exception, match=r"cannot close|left over|contradiction") as caught:
            variant.attempt()
        assert type(caught.value).__name__ == "ProofError"
        assert isinstance(variant.counterexample, Refutation)


@pytest.mark.parametrize("path", PROOFS, ids=lambda path: path.stem)
def test_reports_are_written_in_text_and_latex(path):
    checked = check(path)
    plain = checked.derivation()
    long = [line for line in plain.splitlines() if len(line) > 80 and " " in line.strip()]
    assert not long
    assert checked.verdict.value in str(checked)
    assert "certificate" in plain
    assert "$" in checked.derivation(latex=True)


def test_every_expected_proof_is_there():
    assert EXPECTED.keys() <= {path.stem for path in PROOFS}
