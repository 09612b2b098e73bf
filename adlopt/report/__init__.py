"""Figures, and the one-page report."""

from adlopt.foundation.moved import forward

__getattr__ = forward(__name__)
