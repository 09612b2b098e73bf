"""Small instances under whatever can be asked of them at once: options meet, two and three a time.

Each is answered, or refused in words. Both methods answer the same question; an answer is told on
every surface, and its file of proofs survives; a model is a page, and a file that another reader of
programs solves to the same value.
"""

import json
from dataclasses import replace

import highspy
import numpy as np
import pytest
from hypothesis import given, strategies as st
from tiers import examples

import adlopt as adl

MARKS = {"ETH": 3_000.0, "BTC": 60_000.0}
UNPROVED = "no whole lots; that there are none is not proved"


def maybe(rng, share):
    return rng.random() < share


def dollars(rng):
    n, scale = int(rng.integers(1, 7)), 10.0 ** rng.integers(-2, 7)
    capacity = np.round(rng.lognormal(0, 2, n) * scale, int(rng.integers(0, 5)))
    needed = np.round(capacity.sum() * rng.choice([0, 0.1, 0.3, 0.9, 1.0, 1.2]), 2)
    lot = np.round(rng.uniform(0.1, 9, n) * scale / 10, 2) + 0.01 if maybe(rng, 0.4) else None
    if lot is not None and maybe(rng, 0.7):
        needed = np.round((np.floor(np.floor(capacity / lot) * rng.random(n)) * lot).sum(), 6)
    equity = np.round(capacity * rng.lognormal(0, 1, n), 2) + rng.choice([0, 1.0])
    return adl.Round.of(
        capacity=capacity,
        equity=equity,
        lot=lot,
        deficit=max(float(needed), 0.01),
        needed=float(needed),
        tags={"desk": rng.choice(["makers", "funds", ""], n).tolist()},
    )


def contracts(rng):
    held = [
        (f"a{i}", coin, side, float(rng.integers(1, 9)), float(np.round(rng.uniform(0, 50), 2)))
        for i in range(int(rng.integers(1, 4)))
        for coin in MARKS
        for side in ("long", "short")
        if maybe(rng, 0.6)
    ]
    held = held or [("a0", "ETH", "long", 5.0, 3.0)]
    account, coin, side, size, value = zip(*held, strict=True)
    worth = float(np.dot(size, value))
    return adl.ContractRound.of(
        account=account,
        coin=coin,
        side=side,
        size=size,
        value=value,
        mark=[MARKS[c] for c in coin],
        equity=rng.integers(1_000, 100_000, len(set(account))).astype(float),
        deficit=max(worth, 1.0),
        needed=float(np.round(worth * rng.choice([0.1, 0.3, 0.6, 1]), 2)),
    )


def two_sides(rng):
    count = int(rng.integers(1, 4))
    coin, side = rng.choice(list(MARKS), count).tolist(), rng.choice(["long", "short"], count)
    mark = np.array([MARKS[c] for c in coin])
    gap = rng.choice([0.0, 5.0, 20.0], count) * np.where(side == "long", 1, -1)
    shed = adl.Shed(
        loser=[f"x{k}" for k in range(count)],
        coin=coin,
        side=side.tolist(),
        size=rng.integers(1, 6, count).astype(float),
        price=mark + gap,
        mark=mark,
    )
    return adl.TwoSidedRound(contracts(rng), shed)


def episode(rng):
    def one(t):
        accounts = rng.permutation(["a", "b", "c", "d"])[: int(rng.integers(1, 4))].tolist()
        capacity = np.round(rng.uniform(1, 100, len(accounts)), 2)
        needed = float(np.round(capacity.sum() * rng.choice([0.1, 0.3, 0.5]), 2))
        return adl.Round.of(
            t=t, account=accounts, capacity=capacity, deficit=needed + 1, needed=needed
        )

    return adl.Episode(name="e", rounds=[one(t) for t in range(1, int(rng.integers(2, 5)))])


def objective_of(thing, rng):
    loss = adl.Asymmetric(under=2.0, over=1.0, fair=float(rng.choice([0, 10, 1e3])))
    made = [adl.MinMax(), loss]
    if isinstance(thing, adl.TwoSidedRound):
        made = [adl.MinMax(), adl.Leximin(), adl.FewestAccounts()]
        made += [adl.KeepHedges(), adl.LeastLeverage()]
    elif isinstance(thing, adl.ContractRound):
        made = [adl.MinMax()]
    elif isinstance(thing, adl.Round):
        made += [adl.Leximin(), adl.FewestAccounts(), adl.TrackingFirst()]
        made.append(adl.CVaR(float(rng.choice([0.0, 0.5, 0.9, 1.0]))))
    found = made[int(rng.integers(len(made)))]
    if isinstance(thing, adl.Episode) or maybe(rng, 0.5):
        return found
    return replace(found, burden=adl.Burden.EQUITY)


def options_of(thing, rng):
    if isinstance(thing, adl.Episode):
        return {}
    start = getattr(thing, "winners", thing).start
    n, given = len(start.account), {}
    drawn = {
        "cap": np.round(rng.uniform(0, 1, n), 2).tolist(),
        "floor": np.round(rng.uniform(0, 0.3, n) * start.capacity, 2).tolist(),
        "tier": rng.integers(1, 3, n).tolist(),
        "weight": np.round(rng.uniform(0.5, 2, n), 2).tolist(),
        "ineligible": {start.account[0]: "vault"},
    }
    limits = {name: value for name, value in drawn.items() if maybe(rng, 0.15)}
    if limits:
        given["limits"] = adl.Limits(**limits)
    budgets = [adl.Budget.exact(), adl.Budget.at_least(), adl.Budget.band(1.0)]
    if maybe(rng, 0.3):
        given["budget"] = budgets[int(rng.integers(3))]
    if isinstance(thing, adl.TwoSidedRound):
        given["whole_lots"] = maybe(rng, 0.3)
    if isinstance(thing, adl.Round) and "makers" in start.tags["desk"] and maybe(rng, 0.4):
        share = float(rng.choice([0.1, 0.5, 0.9]))
        given["constraints"] = [adl.group("makers").gives_at_most(share=share)]
    return given


def drawn(seed):
    rng = np.random.default_rng(seed)
    made = [dollars, dollars, contracts, two_sides, episode][seed % 5](rng)
    return rng, made, objective_of(made, rng), options_of(made, rng)


def told(answer):
    """On every surface, as plain JSON."""
    assert len(repr(answer)) <= 300
    assert str(answer)
    assert answer._repr_html_().startswith("<table")
    assert answer.to_frame().columns
    return json.loads(json.dumps(answer.to_dict(), allow_nan=False))


def asked(find):
    """What is found, or why nothing is: refused in words, or a proof that was not found."""
    try:
        return find()
    except (adl.InputError, adl.InfeasibleRound, adl.SolverStopped) as error:
        return error


def is_answer(found):
    assert str(found)
    assert not isinstance(found, adl.SolverStopped) or UNPROVED in str(found)
    return not isinstance(found, Exception)


@examples(60)
@given(st.integers(0, 10**9))
def test_both_methods_answer_what_is_asked_and_tell_it_everywhere(tmp_path_factory, seed):
    _, thing, objective, options = drawn(seed)
    found = []
    for method in (adl.Method.AUTO, adl.Method.HIGHS):
        best = asked(lambda method=method: adl.solve(thing, objective, method=method, **options))
        found.append(best)
        if not is_answer(best):
            continue
        assert best.certificate.lower <= best.certificate.upper
        assert told(best)["certificate"]["lower"] == best.certificate.lower
        if best.question is not None:
            best.certificate_file(tmp_path_factory.mktemp("proofs") / "c.json")
    automatic, highs = found
    if not (is_answer(automatic) and is_answer(highs)):
        # HiGHS may be an option that does not fit; else both are answered, or neither.
        either = (adl.InputError, adl.SolverStopped)
        assert type(automatic) is type(highs) or isinstance(highs, either)
        return
    room = 1e-8 * max(1.0, abs(automatic.value))
    assert automatic.certificate.lower <= highs.certificate.upper + room
    assert highs.certificate.lower <= automatic.certificate.upper + room


def read_by_highs(path):
    solver = highspy.Highs()
    solver.silent()
    solver.readModel(str(path))
    solver.setOptionValue("mip_rel_gap", 0.0)
    solver.run()
    solved = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return solver.getInfo().objective_function_value if solved else None


@examples(40)
@given(st.integers(0, 10**9))
def test_a_model_is_a_page_a_file_and_takes_a_row(tmp_path_factory, seed):
    rng, thing, objective, options = drawn(seed)
    limits = {name: options[name] for name in ("limits",) if name in options}
    model = asked(lambda: adl.model(thing, objective, **limits))
    if not is_answer(model):
        return
    assert "subject to" in str(model)
    assert len(repr(model)) <= 300
    assert model._repr_html_().startswith("<table")
    folder = tmp_path_factory.mktemp("models")
    path, beside = model.write(folder / ("m.lp" if seed % 2 else "m.mps"))
    value = read_by_highs(path)
    best = asked(model.solve)
    if not is_answer(best):
        assert value is None or not isinstance(best, adl.InfeasibleRound)
        return
    # What a reader of a file takes as nothing, of up to 1e9 dollars.
    unit = json.loads(beside.read_text())["objective"]["unit"]
    assert value * unit == pytest.approx(best.value, rel=1e-5, abs=1e-5)
    if isinstance(thing, adl.Episode):
        return
    names = list(getattr(thing, "winners", thing).start.account)
    at = int(rng.integers(len(names)))
    gives = float(best.haircut[at])
    most = float(np.round(gives * rng.choice([0, 0.5, 1.0, 1.5]), 4))
    within = asked(lambda: model.solve(constraints=[model.haircut[names[at]] <= most]))
    if not is_answer(within):
        assert most < gives or isinstance(within, adl.InputError)
        return
    room = 1e-8 * max(1.0, abs(best.value))
    assert within.haircut[at] <= most * (1 + 1e-6) + 1e-5
    assert within.certificate.upper >= best.certificate.lower - room
    if most >= gives:
        assert within.certificate.lower <= best.certificate.upper + room
    told(within)
