"""Episodes that are built in, and generators of others."""

from adlopt.data.episodes.constructions import alternating_blocks, alternating_capacities
from adlopt.data.episodes.october_10 import october_10
from adlopt.data.episodes.shock import shock

__all__ = ["alternating_blocks", "alternating_capacities", "october_10", "shock"]
