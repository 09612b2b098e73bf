"""A trader's view of deleveraging: how likely, how much, under which rule."""

from adlopt.show.schema.studies import Place
from adlopt.studies.exposure.account_exposure import Budgets, Exposure, UnderRule, budgets, exposure

__all__ = ["Budgets", "Exposure", "Place", "UnderRule", "budgets", "exposure"]
