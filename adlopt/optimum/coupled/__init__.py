"""Rounds that share their winners."""
