"""HiGHS and the automatic answer at 1, 8, 12 and 20 decades of money: equal, or an interval."""

import numpy as np
import pytest

import adlopt as adl

DECADES = (1, 8, 12, 20)
MOST = 9e14
EQUITY = adl.Burden.EQUITY
SMALLEST = 1e-6


def amounts(rng, decades, n):
    lowest = -6 if decades == max(DECADES) else 2 - decades / 2
    return np.round(np.maximum(10 ** (rng.uniform(0, decades, n) + lowest), SMALLEST), 6)


def dollars(rng, decades):
    n = int(rng.integers(1, 30))
    capacity = amounts(rng, decades, n)
    apart = rng.random() < 0.5
    equity = amounts(rng, decades, n) if apart else capacity * 10 ** rng.uniform(-1, 4, n)
    return adl.Round.of(
        capacity=capacity,
        deficit=1.0,
        needed=float(capacity.sum() * rng.uniform(0.01, 0.99)),
        equity=np.minimum(equity, MOST),
    )


def lots(rng, decades):
    n = int(rng.integers(1, 7))
    lot = np.minimum(amounts(rng, decades, n), 1e11)
    most = rng.integers(0, 6, n)
    return adl.Round.of(
        capacity=lot * most,
        deficit=1.0,
        needed=float(np.round(lot @ rng.integers(0, most + 1), 6)),
        equity=np.minimum(lot * (1 + most) * 10 ** rng.uniform(-1, 4, n), MOST),
        lot=lot,
    )


def priced(round_, rng):
    fair = max(round_.needed, SMALLEST) * float(rng.uniform(0.01, 5))
    return adl.Asymmetric(under=1.0, over=1.5, fair=fair, burden=EQUITY)


OBJECTIVES = {
    "min-max": lambda *_: adl.MinMax(burden=EQUITY),
    "priced": priced,
    "empirical": lambda _, rng: adl.Empirical(
        weight=float(rng.uniform(0.01, 3)), reference=float(rng.uniform(0, 0.1)), excess_only=True
    ),
    "leximin": lambda *_: adl.Leximin(),
    "fewest": lambda *_: adl.FewestAccounts(),
    "tracking": lambda *_: adl.TrackingFirst(),
    "cvar": lambda _, rng: adl.CVaR(float(rng.uniform(0, 0.95))),
}
IN_LOTS = ("min-max", "priced", "leximin", "fewest", "tracking")


def answer(round_, objective, method, **options):
    try:
        return adl.solve(round_, objective, method=method, **options)
    except (adl.InfeasibleRound, adl.InputError) as refusal:
        return type(refusal)


def agree(ours, theirs):
    """Whether two answers can both be true; refusals are equal."""
    if isinstance(ours, type) or isinstance(theirs, type):
        return ours is theirs
    one, other = ours.certificate, theirs.certificate
    slack = 1e-9 * one.upper + one.rounding + other.rounding + 1e-12
    meet = one.lower <= other.upper + slack and other.lower <= one.upper + slack
    for known, said in zip(ours.stages, theirs.stages, strict=False):
        if one.upper == other.upper:
            meet &= said.certificate.lower <= known.value * (1 + 1e-9) + 1e-12
    return meet


def both(round_, objective, **options):
    found = [answer(round_, objective, m, **options) for m in (adl.Method.AUTO, adl.Method.HIGHS)]
    assert agree(*found), (round_, objective, found)
    return found[1]


@pytest.mark.parametrize("decades", DECADES)
@pytest.mark.parametrize("name", OBJECTIVES)
def test_dollars_agree(name, decades):
    rng = np.random.default_rng([len(name), decades])
    proven = 0
    for _ in range(20):
        round_ = dollars(rng, decades)
        proven += both(round_, OBJECTIVES[name](round_, rng)).certificate.proven
    assert proven == 20


@pytest.mark.parametrize("decades", DECADES)
@pytest.mark.parametrize("name", IN_LOTS)
def test_lots_agree(name, decades):
    rng = np.random.default_rng([len(name), decades])
    for _ in range(6):
        round_ = lots(rng, decades)
        both(round_, OBJECTIVES[name](round_, rng))


@pytest.mark.parametrize("decades", DECADES)
@pytest.mark.parametrize("width", ["at least", "band"])
def test_lots_that_may_raise_more_agree(width, decades):
    rng = np.random.default_rng(decades)
    for _ in range(6):
        round_ = lots(rng, decades)
        extra = round(float(round_.start.lot.max() * rng.random()), 6)
        budget = adl.Budget.at_least() if width == "at least" else adl.Budget.band(extra)
        both(round_, adl.MinMax(burden=EQUITY), budget=budget)
        both(adl.ContractRound.of_wealth(round_), adl.MinMax(burden=EQUITY), budget=budget)


def test_a_wrong_answer_would_be_seen():
    round_ = adl.Round.of(capacity=[30.0, 30.0], deficit=1.0, needed=30.0)
    half, more = adl.solve(round_), adl.solve(adl.Round.of(capacity=[30], deficit=1, needed=20))
    assert not agree(half, more)
    assert not agree(half, adl.InfeasibleRound)


def test_a_solver_that_lies_changes_no_claim(monkeypatch):
    """Columns and duals of noise: the interval that is stated still has the optimum in it."""
    from adlopt.optimum.dollars import tail_burden
    from adlopt.optimum.programs import highs, patterns

    rng = np.random.default_rng(3)

    def noise(program, **_):
        return highs.RawAnswer(
            columns=rng.uniform(0.0, 1.0, program.cost.size),
            row_duals=rng.normal(0.0, 1.0, program.row_lower.size) ** 3,
            bound=1e9,
            stopped=adl.Stopped.OPTIMAL,
            method=adl.Method.HIGHS,
        )

    for room in (patterns, tail_burden):
        monkeypatch.setattr(room, "run", noise)
    for name in ("min-max", "priced", "leximin", "tracking", "cvar"):
        for _ in range(20):
            round_ = dollars(rng, 8)
            both(round_, OBJECTIVES[name](round_, rng))


def test_a_solver_that_never_answers_leaves_what_is_known(monkeypatch):
    from adlopt.optimum.dollars import tail_burden
    from adlopt.optimum.lots import milp
    from adlopt.optimum.programs import patterns

    def late(*_, **__):
        raise adl.SolverStopped("too late")

    for room in (patterns, milp, tail_burden):
        monkeypatch.setattr(room, "run", late)
    rng = np.random.default_rng(4)
    for name in ("min-max", "priced", "leximin", "fewest", "tracking", "cvar"):
        round_ = dollars(rng, 8)
        best = both(round_, OBJECTIVES[name](round_, rng))
        assert best.stopped is adl.Stopped.LIMIT


@pytest.mark.parametrize("decades", DECADES)
@pytest.mark.parametrize("name", ["min-max", "priced"])
def test_episodes_agree(name, decades):
    rng = np.random.default_rng([len(name), decades])
    for _ in range(6):
        n, rounds = int(rng.integers(2, 8)), int(rng.integers(1, 4))
        capacity = amounts(rng, decades, n)
        each = [
            adl.Round.of(
                t=t,
                account=[f"a{i}" for i in range(n)],
                capacity=capacity,
                deficit=1.0,
                needed=float(capacity.sum() * rng.uniform(0.05, 0.9) / rounds),
                equity=np.minimum(capacity * 10 ** rng.uniform(0, 3, n), MOST),
            )
            for t in range(1, rounds + 1)
        ]
        both(adl.Episode(name="made", rounds=each), OBJECTIVES[name](each[0], rng))


@pytest.mark.nightly("500 rounds an objective at each of four scales")
@pytest.mark.parametrize("decades", DECADES)
@pytest.mark.parametrize("name", OBJECTIVES)
def test_five_hundred_rounds_agree(name, decades):
    rng = np.random.default_rng([len(name), decades, 500])
    for k in range(500):
        round_ = lots(rng, decades) if k % 10 == 0 and name in IN_LOTS else dollars(rng, decades)
        both(round_, OBJECTIVES[name](round_, rng))
