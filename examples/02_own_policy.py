"""Write a policy, prove that it cannot see the future, and score it."""

import adlopt as adl


@adl.policy
def cautious(start: adl.RoundStart) -> adl.Haircut:
    """Take 90 % of the estimate, in proportion to profit."""
    budget = min(0.9 * (start.estimate or 0.0), start.total_capacity)
    return adl.pro_rata(start.capacity, budget)


adl.testing.check_policy(cautious)
board = adl.play(adl.episodes.shock(rounds=20, winners=200, seed=7), [cautious])
for score in board.scores:
    print(f"{score.policy:24}{score.tracking:14,.0f} USD missed, {score.information.value}")
