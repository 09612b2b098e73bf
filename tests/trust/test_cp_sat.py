"""Rounds in whole lots against OR-tools CP-SAT: whole numbers on both sides, and no difference.

Money is in cents, and weights are such that every burden is a whole number of the same unit.
"""

import numpy as np
import pytest
from ortools.sat.python import cp_model
from tiers import NIGHTLY

import adlopt as adl
from adlopt.optimum.dollars import fewest

EQUITY = adl.Burden.EQUITY
MANY, SOME = (2_000, 400) if NIGHTLY else (200, 25)
FIRST = 10**11
"""Weight of a first criterion: no burden of these rounds is as large."""


class Lots:
    """A round: cents a lot, lots, and burdens of 24 over `weight`, a cent."""

    def __init__(self, seed, accounts=14, lots=30):
        self.dice = dice = np.random.default_rng(seed)
        n = int(dice.integers(1, accounts + 1))
        coarse = int(10 ** dice.uniform(1.0, 4.0))
        self.lot = int(dice.choice([1, 1, 5, 25])) * dice.integers(1, coarse + 1, n)
        self.most = dice.integers(0, int(dice.choice([2, 4, lots])) + 1, n)
        self.factor = 24 // dice.choice([1, 2, 3, 4, 6, 8, 12, 24], n)
        self.larger = int(dice.integers(1, 30))
        some = int(self.lot @ dice.integers(0, self.most + 1))
        anything = int(dice.integers(0, int(self.lot @ self.most) + 2))
        self.needed = some if dice.random() < 0.5 else anything

    def solve(self, objective, **options):
        """Lots of the optimum, and the optimum; None where it is refused."""
        spare = self.dice.integers(0, self.lot)
        round_ = adl.Round.of(
            capacity=(self.lot * self.most + spare) / 100,
            equity=24.0 * self.larger / self.factor,
            lot=self.lot / 100,
            needed=self.needed / 100,
            deficit=1.0,
        )
        try:
            best = adl.solve(round_, objective, **options)
        except adl.InfeasibleRound:
            return None
        lots = np.rint(best.haircut * 100 / self.lot).astype(int)
        assert (lots * self.lot / 100 == best.haircut).all()
        assert (lots <= self.most).all()
        assert best.certificate.lower <= best.certificate.upper
        return lots, best

    def burden(self, lots):
        return int((self.lot * lots * self.factor).max())

    def model(self, least=None, highest=None):
        """CP-SAT's round: a model, lots, cents raised and the worst burden."""
        model = cp_model.CpModel()
        lots = [model.new_int_var(0, int(k), "") for k in self.most]
        raised = sum(int(g) * k for g, k in zip(self.lot, lots, strict=True))
        worst = model.new_int_var(0, FIRST - 1, "")
        for unit, k in zip((self.lot * self.factor).tolist(), lots, strict=True):
            model.add(worst >= unit * k)
        if least is not None:
            model.add(raised >= least)
        if highest is not None:
            model.add(raised <= highest)
        return model, lots, raised, worst


def least(model, cost):
    """What CP-SAT proves the least, or None where there is nothing."""
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    model.minimize(cost)
    status = solver.solve(model)
    assert status in (cp_model.OPTIMAL, cp_model.INFEASIBLE)
    return int(solver.value(cost)) if status == cp_model.OPTIMAL else None


def check_burden(seed, budget, highest):
    made = Lots(seed)
    model, _, _, worst = made.model(made.needed, highest(made.needed))
    expected, found = least(model, worst), made.solve(adl.MinMax(burden=EQUITY), budget=budget)
    assert (found is None) == (expected is None)
    if found is not None:
        lots, best = found
        assert made.burden(lots) == expected
        assert best.certificate.proven, best
        raised = int(made.lot @ lots)
        assert made.needed <= raised
        assert highest(made.needed) is None or raised <= highest(made.needed)


def test_the_worst_burden_of_lots_that_meet_a_budget_is_the_least():
    for seed in range(MANY):
        check_burden(seed, adl.Budget.exact(), lambda needed: needed)


def test_in_a_band_too():
    for seed in range(SOME):
        width = int(np.random.default_rng(seed).integers(1, 200))
        check_burden(10_000 + seed, adl.Budget.band(width / 100), lambda b, w=width: b + w)


def test_and_where_more_may_be_raised():
    for seed in range(SOME):
        check_burden(20_000 + seed, adl.Budget.at_least(), lambda _: None)


@pytest.mark.parametrize("by_bits", [False, True])
def test_the_fewest_accounts_and_then_their_worst_burden_are_least(by_bits, monkeypatch):
    if by_bits:
        monkeypatch.setattr(fewest, "LISTED", 1)
        monkeypatch.setattr(fewest, "room_for_all", lambda _: 0)
    for seed in range(SOME):
        made = Lots(30_000 + seed)
        model, counts, _, worst = made.model(made.needed, made.needed)
        touched = [model.new_bool_var("") for _ in counts]
        for k, most, on in zip(counts, made.most.tolist(), touched, strict=True):
            model.add(k <= most * on)
        expected = least(model, FIRST * sum(touched) + worst)
        found = made.solve(adl.FewestAccounts(burden=EQUITY))
        assert (found is None) == (expected is None)
        if found is not None:
            lots, best = found
            assert FIRST * int(np.count_nonzero(lots)) + made.burden(lots) == expected, best
            assert best.optimal, best


def test_what_is_missed_and_then_the_worst_burden_are_least():
    for seed in range(SOME):
        made = Lots(40_000 + seed)
        model, _, raised, worst = made.model()
        missed = model.new_int_var(0, 10**7, "")
        model.add(missed >= raised - made.needed)
        model.add(missed >= made.needed - raised)
        expected = least(model, FIRST * missed + worst)
        lots, best = made.solve(adl.TrackingFirst(burden=EQUITY))
        apart = abs(int(made.lot @ lots) - made.needed)
        assert FIRST * apart + made.burden(lots) == expected, best


def test_the_mean_burden_of_the_most_burdened_is_least():
    proofs = []
    for seed in range(SOME):
        made = Lots(60_000 + seed, accounts=7, lots=4)
        n = made.lot.size
        few = int(made.dice.integers(1, n + 1))
        model, counts, _, _ = made.model(made.needed, made.needed)
        tail, above = model.new_int_var(0, FIRST, ""), []
        for unit, k in zip((made.lot * made.factor).tolist(), counts, strict=True):
            above.append(model.new_int_var(0, FIRST, ""))
            model.add(above[-1] >= unit * k - tail)
        expected = least(model, few * tail + sum(above))
        found = made.solve(adl.CVaR(1 - few / n, burden=EQUITY))
        assert (found is None) == (expected is None)
        if found is not None:
            lots, best = found
            largest = np.sort(made.lot * lots * made.factor)[::-1][:few]
            assert int(largest.sum()) == expected, best
            assert best.optimal or best.certificate.trust is adl.Trust.REPORTED, best
            proofs.append(best.certificate.proven)
    assert sum(proofs) > len(proofs) / 2, "a tree proves most of so small ones"


@pytest.mark.parametrize("fair", [0, 1, 100, 10_000])
def test_priced_lots_cost_least(fair):
    for seed in range(SOME):
        made = Lots(50_000 + seed)
        under, over = made.dice.integers(1, 9, 2).tolist()
        model, _, raised, worst = made.model()
        # A burden is so many 2,400ths of `larger`, and money so many hundredths of a dollar.
        short, beyond = (model.new_int_var(0, 10**8, "") for _ in "ab")
        model.add(short - beyond == made.needed - raised)
        unit = 24 * made.larger
        expected = least(model, unit * (under * short + over * beyond) + fair * worst)
        lots, best = made.solve(adl.Asymmetric(under=under, over=over, fair=fair, burden=EQUITY))
        missing = made.needed - int(made.lot @ lots)
        price = under * max(missing, 0) + over * max(-missing, 0)
        assert unit * price + fair * made.burden(lots) == expected, best
        assert best.certificate.proven, best
