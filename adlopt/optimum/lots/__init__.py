"""Whole lots: levels of the worst burden, and sums that lots can make."""
