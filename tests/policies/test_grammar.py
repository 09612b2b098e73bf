"""One grammar of names: what is written, what it means, and what is added, alike everywhere."""

import re
from contextlib import suppress

import pytest
from hypothesis import given, strategies as st

import adlopt as adl
from adlopt.errors import InputError
from adlopt.policies import catalogue, full_name, grammar, named
from adlopt.policies.allocation import CappedProRata, ProRataAllocation, QueueAllocation
from adlopt.policies.by_rule import ByRule
from adlopt.policies.gradient import paper_ogd
from adlopt.policies.hybrid import Damped
from adlopt.policies.name import InFile, listed, parse
from adlopt.policies.protocols import SeverityThenAllocation
from adlopt.policies.severity import Constant, Persistence
from adlopt.rules import VENUES
from adlopt.studies.adversary.worst import worst
from adlopt.studies.exposure import exposure

EPISODE = adl.episodes.shock(rounds=4, winners=12, seed=3)
OWN = """\
import adlopt as adl
from adlopt.policies.allocation import QueueAllocation
from adlopt.rules import Haircut, ProRata, Tier, column

rule = adl.Rule(name="own", haircut=Haircut(tiers=(Tier(split=ProRata(column("upnl"))),)))
allocation = QueueAllocation("leverage")
policy = adl.named("persistence+queue")

class Last:
    \"\"\"The last needed severity, halved.\"\"\"

    name, information = "last", adl.Information.ROUND_START

    def begin(self):
        return 1.0

    def decide(self, state, start):
        return state / 2

    def learn(self, state, start, theta, outcome):
        return min(1.0, outcome.needed / start.deficit)

severity = Last()

def half(start):
    return adl.pro_rata(start.capacity, budget=0.5 * start.deficit)
"""


@pytest.fixture
def mine(tmp_path):
    """A file of one's own, in whose path a + stands."""
    path = tmp_path / "my+own.py"
    path.write_text(OWN)
    return path


ADDED = {
    "persistence": "persistence+pro-rata",
    "gated-persistence:0.25": "gated-persistence:0.25+pro-rata",
    "mdic": "mdic+pro-rata",
    "queue:leverage": "constant:1+queue:leverage",
    "pro-rata": "constant:1+pro-rata",
    "gte": "constant:1+gte",
    "insured:5e3": "insured:5000+constant:1+pro-rata",
    "insured:7+insured:3+queue": "insured:7+insured:3+constant:1+queue",
    "insured:7+gte": "insured:7+constant:1+gte",
    "constant:0.50+gte": "constant:0.5+gte",
    "mdic+mdic": "mdic+mdic",
    "damped:0.5:damped:0.25:queue:leverage": "constant:1+damped:0.5:damped:0.25:queue:leverage",
    "damped": "constant:1+damped:0.5:queue",
    "persistence+queue:a+b": "persistence+queue:a+b",
}


@pytest.mark.parametrize(("name", "full"), ADDED.items())
def test_what_a_name_leaves_out_is_added_and_said(name, full):
    assert named(name).name == full == full_name(name) == full_name(full)


@pytest.mark.parametrize("name", ["queue", "persistence", "gte", "{mine}:severity", "{mine}:rule"])
def test_every_verb_reads_a_name_alike(mine, name):
    name = name.format(mine=mine)
    full = full_name(name)
    board = adl.play(EPISODE, [name])
    assert board.scores[0].policy == board[name].policy == board[full].policy == full
    assert adl.diagnose(EPISODE, [name])[name].policy == full
    assert adl.try_axioms(name, tries=1).policy == full
    is_rule = name in VENUES or name.endswith(":rule")
    in_a_market = full.removeprefix("constant:1+") if is_rule else full
    assert adl.simulate(name, adl.Scenario(accounts=40, steps=5), seed=1).player == in_a_market
    start = EPISODE.rounds[0].start
    assert exposure(start.account[0], start, [name]).rules[0].rule == in_a_market
    case = worst(name, bound="half", rounds=2, variation=1.0)
    assert case.rule.name == full.partition("+")[0]


def test_objects_mean_what_their_names_mean(mine):
    own = {}
    exec(compile(OWN, "own", "exec"), own)
    for given_, full in (
        (Persistence(), "persistence+pro-rata"),
        (own["severity"], "last+pro-rata"),
        (QueueAllocation("leverage"), "constant:1+queue:leverage"),
        (VENUES["gte"], "constant:1+gte"),
        (own["half"], "half"),
        (own["policy"], "persistence+queue"),
    ):
        assert grammar.policy(given_).name == full
    assert grammar.player(VENUES["gte"]) is VENUES["gte"] is grammar.player("gte")
    assert grammar.policy(own["policy"]) is own["policy"]
    for part in ("severity", "allocation", "policy", "half", "rule"):
        assert full_name(f"{mine}:{part}") == grammar.policy(own[part]).name


def test_an_own_severity_plays_alone_before_an_allocation_and_behind_a_fund(mine):
    names = [f"{mine}:severity", f"{mine}:severity+queue", f"insured:9+{mine}:severity+gte"]
    found = grammar.policies(names)
    assert [each.name for each in found] == ["last+pro-rata", "last+queue", "insured:9+last+gte"]
    both = grammar.policy(f"{mine}:severity+{mine}:allocation")
    assert both.name == "last+queue:leverage"
    board = adl.play(EPISODE, [f"{mine}:severity"])
    theta = [1.0, *EPISODE.needed_severity[:-1]]
    wanted = [0.5 * a * d for a, d in zip(theta, EPISODE.deficit, strict=True)]
    haircut = next(run for run in board.runs if run.policy == "last+pro-rata").haircut
    assert haircut.tolist() == pytest.approx(wanted)
    assert worst(f"{mine}:severity", bound="half", rounds=3, variation=1.0).loss > 0


def test_a_severity_is_told_from_a_policy_by_what_it_learns_from_or_says_it_decides():
    class Typed:
        name, information = "typed", adl.Information.ROUND_START

        def begin(self):
            return None

        def decide(self, state, start) -> float:
            return 0.25

        def learn(self, state, start, taken, outcome):
            return None

    class Policy(Typed):
        def decide(self, state, start):
            return start.capacity * 0.0

    assert grammar.policy(Typed()).name == "typed+pro-rata"
    assert grammar.policy(Policy()).name == "typed"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "policy is '': expected a severity, an allocation, a venue's rule, or path.py:name;"),
        ("+", "not ''"),
        ("persistence+", "an allocation, a venue's rule, or path.py:name, not ''"),
        ("persistance+queue", "not 'persistance'; did you mean 'persistence'"),
        ("persistence+quue", "not 'quue'; did you mean 'queue'"),
        ("constnt:0.5", r"policy is 'constnt:0\.5': .*, not 'constnt'; did you mean 'constant'"),
        ("Hyperlquid", "did you mean 'hyperliquid'"),
        ("insured:5+quue", "policy is 'quue': .*did you mean 'queue'"),
        ("insurd:5+queue", "did you mean 'insured'"),
        ("queue+persistence", r"severity\+allocation, in this order"),
        ("gte+persistence:0.5", r"severity\+allocation, in this order"),
        ("queue+queue", "did you mean 'queue'"),
        ("gte:3", "an allocation, a venue's rule, or path.py:name"),
        ("constant", "policy is 'constant': expected constant with theta after a colon"),
        ("constant:", "constant with theta after a colon"),
        ("persistence:1:2", "a number after the colon"),
        ("pro-rata:3", "pro-rata with nothing after a colon"),
        ("constant:x+queue", "policy is 'constant:x': expected a number after the colon"),
        ("persistence+constant:0.5", "not 'constant'"),
        ("constant:2+queue", r"policy 'constant:2': theta is 2\.0: expected a number in \[0, 1\]"),
        ("min-max:fame", "policy is 'min-max:fame': expected capacity or equity after the colon"),
        ("damped:0.5:quue", "did you mean 'queue'"),
        ("insured:", "insured with fund:trigger:stop:refill after a colon"),
        ("insured:-1", "policy 'insured:-1': fund is -1"),
        ("ogd", "no episode to tune it to"),
        ("hope+{mine}:rule", "not 'hope'"),
        ("{mine}:half+queue", "half is .*: expected a severity rule"),
        ("{mine}:policy+queue", "policy is .*: expected a severity rule"),
        ("{mine}:allocation+queue", "allocation is .*: expected a severity rule"),
        ("persistence+{mine}:severity", "severity is .*: expected a rule, or an allocation"),
        ("{mine}:", "not '/"),
    ],
)
def test_a_name_that_cannot_be_read_says_which_part(mine, name, message):
    with pytest.raises(InputError, match=message):
        named(name.format(mine=mine))


NUMBERS = st.floats(0.001, 1.0).map(lambda x: f"{x:.3g}")
SEVERITY = st.one_of(
    st.sampled_from(["do-nothing", "persistence", "estimate", "mdic", "running-ratio"]),
    st.builds("constant:{}".format, NUMBERS),
    st.builds("gated-persistence:{}:{}".format, NUMBERS, NUMBERS),
    st.builds("ogd:{}".format, NUMBERS),
)
ALLOCATION = st.recursive(
    st.one_of(
        st.sampled_from(["queue", "queue:leverage", "pro-rata", "min-max:equity", "gte", "mdic"]),
        st.builds("capped-pro-rata:{}".format, NUMBERS),
    ),
    lambda inner: st.builds("damped:{}:{}".format, NUMBERS, inner),
    max_leaves=3,
)
FUND = st.one_of(st.just(""), st.builds("insured:{}+".format, st.integers(1, 10**9)))


@given(FUND, SEVERITY, ALLOCATION)
def test_full_names_are_read_back_to_the_same_policy(fund, severity, allocation):
    name = f"{fund}{severity}+{allocation}"
    found = named(name)
    assert named(found.name) == found
    assert full_name(found.name) == found.name
    inner = found.policy if fund else found
    assert inner == SeverityThenAllocation(
        grammar.severity(severity), grammar.allocation(allocation)
    )
    assert named(fund + severity) == named(f"{fund}{severity}+pro-rata")
    if allocation != "mdic":
        assert named(fund + allocation) == named(f"{fund}constant:1+{allocation}")


@given(st.text(max_size=12))
def test_any_text_is_a_name_or_one_error(text):
    with suppress(InputError):
        found = parse(text)
        assert found.funds or found.severity or found.allocation or found.alone


def test_parts_are_typed():
    found = parse("insured:1e3:0.3+constant:0.5+damped:0.5:my+own.py:rule")
    assert [fund.arguments for fund in found.funds] == [(1000.0, 0.3)]
    assert (found.severity.kind, found.severity.arguments) == ("constant", (0.5,))
    assert found.allocation.arguments == (0.5, InFile("my+own.py", "rule"))
    assert found.alone is None
    assert parse("a/b.py:c").alone == InFile("a/b.py", "c")
    two = parse("a.py:b+c.py:d")
    assert (two.severity, two.allocation) == (InFile("a.py", "b"), InFile("c.py", "d"))


def test_the_files_that_a_name_mentions_are_all_found(mine, tmp_path):
    other = tmp_path / "other.py"
    other.write_text("rule = 3\n")
    assert grammar.sources("insured:3+persistence+queue") == b""
    assert grammar.sources(f"insured:3+{mine}:severity") == mine.read_bytes()
    nested = f"{mine}:severity+damped:0.5:damped:0.5:{other}:rule"
    assert grammar.sources(nested) == mine.read_bytes() + other.read_bytes()


def test_a_file_is_run_once_for_a_name(tmp_path):
    path = tmp_path / "once.py"
    path.write_text(
        "from adlopt import errors\nerrors.runs = getattr(errors, 'runs', 0) + 1\n" + OWN
    )
    for runs, name in enumerate(("rule", "severity", "half", "allocation"), start=1):
        grammar.player(f"{path}:{name}")
        assert adl.errors.runs == runs


def test_ogd_alone_is_tuned_in_hindsight_and_says_so():
    tuned = grammar.policy("ogd", EPISODE)
    assert tuned.severity == paper_ogd(EPISODE)
    assert (tuned.name, tuned.information) == ("ogd+pro-rata", adl.Information.HINDSIGHT)
    assert full_name("ogd+queue") == "ogd+queue"
    assert grammar.severity("ogd", EPISODE, variation=0.0).step < tuned.severity.step


def test_a_new_severity_is_one_line_of_the_catalogue(monkeypatch, run):
    monkeypatch.setitem(catalogue.SEVERITIES, "fixed", Constant)
    assert named("fixed:0.25+queue").severity == Constant(0.25)
    assert {"part": "severity", "name": "fixed", "takes": "theta", "does": "θ_t = θ."} in listed()
    assert re.search(r"fixed:theta +θ_t = θ\.", run("policies")[1])


def test_what_is_wrong_with_an_object_is_said():
    class Half:
        name = "half"

        def decide(self, state, start):
            return 0.5

    for given_, message in (
        (Half(), "an object with information and begin and learn as well"),
        (ByRule, "make one of the class"),
        (7, "policy is 7: expected a policy, a severity, an allocation"),
        (None, "policy is None"),
    ):
        with pytest.raises(InputError, match=message):
            grammar.policy(given_)
    for listless in ("queue", "persistence+queue"):
        with pytest.raises(InputError, match=r"a list of them; write \['"):
            grammar.policies(listless)
    with pytest.raises(InputError, match=r"policies\[1\] is 'constant:1\+queue': expected names"):
        grammar.policies(["queue", "constant:1+queue"])


def test_a_table_is_asked_by_any_name():
    names = ["production, rounded", "persistence+pro-rata", "constant:0.5+queue"]
    assert grammar.pick("persistence", names) == names[1]
    assert grammar.pick("constant:0.50+queue", names) == names[2]
    assert grammar.pick("production, rounded", names) == names[0]
    with pytest.raises(InputError, match=r"did you mean 'production, rounded'\?$"):
        grammar.pick("production rounded", names)


def test_damped_takes_its_arguments_in_the_order_of_its_name():
    assert grammar.allocation("damped:0.5:capped-pro-rata:0.2") == Damped(0.5, CappedProRata(0.2))
    assert grammar.policy(Damped(0.5, ProRataAllocation())).name == "constant:1+damped:0.5:pro-rata"
