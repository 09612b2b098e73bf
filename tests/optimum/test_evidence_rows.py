"""Certificates under rows of one's own, of hedges, leverage, tiers and markets, against oracles."""

import copy
import itertools
import json
import random
import time
from fractions import Fraction

import exact_lp
import numpy as np
import pytest
from forging import mutated, mutations, rebound, verdict
from tiers import NIGHTLY

import adlopt as adl
from adlopt.optimum.evidence import adlcheck

NEAR = Fraction(1, 10**5)
GOALS = ["min-max", "leximin", "cvar:0.5", "tracking", "fewest", "asymmetric:2:1:30"]
OF_TWO = ["keep-hedges", "least-leverage", "min-max", "leximin"]


def least(cost, rows):
    """min cost·x over Σ a x ≥ end, x ≥ 0, by its dual, in fractions; None if nothing meets it."""
    columns = [[Fraction(row.get(j, 0)) for row, _ in rows] for j in range(len(cost))]
    try:
        return exact_lp.most([Fraction(end) for _, end in rows], columns, cost)
    except OverflowError:
        return None


def equal(row, end):
    return [(row, end), ({j: -a for j, a in row.items()}, -end)]


def at_most(row, end):
    return ({j: -a for j, a in row.items()}, -end)


def exact(value):
    return Fraction(float(value)) * (abs(float(value)) >= 1e-100)


def drawn(rng):
    """A round with a row or two of one's own."""
    names = [f"a{i}" for i in range(rng.randint(2, 4))]
    rows = [{"id": n, "capacity": rng.choice([10.0, 24.0, 60.5])} for n in names]
    for row in rows:
        if rng.random() < 0.6:
            row["tags"] = {"desk": rng.choice(["m", "k"])}
    total = sum(row["capacity"] for row in rows)
    some = rng.sample(names, 2)
    kinds = [
        {"account": some, "gives_at_most": {"share": rng.choice([0.25, 0.5])}},
        {"account": some, "gives_at_least": {"usd": rng.choice([1.0, 5.0])}},
        {"account": some[:1], "gives_at_most": {"usd": 4.0}},
        {"account": some, "keeps_at_least": 6.0},
        {"account": some, "shares_burden": True},
        {"haircut": {some[0]: 2.0, some[1]: -1.0}, "at_most": 3.0},
    ]
    tags = sorted({row["tags"]["desk"] for row in rows if "tags" in row})
    kinds += [{"group": tag, "gives_at_most": {"share": 0.4}} for tag in tags]
    own = rng.sample(kinds, rng.choice([1, 1, 2]))
    needed = float(round(total * rng.random() * 0.7))
    return {"deficit": 90.0, "needed": needed, "account": rows, "constraint": own}


class Bound:
    """A round under rows of one's own, read off its file, and the least of its first criterion."""

    def __init__(self, entry, certificate):
        self.goal, rows = certificate["objective"], entry["account"]
        self.names = [row["id"].strip() for row in rows]
        self.u = [exact(row["capacity"]) for row in rows]
        self.w = [u + exact(self.goal["epsilon"]) for u in self.u]
        self.u = [u if w else Fraction(0) for u, w in zip(self.u, self.w, strict=True)]
        self.budget, self.rows, self.pools = exact(entry["needed"]), [], []
        for each in entry.get("constraint", ()):
            chosen = {n for n in self.names if n in each.get("account", each.get("haircut", ()))}
            if "group" in each:
                tagged = zip(self.names, rows, strict=True)
                chosen = {n for n, r in tagged if each["group"] in (r.get("tags") or {}).values()}
            of = [i for i, n in enumerate(self.names) if n in chosen]
            self._add(each, of)
        own = {i for pool in self.pools for i in pool}
        self.pools += [[i] for i in range(len(self.names)) if i not in own]

    def _add(self, each, of):
        everyone = range(len(self.names))
        for key, sign in (("gives_at_most", -1), ("gives_at_least", 1)):
            if key in each:
                share = exact(each[key].get("share", 0.0))
                row = {i: sign * ((i in of) - share) for i in everyone}
                self.rows.append((row, sign * exact(each[key].get("usd", 0.0))))
        for key, sign in (("keeps_at_least", -1), ("keeps_at_most", 1)):
            if key in each:
                kept = sum(exact(float(self.u[i])) for i in of) - exact(each[key])
                self.rows.append(({i: Fraction(sign) for i in of}, sign * kept))
        if "haircut" in each:
            row = {i: exact(each["haircut"][self.names[i]]) for i in of}
            if each.get("at_most") is not None:
                self.rows.append(at_most(row, exact(each["at_most"])))
            if each.get("at_least") is not None:
                self.rows.append((row, exact(each["at_least"])))
        if each.get("shares_burden"):
            self.pools.append(of)

    def least(self):
        kind, n = self.goal["kind"], len(self.names)
        z, short, over, own, on = (
            n,
            n + 1,
            n + 2,
            range(n + 3, 2 * n + 3),
            range(2 * n + 3, 3 * n + 3),
        )
        cost, rows = [Fraction(0)] * (3 * n + 3), list(self.rows)
        rows += [at_most({i: 1}, self.u[i]) for i in range(n)]
        budget = dict.fromkeys(range(n), 1)
        if kind in ("asymmetric", "tracking"):
            budget |= {short: 1, over: -1}
        rows += equal(budget, self.budget)
        tail = kind == "cvar" and self.goal["level"] < 1
        for pool in [[i] for i in range(n)] if tail else self.pools:
            row = {z: sum(self.w[i] for i in pool)} | dict.fromkeys(pool, -1)
            if tail:
                row[own[pool[0]]] = self.w[pool[0]]
            rows.append((row, 0))
        cost[z] = Fraction(1)
        if tail:
            for j in own:
                cost[j] = 1 / (n * (1 - Fraction(self.goal["level"])))
        if kind in ("asymmetric", "tracking"):
            prices = [self.goal.get(k, d) for k, d in (("under", 1), ("over", 1), ("fair", 0))]
            cost[short], cost[over], cost[z] = map(Fraction, prices)
        if kind == "fewest":
            cost[z] = Fraction(0)
            for i, j in enumerate(on):
                cost[j] = Fraction(1)
                rows.append(({i: -1, j: self.u[i]}, 0))
        if kind == "linear":
            # All give the budget together: what is added to each brings no other answer.
            per = [exact(v) + exact(self.goal["raised"]) for v in self.goal["haircut"]]
            shift = -min(*per, Fraction(0))
            cost[:n], cost[z] = [v + shift for v in per], exact(self.goal["fair"])
            found = least(cost, rows)
            return None if found is None else found - shift * self.budget
        return least(cost, rows)

    def cost(self, x):
        """Of haircuts: a linear one, or the worst burden."""
        pools = [(sum(x[i] for i in p), sum(self.w[i] for i in p)) for p in self.pools]
        burden = max((given / weight for given, weight in pools if weight), default=Fraction(0))
        if self.goal["kind"] != "linear":
            return burden
        by, fair, raised = (self.goal[key] for key in ("haircut", "fair", "raised"))
        taken = sum(exact(a) * v for a, v in zip(by, x, strict=True))
        return taken + exact(fair) * burden + exact(raised) * sum(x)

    def check(self, certificate):
        x = [exact(v) for v in certificate["answer"]["haircut_usd"]]
        assert all(v <= u + NEAR for v, u in zip(x, self.u, strict=True))
        if self.goal["kind"] not in ("asymmetric", "tracking"):
            assert abs(sum(x) - self.budget) <= NEAR
        for row, end in self.rows:
            assert sum(a * x[i] for i, a in row.items()) >= end - NEAR
        said, found = certificate["criteria"][0], self.least()
        if self.goal["kind"] in ("min-max", "leximin", "linear"):
            assert said["upper"] >= self.cost(x) - NEAR * (self.goal["kind"] == "linear")
        assert found is not None
        # Sums of whole accounts are no less than those of parts.
        near = NEAR * (1 + abs(found))
        most = -(-found // 1) if self.goal["kind"] == "fewest" else found + near
        if self.goal["kind"] != "fewest":
            assert said["trust"] == "reported" or said["lower"] <= most
            assert said["upper"] >= found - near
        else:
            assert said["upper"] >= sum(v > 0 for v in x)


def shape(tree):
    """All but numbers of a tree."""
    if isinstance(tree, dict):
        return {key: shape(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [shape(value) for value in tree]
    return "number" if isinstance(tree, float) else tree


def forged(rng, entry, certificate, folder, count=10):
    """Mutations that are VALID, of whose instances no more than numbers changed."""
    for a, b in mutations(rng, entry, certificate, count, folder):
        if shape(a) == shape(entry):
            yield a, b


def solved(entry, goal, folder):
    """An instance in a file, and its certificate; None if nothing meets it."""
    file, written = folder / "instance.json", folder / "certificate.json"
    file.write_text(json.dumps(entry))
    try:
        adl.solve(adl.read(file, objective=goal)).certificate_file(written)
    except adl.InfeasibleRound:
        return None
    except adl.InputError as refused:
        if "Leximin takes rows over a few groups" not in str(refused):
            raise
        return None
    return json.loads(written.read_text())


@pytest.mark.parametrize("seed", range(600 if NIGHTLY else 2))
def test_rows_of_ones_own_and_their_mutations_are_refused_or_true(seed, tmp_path):
    rng, done = random.Random(seed), 0
    while done < 40:
        entry, goal = drawn(rng), rng.choice(GOALS)
        certificate = solved(entry, goal, tmp_path)
        if certificate is None:
            continue
        lines = verdict(entry, certificate, tmp_path)
        assert goal == "fewest" or all(line.endswith("optimal, proven") for line in lines[1:])
        Bound(entry, certificate).check(certificate)
        for a, b in forged(rng, entry, certificate, tmp_path):
            Bound(a, b).check(b)
        done += 10


class Weighed:
    """An objective of one's own, linear in haircuts, their sum and the worst burden."""

    worst = adl.MinMax()

    def __init__(self, by, fair, each):
        self.by, self.fair, self.each = np.array(by), fair, each

    def cost(self, haircut, burden, raised):
        return self.by @ haircut + self.fair * burden + self.each * raised


@pytest.mark.parametrize("seed", range(200 if NIGHTLY else 2))
def test_linear_objectives_and_their_mutations_are_refused_or_true(seed, tmp_path):
    rng, done = random.Random(seed), 0
    file, written = tmp_path / "instance.json", tmp_path / "certificate.json"
    while done < 60:
        entry = drawn(rng)
        entry["constraint"] *= rng.random() < 0.7
        file.write_text(json.dumps(entry))
        by = [rng.choice([0.5, -0.25, 1.0, 2.0, 0.0]) for _ in entry["account"]]
        goal = Weighed(by, rng.choice([0.0, 3.0, 200.0]), rng.choice([0.5, 1.0]))
        try:
            adl.solve(adl.read(file), goal).certificate_file(written)
        except (adl.InfeasibleRound, adl.InputError):
            continue
        certificate = json.loads(written.read_text())
        assert verdict(entry, certificate, tmp_path)[1].endswith("optimal, proven")
        for a, b in [(entry, certificate), *forged(rng, entry, certificate, tmp_path)]:
            Bound(a, b).check(b)
        done += 10


@pytest.mark.parametrize("witness", [{"budget": [0.0]}, {"tree": {"budget": [0.0]}}])
def test_what_brings_something_in_may_cost_less_than_nothing(witness, tmp_path):
    rows = [{"id": n, "capacity": 40.0} for n in ("ann", "bob")]
    entry = {"deficit": 90.0, "needed": 40.0, "account": rows}
    certificate = solved(entry, "min-max", tmp_path)
    goal = {"kind": "linear", "burden": "capacity", "epsilon": 0.0, "fair": 0.0, "raised": 0.0}
    certificate["objective"] = goal | {"haircut": [-1.0, 1.0]}
    said = {"criterion": "cost", "upper": 0.0, "lower": 0.0, "witness": witness}
    certificate["criteria"] = [certificate["criteria"][0] | said]
    assert verdict(entry, certificate, tmp_path) is None
    certificate["criteria"][0] |= {"lower": -40.0, "witness": {"budget": [-1.0]}}
    assert verdict(entry, certificate, tmp_path)[1].endswith("within 40, proven")
    certificate["criteria"][0] |= {"lower": -39.0}
    assert verdict(entry, certificate, tmp_path) is None


class Whole(Bound):
    """The same in whole lots, or of whole accounts, by enumeration."""

    def __init__(self, entry, certificate):
        super().__init__(entry, certificate)
        lots = [row.get("lot") for row in entry["account"]]
        self.lot = [None if lot is None else round(exact(lot), 6) for lot in lots]

    def ways(self):
        """What accounts may give in whole lots, as rows and the budget want it."""
        pairs = zip(self.u, self.lot, strict=True)
        counts = [range(int(u / lot + Fraction(1, 10**9)) + 1) for u, lot in pairs]
        for each in itertools.product(*counts):
            x = [count * lot for count, lot in zip(each, self.lot, strict=True)]
            gives = ((sum(a * x[i] for i, a in row.items()), end) for row, end in self.rows)
            met = all(given >= end - NEAR for given, end in gives)
            if met and (self.goal["kind"] == "asymmetric" or abs(sum(x) - self.budget) <= NEAR):
                yield x

    def burden(self, x):
        return Bound.cost(self, x)

    def cost(self, x):
        kind, missing = self.goal["kind"], self.budget - sum(x)
        if kind == "asymmetric":
            under, over, fair = (Fraction(self.goal[k]) for k in ("under", "over", "fair"))
            return max(under * missing, -over * missing) + fair * self.burden(x)
        if kind == "cvar":
            kept = (1 - Fraction(self.goal["level"])) * len(x)
            pairs = zip(x, self.w, strict=True)
            borne = sorted((v / w if v else Fraction(0) for v, w in pairs), reverse=True)
            parts = [min(max(kept - i, 0), 1) for i in range(len(x))]
            return sum(b * p for b, p in zip(borne, parts, strict=True)) / max(kept, 1)
        return sum(map(bool, x)) if kind == "fewest" else self.burden(x)

    def on_some(self, on, missed=Fraction(0)):
        """The least burden where nobody else gives, all but so little; None if they cannot."""
        part = copy.copy(self)
        part.goal = self.goal | {"kind": "min-max"}
        part.u = [u * (i in on) for i, u in enumerate(self.u)]
        part.budget = max(self.budget - missed, Fraction(0))
        return Bound.least(part)

    def check(self, certificate):
        said = [each["lower"] for each in certificate["criteria"] if each["trust"] == "exact"]
        if None in self.lot:
            sets = [s for k in range(5) for s in itertools.combinations(range(len(self.u)), k)]
            least = [min(len(s) for s in sets if self.on_some(s) is not None)]
            # What an answer misses by rounding, those that bear less may miss.
            few = [s for s in sets if len(s) <= certificate["criteria"][0]["upper"]]
            borne = [self.on_some(s, missed) for s in few for missed in (0, Fraction(1, 10**6))]
            least.append(min(z for z in borne if z is not None))
        else:
            ways = list(self.ways())
            least = [min(map(self.cost, ways))]
            if self.goal["kind"] == "fewest":
                few = [x for x in ways if self.cost(x) <= certificate["criteria"][0]["upper"]]
                least.append(min(map(self.burden, few)))
        for lower, true in zip(said, least, strict=False):
            assert lower <= true + NEAR * (1 + true)


def put_in_lots(entry, rng):
    """Accounts that have a few whole lots."""
    for row in entry["account"]:
        row["lot"] = rng.choice([2.0, 2.5, 4.0])
        row["capacity"] = row["lot"] * rng.randint(1, 5)


@pytest.mark.parametrize("seed", range(200 if NIGHTLY else 2))
def test_trees_of_what_is_whole_and_their_mutations_are_refused_or_true(seed, tmp_path):
    rng, done, trees = random.Random(seed), 0, 0
    while done < 80:
        entry, goal = drawn(rng), rng.choice(["min-max", "fewest", "cvar:0.5", "asymmetric:2:1:30"])
        lots = goal != "fewest" or rng.random() < 0.5
        if lots:
            put_in_lots(entry, rng)
        entry["needed"] = float(rng.randint(2, 15))
        try:
            certificate = solved(entry, goal, tmp_path)
        except adl.NoSolution:
            certificate = None
        if certificate is None:
            continue
        lines = verdict(entry, certificate, tmp_path)
        assert all(line.endswith("optimal, proven") for line in lines[1:])
        trees += any("tree" in each["witness"] for each in certificate["criteria"])
        Whole(entry, certificate).check(certificate)
        for a, b in forged(rng, entry, certificate, tmp_path):
            if all(
                u / lot < 20 for u, lot in zip(Bound(a, b).u, Whole(a, b).lot, strict=True) if lot
            ):
                Whole(a, b).check(b)
        done += 10
    assert trees


def test_an_answer_costs_what_is_said_as_later_criteria_are_of_that(tmp_path):
    rows = [{"id": n, "capacity": u} for n, u in (("a0", 10.0), ("a1", 60.5), ("a2", 10.0))]
    own = [{"account": ["a0", "a2"], "gives_at_most": {"share": 0.5}}]
    entry = {"deficit": 90.0, "needed": 11.0, "account": rows, "constraint": own}
    certificate = solved(entry, "fewest", tmp_path)
    assert verdict(entry, certificate, tmp_path)[2].endswith("optimal, proven")
    certificate["criteria"][0]["upper"] = 2.0
    assert verdict(entry, certificate, tmp_path) is None


def branches(tree):
    """Of a tree, every part that parts again."""
    if "above" in tree:
        yield tree
        yield from branches(tree["below"])
        yield from branches(tree["above"])


def regrown(tree, rng):
    """A tree of which a part is another, or parts elsewhere."""
    tree = copy.deepcopy(tree)
    some = rng.choice(list(branches(tree)))
    change = rng.randrange(4)
    if change == 0:
        some["at"] += rng.choice([-2, -1, 1, 2, 10**9])
    elif change == 1:
        some["number"] = rng.choice([-1, 0, 1, 2, 7])
    elif change == 2:
        some["below"], some["above"] = some["above"], some["below"]
    else:
        some[rng.choice(["below", "above"])] = rng.choice(list(branches(tree)))["below"]
    return tree


@pytest.mark.parametrize("seed", range(100 if NIGHTLY else 3))
def test_no_tree_proves_more_than_is_true_of_any_answer(seed, tmp_path):
    rng, seen = random.Random(seed), 0
    while seen < 10:
        entry, goal = drawn(rng), rng.choice(["min-max", "cvar:0.5", "fewest"])
        put_in_lots(entry, rng)
        entry["needed"] = float(rng.randint(2, 15))
        try:
            certificate = solved(entry, goal, tmp_path)
        except adl.NoSolution:
            continue
        if certificate is None or "above" not in certificate["criteria"][0]["witness"].get(
            "tree", ()
        ):
            continue
        seen += 1
        truth, content = Whole(entry, certificate), adlcheck.instance(tmp_path / "instance.json")
        ways = list(truth.ways())
        true = min(map(truth.cost, ways))
        for k in range(10):
            witness = certificate["criteria"][0]["witness"]
            tree = witness["tree"] if k == 0 else regrown(witness["tree"], rng)
            forged_ = copy.deepcopy(certificate)
            forged_["answer"]["haircut_usd"] = [float(v) for v in rng.choice(ways)]
            forged_["criteria"][0]["witness"] = {"tree": tree}
            claim = adlcheck.Testimony(forged_)
            try:
                proved = adlcheck.prove(content, claim)[0]
            except adlcheck.WRONG:
                continue
            assert proved.lower <= true


@pytest.mark.nightly("20,000 accounts")
def test_rows_of_fifty_groups_of_20_000_accounts_are_checked_within_seconds(tmp_path):
    rows = "".join(f"{i},{1 + i % 97}.5,d{i % 50}\n" for i in range(20_000))
    (tmp_path / "t.csv").write_text("account,capacity,tags.desk\n" + rows)
    own = [{"each": "desk", "gives_at_most": {"share": 0.03}}]
    entry = {"deficit": 9e5, "needed": 3e5, "accounts": "t.csv", "constraint": own}
    certificate, started = solved(entry, "min-max", tmp_path), time.process_time()
    assert verdict(entry, certificate, tmp_path)[-1].endswith("optimal, proven")
    assert time.process_time() - started < 4


@pytest.mark.parametrize("row", [
    {"account": ["ann"], "gives_at_least": {"usd": 41.0}},
    {"account": ["ann", "bob"], "gives_at_most": {"share": 0.2}},
    {"haircut": {"ann": 1.0, "bob": 1.0, "cat": 1.0}, "at_most": 59.0},
    {"account": ["cat"], "keeps_at_most": 9.0},
])  # fmt: skip
@pytest.mark.parametrize("goal", ["min-max", "leximin", "cvar:0.5"])
def test_that_rows_contradict_each_other_has_a_certificate_too(row, goal, tmp_path):
    rows = [{"id": n, "capacity": u} for n, u in (("ann", 40.0), ("bob", 40.0), ("cat", 40.0))]
    more = {"account": ["cat"], "gives_at_most": {"usd": 30.0}}
    entry = {"deficit": 90.0, "needed": 60.0, "account": rows, "constraint": [row, more]}
    (tmp_path / "instance.json").write_text(json.dumps(entry))
    with pytest.raises(adl.InfeasibleRound) as refused:
        adl.solve(adl.read(tmp_path / "instance.json", objective=goal))
    refused.value.certificate_file(tmp_path / "certificate.json")
    certificate = json.loads((tmp_path / "certificate.json").read_text())
    assert "infeasible, proved" in verdict(entry, certificate, tmp_path)[0]
    weaker = entry | {"needed": 29.0, "constraint": [more]}
    assert verdict(weaker, rebound(weaker, certificate, tmp_path), tmp_path) is None


def test_a_bound_of_nothing_is_a_bound(tmp_path):
    rows = [{"id": n, "capacity": u} for n, u in (("ann", 40.0), ("bob", 40.0), ("cat", 20.0))]
    own = [{"account": ["cat"], "keeps_at_most": 0.0}]
    entry = {"deficit": 90.0, "needed": 60.0, "account": rows, "constraint": own}
    certificate = solved(entry, "min-max", tmp_path)
    assert certificate["answer"]["haircut_usd"] == pytest.approx([20.0, 20.0, 20.0])
    assert verdict(entry, certificate, tmp_path)[1].endswith("optimal, proven")


def test_a_burden_that_is_shared_between_two_sides_is_refused(tmp_path):
    certificate = solved(SAME, "min-max", tmp_path)
    shared = SAME | {"constraint": [{"account": ["ann", "bob"], "shares_burden": True}]}
    rebound(shared, certificate, tmp_path)
    with pytest.raises(adlcheck.Invalid, match="no burden is shared"):
        adlcheck.check(adlcheck.instance(tmp_path / "i.json"), certificate)


def drawn_sides(rng):
    """Winners with hedges and equities against what losers shed."""
    positions = []
    for name in ("ann", "bob", "cat")[: rng.randint(2, 3)]:
        size = rng.choice([2.0, 4.5])
        positions.append({"account": name, "coin": "A", "side": "short", "size": size})
        if rng.random() < 0.6:
            positions.append({"account": name, "coin": "A", "side": "long", "size": 1.5})
        if rng.random() < 0.4:
            positions.append({"account": name, "coin": "B", "side": "short", "size": 2.0})
    names = list(dict.fromkeys(each["account"] for each in positions))
    shed = [
        {"loser": f"l{k}", "coin": coin, "side": "long", "size": rng.choice([1.0, 1.75]),
         "price": rng.choice([10.0, 10.5, 12.0]), "mark": 10.0}
        for k, coin in enumerate(["A", "A", "B"][: rng.randint(1, 3)])
    ]  # fmt: skip
    accounts = [
        {"account": n, "capacity": rng.choice([8.0, 20.0]), "equity": rng.choice([25.0, 40.0])}
        for n in names
    ]
    for each in positions:
        each["mark"] = 10.0
    return {
        "deficit": 9.0, "needed": 5.0, "positions": positions, "accounts": accounts, "shed": shed,
    }  # fmt: skip


class Sides:
    """Two sides at one price of each mark, read off a file, in fractions."""

    def __init__(self, entry, certificate, only=None, left=None):
        self.goal, answer = certificate["objective"], certificate["answer"]
        self.own = entry.get("constraint", ())
        rows = {row["account"].strip(): row for row in entry["accounts"]}
        self.names = list(rows)
        self.u = {n: exact(row["capacity"]) for n, row in rows.items()}
        self.w = {n: u + exact(self.goal["epsilon"]) for n, u in self.u.items()}
        self.e = {n: exact(row["equity"]) for n, row in rows.items()}
        self.held = [
            (p["account"].strip(), p["side"], p["coin"], exact(p["size"]), exact(p["mark"]))
            for p in entry["positions"]
        ]
        sizes = [exact(o["size"]) for o in entry["shed"]] if left is None else left
        self.orders = [
            (o["coin"], max(exact(o["price"]) - exact(o["mark"]), 0), q, exact(o["mark"]))
            for o, q in zip(entry["shed"], sizes, strict=True)
        ]
        dear = {coin for coin, v, *_ in self.orders if v > 0}
        free, self.arcs, self.q = {}, [], []
        for j, (name, side, coin, size, _) in enumerate(self.held):
            pays = self.u[name] > 0 and self.w[name] > 0
            if side != "short" or (only is not None and name not in only):
                continue
            if coin in dear and not pays and self.u[name] > 0:
                continue
            free[coin] = free.get(coin, 0) + size
            if pays or coin not in dear:
                self.arcs += [(j, k) for k, o in enumerate(self.orders) if o[0] == coin and size]
        for coin, _, size, _ in self.orders:
            self.q.append(min(size, free.get(coin, Fraction(0))))
            free[coin] = free.get(coin, Fraction(0)) - self.q[-1]
        self.left = [o[2] - q for o, q in zip(self.orders, self.q, strict=True)]
        self.arcs = [(j, k) for j, k in self.arcs if self.q[k]]
        keys = ("position", "order", "contracts")
        trades = zip(*(answer[key] for key in keys), strict=True)
        self.x = dict.fromkeys(self.arcs, Fraction(0))
        for j, k, contracts in trades:
            if only is None or self.held[int(j)][0] in only:
                self.x[int(j), int(k)] += exact(contracts)

    def rows(self, extra):
        """Rows that all matchings meet; columns: arcs, and `extra` more."""
        n, rows = len(self.arcs), []
        for k, q in enumerate(self.q):
            rows += equal({a: 1 for a, (_, o) in enumerate(self.arcs) if o == k}, q) if q else []
        for j, (_, _, _, size, _) in enumerate(self.held):
            rows.append(at_most({a: 1 for a, (p, _) in enumerate(self.arcs) if p == j}, size))
        for name in self.names:
            rows.append(at_most(self.takes(name), self.u[name]))
        for each in self.own:
            for name, coin, _ in self.hedges():
                if name in each.get("account", self.names):
                    of = [h[0] == name and h[2] == coin for h in self.held]
                    row = {a: self.held[j][4] for a, (j, _) in enumerate(self.arcs) if of[j]}
                    # What rounding alone misses is met.
                    rows.append(at_most(row, exact(each["delta_changes_at_most"]) + NEAR))
        return [Fraction(0)] * (n + extra), rows

    def takes(self, name):
        owned = ((a, k) for a, (j, k) in enumerate(self.arcs) if self.held[j][0] == name)
        return {a: self.orders[k][1] for a, k in owned if self.orders[k][1]}

    def hedges(self):
        """Who is long and short in which coin, and by which positions."""
        for name in self.names:
            for coin in dict.fromkeys(h[2] for h in self.held):
                own = [h for h in self.held if h[0] == name and h[2] == coin and h[3]]
                if len({h[1] for h in own}) == 2:
                    yield name, coin, own

    def moved(self, name, coin):
        """What an answer closes of a hedge, USD, position by position."""
        for (j, _), x in self.x.items():
            who, _, what, _, mark = self.held[j]
            if (who, what) == (name, coin):
                yield j, mark * x

    def changes(self):
        """Of each hedge, what arcs take from its net delta."""
        for *_, own in self.hedges():
            pairs = enumerate(self.arcs)
            yield {a: self.orders[k][3] for a, (j, k) in pairs if self.held[j] in own}

    def least_change(self):
        hedges = list(self.changes())
        cost, rows = self.rows(len(hedges))
        for h, row in enumerate(hedges, start=len(self.arcs)):
            cost[h] = Fraction(1)
            rows.append(({a: -v for a, v in row.items()} | {h: 1}, 0))
        return least(cost, rows)

    def least_burden(self):
        cost, rows = self.rows(1)
        z = len(self.arcs)
        cost[z] = Fraction(1)
        for name in self.names:
            rows.append(({a: -v for a, v in self.takes(name).items()} | {z: self.w[name]}, 0))
        return least(cost, rows)

    def leverage_of(self, name, x):
        owned = [(a, j, k) for a, (j, k) in enumerate(self.arcs) if self.held[j][0] == name]
        gross = sum(h[3] * h[4] for h in self.held if h[0] == name)
        left = gross - sum(x[j, k] * self.orders[k][3] for _, j, k in owned)
        kept = self.e[name] - sum(x[j, k] * self.orders[k][1] for _, j, k in owned)
        return owned, gross, left, kept

    def reaches(self, level):
        """Whether a matching leaves all leverages at a level or below."""
        cost, rows = self.rows(1)
        t = len(self.arcs)
        cost[t] = Fraction(1)
        for name in self.names:
            owned, gross, *_ = self.leverage_of(name, self.x)
            row = {a: self.orders[k][3] - level * self.orders[k][1] for a, _, k in owned}
            if owned:
                rows.append((row | {t: 1}, gross - level * self.e[name]))
        return least(cost, rows) <= 0

    def check(self, said):
        given = dict.fromkeys(self.names, Fraction(0))
        for (j, k), x in self.x.items():
            given[self.held[j][0]] += x * self.orders[k][1]
        for k, q in enumerate(self.q):
            assert abs(sum(x for (_, o), x in self.x.items() if o == k) - q) <= NEAR
        assert all(given[n] <= self.u[n] + NEAR for n in self.names)
        name = said["criterion"].removeprefix("tier 2, ")
        proven = said["trust"] == "exact"
        if name == "worst burden":
            worst = max((v / self.w[n] for n, v in given.items() if v), default=0)
            assert said["upper"] >= worst - NEAR
            assert not proven or said["lower"] <= self.least_burden() + NEAR
        elif name.startswith("net delta"):
            place = {a: self.x[arc] for a, arc in enumerate(self.arcs)}
            moved = [abs(sum(v * place[a] for a, v in row.items())) for row in self.changes()]
            assert said["upper"] >= sum(moved) - NEAR
            assert not proven or said["lower"] <= self.least_change() + NEAR
        elif name == "worst leverage":
            ends = [self.leverage_of(n, self.x) for n in self.names]
            worst = max(
                (left / kept for owned, _, left, kept in ends if owned and left > NEAR), default=0
            )
            assert said["upper"] >= worst - NEAR
            level = exact(said["lower"]) * (1 - NEAR) - NEAR
            assert not proven or level <= 0 or not self.reaches(level)


@pytest.mark.parametrize("seed", range(400 if NIGHTLY else 2))
def test_hedges_leverage_and_tiers_and_their_mutations_are_refused_or_true(seed, tmp_path):
    rng, done = random.Random(seed), 0
    while done < 40:
        entry, goal = drawn_sides(rng), rng.choice(OF_TWO)
        names = [row["account"] for row in entry["accounts"]]
        first = set(names)
        if rng.random() < 0.4:
            entry["limits"] = {"tier": {name: 1 + (k > 0) for k, name in enumerate(names)}}
            first = {names[0]}
        certificate = solved(entry, goal, tmp_path)
        if certificate is None:
            continue
        lines = verdict(entry, certificate, tmp_path)
        assert all(line.endswith("optimal, proven") for line in lines[1:])
        for a, b in [(entry, certificate), *forged(rng, entry, certificate, tmp_path)]:
            part, later = (
                Sides(a, b, only=first),
                [c for c in b["criteria"] if c["criterion"].startswith("tier 2")],
            )
            part.check(b["criteria"][0])
            if later:
                rest = Sides(a, b, only=set(names) - first, left=part.left)
                rest.check(later[0])
        done += 10


@pytest.mark.parametrize("seed", range(200 if NIGHTLY else 2))
def test_rows_over_net_deltas_and_their_mutations_are_refused_or_true(seed, tmp_path):
    rng, done, binding = random.Random(seed), 0, 0
    while done < 60 or not binding:
        entry = drawn_sides(rng)
        plain = solved(entry, "min-max", tmp_path)
        if plain is None:
            continue
        free = Sides(entry, plain)
        most = max((sum(usd for _, usd in free.moved(*h[:2])) for h in free.hedges()), default=0)
        if not most:
            continue
        some = [entry["positions"][0]["account"]]
        own = {"delta_changes_at_most": float(most) * rng.choice([0.6, 0.8])}
        entry["constraint"] = [own | rng.choice([{}, {"account": some}])]
        certificate = solved(entry, "min-max", tmp_path)
        if certificate is None:
            continue
        said = certificate["criteria"][0]
        binding += any(said["witness"]["own"])
        assert verdict(entry, certificate, tmp_path)[1].endswith("optimal, proven")
        for a, b in [(entry, certificate), *forged(rng, entry, certificate, tmp_path)]:
            part = Sides(a, b)
            part.check(b["criteria"][0])
            for each, (name, coin, _) in itertools.product(part.own, part.hedges()):
                moved = sum(usd for _, usd in part.moved(name, coin))
                free = name not in each.get("account", part.names)
                assert free or moved <= exact(each["delta_changes_at_most"]) + NEAR
        done += 10


def test_that_net_deltas_leave_no_answer_has_a_certificate_too(tmp_path):
    rows = [{"account": "ann", "side": side, "size": 4.0} for side in ("short", "long")]
    entry = {
        "deficit": 9.0, "needed": 5.0,
        "positions": [{"coin": "A", "mark": 10.0, **row} for row in rows],
        "accounts": [{"account": "ann", "capacity": 20.0}],
        "shed": [{"loser": "x", "coin": "A", "side": "long", "size": 2.0, "price": 12.0,
                  "mark": 10.0}],
        "constraint": [{"delta_changes_at_most": 19.0}],
    }  # fmt: skip
    (tmp_path / "instance.json").write_text(json.dumps(entry))
    with pytest.raises(adl.InfeasibleRound) as refused:
        adl.solve(adl.read(tmp_path / "instance.json"))
    refused.value.certificate_file(tmp_path / "certificate.json")
    certificate = json.loads((tmp_path / "certificate.json").read_text())
    assert "infeasible, proved" in verdict(entry, certificate, tmp_path)[0]
    weaker = entry | {"constraint": [{"delta_changes_at_most": 20.0}]}
    assert verdict(weaker, rebound(weaker, certificate, tmp_path), tmp_path) is None


MARKET = {
    "coin": [{"name": "A", "mark": 10.0, "lot": 0.5}, {"name": "B", "mark": 4.0, "lot": 1.0}],
    "account": [{"id": "x", "balance": -7.0}, {"id": "ann", "balance": 30.0},
                {"id": "bob", "balance": 9.0}, {"id": "poor", "balance": 50.0},
                {"id": "rich", "balance": 90.0}],
    "position": [
        {"account": "x", "coin": "A", "side": "long", "size": 4.0, "entry": 11.0},
        {"account": "ann", "coin": "A", "side": "short", "size": 3.0, "entry": 14.0},
        {"account": "bob", "coin": "A", "side": "short", "size": 2.5, "entry": 12.0},
        {"account": "bob", "coin": "B", "side": "long", "size": 2.0, "entry": 3.0},
        {"account": "poor", "coin": "A", "side": "short", "size": 1.0, "entry": 9.0},
        {"account": "rich", "coin": "A", "side": "long", "size": 2.5, "entry": 11.0},
        {"account": "rich", "coin": "B", "side": "short", "size": 2.0, "entry": 4.0},
    ],
}  # fmt: skip
MARK = {"coin": "A", "side": "short", "mark": 10.0, "lot": 0.5}
SAME = {
    "deficit": 11.0, "needed": 11.0,
    "positions": [{"account": "ann", "size": 3.0, **MARK}, {"account": "bob", "size": 2.5, **MARK},
                  {"account": "bob", "coin": "B", "side": "long", "size": 2.0, "mark": 4.0}],
    "accounts": [{"account": "ann", "capacity": 12.0, "equity": 42.0},
                 {"account": "bob", "capacity": 7.0, "equity": 16.0}],
    "shed": [{"loser": "x", "coin": "A", "side": "long", "size": 4.0, "price": 12.75,
              "mark": 10.0}],
}  # fmt: skip


@pytest.mark.parametrize("goal", [*OF_TWO, "fewest"])
def test_a_market_is_the_two_sides_that_it_makes(goal, tmp_path):
    certificate = solved(MARKET, goal, tmp_path)
    assert verdict(MARKET, certificate, tmp_path)
    assert verdict(SAME, certificate, tmp_path)
    other = copy.deepcopy(MARKET)
    other["account"][0]["balance"] = -6.5
    assert verdict(other, certificate, tmp_path) is None
    exempt = MARKET | {"exempt": {"bob": "maker"}}
    assert verdict(exempt, certificate, tmp_path) is None
    assert verdict(exempt, rebound(exempt, copy.deepcopy(certificate), tmp_path), tmp_path) is None


@pytest.mark.parametrize("seed", range(100 if NIGHTLY else 1))
def test_mutations_of_markets_are_refused_or_true(seed, tmp_path):
    rng = random.Random(seed)
    for goal in OF_TWO:
        certificate = solved(MARKET, goal, tmp_path)
        for _ in range(10):
            forged_ = mutated(certificate, rng)
            if verdict(MARKET, forged_, tmp_path) is not None:
                Sides(SAME, forged_).check(forged_["criteria"][0])
