"""Any multipliers prove a lower bound; the solver's own prove its optimum."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from adlopt.errors import CertificateError, InputError
from adlopt.optimum.core.certificate import Trust
from adlopt.optimum.opened.searched import check_rows
from adlopt.optimum.programs.highs import Infeasible, run
from adlopt.optimum.programs.program import Program, SparseRows
from adlopt.optimum.programs.weak_duality import lower_bound


@st.composite
def programs(draw):
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(1, 6)), int(rng.integers(1, 5))
    matrix = rng.integers(-3, 4, (m, n)) * rng.random((m, n))
    point = rng.random(n) * 4
    activity = matrix @ point
    rows = SparseRows()
    for i in range(m):
        ends = [(-np.inf, activity[i] + 0.5), (activity[i] - 0.5, np.inf), (activity[i],) * 2]
        low, high = ends[int(rng.integers(3))]
        kept = np.flatnonzero(matrix[i])
        rows.add(kept, matrix[i, kept], lower=low, upper=high)
    cost = rng.normal(size=n)
    return rows.program(cost=cost, lower=np.zeros(n), upper=np.full(n, 5.0)), rng, point


@given(programs())
def test_the_solvers_multipliers_prove_its_optimum_and_no_others_prove_more(drawn):
    program, rng, point = drawn
    answer = run(program)
    check_rows(program, answer.columns, 1e-9)
    value = float(program.cost @ answer.columns)
    for exact in (True, False):
        proven = lower_bound(program, answer.row_duals, exact=exact)
        assert proven.trust is (Trust.EXACT if exact else Trust.VERIFIED)
        assert value - 1e-6 <= proven.lower <= value + 1e-6
        for _ in range(5):
            noise = rng.normal(size=answer.row_duals.size) * rng.choice([1e-9, 1.0, 1e6])
            assert lower_bound(program, noise, exact=exact).lower <= value + 1e-6
    assert float(program.cost @ point) >= proven.lower


@given(programs())
def test_floats_never_claim_more_than_fractions(drawn):
    program, rng, _ = drawn
    y = rng.normal(size=program.row_lower.size) * 10.0 ** rng.integers(-6, 7)
    assert lower_bound(program, y, exact=False).lower <= lower_bound(program, y, exact=True).lower


def test_a_point_outside_is_refused():
    rows = SparseRows()
    rows.add([0, 1], [1.0, 1.0], lower=2.0)
    program = rows.program(cost=[1.0, 1.0], lower=[0.0, 0.0], upper=[3.0, 3.0])
    check_rows(program, np.array([1.0, 1.0]), 1e-9)
    for bad in ([0.5, 1.0], [4.0, 0.0], [-1.0, 3.0], [np.nan, 2.0]):
        with pytest.raises(CertificateError):
            check_rows(program, np.array(bad), 1e-9)


def test_infinite_columns_and_bad_multipliers_are_refused():
    program = Program(
        cost=[1.0], lower=[0.0], upper=[np.inf], row_lower=[2.0], row_upper=[np.inf],
        start=[0, 1], column=[0], coefficient=[1.0],
    )  # fmt: skip
    with pytest.raises(InputError, match="finite column bound"):
        lower_bound(program, np.array([1.0]))
    for bad in ([np.nan], [1.0, 2.0], [np.inf]):
        with pytest.raises(InputError, match="row_duals"):
            lower_bound(program, np.array(bad))


def test_an_empty_row_that_cannot_hold_is_infeasible():
    rows = SparseRows()
    rows.add([], [], lower=1.0)
    with pytest.raises(Infeasible):
        run(rows.program(cost=[1.0], lower=[0.0], upper=[1.0]))
