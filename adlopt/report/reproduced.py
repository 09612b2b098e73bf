"""The paper's tables of October 10 and its figures, ours beside theirs, for files and one page."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from adlopt.data.episodes.built_in import october_10
from adlopt.data.files.writing import replace_texts
from adlopt.errors import InputError
from adlopt.report.evidence import Evidence
from adlopt.report.page import contents, page, paragraph, section, text
from adlopt.report.plots import figures as plots
from adlopt.report.write import drawn
from adlopt.show.answer import Columns, Tabular
from adlopt.show.rows import as_csv, as_latex

SOURCE = "arXiv 2602.15182, Autodeleveraging as Online Learning"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ReproducedTable(Tabular):
    """A table of the paper: `rows` of policy, quantity, ours, theirs and the decimals printed.

    `ours` is None where the published figures do not say it.
    """

    name: str
    title: str
    rows: tuple[tuple[str, str, float | None, float, int], ...]

    @property
    def agrees(self) -> list[bool | None]:
        """Whether ours, rounded as theirs is, is theirs; None where there is none of ours."""
        return [None if r[2] is None else round(r[2], r[4]) == r[3] for r in self.rows]

    def _columns(self) -> Columns:
        policy, quantity, ours, theirs, _ = zip(*self.rows, strict=True)
        differ = [None if a is None else a - b for a, b in zip(ours, theirs, strict=True)]
        return {
            "policy": policy,
            "quantity": quantity,
            "ours": ours,
            "theirs": theirs,
            "difference": differ,
            "agrees_as_printed": self.agrees,
        }

    def _heading(self) -> str:
        return f"{self.title} ({SOURCE})"


def reproduced_tables(evidence: Evidence) -> list[ReproducedTable]:
    """Set what an episode gives beside what the paper prints of October 10."""
    printed = tomllib.loads((files("adlopt.report") / "published_tables.toml").read_text("utf-8"))
    ours = _ours(evidence)
    return [
        ReproducedTable(
            name=table["name"],
            title=table["title"],
            rows=tuple(
                (
                    policy := row.get("policy", "episode"),
                    row["quantity"],
                    ours.get((policy, row["quantity"])),
                    row["theirs"],
                    row["digits"],
                )
                for row in table["rows"]
            ),
        )
        for table in printed["table"]
    ]


def _ours(evidence: Evidence) -> dict[tuple[str, str], float]:
    """Figures of an episode, by policy and quantity."""
    data, rows = evidence.figures, evidence.board._columns()
    episode = data.episode
    found = {
        ("episode", "deficit_usd"): episode.deficit_usd,
        ("episode", "needed_usd"): episode.needed_usd,
        ("episode", "path_variation"): episode.path_variation,
    }
    if data.bounds[0].usd is not None:
        found["episode", "bound_usd"] = data.bounds[0].usd
    for run in episode.recorded:
        found[run.policy, "haircut_usd"] = run.haircut_usd
        found[run.policy, "net_overshoot_usd"] = run.overshoot_usd
    for quantity in ("tracking_usd", "fairness_usd", "total_weight_1_usd", "total_share_of_bound"):
        told = zip(rows["policy"], rows[quantity], strict=True)
        found |= {(policy, quantity): value for policy, value in told if value is not None}
    return found


def reproduce(folder: str | Path, *, progress: Callable[[str], None] | None = None) -> list[Path]:
    """Write the paper's tables of October 10 as CSV and LaTeX, its figures as SVG and PDF.

    `index.html` shows them all, written last. What the published figures have no data for is named
    there.

    Raises
    ------
    InputError
        If the folder cannot be made or written to.
    """
    target = made_folder(folder)
    evidence = Evidence(episode=october_10(), progress=progress)
    tables = reproduced_tables(evidence)
    texts = {f"{table.name}.csv": as_csv(table) for table in tables}
    texts |= {f"{table.name}.tex": as_latex(table) for table in tables}
    names = [name for name, figure in plots.FIGURES.items() if figure.paper]
    saved, _ = plots.save_all(evidence, target, names)
    texts["index.html"] = _index(evidence, tables)
    return saved + replace_texts({target / name: each for name, each in texts.items()})


def made_folder(folder: str | Path) -> Path:
    """Return a folder, made if it is not there; `InputError` where none can be."""
    target = Path(folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        expected = f"a folder that can be made ({error.strerror})"
        raise InputError("output", str(target), expected) from None
    return target


def _index(evidence: Evidence, tables: list[ReproducedTable]) -> str:
    said = [each for table in tables for each in table.agrees if each is not None]
    parts = [
        section(each.name, each.title, [each._repr_html_(), _links(each.name, "csv", "tex")])
        for each in tables
    ]
    shown = [
        drawn(each, evidence)
        + paragraph("Their figures: " + ", ".join(map(str, each.paper)))
        + ("" if each.lacks(evidence) else _links(each.name, "svg", "pdf"))
        for each in plots.FIGURES.values()
        if each.paper
    ]
    parts.append(section("figures", "Figures", shown))
    told = f"{sum(said)} of {len(said)} figures of tables agree as far as they are printed."
    links = contents({each.name: each.title for each in tables} | {"figures": "Figures"})
    head = f"<header>\n<h1>{text(SOURCE)}</h1>\n{paragraph(told)}</header>\n{links}"
    source = paragraph(f"Ours: {evidence.episode.source}. Theirs: {SOURCE}.")
    main, bottom = "\n".join(parts), f"<footer>{source}</footer>"
    return page("adlopt reproduce", top=head, main=main, bottom=bottom)


def _links(name: str, *kinds: str) -> str:
    files = ", ".join(f'<a href="{name}.{kind}">{name}.{kind}</a>' for kind in kinds)
    return f"<p>{files}</p>"
