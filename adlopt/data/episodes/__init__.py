"""Episodes that are built in, and generators of others."""

from adlopt.data.episodes.constructions import alternating_blocks, alternating_capacities
from adlopt.data.episodes.generated import shock
from adlopt.data.episodes.october import october_10

__all__ = ["alternating_blocks", "alternating_capacities", "october_10", "shock"]
