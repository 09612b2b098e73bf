"""One page whose sliders answer at once: budgets, prices, bounds, and winners by their size.

All is computed here, but for sums of three terms; Vega draws it, and its scripts are in the file,
which fetches nothing and turns no text into a script.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from polars import DataFrame

from adlopt.bounds.game.minimax_value import closed_form
from adlopt.bounds.quantity import S
from adlopt.bounds.trivial import HALF, TRIVIAL
from adlopt.errors import InputError
from adlopt.report.evidence import Evidence
from adlopt.report.page import page, paragraph, text
from adlopt.report.plots.by_account import totals
from adlopt.show.words import printable, unit_of

POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
SAID = (
    "Move θ, prices and P, choose a rule, and draw over winners, where they are known, to sum them "
    "up. θ* and P are hindsight."
)
STEPS, BINS = 100, 300
"""Positions of a slider, and groups of winners of like size, at most."""
STYLE = """
#controls { position: sticky; top: 0; display: flex; flex-wrap: wrap; gap: 0 1.5rem;
  padding: 0.5rem 0; background: var(--paper); border-bottom: 1px solid var(--rule); }
.vega-bind { flex: 1 1 15rem; min-width: 0; } .vega-bind label { display: flex; gap: 0.5rem; }
.vega-bind-name { min-width: 9rem; } .vega-bind input, .vega-bind select { flex: 1; min-width: 0; }
#vega-chart { margin-top: 1rem; } #vega-chart svg { width: auto; }
"""
SIZES = {
    "across": "windowSize()[0] < 820 ? 1 : 2",
    "childWidth": "(min(windowSize()[0], 1216) - 32) / across - 75",
}
"""How many charts stand side by side, and how many pixels each has, by the window's size."""


def interactive(evidence: Evidence) -> str:
    """Return the page as HTML; `InputError` where Altair or vl-convert is not installed."""
    try:
        import altair as alt
        import vl_convert
    except ImportError:
        remedy = "pip install 'adlopt[interactive]'"
        raise InputError("interactive", None, "altair and vl-convert", remedy=remedy) from None
    charts = _Charts(alt, evidence)
    chart = alt.concat(*charts.all(), columns=2, spacing=30).add_params(*charts.params())
    chart = chart.resolve_scale(color="independent").configure(**_look())
    spec: dict[str, Any] = chart.to_dict(format="vega")
    spec["layout"]["columns"] = {"signal": "across"}
    others = [each for each in spec["signals"] if each["name"] not in SIZES]
    spec["signals"] = [{"name": name, "update": size} for name, size in SIZES.items()] + others
    spec["usermeta"] = {"embedOptions": {"actions": False, "ast": True}}
    # No name ends the script.
    safe = json.loads(re.sub("<(?=[/!])", "‹", printable(json.dumps(spec, ensure_ascii=False))))
    head, _, body = vl_convert.vega_to_html(safe, bundle=True).rpartition("</head>")
    return page(
        f"{evidence.episode.name}: what if", policy=POLICY, bottom="",
        head=f"<style>{STYLE}</style>{head[head.index('<script') :]}",
        top=f"<header>\n<h1>{text(evidence.episode.name)}</h1>\n{paragraph(SAID)}\n</header>",
        main=f'<form id="controls"></form>{body[body.index("<div") : body.index("</body>")]}',
    )  # fmt: skip


def _look() -> dict[str, Any]:
    """Colours are the variables of the page, so that it has dark ones too."""
    ink, muted = {"labelColor": "var(--ink)", "titleColor": "var(--ink)"}, "var(--muted)"
    return {
        "axis": ink | {"gridColor": "var(--rule)", "domainColor": muted, "tickColor": muted},
        "axisY": {"title": None},
        "background": "transparent", "font": "system-ui, sans-serif",
        "legend": ink | {"orient": "bottom", "columns": {"expr": "across"}, "title": None},
        "range": {"category": [f"var(--series-{k})" for k in range(1, 7)]},
        "title": {"color": "var(--ink)", "subtitleColor": muted, "anchor": "start"},
        "view": {"stroke": None, "discreteWidth": 300, "continuousHeight": 230},
    }  # fmt: skip


class _Charts:
    def __init__(self, alt: Any, evidence: Evidence) -> None:
        self.alt, self.evidence, self.episode = alt, evidence, evidence.episode
        self.unit, self.money = unit_of(float(self.episode.deficit.sum()))
        self.most = max(len(self.episode) - 1, 1)
        budgets = np.linspace(0, self.most, STEPS + 1)
        games = [closed_form(self.episode.deficit, budget) for budget in budgets]
        trivial, half = (bound.value(self.episode) + 0 * budgets for bound in (TRIVIAL, HALF))
        first = np.sqrt((1 + 2 * budgets) * S.measure(self.episode))
        usd: dict[str, Any] = {"trivial": trivial, "θ = ½": half, "Proposition 1": first}
        usd |= {
            "V(P), at least": [g.lower for g in games],
            "V(P), at most": [g.upper for g in games],
        }
        at, most = np.tile([budgets, trivial / self.unit], len(usd))
        names, usd_ = np.repeat(list(usd), budgets.size), np.concatenate(list(usd.values()))
        self.ladder = self.rows(P=at, usd=usd_ / self.unit, most=most, bound=names)
        near = f"abs(datum.P - variation) < {self.most / STEPS / 2}"
        self.at_variation = self.ladder.transform_filter(near)

    def all(self) -> Iterator[Any]:
        covered, known = self.evidence.covered, not self.episode.pooled
        yield from (self.budgets(), self.priced())
        yield from (self.constants(), *self.bounds()) if covered else ()
        yield from self.winners() if known else ()

    def params(self) -> Iterator[Any]:
        """Sliders, on their first positions, and the choice of a rule."""
        data, cell = self.evidence.figures, self.most / STEPS
        own = round(round(data.episode.path_variation / cell) * cell, 6)
        sliders = {
            "theta": ("θ, a constant", round(data.best_fixed_severity.theta, 2), 1, 1 / STEPS),
            "under": ("price of a $ too little", 1, 5, 0.1),
            "over": ("price of a $ too much", 1, 5, 0.1),
            "weight": ("λ, of unfairness", 1, 2, 0.05),
            "variation": ("P, path variation", own, self.most, cell),
        }
        for name, (words, value, most, step) in sliders.items():
            how = {"name": words, "element": "#controls", "min": 0, "max": most, "step": step}
            yield self.alt.param(name=name, value=value, bind=self.alt.binding_range(**how))
        names = [run.policy for run in self.evidence.board.runs]
        choice = self.alt.binding_select(name="rule", element="#controls", options=names)
        yield self.alt.param(name="rule", value=names[0], bind=choice)

    def rows(self, **columns: Any) -> Any:
        return self.alt.Chart(self.alt.Data(values=DataFrame(columns).to_dicts()))

    def titled(self, title: str, below: str, *layers: Any) -> Any:
        said = self.alt.Title(title, subtitle=f"{self.money}; {below}")
        return self.alt.layer(*layers, title=said)

    def bars(self, title: str, below: str, base: Any, of: str, label: str) -> Any:
        """Bars of USD from the shortest, each with its name in it."""
        alt, order = self.alt, self.alt.EncodingSortField("usd", op="sum")
        base = base.transform_calculate(label=f"format(datum.usd, ',.2f') + {label}")
        base = base.encode(y=alt.Y(f"{of}:N", sort=order, axis=None))
        words = base.mark_text(align="left").encode(color=alt.value("var(--ink)"))
        bar = base.mark_bar(opacity=0.4).encode(x=alt.X("usd:Q", title=None))
        return self.titled(title, below, bar, words.encode(x=alt.value(4), text="label:N"))

    def budgets(self) -> Any:
        episode, runs, alt = self.episode, self.evidence.board.runs, self.alt
        y = alt.Y("usd:Q", scale=alt.Scale(type="symlog", constant=0.01))
        rounds, names = np.arange(len(episode)) + 1, [run.policy for run in runs]
        usd, deficit = episode.needed / self.unit, episode.deficit / self.unit
        needed = self.rows(round=rounds, usd=usd, deficit=deficit).encode(x="round:O", y=y)
        raised = np.concatenate([episode.raised(run) for run in runs]) / self.unit
        each, who = np.tile(rounds, len(runs)), np.repeat(names, len(episode))
        line = self.rows(round=each, usd=raised, policy=who).encode(x="round:O", y=y)
        at = needed.transform_calculate(usd="datum.deficit * theta")
        dash = at.mark_tick(color="var(--series-2)", thickness=3)
        line = line.mark_line(point=True, color="var(--series-1)")
        bar = needed.mark_bar(color="var(--muted)", opacity=0.35)
        title, below = "How much did each round need?", "bars: needed; dashes: θ D; line: the rule"
        return self.titled(title, below, bar, dash, line.transform_filter("datum.policy == rule"))

    def priced(self) -> Any:
        parts = ("policy", "undershoot_usd", "overshoot_usd", "fairness_excess_usd")
        base = self.rows(
            **{n: [getattr(s, n) for s in self.evidence.figures.scores] for n in parts}
        )
        terms = zip(("under", "over", "weight"), parts[1:], strict=True)
        total = " + ".join(f"{price} * datum.{part} / {self.unit}" for price, part in terms)
        title, below = "Which rule costs least at these prices?", "*: how fair it is, is not known"
        label = "'  ' + datum.policy + (datum.fairness_excess_usd === null ? ' *' : '')"
        return self.bars(title, below, base.transform_calculate(usd=total), "policy", label)

    def constants(self) -> Any:
        thetas = np.linspace(0, 1, STEPS + 1)
        apart = np.abs(thetas[:, None] - self.episode.needed_severity) @ self.episode.deficit
        base = self.rows(θ=thetas, usd=apart / self.unit).encode(x="θ:Q", y="usd:Q")
        here = base.transform_filter(f"abs(datum.θ - theta) < {0.5 / STEPS}")
        here = here.transform_calculate(label="'constant θ: ' + format(datum.usd, ',.4f')")
        return self.titled(
            "What does a constant θ lose, Σ D|θ−θ*|?", "across: the bounds at P",
            base.mark_line(color="var(--series-1)"),
            here.mark_point(filled=True, size=80, color="var(--series-2)"),
            here.mark_text(dy=-12, align="left", color="var(--ink)").encode(text="label:N"),
            self.at_variation.mark_rule().encode(y="usd:Q", color="bound:N"),
        )  # fmt: skip

    def bounds(self) -> Iterator[Any]:
        """On the severity loss, by P; the ends of V(P) are proven."""
        drawn = {"x": "P:Q", "y": "usd:Q", "color": "bound:N"}
        dots = self.at_variation.mark_point(filled=True, size=80).encode(**drawn)
        line = self.ladder.mark_line().encode(**drawn)
        yield self.titled("What do bounds promise as P grows?", "dots: at this P", line, dots)
        label = "'  ' + datum.bound + (datum.usd > datum.most ? ', VACUOUS' : '')"
        base = self.at_variation.encode(color=self.alt.Color("bound:N", legend=None))
        yield self.bars("And at this P?", "vacuous: beyond any loss", base, "bound", label)

    def winners(self) -> Iterator[Any]:
        """Many winners stand in groups of like size."""
        alt, episode, names = self.alt, self.episode, list(self.evidence.haircuts)
        size = totals(episode, [each.start.capacity for each in episode])
        order = np.argsort(size, kind="stable")[np.count_nonzero(size == 0) :]
        groups = np.array_split(order, min(BINS, order.size))
        profit, count = np.array([(size[g].sum(), g.size) for g in groups]).T
        taken = [totals(episode, x) for x in self.evidence.haircuts.values()]
        usd = np.array([[each[g].sum() for g in groups] for each in taken])
        each, many = np.tile([profit / count, count], len(names)), (usd / profit).ravel()
        base = self.rows(
            policy=np.repeat(names, len(groups)), size=each[0], winners=each[1], share=many,
            usd=usd.ravel() / self.unit,
        ).encode(color="policy:N")  # fmt: skip
        brush = alt.selection_interval(name="sizes", encodings=["x"])
        x = alt.X("size:Q", title="profits, USD", scale=alt.Scale(type="log"))
        y = alt.Y("share:Q", title=None, axis=alt.Axis(format="%"))
        said = alt.Title("Who pays what share, by size?", subtitle="draw over some to sum them up")
        yield base.mark_point().encode(x=x, y=y).properties(title=said).add_params(brush)
        sums = {"usd": "sum(usd)", "winners": "sum(winners)", "groupby": ["policy"]}
        base, label = base.transform_filter(brush), "' of ' + datum.winners + ' winners'"
        title, base = "What do those drawn over give?", base.transform_aggregate(**sums)
        yield self.bars(title, "all, until you draw", base, "policy", label)
