"""What all verbs of the command line share: the app, kinds of options, and how a wait is shown."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from cyclopts import App, Parameter, Token

import adlopt as adl
from adlopt.errors import InputError, did_you_mean, nearest
from adlopt.model.loss import Asymmetric, Burden
from adlopt.show.progress import progress

if TYPE_CHECKING:
    from adlopt.bounds.bound import Bound
    from adlopt.model.episode import Episode
    from adlopt.show.answer import Answer, Listing

__all__ = ["progress"]
T = TypeVar("T", bound=Callable[..., None])
BAD_INPUT, NO_ANSWER, REFUTED = 2, 1, 3
"""Exit codes: the input cannot be used; it can, but there is no answer; a bound is refuted."""
app = App(
    name="adlopt",
    help="Optimal hindsight benchmarks and regret bounds for autodeleveraging (ADL).",
    version_flags=["--version"],
    result_action="return_value",
)


def example(command: str) -> Callable[[T], T]:
    """Make a function a verb, whose help ends with a command that can be typed."""
    return app.command(help_epilogue=f"Example: {command}")


def warn(message: Warning | str, *_: object) -> None:
    """Say something to whoever watches, apart from the answer."""
    print(f"adlopt: {message}", file=sys.stderr)


def whole(_: type, tokens: Sequence[Token]) -> int:
    """Read a whole number as it is written; cyclopts would round 1.5."""
    try:
        return int(tokens[0].value)
    except ValueError:
        raise ValueError(f"{tokens[0].value!r} is not a whole number") from None


Whole = Annotated[int, Parameter(converter=whole)]
Flag = Annotated[bool, Parameter(negative="", show_default=False)]


@dataclass(frozen=True, slots=True)
class Shape:
    """How an answer is printed; for people unless one of the first three is chosen."""

    json: Flag = False
    "Print everything for machines, at full precision."
    csv: Flag = False
    "Print the rows as CSV, with the columns of `to_frame`."
    latex: Flag = False
    "Print the rows as a table for LaTeX, of the package booktabs."
    table: str | None = None
    "Print, with --csv or --latex too, the table alone whose title has these words, or its number."


TEXT = Shape()
Form = Annotated[Shape, Parameter(name="*")]
Output = Annotated[Path | None, Parameter(name=["--output", "-o"])]
_ROWS = "Write all rows to this .csv or .parquet file."
Rows = Annotated[Path | None, Parameter(name=["--output", "-o"], help=_ROWS)]
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
Coupled = Annotated[bool, Parameter(negative="", show_default=False, help=_IN_ALL)]
Against = Annotated[Burden, Parameter(help="What haircuts are measured against.")]
Named = Annotated[str, Parameter(help="Name of a built-in episode, or a file.")]
WholeOrNone = Annotated[int | None, Parameter(converter=whole)]
_MOVES = "P: how far needed severities may move in all; the episode's own unless given."
Variation = Annotated[float | None, Parameter(name=["--variation", "-P"], help=_MOVES)]
_LASTS = "Seconds after which to stop with the best found so far; Ctrl-C is such a limit, too."
TimeLimit = Annotated[float | None, Parameter(help=_LASTS)]
Seconds = Annotated[float, Parameter(help=_LASTS)]


def episode_named(name: str) -> Episode:
    """Read october-10, or a file."""
    from adlopt.data.episodes.built_in import october_10

    if name == "october-10":
        return october_10()
    if not name.endswith((".toml", ".json")):
        near = [*nearest(name, ["october-10"]), *nearest(Path(name).suffix, (".toml", ".json"))]
        expected = "october-10, or a .toml or .json file"
        raise InputError("episode", name, expected, remedy=did_you_mean(near))
    return adl.read_episode(name)


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


def put(answer: Answer | Listing, form: Shape, render: Callable[[Any], object]) -> None:
    """Print an answer in the form asked for, or its data as a view renders them."""
    from adlopt.show.rows import as_csv, as_latex
    from adlopt.show.table import chosen_table

    if form.json + form.csv + form.latex > 1 or (form.json and form.table):
        given = " ".join(f"--{name}" for name in ("json", "csv", "latex") if getattr(form, name))
        raise InputError("form", given, "one of --json, --csv and --latex")
    told = None if form.table is None else chosen_table(lambda: render(answer.told()), form.table)
    if form.csv or form.latex:
        print((as_csv if form.csv else as_latex)(answer if told is None else told), end="")
    elif form.json:
        print(as_json(answer.to_dict()))
    else:
        print(render(answer.told()) if told is None else told)
