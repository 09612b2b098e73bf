"""Rounds in dollars, one file an objective."""
