"""Examples run, stay short, and print what they are known to print."""

import subprocess
import sys
from pathlib import Path

import pytest
from tiers import by_day

EXAMPLES = Path(__file__).parents[2] / "examples"
PRINTED = {
    "01_solve_a_round.py": """\
3 winners give 60.00 USD, worst burden 25 %; proven optimal (exact)
{'alice': 30.0, 'bob': 20.0, 'carol': 10.0}
3 winners give 60.00 USD, worst burden 13.79 %; proven optimal (exact)
if a point of burden costs 5 USD, raise 0.00 USD
""",
    "02_own_policy.py": """\
cautious                         1,159 USD missed, round start
do-nothing+pro-rata             11,382 USD missed, round start
constant:0.5+pro-rata           83,614 USD missed, round start
persistence+pro-rata             9,800 USD missed, round start
best-constant+pro-rata          11,382 USD missed, hindsight
""",
    "03_bound_on_own_data.py": """\
october-10, 16 rounds
  Proposition 1       129,699,802.43 USD
  trivial              85,047,303.56 USD
  θ = 1/2              50,031,693.34 USD
  Proposition 1 is vacuous
shock, 200 rounds
  Proposition 1         2,772,068.52 USD
  trivial               2,955,058.10 USD
  θ = 1/2               1,828,225.10 USD
  Proposition 1 is informative
""",
    "04_check_a_derivation.py": """\
means:      ⊢ x² + y² ≥ 2·x·y
projection: 0 ≥ y; u ≥ 0 ⊢ y² ≥ 2·u·y
pro-rata:   first·z ≥ a; second·z ≥ b ⊢ first·z + second·z ≥ a + b
""",
    "05_a_wrong_step.py": """\
0 ≥ y; u ≥ 0 ⊢ y² ≥ 2·u·y
without u ≥ 0: cannot close y² − 2·u·y ≥ 0
left over after the best attempt: −2·u·y
at y = u = −1 the claim is false: True
""",
    "06_own_bound.py": """\
θ ≥ 0 ⊢ 1/2 + θ ≥ 0
1 ≥ θ ⊢ 1 ≥ θ
θ = 1/4 (conjectured): 246,446.62 USD
played: 105,143.19 USD
says something: False
""",
    "07_contracts_and_coins.py": """\
BTC without a winner: [1.0]
MinMax: {'alice': 5.0, 'bob': 1.0}
  2 winners give 900.00 USD in 2 trades, worst burden 18.75 %; within 0.04 of the
optimum (exact)
KeepHedges: {'alice': 1.0, 'bob': 5.0}
  2 winners give 900.00 USD in 2 trades, worst burden 75 %; net delta changed,
USD: 3600; proven optimal (exact); worst burden: proven optimal (exact)
LeastLeverage: {'alice': 6.0, 'bob': 0.0}
  1 winner gives 900.00 USD in 1 trade, worst burden 22.5 %; worst leverage:
6.22222; proven optimal (verified)
""",
    "08_venue_rules.py": """\
2,000 USD are missing, the fund has 500
hyperliquid  users give sam 600, sue 400; left unpaid 500
             unpublished: tie-break, rounding
binance      users give sam 700, sue 800; left unpaid 0
             unpublished: tie-break, rounding
reya         users give sam 900, sue 600; left unpaid 0
             unpublished: rounding
by-profit    users give sam 1,000, sue 500; left unpaid 0
""",
    "09_axioms.py": """\
constant:1+pro-rata
  breaks
  nothing in 100 tries
constant:1+queue:leverage
  breaks
  equal accounts
  uneven split
  richer pays
  path
  stability
per-head
  breaks
  nothing in 100 tries
a pays 1 USD; as a1 and a2 it pays 0.75 USD
  leverage {'a': 1.0, 'b': 1.0}
  pays     {'a': 1.0, 'b': 0.0}
  leverage {'a1': 0.6666666666666666, 'a2': 1.2, 'b': 1.0}
  pays     {'a1': 0.0, 'a2': 0.75, 'b': 0.25}
""",
    "10_closed_loop.py": """\
hyperliquid          users give   489,702 USD, unpaid         0 USD, 69 accounts touched
reya                 users give   162,073 USD, unpaid     3,093 USD, 98 accounts touched
constant:1+pro-rata  users give   129,824 USD, unpaid     5,878 USD, 82 accounts touched
do-nothing+pro-rata  users give         0 USD, unpaid 1,308,309 USD, 0 accounts touched
reya touches +28 accounts beside hyperliquid, seed by seed
10 rounds; out of nothing came 0 lots and 0 micro-dollars
constant:1+pro-rata  misses 71,977 USD offline, 71,977 in the loop
constant:1+queue     misses 71,977 USD offline, 223,336 in the loop
""",
    "11_load_own_table.py": """\
line 6: 'oops'
1 of 5 records of fills.csv do not parse; they hold $350.00 of capacity, $450.00 of debt
debt left out: {'counted in earlier rounds': 400.0}
[(1, 490.0, 100.0, 1350.0), (2, 50.0, 20.0, 350.0)]
3 winners give 100.00 USD, worst burden 7.407 %; proven optimal (exact)
""",
    "12_sweep.py": """\
60 rows: 20 episodes × 3 policies × 1 loss
 8 rounds  constant:0.1+pro-rata             33,655 above the optimum (hindsight)
 8 rounds  constant:0.3+pro-rata             23,822 above the optimum (hindsight)
 8 rounds  persistence+queue:leverage        59,932 above the optimum (hindsight)
16 rounds  constant:0.1+pro-rata             66,159 above the optimum (hindsight)
16 rounds  constant:0.3+pro-rata             49,045 above the optimum (hindsight)
16 rounds  persistence+queue:leverage       108,829 above the optimum (hindsight)
""",
    "13_hyperreplay.py": """\
adl_detailed_analysis_REALTIME.csv: 6 of 6 records used
21_fills.json: 6 of 6 records used
round 1: deficit 540.00, needed 450.00, capacity 4,500.00 USD
round 2: deficit 650.00, needed 495.00, capacity 4,500.00 USD
looks ahead: winners, needed, capacity
3 winners give 450.00 USD, worst burden 1.2 %; proven optimal (exact)
3 winners give 495.00 USD, worst burden 1.32 %; proven optimal (exact)
production                     0.00 too little,   0.00 too much
persistence+queue:leverage   180.00 too little,  46.67 too much
constant:0.5+pro-rata        350.00 too little,   0.00 too much
do-nothing+pro-rata          945.00 too little,   0.00 too much
persistence+pro-rata         180.00 too little,  46.67 too much
best-constant+pro-rata        38.77 too little,   0.00 too much
production       0 accounts give less, $0.00
queue:leverage   2 accounts give less, $505.00
pro-rata         2 accounts give less, $164.00
min-max optimum  2 accounts give less, $164.00
report.html shows 19 figures
""",
    "14_constraints.py": """\
4 winners give 100.00 USD, worst burden 57.14 %; proven optimal (exact)
[15.0, 45.71, 5.0, 34.29]
Rise of the value by a USD more, of the last and of the next one
  budget        0.00571429 0.00571429
  own[makers]   -0.00714286 -0.00714286
4 winners give 100.00 USD, worst burden 83.33 %; proven optimal (exact)
[15.0, 30.0, 5.0, 50.0]
['round.mps', 'round.mps.json']
own[makers], own[makers, 2] contradict each other: together they must give 130.00 USD at least
0.2
""",
    "15_decision_service.py": """\
200 [24.0, 16.0]
400 {"error": "belief is []: expected at least one value"}
1 decision on record
""",
}


LONG = ("09_axioms.py", "10_closed_loop.py", "13_hyperreplay.py")
"""Of seconds."""
NAMES = sorted((path.name for path in EXAMPLES.glob("*.py")), key=lambda name: (name in LONG, name))


@pytest.mark.parametrize("name", by_day(len(NAMES) - len(LONG), NAMES))
def test_examples(name):
    done = subprocess.run(
        [sys.executable, EXAMPLES / name], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == PRINTED[name]
    assert len((EXAMPLES / name).read_text(encoding="utf-8").splitlines()) < 40
