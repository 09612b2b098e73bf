"""Episodes that are built in, and generators of others."""

from adlopt.episodes.october_10 import october_10

__all__ = ["october_10"]
