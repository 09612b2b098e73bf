"""The closed loop: nothing appears or vanishes, equal seeds give equal bits, choices matter."""

import json
import math
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, strategies as st
from tiers import examples

import adlopt as adl
from adlopt.data.files import read_episode, write_episode
from adlopt.errors import BadHaircut, CertificateError, InputError
from adlopt.model.market import Accounts, Coins, Market, OpenPositions
from adlopt.policies import grammar
from adlopt.rules import VENUES
from adlopt.show.comparison import render
from adlopt.studies.simulation import Scenario, compare, simulate
from adlopt.studies.simulation.adl_round import deleverage_now
from adlopt.studies.simulation.double_entry import Ledger
from adlopt.studies.simulation.venue import MOST_MOVE, Venue, execute
from adlopt.studies.simulation.world import BOOK, CRASH, FUND, OUTSIDE, UNPAID, draw

from ..cli.test_cli import folder, run, strict_json, widest  # noqa: F401

GUIDE = Path(adl.__file__).parents[1] / "examples/guide/rules.md"
POLICIES = ("do-nothing", "constant:1+pro-rata", "persistence+queue:leverage", "estimate+min-max")
SMALL = Scenario(accounts=40, coins=2, steps=20, fund=0.0)
SCENARIOS = st.builds(
    Scenario,
    accounts=st.integers(2, 40),
    coins=st.integers(1, 3),
    steps=st.integers(1, 12),
    shock=st.floats(-2.5, 0.9),
    volatility=st.floats(0.0, 0.1),
    depth=st.sampled_from([0.0, 0.001, 0.02, 1.0]),
    fund=st.sampled_from([0.0, 0.001, 0.1]),
    leverage=st.floats(1.0, 50.0),
    churn=st.sampled_from([0.0, 8.0, 1e6]),
)


class Clerk:
    """Keeps the books a second time, in Python's own integers, from what is exchanged and paid."""

    def __init__(self, monkeypatch):
        self.entries = []
        for name in ("exchange", "pay"):
            original = getattr(Ledger, name)

            def spy(ledger, *args, _name=name, _original=original, **kwargs):
                self.entries.append((_name, *map(_plain, (*args, *kwargs.values()))))
                return _original(ledger, *args, **kwargs)

            monkeypatch.setattr(Ledger, name, spy)

    def agrees(self, start, end):
        cash, lots = start.cash.tolist(), start.lots.tolist()
        for kind, *entry in self.entries:
            if kind == "pay":
                cash = [have + got for have, got in zip(cash, entry[0], strict=True)]
                continue
            coin, bought, price = entry
            for i, q in enumerate(bought):
                cash[i] -= q * price
                lots[i][coin] += q
        return cash == end.cash.tolist() and lots == end.lots.tolist()


def _plain(value):
    return value.tolist() if isinstance(value, np.ndarray) else value


@pytest.mark.parametrize("name", [*VENUES, *POLICIES])
@examples(12)
@given(scenario=SCENARIOS, seed=st.integers(0, 2**40))
def test_no_dollar_and_no_lot_appears_or_vanishes(name, scenario, seed):
    with pytest.MonkeyPatch.context() as patch:
        start = draw(scenario, seed).ledger
        clerk = Clerk(patch)
        done = simulate(name, scenario, seed=seed)
    end = done.ledger
    assert sum(end.cash.tolist()) == sum(start.cash.tolist())
    assert [sum(column) for column in end.lots.T.tolist()] == [0] * scenario.coins
    assert clerk.agrees(start, end)
    assert end.cash[UNPAID] <= 0 <= end.cash[OUTSIDE]
    assert not end.lots[[UNPAID, OUTSIDE]].any()
    outcome = done.outcome
    assert outcome.touched <= scenario.accounts + 1
    assert outcome.hedges_broken <= outcome.touched
    assert outcome.deficit_left >= -int(end.cash[UNPAID]) / 1e6
    assert all(math.isfinite(value) and value >= 0 for value in msgspec.structs.astuple(outcome))
    assert len(done.rounds) == len(done.raised) == outcome.rounds


@pytest.mark.parametrize("name", ["hyperliquid", "dydx-v4", "persistence+pro-rata"])
def test_equal_seeds_give_equal_bits(name):
    first, again = (simulate(name, SMALL, seed=5) for _ in range(2))
    assert first.outcome == again.outcome
    assert first.ledger.cash.tobytes() == again.ledger.cash.tobytes()
    assert first.ledger.basis.tobytes() == again.ledger.basis.tobytes()
    for one, other in zip(first.rounds, again.rounds, strict=True):
        assert one.start.capacity.tobytes() == other.start.capacity.tobytes()
        assert one.needed == other.needed
    assert simulate(name, SMALL, seed=6).outcome != first.outcome


def test_policies_meet_the_same_world_until_they_act_and_another_one_afterwards():
    runs = [simulate(name, SMALL, seed=2) for name in POLICIES]
    first = runs[0].rounds[0].start
    for other in runs[1:]:
        assert other.rounds[0].start.capacity.tobytes() == first.capacity.tobytes()
        assert other.rounds[0].start.account == first.account
    later = [[r.start.total_capacity for r in done.rounds[1:]] for done in runs]
    assert later[0] != later[1] != later[2] != later[0]


def test_the_loop_is_open_without_any_channel():
    """With haircuts that are never taken, only what happens without users is left."""
    nothing = simulate("do-nothing", SMALL, seed=2)
    same = simulate(adl.policy(lambda start: 0 * start.capacity), SMALL, seed=2)
    assert nothing.ledger.cash.tobytes() == same.ledger.cash.tobytes()


def test_who_gives_much_leaves_and_takes_the_book_along():
    staying = Scenario(accounts=80, steps=25, fund=0.0, churn=0.0)
    leaving = Scenario(accounts=80, steps=25, fund=0.0, churn=1e6)
    for seed in range(3):
        stayed = simulate("constant:1+pro-rata", staying, seed=seed)
        left = simulate("constant:1+pro-rata", leaving, seed=seed)
        assert left.outcome.left > stayed.outcome.left
        assert left.rounds[0].start.total_capacity == stayed.rounds[0].start.total_capacity


def test_a_haircut_brings_liquidation_nearer():
    """An account just above maintenance margin is liquidated if something is taken from it."""
    quiet = Scenario(accounts=30, shock=0.0, volatility=0.0)
    for take in (False, True):
        venue = Venue.of(draw(quiet, 3))
        n = venue.leaving.size
        need = np.abs(venue.ledger.lots[:n]) @ (venue.mark * venue.world.maintenance)
        spare = np.floor(venue.value[:n] - need).astype(np.int64)
        i = int(np.argmax(spare))
        taken = np.zeros_like(venue.ledger.cash)
        taken[i], taken[FUND] = -(spare[i] + 10) * take, (spare[i] + 10) * take
        venue.ledger.pay(taken)
        venue.liquidate()
        assert bool(venue.liquidated[i]) is take


def test_what_is_sold_moves_the_mark_and_fades():
    venue = Venue.of(draw(Scenario(accounts=30, shock=0.0, volatility=0.0), 3))
    venue.leaving[np.argmax(venue.ledger.lots[:30, 0])] = True
    before = venue.mark.copy()
    venue.liquidate()
    moved = venue.mark
    assert moved[0] < before[0]
    venue.move(0)
    assert moved[0] < venue.mark[0] < before[0]


def test_those_who_are_gone_provide_no_liquidity():
    venue = Venue.of(draw(Scenario(accounts=30), 3))
    full = venue.depth(venue.value)
    venue.ledger.exchange(0, _close(venue, range(10), 0), int(venue.mark[0]))
    assert venue.depth(venue.value)[0] < full[0]
    assert venue.depth(venue.value)[1] == full[1]


def _close(venue, rows, coin):
    bought = np.zeros_like(venue.ledger.cash)
    for row in rows:
        bought[row] = -venue.ledger.lots[row, coin]
    bought[BOOK] = -bought.sum()
    return bought


def test_offline_scores_of_a_memoryless_policy_are_those_of_its_run():
    done = simulate("constant:0.7+pro-rata", SMALL, seed=4)
    episode = done.episode()
    board = adl.play(episode, ["constant:0.7+pro-rata"])
    played = next(r for r in board.runs if r.policy == "constant:0.7+pro-rata")
    assert played.haircut == pytest.approx(np.array(done.raised), abs=1e-3)
    assert board["constant:0.7+pro-rata"].tracking == pytest.approx(done.outcome.loss, abs=1e-2)
    recorded = episode.recorded_run("constant:0.7+pro-rata (closed loop)")
    assert recorded.information is adl.Information.ROUND_START


def test_the_exported_episode_survives_its_file(tmp_path):
    episode = simulate("hyperliquid", SMALL, seed=4).episode()
    write_episode(episode, tmp_path / "run.json")
    again = read_episode(tmp_path / "run.json")
    assert again.needed.tolist() == episode.needed.tolist()
    assert again.rounds[0].start.account == episode.rounds[0].start.account


@dataclass(frozen=True)
class Witness:
    """Takes everything allowed, or whatever it is told, and writes down what it is shown."""

    seen: list
    factor: float = 1.0
    name: str = "witness"
    information: adl.Information = adl.Information.ROUND_START

    def begin(self):
        return 0

    def decide(self, state, start):
        self.seen.append(("decide", start.t, state))
        share = min(start.deficit / start.total_capacity, 1.0)
        return self.factor * share * start.capacity

    def learn(self, state, start, haircut, outcome):
        self.seen.append(("learn", start.t, outcome.needed))
        return state + 1


def test_outcomes_are_shown_after_decisions_and_before_the_next():
    witness = Witness([])
    done = simulate(witness, SMALL, seed=4)
    decided = [t for what, t, _ in witness.seen if what == "decide"]
    learnt = [(t, needed) for what, t, needed in witness.seen if what == "learn"]
    assert decided == list(range(1, len(done.rounds) + 1))
    assert learnt == [(r.start.t, r.needed) for r in done.rounds][: len(learnt)]
    assert len(learnt) >= len(decided) - 1
    assert [what for what, *_ in witness.seen][:3] == ["decide", "learn", "decide"]
    assert all(state == t - 1 for what, t, state in witness.seen if what == "decide")


def test_a_policy_may_not_take_more_than_profits():
    with pytest.raises(BadHaircut, match=r"^policy 'witness' takes"):
        simulate(Witness([], factor=1e9), SMALL, seed=4)


@pytest.mark.parametrize(("fund", "unpaid"), [(10, 0), (3, 4)])
def test_the_fund_pays_debts_that_outlive_all_positions(fund, unpaid):
    venue = Venue.of(draw(Scenario(accounts=5, coins=1), 3))
    venue.ledger.exchange(0, _close(venue, range(5), 0), int(venue.mark[0]))
    change = np.zeros_like(venue.ledger.cash)
    change[1] = -venue.ledger.cash[1] - 7
    change[FUND] = fund - venue.ledger.cash[FUND]
    change[OUTSIDE] = -change.sum()
    venue.ledger.pay(change)
    assert deleverage_now(venue, VENUES["binance"], None, 0, 1) is None
    assert venue.ledger.cash[[1, FUND, UNPAID]].tolist() == [0, max(fund - 7, 0), -unpaid]
    venue.ledger.check()


def test_debts_are_written_off_once_and_positions_of_the_bankrupt_end():
    """With neither fund nor users nor book, what the bankrupt lack is what is written off."""
    scenario = Scenario(accounts=40, coins=1, fund=0.0, depth=0.0, volatility=0.0)
    venue = Venue.of(draw(scenario, 3))
    venue.move(0)
    venue.fair = np.array([np.log(0.8)])
    venue.move(0)
    gone, lacking = venue.bankrupt, -int(venue.value[venue.bankrupt].sum())
    held = venue.ledger.lots[gone].sum()
    nothing = grammar.player("do-nothing")
    assert venue.market(venue.present()).signals["deleveraging"] == 0.0
    event = deleverage_now(venue, nothing, nothing.begin(), 0, 1)
    assert event.start.signals["deleveraging"] == 0.0
    assert venue.market(venue.present()).signals["deleveraging"] == 1.0
    assert deleverage_now(venue, nothing, nothing.begin(), 0, 2) is None
    assert venue.market(venue.present()).signals["deleveraging"] == 0.0
    assert lacking > 0
    assert event.start.deficit == lacking / 1e6
    assert venue.ledger.cash[UNPAID] == -lacking
    assert not venue.ledger.lots[gone].any()
    assert venue.ledger.lots[FUND, 0] == held
    assert not venue.bankrupt.size
    worse = np.rint(venue.mark * 0.9).astype(np.int64)
    assert event.outcome(worse).needed > event.start.deficit > event.outcome(event.mark * 2).needed


def test_what_a_policy_takes_beyond_the_debts_goes_to_the_fund():
    everything = adl.policy(lambda start: start.capacity)
    done = simulate(everything, SMALL, seed=4)
    first = done.rounds[0].start
    assert done.raised[0] == pytest.approx(first.total_capacity, abs=1e-3)
    assert done.raised[0] > first.deficit
    assert done.ledger.cash[UNPAID] == 0


@pytest.mark.parametrize("name", ["percolator", "drift-v2", "deribit"])
def test_rules_that_close_nothing_break_no_hedge(name):
    done = simulate(name, Scenario(accounts=80, steps=20, fund=0.0), seed=1)
    assert done.outcome.given > 0
    assert done.outcome.hedges_broken == 0


@pytest.mark.parametrize(("name", "shock"), [("gmx-v2", -1.0), ("tradoor", -1.0)])
def test_rules_against_a_pool_act_on_the_liquidity_provider(name, shock):
    scenario = Scenario(accounts=60, coins=1, steps=30, shock=shock, leverage=3.0)
    assert simulate(name, scenario, seed=1).outcome.touched > 0


@examples(40)
@given(
    wanted=st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=8),
    mark=st.integers(1, 10**9),
    depth=st.floats(0.0, 1e7),
)
def test_the_book_fills_no_more_than_it_holds_at_the_price_it_makes(wanted, mark, depth):
    wanted = np.array(wanted)
    bought, price = execute(wanted, mark, depth)
    assert (np.abs(bought) <= np.abs(wanted)).all()
    assert (bought * wanted >= 0).all()
    net = int(bought.sum())
    assert abs(net) <= MOST_MOVE * 100 * depth + 1e-6
    assert net * (price - mark) >= 0
    assert abs(price - mark) <= MOST_MOVE * mark + 1
    if abs(int(wanted.sum())) <= int(MOST_MOVE * 100 * depth):
        assert bought.tolist() == wanted.tolist()
    if net:
        exact = mark * (1 + Fraction(1, 100) * net / Fraction(depth))
        assert abs(price - exact) <= Fraction(1, 2) + Fraction(mark, 10**12)


@examples(37)
@given(
    trades=st.lists(
        st.tuples(st.integers(-50, 50), st.integers(10**4, 10**7)), min_size=1, max_size=12
    )
)
def test_balances_realise_profit_at_average_cost(trades):
    zeros = np.zeros((2, 1), dtype=np.int64)
    ledger = Ledger(cash=np.array([0, 0]), lots=zeros.copy(), basis=zeros.copy())
    held, average, realised = 0, Fraction(0), Fraction(0)
    for lots, price in trades:
        ledger.exchange(0, [lots, -lots], price)
        if held * lots >= 0:
            total = abs(held) * average + abs(lots) * price
            held += lots
            average = total / abs(held) if held else Fraction(0)
        else:
            closed = min(abs(lots), abs(held))
            realised += closed * (price - average) * (1 if held > 0 else -1)
            held += lots
            average = Fraction(price) if held * lots > 0 else average if held else Fraction(0)
    assert int(ledger.lots[0, 0]) == held
    assert abs(int(ledger.balance()[0]) - realised) <= len(trades)
    assert abs(int(ledger.basis[0, 0]) - held * average) <= len(trades)
    assert ledger.cash.sum() == 0


def test_a_ledger_refuses_what_does_not_balance():
    zeros = np.zeros((2, 1), dtype=np.int64)
    ledger = Ledger(cash=np.array([5, -5]), lots=zeros.copy(), basis=zeros.copy())
    with pytest.raises(CertificateError, match="1 lots of coin 0 come out of nothing"):
        ledger.exchange(0, [2, -1], 10)
    with pytest.raises(CertificateError, match="3 micro-dollars come out of nothing"):
        ledger.pay([4, -1])
    ledger.cash[0] += 1
    with pytest.raises(CertificateError, match="1 micro-dollars came out of nothing"):
        ledger.check()
    ledger.cash[0] -= 1
    ledger.lots[1, 0] = 7
    with pytest.raises(CertificateError, match="7 lots of coin 0 came out of nothing"):
        ledger.check()


def test_a_leak_anywhere_is_found(monkeypatch):
    from adlopt.studies.simulation import loop

    original = loop.deleverage_now

    def leaky(venue, *rest):
        venue.ledger.cash[0] -= 1
        return original(venue, *rest)

    monkeypatch.setattr(loop, "deleverage_now", leaky)
    with pytest.raises(CertificateError, match="-1 micro-dollars came out of nothing"):
        simulate("binance", SMALL)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("accounts", 1),
        ("accounts", 2.5),
        ("accounts", True),
        ("coins", 0),
        ("coins", 21),
        ("steps", 0),
        ("shock", 1.0),
        ("shock", float("nan")),
        ("volatility", -0.1),
        ("depth", float("inf")),
        ("fund", -1),
        ("leverage", 0.5),
        ("leverage", "high"),
        ("churn", -1.0),
    ],
)
def test_bad_scenarios_are_named(field, value):
    with pytest.raises(InputError, match=f"^{field} is"):
        Scenario(**{field: value})


@pytest.mark.parametrize("seed", [-1, 1.5, "x", True, 2**63])
def test_bad_seeds_are_named(seed):
    with pytest.raises(InputError, match=r"^seed is"):
        simulate("binance", SMALL, seed=seed)


def test_bad_players_are_named():
    with pytest.raises(InputError, match="policy is 'hope'"):
        grammar.player("hope")
    with pytest.raises(InputError, match="no episode to tune it to"):
        grammar.player("ogd")
    with pytest.raises(InputError, match=r"policies\[1\] is 'binance': expected names that differ"):
        compare(["binance", "binance"], SMALL, seeds=1)
    with pytest.raises(InputError, match="a list of at least one"):
        compare([], SMALL)
    with pytest.raises(InputError, match="seeds is 0"):
        compare(["binance"], SMALL, seeds=0)
    with pytest.raises(InputError, match="users are called on"):
        simulate("binance", Scenario(accounts=5, steps=2, shock=0.0)).episode()


def test_a_rule_of_ones_own_closes_contracts(tmp_path):
    path = tmp_path / "my+own.py"
    path.write_text(
        "from adlopt.rules import *\n"
        "import adlopt as adl\n"
        "rule = Rule(name='own', close=Close(tiers=(Tier(split=ProRata(column('lots'))),),\n"
        "            price=column('loser_bankruptcy_price')))\n"
        "def half(start):\n"
        "    return adl.pro_rata(start.capacity, min(start.deficit, start.total_capacity) / 2)\n"
    )
    assert simulate(f"{path}:rule", SMALL, seed=1).outcome.hedges_broken > 0
    assert grammar.player(f"{path}:half").name == "half"
    assert grammar.player(f"constant:0.3+{path}:rule").name == "constant:0.3+own"


def test_differences_are_paired():
    done = compare(["binance", "constant:1+pro-rata"], SMALL, seeds=4)
    data = done.to_dict()
    losses = [[o["loss_usd"] for o in policy["outcomes"]] for policy in data["policies"]]
    paired = np.median(np.array(losses[1]) - np.array(losses[0]))
    assert data["policies"][1]["less_first"]["loss_usd"]["median"] == paired
    assert not any(data["policies"][0]["less_first"]["loss_usd"].values())
    assert losses[0] == [simulate("binance", SMALL, seed=s).outcome.loss for s in range(4)]


def test_the_command_line(run):  # noqa: F811
    words = ["simulate", "-p", "binance", "-p", "persistence+pro-rata", "--accounts", "40"]
    code, out, _ = run(*words, "--seeds", "3", "-o", "run.json")
    assert code == 0
    assert widest(out) <= 80
    for title in ("Loss", "Deficit left", "Accounts touched", "Hedges broken"):
        assert title in out
    code, text, _ = run(*words, "--seeds", "3", "--json")
    data = strict_json(text)
    assert code == 0
    assert [len(policy["outcomes"]) for policy in data["policies"]] == [3, 3]
    assert run(*words, "--seeds", "3", "--json")[1] == text
    code, out, _ = run("play", "run.json", "-p", "persistence+pro-rata")
    assert code == 0
    assert "closed loop" in out
    code, out, _ = run("simulate", "-p", "binance", "--accounts", "40", "--seeds", "1")
    assert code == 0
    assert "Δ median" not in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-p", "hope"], "policy is 'hope'"),
        (["--seeds", "0"], "seeds is 0"),
        (["--shock", "2"], "shock is 2"),
        (["--accounts", "1"], "accounts is 1"),
        (["--fund", "nan"], "fund is nan"),
        (["-p", "persistence+hyperliquid", "--seeds", "1"], "feature is 'price_ratio'"),
    ],
)
def test_the_command_line_names_bad_input(run, words, message):  # noqa: F811
    code, out, err = run("simulate", *words)
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1


def test_a_difference_of_nothing_has_no_sign_of_loss():
    done = compare(["binance", "constant:1+pro-rata"], SMALL, seeds=1).data()
    for change in done.policies[1].less_first.values():
        change.update(dict.fromkeys(change, -0.3))
    text = render(done)
    assert text.startswith("1 seed, the same")
    assert "-0" not in text
    assert "+0" in text


def test_json_is_finite(run):  # noqa: F811
    _, text, _ = run("simulate", "-p", "do-nothing", "--seeds", "1", "--accounts", "5", "--json")
    assert json.loads(text)["seeds"] == 1


def test_the_guide_shows_what_the_command_prints(run):  # noqa: F811
    text = GUIDE.read_text(encoding="utf-8")
    command, _, rest = text.partition("$ adlopt simulate ")[2].partition("\n")
    shown = rest.partition("\n```")[0]
    code, out, _ = run("simulate", *command.split())
    assert code == 0
    assert len(shown.split("\n\n")) == 2
    for part in shown.split("\n\n"):
        assert part in out


def test_who_cannot_play_is_named_and_the_others_go_on():
    def greedy(start):
        return 2.0 * start.capacity

    greedy.name = "greedy"
    done = compare([adl.policy(greedy), "binance"], Scenario(accounts=40, fund=0), seeds=2)
    assert list(done.outcomes) == ["binance"]
    (why,) = done.unplayed.values()
    assert "USD" in why
    assert "not played" in str(done)
    assert done.to_dict()["unplayed"] == done.unplayed


def standing(**changes):
    """Two who owe each other everything: ETH at 4,000, a long of 10 with 2,000 USD of its own."""
    parts = {
        "accounts": Accounts(account=["L", "S", "flat"], balance=[6_000, 90_000, 5]),
        "coins": Coins(coin=["ETH"], mark=[3_600], lot=[0.01], maintenance=[0.02]),
        "positions": OpenPositions(
            account=["L", "S"], coin=["ETH"] * 2, side=["long", "short"], size=[10, 10],
            entry=[4_000, 4_000],
        ),
        "fund": 100.0,
    }  # fmt: skip
    return Market(**{**parts, **changes})


STILL = {"volatility": 0.0, "steps": 12, "depth": 10.0}


def test_a_crash_finds_a_market_as_it_stands():
    market = standing()
    world = draw(Scenario(), 3, market)
    micro = world.ledger.value(np.rint(world.micro_a_lot).astype(np.int64))[:3]
    assert micro.tolist() == [2_000_000_000, 94_000_000_000, 5_000_000]
    assert world.ledger.balance()[:3].tolist() == [6e9, 90e9, 5e6]
    assert (world.scenario.accounts, world.scenario.coins) == (3, 1)
    seen = Venue.of(world).market(np.array([0, 1, 2, 3]))
    assert np.allclose(seen.positions.entry[:2], 4_000)
    assert seen.upnl[:2].tolist() == market.upnl.tolist()
    assert (seen.accounts.account, seen.fund) == (("L", "S", "flat", "liquidity"), 100.0)


def test_exempt_accounts_keep_their_order_whatever_the_hash_seed():
    names = [f"maker-{i}" for i in range(20)]
    accounts = Accounts(account=["L", "S", *names], balance=[6_000, 90_000, *[5] * 20])
    venue = Venue.of(
        draw(Scenario(), 3, standing(accounts=accounts, exempt=dict.fromkeys(names, "x")))
    )
    assert list(venue.market(venue.present()).exempt) == names


def test_a_gap_through_every_margin_leaves_the_debt_that_one_computes_by_hand():
    """The price falls by 30 % in steps of at most 7.5 %; no step is small enough to be liquidated.

    An account worth 2,000 USD on 36,000 is below maintenance only once it owes: its debt is what
    its value and the marks of that step say.
    """
    scenario = Scenario(shock=0.3, **{**STILL, "depth": 0.0})
    done = simulate("constant:1+pro-rata", scenario, market=standing())
    first = done.rounds[0].start
    shares = np.cumsum(np.array(CRASH))
    marks = 3_600 * np.exp(np.log1p(-0.3) * shares)
    debts = [10 * (3_400 - mark) for mark in marks if mark < 3_400]
    assert first.account == ("S",)
    assert first.deficit == pytest.approx(debts[0] - 100, abs=0.01)
    assert done.ledger.total == sum(done.ledger.cash.tolist())


def test_without_a_shock_a_market_stays_as_it_is():
    done = simulate("hyperliquid", Scenario(shock=0.0, **STILL), market=standing())
    assert done.outcome.rounds == done.outcome.liquidated == 0
    assert done.ledger.lots[:2, 0].tolist() == [1_000, -1_000]


def test_dust_and_coins_of_no_worth_keep_the_value_of_accounts():
    coins = Coins(
        coin=["ETH", "DUST"], mark=[3_600, 3e-7], lot=[0.01, 1.0], maintenance=[0.02, 0.1]
    )
    positions = OpenPositions(
        account=["L", "S", "L", "S"], coin=["ETH"] * 2 + ["DUST"] * 2,
        side=["long", "short"] * 2, size=[10, 10, 123_457, 123_457],
        entry=[4_000, 4_000, 1e-7, 1e-7],
    )  # fmt: skip
    market = standing(coins=coins, positions=positions)
    world = draw(Scenario(), 0, market)
    value = world.ledger.value(np.rint(world.micro_a_lot).astype(np.int64))[:3]
    assert np.abs(value / 1e6 - market.equity).max() <= 2e-6
    assert (world.micro_a_lot >= 10_000 - 1e-6).all()
    assert world.ledger.lots[0, 1] == 123_457 // 10**5


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"coins": Coins(coin=["ETH"], mark=[3_600], lot=[0.01])}, "coins.maintenance is None"),
        ({"accounts": Accounts(account=["L", "S", "liquidity"], balance=[1, 2, 3])}, "another id"),
    ],
)
def test_a_market_that_cannot_crash_says_what_it_lacks(changes, said):
    with pytest.raises(InputError, match=said):
        simulate("hyperliquid", market=standing(**changes))


def test_who_is_exempt_gives_nothing_in_the_crash():
    held = {
        "accounts": Accounts(account=["L", "S", "M"], balance=[6_000, 90_000, 90_000]),
        "positions": OpenPositions(
            account=["L", "S", "M"], coin=["ETH"] * 3, side=["long", "short", "short"],
            size=[10, 5, 5], entry=[4_000] * 3,
        ),
    }  # fmt: skip
    scenario = Scenario(shock=0.3, **{**STILL, "depth": 0.0})
    done = simulate("constant:1+pro-rata", scenario, market=standing(**held))
    spared = simulate(
        "constant:1+pro-rata", scenario, market=standing(**held, exempt={"M": "market maker"})
    )
    assert done.rounds[0].start.account == ("S", "M")
    assert spared.rounds[0].start.account == ("S",)


def test_the_command_starts_from_a_market_file(run):  # noqa: F811
    adl.write_market(standing(), "market.json")
    ask = ("simulate", "market.json", "--seeds", "2", "-p", "hyperliquid")
    code, out, _ = run(*ask, "--json")
    told = strict_json(out)
    assert (code, told["scenario"]["accounts"], told["scenario"]["coins"]) == (0, 3, 1)
    (alone,) = told["policies"]
    assert alone["outcomes"][0] == msgspec.to_builtins(
        simulate("hyperliquid", market=standing()).outcome
    )
    assert "nothing beside a market" in run(*ask, "--accounts", "5")[2]
