"""Severities as data: expressions say what is remembered, what is played, and what is learnt.

::

    remembers  at = first
    plays      at
    learns     at = clip(at - step * deficit * sign(at - target))

An expression has numbers, names, ``+ - * / **``, comparisons (1 where they hold), ``a if c else b``
and the functions of `FUNCTIONS`. Names are those remembered, the rule's parameters, and of the
round `deficit`, `capacity` and `estimate`; once it is over also `theta` (what was played), `target`
(θ*) and `needed` (USD). What is learnt is learnt in order: a line sees those above it.

Nothing in an expression says what kind of number it works on: the playing policy gives it floats,
and `adlopt.studies.adversary.written_program` columns of a mixed-integer program.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, TypeAlias, cast

from adlopt.errors import InputError, unknown
from adlopt.model.round import RoundOutcome, RoundStart, needed_severity
from adlopt.model.run import Information
from adlopt.policies.parameters import Labelled
from adlopt.policies.protocols import State

Functions: TypeAlias = Mapping[str, Callable[..., Any]]
Scope: TypeAlias = Mapping[str, Any]
LONGEST, MOST, LARGEST = 2_000, 150, 1e300
"""Characters of an expression, its numbers, names and signs, and the size of a number."""
STARTED = ("deficit", "capacity", "estimate")
OVER = ("theta", "target", "needed")


def clip(x: float) -> float:
    """The nearest number in [0, 1]."""
    return min(1.0, max(0.0, x))


def sign(x: float) -> int:
    """−1, 0 or 1."""
    return int(x > 0) - int(x < 0)


class Past(tuple[tuple[float, float], ...]):
    """Values with their weights, in order: no number, so that none can grow by arithmetic."""

    __slots__ = ()

    def _refused(self, other: Any) -> Any:
        raise TypeError("a past is no number")

    __add__ = __mul__ = __rmul__ = __lt__ = __le__ = __gt__ = __ge__ = _refused


def join(past: Any, value: Any, weight: Any) -> Past:
    """What is past, with one more value and its weight."""
    if isinstance(value, Past) or isinstance(weight, Past):
        raise TypeError("a past holds numbers, and no past")
    return Past((*(past or ()), (value, weight)))


def stack(past: Any, value: float, weight: float) -> Past:
    """`join`, without what lies below a later and no smaller weight: `latest` never sees it."""
    return join(tuple(pair for pair in past or () if pair[1] > weight), value, weight)


def power(base: Any, exponent: Any) -> Any:
    """A power that is real."""
    if isinstance(base, float) and base < 0 and exponent != int(exponent):
        raise ValueError("a broken power of a number below 0")
    return base**exponent


def earlier(past: Any, count: Any) -> Past:
    """What is past, but for so many of the last."""
    return Past((past or ())[: max(len(past or ()) - int(float(count)), 0)])


def latest(past: Any, weight: float, otherwise: float, late: Any = 0) -> float:
    """The last value of at least that weight, but for so many of these."""
    heavy = (value for value, w in reversed(past or ()) if w >= weight)
    return next(islice(heavy, int(float(late)), None), otherwise)


def quantile(past: Any, level: float, otherwise: float) -> float:
    """Lower weighted quantile: it minimises Σ w max(level (v − θ), (1 − level) (θ − v))."""
    if not past:
        return otherwise
    ordered, passed = sorted(past), 0.0
    wanted = level * math.fsum(weight for _, weight in ordered)
    for value, weight in ordered:
        passed += weight
        if passed >= wanted:
            return float(value)
    return float(ordered[-1][0])


FUNCTIONS: Functions = {
    "clip": clip,
    "sign": sign,
    "min": min,
    "max": max,
    "abs": abs,
    "sqrt": math.sqrt,
    "join": join,
    "stack": stack,
    "earlier": earlier,
    "latest": latest,
    "quantile": quantile,
}
"""What may be called, on floats. A past is what `join` and `stack` make, of 0 at first."""
CHOOSE = "choose"
"""What `a if c else b` calls, with a and b as functions of nothing: c may be more than 0 or 1."""
OPERATORS: Mapping[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: power,
    ast.USub: operator.neg,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def _choose(condition: Any, then: Callable[[], Any], otherwise: Callable[[], Any]) -> Any:
    return then() if condition else otherwise()


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression, the names that it looks up, and what finds its value."""

    text: str
    names: frozenset[str]
    found: Callable[[Functions, Scope], Any]

    def value(self, functions: Functions, scope: Scope) -> Any:
        """What it comes to, on whatever kind of number the functions work on."""
        try:
            return self.found(functions, scope)
        except (ArithmeticError, ValueError, TypeError) as error:
            shown = {name: scope[name] for name in sorted(self.names) if name in scope}
            expected = f"arithmetic that can be done ({error}) with {shown}"
            raise InputError("expression", self.text, expected) from None


@cache
def compiled(text: str, names: frozenset[str]) -> Expression:
    """Compile an expression over some names; refuse whatever is none, naming what it is."""
    if not isinstance(text, str) or len(text) > LONGEST:
        raise InputError("expression", str(text)[:60], f"text of at most {LONGEST} characters")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise InputError("expression", text, f"arithmetic ({error})") from None
    nodes = list(ast.walk(tree))
    if len(nodes) > MOST:
        raise InputError("expression", f"{text[:60]}…", f"at most {MOST} numbers, names and signs")
    called = frozenset(node.id for node in nodes if isinstance(node, ast.Name))
    return Expression(text, called & names, _found(tree.body, names, text))


def _found(node: ast.expr, names: frozenset[str], text: str) -> Callable[[Functions, Scope], Any]:
    """What finds the value of a node."""

    def part(each: ast.expr) -> Callable[[Functions, Scope], Any]:
        return _found(each, names, text)

    match node:
        case ast.Constant(value=int() | float() as given) if not isinstance(given, bool):
            if abs(given) > LARGEST:
                raise InputError("expression", ast.unparse(node)[:60], f"at most {LARGEST:g}")
            number = float(given)
            return lambda functions, scope: number
        case ast.Name(id=name):
            if name not in names:
                raise unknown("name", name, sorted(names))
            return lambda functions, scope: scope[name]
        case (
            ast.BinOp(left=one, op=sign_, right=other)
            | ast.Compare(left=one, ops=[sign_], comparators=[other])
        ) if type(sign_) in OPERATORS:
            apply, left, right = OPERATORS[type(sign_)], part(one), part(other)
            return lambda functions, scope: apply(left(functions, scope), right(functions, scope))
        case ast.UnaryOp(op=ast.USub(), operand=one):
            inner = part(one)
            return lambda functions, scope: -inner(functions, scope)
        case ast.IfExp(test=test, body=one, orelse=other):
            whether, left, right = part(test), part(one), part(other)
            return lambda functions, scope: functions[CHOOSE](
                whether(functions, scope),
                lambda: left(functions, scope),
                lambda: right(functions, scope),
            )
        case ast.Call(func=ast.Name(id=name), args=given, keywords=[]):
            if name not in FUNCTIONS:
                raise unknown("function", name, FUNCTIONS)
            parts = [part(each) for each in given]
            return lambda functions, scope: functions[name](*(p(functions, scope) for p in parts))
    said = ast.unparse(node)
    expected = "numbers, names, arithmetic, and functions called by name"
    raise InputError("expression", said, expected, index=text[:60])


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a severity remembers, plays and learns in order, each an expression, and parameters."""

    remembers: Mapping[str, str]
    plays: str
    learns: Mapping[str, str]
    parameters: frozenset[str] = frozenset()
    _first: tuple[Expression, ...] = field(init=False, repr=False)
    _play: Expression = field(init=False, repr=False)
    _learn: tuple[tuple[str, Expression], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        for name in self.learns:
            if name not in self.remembers:
                raise unknown("learns", name, self.remembers)
        for name in self.remembers:
            if not name.isidentifier() or name in (*FUNCTIONS, *STARTED, *OVER, CHOOSE):
                raise InputError("remembers", name, "a name that is not one of the notation's")
        known = self.parameters | set(self.remembers) | set(STARTED)
        over = known | set(OVER)
        put(self, "_first", tuple(compiled(e, self.parameters) for e in self.remembers.values()))
        put(self, "_play", compiled(self.plays, known))
        learn = tuple((name, compiled(e, over)) for name, e in self.learns.items())
        put(self, "_learn", learn)

    def first(self, given: Scope, functions: Functions) -> tuple[Any, ...]:
        """What is remembered before the first round."""
        return tuple(each.value(functions, given) for each in self._first)

    def play(self, given: Scope, state: Iterable[Any], functions: Functions) -> Any:
        """θ_t, for parameters and the round as given."""
        return self._play.value(functions, {**given, **dict(self._named(state))})

    def learn(self, given: Scope, state: Iterable[Any], functions: Functions) -> tuple[Any, ...]:
        """What is remembered after the round."""
        scope = {**given, **dict(self._named(state))}
        for name, expression in self._learn:
            scope[name] = expression.value(functions, scope)
        return tuple(scope[name] for name in self.remembers)

    def what_plays(self) -> Recipe:
        """The same without what is remembered for other ends than to be played."""
        live, before = self._play.names, frozenset[str]()
        while live != before:
            before = live
            live = live.union(*(each.names for name, each in self._learn if name in live))
        learns = {name: text for name, text in self.learns.items() if name in live}
        return replace(self, learns=learns)

    def _named(self, state: Iterable[Any]) -> Iterable[tuple[str, Any]]:
        return zip(self.remembers, state, strict=True)


ON_FLOATS: Functions = {**FUNCTIONS, CHOOSE: _choose}


class Written:
    """Base of severities written in the notation: they have a `recipe`, and what it is `given`."""

    __slots__ = ()
    name: Any
    information: Any
    recipe: Any

    @property
    def given(self) -> dict[str, Any]:
        """Parameters by name."""
        return {}

    @property
    def as_written(self) -> bool:
        """Whether the rule is played by its recipe, and not by methods of a class of one's own."""
        return all(
            getattr(type(self), method) is getattr(Written, method)
            for method in ("begin", "decide", "learn")
        )

    def begin(self) -> State:
        """What is remembered before the first round."""
        return self.recipe.first(self.given, ON_FLOATS)

    def decide(self, state: State, start: RoundStart) -> float:
        """θ_t."""
        played = self.recipe.play(self.given | started(start), state, ON_FLOATS)
        if isinstance(played, Past):
            raise InputError("plays", self.recipe.plays, "a number θ_t, and no past")
        return float(played)

    def learn(self, state: State, start: RoundStart, theta: float, outcome: RoundOutcome) -> State:
        """What is remembered after the round."""
        over = {"theta": theta, "target": needed_severity(start, outcome), "needed": outcome.needed}
        return self.recipe.learn(self.given | started(start) | over, state, ON_FLOATS)


class Parametric(Written, Labelled):
    """Base of classes of them: the recipe is the class's, the fields are its parameters."""

    __slots__ = ()
    information = Information.ROUND_START
    remembers: ClassVar[Mapping[str, str]] = {}
    plays: ClassVar[str]
    learns: ClassVar[Mapping[str, str]] = {}

    @property
    def recipe(self) -> Recipe:
        """Compiled once for the class."""
        return _recipe(cast(Any, type(self)))

    @property
    def given(self) -> dict[str, Any]:
        """Parameters by name; what is not given is 0."""
        values = ((each.name, getattr(self, each.name)) for each in fields(self))  # type: ignore[arg-type]
        return {name: 0.0 if value is None else value for name, value in values}


def started(start: RoundStart) -> dict[str, float]:
    """What expressions know of a round that starts."""
    known = {"deficit": start.deficit, "capacity": start.total_capacity}
    return known if start.estimate is None else known | {"estimate": start.estimate}


@cache
def _recipe(kind: type[Parametric]) -> Recipe:
    names = frozenset(each.name for each in fields(kind))  # type: ignore[arg-type]
    return Recipe(remembers=kind.remembers, plays=kind.plays, learns=kind.learns, parameters=names)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSeverity(Written):
    """A severity of one's own, written in the notation.

    Parameters
    ----------
    name : str
        Shown in tables.
    plays : str
        θ_t, in [0, 1].
    remembers, learns : Mapping[str, str]
        Names and what they are at first; what becomes of them after each round.

    Raises
    ------
    InputError
        Naming the expression, and what in it is unknown or no arithmetic.

    Examples
    --------
    >>> from adlopt.model.round import RoundOutcome, RoundStart
    >>> careful = OwnSeverity(name="careful", remembers={"at": "0.5"}, plays="at",
    ...                       learns={"at": "clip(at - 0.1 * sign(at - target))"})
    >>> start = RoundStart(account=["a"], capacity=[9.0], deficit=4.0)
    >>> state = careful.learn(careful.begin(), start, 0.5, RoundOutcome(needed=4.0))
    >>> careful.decide(state, start)
    0.6
    """

    name: str
    plays: str
    remembers: Mapping[str, str] = field(default_factory=dict, hash=False)
    learns: Mapping[str, str] = field(default_factory=dict, hash=False)
    information: Information = Information.ROUND_START
    recipe: Recipe = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        recipe = Recipe(remembers=self.remembers, plays=self.plays, learns=self.learns)
        object.__setattr__(self, "recipe", recipe)


def read_severity(path: str | Path) -> OwnSeverity:
    """Read a severity of one's own from a .toml file: name, plays, [remembers], [learns]."""
    import tomllib

    try:
        found = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError("severity", str(path), f"a TOML file ({error})") from None
    fields_ = ("name", "plays", "remembers", "learns")
    for key, value in found.items():
        if key not in fields_:
            raise unknown(f"{path}", key, fields_)
        if not isinstance(value, str if key in ("name", "plays") else dict):
            raise InputError(f"{path}: {key}", value, "text" if key in fields_[:2] else "a table")
    if "plays" not in found:
        raise InputError(f"{path}: plays", None, "an expression for θ_t")
    return OwnSeverity(**{"name": Path(path).stem} | found)
