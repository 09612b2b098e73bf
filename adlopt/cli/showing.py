"""Verbs that draw what others print."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

import adlopt as adl
from adlopt.cli import command as cli
from adlopt.errors import InputError
from adlopt.model.loss import Burden


@cli.example("adlopt report october-10 -o report.html")
def report(
    episode: cli.Named,
    *,
    policy: cli.Policies = None,
    burden: cli.Against = Burden.CAPACITY,
    coupled: cli.Coupled = False,
    skip_proofs: cli.Flag = False,
    interactive: cli.Flag = False,
    output: Annotated[Path, Parameter(name=["--output", "-o"])] = Path("report.html"),
) -> None:
    """Write one self-contained page about an episode: scores, figures, bounds, verdicts.

    Parameters
    ----------
    skip_proofs
        Do not check the proofs, which takes a minute or two the first time; the page says so.
    interactive
        Write a page with sliders of θ, prices and P instead, for a browser; it needs the extra
        interactive.
    output
        The .html file.
    """
    from adlopt.proof.library import proof_files
    from adlopt.report.interactive import interactive as interactive_
    from adlopt.report.provenance import known_verdicts
    from adlopt.report.write import require_page, write_page, write_report

    require_page(output)
    proofs, note = None, ""
    if not skip_proofs and not interactive:
        with cli.progress(len(proof_files()), "checking") as step:
            proofs, note = known_verdicts(progress=step)
    with cli.progress(None, "playing") as step:
        chosen: dict[str, Any] = {"policies": policy or (), "burden": burden, "coupled": coupled}
        evidence = adl.Evidence(episode=cli.episode_named(episode), progress=step, **chosen)
        if interactive:
            print(f"wrote {write_page(lambda: interactive_(evidence), output)}")
        else:
            print(f"wrote {write_report(evidence, output, proofs=proofs, note=note)}")


@cli.example("adlopt plot october-10 budgets -o budgets.pdf")
def plot(
    episode: cli.Named | None = None,
    figure: str | None = None,
    *,
    policy: cli.Policies = None,
    burden: cli.Against = Burden.CAPACITY,
    output: cli.Output = None,
    all_: Annotated[bool, Parameter(name="--all", negative="", show_default=False)] = False,
    list_: Annotated[bool, Parameter(name="--list", negative="", show_default=False)] = False,
) -> None:
    """Draw a figure of an episode as .svg, .pdf or .png; --list names them all.

    Parameters
    ----------
    figure
        Name of the figure.
    output
        FIGURE.svg unless given; with --all a folder, `figures` unless given.
    all_
        Draw every figure that the episode has data for, as .svg and .pdf.
    list_
        Print the names of all figures, and the questions they answer.
    """
    from adlopt.report.plots import figures as plots
    from adlopt.report.reproduced import made_folder

    if list_:
        print(plots.listed())
        return
    if episode is None or (figure is None) != all_:
        missing = "episode" if episode is None else "figure"
        wanted = "nothing beside --all" if all_ and episode else "a name"
        raise InputError(missing, figure, wanted, remedy="adlopt plot --list names the figures")
    if figure is not None:
        plots.find(figure)
    evidence = adl.Evidence(
        episode=cli.episode_named(episode), policies=policy or (), burden=burden
    )
    if figure is not None:
        print(f"wrote {plots.save(figure, evidence, output or Path(f'{figure}.svg'))}")
        return
    paths, lacking = plots.save_all(evidence, made_folder(output or Path("figures")))
    print("\n".join(f"wrote {path}" for path in paths))
    for name, why in lacking.items():
        print(f"not drawn: {name}: {why}")


@cli.example("adlopt reproduce -o paper")
def reproduce(*, output: cli.Output = None) -> None:
    """Write every table and figure of the paper that can be, ours beside theirs, with an index.

    Parameters
    ----------
    output
        A folder, `reproduced` unless given: tables as .csv and .tex, figures as .svg and .pdf.
    """
    from adlopt.report.reproduced import reproduce as reproduce_

    with cli.progress(None, "playing") as step:
        for path in reproduce_(output or Path("reproduced"), progress=step):
            print(f"wrote {path}")
