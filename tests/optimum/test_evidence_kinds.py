"""Certificates of matchings, of priced and infeasible episodes, and of paths, against oracles."""

import copy
import json
import math
import random
import shutil
import subprocess
import sys
from fractions import Fraction

import exact_lp
import pytest
from forging import mutations, rebound, verdict
from tiers import NIGHTLY

import adlopt as adl
from adlopt.optimum.evidence import adlcheck

NEAR = Fraction(1, 10**5)
GOALS = ["min-max", "leximin", "fewest"]


def drawn(rng):
    """Winners of a few coins against what losers shed; some can pay little."""
    names, coins = [f"a{i}" for i in range(rng.randint(1, 3))], ["A", "B"][: rng.randint(1, 2)]
    held = [
        {
            "account": n,
            "coin": c,
            "side": "short",
            "size": rng.choice([1.0, 2.5, 4.0]),
            "mark": 10.0,
        }
        for n in names
        for c in coins
        if rng.random() < 0.8
    ] or [{"account": "a0", "coin": "A", "side": "short", "size": 3.0, "mark": 10.0}]
    shed = [
        {
            "loser": f"l{k}",
            "coin": rng.choice(coins),
            "side": "long",
            "size": rng.choice([0.5, 1.0, 2.0]),
            "price": rng.choice([10.0, 11.0, 12.5]),
            "mark": 10.0,
        }
        for k in range(rng.randint(1, 3))
    ]
    capacity = [{"account": n, "capacity": rng.choice([1.5, 5.0, 20.0])} for n in names]
    entry = {"deficit": 9.0, "needed": 5.0, "positions": held, "accounts": capacity, "shed": shed}
    if rng.random() < 0.3:
        entry["limits"] = {"cap": 0.5}
    return entry


HELD = {"coin": "A", "side": "short", "mark": 10.0}
ENTRY = {
    "deficit": 9.0,
    "needed": 5.0,
    "positions": [{"account": "ann", "size": 4.0, **HELD}, {"account": "bob", "size": 2.5, **HELD}],
    "accounts": [{"account": "ann", "capacity": 20.0}, {"account": "bob", "capacity": 5.0}],
    "shed": [
        {"loser": "x", "coin": "A", "side": "long", "size": 3.0, "price": 11.0, "mark": 10.0},
        {"loser": "y", "coin": "A", "side": "long", "size": 1.0, "price": 12.5, "mark": 10.0},
    ],
}


class Matched:
    """A matching in fractions, read off its file, and its optima by the simplex method."""

    def __init__(self, entry, certificate):
        exact = lambda v: Fraction(float(v)) * (abs(float(v)) >= 1e-100)  # noqa: E731
        self.goal, answer = certificate["objective"], certificate.get("answer") or {}
        cap = (entry.get("limits") or {}).get("cap")
        rows = {row["account"].strip(): exact(row["capacity"]) for row in entry["accounts"]}
        barred = {n.strip() for n in (entry.get("limits") or {}).get("ineligible") or {}}
        caps = cap if isinstance(cap, dict) else dict.fromkeys(rows, 1.0 if cap is None else cap)
        self.names = list(rows)
        self.cap = {n: 0 if n in barred else u * exact(caps.get(n, 1.0)) for n, u in rows.items()}
        self.weight = {n: u + exact(self.goal["epsilon"]) for n, u in rows.items()}
        opposite = {"long": "short", "short": "long"}
        held = [
            (p["account"].strip(), p["side"], p["coin"], exact(p["size"]))
            for p in entry["positions"]
        ]
        orders = []
        for o in entry["shed"]:
            gap = (exact(o["price"]) - exact(o["mark"])) * (1 if o["side"] == "long" else -1)
            orders.append(((opposite[o["side"]], o["coin"]), max(gap, 0), exact(o["size"])))
        dear = {what for what, v, _ in orders if v > 0}
        self.arcs, left = [], {}
        for j, (n, side, coin, size) in enumerate(held):
            unable = (side, coin) in dear and not (self.cap[n] and self.weight[n])
            if n in barred or (unable and rows[n] > 0):
                continue
            left[side, coin] = left.get((side, coin), 0) + size
            if not unable:
                self.arcs += [(j, k) for k, o in enumerate(orders) if o[0] == (side, coin) and size]
        self.held, self.orders, self.quantity = held, orders, []
        for what, _, size in orders:
            self.quantity.append(min(size, left.get(what, 0)))
            left[what] = left.get(what, 0) - self.quantity[-1]
        trades = zip(*(answer.get(k, ()) for k in ("position", "order", "contracts")), strict=True)
        self.trades = [(int(j), int(k), exact(x)) for j, k, x in trades]

    def dual(self, fair, free=lambda n: 0):
        """max Q y − size π − cap κ, y_k ≤ π_j + v_k (κ_i + μ_i), w μ ≤ fair over all accounts."""
        n, m, k = len(self.names), len(self.held), len(self.quantity)
        place = {name: i for i, name in enumerate(self.names)}
        cost = [*self.quantity, *(-q for q in self.quantity), *(-h[3] for h in self.held)]
        cost += [-self.cap[name] for name in self.names] + [Fraction(0)] * n
        rows, ends = [[0] * (2 * k + m + n) + [self.weight[name] for name in self.names]], [fair]
        for j, o in self.arcs:
            row = [Fraction(0)] * len(cost)
            row[o], row[k + o], row[2 * k + j] = 1, -1, -1
            i = place[self.held[j][0]]
            row[2 * k + m + i] = row[2 * k + m + n + i] = -self.orders[o][1]
            rows.append(row)
            ends.append(Fraction(0))
        return exact_lp.most(cost, rows, ends)

    def least_burden(self):
        """Endless where what an answer misses by rounding is out of reach without it."""
        try:
            return self.dual(Fraction(1))
        except OverflowError:
            return math.inf

    def fewest(self):
        """The least number of accounts that can close all, subset by subset."""
        for size in range(len(self.names) + 1):
            for mask in range(1 << len(self.names)):
                chosen = {n for i, n in enumerate(self.names) if mask >> i & 1}
                part = copy.copy(self)
                part.arcs = [(j, k) for j, k in self.arcs if self.held[j][0] in chosen]
                if len(chosen) == size and part.feasible():
                    return size
        return None

    def feasible(self):
        try:
            return self.dual(Fraction(0)) <= NEAR
        except OverflowError:
            return False

    def check(self, certificate):
        if certificate["infeasible"]:
            assert not self.feasible() or self.dual(Fraction(0)) > 0
            return
        given, closed = dict.fromkeys(self.names, Fraction(0)), {}
        sold = [Fraction(0)] * len(self.orders)
        for j, k, x in self.trades:
            name, side, coin, _ = self.held[j]
            assert (side, coin) == self.orders[k][0]
            given[name] += x * self.orders[k][1]
            closed[j] = closed.get(j, 0) + x
            sold[k] += x
        assert all(abs(a - b) <= NEAR for a, b in zip(sold, self.quantity, strict=True))
        assert all(x <= self.held[j][3] + NEAR for j, x in closed.items())
        assert all(x <= self.cap[n] + NEAR for n, x in given.items())
        said = certificate["criteria"][0]
        if said["criterion"] == "accounts touched":
            assert said["upper"] >= len({self.held[j][0] for j, _, x in self.trades if x})
            assert said["trust"] == "reported" or said["lower"] <= self.fewest()
        elif said["criterion"] == "worst burden":
            worst = max((x / self.weight[n] for n, x in given.items() if x), default=0)
            assert said["upper"] >= worst * (1 - NEAR)
            assert said["trust"] == "reported" or said["lower"] <= self.least_burden() + NEAR


def answered(file, written, objective=None, **options):
    """The certificate of an instance, or of why it has no answer; whether it has one."""
    try:
        adl.solve(adl.read(file, objective=objective), **options).certificate_file(written)
    except adl.InfeasibleRound as refused:
        refused.certificate_file(written)
        return json.loads(written.read_text()), False
    return json.loads(written.read_text()), True


@pytest.mark.parametrize("seed", range(150 if NIGHTLY else 2))
def test_matchings_and_their_mutations_are_refused_or_true(seed, tmp_path):
    rng, done = random.Random(seed), 0
    file, written = tmp_path / "contracts.json", tmp_path / "certificate.json"
    while done < 60:
        entry, goal = drawn(rng), rng.choice(GOALS)
        file.write_text(json.dumps(entry))
        certificate, found = answered(file, written, goal)
        lines = verdict(entry, certificate, tmp_path)
        assert lines
        Matched(entry, certificate).check(certificate)
        if found and goal == "min-max":
            assert lines[1].endswith("optimal, proven")
        done += 10
        for a, b in mutations(rng, entry, certificate, 10, tmp_path):
            # Without accounts, capacities are derived: another instance, which is not read here.
            if a.get("accounts") and set(a.get("limits") or {}) <= {"cap", "ineligible"}:
                Matched(a, b).check(b)


def test_a_matching_and_an_episode_that_nobody_can_pay_have_a_certificate_too(tmp_path):
    poor = copy.deepcopy(ENTRY)
    poor["accounts"][0]["capacity"] = 1.0
    account = [{"id": "ann", "capacity": 9.0}]
    rounds = [{"deficit": 9.0, "needed": 6.0, "account": account} for _ in range(2)]
    for entry, more in ((poor, ENTRY), ({"round": rounds}, {"round": rounds[:1]})):
        (tmp_path / "i.json").write_text(json.dumps(entry))
        certificate, found = answered(tmp_path / "i.json", tmp_path / "certificate.json")
        assert not found
        assert "infeasible, proved" in verdict(entry, certificate, tmp_path)[0]
        assert verdict(more, rebound(more, certificate, tmp_path), tmp_path) is None


def test_whole_lots_between_two_sides_have_a_certificate(tmp_path):
    entry = copy.deepcopy(ENTRY) | {"match": {"lots": "rounded"}}
    for row in entry["positions"]:
        row["lot"] = 0.5
    (tmp_path / "contracts.json").write_text(json.dumps(entry))
    written = tmp_path / "certificate.json"
    certificate, found = answered(tmp_path / "contracts.json", written)
    assert found
    assert certificate["objective"]["lots"]
    assert verdict(entry, certificate, tmp_path)
    certificate["answer"]["contracts"][0] += 0.25
    assert verdict(entry, certificate, tmp_path) is None


def drawn_episode(rng):
    rounds = []
    for _ in range(rng.randint(1, 3)):
        names = rng.sample("abc", rng.randint(1, 3))
        rows = [{"id": n, "capacity": rng.choice([10.0, 25.5])} for n in names]
        needed = round(rng.random() * 1.3 * sum(row["capacity"] for row in rows), 1)
        rounds.append({"deficit": 9.0, "needed": needed, "account": rows})
    return {"name": "drawn", "round": rounds}


def least_sum(entry, under, over, fair):
    """Least sum of the loss over rounds that share winners, by the dual, in fractions."""
    parts, later, rooms = entry["round"], {}, []
    for part in reversed(parts):
        held = {row["id"].strip(): Fraction(float(row["capacity"])) for row in part["account"]}
        later = later | {n: min(u, later.get(n, u)) for n, u in held.items()}
        rooms.insert(0, {n: (later[n], u) for n, u in held.items()})
    cells = [(t, n) for t, room in enumerate(rooms) for n, (_, w) in room.items() if w > 0]
    rounds, size = len(parts), len(cells)
    cost = [Fraction(float(p["needed"])) for p in parts]
    cost += [-b for b in cost] + [-rooms[t][n][0] for t, n in cells] + [Fraction(0)] * size
    rows, ends = [], []
    for c, (t, n) in enumerate(cells):
        row = [Fraction(0)] * len(cost)
        row[t], row[rounds + t], row[2 * rounds + size + c] = 1, -1, -1
        for d, (s, m) in enumerate(cells):
            if m == n and s >= t:
                row[2 * rounds + d] = -1
        rows.append(row)
        ends.append(Fraction(0))
    for t in range(rounds):
        row = [Fraction(0)] * len(cost)
        for c, (s, n) in enumerate(cells):
            row[2 * rounds + size + c] = rooms[s][n][1] * (s == t)
        rows.append(row)
        ends.append(Fraction(fair))
        for sign, price in ((t, under), (rounds + t, over)):
            rows.append([Fraction(int(k == sign)) for k in range(len(cost))])
            ends.append(Fraction(price))
    return exact_lp.most(cost, rows, ends)


@pytest.mark.parametrize("seed", range(150 if NIGHTLY else 2))
def test_priced_and_infeasible_episodes_and_their_mutations_are_refused_or_true(seed, tmp_path):
    rng, done = random.Random(seed), 0
    file, written = tmp_path / "episode.json", tmp_path / "certificate.json"
    while done < 50:
        entry, fair = drawn_episode(rng), rng.choice([3.0, 20.0])
        file.write_text(json.dumps(entry))
        prices = {"under": 2.0, "over": 1.0, "fair": fair}
        priced = rng.random() < 0.7
        certificate, found = answered(file, written, None) if not priced else (None, True)
        if priced:
            adl.solve(adl.read(file), adl.Asymmetric(**prices)).certificate_file(written)
            certificate = json.loads(written.read_text())
        assert verdict(entry, certificate, tmp_path)[-1].endswith("proven") or not found
        for a, b in [(entry, certificate), *mutations(rng, entry, certificate, 10, tmp_path)]:
            done += 1
            goal = b["objective"]
            if b["infeasible"]:
                # What no burden meets costs more than any price of it.
                assert least_sum(a, 1.0, 1.0, 0.0) > 0
            elif (
                goal["kind"] == "asymmetric"
                and goal["epsilon"] == 0
                and goal["burden"] == "capacity"
            ):
                said = b["criteria"][0]
                least = least_sum(a, goal["under"], goal["over"], goal["fair"])
                assert said["upper"] >= least - NEAR
                assert said["trust"] == "reported" or said["lower"] <= least + NEAR
        done += 9


def least_path(entry, variation):
    """The least severity loss of a variation, by the simplex method."""
    sizes, wanted = [], []
    for part in entry["round"]:
        # Less than 1e-100 is read as nothing.
        needed, deficit = (
            x if abs(x) >= 1e-100 else 0.0 for x in map(float, (part["needed"], part["deficit"]))
        )
        sizes.append(Fraction(deficit))
        wanted.append(Fraction(min(1.0, needed / deficit)) if deficit > 0 else Fraction(needed > 0))
    n = len(sizes)
    at = lambda k, *more: [Fraction(dict([(k, 1), *more]).get(j, 0)) for j in range(4 * n)]  # noqa: E731
    cost = [*sizes, *(-2 * d for d in sizes), *([Fraction(0)] * (2 * n))]
    rows, ends = [], []
    for t in range(n):
        rows += [at(t, (n + t, -1)), at(t)]
        ends += [wanted[t], Fraction(1)]
        if t:
            rows += [at(t, (t - 1, -1), (2 * n + t, -1)), at(t - 1, (t, -1), (3 * n + t, -1))]
            ends += [Fraction(0), Fraction(0)]
    rows.append([Fraction(int(j >= 2 * n)) for j in range(4 * n)])
    ends.append(Fraction(variation))
    return sum(d * x for d, x in zip(sizes, wanted, strict=True)) - exact_lp.most(cost, rows, ends)


@pytest.mark.parametrize("seed", range(60 if NIGHTLY else 1))
def test_paths_and_their_mutations_are_refused_or_true(seed, tmp_path):
    rng, written = random.Random(seed), tmp_path / "certificate.json"
    for _ in range(5):
        rounds = [
            {"deficit": rng.choice([0.0, 3.0, 10.0]), "needed": rng.choice([0.0, 2.0, 9.5]),
             "account": [{"id": "a", "capacity": 50.0}]}
            for _ in range(rng.randint(1, 4))
        ]  # fmt: skip
        entry, variation = {"round": rounds}, rng.choice([0.0, 0.25, 1.0])
        (tmp_path / "episode.json").write_text(json.dumps(entry))
        episode = adl.read(tmp_path / "episode.json")
        board = adl.play(episode, ["persistence+pro-rata"], variation=variation)
        board.best_path.certificate_file(written)
        certificate = json.loads(written.read_text())
        assert verdict(entry, certificate, tmp_path)[1].endswith("optimal, proven")
        for a, b in [(entry, certificate), *mutations(rng, entry, certificate, 10, tmp_path)]:
            said, least = b["criteria"][0], least_path(a, b["objective"]["variation"])
            assert said["upper"] >= least - NEAR
            assert said["trust"] == "reported" or said["lower"] <= least + NEAR


@pytest.mark.parametrize("lines", [1, 0])
def test_a_copy_of_the_checker_checks_a_matching_on_its_own(lines, tmp_path):
    (tmp_path / "contracts.json").write_text(json.dumps(ENTRY))
    certificate, _ = answered(tmp_path / "contracts.json", tmp_path / "c.json")
    certificate["criteria"][0]["lower"] *= 1 if lines else 1.1
    (tmp_path / "c.json").write_text(json.dumps(certificate))
    shutil.copy(adlcheck.__file__, tmp_path)
    command = [sys.executable, "-I", "-S", "adlcheck.py", "contracts.json", "c.json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1 - lines, "")
    assert done.stdout.count("optimal, proven") == lines


class Dear:
    """An objective of one's own."""

    worst = adl.MinMax()

    def cost(self, haircut, burden, raised):
        return burden**2


def test_what_has_no_certificate_in_a_file_is_refused_by_name(tmp_path):
    round_ = adl.Round.of(account=["ann", "bob"], capacity=[120, 80], deficit=90, needed=60)
    model = adl.model(round_)
    for best in (
        adl.solve(round_, Dear()),
        model.solve([model.burden <= 0.5]),
        adl.model(adl.Episode(name="e", rounds=[round_])).solve(
            [adl.group().gives_at_most(usd=70)]
        ),
    ):
        with pytest.raises(adl.InputError, match="rows of a file"):
            best.certificate_file(tmp_path / "c.json")
    path = {"round": [{"deficit": 9.0, "needed": 1.0, "account": [{"id": "a", "capacity": 9.0}]}]}
    (tmp_path / "i.json").write_text(json.dumps(path["round"][0]))
    certificate, _ = answered(tmp_path / "i.json", tmp_path / "c.json")
    goal = {"kind": "path", "variation": 1.0, "burden": "capacity", "epsilon": 0.0}
    assert verdict(path["round"][0], certificate | {"objective": goal}, tmp_path) is None


def test_a_row_over_haircuts_is_bound_to_the_file_that_states_it(tmp_path):
    rows = [{"id": "ann", "capacity": 120.0}, {"id": "bob", "capacity": 80.0}]
    entry = {"deficit": 90.0, "needed": 60.0, "account": rows}
    (tmp_path / "i.json").write_text(json.dumps(entry))
    model = adl.model(adl.read(tmp_path / "i.json"))
    model.solve([model.haircut["ann"] <= 5]).certificate_file(tmp_path / "c.json")
    certificate = json.loads((tmp_path / "c.json").read_text())
    assert verdict(entry, certificate, tmp_path) is None
    stated = entry | {"constraint": [{"haircut": {"ann": 1.0}, "at_most": 5.0}]}
    assert verdict(stated, certificate, tmp_path)[1].endswith("optimal, proven")
