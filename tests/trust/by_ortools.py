"""Problems as they are defined, stated for OR-tools: GLOP solves the linear, CP-SAT the whole ones.

Nothing here is taken from `adlopt` but rounds, limits and constraints as a user gives them.
"""

import math

import numpy as np
from ortools.linear_solver import pywraplp
from ortools.sat.python import cp_model

import adlopt as adl

EQUITY, CAPACITY = adl.Burden.EQUITY, adl.Burden.CAPACITY
TIGHT = "primal_feasibility_tolerance: 1e-10 dual_feasibility_tolerance: 1e-10"
TRIED = TIGHT, f"{TIGHT} use_dual_simplex: true", f"{TIGHT} use_preprocessing: false", ""
"""Where GLOP calls a program abnormal it is asked otherwise."""
FREE = math.inf
MICRO_DOLLAR = 1e-6


class NoOracle(Exception):
    """GLOP has no answer: the instance says nothing."""


class Linear:
    """A linear program, or a mixed-integer one by SCIP, row by row."""

    def __init__(self, solver="GLOP"):
        self.solver, self.linear = pywraplp.Solver.CreateSolver(solver), solver == "GLOP"

    def column(self, low=0.0, high=FREE):
        return self.solver.NumVar(low, high, "")

    def columns(self, highs):
        return [self.column(0.0, float(high)) for high in highs]

    def bit(self):
        return self.solver.BoolVar("")

    def row(self, terms, low=-FREE, high=FREE):
        """low ≤ Σ coefficient · column ≤ high."""
        row = self.solver.Constraint(low, high)
        for factor, column in terms:
            row.SetCoefficient(column, row.GetCoefficient(column) + float(factor))

    def above(self, terms):
        """A column that is no less than a sum and than 0."""
        found = self.column()
        self.row([*terms, (-1.0, found)], high=0.0)
        return found

    def least(self, terms):
        """The optimum; None where there is no point at all."""
        goal = self.solver.Objective()
        goal.Clear()
        for factor, column in terms:
            goal.SetCoefficient(column, goal.GetCoefficient(column) + float(factor))
        goal.SetMinimization()
        status = pywraplp.Solver.ABNORMAL
        for parameters in TRIED if self.linear else ("",):
            self.solver.SetSolverSpecificParametersAsString(parameters)
            if status == pywraplp.Solver.ABNORMAL:
                status = self.solver.Solve()
        if status == pywraplp.Solver.INFEASIBLE:
            return None
        if status == pywraplp.Solver.ABNORMAL:
            raise NoOracle
        assert status == pywraplp.Solver.OPTIMAL, status
        return goal.Value()


def ones(columns):
    return [(1.0, column) for column in columns]


def amounts(dice, n, kinds=6):
    """Money as it comes: of one size, equal, with nothing, over eight decades, with dust."""
    kind = dice.integers(kinds)
    if kind == 0:
        return np.round(dice.lognormal(4.0, 1.0, n) + 0.01, 2)
    if kind == 1:
        return dice.choice([10.0, 20.0, 50.0], n)
    if kind == 2:
        return np.where(dice.random(n) < 0.3, 0.0, np.round(dice.lognormal(5.0, 1.0, n), 2))
    if kind == 3:
        return np.round(10 ** dice.uniform(-2, 6, n), 2) + 0.01
    if kind == 4:
        return np.where(dice.random(n) < 0.3, 1e-6, np.round(10 ** dice.uniform(1, 5, n), 2))
    return dice.lognormal(4.0, 2.0, n)


def start_of(dice, largest=10, kinds=6):
    n = int(dice.integers(1, largest + 1))
    capacity = amounts(dice, n, kinds)
    if not capacity.any():
        capacity[0] = 30.0
    equity = np.round(capacity * 10 ** dice.uniform(-1, 1.5, n) + 0.01, 2)
    if dice.random() < 0.3:
        equity[dice.integers(n)] = dice.choice([0.0, -5.0])
    return {"capacity": capacity, "equity": equity}


def some(dice, make, share=0.4):
    return make() if dice.random() < share else None


def limits_of(dice, capacity, equity, *, tiers=False, kinds=6):
    """Limits of every kind, and who may give how much."""
    n = capacity.size
    barred = {str(i + 1): "vault" for i in range(n) if dice.random() < 0.1}
    cap = some(
        dice, lambda: dice.choice([0.0, 0.25, 0.5, 0.9, 1.0], n, p=[0.1, 0.2, 0.2, 0.2, 0.3])
    )
    floor = some(dice, lambda: np.round(np.maximum(equity, 0) * dice.random(n) * 0.5, 2))
    weight = some(dice, lambda: np.where(dice.random(n) < 0.1, 0.0, amounts(dice, n, kinds)), 0.25)
    tier = dice.integers(0, 3, n) if tiers else None
    limits = adl.Limits(ineligible=barred, cap=cap, floor=floor, weight=weight, tier=tier)
    most = np.array(capacity)
    if cap is not None:
        most = np.minimum(most, cap * capacity)
    if floor is not None:
        most = np.minimum(most, np.maximum(equity - floor, 0.0))
    most[[int(name) - 1 for name in barred]] = 0.0
    return limits, most


def weights_of(objective, limits, capacity, equity):
    if limits.weight is not None:
        return limits.weight
    base = capacity if objective.burden is CAPACITY else np.maximum(equity, 0.0)
    return base + objective.epsilon


def needed_of(dice, reach):
    """Within reach mostly; all of it, nothing, dust, or too much now and then."""
    share = dice.choice(
        [dice.uniform(0.02, 0.98), 1.0, 0.0, 1e-5, 1.3], p=[0.8, 0.05, 0.05, 0.05, 0.05]
    )
    needed = float(share * reach) if share != 1.0 else reach
    return needed if needed >= MICRO_DOLLAR else 0.0


def meets(best, theirs, unit=1.0, tolerance=1e-6, *, ours=None):
    """Ours beside theirs; what is proved is no more than theirs, and the claim is ours."""
    proved = best.certificate
    ours = proved.upper if ours is None else ours
    room = tolerance * max(abs(theirs), 1e-6 * unit) + 1e-9 * unit
    assert proved.lower <= proved.upper * (1 + 1e-9), (proved.lower, proved.upper)
    assert proved.lower <= theirs + room, (proved, theirs)
    return ours, theirs, room


def refused(solve):
    """The answer, or None where it is called infeasible."""
    try:
        return solve()
    except adl.InfeasibleRound:
        return None


def shared(lp, most, weight, unit):
    """Haircuts in units, and the worst burden of as many dollars of all weights."""
    may = np.where(weight > 0, most, 0.0) / unit
    x, z = lp.columns(may), lp.column()
    scale = max(float(weight.sum()), 1e-9)
    for column, w in zip(x, weight, strict=True):
        if w > 0:
            lp.row([(1.0, column), (-w / scale, z)], high=0.0)
    return x, z, scale


class Whole:
    """CP-SAT over lots of positions: money in cents, burdens whole in one unit."""

    def __init__(self, owner, value, most, cap, factor):
        self.owner, self.value, self.most, self.cap, self.factor = owner, value, most, cap, factor

    def model(self, among, least, highest, rows=()):
        model = cp_model.CpModel()
        lots = [
            model.new_int_var(0, int(k) if among(i) else 0, "")
            for k, i in zip(self.most, self.owner, strict=True)
        ]
        taken = []
        for i, cap in enumerate(self.cap):
            x = sum(
                int(v) * k for v, k, o in zip(self.value, lots, self.owner, strict=True) if o == i
            )
            taken.append(x)
            model.add(x <= (int(cap) if self.factor[i] else 0))
        total = sum(taken)
        if least is not None:
            model.add(total >= least)
        if highest is not None:
            model.add(total <= highest)
        for mine, share, low, high in rows:
            row = 100 * sum(taken[i] for i in mine) - share * total
            if low is not None:
                model.add(row >= 100 * low)
            if high is not None:
                model.add(row <= 100 * high)
        worst = model.new_int_var(0, 2**50, "")
        for x, factor in zip(taken, self.factor, strict=True):
            model.add(worst >= int(factor) * x)
        return model, total, worst


def found_by_sat(model, cost, *, most=False):
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    (model.maximize if most else model.minimize)(cost)
    status = solver.solve(model)
    assert status in (cp_model.OPTIMAL, cp_model.INFEASIBLE)
    return round(solver.objective_value) if status == cp_model.OPTIMAL else None
