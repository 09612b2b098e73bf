"""Rules as policies, objects from files, market files, and the verbs that use them."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from tiers import by_day, examples

import adlopt as adl
from adlopt.data.files import read_market, write_episode, write_market, write_template
from adlopt.errors import BadHaircut, InputError
from adlopt.foundation.user_code import load
from adlopt.policies import grammar
from adlopt.policies.by_rule import ByRule
from adlopt.rules import VENUES, rule_named, wealth_round
from adlopt.rules.deleverage import deleverage
from adlopt.testing import check_policy

from ..cli.test_cli import folder, run, strict_json, widest  # noqa: F401
from .test_rules import markets

GUIDE = Path(adl.__file__).parents[1] / "examples/guide/rules.md"
OWN = """\
import adlopt as adl
from adlopt.policies.allocation import Memoryless, QueueAllocation
from adlopt.rules import Haircut, ProRata, Tier, column

rule = adl.Rule(name="own", haircut=Haircut(tiers=(Tier(split=ProRata(column("upnl"))),)))

def half(start):
    return adl.pro_rata(start.capacity, budget=min(0.5 * start.deficit, start.total_capacity))

policy = adl.policy(half)
allocation = QueueAllocation("leverage")
number = 7
text = "persistence"
Class = type(policy)
"""


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "my+own.py"
    path.write_text(OWN)
    return path


EPISODE = adl.episodes.shock(rounds=4, winners=20, seed=3)


@pytest.mark.parametrize(
    ("name", "plays", "like"),
    [
        ("rule", "constant:1+own", "constant:1+pro-rata"),
        ("allocation", "constant:1+queue:leverage", "constant:1+queue:leverage"),
        ("half", "half", "constant:0.5+pro-rata"),
        ("policy", "half", "constant:0.5+pro-rata"),
    ],
)
def test_objects_in_files_play(mine, name, plays, like):
    own = adl.play(EPISODE, [f"{mine}:{name}"])[plays]
    assert own.tracking == pytest.approx(adl.play(EPISODE, [like])[like].tracking, abs=1e-3)


@pytest.mark.parametrize(
    ("behind", "plays"),
    [
        ("rule", "insured:1000+constant:1+own"),
        ("allocation", "insured:1000+constant:1+queue:leverage"),
        ("policy", "insured:1000+half"),
    ],
)
def test_a_fund_goes_before_an_object_in_a_file(mine, behind, plays):
    board = adl.play(EPISODE, [f"insured:1e3+{mine}:{behind}"])
    assert plays in {score.policy for score in board.scores}


def test_a_fund_goes_before_a_rule():
    starts = [
        adl.RoundStart(
            t=t, account=["a", "b"], capacity=[80, 40], deficit=90,
            features={"leverage": [4, 9], "price_ratio": [1.2, 1.1]},
        )
        for t in (1, 2)
    ]  # fmt: skip
    rounds = [adl.Round(start=s, outcome=adl.RoundOutcome(needed=60)) for s in starts]
    episode = adl.Episode(name="e", rounds=rounds)
    names = ["insured:20+constant:1+hyperliquid", "constant:1+hyperliquid"]
    policies = grammar.policies(names, episode)
    insured, bare = (adl.run_policy(episode, policy) for policy in policies)
    assert [policy.name for policy in policies] == names
    assert (insured.insured.tolist(), bare.insured) == ([20, 0], None)
    assert (insured.haircut.tolist(), bare.haircut.tolist()) == ([70, 90], [90, 90])


def test_a_rule_that_ranks_positions_says_where_it_plays():
    market = adl.Market(
        accounts=adl.Accounts(account=["lena", "sam"], balance=[2000, 8000]),
        coins=adl.Coins(
            coin=["ETH", "BTC"], mark=[3600, 100], lot=[0.01, 0.1], previous_mark=[3700, 99]
        ),
        positions=adl.OpenPositions(
            account=["lena", "sam", "sam"], coin=["ETH", "ETH", "BTC"],
            side=["long", "short", "long"], size=[10, 5, 10], entry=[4000, 4000, 90],
        ),
    )  # fmt: skip
    rounds = [adl.Round(start=wealth_round(market), outcome=adl.RoundOutcome(needed=100.0))]
    episode = adl.Episode(name="several", rounds=rounds)
    message = r"feature is 'price_ratio'.*an account with several has more than one.*deleverage"
    with pytest.raises(InputError, match=message):
        adl.play(episode, ["persistence+hyperliquid"])
    with pytest.raises(InputError, match="add it to the market or round"):
        adl.play(episode, ["persistence+paradex"])
    assert deleverage(market, rule_named("hyperliquid")).raised >= 0


def test_a_blend_takes_a_rule_or_an_object_in_a_file(mine):
    assert grammar.allocation("damped:0.5:gte").allocation.name == "gte"
    assert grammar.allocation(f"damped:0.5:{mine}:rule").allocation.name == "own"


def test_a_severity_goes_before_an_object_in_a_file(mine):
    assert grammar.policy(f"constant:0.3+{mine}:rule").name == "constant:0.3+own"
    assert grammar.allocation(f"{mine}:allocation").name == "queue:leverage"
    board = adl.play(EPISODE, [f"ogd+{mine}:rule"])
    assert "ogd+own" in {score.policy for score in board.scores}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("absent.py:rule", "absent.py.*a Python file that exists"),
        (
            "{mine}:absent",
            "name is 'absent': expected one of 'rule', 'half', 'policy', 'allocation'",
        ),
        ("{mine}:number", "number is 7: expected a policy, a severity"),
        ("{mine}:text", "text is 'persistence': expected a policy"),
        ("{mine}:Class", "Class is <class .*expected an object"),
        ("constant:0.3+{mine}:half", "a rule, or an allocation"),
        ("{broken}:rule", r"a file that runs \(ZeroDivisionError: division by zero\)"),
        ("{leaves}:rule", r"a file that runs \(SystemExit: 3\)"),
        ("{wrong}:rule", r"a file that runs \(SyntaxError"),
    ],
)
def test_bad_objects_are_named(mine, text, message):
    contents = {"broken": "1 / 0", "leaves": "raise SystemExit(3)", "wrong": "def"}
    paths = {"mine": mine}
    for name, content in contents.items():
        paths[name] = mine.with_name(f"{name}.py")
        paths[name].write_text(content)
    with pytest.raises(InputError, match=message):
        adl.play(EPISODE, [text.format(**paths)])


def test_a_class_is_no_policy():
    with pytest.raises(InputError, match="make one of the class"):
        adl.play(EPISODE, [ByRule])


def test_load_returns_what_the_file_calls_by_the_name(mine):
    assert load(f"{mine}:number") == 7


def test_a_rule_that_lacks_a_feature_says_which():
    with pytest.raises(InputError, match="feature is 'price_ratio': expected one of 'capacity'"):
        adl.play(EPISODE, ["persistence+hyperliquid"])
    with pytest.raises(InputError, match="a venue's rule"):
        adl.play(EPISODE, ["persistence+nowhere"])


def test_rounds_of_markets_have_what_venues_rank_by(tmp_path):
    market = read_market(write_template(tmp_path / "market.toml"))
    start = wealth_round(market)
    assert start.deficit == 2000.0
    assert start.feature("price_ratio").tolist() == [3600 / 4000, 3600 / 3900]
    rounds = tuple(
        adl.Round(start=replace(start, t=t), outcome=adl.RoundOutcome(needed=1500.0))
        for t in (1, 2)
    )
    episode = adl.Episode(name="market", rounds=rounds)
    board = adl.play(episode, [f"constant:0.75+{name}" for name in ("hyperliquid", "bitmex")])
    for name in ("hyperliquid", "bitmex"):
        assert board[f"constant:0.75+{name}"].tracking == pytest.approx(0.0, abs=1e-5)


def test_the_command_plays_objects_from_files(run, folder, mine):  # noqa: F811
    run("new", "episode", "e.toml")
    code, out, err = run("play", "e.toml", "-p", f"{mine}:half", "-p", f"{mine}:rule", "--json")
    assert (code, err) == (0, "")
    assert {"half", "constant:1+own"} <= {s["policy"] for s in strict_json(out)["scores"]}


@pytest.mark.parametrize("name", ["gte", "percolator", "zenex"])
def test_rules_are_lawful_policies(name):
    check_policy(grammar.policy(f"gated-persistence+{name}"), EPISODE)


@examples(30)
@given(market=markets())
def test_dollar_rules_agree_on_a_market_and_on_its_round(market):
    """Pro-rata over profits, whichever way it is asked for."""
    done = deleverage(market, rule_named("zenex"))
    if not done.haircut.any():
        return
    start = wealth_round(market)
    taken = ByRule(rule_named("zenex")).allocate(None, start, done.raised + done.new_debt)
    by_name = dict(zip(start.account, taken.tolist(), strict=True))
    for name, usd in zip(market.accounts.account, (done.haircut / 1e6).tolist(), strict=True):
        assert by_name.get(name, 0.0) == pytest.approx(usd, abs=2e-6)


NEEDS_A_MARKET = ("dydx-v4",)
NEEDS_ONE_POSITION = ("hyperliquid", "bitmex", "bitget", "bluefin", "bullish", "reya")


@pytest.mark.parametrize("name", VENUES)
@examples(10)
@given(market=markets())
def test_every_rule_splits_a_round_or_names_what_it_lacks(name, market):
    if not ((market.by_account(market.upnl) > 0) & (market.equity > 0)).any():
        with pytest.raises(InputError, match="no winner"):
            wealth_round(market)
        return
    start = wealth_round(market)
    budget = min(1.0, 0.7 * start.total_capacity)
    lacks = name in NEEDS_A_MARKET or (len(start.features) < 20 and name in NEEDS_ONE_POSITION)
    if lacks:
        with pytest.raises(InputError, match="feature is"):
            ByRule(VENUES[name]).allocate(None, start, budget)
        return
    taken = ByRule(VENUES[name]).allocate(None, start, budget)
    assert (taken >= 0).all()
    if name not in ("vertex", "drift-v2"):
        assert taken.sum() <= budget + 1e-6
        assert (taken <= start.capacity + 1e-6).all()


def test_lots_of_a_round_are_kept_whole():
    start = adl.RoundStart(
        account=["a", "b", "c"], capacity=[10, 9, 8], lot=[4, 2.5, 1], deficit=20,
        features={"leverage": [3, 2, 1]},
    )  # fmt: skip
    taken = ByRule(rule_named("gte")).allocate(None, start, 14.0)
    assert taken.tolist() == [8.0, 5.0, 0.0]
    shares = ByRule(rule_named("percolator")).allocate(None, start, 14.0)
    assert (np.mod(shares, start.lot) == 0).all()
    assert 11.0 <= shares.sum() <= 14.0


@examples(30)
@given(market=markets())
def test_markets_read_back_bit_for_bit(tmp_path_factory, market):
    path = tmp_path_factory.mktemp("m") / "market.json"
    assert write_market(market, path)[-1] == path
    again = read_market(path)
    assert again.accounts.account == market.accounts.account
    assert again.positions.side == market.positions.side
    for part, name in (
        ("accounts", "balance"), ("accounts", "opened"), ("coins", "mark"), ("coins", "initial"),
        ("positions", "size"), ("positions", "entry"),
    ):  # fmt: skip
        left, right = (getattr(getattr(m, part), name) for m in (market, again))
        assert left.tobytes() == right.tobytes()
    assert {k: v.tolist() for k, v in again.accounts.features.items()} == {
        k: v.tolist() for k, v in market.accounts.features.items()
    }
    assert (again.fund, again.signals) == (market.fund, market.signals)


COIN = 'coin = [{name = "ETH", mark = 100.0, lot = 1.0}]\n'
ACCOUNT = 'account = [{id = "a", balance = 1.0}]\n'
POSITION = 'position = [{account = "a", coin = "ETH", side = "long", size = 1.0, entry = 90.0}]\n'


def test_tables_stand_for_entries(tmp_path):
    (tmp_path / "a.csv").write_text("account,balance,opened,vm_gain\na,1,5,7\n")
    (tmp_path / "p.csv").write_text(
        "account,coin,side,size,entry\na,ETH,long,1,90\na,ETH,short,1,100\n"
    )
    path = tmp_path / "market.toml"
    path.write_text('accounts = "a.csv"\npositions = "p.csv"\n' + COIN)
    market = read_market(path)
    assert market.equity.tolist() == [11.0]
    assert market.accounts.features["vm_gain"].tolist() == [7.0]
    short = ', {account = "a", coin = "ETH", side = "short", size = 1.0, entry = 100.0}]\n'
    path.write_text(ACCOUNT + POSITION.replace("]\n", short) + COIN)
    assert read_market(path).equity.tolist() == [11.0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (COIN + POSITION, r"account is 'missing': expected \[\[account\]\] entries, or a table"),
        (COIN + ACCOUNT, "position is 'missing'"),
        (COIN + ACCOUNT + POSITION + 'accounts = "a.csv"\n', "account is 'given twice'"),
        (ACCOUNT + POSITION, "coin is None: expected a value"),
        (COIN + ACCOUNT + POSITION.replace("long", "up"), r"position\[0\].side is 'up'"),
        (COIN + ACCOUNT + POSITION.replace("1.0", "0.5"), "a whole number of lots"),
        (COIN + ACCOUNT + POSITION.replace('"a"', '"b"'), "an account of the market"),
        (COIN.replace("100.0", "nan") + ACCOUNT + POSITION, r"mark\[0\] is nan"),
        (COIN + ACCOUNT + POSITION + "funds = 3\n", "funds is 3: expected a key that is known"),
        (COIN + POSITION + 'accounts = "absent.csv"\n', "accounts is .*absent.csv"),
        (COIN + ACCOUNT + 'positions = "no.csv"\n', "positions is .*no.csv"),
        (COIN + ACCOUNT + 'positions = "short.csv"\n', "columns is .*a column `entry`"),
        (COIN + ACCOUNT + 'positions = "gap.csv"\n', r"gap.csv line 2: account is None"),
        (
            COIN + POSITION + 'account = [{id = "a", balance = 1.0, opened = 1.0}, '
            '{id = "b", balance = 1.0}]\n',
            r"opened\[1\] is None: expected a number; give all accounts one",
        ),
    ],
)
def test_bad_market_files_say_where(tmp_path, text, message):
    (tmp_path / "short.csv").write_text("account,coin,side,size\na,ETH,long,1\n")
    (tmp_path / "gap.csv").write_text("account,coin,side,size,entry\n,ETH,long,1,90\n")
    path = tmp_path / "market.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as raised:
        read_market(path)
    assert "market.toml" in str(raised.value) or ".csv" in str(raised.value)


def test_write_market_wants_json(tmp_path):
    market = read_market(write_template(tmp_path / "market.toml"))
    with pytest.raises(InputError, match=r"a \.json file"):
        write_market(market, tmp_path / "market.toml")


def test_the_guide_shows_what_the_command_prints(run, folder):  # noqa: F811
    guide = GUIDE.read_text(encoding="utf-8")
    command, _, rest = guide.partition("$ adlopt ")[2].partition("\n")
    shown = rest.partition("```")[0]
    code, out, _ = run("new", "market.toml")
    assert code == 0
    assert out.endswith("next: adlopt deleverage market.toml --rule hyperliquid\n")
    code, out, err = run(*command.split())
    assert (code, err) == (0, "")
    assert shown.strip()
    assert out.startswith(shown)


def test_json_of_rules_agrees_with_the_text(run, folder, mine):  # noqa: F811
    run("new", "market.toml")
    words = ("deleverage", "market.toml", "-r", "binance", "-r", f"{mine}:rule")
    _, text, _ = run(*words)
    code, out, err = run(*words, "--json")
    data = strict_json(out)
    assert (code, err) == (0, "")
    assert [rule["rule"] for rule in data["rules"]] == ["binance", "own"]
    for rule in data["rules"]:
        assert rule["raised_usd"] + rule["fund_paid_usd"] + rule["deficit_left_usd"] == 2000.0
        assert rule["worst_burden"] >= rule["least_burden"] - 1e-12
        paid = {a["account"]: 0.0 for a in rule["accounts"]}
        for match in rule["matches"]:
            assert match["loser"] == "lena"
            if match["taker"] is not None:
                paid[match["taker"]] += match["paid_usd"]
        for account in rule["accounts"]:
            if rule["rule"] == "binance":
                assert paid[account["account"]] == pytest.approx(account["gave_usd"])
            line = rf"{account['account']} .* {account['gave_usd']:,.2f} "
            assert re.search(line, text)


def test_the_list_of_rules(run):  # noqa: F811
    code, text, err = run("venues")
    assert (code, err) == (0, "")
    assert widest(text) <= 80
    listed = json.loads(run("venues", "--json")[1])["rules"]
    assert [rule["rule"] for rule in listed] == list(VENUES)
    assert f"lists {len(listed)} rules" in GUIDE.read_text(encoding="utf-8")
    printed = text.split()
    words = {*printed, *(word.rstrip(";") for word in printed)}
    for rule in listed:
        assert {*rule["venue"].split()} <= {*words, *(word.rstrip(":") for word in words)}
        told = [*rule["closes"], *rule["takes"], rule["closing_price"] or "", *rule["trigger"]]
        assert set(" ".join([*told, rule["fund_pays_first"]]).split()) <= words
        assert rule["unpublished"] == list(VENUES[rule["rule"]].unpublished)


def test_output_of_every_rule_fits_80_columns(run, folder):  # noqa: F811
    (folder / "hostile.toml").write_text(
        'fund = 1.0\ncoin = [{name = "ETH", mark = 100.0, lot = 1.0}]\n'
        'account = [{id = "gone", balance = 0.0}, {id = "long", balance = 9.0}, '
        '{id = "\\u001b[31m\\nx", balance = 900.0}, '
        '{id = "0x0123456789012345678901234567890123456789", balance = 900.0}]\n'
        'position = [{account = "gone", coin = "ETH", side = "long", size = 3.0, entry = 190.0}, '
        '{account = "long", coin = "ETH", side = "long", size = 1.0, entry = 100.0}, '
        '{account = "\\u001b[31m\\nx", coin = "ETH", side = "short", size = 2.0, entry = 190.0}, '
        '{account = "0x0123456789012345678901234567890123456789", coin = "ETH", side = "short", '
        "size = 2.0, entry = 190.0}]\n"
    )
    words = [word for name in ("bitmex", "gte", "lighter", "reya", "vertex", "dydx-v4")
             for word in ("-r", name)]  # fmt: skip
    code, out, err = run("deleverage", "hostile.toml", *words)
    assert (code, err) == (0, "")
    assert "tie-break decides among" in out
    assert widest(out) <= 80
    assert out.replace("\n", "").isprintable()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["deleverage", "market.toml"], "--rule"),
        (["deleverage", "market.toml", "-r", "nowhere"], "policy is 'nowhere': expected"),
        (["deleverage", "market.toml", "-r", "okx"], "signal is 'fund_peak'"),
        (["deleverage", "market.toml", "-r", "gmx-v2"], "features.pool is 0"),
        (["deleverage", "absent.toml", "-r", "gte"], "absent.toml"),
        (["deleverage", "market.toml", "-r", "absent.py:x"], "a Python file that exists"),
        (["deleverage", "market.toml", "-p", "{mine}:number"], "number is 7: expected a policy"),
        (["exposure", "sue", "market.toml", "-p", "{mine}:number"], "number is 7: expected"),
    ],
)
def test_bad_words_are_one_message(run, folder, mine, words, message):  # noqa: F811
    run("new", "market.toml")
    code, out, err = run(*(word.format(mine=mine) for word in words))
    assert (code, out) == (2, "")
    assert re.match(rf"adlopt: .*{message}", err)
    assert err.count("\n") == 1


@pytest.mark.parametrize("name", by_day(2, ["rule", "policy", "half", "allocation"]))
def test_every_command_takes_a_rule_of_ones_own(run, folder, mine, name):  # noqa: F811
    run("new", "market.toml")
    own = f"{mine}:{name}"
    small = replace(read_market("market.toml"), signals={})
    features = {**small.accounts.features, "leverage": [1.0, 2.0, 3.0]}
    write_market(replace(small, accounts=replace(small.accounts, features=features)), "m.json")
    episode = adl.Episode(name="e", rounds=[adl.Round(
        start=adl.RoundStart(account=["a", "b"], capacity=[4, 8], deficit=6,
                             features={"leverage": [3, 1]}),
        outcome=adl.RoundOutcome(needed=3),
    )])  # fmt: skip
    write_episode(episode, "e.json")
    (folder / "s.toml").write_text(
        '[[episode]]\nsource = "e.json"\n[[loss]]\nname = "l"\n'
        'kind = "surrogate"\ntrack = 1.0\nfair = 1.0\n'
    )
    for words in (
        ["deleverage", "m.json", "-p", own],
        ["exposure", "sue", "m.json", "-p", own],
        ["axioms", "-p", own, "--tries", "3"],
        ["axioms", own, "--tries", "3"],
        ["diagnose", "e.json", "-p", own],
        ["play", "e.json", "-p", own],
        ["simulate", "-p", own, "-p", f"insured:1e3+{own}", "--seeds", "1", "--accounts", "40"],
        ["plot", "e.json", "burdens", "-p", own, "-o", "f.svg"],
        ["report", "e.json", "-p", own, "--skip-proofs", "-o", "r.html"],
        ["sweep", "s.toml", "-p", own, "--threads", "--workers", "1"],
    ):
        code, _, err = run(*words)
        assert (code, err) == (0, ""), words


@pytest.mark.parametrize(
    ("name", "given", "left"),
    [
        ("{mine}:half", {"sam": 500.0, "sue": 250.0}, 750.0),
        ("pro-rata", {"sam": 1000.0, "sue": 500.0}, 0.0),
        ("{mine}:allocation", {"sue": 1200.0, "sam": 300.0}, 0.0),
        ("constant:0.1+pro-rata", {"sam": 100.0, "sue": 50.0}, 1350.0),
    ],
)
def test_a_policy_of_dollars_acts_in_a_market(tmp_path, mine, name, given, left):
    """The fund leaves 1,500 of 2,000 USD; profits are 2,400 and 1,200, sue has more leverage."""
    market = read_market(write_template(tmp_path / "market.toml"))
    done = adl.deleverage(market, grammar.player(name.format(mine=mine)))
    names = market.accounts.account
    gave = {a: usd for a, usd in zip(names, done.given.tolist(), strict=True) if usd}
    assert gave == pytest.approx(given)
    assert (done.fund_paid, done.deficit_left) == (500.0, left)
    assert {match.price for match in done.matches} == {3600.0}


def test_a_policy_is_not_asked_where_the_fund_can_pay(tmp_path):
    market = replace(read_market(write_template(tmp_path / "market.toml")), fund=5000.0)

    def never(start):
        raise AssertionError

    done = adl.deleverage(market, adl.policy(never))
    assert (done.fund_paid, done.raised, done.deficit_left) == (2000.0, 0.0, 0.0)
    short = replace(market, fund=0.0)
    with pytest.raises(BadHaircut):
        adl.deleverage(short, adl.policy(lambda start: start.capacity * 2))
    everything = adl.deleverage(short, adl.policy(lambda start: start.capacity))
    assert (everything.raised, everything.deficit_left) == (2000.0, 0.0)
