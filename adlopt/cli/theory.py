"""Verbs of the theory: bounds, proofs and worst cases."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

import adlopt as adl
from adlopt.cli import command as cli
from adlopt.errors import InputError

Within = Annotated[list[str] | None, Parameter(negative=())]
Kept = Annotated[str | None, Parameter(help="Keep the deficits of this episode.")]
_UNIT = Parameter(
    name=["--rounds", "-T"], converter=cli.whole, help="T rounds with unit deficits instead."
)
Rounds = Annotated[int | None, _UNIT]


@cli.example("adlopt bounds october-10 -p ogd")
def bounds(
    episode: cli.Named,
    *,
    policy: cli.Policies = None,
    bound: cli.OwnBounds = None,
    form: cli.Form = cli.TEXT,
) -> None:
    """Print upper and lower bounds side by side, and where policies lie between them.

    Parameters
    ----------
    policy
        A policy to place among those that are always shown, as in `adlopt play`; repeat for
        several.
    bound
        path.py:name for an adl.Bound of your own, set among them; repeat for several.
    """
    from adlopt.show.bounds import render

    own = cli.own_bounds(bound)
    with cli.progress(None, "measuring"):
        found = adl.bounds_of(cli.episode_named(episode), own, policies=policy or ())
    cli.put(found, form, render)


@cli.example("adlopt prove prop-1 --show")
def prove(
    *names: str,
    show: cli.Flag = False,
    export: Path | None = None,
    coq: cli.Flag = False,
    with_sympy: cli.Flag = False,
    form: cli.Form = cli.TEXT,
) -> None:
    """Check the proofs of every claim, and print the verdicts; of those named, what they say, too.

    Parameters
    ----------
    names
        Beginnings of names (prop-1), or .py files of your own; all that ship unless given.
    show
        Print every step of the derivations; so does --latex without --table, as LaTeX.
    export
        Write every step with its rule, premises and certificate to this .json file, or each proof
        to a file in this folder.
    coq
        Write them for Coq instead, which checks them with a kernel of its own.
    with_sympy
        Let sympy expand the identity of each certificate as well.
    """
    from adlopt.proof.checking import check
    from adlopt.proof.library import check_all, find, proof_files
    from adlopt.proof.second_kernels import exported_files, second_opinion
    from adlopt.proof.written_out import derivation
    from adlopt.show.proofs import explained, render

    named = [path for name in names for path in find(name)]
    paths = list(dict.fromkeys(named)) or list(proof_files().values())
    written = form.latex and form.table is None
    if show or written:
        if form.json or form.csv:
            raise InputError("form", "--json or --csv", "left out beside --show and --latex")
        print(derivation(*(check(path).theorem for path in paths), latex=written))
        return
    theorems = {path.stem: check(path).theorem for path in paths if export or with_sympy}
    if export is not None:
        _write_all(exported_files(theorems, coq=coq), export)
    elif coq:
        raise InputError("--coq", True, "a folder to write to", remedy="--export FOLDER")
    if with_sympy:
        done = sum(map(second_opinion, theorems.values()))
        print(f"sympy expands the identities of {done:,} certificates to 0")
    if theorems:
        return
    with cli.progress(len(paths), "checking") as step:
        found = check_all(paths, progress=step)
    cli.put(found, form, explained if names else render)
    if found.data().failed:
        sys.exit(cli.NO_ANSWER)


def _write_all(texts: dict[str, str], target: Path) -> None:
    """Write one text to a file, or any number to a folder."""
    from adlopt.data.files.writing import replace_texts

    if not target.suffix:
        target.mkdir(parents=True, exist_ok=True)
        paths = {target / name: text for name, text in texts.items()}
    elif len(texts) == 1 and target.suffix == ".json":
        paths = {target: next(iter(texts.values()))}
    else:
        raise InputError("--export", str(target), "a .json file for one proof, or a folder")
    for path in replace_texts(paths):
        print(f"wrote {path}")


@cli.example('adlopt worst ogd --episode october-10 --within "moved <= 29e6" --exact')
def worst(
    policy: cli.OnePolicy,
    *,
    against: str | None = None,
    bound: str | None = None,
    episode: Kept = None,
    rounds: Rounds = None,
    variation: cli.Variation = None,
    within: Within = None,
    any_first: cli.Flag = False,
    exact: cli.Flag = False,
    gap: float = 1e-9,
    seed: cli.Whole = 0,
    time_limit: cli.Seconds = 60.0,
    accounts: cli.WholeOrNone = None,
    spread: float = 2.0,
    budget: float = 1.0,
    total: float | None = None,
    output: cli.Output = None,
    form: cli.Form = cli.TEXT,
) -> None:
    """Find the instance on which a severity rule loses most, and set it against a bound.

    Exit code 3 says that the instance refutes the bound.

    Parameters
    ----------
    policy
        A severity, such as ogd or gated-persistence, or path.py:name for one of your own; or
        minimax: what no policy can avoid.
    against
        With minimax: the severity to answer; the minimax-optimal one unless given.
    bound
        prop-1, half, the name of a bound that `adlopt bounds` prints, or path.py:name for one of
        your own; the least that covers the policy unless given.
    within
        Another limit of theirs, of variation, moved, needed (USD), target1, target2, ...; of a sum
        alone, as in the episode. Repeat for several: --within "moved <= 29e6" --within needed.
    any_first
        Let the adversary choose the first severity too.
    exact
        Refuse a severity whose worst case can only be searched for, or whose steps have roots.
    gap
        Relative, of the two ends of the worst case, at which to stop.
    seed
        Of the search, where the worst case is not found exactly.
    accounts
        Find what an allocation costs at worst over rounds of so many accounts, at most 6, instead.
    spread
        Their profits lie between 1 USD and this.
    budget
        The least budget, USD.
    total
        What their profits sum to, USD; anything unless given.
    output
        Write the instance to this .json file, with what the rule did on record, and print the
        command that plays it again.
    """
    from adlopt.bounds.bound import BoundVerdict
    from adlopt.studies.adversary import worst as adversary

    if policy != "minimax" and against is not None:
        raise InputError("--against", against, "nothing, unless the policy is minimax")
    for name, given in (("--any-first", any_first), ("--within", within)):
        if policy == "minimax" and given:
            raise InputError(name, given, "nothing with minimax: V(P) is for any start and path")
    box = None
    if accounts is not None:
        box = adversary.RoundBox(accounts=accounts, spread=spread, budget=budget, total=total)
        if output is not None:
            raise InputError("--output", str(output), "nothing with --accounts: it is printed")
    chosen = None if episode is None else cli.episode_named(episode)
    instance: dict[str, Any] = {"episode": chosen, "rounds": rounds, "variation": variation}
    case: Any
    if policy == "minimax":
        case = adversary.unavoidable(against, bound=bound or "prop-1", **instance)
    else:
        instance |= {"bound": bound, "within": tuple(within or ()), "any_first": any_first}
        options: dict[str, Any] = {"exact": exact, "gap": gap, "seed": seed, "box": box}
        with cli.progress(None, "trying") as step:
            options |= {"time_limit": time_limit, "progress": step}
            case = adversary.worst(policy, **instance, **options)
    cli.put(case, form, lambda _: case)
    if output is not None:
        written = adl.write_episode(case.episode(), output)
        name = case.replayed_by(against or policy)
        again = f"; replayed by: adlopt play {output} -p {name}" if name else ""
        print(f"wrote {written[-1]}{again}", file=sys.stderr)
    if isinstance(case, adversary.WorstCase) and case.verdict is BoundVerdict.REFUTED:
        sys.exit(cli.REFUTED)


@cli.example("adlopt design ogd --over step=1e-9:1e-6 --over first=0:1 --episode october-10")
def design(
    policy: cli.OnePolicy,
    *,
    over: Annotated[list[str], Parameter(negative=())],
    minimise: str = "worst-case",
    belief: Within = None,
    episode: Kept = None,
    rounds: Rounds = None,
    variation: cli.Variation = None,
    within: Within = None,
    gap: float = 1e-3,
    time_limit: cli.Seconds = 60.0,
    form: cli.Form = cli.TEXT,
) -> None:
    """Find the parameters of a severity that make its worst case least, between two ends.

    Parameters
    ----------
    policy
        A severity that is written in the notation, such as ogd.
    over
        A parameter and its range: step=1e-9:1e-6; repeat for a second.
    minimise
        worst-case, expected for the mean loss on the belief, or its share in a mix: 0.3.
    belief
        An episode that may come again; repeat for several, equally likely. The episode itself
        unless given.
    within
        Another limit of theirs, as in `adlopt worst`.
    gap
        Relative, of the two ends, at which to stop.
    """
    ranges = {}
    for each in over:
        name, _, ends = each.partition("=")
        try:
            low, high = map(float, ends.split(":"))
        except ValueError:
            raise InputError("--over", each, "PARAMETER=LOW:HIGH, such as step=1e-9:1e-6") from None
        ranges[name] = low, high
    try:
        share = float({"worst-case": "0", "expected": "1"}.get(minimise, minimise))
    except ValueError:
        expected = "worst-case, expected, or a share in [0, 1]"
        raise InputError("--minimise", minimise, expected) from None
    chosen = None if episode is None else cli.episode_named(episode)
    given: dict[str, Any] = {"episode": chosen, "rounds": rounds, "variation": variation}
    given |= {"within": tuple(within or ()), "expected": share}
    given |= {"belief": [cli.episode_named(each) for each in belief or ()]}
    with cli.progress(None, "cutting") as step:
        options: dict[str, Any] = {"gap": gap, "time_limit": time_limit, "progress": step}
        found = adl.design(policy, ranges, **given, **options)
    cli.put(found, form, lambda _: found)


@cli.example("adlopt vouch gated-persistence --episode october-10")
def vouch(
    policy: cli.OnePolicy,
    *,
    episode: cli.Named = "october-10",
    time_limit: cli.Seconds = 20.0,
    form: cli.Form = cli.TEXT,
) -> None:
    """Print the guarantee card of a rule: what is known of it on a page, and what is not.

    Parameters
    ----------
    policy
        severity+allocation, or a venue's rule, which alone raises the whole deficit.
    """
    from adlopt.show.card import render

    with cli.progress(None, "trying") as step:
        where = cli.episode_named(episode)
        found = adl.vouch(policy, where, time_limit=time_limit, progress=step)
    cli.put(found, form, render)
