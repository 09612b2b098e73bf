"""Objectives of one's own: affine ones proved, curved ones reported; by name, and refused."""

from dataclasses import dataclass

import cvxpy as cp
import numpy as np
import pytest

import adlopt as adl
from adlopt.optimum.objective_registry import OBJECTIVES
from adlopt.optimum.opened.model import register

ROUND = adl.Round.of(
    account=["ann", "bob", "cat"],
    capacity=[120.0, 80.0, 40.0],
    equity=[240.0, 90.0, 400.0],
    deficit=300.0,
    needed=100.0,
)


@dataclass(frozen=True)
class Own:
    """The worst burden, and a price of each dollar from each account."""

    price: tuple[float, ...] = (0.001, 0.0, 0.004)
    worst = adl.MinMax(burden=adl.Burden.EQUITY)

    def cost(self, haircut, burden, raised):
        return burden + np.array(self.price) @ haircut


@dataclass(frozen=True)
class Soft:
    """No budget: what is missed costs its square."""

    fair: float = 100.0
    worst = adl.MinMax()
    exact = False

    def cost(self, haircut, burden, raised):
        return cp.square(raised - 100.0) / 100 + self.fair * burden


def test_an_affine_objective_is_proved_like_any_other():
    best = adl.solve(ROUND, Own())
    x, z = cp.Variable(3, nonneg=True), cp.Variable()
    rows = [x <= ROUND.start.capacity, x <= ROUND.start.equity * z, cp.sum(x) == 100]
    other = cp.Problem(cp.Minimize(z + np.array(Own().price) @ x), rows).solve(solver=cp.HIGHS)
    assert best.value == pytest.approx(float(other), rel=1e-6)
    assert best.optimal
    assert best.certificate.trust is adl.Trust.EXACT
    held = adl.solve(ROUND, Own(), constraints=[adl.group(account=["ann"]).gives_at_most(usd=10)])
    assert held.haircut[0] <= 10 * (1 + 1e-9)
    assert held.optimal
    assert held.value > best.value
    prices = (0.0, 0.0, 0.0)
    assert adl.solve(ROUND, Own(price=prices)).value == pytest.approx(
        adl.solve(ROUND, Own.worst).value
    )


def test_a_curved_objective_is_reported():
    best = adl.solve(ROUND, Soft())
    # Pro-rata raises H at burden H / 240; d/dH: 2 (H − 100) / 100 + 100 / 240 = 0.
    assert best.raised == pytest.approx(100 - 50 * 100 / 240, rel=1e-4)
    assert best.certificate.trust is adl.Trust.REPORTED
    assert best.method is adl.Method.CLARABEL
    m = adl.model(ROUND, Soft())
    held = m.solve([m.raised >= 90])
    assert held.raised == pytest.approx(90.0, rel=1e-5)


def test_a_registered_objective_has_a_name_in_files_and_on_the_command_line(tmp_path, run):
    try:
        register("own", Own)
        path = tmp_path / "round.toml"
        path.write_text(
            'deficit = 300.0\nneeded = 100.0\n[loss]\nkind = "own"\nprice = [0.0, 0.0]\n'
            '[[account]]\nid = "a"\ncapacity = 120.0\nequity = 240.0\n'
            '[[account]]\nid = "b"\ncapacity = 80.0\nequity = 90.0\n'
        )
        assert adl.solve(adl.read(path)).value == pytest.approx(100 / 330)
    finally:
        OBJECTIVES.pop("own", None)
    mine = tmp_path / "mine.py"
    mine.write_text(
        "import adlopt as adl\n"
        "class Cheap:\n"
        "    worst = adl.MinMax()\n"
        "    def cost(self, haircut, burden, raised):\n"
        "        return burden + 0.5 * haircut[0]\n"
    )
    path.write_text(path.read_text().replace('[loss]\nkind = "own"\nprice = [0.0, 0.0]\n', ""))
    try:
        code, out, err = run("solve", "round.toml", "--objective", "mine.py:Cheap")
        assert code == 0, err
        assert "Offline optimum" in out
    finally:
        OBJECTIVES.pop("Cheap", None)


class Bad(Own):
    """Stated wrongly."""

    def __init__(self, cost):
        object.__setattr__(self, "cost", cost)
        object.__setattr__(self, "price", ())


@pytest.mark.parametrize(
    ("cost", "words"),
    [
        (lambda x, z, h: 3.0, "a convex cvxpy expression"),
        (lambda x, z, h: -cp.square(z), "a convex cvxpy expression"),
        (lambda x, z, h: x, "of one number"),
        (lambda x, z, h: h - z, "does not fall as the burden rises"),
        (lambda x, z, h: z + 1, "without the constant"),
        (lambda x, z, h: z - h, "at least 0"),
    ],
)
def test_what_is_no_objective_is_refused_by_name(cost, words):
    with pytest.raises(adl.InputError, match=words):
        adl.solve(ROUND, Bad(cost))


def test_names_that_are_taken_are_refused():
    with pytest.raises(adl.InputError, match="no objective has"):
        register("leximin", Own)
    with pytest.raises(adl.InputError, match="with `cost"):
        register("other", dict)
