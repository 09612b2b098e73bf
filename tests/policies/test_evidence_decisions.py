"""Certificates of decisions: none of a few budgets, each against its worst need, costs less."""

import copy
import json
import random
from fractions import Fraction

import exact_lp
import pytest
from forging import mutations, verdict
from tiers import NIGHTLY

import adlopt as adl

NEAR = Fraction(1, 10**5)
ROWS = [{"id": "ann", "capacity": 24.0}, {"id": "bob", "capacity": 10.0}]
ENTRY = {
    "deficit": 60.0, "account": ROWS, "belief": {"samples": [5.0, 12.5, 30.0]},
    "decide": {"under": 2.0, "over": 1.0, "fair": 20.0, "ambiguity": 1.5},
}  # fmt: skip


def drawn(rng):
    """A round that starts, what is believed of it, and prices."""
    rows = [
        {"id": f"a{i}", "capacity": rng.choice([10.0, 24.0, round(rng.uniform(1, 60), 2)])}
        for i in range(rng.randint(1, 3))
    ]
    samples = [rng.choice([0.0, 10.0, 20.0, round(rng.uniform(0, 90), 1)]) for _ in range(3)]
    asked = {"under": rng.choice([1.0, 5.0]), "over": rng.choice([1.0, 0.5])}
    asked |= {"fair": rng.choice([0.0, 3.0, 200.0]), "ambiguity": rng.choice([0.0, 1.0, 50.0])}
    asked |= {"chance": 0.5} if rng.random() < 0.2 else {}
    limits = {"cap": 0.75} if rng.random() < 0.3 else {}
    belief = {"samples": samples[: rng.randint(1, 3)]}
    return {"deficit": 90.0, "account": rows, "limits": limits, "belief": belief, "decide": asked}


def decided(entry, folder):
    """A start in a file, and the certificate of its decision; None where winners cannot pay."""
    (folder / "start.json").write_text(json.dumps(entry))
    try:
        best = adl.decide(adl.read(folder / "start.json"))
    except adl.InfeasibleRound:
        return None
    best.certificate_file(folder / "c.json")
    return json.loads((folder / "c.json").read_text())


def exact(value):
    return Fraction(float(value)) * (abs(float(value)) >= 1e-100)


def names(entry):
    return [row["id"].strip() for row in entry["account"]]


class Believed:
    """A decision in fractions, read off its file and what its certificate says was asked."""

    def __init__(self, entry, certificate):
        self.goal, cap = certificate["objective"], (entry.get("limits") or {}).get("cap")
        cap = cap if isinstance(cap, dict) else dict.fromkeys(names(entry), cap)
        capacity = [exact(row["capacity"]) for row in entry["account"]]
        self.weight = [u + exact(self.goal["epsilon"]) for u in capacity]
        caps = [1.0 if cap.get(name) is None else cap[name] for name in names(entry)]
        self.most = [u * exact(c) for u, c in zip(capacity, caps, strict=True)]
        self.x = [exact(v) for v in certificate["answer"]["haircut_usd"]]
        self.under, self.over, self.fair = (exact(self.goal[k]) for k in ("under", "over", "fair"))

    def miss(self, raised, needed):
        return max(self.under * (needed - raised), self.over * (raised - needed))

    def at_worst(self, raised):
        """What moves of mass, as far as the radius goes, make of a budget."""
        belief, top = [exact(b) for b in self.goal["belief"]], exact(self.goal["most"])
        total, n = sum(map(exact, self.goal["mass"])), len(belief)
        cost = [self.miss(raised, v) for b in belief for v in (Fraction(0), b, top)]
        rows = [[Fraction(int(k // 3 == i)) for k in range(3 * n)] for i in range(n)]
        ends = [exact(p) / total for p in self.goal["mass"]]
        rows.append([abs(v - b) for b in belief for v in (Fraction(0), b, top)])
        return exact_lp.most(cost, rows, [*ends, exact(self.goal["radius"])])

    def check(self, certificate):
        floor, reach, said = exact(self.goal["floor"]), sum(self.most), certificate["criteria"]
        raised = sum(self.x)
        assert all(0 <= x <= m + NEAR for x, m in zip(self.x, self.most, strict=True))
        assert raised >= floor - NEAR
        pairs = zip(self.x, self.weight, strict=True)
        burden = max((x / w for x, w in pairs if x), default=Fraction(0))
        cost = self.at_worst(raised) + self.fair * burden
        assert said[0]["upper"] >= cost - NEAR * (1 + cost)
        assert said[1]["upper"] >= burden
        tried = [raised, floor, reach, (floor + reach) / 2, raised + 1, raised - 1]
        tried += [exact(b) for b in self.goal["belief"]]
        for each in {h for h in tried if floor <= h <= reach}:
            least = exact_lp.least_burden(self.most, self.weight, each)
            cost = self.at_worst(each) + self.fair * least
            assert said[0]["trust"] == "reported" or said[0]["lower"] <= cost + NEAR * (1 + cost)
        least = exact_lp.least_burden(self.most, self.weight, min(raised, reach))
        assert said[1]["trust"] == "reported" or said[1]["lower"] <= least + NEAR


@pytest.mark.parametrize("seed", range(200 if NIGHTLY else 2))
def test_decisions_and_their_mutations_are_refused_or_true(seed, tmp_path):
    rng, done = random.Random(seed), 0
    while done < 60:
        entry = drawn(rng)
        certificate = decided(entry, tmp_path)
        if certificate is None:
            continue
        lines = verdict(entry, certificate, tmp_path)
        assert all(line.endswith("optimal, proven") for line in lines[1:])
        Believed(entry, certificate).check(certificate)
        for a, b in mutations(rng, entry, certificate, 20, tmp_path):
            plain = set(a.get("limits") or {}) <= {"cap"} and not b["infeasible"]
            if plain and b["objective"]["burden"] == "capacity":
                Believed(a, b).check(b)
        done += 20


def test_a_decision_claims_no_less_loss_and_no_other_belief_than_it_has(tmp_path):
    certificate = decided(ENTRY, tmp_path)
    assert all(line.endswith("proven") for line in verdict(ENTRY, certificate, tmp_path)[1:])
    changes = {"radius": 9.0, "under": 5.0, "most": 20.0, "floor": 33.0, "mass": [1.0, 1.0, 9.0]}
    for key, value in [*changes.items(), ("radius", 0.0), ("belief", [5.0, 12.5])]:
        forged = copy.deepcopy(certificate)
        forged["objective"][key] = value
        assert verdict(ENTRY, forged, tmp_path) is None, key
    forged = copy.deepcopy(certificate)
    forged["criteria"][0]["lower"] *= 1.001
    assert verdict(ENTRY, forged, tmp_path) is None


def test_a_start_is_decided_and_a_round_is_not(tmp_path):
    certificate = decided(ENTRY, tmp_path)
    entry = {"deficit": 60.0, "needed": 12.5, "account": ROWS}
    (tmp_path / "round.json").write_text(json.dumps(entry))
    adl.solve(adl.read(tmp_path / "round.json")).certificate_file(tmp_path / "c.json")
    other = json.loads((tmp_path / "c.json").read_text())
    assert verdict(entry, other, tmp_path)
    forged = other | {"objective": certificate["objective"]}
    assert verdict(entry, forged, tmp_path) is None
    forged = certificate | {"objective": other["objective"], "criteria": other["criteria"]}
    assert verdict(ENTRY, forged, tmp_path) is None


@pytest.mark.parametrize("more", [
    {"lot": 0.5}, {"decide": {"capacities": 0.1}},
    {"constraint": [{"account": ["ann"], "gives_at_most": {"usd": 9.0}}]},
])  # fmt: skip
def test_decisions_that_have_no_certificate_are_refused_by_name(more, tmp_path):
    (tmp_path / "start.json").write_text(json.dumps(ENTRY | more))
    best = adl.decide(adl.read(tmp_path / "start.json"))
    with pytest.raises(adl.InputError, match="least worst burden in dollars"):
        best.certificate_file(tmp_path / "c.json")
