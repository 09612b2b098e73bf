"""What a simulated venue and its crash look like."""

from __future__ import annotations

from dataclasses import dataclass

from adlopt.errors import InputError

COUNTS = {"accounts": (2, 100_000), "coins": (1, 20), "steps": (1, 10_000)}
SIZES = {
    "shock": (-3.0, 0.95),
    "volatility": (0.0, 0.2),
    "depth": (0.0, 10.0),
    "fund": (0.0, 1.0),
    "leverage": (1.0, 100.0),
    "churn": (0.0, 1e6),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A market, the shock that hits it, and how those who are deleveraged react.

    Parameters
    ----------
    accounts : int
        Traders; one liquidity provider holds what is left over of their positions.
    coins : int
        Perpetual contracts; later ones fall further and cost more margin.
    steps : int
        Price moves.
    shock : float
        Share of its price that the first coin loses in the crash; below 0 it rises.
    volatility : float
        Standard deviation of a coin's log-return in a step.
    depth : float
        What moves a price by 1 %, as a share of the open interest at the start.
    fund : float
        The insurance fund, as a share of all open interest at the start.
    leverage : float
        Median, before margin requirements cap it.
    churn : float
        β: who gives h of a profit w leaves with probability 1 − exp(−β h / w).

    Raises
    ------
    InputError
        If one of them is out of range.

    Examples
    --------
    >>> Scenario(shock=0.3).accounts
    300
    """

    accounts: int = 300
    coins: int = 3
    steps: int = 60
    shock: float = 0.3
    volatility: float = 0.01
    depth: float = 0.01
    fund: float = 0.002
    leverage: float = 8.0
    churn: float = 8.0

    def __post_init__(self) -> None:
        for name, (least, most) in COUNTS.items():
            _check(name, getattr(self, name), int, "a whole number", least, most)
        for name, (lowest, highest) in SIZES.items():
            value = getattr(self, name)
            _check(name, value, (int, float), "a number", lowest, highest)
            object.__setattr__(self, name, float(value))


def check_seed(seed: object) -> int:
    """Return a seed."""
    return int(_check("seed", seed, int, "a whole number", 0, 2**63 - 1))


def _check(
    name: str, value: object, kind: type | tuple[type, ...], what: str, least: float, most: float
) -> float:
    if isinstance(value, bool) or not isinstance(value, kind) or not least <= value <= most:  # type: ignore[operator]
        raise InputError(name, value, f"{what} between {least:g} and {most:g}")
    return value  # type: ignore[return-value]
