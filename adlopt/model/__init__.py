"""The nouns: what a venue has, what a round is, what was done, what is asked for.

As a function, `adlopt.model(round_)` opens a problem: see `adlopt.optimum.opened.model.model`.
"""

from adlopt.foundation.moved import callable_as

_CALLED = callable_as(__name__, "adlopt.optimum.opened.model", "model")
