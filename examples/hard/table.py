"""Hard instances solved, one a line: python examples/hard/table.py [part] [seconds] [name …]."""

import sys
import time
from itertools import starmap

from instances import HARD

import adlopt as adl


def solved(name: str, part: float, limit: float) -> str:
    """Seconds, the proven gap relative to the value, and how the search ended."""
    make, objective, options = HARD[name]
    thing = make(part)
    begun = time.perf_counter()
    try:
        best = adl.solve(thing, objective, time_limit=limit, **options)
    except (adl.SolverStopped, adl.SolverFailed) as error:
        said = f"{type(error).__name__}: {error}"[:60]
        return f"{name:28}{time.perf_counter() - begun:8.2f} s  {said}"
    took, proof = time.perf_counter() - begun, best.certificate
    gap = proof.gap / proof.upper if proof.upper else 0.0
    trades = f", {len(best.trades):,} trades" if hasattr(best, "trades") else ""
    ended = f"{proof.trust.value}, {best.stopped.value}{trades}"
    return f"{name:28}{took:8.2f} s  gap {gap:.1e}  value {proof.upper:.6g}  {ended}"


if __name__ == "__main__":
    part, limit, *names = (*sys.argv[1:], *("1", "60")[len(sys.argv[1:3]) :])
    jobs = ((name, float(part), float(limit)) for name in names or HARD)
    for line in starmap(solved, jobs):
        print(line, flush=True)
