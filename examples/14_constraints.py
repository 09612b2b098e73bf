"""Constraints of one's own: by group, by account and in files, what they cost, and the program."""

import tempfile
from pathlib import Path

import adlopt as adl

ROUND = """
deficit = 300.0
needed = 100.0
account = [
    { id = "ann", capacity = 120.0, tags = { desk = "makers" } },
    { id = "bob", capacity = 80.0 },
    { id = "cat", capacity = 40.0, tags = { desk = "makers" } },
    { id = "dan", capacity = 60.0 },
]
[[constraint]]
group = "makers"
gives_at_most = { share = 0.2 }
"""
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "round.toml"
    path.write_text(ROUND)
    problem = adl.read(path)
    best = adl.solve(problem)
    print(best, best.haircut.round(2).tolist(), *str(best.prices).splitlines()[:3], sep="\n")

    m = adl.model(problem)
    held = m.solve([*problem.constraints, m.haircut["bob"] <= 30])
    print(held, held.haircut.round(2).tolist(), sep="\n")
    print([written.name for written in m.write(Path(folder) / "round.mps", problem.constraints)])
    try:
        adl.solve(problem, constraints=[adl.group("makers").gives_at_least(usd=150)])
    except adl.InfeasibleRound as error:
        print(error)
print(adl.frontier(problem.thing).burden(60.0))
