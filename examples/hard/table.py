"""Hard instances solved: a table of ratios, in Markdown, for the README beside it.

    python examples/hard/table.py [--before TREE] [--part 1] [--seconds 60] [NAME …] > table.md

Each is solved in a process of its own, by adlopt, by HiGHS and SCIP from the model that adlopt
writes, and by an older adlopt whose tree is given. Time is that of the processor.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def by_adlopt(name, part, limit):
    """Seconds, value and relative gap, by the adlopt on the path: also by 1.0.0."""
    import adlopt as adl

    old = not hasattr(adl, "TwoSidedRound")
    if old:
        adl.TwoSidedRound = lambda *sides: sides
    from instances import HARD

    make, objective, options = HARD[name]
    thing, find = make(part), adl.solve
    if old and isinstance(thing, adl.Episode):
        find = adl.solve_coupled
    elif old and isinstance(thing, tuple):
        goals = {
            "MinMax": "LEAST_BURDEN",
            "Leximin": "LEXIMIN",
            "FewestAccounts": "FEWEST_ACCOUNTS",
        }
        goal, (round_, shed) = adl.Goal[goals[type(objective).__name__]], thing
        thing, options = round_, {**options, "goal": goal}
        find = lambda round_, _, **asked: adl.match(round_, shed, **asked)  # noqa: E731
    if not old:
        options = {**options, "time_limit": limit}
    begun = time.process_time()
    best = find(thing, objective, **options)
    proof = best.certificate
    gap = proof.gap / proof.upper if proof.upper else 0.0
    trades = len(best.trades) if hasattr(best, "trades") else 0
    found = {"seconds": time.process_time() - begun, "value": proof.upper, "gap": gap}
    return found | {"trust": proof.trust.value, "ended": best.stopped.value, "trades": trades}


def by_others(name, part, limit, solver):
    """The same by a solver that reads the model."""
    from instances import HARD

    import adlopt as adl

    make, objective, _ = HARD[name]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "round.mps"
        adl.model(make(part), objective).write(path)
        unit = json.loads(path.with_suffix(".mps.json").read_text())["objective"]["unit"]
        return {"HiGHS": by_highs, "SCIP": by_scip}[solver](str(path), limit, unit)


def by_highs(path, limit, unit):
    """Seconds and value that HiGHS takes and finds."""
    import highspy

    solver = highspy.Highs()
    for option, value in (("output_flag", False), ("time_limit", limit), ("threads", 1)):
        solver.setOptionValue(option, value)
    solver.readModel(path)
    begun = time.process_time()
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
    solver.readProblem(path)
    begun = time.process_time()
    solver.optimize()
    value = solver.getObjVal() if solver.getNSols() else float("inf")
    found = {"seconds": time.process_time() - begun, "value": unit * value}
    return found | {"ended": solver.getStatus()}


def apart(job, part, limit, tree=None):
    """What one of them finds, in a process of its own; words where it finds nothing."""
    paths = [str(tree)] if tree else [str(Path(__file__).parents[2])]
    known = os.environ | {"PYTHONPATH": os.pathsep.join([*paths, str(Path(__file__).parent)])}
    code = "import json, sys, table; print(json.dumps(table.of(json.loads(sys.argv[1]))))"
    asked = json.dumps([*job, part, limit])
    try:
        done = subprocess.run(
            [sys.executable, "-c", code, asked],
            capture_output=True, text=True, check=False, env=known, timeout=4 * limit + 120,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"ended": "no end"}
    if done.returncode:
        return {"ended": (done.stderr.strip().splitlines() or ["killed"])[-1].split(":")[0]}
    return json.loads(done.stdout.splitlines()[-1])


def of(job):
    """Run what a process is asked to."""
    who, name, part, limit = job
    if who == "adlopt":
        return by_adlopt(name, part, limit)
    return by_others(name, part, limit, who)


def beside(found, ours):
    """How many times as long it took, and how it ended where that is not with the optimum."""
    word = found["ended"].split(".")[-1]
    if "seconds" not in found:
        return word
    times = found["seconds"] / max(ours["seconds"], 1e-3)
    ratio = f"{times:,.0f}" if times >= 10 else f"{times:.2g}"
    if word != "optimal":
        return f"> {ratio} × ({word})"
    off = abs(found["value"] - ours["value"]) / max(abs(ours["value"]), 1e-12)
    return f"{ratio} ×" + (f", off by {off:.0e}" if off > 1e-6 else "")


def main():
    """Print the table, and seconds beside it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--before", type=Path)
    parser.add_argument("--part", type=float, default=1.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("name", nargs="*")
    asked = parser.parse_args()
    from instances import HARD

    before = ["1.0.0"] if asked.before else []
    print(f"| {' | '.join(['instance', 'proven within', 'ended', *before, 'HiGHS', 'SCIP'])} |")
    print("|---|--:|---|" + "--:|" * (len(before) + 2))
    for name in asked.name or HARD:
        given = asked.part, asked.seconds
        ours = apart(["adlopt", name], *given)
        others = [apart([who, name], *given) for who in ("HiGHS", "SCIP")]
        if asked.before:
            others.insert(0, apart(["adlopt", name], *given, asked.before))
        if "seconds" not in ours:
            cells = ["—", ours["ended"], *("—" for _ in others)]
        else:
            trades = f", {ours['trades']:,} trades" if ours["trades"] else ""
            within = "exactly" if not ours["gap"] else f"{ours['gap']:.0e}"
            cells = [within, ours["ended"] + trades, *(beside(each, ours) for each in others)]
        print(f"| {' | '.join([name, *cells])} |", flush=True)
        print(f"{name}: {ours.get('seconds', 0.0):.2f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
