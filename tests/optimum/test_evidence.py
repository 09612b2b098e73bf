"""Certificates in files: what is VALID is true, by oracles that share no code with the checker."""

import copy
import itertools
import json
import math
import random
import re
import subprocess
import sys
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import exact_lp
import numpy as np
import pytest
from forging import mutated, mutated_text, rebound, verdict
from tiers import NIGHTLY

import adlopt as adl
from adlopt.optimum.evidence import adlcheck
from adlopt.optimum.evidence.question import Question

GOALS = [
    "min-max", "leximin", "tracking", "fewest", "cvar:0.5", "surrogate:1:40", "asymmetric:2:1:300",
]  # fmt: skip
MICRO = Fraction(1, 10**6)


def drawn(rng, *, lots=False):
    """A small round as a file has it: ties, zeros, limits, lots."""
    n = rng.randint(1, 4)
    rows = [
        {
            "id": f"a{i}",
            "capacity": rng.choice([rng.randint(0, 9) * 1.0, round(rng.uniform(0, 99), 2)]),
        }
        for i in range(n)
    ]
    entry = {"deficit": 100.0, "account": rows, "limits": {}}
    if rng.random() < 0.5:
        for row in rows:
            row["equity"] = round(rng.uniform(-5, 50), 2)
    for row in rows if lots else []:
        row["lot"] = rng.choice([1.0, 2.5, 3.0])
        row["capacity"] = min(row["capacity"], 6 * row["lot"])
    total = sum(row["capacity"] for row in rows)
    entry["needed"] = float(round(total * rng.random(), rng.choice([0, 1])))
    if rng.random() < 0.3:
        entry["limits"]["cap"] = rng.choice([0.75, {"a0": 0.5}])
    if rng.random() < 0.2:
        entry["limits"]["ineligible"] = {"a0": "vault"}
    if rng.random() < 0.2 and "equity" in rows[0]:
        entry["limits"]["floor"] = 2.0
    if rng.random() < 0.2:
        entry["limits"]["weight"] = {row["id"]: rng.choice([0.0, 10.0, 7.5]) for row in rows}
    return entry


def solved(entry, goal, folder):
    """An instance in a file, and its certificate; None where it has none."""
    file = folder / "round.json"
    file.write_text(json.dumps(entry))
    try:
        best = adl.solve(adl.read(file, objective=goal))
    except (adl.InputError, adl.NoSolution):
        return None
    best.certificate_file(folder / "certificate.json")
    return json.loads((folder / "certificate.json").read_text())


class Truth:
    """A round in fractions, read off the file; optima by enumeration and the simplex method."""

    def __init__(self, entry, certificate):
        goal, rows, limits = certificate["objective"], entry["account"], entry.get("limits") or {}
        self.goal, exact = goal, lambda v: Fraction(float(v)) * (abs(v) >= 1e-100)
        names = [row["id"].strip() for row in rows]

        def each(key, other):
            given = other if limits.get(key) is None else limits[key]
            given = given if isinstance(given, dict) else dict.fromkeys(names, given)
            return [exact(given.get(name, other)) for name in names]

        u = [exact(row["capacity"]) for row in rows]
        over_equity = goal["burden"] == "equity" and not limits.get("weight")
        w = [max(exact(row["equity"]), 0) for row in rows] if over_equity else u
        self.w = [v + exact(goal["epsilon"]) for v in w]
        if limits.get("weight"):
            self.w = each("weight", 0.0)
        most = [v * c for v, c in zip(u, each("cap", 1.0), strict=True)]
        if limits.get("floor") is not None:
            rooms = zip(most, rows, each("floor", 0.0), strict=True)
            most = [max(min(m, exact(row["equity"]) - f), 0) for m, row, f in rooms]
        barred = {name.strip() for name in limits.get("ineligible") or {}}
        shut = [name in barred or not v for name, v in zip(names, self.w, strict=True)]
        self.most = [0 if no else m for m, no in zip(most, shut, strict=True)]
        self.budget = exact(entry["needed"])
        self.x = [exact(v) for v in certificate["answer"]["haircut_usd"]]
        self.lot = None
        if rows[0].get("lot") is not None:
            self.lot = [round(exact(row["lot"]) / MICRO) * MICRO for row in rows]
        if self.lot is not None and goal["kind"] != "asymmetric":
            self.budget = round(self.budget / MICRO) * MICRO
            self.x = [round(x / MICRO) * MICRO for x in self.x]
        extra = certificate["extra_usd"]
        self.extra = math.inf if extra is None else exact(extra)

    def burden(self, x):
        return max((v / w for v, w in zip(x, self.w, strict=True) if v), default=Fraction(0))

    def mean_of_worst(self, x):
        kept = (1 - Fraction(self.goal["level"])) * len(x)
        burdens = sorted(
            (v / w if v else Fraction(0) for v, w in zip(x, self.w, strict=True)), reverse=True
        )
        if kept <= 1:
            return burdens[0]
        parts = [min(max(kept - i, 0), 1) for i in range(len(x))]
        return sum(b * p for b, p in zip(burdens, parts, strict=True)) / kept

    def cost(self, x):
        """What the first criterion is of haircuts."""
        missing = self.budget - sum(x)
        kind = self.goal["kind"]
        if kind == "asymmetric":
            under, over, fair = (Fraction(self.goal[k]) for k in ("under", "over", "fair"))
            return max(under * missing, -over * missing) + fair * self.burden(x)
        if kind == "tracking":
            return abs(missing)
        if kind == "fewest":
            return sum(v > 0 for v in x)
        return self.mean_of_worst(x) if kind == "cvar" else self.burden(x)

    def lots(self):
        """All haircuts in whole lots that count."""
        counts = [
            range(math.floor(m / lot + Fraction(1, 10**12)) + 1)
            for m, lot in zip(self.most, self.lot, strict=True)
        ]
        met = self.goal["kind"] not in ("asymmetric", "tracking")
        for each in itertools.product(*counts):
            x = [c * lot for c, lot in zip(each, self.lot, strict=True)]
            if not met or self.budget - MICRO <= sum(x) <= self.budget + self.extra + MICRO:
                yield x

    def optima(self):
        """The least of the first criterion, and of the second given that, where it is another."""
        kind = self.goal["kind"]
        if self.lot is not None:
            if math.prod(m / lot + 1 for m, lot in zip(self.most, self.lot, strict=True)) > 10**6:
                return  # what a mutation made too large to be listed
            ways = list(self.lots())
            first = min(map(self.cost, ways))
            yield first
            if kind in ("tracking", "fewest"):
                raised = sum(self.x)
                same = [x for x in ways if self.cost(x) <= self.cost(self.x)]
                yield min(self.burden(x) for x in same if kind == "fewest" or sum(x) == raised)
            return
        budget = min(self.budget, sum(self.most))
        if kind == "asymmetric":
            prices = [self.goal[k] for k in ("under", "over", "fair")]
            yield exact_lp.least_loss(self.most, self.w, self.budget, *prices)
        elif kind == "tracking":
            yield self.budget - budget
            at_that = min(sum(self.x), sum(self.most))
            yield exact_lp.least_burden(self.most, self.w, at_that)
        elif kind == "fewest":
            few = [s for s in self.subsets() if sum(self.most[i] for i in s) >= budget - MICRO]
            yield min(map(len, few))
            few = [s for s in few if len(s) <= self.cost(self.x)]
            yield min(
                exact_lp.least_burden(
                    [m * (i in s) for i, m in enumerate(self.most)],
                    self.w,
                    min(budget, sum(self.most[i] for i in s)),
                )
                for s in few
            )
        elif kind == "cvar" and self.goal["level"] < 1:
            yield self.least_mean(budget)
        else:
            yield exact_lp.least_burden(self.most, self.w, budget)

    def subsets(self):
        n = len(self.most)
        return [s for k in range(n + 1) for s in itertools.combinations(range(n), k)]

    def least_mean(self, budget):
        n = len(self.most)
        share = Fraction(1, n) / (1 - Fraction(self.goal["level"]))
        unit = [[Fraction(int(i == j)) for j in range(n)] for i in range(n)]
        zero = [Fraction(0)] * n
        rows, bounds = [[0, *self.w, *zero]], [Fraction(1)]
        for i in range(n):
            rows += [
                [1, *(-e for e in unit[i]), *(-e for e in unit[i])],
                [0, *(e * self.w[i] for e in unit[i]), *zero],
            ]
            bounds += [Fraction(0), share]
        return exact_lp.most([budget, *zero, *(-m for m in self.most)], rows, bounds)

    def check(self, certificate):
        """Fail unless all that the certificate says is true."""
        raised, near = sum(self.x), 2 * MICRO
        for x, m in zip(self.x, self.most, strict=True):
            assert 0 <= x <= m + near
        if self.goal["kind"] not in ("asymmetric", "tracking"):
            assert self.budget - near <= raised <= self.budget + self.extra + near
        if self.lot is not None:
            for x, lot in zip(self.x, self.lot, strict=True):
                assert abs(x / lot - round(x / lot)) < MICRO
        criteria = certificate["criteria"]
        assert criteria[0]["upper"] >= self.cost(self.x)
        if self.goal["kind"] in ("tracking", "fewest"):
            assert criteria[1]["upper"] >= self.burden(self.x)
        for said, least in zip(criteria, self.optima(), strict=False):
            # A budget that may be missed by a micro-dollar may cost so much less.
            if said["trust"] == "exact":
                assert said["lower"] <= least + MICRO * (1 + least)


@pytest.mark.parametrize("goal", GOALS)
@pytest.mark.parametrize("lots", [False, True])
def test_what_solve_writes_is_valid_and_true(goal, lots, tmp_path):
    rng, seen = random.Random(f"{goal}{lots}"), 0
    for _ in range(60):
        entry = drawn(rng, lots=lots)
        certificate = solved(entry, goal, tmp_path)
        if certificate is None:
            continue
        seen += 1
        assert verdict(entry, certificate, tmp_path)
        Truth(entry, certificate).check(certificate)
        assert lots or all(each["trust"] == "exact" for each in certificate["criteria"])
    assert seen > 15


@pytest.mark.parametrize("seed", range(400 if NIGHTLY else 4))
def test_a_mutation_is_refused_or_what_it_says_is_true(seed, tmp_path):
    """100 a seed: harmless is what the oracles find true of the mutated instance."""
    rng, done = random.Random(seed), 0
    while done < 100:
        entry = drawn(rng, lots=rng.random() < 0.3)
        certificate = solved(entry, rng.choice(GOALS), tmp_path)
        for _ in range(10 if certificate else 0):
            done += 1
            a, b = entry, certificate
            if rng.random() < 0.1:
                texts = (
                    (mutated_text(a, rng), b) if rng.random() < 0.5 else (a, mutated_text(b, rng))
                )
                if verdict(*texts, tmp_path) is None:
                    continue
                a, b = (json.loads(t) if isinstance(t, str) else t for t in texts)
            else:
                for _ in range(rng.choice([1, 1, 2, 3])):
                    if rng.random() < 0.5:
                        a = mutated(a, rng)
                        b = rebound(a, copy.deepcopy(b), tmp_path) if rng.random() < 0.9 else b
                    else:
                        b = mutated(b, rng)
            if verdict(a, b, tmp_path) is not None:
                Truth(a, b).check(b)


ENTRY = {
    "deficit": 90.0,
    "needed": 60.0,
    "account": [
        {"id": "ann", "capacity": 120.0, "equity": 200.0, "tags": {"desk": "makers"}},
        {"id": "bob", "capacity": 80, "equity": 90.5, "features": {}},
        {"id": " cat ", "capacity": 40.0, "equity": -3.0},
    ],
    "limits": {"cap": {"ann": 0.5}, "tier": {"cat": 2}},
}
TABLE = """account,capacity,equity,tags.desk,most,rank
ann,120,2e2,makers,0.5,1
 bob ,80.0,90.5,,1,1

cat,40,-3,,1.0,2
"""


@pytest.mark.parametrize(("needed", "limits"), [(34.0, {}), (25.5, {"cap": 0.75})])
def test_that_all_give_all_they_can_is_proved(needed, limits, tmp_path):
    rows = [{"id": "ann", "capacity": 24.0}, {"id": "bob", "capacity": 10.0}]
    entry = {"deficit": 90.0, "needed": needed, "account": rows, "limits": limits}
    certificate = solved(entry, "min-max", tmp_path)
    assert verdict(entry, certificate, tmp_path)[1].endswith("optimal, proven")


def run(folder, *arguments):
    """The checker alone, as an auditor runs it."""
    script = Path(adlcheck.__file__)
    command = [sys.executable, "-I", "-S", script, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)


def test_the_checker_runs_on_its_own(tmp_path):
    certificate = solved(ENTRY, "min-max", tmp_path)
    done = run(tmp_path, "round.json", "certificate.json")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"VALID: round {certificate['instance']['sha256'][:12]}, min-max over capacity: feasible",
        "  worst burden: at most 0.30000000000000004, and none is below 0.3: optimal, proven",
    ]
    certificate["criteria"][0]["lower"] = 0.43
    (tmp_path / "certificate.json").write_text(json.dumps(certificate))
    done = run(tmp_path, "round.json", "certificate.json")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == "INVALID: worst burden: it is not proved that none is below 0.43\n"
    done = run(tmp_path, "nowhere.json", "certificate.json")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_the_checker_is_one_file_of_the_standard_library_alone_and_is_short():
    home = Path(adlcheck.__file__)
    text = home.read_text(encoding="utf-8")
    imported = set(re.findall(r"^ *(?:from|import) (\w+)", text, re.MULTILINE))
    assert imported <= sys.stdlib_module_names
    assert not list(home.parent.glob("adlcheck_*"))
    assert len(text.splitlines()) <= 1138


def test_an_instance_is_one_whatever_it_is_written_in(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(ENTRY))
    (tmp_path / "t.csv").write_text(TABLE)
    rows = 'accounts = "t.csv"\n[limits]\ncap = "most"\ntier = "rank"\n'
    (tmp_path / "b.toml").write_text(f"needed = 60\ndeficit = 9e1\n{rows}")
    a, b = (adlcheck.instance(tmp_path / name) for name in ("a.json", "b.toml"))
    b.pop("features"), a.pop("features")
    assert adlcheck.fingerprint(a) == adlcheck.fingerprint(b)
    for name in ("a.json", "b.toml"):
        problem = adl.read(tmp_path / name)
        question = Question(thing=problem.thing, objective=problem.objective, limits=problem.limits)
        content = adlcheck.instance(tmp_path / name)
        assert adlcheck.fingerprint(question.content()) == adlcheck.fingerprint(content)


def test_the_canonical_form_is_what_its_words_say(tmp_path):
    (tmp_path / "a.json").write_text('{"deficit": 2, "needed": 0.5, "capacity": 1e0}')
    assert adlcheck.canonical(adlcheck.instance(tmp_path / "a.json")) == (
        '{"account":["all winners"],"capacity":["0x1.0000000000000p+0"],'
        '"deficit":"0x1.0000000000000p+1","kind":"round","needed":"0x1.0000000000000p-1"}'
    )


def test_a_certificate_of_another_version_or_instance_is_refused_by_name(tmp_path):
    certificate = solved(ENTRY, "min-max", tmp_path)
    content = adlcheck.instance(tmp_path / "round.json")
    with pytest.raises(adlcheck.Invalid, match="it is of 'adlopt/certificate/1': this reads"):
        adlcheck.check(content, certificate | {"schema": "adlopt/certificate/1"})
    other = ENTRY | {"needed": 61.0}
    (tmp_path / "other.json").write_text(json.dumps(other))
    with pytest.raises(adlcheck.Invalid, match="it is of another instance"):
        adlcheck.check(adlcheck.instance(tmp_path / "other.json"), certificate)


def test_what_nobody_can_recompute_is_reported_and_never_called_proven(tmp_path):
    entry = {
        "deficit": 9.0,
        "needed": 60.0,
        "account": [
            {"id": f"a{i}", "capacity": 90.0, "lot": lot} for i, lot in enumerate([1.0, 2.0, 7.0])
        ],
    }
    certificate = solved(entry, "leximin", tmp_path)
    assert [c["trust"] for c in certificate["criteria"]] == ["exact", "reported"]
    line = verdict(entry, certificate, tmp_path)[-1]
    assert "REPORTED, not proven" in line
    certificate["criteria"][1]["trust"] = "exact"
    assert verdict(entry, certificate, tmp_path) is None


@pytest.mark.parametrize("lots", [False, True])
def test_a_round_that_nobody_meets_has_a_certificate_too(lots, tmp_path):
    entry = ENTRY | ({"needed": 60.5, "lot": 7.0} if lots else {"needed": 1e4})
    (tmp_path / "round.json").write_text(json.dumps(entry))
    with pytest.raises(adl.InfeasibleRound) as refused:
        adl.solve(adl.read(tmp_path / "round.json"))
    refused.value.certificate_file(tmp_path / "certificate.json")
    certificate = json.loads((tmp_path / "certificate.json").read_text())
    assert "infeasible, proved" in verdict(entry, certificate, tmp_path)[0]
    feasible = ENTRY | ({"needed": 63.0, "lot": 7.0} if lots else {})
    rebound(feasible, certificate, tmp_path)
    assert verdict(feasible, certificate, tmp_path) is None


def test_the_answer_must_be_one_that_was_solved(tmp_path):
    with pytest.raises(adl.InputError, match="an answer without"):
        replace(
            adl.solve(adl.Round.of(capacity=[9.0], deficit=9.0, needed=1.0)), question=None
        ).certificate_file(tmp_path / "c.json")


@pytest.mark.nightly("a million accounts")
def test_a_million_accounts_are_checked_within_a_minute(tmp_path):
    rng = np.random.default_rng(0)
    capacity = rng.lognormal(3, 2, 1_000_000).round(2).tolist()
    rows = "".join(f"{i},{u!r}\n" for i, u in enumerate(capacity))
    (tmp_path / "t.csv").write_text("account,capacity\n" + rows)
    needed = round(sum(capacity) / 3, 2)
    (tmp_path / "round.json").write_text(
        json.dumps({"deficit": needed, "needed": needed, "accounts": "t.csv"})
    )
    adl.solve(adl.read(tmp_path / "round.json")).certificate_file(tmp_path / "c.json")
    started = time.process_time()
    lines = adlcheck.check(
        adlcheck.instance(tmp_path / "round.json"), adlcheck.parsed(tmp_path / "c.json")
    )
    assert lines[-1].endswith("optimal, proven")
    assert time.process_time() - started < 60


def drawn_contracts(rng):
    """A small round in contracts: odd lots, caps, accounts with several positions."""
    entry = {"deficit": 9.0, "positions": [], "limits": {}}
    for name in [f"a{i}" for i in range(rng.randint(1, 3))]:
        for coin in rng.sample(["A", "B", "C"], rng.randint(1, 2)):
            lot, value = rng.choice([0.5, 1.0]), rng.choice([3.0, 1 / 3, 7.25])
            size = lot * rng.randint(0, 4) + rng.choice([0.0, 0.3])
            each = {"account": name, "coin": coin, "side": "long", "size": size, "lot": lot}
            entry["positions"].append(each | {"value": value})
    if rng.random() < 0.5:
        names = dict.fromkeys(each["account"] for each in entry["positions"])
        entry["accounts"] = [{"account": n, "capacity": rng.choice([5.0, 12.5])} for n in names]
    if rng.random() < 0.3:
        entry["limits"]["cap"] = 0.5
    worth = sum(each["size"] * each["value"] for each in entry["positions"])
    entry["needed"] = round(worth * rng.random(), rng.choice([0, 2]))
    return entry


def ways_of_contracts(entry, certificate):
    """Burdens of all whole lots that count, by lots; enumerated in whole micro-dollars."""
    held, lots, amounts = entry["positions"], [], []
    for each in held:
        lot = float(each.get("lot") or 1.0)
        count = float(each["size"]) / lot
        lots.append(min(math.floor(count + 1e-9), each.get("closable", 99)))
        amounts.append(round(lot * float(each["value"]) * 10**6))
    names = dict.fromkeys(each["account"].strip() for each in held)
    owner = [each["account"].strip() for each in held]
    worth = {
        n: sum(
            float(e["size"]) * float(e["value"]) for e, o in zip(held, owner, strict=True) if o == n
        )
        for n in names
    }
    if entry.get("accounts"):
        worth = {each["account"].strip(): float(each["capacity"]) for each in entry["accounts"]}
    whole = {
        n: sum(a * c for a, c, o in zip(amounts, lots, owner, strict=True) if o == n) for n in worth
    }
    capacity = {
        n: max(u, whole[n] / 1e6) if u >= whole[n] / 1e6 - 1e-5 else u for n, u in worth.items()
    }
    cap = (entry.get("limits") or {}).get("cap")
    cap = 1.0 if cap is None else cap
    epsilon = certificate["objective"]["epsilon"]
    caps = {
        n: u * 1e6 * (cap.get(n, 1.0) if isinstance(cap, dict) else cap)
        for n, u in capacity.items()
    }
    extra = certificate.get("extra_usd")
    needed = Fraction(round(float(entry["needed"]), 6)) * 10**6
    near = round(needed) if abs(needed - round(needed)) <= needed * Fraction(1e-9) else needed
    least, most = near, math.inf if extra is None else near + Fraction(float(extra)) * 10**6
    found = {}
    for each in itertools.product(*(range(count + 1) for count in lots)):
        given = dict.fromkeys(worth, 0)
        for c, a, o in zip(each, amounts, owner, strict=True):
            given[o] += c * a
        if all(given[n] <= caps[n] + 1e-3 for n in given) and least <= sum(given.values()) <= most:
            burdens = [given[n] / 1e6 / (capacity[n] + epsilon) for n in given if given[n]]
            found[each] = max(burdens, default=0.0)
    return found


def check_contracts(entry, certificate):
    """Fail unless all that a certificate of a round in contracts says is true."""
    ways = ways_of_contracts(entry, certificate)
    if certificate["infeasible"]:
        assert not ways
        return
    said = certificate["criteria"][0]
    assert said["upper"] >= ways[tuple(map(int, certificate["answer"]["lots"]))] * (1 - 1e-9)
    assert said["trust"] == "reported" or said["lower"] <= min(ways.values()) * (1 + 1e-9)


@pytest.mark.parametrize("seed", range(200 if NIGHTLY else 2))
def test_rounds_in_contracts_and_their_mutations_are_refused_or_true(seed, tmp_path):
    rng, done = random.Random(seed), 0
    while done < 50:
        entry = drawn_contracts(rng)
        file, written = tmp_path / "contracts.json", tmp_path / "certificate.json"
        file.write_text(json.dumps(entry))
        budget = rng.choice([None, adl.Budget.at_least(), adl.Budget.band(1.0)])
        try:
            problem = adl.read(file)
            best = adl.solve(replace(problem, thing=problem.thing.rounded()), budget=budget)
            best.certificate_file(written)
        except adl.InfeasibleRound as refused:
            refused.certificate_file(written)
        certificate = json.loads(written.read_text())
        assert verdict(entry, certificate, tmp_path)
        check_contracts(entry, certificate)
        for _ in range(10):
            done += 1
            a, b = entry, certificate
            if rng.random() < 0.5:
                a = mutated(a, rng)
                b = rebound(a, copy.deepcopy(b), tmp_path)
            else:
                b = mutated(b, rng)
            if verdict(a, b, tmp_path) is not None and set(a.get("limits") or {}) <= {"cap"}:
                check_contracts(a, b)


def drawn_episode(rng):
    """Rounds that share a few winners; capacities rise and fall."""
    rounds = []
    for _ in range(rng.randint(1, 3)):
        names = rng.sample("abcd", rng.randint(1, 3))
        rows = [
            {"id": n, "capacity": rng.choice([10.0, 25.5, round(rng.uniform(1, 60), 2)])}
            for n in names
        ]
        needed = round(rng.random() * 0.4 * sum(row["capacity"] for row in rows), 1)
        rounds.append({"deficit": 9.0, "needed": needed, "account": rows})
    return {"name": "drawn", "round": rounds}


def level_of(budget, pairs):
    """Least z with Σ min(cap, weight z) ≥ budget, in fractions; None if there is none."""
    if sum(c for c, _ in pairs) < budget:
        return None
    for z in sorted({Fraction(0), *(c / w for c, w in pairs if w)}):
        if sum(min(c, w * z) for c, w in pairs) >= budget:
            below = [(c, w) for c, w in pairs if w and c >= w * z]
            full = sum(c for c, w in pairs if w and c < w * z)
            return min(z, (budget - full) / sum(w for _, w in below)) if below else z
    return None


def check_episode(entry, certificate):
    """Fail unless true: the least burden is the largest, over sets of rounds, at which they pay."""
    goal, parts = certificate["objective"], entry["round"]
    rooms, weights = [], {}
    for part in parts:
        for row in part["account"]:
            burden = row["capacity"] if goal["burden"] == "capacity" else max(row["equity"], 0)
            name = row["id"].strip()
            weight = Fraction(float(burden)) + Fraction(float(goal["epsilon"]))
            weights[name] = max(weights.get(name, Fraction(0)), weight)
    later = {}
    for part in reversed(parts):
        held = {row["id"].strip(): Fraction(float(row["capacity"])) for row in part["account"]}
        later = later | {n: min(u, later.get(n, u)) for n, u in held.items()}
        rooms.insert(0, {n: later[n] for n in held})
    best = Fraction(0)
    for k in range(1, len(parts) + 1):
        for chosen in itertools.combinations(range(len(parts)), k):
            limit = {}
            for t in chosen:
                limit |= rooms[t]
            budget = sum(Fraction(float(parts[t]["needed"])) for t in chosen)
            best = max(
                best, level_of(budget - MICRO * k, [(limit[n], weights[n]) for n in limit]) or 0
            )
    paid = {}
    for part, given in zip(parts, certificate["answer"]["haircut_usd"], strict=True):
        assert abs(sum(given) - part["needed"]) <= 2e-6
        for row, x in zip(part["account"], given, strict=True):
            paid[row["id"].strip()] = paid.get(row["id"].strip(), 0) + Fraction(float(x))
    said = certificate["criteria"][0]
    assert said["upper"] >= max((x / weights[n] for n, x in paid.items() if x), default=0)
    assert said["trust"] == "reported" or said["lower"] <= best + Fraction(1, 10**5)


@pytest.mark.parametrize("seed", range(100 if NIGHTLY else 2))
def test_episodes_and_their_mutations_are_refused_or_true(seed, tmp_path):
    rng, done = random.Random(seed), 0
    file, written = tmp_path / "episode.json", tmp_path / "certificate.json"
    while done < 50:
        entry = drawn_episode(rng)
        file.write_text(json.dumps(entry))
        try:
            adl.solve(adl.read(file)).certificate_file(written)
        except adl.InfeasibleRound:
            continue
        certificate = json.loads(written.read_text())
        assert verdict(entry, certificate, tmp_path)[1].endswith("optimal, proven")
        check_episode(entry, certificate)
        for _ in range(10):
            done += 1
            a, b = entry, certificate
            if rng.random() < 0.5:
                a = mutated(a, rng)
                b = rebound(a, copy.deepcopy(b), tmp_path)
            else:
                b = mutated(b, rng)
            if verdict(a, b, tmp_path) is not None:
                check_episode(a, b)


@pytest.mark.parametrize("twice", ["round", "contracts", "episode"])
def test_an_account_that_stands_twice_is_refused(twice, tmp_path):
    rows = [{"id": "a", "capacity": 9.0}, {"id": " a", "capacity": 9.0}]
    part = {"deficit": 9.0, "needed": 1.0, "account": rows}
    held = {"account": "a", "coin": "A", "side": "long", "size": 1.0, "value": 1.0}
    holders = [{"account": "a", "capacity": 9.0}] * 2
    entry = {
        "round": part,
        "contracts": part | {"account": None, "positions": [held], "accounts": holders},
        "episode": {"round": [part]},
    }[twice]
    (tmp_path / "i.json").write_text(json.dumps({k: v for k, v in entry.items() if v is not None}))
    with pytest.raises(adlcheck.Invalid, match="an account stands twice"):
        adlcheck.instance(tmp_path / "i.json")
