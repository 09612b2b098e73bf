"""The parameter of a severity whose worst case is least: a minimum over maxima, cut with paths.

For each parameter tried, HiGHS finds the worst path there; what each path costs is a function of
the parameter, and the least of their upper envelope is the lower end [THEOREMS.md, T5]. The upper
end is the worst case at the parameter chosen, proven as `worst` proves it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from adlopt.bounds.game.minimax_value import Interval, minimax
from adlopt.errors import InputError, SolverStopped, unknown
from adlopt.foundation.arrays import own_number
from adlopt.model.episode import Episode
from adlopt.model.filled import filled
from adlopt.model.run import Information
from adlopt.optimum.core.certificate import Trust, round_down
from adlopt.optimum.programs.highs import check_time_limit
from adlopt.policies import grammar
from adlopt.policies.catalogue import SEVERITIES
from adlopt.policies.protocols import Severity
from adlopt.policies.severity_notation import Written
from adlopt.show.adversary import design as shown
from adlopt.show.answer import Answer, Columns, plain
from adlopt.show.schema.boards import DesignData, IntervalData
from adlopt.show.words import dollars, number
from adlopt.studies.adversary.along_parameter import LedPath, Line, NotLinearIn
from adlopt.studies.adversary.arena import Arena, Attack
from adlopt.studies.adversary.written_program import NotLinear, WrittenProgram
from adlopt.studies.adversary.written_worst import built, solve

GRID = 65
"""Values of a parameter that are looked at where no path's loss is piecewise linear in it."""
CURVE = 100
"""Steps from one end of the range to the other in the curve."""
ROUNDED = ("sqrt", "**", "quantile")
"""What an expression may have that fractions do not."""
INSIDE = Fraction(1, 1000)
"""Share of an open piece by which a value in it keeps away from its ends."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Design(Answer):
    """The value of a parameter in a range whose worst case is least, between two ends, USD.

    The `rule` has the value chosen; no path costs it more than `upper`, and it loses `loss` on the
    `instance`. Whatever the value, some path costs the severity at least `lower`: EXACT in
    fractions, VERIFIED where roots were rounded, REPORTED if only values of a grid were looked at.
    Where the tree that proves `upper` was stopped, `reported` is what HiGHS says it is. `value` is
    V(P), what no online policy can avoid. The deficits and P are known beforehand: the choice is
    *hindsight* for the episode they come from.
    """

    _view = shown
    rule: Severity
    parameter: str
    chosen: float
    range: tuple[float, float]
    variation: float
    lower: float
    trust: Trust
    upper: float
    reported: float
    closed: bool
    loss: float
    value: Interval
    instance: Episode
    curve: Mapping[str, Any]

    @property
    def gap(self) -> float:
        """USD between the ends."""
        return self.upper - self.lower

    def _columns(self) -> Columns:
        return self.curve

    def _heading(self) -> str:
        at = f"{self.parameter} = {number(self.chosen)}"
        return f"{self.rule.name}: with {at} no path costs more than {dollars(self.upper)}"

    def data(self) -> DesignData:
        """Return the figures at full precision, and the curve."""
        value = filled(IntervalData, self.value)
        more: dict[str, Any] = {"policy": self.rule.name, "source": self.instance.source}
        more |= {"needed_severity": self.instance.needed_severity.tolist()}
        return filled(DesignData, self, value_usd=value, curve=plain(self.curve), **more)


def design(
    policy: Severity | str,
    over: Mapping[str, tuple[float, float]],
    *,
    episode: Episode | None = None,
    rounds: int | None = None,
    variation: float | None = None,
    gap: float = 1e-3,
    time_limit: float | None = None,
    progress: Callable[[str], None] | None = None,
) -> Design:
    """Find the parameter of a severity, in a range, that makes its worst case least.

    Parameters
    ----------
    policy : Severity or str
        Written in the notation, with the parameter, or its name: "ogd".
    over : Mapping[str, tuple[float, float]]
        One parameter, and its range, such as {"step": (1e-9, 1e-6)}.
    episode, rounds, variation
        As in `adlopt.worst`.
    gap : float
        Relative, of the two ends, at which to stop.
    time_limit : float, optional
        Seconds > 0; the ends are as far as they had come.
    progress : callable, optional
        Told the ends so far.

    Raises
    ------
    InputError
        If the parameter or its range is none, or the worst case can only be searched for.
    SolverStopped
        If the limit came before any path.

    Examples
    --------
    >>> found = design("ogd", {"step": (0.05, 1.0)}, rounds=3, variation=1.0)
    >>> round(found.chosen, 3), round(found.lower, 3), round(found.upper, 3), found.trust.value
    (0.05, 1.55, 1.55, 'exact')
    """
    arena = Arena.given(episode, rounds, variation)
    check_time_limit(time_limit)
    own_number(gap, "gap", lowest=0.0)
    deadline = math.inf if time_limit is None else time.monotonic() + time_limit
    parameter, ends = _one_range(over)
    made = _family(policy, parameter, arena, ends[0])
    search = _Cuts(made, parameter, arena, (Fraction(ends[0]), Fraction(ends[1])))
    half = math.inf if time_limit is None else deadline - time_limit / 2
    best = search.run(gap, half, progress or (lambda _: None))
    rule: Any = made(best[0])
    proven = solve(rule, arena, gap=gap / 100, deadline=deadline, progress=progress)
    attack = max(best[1], proven.attack, key=lambda one: one.loss)
    lower = round_down(search.lower)
    return Design(
        rule=rule,
        parameter=parameter,
        chosen=best[0],
        range=ends,
        variation=arena.variation,
        lower=lower,
        trust=search.trust,
        upper=max(proven.upper, attack.loss),
        reported=max(proven.reported, attack.loss),
        closed=proven.upper - lower <= gap * proven.upper,
        loss=attack.loss,
        value=minimax(arena.deficit, arena.variation),
        instance=arena.instance(attack.path, name=f"worst case of {rule.name}"),
        curve=search.curve(),
    )


def _one_range(over: Mapping[str, tuple[float, float]]) -> tuple[str, tuple[float, float]]:
    if not isinstance(over, Mapping) or len(over) != 1:
        raise InputError("over", over, "one parameter and its range", remedy='{"step": (0.1, 1.0)}')
    ((name, given),) = over.items()
    try:
        low, high = (own_number(end, "over") for end in given)
    except (TypeError, ValueError):
        raise InputError("over", given, "two numbers", index=name) from None
    if not low < high:
        raise InputError("over", given, "a smaller number, then a larger one", index=name)
    return name, (low, high)


def _family(
    policy: Severity | str, parameter: str, arena: Arena, low: float
) -> Callable[[float], Any]:
    """What makes the severity with a value of its parameter."""
    make: Callable[..., Any]
    if isinstance(policy, str) and policy in SEVERITIES:
        make = SEVERITIES[policy]
        known = list(getattr(make, "__dataclass_fields__", ()))
    else:
        rule: Any = grammar.severity(policy, arena.instance(np.zeros(len(arena.starts))))
        known = list(getattr(rule, "__dataclass_fields__", ()))
        make = partial(replace, rule)
    if parameter not in known:
        raise unknown("over", parameter, known)
    try:
        made = make(**{parameter: low})
    except TypeError as error:
        raise InputError("policy", policy, f"all its other arguments ({error})") from None
    if not isinstance(made, Written) or not made.as_written:
        raise InputError("policy", policy, "a severity that is written in the notation")
    live: Any = {"information": Information.ROUND_START} if "information" in known else {}
    return lambda value: make(**{parameter: value}, **live)


@dataclass(slots=True, eq=False)
class _Cell:
    """A piece of the range, the lines of paths on it, and where the largest of them is least."""

    low: Fraction
    high: Fraction
    lines: list[Line] = field(default_factory=list)
    at: Fraction = Fraction(0)
    least: Fraction = Fraction(0)

    def top(self, s: Fraction) -> Fraction:
        """The most that a path costs at s."""
        return max((line.at(s) for line in self.lines), default=Fraction(0))

    def settled(self) -> _Cell:
        """Find where the envelope, which is convex, is least: intersect the lines on top."""
        left = max(self.lines, key=lambda line: (line.at(self.low), line.slope))
        right = max(self.lines, key=lambda line: (line.at(self.high), -line.slope))
        if left.slope >= 0 or right.slope <= 0:
            self.at = self.low if left.slope >= 0 else self.high
        else:
            while True:
                self.at = (right.constant - left.constant) / (left.slope - right.slope)
                over = max(self.lines, key=lambda line: line.at(self.at))
                if over.at(self.at) <= left.at(self.at):
                    break
                left, right = (over, right) if over.slope < 0 else (left, over)
        self.least = self.top(self.at)
        return self

    def cut(self, found: Sequence[Line]) -> Iterator[_Cell]:
        """Its parts on pieces of one more function, that one's line added."""
        for line in found:
            low, high = max(self.low, line.within[0]), min(self.high, line.within[1])
            points = (self.low == self.high) + (line.within[0] == line.within[1])
            if low < high or (low == high and (points == 2 or (points and self._holds(low, line)))):
                yield _Cell(low, high, [*self.lines, line]).settled()

    def _holds(self, s: Fraction, line: Line) -> bool:
        """Whether s is inside whichever of the two is open."""
        (low, high), (a, b) = (self.low, self.high), line.within
        return (low < s < high) if low < high else (a < s < b)

    def value(self) -> float | None:
        """A float in it, as near to where it is least as keeps off its ends; None if none is."""
        off = (self.high - self.low) * INSIDE
        near = float(min(max(self.at, self.low + off), self.high - off))
        inside = self.low < near < self.high or self.low == near == self.high
        return near if inside else None


class _Cuts:
    """Paths found so far, and the envelope of what they cost, over the range."""

    def __init__(
        self,
        made: Callable[[float], Any],
        parameter: str,
        arena: Arena,
        ends: tuple[Fraction, Fraction],
    ) -> None:
        self.made, self.parameter, self.arena, self.ends = made, parameter, arena, ends
        recipe = made(float(ends[0])).recipe
        text = " ".join([recipe.plays, *recipe.learns.values(), *recipe.remembers.values()])
        rounded = any(each in text for each in ROUNDED)
        self.trust = Trust.VERIFIED if rounded else Trust.EXACT
        low, high = ends
        self.spans = ((low, low), (low, high), (high, high))
        self.cells = [_Cell(*span) for span in self.spans]
        self.tried: dict[float, Attack] = {}
        self.costs: dict[float, float] = {}

    @property
    def lower(self) -> Fraction:
        """Whatever the parameter, some path costs at least so much."""
        return min(cell.least for cell in self.cells)

    def run(self, gap: float, deadline: float, tell: Callable[[str], None]) -> tuple[float, Attack]:
        """Try the value that looks best, until no other can be better by more than the gap."""
        low, high = map(float, self.ends)
        value = math.sqrt(low * high) if low > 0 else (low + high) / 2
        while True:
            try:
                self.cut(value, deadline)
            except SolverStopped:
                if not self.tried:
                    raise
                break
            best = min(self.costs, key=self.costs.__getitem__)
            tell(f"{self.parameter}: between {float(self.lower):,.2f} and {self.costs[best]:,.2f}")
            if float(self.lower) >= self.costs[best] * (1 - gap):
                break
            # A cell without a float is no place for a parameter.
            self.cells = [cell for cell in self.cells if cell.value() is not None]
            lowest = min(self.cells, key=lambda cell: cell.least)
            value = lowest.value() or 0.0
            if value in self.tried or time.monotonic() > deadline:
                break
        best = min(self.costs, key=self.costs.__getitem__)
        return best, self.tried[best]

    def cut(self, value: float, deadline: float) -> None:
        """Find the worst path at a value, and raise the envelope by what it costs elsewhere."""
        rule = self.made(value)
        try:
            form = WrittenProgram.of(rule, self.arena, any_first=False)
        except NotLinear as why:
            expected = f"a severity whose worst case is a mixed-integer program: it {why}"
            raise InputError("policy", rule.name, expected) from None
        answer, attack = built(form, deadline=deadline)
        reported = form.loss_at(-answer.bound) * float(self.arena.deficit.max())
        self.tried[value], self.costs[value] = attack, max(reported, attack.loss)
        try:
            where: dict[str, Any] = {"parameter": self.parameter, "arena": self.arena}
            still = LedPath(rule=rule, path=attack.path, origin=Fraction(value), **where)
            for along in (still, still.led(attack.played, self.ends)):
                self.raise_by([line for span in self.spans for line in along.pieces(span)])
        except NotLinearIn:
            if self.trust is not Trust.REPORTED:
                self.trust, self.cells = Trust.REPORTED, [_Cell(s, s) for s in self._grid()]
            self.raise_by([self._played(cell.low, attack) for cell in self.cells])

    def raise_by(self, found: Sequence[Line]) -> None:
        """Cut the range where one more function is cut, and keep what it is there."""
        self.cells = [part for cell in self.cells for part in cell.cut(found)]

    def _grid(self) -> list[Fraction]:
        low, high = map(float, self.ends)
        spaced = np.geomspace if low > 0 else np.linspace
        return [Fraction(s) for s in dict.fromkeys(spaced(low, high, GRID).tolist())]

    def _played(self, s: Fraction, attack: Attack) -> Line:
        loss = self.arena.play(self.made(float(s)), attack.path).loss
        return Line(Fraction(loss), Fraction(0), (s, s))

    def curve(self) -> Columns:
        """What some path costs, by value of the parameter; and the worst path found there."""
        low, high = map(float, self.ends)
        spaced = np.geomspace if low > 0 else np.linspace
        at = sorted({*spaced(low, high, CURVE + 1).tolist(), *self.tried})
        if self.trust is Trust.REPORTED:
            at = sorted({*map(float, (cell.low for cell in self.cells)), *self.tried})
        return {self.parameter: at, "at_least_usd": [self._envelope(s) for s in at]}

    def _envelope(self, s: float) -> float:
        exact = Fraction(s)
        tops = [cell.top(exact) for cell in self.cells if cell.low <= exact <= cell.high]
        played = [self.tried[s].loss] if s in self.tried else []
        return max([*map(float, tops), *played], default=0.0)
