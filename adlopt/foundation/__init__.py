"""Exact arithmetic, arrays that cannot change, compiled loops, user code by file.

Knows nothing of ADL.
"""
