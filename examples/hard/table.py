"""Hard instances solved: a table of ratios, in Markdown, for the README beside it.

    python examples/hard/table.py [--part 1] [--seconds 60] [NAME …] > table.md

Each is solved in a process of its own, by adlopt, and from the model that adlopt writes by HiGHS,
SCIP, and in whole micro-dollars, of lots, by CP-SAT. Time is that of the processor.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from types import SimpleNamespace

PEERS = "HiGHS", "SCIP", "CP-SAT"
FINE, STEPS = 10**5, 10**8
"""Parts of a micro-dollar in which CP-SAT counts what accounts hold, and steps of its burdens."""
STOPPED = "interrupted by user", "timelimit", "unknown", "feasible"
"""How solvers say that they were stopped."""
OFF = 1e-5
"""Relative distance of two optima that is told."""
NUMBERS = 10_000_000
"""How many numbers one pass of np.sum adds up, beside which seconds are to be read."""


def by_adlopt(name, part, limit):
    """Seconds, value, how it ended and what it took."""
    from instances import HARD

    import adlopt as adl
    from adlopt.foundation import deadline

    hard = HARD[name]
    thing = hard.make(part)
    deadline.time = SimpleNamespace(monotonic=time.process_time)
    begun = time.process_time()
    if not hasattr(hard.least, "worst") and callable(hard.least):
        ends = hard.least(thing)
        found = {"value": ends.upper, "gap": ends.upper - ends.lower, "ended": "enclosed"}
    else:
        best = adl.solve(thing, hard.least, time_limit=limit, **hard.options)
        found = {"value": best.value, "gap": best.certificate.gap, "ended": best.stopped.value}
        if hasattr(best, "trades"):
            found["trades"] = len(best.trades)
    return found | {"seconds": time.process_time() - begun, "pass": one_pass()}


def one_pass():
    """Seconds of one pass of np.sum, the median of some."""
    import numpy as np

    taken, numbers = [], np.random.default_rng(0).random(NUMBERS)
    for _ in range(9):
        begun = time.process_time()
        numbers.sum()
        taken.append(time.process_time() - begun)
    return median(taken)


def by_others(name, part, limit, solver):
    """The same by a solver that reads the model; of all levels of burdens that of the first."""
    from instances import HARD

    import adlopt as adl

    hard = HARD[name]
    least = hard.least.worst if isinstance(hard.least, adl.Leximin) else hard.least
    thing = hard.make(part)
    if solver == "CP-SAT":
        start = getattr(thing, "start", None)
        lots = isinstance(thing, adl.ContractRound) or getattr(start, "lot", None) is not None
        return by_cp_sat(thing, limit) if lots else {"ended": "—"}
    model = adl.model(thing, least)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "round.mps"
        model.write(path)
        unit = json.loads(path.with_suffix(".mps.json").read_text())["objective"]["unit"]
        return {"HiGHS": by_highs, "SCIP": by_scip}[solver](str(path), limit, unit)


@contextmanager
def stopped_after(seconds, stop):
    """Have what is done call `stop` once it has taken so many seconds of the processor."""
    end, done = time.process_time() + seconds, threading.Event()

    def watch():
        while not done.wait(0.05):
            if time.process_time() > end:
                stop()

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def by_highs(path, limit, unit):
    """Seconds and value that HiGHS takes and finds."""
    import highspy

    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.HandleUserInterrupt = True
    solver.readModel(path)
    begun = time.process_time()
    with stopped_after(limit, solver.cancelSolve):
        solver.run()
    info, state = solver.getInfo(), solver.getModelStatus()
    found = {"seconds": time.process_time() - begun, "value": unit * info.objective_function_value}
    return found | {"ended": solver.modelStatusToString(state).lower()}


def by_scip(path, limit, unit):
    """Seconds and value that SCIP takes and finds."""
    import pyscipopt

    solver = pyscipopt.Model()
    solver.hideOutput()
    solver.setParam("limits/time", limit)
    solver.setParam("timing/clocktype", 1)
    solver.readProblem(path)
    begun = time.process_time()
    solver.optimize()
    value = solver.getObjVal() if solver.getNSols() else float("inf")
    found = {"seconds": time.process_time() - begun, "value": unit * value}
    return found | {"ended": solver.getStatus()}


def by_cp_sat(round_, limit):
    """Seconds and value that CP-SAT takes and finds: the least worst burden of a budget in lots."""
    import numpy as np
    from ortools.sat.python import cp_model

    start, model = round_.start, cp_model.CpModel()
    if hasattr(round_, "positions"):
        held, owner, weight = round_.positions, round_.owner, start.equity
        lot, most = held.value / held.size, held.size
    else:
        lot, weight, owner = start.lot, start.capacity, np.arange(len(start.account))
        most = np.floor(start.capacity / lot + 1e-9)
    micros = np.rint(1e6 * lot).astype(int).tolist()
    lots = [model.new_int_var(0, int(k), "") for k in most.tolist()]
    worst = model.new_int_var(0, STEPS, "")
    given = [[] for _ in weight]
    for i, value, taken in zip(owner.tolist(), micros, lots, strict=True):
        given[i].append(FINE * value * taken)
    each = np.floor(FINE * 1e6 * weight / STEPS).astype(int).tolist()
    for amount, step in zip(given, each, strict=True):
        model.add(sum(amount) <= step * worst)
    budget = sum(value * taken for value, taken in zip(micros, lots, strict=True))
    model.add(budget == round(1e6 * round_.needed))
    model.minimize(worst)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    begun = time.process_time()
    with stopped_after(limit, solver.stop_search):
        ended = solver.solve(model)
    found = ended in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    value = solver.value(worst) / STEPS if found else float("inf")
    taken = {"seconds": time.process_time() - begun, "value": value}
    return taken | {"ended": solver.status_name(ended).lower()}


def apart(job, part, limit):
    """What one of them finds, in a process of its own; words where it finds nothing."""
    folder = Path(__file__).parent
    paths = os.pathsep.join([str(folder.parents[1]), str(folder)])
    code = "import json, sys, table; print(json.dumps(table.of(*json.loads(sys.argv[1]))))"
    try:
        done = subprocess.run(
            [sys.executable, "-c", code, json.dumps([*job, part, limit])],
            capture_output=True, text=True, check=False,
            env=os.environ | {"PYTHONPATH": paths}, timeout=20 * limit + 120,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"ended": "no end"}
    if done.returncode:
        return {"ended": (done.stderr.strip().splitlines() or ["killed"])[-1].split(":")[0]}
    return json.loads(done.stdout.splitlines()[-1])


def of(who, name, part, limit):
    """What a process is asked to find, and the most memory that it had, in GB."""
    found = by_adlopt(name, part, limit) if who == "adlopt" else by_others(name, part, limit, who)
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return found | {"memory": kilobytes / 2**20}


def beside(found, ours):
    """How many times as long it took, and how it ended where that is not with the optimum."""
    word = found["ended"]
    if "seconds" not in found:
        return word
    times = found["seconds"] / max(ours["seconds"], 1e-3)
    ratio = f"{times:,.0f}" if times >= 10 else f"{times:.2g}"
    if word != "optimal":
        return f"> {ratio} ×" + ("" if word in STOPPED else f" ({word})")
    off = abs(found["value"] - ours["value"]) / max(abs(ours["value"]), 1e-12)
    return f"{ratio} ×" + (f", off by {off:.0e}" if off > OFF else "")


def row(name, goal, ours, others):
    """A line of the table."""
    if "seconds" not in ours:
        cells = ["", "", "", ours["ended"]]
    else:
        trades = f", {ours['trades']:,} trades" if "trades" in ours else ""
        within = f"{ours['gap'] / ours['value']:.0e}" if ours["gap"] else "exactly"
        cells = [f"{ours['seconds']:.2f} s", f"{ours['memory']:.2f} GB", within]
        cells.append(ours["ended"] + trades)
    found = [beside(each, ours) if "seconds" in ours else each["ended"] for each in others]
    return f"| {' | '.join([name, goal, *cells, *found])} |"


def main():
    """Print the table, and one pass of np.sum below it."""
    from instances import HARD

    parser = argparse.ArgumentParser()
    parser.add_argument("--part", type=float, default=1.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("name", nargs="*")
    asked = parser.parse_args()
    heads = "instance", "goal", "adlopt", "memory", "proven within", "ended", *PEERS
    print(f"| {' | '.join(heads)} |")
    print("|---|---|--:|--:|--:|---|" + "--:|" * len(PEERS))
    passes = []
    for name in asked.name or HARD:
        given, stated = (asked.part, asked.seconds), hasattr(HARD[name].least, "burden")
        ours = apart(["adlopt", name], *given)
        others = [apart([who, name], *given) if stated else {"ended": "—"} for who in PEERS]
        passes += [ours["pass"]] if "pass" in ours else []
        print(row(name, HARD[name].goal, ours, others), flush=True)
        found = " ".join(str(each) for each in (ours, *others))
        print(f"{name}: {found}", file=sys.stderr, flush=True)
    print(f"\nOne pass of `np.sum` over {NUMBERS:,} numbers took {1e3 * median(passes):.2f} ms.")


if __name__ == "__main__":
    main()
