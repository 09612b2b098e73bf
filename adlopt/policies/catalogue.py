"""Every part that a policy's name is made of: a new one is a file of its own, and a line here.

What a class takes, in its order, stands after colons in the name; `adlopt.policies.grammar` reads
it as the annotations say.
"""

from __future__ import annotations

from collections.abc import Callable

from adlopt.policies import allocation as a
from adlopt.policies import gradient as g
from adlopt.policies import hybrid as h
from adlopt.policies import risk as r
from adlopt.policies import severity as s
from adlopt.policies.backoff import DeficitMatching, ExponentialBackoff
from adlopt.policies.experts import Ader, Mixture
from adlopt.policies.insured import Insured
from adlopt.policies.mdic import AllocationMDIC, SeverityMDIC
from adlopt.policies.newsvendor import Newsvendor, PinballOGD
from adlopt.policies.protocols import Allocation, Severity

FUNDS: dict[str, Callable[..., Insured]] = {"insured": Insured}
"""What may stand before a policy."""
SEVERITIES: dict[str, Callable[..., Severity]] = {
    "do-nothing": s.do_nothing,
    "constant": s.Constant,
    "persistence": s.Persistence,
    "gated-persistence": s.GatedPersistence,
    "dollar-persistence": s.DollarPersistence,
    "ogd": g.ProjectedOGD,
    "adagrad-ogd": g.AdaGradOGD,
    "ader": Ader,
    "follow-the-leader": s.FollowTheLeader,
    "running-ratio": s.RunningRatio,
    "estimate": s.ExAnteEstimate,
    "mixture": Mixture,
    "match": DeficitMatching,
    "backoff": ExponentialBackoff,
    "newsvendor": Newsvendor,
    "pinball-ogd": PinballOGD,
    "mdic": SeverityMDIC,
}
"""How much to take."""
TUNED: dict[str, Callable[..., Severity]] = {"ogd": g.paper_ogd}
"""What a severity's word alone means where there is an episode: tuned to it, in *hindsight*."""
ALLOCATIONS: dict[str, Callable[..., Allocation]] = {
    "queue": a.QueueAllocation,
    "pro-rata": a.ProRataAllocation,
    "capped-pro-rata": a.CappedProRata,
    "integer-pro-rata": a.IntegerProRata,
    "min-max": a.LeastBurden,
    "mirror-descent": a.MirrorDescent,
    "rap": r.RiskAware,
    "greedy-risk": r.GreedyByRisk,
    "leverage-draining": r.LeverageDraining,
    "buckets": h.Buckets,
    "soft-queue": h.SoftQueue,
    "queue-blend": h.Blend,
    "damped": h.Damped,
    "mdic": AllocationMDIC,
}
"""From whom; venues' rules besides, `adlopt.rules.venues.VENUES`."""
