"""Verbs that judge policies."""

from __future__ import annotations

import json
from typing import Annotated

from cyclopts import Parameter

from adlopt.cli_app import Json, Whole, app, episode_named, progress
from adlopt.loss import Burden


@app.command
def axioms(policy: str, *, tries: Whole = 300, seed: Whole = 0, json_: Json = False) -> None:
    """Search for small instances on which a policy breaks axioms of fair deleveraging.

    Parameters
    ----------
    policy
        severity+allocation, such as persistence+pro-rata; an allocation alone raises the whole
        deficit.
    tries
        Instances for each axiom.
    seed
        Of the search: equal seeds find equal counterexamples.
    json_
        Print everything for machines, at full precision.
    """
    from adlopt.axioms import try_axioms

    report = try_axioms(policy, tries=tries, seed=seed)
    print(json.dumps(report.to_dict(), indent=1, allow_nan=False) if json_ else report)


@app.command
def diagnose(
    episode: str,
    *,
    policy: Annotated[list[str] | None, Parameter(name=["--policy", "-p"], negative="")] = None,
    burden: Burden = Burden.CAPACITY,
    json_: Json = False,
) -> None:
    """Measure what policies do to accounts: who pays, in what order, how steadily.

    Parameters
    ----------
    episode
        A .toml or .json file with accounts.
    policy
        severity+allocation, such as persistence+pro-rata; repeat for several.
    burden
        What haircuts are measured against.
    json_
        Print everything for machines, at full precision.
    """
    from adlopt.diagnostics import diagnose as diagnose_

    chosen = episode_named(episode)
    with progress(None, "diagnosing") as step:
        found = diagnose_(chosen, policy or (), burden=burden, progress=step)
    print(json.dumps(found.to_dict(), indent=1, allow_nan=False) if json_ else found)
