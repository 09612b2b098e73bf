"""What all verbs of the command line share: the app, kinds of options, and how a wait is shown."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import Flag as Flag_
from enum import auto
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter, Token

from adlopt.errors import InputError, did_you_mean, nearest
from adlopt.model.loss import Asymmetric, Burden

if TYPE_CHECKING:
    from adlopt.bounds.bound import Bound
    from adlopt.model.episode import Episode
    from adlopt.show.answer import Answer

BAD_INPUT, NO_ANSWER, REFUTED = 2, 1, 3
"""Exit codes: the input cannot be used; it can, but there is no answer; a bound is refuted."""
app = App(
    name="adlopt",
    help="Optimal hindsight benchmarks and regret bounds for autodeleveraging (ADL).",
    version_flags=["--version"],
    result_action="return_value",
)


def whole(_: type, tokens: Sequence[Token]) -> int:
    """Read a whole number as it is written; cyclopts would round 1.5."""
    try:
        return int(tokens[0].value)
    except ValueError:
        raise ValueError(f"{tokens[0].value!r} is not a whole number") from None


Whole = Annotated[int, Parameter(converter=whole)]
Flag = Annotated[bool, Parameter(negative="")]
_EXACT = "Print everything for machines, at full precision."


class Shape(Flag_):
    """How an answer is printed, but for people; its rows have the columns of `to_frame`."""

    JSON = auto()
    "Print everything for machines, at full precision."
    CSV = auto()
    "Print the rows as CSV."
    LATEX = auto()
    "Print the rows as a table for LaTeX, of the package booktabs."


TEXT = Shape(0)
Form = Annotated[Shape, Parameter(name="*", negative="")]
Json = Annotated[bool, Parameter(name="--json", negative="", help=_EXACT)]
JsonWords = Annotated[bool, Parameter(name="--json", negative="")]
Output = Annotated[Path | None, Parameter(name=["--output", "-o"])]
_WRITE = (
    "Also write the program to this .mps or .lp file, and a map of its names and units beside it."
)
WriteModel = Annotated[Path | None, Parameter(help=_WRITE)]
_EVIDENCE = "Write what is proved to this .json file, for others to check: `adlopt check`."
CertificateFile = Annotated[Path | None, Parameter(name="--certificate", help=_EVIDENCE)]
_PLAYED = (
    "severity+allocation, such as persistence+pro-rata (adlopt policies), a venue's rule (adlopt "
    "venues), or path.py:name for one of your own; repeat for several. An allocation alone raises "
    "the whole deficit."
)
_POLICY = Parameter(name=["--policy", "-p"], negative="", help=_PLAYED)
_PLAYER = Parameter(name=["--rule", "-r", "--policy", "-p"], negative="", help=_PLAYED)
Policies = Annotated[list[str] | None, _POLICY]
OwnBounds = Annotated[list[str] | None, Parameter(name="--bound", negative="")]
OnePolicy = Annotated[str, Parameter(name=["--policy", "-p"])]
Players = Annotated[list[str] | None, _PLAYER]
Rules = Annotated[list[str], _PLAYER]
_PRICED = "with all three prices that loss is summed, and its optimum found in hindsight."
Under = Annotated[float | None, Parameter(help=f"Price of a dollar missed: {_PRICED}")]
Over = Annotated[float | None, Parameter(help="Price of a dollar too much.")]
Fair = Annotated[float | None, Parameter(help="Price of a unit of burden.")]
_IN_ALL = (
    "Compare the worst burden of the whole episode with the least, rounds coupled, in hindsight."
)
Coupled = Annotated[bool, Parameter(negative="", help=_IN_ALL)]
Against = Annotated[Burden, Parameter(help="What haircuts are measured against.")]
Named = Annotated[str, Parameter(help="Name of a built-in episode, or a file.")]
WholeOrNone = Annotated[int | None, Parameter(converter=whole)]
Variation = Annotated[float | None, Parameter(name=["--variation", "-P"])]


def episode_named(name: str) -> Episode:
    """Read october-10, or a file."""
    from adlopt.data.episodes.built_in import october_10
    from adlopt.data.files.reading import read_episode

    if name == "october-10":
        return october_10()
    if not name.endswith((".toml", ".json")):
        near = [*nearest(name, ["october-10"]), *nearest(Path(name).suffix, (".toml", ".json"))]
        expected = "october-10, or a .toml or .json file"
        raise InputError("episode", name, expected, remedy=did_you_mean(near))
    return read_episode(name)


def own_bounds(names: list[str] | None) -> list[Bound]:
    """Read bounds of one's own."""
    from adlopt.bounds.registry import own_bound

    return [own_bound(name) for name in names or ()]


def priced_loss(
    under: float | None, over: float | None, fair: float | None, burden: Burden
) -> Asymmetric | None:
    """Read the loss of three prices, or None without any."""
    given = {"--under": under, "--over": over, "--fair": fair}
    if all(price is None for price in given.values()):
        return None
    for name, price in given.items():
        if price is None:
            raise InputError(name, None, "a price", remedy="give --under, --over and --fair")
    return Asymmetric(under=under, over=over, fair=fair, burden=burden)  # type: ignore[arg-type]


def as_json(data: object) -> str:
    """Write an answer for machines, at full precision; JSON has no infinity and no NaN."""
    return json.dumps(data, indent=1, allow_nan=False)


def put(answer: Answer, form: Shape, render: Callable[[Any], object]) -> None:
    """Print an answer in the form asked for, or its data as a view renders them."""
    if form in (Shape.CSV, Shape.LATEX):
        from adlopt.show.rows import as_csv, as_latex

        print((as_csv if form is Shape.CSV else as_latex)(answer), end="")
    elif form not in (TEXT, Shape.JSON):
        raise InputError("form", form.name, "one of --json, --csv and --latex")
    else:
        print(as_json(answer.to_dict()) if form else render(answer.told()))


@contextmanager
def progress(total: int | None, doing: str) -> Iterator[Callable[[str], None] | None]:
    """Show a bar on stderr where a person watches, nothing in a pipe."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(doing, total=total)
        yield lambda name: bar.update(task, description=f"{doing} {name}", advance=1)
