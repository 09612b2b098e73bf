"""A trader's view of deleveraging: how likely, how much, under which rule."""

from adlopt.exposure.account import Exposure, Place, UnderRule, exposure
from adlopt.exposure.budgets import Budgets, budgets

__all__ = ["Budgets", "Exposure", "Place", "UnderRule", "budgets", "exposure"]
