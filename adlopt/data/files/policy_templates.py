"""A policy and a severity that learn, to start one's own from."""

POLICY = '''\
"""A policy with a memory. Play it with: adlopt play october-10 -p {name}:rule

Accounts need a file of one's own: adlopt new episode.toml.
"""

from dataclasses import dataclass

import adlopt as adl


@dataclass(frozen=True)
class Typical:
    """Raise the largest of the last few needed budgets, in proportion to profit."""

    name = "typical"
    information = adl.Information.ROUND_START
    memory: int = 3

    def begin(self):
        """Return what is known before the first round."""
        return ()

    def decide(self, state, start):
        """Return the haircuts of a round, USD, in the order of its accounts."""
        budget = min(max(state, default=0.0), start.deficit, start.total_capacity)
        return adl.pro_rata(start.capacity, budget)

    def learn(self, state, start, haircut, outcome):
        """Return all that will be known in the next round."""
        return (*state, outcome.needed)[-self.memory :]


rule = Typical()

if __name__ == "__main__":
    adl.testing.check_policy(rule)  # feasible, deterministic, blind to the future
'''
SEVERITY = '''\
"""A severity with a memory. Play it with: adlopt play october-10 -p {name}:rule

Followed by whom it takes from: -p {name}:rule+queue.
"""

from dataclasses import dataclass

import adlopt as adl


@dataclass(frozen=True)
class Average:
    """Take the mean of the shares of the deficit that rounds so far needed."""

    name = "average"
    information = adl.Information.ROUND_START
    first: float = 0.5

    def begin(self):
        """Return what is known before the first round."""
        return ()

    def decide(self, state, start):
        """Return which share of the deficit a round takes, from 0 to 1."""
        return sum(state) / len(state) if state else self.first

    def learn(self, state, start, theta, outcome):
        """Return all that will be known in the next round."""
        share = outcome.needed / start.deficit if start.deficit else 0.0
        return (*state, min(share, 1.0))


rule = Average()
'''
