"""Ask whether the paper's regret bound says anything on an episode of one's own."""

import adlopt as adl
from adlopt.bounds import HALF, PROPOSITION_1, TRIVIAL, is_vacuous

for episode in (adl.episodes.october_10(), adl.episodes.shock(rounds=200, winners=50, seed=3)):
    print(f"{episode.name}, {len(episode)} rounds")
    for bound in (PROPOSITION_1, TRIVIAL, HALF):
        print(f"  {bound.name:14}{bound.value(episode):20,.2f} USD")
    print("  Proposition 1 is", "vacuous" if is_vacuous(PROPOSITION_1, episode) else "informative")
