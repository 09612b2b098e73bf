"""What a venue lists: Hyperliquid's saved `meta` response, by coin.

`{"universe": [{"name": "BTC", "szDecimals": 5, "maxLeverage": 40}, …]}`, or plain `{"BTC": 5, …}`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import msgspec

from adlopt.data.files.places import existing_file
from adlopt.errors import InputError
from adlopt.foundation.strict_json import decode

Decimals = Annotated[int, msgspec.Meta(ge=0, le=18)]


class ListedCoin(msgspec.Struct, frozen=True):
    """A perpetual: how many decimals its sizes have, and the most leverage that it allows."""

    name: str
    szDecimals: Decimals  # noqa: N815 - as the venue calls it
    maxLeverage: Annotated[float, msgspec.Meta(gt=0)] | None = None  # noqa: N815

    @property
    def lot(self) -> float:
        """Contracts."""
        return float(f"1e-{self.szDecimals}")


class Universe(msgspec.Struct):
    """The response."""

    universe: list[ListedCoin]


def read_meta(path: str | Path) -> dict[str, ListedCoin]:
    """Read what is listed, by coin.

    Raises
    ------
    InputError
        If it is no such response, or a coin stands twice.
    """
    path = existing_file(Path(path))
    try:
        found = decode(path.read_bytes())
        if isinstance(found, dict) and "universe" not in found:
            plain = msgspec.convert(found, dict[str, Decimals])
            return {name: ListedCoin(name=name, szDecimals=n) for name, n in plain.items()}
        listed = msgspec.convert(found, Universe).universe
    except (ValueError, OSError) as error:
        expected = f"a saved `meta` response, or size decimals by coin ({str(error)[:80]})"
        raise InputError("file", str(path), expected) from None
    coins = {each.name: each for each in listed}
    if len(coins) < len(listed):
        raise InputError(f"{path}: name", len(listed), f"{len(coins)} coins, each once")
    return coins


def read_size_decimals(path: str | Path) -> dict[str, int]:
    """Read how many decimals a size may have, by coin, as `read_meta` does."""
    return {name: each.szDecimals for name, each in read_meta(path).items()}


def margins(names: Sequence[str], meta: Mapping[str, ListedCoin]) -> dict[str, list[float]]:
    """Margin rates, where the venue lists the most leverage of all: maintenance is half initial."""
    most = [meta[coin].maxLeverage if coin in meta else None for coin in names]
    rates = [1.0 / each for each in most if each is not None]
    if len(rates) < len(names):
        return {}
    return {"initial": rates, "maintenance": [rate / 2 for rate in rates]}
