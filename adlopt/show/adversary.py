"""Worst cases, and what cannot be avoided."""

from __future__ import annotations

from itertools import groupby
from textwrap import fill

from adlopt.show.schema.boards import (
    BoundData,
    DesignData,
    IntervalData,
    RatiosData,
    UnavoidableData,
    WorstAllocationData,
    WorstCaseData,
)
from adlopt.show.table import notes, table, width
from adlopt.show.words import amount, clipped, counted, number, percent

SHOWN = 36
"""Levels of θ* printed."""
VERDICTS = {
    "supremum": "the supremum: the loss is a lower bound on the worst case, and within {gap:.2g} "
    "USD of the upper end, which is verified",
    "between": "the worst case lies between these two losses: the upper one lets ties θ = θ*, and "
    "roots between chord and tangents, go against the rule",
    "stopped": "stopped with a gap of {usd} USD: the loss is a lower bound on the worst case, "
    "which lies between these two losses",
    "found": "found by search: a lower bound on the worst case, which lies between these "
    "two losses",
}
"""What is known of the worst case, by outcome."""
SAID = {
    "CONSISTENT": "CONSISTENT: the bound covers {policy}, which loses no more here",
    "REFUTED on this instance": "REFUTED on this instance: the bound covers {policy}, which loses "
    "more",
    "covers others": "the bound covers others than {policy}: it is neither confirmed nor refuted",
    "does not apply": "the bound does not apply here: it is neither confirmed nor refuted",
}
"""What the instance says of the bound, by verdict."""


def worst_case(data: WorstCaseData) -> str:
    """Lay out an instance on which a rule loses much in 80 columns."""
    share = percent(data.ratio)
    if data.bound.vacuous and data.bound.usd is not None:
        share += " of a VACUOUS bound"
    rows = [
        ("path variation, of what was allowed", _spent(data)),
        *((f"{clipped(one.text)}, to spare", amount(one.spare)) for one in data.limits),
        ("loss Σ D|θ−θ*|, replayed, USD", amount(data.loss_usd)),
        (f"no path costs more than, USD, by {data.upper_by}", amount(data.upper_usd)),
        *_reported(data),
        _bound_row(data.bound, "on this instance"),
        ("loss / bound", share),
    ]
    title = (
        f"{clipped(data.policy)} ({data.information}) from θ₁ = {data.first_severity:g}, "
        f"{counted(data.rounds, 'round')}: {clipped(data.source, 150)}"
    )
    verdict = VERDICTS[data.outcome].format(gap=data.gap_usd, usd=amount(data.gap_usd))
    said = [verdict, *_about(data.bound)]
    said.append(SAID[data.verdict].format(policy=clipped(data.policy)))
    if data.exceeds_bound and data.bound.conjectured:
        said.append(f"the bound is conjectured: {clipped(data.bound.basis, 200)}")
    elif data.verdict.startswith("REFUTED"):
        said.append(f"its proof is for other rules, then: {clipped(data.bound.basis, 400)}")
    return table(title, ("", ""), rows) + _below(said, data)


def unavoidable(data: UnavoidableData) -> str:
    """Lay out what no policy can avoid in 80 columns."""
    value = data.value_usd
    rows = [
        ("V(P) lies between, USD", _between(value)),
        _bound_row(data.bound, "where θ* swings until P is spent"),
        ("bound / V(P)", _share(data.bound_over_value)),
        ("path variation, of what was allowed", _spent(data)),
        (f"loss of {clipped(data.policy)}, replayed, USD", amount(data.loss_usd)),
        ("loss / V(P)", _share(data.loss_over_value)),
    ]
    title = (
        "V(P), what no online policy can avoid, randomised or not, and knowing every deficit and "
        f"P (hindsight): {counted(data.rounds, 'round')}, {clipped(data.source, 150)}"
    )
    said = [
        f"an adversary that answers each θ_t, in steps of 1/{data.grid}, holds every policy "
        f"above the lower end: here {clipped(data.policy)} ({data.information})",
        *_about(data.bound),
    ]
    return table(title, ("", ""), rows) + _below(said, data)


PROVED = {
    "exact": "in fractions: no value in the range does better than the lower end",
    "verified": "in fractions, but for roots, which are rounded",
    "reported": "only values of a grid were looked at: nothing is proven between them",
}
"""What stands behind the lower end of a design, by its trust."""


def design(data: DesignData) -> str:
    """Lay out the parameters that are best in 80 columns."""
    value = data.value_usd
    chosen = {
        f"{name} between {number(low)} and {number(high)}": number(data.chosen[name], 6)
        for name, (low, high) in data.range.items()
    }
    mixed = [
        ("mean loss on the belief, USD", amount(data.mean_usd)),
        (f"{percent(data.expected)} of it, the rest worst case, USD", amount(data.upper_usd)),
    ]
    rows = [
        *chosen.items(),
        *(mixed if data.expected else ()),
        ("no path costs more with it than, USD, verified", amount(data.worst_usd)),
        ("the same as HiGHS reports", amount(data.reported_usd)),
        ("loss on the path found, replayed, USD", amount(data.loss_usd)),
        (f"whatever the values, at least, USD ({data.trust})", amount(data.lower_usd)),
        ("V(P), what no online policy can avoid, USD", _between(value)),
        ("worst case / V(P)", percent(data.worst_usd / value.upper) if value.upper else "–"),
    ]
    title = (
        f"{clipped(data.policy)}: least {'mean loss and ' * bool(data.expected)}worst case, "
        f"{clipped(data.source, 150)}; the deficits and P are known beforehand (hindsight)"
    )
    said = [f"lower end: {PROVED[data.trust]}"]
    if not data.closed:
        said.insert(0, "stopped: the two ends have not met")
    return table(title, ("", ""), rows) + _below(said, data)


FIGURES = {
    "ratio": "worst burden over the least possible",
    "leak": "saved by splitting in two, USD",
    "jump": "moved by a hair's breadth, USD",
}
"""What an allocation can cost, by the name of the figure."""


def worst_allocation(data: WorstAllocationData) -> str:
    """Lay out what an allocation costs at worst in 80 columns."""
    rows = [
        (FIGURES[each.name], number(each.lower, 9), number(each.upper, 9), each.trust)
        for each in data.extremes
    ]
    whole = "" if data.total is None else f", {number(data.total)} in all"
    title = (
        f"{clipped(data.policy)}: {counted(data.accounts, 'account')} with profits between 1 and "
        f"{number(data.spread)} USD{whole}, a budget ≥ {number(data.budget)} USD"
    )
    said = []
    for each in data.extremes:
        profits = " ".join(number(u, 6) for u in each.capacity)
        split = f", the first as {' and '.join(number(p, 6) for p in each.parts)}"
        where = f"{each.name}: {number(each.budget, 6)} of {profits}" + split * bool(each.parts)
        said.append(f"{where}; no more, by: {each.by}")
    return table(title, ("at worst", "attained", "no more than", "trust"), rows) + notes(said)


def severities(path: list[float]) -> str:
    """Write 0.5 0 0 0 as 0.5 0×3; 0+ and 1− are not quite 0 and 1."""
    spans = [(theta, len(list(span))) for theta, span in groupby(map(_level, path))]
    shown = [theta if n == 1 else f"{theta}×{n}" for theta, n in spans[:SHOWN]]
    shown += ["…"] if len(spans) > SHOWN else []
    if {"0+", "1−"} & {theta for theta, _ in spans[:SHOWN]}:
        shown.append("(0+ and 1− are within 0.00005 of an end)")
    return fill(f"θ*: {' '.join(shown)}", width(), subsequent_indent="    ")


def _reported(data: WorstCaseData) -> list[tuple[str, str]]:
    """HiGHS's own end, where it is lower than the one that was verified."""
    if data.reported_usd is None:
        return []
    return [("no path costs more than, USD, as HiGHS reports", amount(data.reported_usd))]


def _bound_row(bound: BoundData, where: str) -> tuple[str, str]:
    value = "does not apply" if bound.usd is None else amount(bound.usd)
    return f"{clipped(bound.label)}, {where}, USD", value


def _about(bound: BoundData) -> list[str]:
    """What a bound covers, how tight it is, and what it lacks here."""
    tight = "tight" if bound.tightness == "tight" else "not shown to be tight"
    note = f": {clipped(bound.tightness_note, 120)}" if bound.tightness_note else ""
    said = clipped("; ".join(bound.fails), 150)
    fails = [f"hypothesis that fails here: {said}"] if said else []
    return [f"bound covers: {clipped(bound.covers, 150)}", f"bound is {tight}{note}", *fails]


def _below(said: list[str], data: WorstCaseData | UnavoidableData | DesignData) -> str:
    """Wrap one note after another, and the path."""
    return "\n".join([notes(said), severities(data.needed_severity)])


def _between(ends: IntervalData) -> str:
    return f"{amount(ends.lower)} – {amount(ends.upper)}"


def _spent(data: WorstCaseData | UnavoidableData) -> str:
    """The path variation used, of what was allowed."""
    return f"{data.variation:.4f} of {data.variation_allowed:.4f}"


def _share(ends: RatiosData) -> str:
    lower, upper = percent(ends.lower), percent(ends.upper)
    return lower if lower == upper else f"{lower} – {upper}"


def _level(theta: float) -> str:
    shown = f"{theta:.4f}".rstrip("0").rstrip(".")
    return {("0", False): "0+", ("1", False): "1−"}.get((shown, theta in (0.0, 1.0)), shown)
