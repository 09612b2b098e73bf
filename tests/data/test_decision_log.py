"""The record of decisions: replayed bit for bit, forged, torn, and written by several at once."""

import json
import logging
import multiprocessing
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import adlopt as adl
from adlopt.data.decision_log import _bytes, _hash
from adlopt.errors import CertificateError, InputError

START = adl.RoundStart(
    account=["a", "b", "c"],
    capacity=[120.0, 80.1, 1 / 3],
    deficit=90.0,
    equity=[300.0, 0.1, 7.0],
    estimate=50.0,
    features={"leverage": [1.0, 2.0, 3.0]},
    signals={"index": 0.1},
    tags={"desk": ["m", "", "m"]},
)
SAMPLES = [20.0, 30.1, 50.7, 80.2]
LOTS = adl.RoundStart(account=["a", "b"], capacity=[120.0, 80.0], deficit=90.0, lot=[7.0, 9.0])
POSITIONS = adl.ContractRound.of(
    account=["ann", "ann", "bob"], coin=["ETH", "BTC", "ETH"], side=["long", "short", "long"],
    size=[10, 3, 8], value=[40, 90, 40], deficit=500, needed=1,
)  # fmt: skip
DECISIONS = {
    "plain": lambda: adl.decide(START, belief=SAMPLES),
    "priced": lambda: adl.decide(START, belief=SAMPLES, under=3.3, fair=7.1, ambiguity=1.7),
    "calibrated": lambda: adl.decide(START, belief=SAMPLES, ambiguity=adl.CrossValidated(folds=2)),
    "errors": lambda: adl.decide(START, belief=adl.Belief.of_errors([-3.0, 0.1]), most=99.0),
    "limits": lambda: adl.decide(
        START, belief=SAMPLES, limits=adl.Limits(ineligible={"a": "vault"}, cap=0.7, floor=0.05)
    ),
    "chance": lambda: adl.decide(START, belief={0.5: 10, 1.0: 33.3}, chance=0.9),
    "leximin": lambda: adl.decide(START, belief=SAMPLES, objective=adl.Leximin()),
    "cvar": lambda: adl.decide(
        START, belief=SAMPLES, objective=adl.CVaR(0.5, importance=[1.0, 2.0, 3.0])
    ),
    "moving": lambda: adl.decide(
        START, belief=SAMPLES, capacities=np.outer([0.9, 1.1], START.capacity), delivered=0.5
    ),
    "all scenarios, at a price": lambda: adl.decide(
        START, belief=SAMPLES, under=3.0, fair=9.0, capacities=0.3
    ),
    "scenarios, priced": lambda: adl.decide(
        START,
        belief=SAMPLES,
        under=3.0,
        fair=9.0,
        capacities=np.outer([0.3, 1.1], START.capacity),
        delivered=None,
    ),
    "own rows": lambda: adl.decide(
        START,
        belief=SAMPLES,
        fair=7.0,
        constraints=[
            adl.group("m").gives_at_most(share=0.2),
            adl.group(account=["b"], where={"leverage": (1, 9)}).keeps_at_least(usd=9.0),
        ],
    ),
    "lots in scenarios": lambda: adl.decide(LOTS, belief=SAMPLES, capacities=0.2),
    "lots": lambda: adl.decide(LOTS, belief=SAMPLES, under=2.0),
    "positions": lambda: adl.decide(
        POSITIONS.start, positions=POSITIONS.positions, belief=[200.0, 305.0]
    ),
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "log.jsonl"


@pytest.mark.parametrize("made", DECISIONS.values(), ids=DECISIONS)
def test_a_decision_is_made_again_of_what_its_line_holds(path, made):
    head = adl.write_decision(made(), path)
    found = adl.audit(path, head=head)
    assert (found.decisions, found.head, found.torn_bytes) == (1, head, 0)
    assert path.read_bytes().count(b"\n") == 1


@pytest.fixture
def written(path):
    for made in ("plain", "priced", "limits"):
        adl.write_decision(DECISIONS[made](), path)
    return path


def rewritten(path, number, change, *, rehash=False):
    """Change a line, and perhaps its hash, and those of all that follow."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    change(lines[number])
    if rehash:
        for line, before in zip(lines, [None, *lines], strict=False):
            line["previous"] = before["hash"] if before else line["previous"]
            line.pop("hash")
            line["hash"] = _hash(line)
    path.write_bytes(b"".join(_bytes(line) + b"\n" for line in lines))


def put(*keys, value):
    def change(line):
        for key in keys[:-1]:
            line = line[key]
        line[keys[-1]] = value

    return change


FORGERIES = {
    "haircut": put("answer", "haircut_usd", 0, value=1.0),
    "raised": put("answer", "raised_usd", value=31.0),
    "certificate": put("answer", "certificate", "lower", value=0.5),
    "belief": put("inputs", "belief", "value", 0, value=21.0),
    "price": put("inputs", "under", value=9.0),
    "version": put("version", value="0.0"),
}


@pytest.mark.parametrize("forged", FORGERIES.values(), ids=FORGERIES)
def test_a_changed_line_is_named(written, forged):
    rewritten(written, 1, forged)
    with pytest.raises(CertificateError, match=r"line 2: it was changed"):
        adl.audit(written)


@pytest.mark.parametrize("name", ["haircut", "raised", "certificate", "belief", "price"])
def test_who_rewrites_the_whole_chain_is_found_by_the_decision_itself(written, name):
    rewritten(written, 1, FORGERIES[name], rehash=True)
    with pytest.raises(CertificateError, match=r"line 2: (decided again|inputs_hash)"):
        adl.audit(written)


def test_who_rewrites_inputs_their_hash_and_the_answer_is_found_by_the_last_hash(written):
    head = adl.audit(written).head
    other = adl.decide(START, belief=[77.0])

    def change(line):
        inputs = json.loads(json.dumps(line["inputs"]))
        inputs["belief"] = {**inputs["belief"], "value": [77.0], "mass": [1.0]}
        line.update(inputs=inputs, inputs_hash=_hash(inputs), answer=other.to_dict())

    rewritten(written, 0, change, rehash=True)
    assert adl.audit(written).decisions == 3
    with pytest.raises(CertificateError, match="ends with the hash"):
        adl.audit(written, head=head)


@pytest.mark.parametrize("drop", [0, 1])
def test_a_line_that_is_missing_is_missed(written, drop):
    lines = written.read_bytes().splitlines(keepends=True)
    del lines[drop]
    written.write_bytes(b"".join(lines))
    with pytest.raises(CertificateError, match=rf"line {drop + 1}: it does not follow"):
        adl.audit(written)


def test_a_last_line_that_is_cut_off_is_missed_by_its_hash_alone(written):
    head = adl.audit(written).head
    written.write_bytes(b"".join(written.read_bytes().splitlines(keepends=True)[:-1]))
    assert adl.audit(written).decisions == 2
    with pytest.raises(CertificateError):
        adl.audit(written, head=head)


@pytest.mark.parametrize("kept", [1, 100, -1])
def test_a_torn_last_line_loses_nothing_before_it(written, kept, caplog):
    whole = written.read_bytes()
    torn = whole.splitlines(keepends=True)[0][:kept]
    written.write_bytes(whole + torn)
    found = adl.audit(written)
    assert (found.decisions, found.torn_bytes) == (3, len(torn))
    assert "torn" in str(found)
    with caplog.at_level(logging.WARNING):
        adl.write_decision(DECISIONS["plain"](), written)
    assert "torn" in caplog.text
    assert written.read_bytes().startswith(whole)
    assert adl.audit(written).decisions == 4


def test_a_log_torn_in_its_first_line_starts_anew(path):
    path.write_bytes(b'{"inputs": {')
    adl.write_decision(DECISIONS["plain"](), path)
    assert adl.audit(path).decisions == 1


def append(path, count):
    for _ in range(count):
        adl.write_decision(adl.decide(START, belief=SAMPLES), path)


def test_writers_do_not_lose_each_others_lines(path):
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=append, args=(path, 8)) for _ in range(3)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    assert [each.exitcode for each in writers] == [0, 0, 0]
    assert adl.audit(path).decisions == 24


def test_a_decision_stopped_at_its_deadline_is_held_to_what_is_possible(path):
    late = adl.decide(START, belief=np.linspace(0, 90, 300), ambiguity=1.0, deadline=1e-9)
    assert late.stopped
    adl.write_decision(late, path)
    assert adl.audit(path).stopped == 1
    rewritten(path, 0, put("answer", "worst_loss", value=0.01), rehash=True)
    with pytest.raises(CertificateError, match="less than is possible"):
        adl.audit(path)


def forged_stop(*change):
    def forge(line):
        line["answer"]["stopped"] = True
        for keys, value in change:
            put("answer", *keys, value=value)(line)

    return forge


FORGED_STOPS = {
    "haircut": forged_stop((("haircut_usd",), [30.0, 0.0, 0.0])),
    "nobody": forged_stop((("haircut_usd",), [0.0, 0.0, 0.0]), (("worst_loss",), 1e9)),
    "raised": forged_stop((("raised_usd",), 1e9)),
    "loss": forged_stop((("worst_loss",), 1e-9)),
    "beyond": forged_stop((("haircut_usd",), [999.0, 0.0, 0.0]), (("raised_usd",), 999.0)),
    "burden": forged_stop((("worst_burden",), 0.0)),
    "bound": forged_stop((("certificate", "lower"), 1e9)),
    "shape": forged_stop((("haircut_usd",), [30.0])),
}


@pytest.mark.parametrize("forged", FORGED_STOPS.values(), ids=FORGED_STOPS)
def test_who_calls_a_forged_answer_stopped_is_found_by_its_haircuts(written, forged):
    rewritten(written, 1, forged, rehash=True)
    with pytest.raises(CertificateError, match=r"line 2: (\w+ is not what|it loses|its haircuts)"):
        adl.audit(written)


def test_lines_of_an_earlier_version_are_replayed_and_of_a_later_one_named(written):
    def earlier(line):
        inputs = {k: v for k, v in line["inputs"].items() if k != "constraints"}
        line.update(inputs=inputs, inputs_hash=_hash(inputs), version="1.9")

    rewritten(written, 0, earlier, rehash=True)
    assert adl.audit(written).decisions == 3

    def later(line):
        inputs = {**line["inputs"], "mood": 1.0}
        line.update(inputs=inputs, inputs_hash=_hash(inputs), version="9.0")

    rewritten(written, 2, later, rehash=True)
    with pytest.raises(CertificateError, match=r"line 3: .*mood.*recorded by version 9\.0"):
        adl.audit(written)


def test_a_line_is_not_replayed_at_another_place_or_twice(written):
    lines = written.read_bytes().splitlines(keepends=True)
    for mixed in (lines[:2] + lines[1:], [lines[1], lines[0], lines[2]], lines + lines[:1]):
        written.write_bytes(b"".join(mixed))
        with pytest.raises(CertificateError, match="does not follow the line before it"):
            adl.audit(written)


def test_threads_that_decide_and_write_lose_no_line_and_agree(path):
    def work(k):
        made = adl.decide(START, belief=SAMPLES, under=1.0 + k % 3, fair=3.0, capacities=0.2)
        adl.write_decision(made, path)
        return k % 3, json.dumps(made.to_dict())

    with ThreadPoolExecutor(8) as threads:
        said = set(threads.map(work, range(24)))
    assert len(said) == 3
    assert adl.audit(path).decisions == 24


@pytest.mark.parametrize("text", [b"\n", b"[]\n", b"{}\n", b'{"hash": 1}\n', b"\xff\xfe\n", b"nul"])
def test_what_is_no_log_is_told(path, text):
    path.write_bytes(text)
    if text.endswith(b"\n"):
        with pytest.raises(CertificateError, match="line 1"):
            adl.audit(path)
    if text in (b"[]\n", b"{}\n"):
        with pytest.raises(InputError, match="a line of a log"):
            adl.write_decision(DECISIONS["plain"](), path)


def test_the_command_line_writes_and_audits(tmp_path, run):
    (tmp_path / "round.toml").write_text(
        "deficit = 90.0\ncapacity = 120.0\n[belief]\nsamples = [20.0, 40.0]\n"
    )
    for _ in range(2):
        code, _, _ = run("decide", "round.toml", "--audit", "log.jsonl")
        assert code == 0
    code, out, _ = run("audit", "log.jsonl")
    assert code == 0
    assert "2 decisions replayed" in out
    code, out, _ = run("audit", "log.jsonl", "--json")
    head = json.loads(out)["head"]
    code, _, _ = run("audit", "log.jsonl", "--head", head)
    assert code == 0
    code, _, err = run("audit", "log.jsonl", "--head", "0" * 64)
    assert code == 2
    assert "ends with the hash" in err
