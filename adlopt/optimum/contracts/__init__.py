"""Rounds in contracts: whole lots of several positions an account."""
