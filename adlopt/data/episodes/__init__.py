"""Episodes that are built in, and generators of others."""

from adlopt.data.episodes.built_in import (
    alternating_blocks,
    alternating_capacities,
    october_10,
    shock,
)

__all__ = ["alternating_blocks", "alternating_capacities", "october_10", "shock"]
