"""Play policies through an episode, and set them beside those that one must beat."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from adlopt.bounds.bound import Bound
from adlopt.bounds.registry import on_severities
from adlopt.errors import InputError, PolicyError
from adlopt.model.episode import Episode
from adlopt.model.loss import Asymmetric, Burden, Loss, MinMax
from adlopt.model.run import Information
from adlopt.optimum.coupled.shared_winners import Coupling
from adlopt.optimum.solve import solve
from adlopt.policies import grammar
from adlopt.policies.allocation import ProRataAllocation
from adlopt.policies.grammar import Playable
from adlopt.policies.protocols import SeverityThenAllocation
from adlopt.policies.severity import Constant
from adlopt.scoring.hindsight import (
    FixedRule,
    best_fixed_severity,
    per_round_optimum,
    severity_loss,
)
from adlopt.scoring.one_run import production_run, run_policy
from adlopt.scoring.scoreboard import Scoreboard

ALWAYS = ("do-nothing", "constant:0.5", "persistence")
"""What every board carries: a policy that loses to these must be seen to."""


def play(  # noqa: PLR0913 - what one may compare with
    episode: Episode,
    policies: Sequence[Playable] = (),
    *,
    burden: Burden = Burden.CAPACITY,
    loss: Loss | None = None,
    variation: float | None = None,
    coupled: bool = False,
    bounds: Sequence[Bound | str] = (),
    gap: float = 0.0,
    time_limit: float | None = None,
    keep_going: bool = False,
    progress: Callable[[str], None] | None = None,
) -> Scoreboard:
    """Play policies through an episode and score them, with what is recorded beside them.

    Where haircuts are on record account by account, `production` is one of the recorded runs.

    Without policies, the standard severity rules are placed beside bounds, as in `lineup`.

    Parameters
    ----------
    episode : Episode
    policies : sequence of Policy, Severity, Allocation, Rule, function or str
        A function takes a RoundStart and returns a haircut. Names, and what is added to a part
        alone, are as in `adlopt.policies.grammar`; "ogd" alone has the *hindsight* step η*.
        Do-nothing, the constant ½, persistence and the best constant (*hindsight*) are always
        added.
    burden : Burden
        What haircuts are measured against.
    loss : Loss, optional
        A loss to sum as well, with its per-round and its coupled optimum in *hindsight*. It must
        price the budget: under `MinMax` alone a policy that raises nothing would look best.
    variation : float, optional
        P: show regret against the best path of that variation as well, in *hindsight*.
    coupled : bool
        Compare the worst burden of the whole episode, max_i Σ_t x_it / w_i, with the least at which
        all budgets can be raised, in *hindsight*, as `adlopt.solve` finds it.
    bounds : sequence of Bound or str
        Upper bounds on the severity loss to set beside each policy, or their names; path.py:name
        for one's own. Each says of every policy whether it covers it, and whether the episode
        refutes it then.
    gap, time_limit : float
        When the search for the coupled optimum of a loss ends, as `adlopt.solve` says.
    keep_going : bool
        Of a policy that fails, say why in `failed` of the board, and let others play on.
    progress : callable, optional
        Told each policy's name before it plays.

    Raises
    ------
    BadHaircut
        If a haircut is not one finite number for each account within 0 ≤ x ≤ u.
    PolicyError
        If a policy raises what is no error of ours; it names the round, and the line.
    InfeasibleRound
        If coupled rounds need more than their winners hold together; it names them.
    InputError
        If two policies have one name, a loss does not price the budget, or rounds are to be coupled
        whose accounts are pooled: which winners they share is then not known.

    Examples
    --------
    >>> from adlopt.data.episodes import october_10
    >>> board = play(october_10(), ["ogd"])
    >>> round(board["ogd+pro-rata"].severity_loss, 2)
    52311145.22
    """
    if isinstance(loss, MinMax):
        raise InputError("loss", loss, "a loss that prices the budget", remedy="use surrogate(...)")
    chosen = grammar.policies(policies, episode)
    coupling = coupled_burden = None
    if coupled:
        minmax = MinMax(burden=burden)
        coupling = Coupling.of(episode, minmax)
        coupled_burden = solve(episode, minmax).certificate
    names = {policy.name for policy in chosen}
    constant = best_fixed_severity(episode).theta
    best = SeverityThenAllocation(Constant(constant, Information.HINDSIGHT), ProRataAllocation())
    chosen += [p for p in (*map(grammar.policy, ALWAYS), best) if p.name not in names]
    asked = list(map(on_severities, bounds))
    shown = [*Scoreboard.bounds, *(bound for bound in asked if bound not in Scoreboard.bounds)]
    grammar.require_distinct([bound.name for bound in shown], "bounds")
    made = production_run(episode, burden)
    runs = [*episode.recorded, *([] if made is None else [made])]
    grammar.require_distinct([*(run.policy for run in runs), *(p.name for p in chosen)])
    failed: dict[str, str] = {}
    for policy in chosen:
        if progress is not None:
            progress(policy.name)
        try:
            runs.append(run_policy(episode, policy, burden=burden, loss=loss, coupling=coupling))
        except PolicyError as error:
            if not keep_going:
                raise
            failed[policy.name] = str(error)
    optimum = coupled_loss = None
    if loss is not None:
        optimum = math.fsum(solution.value for solution in per_round_optimum(episode, loss))
    if isinstance(loss, Asymmetric) and not episode.pooled:
        if progress is not None:
            progress("the coupled optimum")
        coupled_loss = solve(episode, loss, gap=gap, time_limit=time_limit).certificate
    return Scoreboard(
        episode=episode,
        runs=tuple(runs),
        burden=burden,
        loss_optimum=optimum,
        coupled=coupled_loss,
        coupled_burden=coupled_burden,
        variation=variation,
        bounds=tuple(shown),
        asked=tuple(bound.name for bound in asked),
        players={p.name: getattr(p, "severity", p) for p in chosen if p.name not in failed},
        failed=failed,
        standard=not policies,
    )


def best_fixed_rule(
    episode: Episode, rules: Sequence[Playable], *, loss: Loss | None = None
) -> FixedRule:
    """Play rules, each from start to end, and return the one that loses least: *hindsight*.

    Rules are as in `play`; without a loss to sum, it is the severity loss Σ D|θ − θ*|, USD.
    """
    if isinstance(rules, str) or not rules:
        raise InputError("rules", rules, "a list of at least one rule")
    found = []
    for policy in (grammar.policy(rule, episode) for rule in rules):
        run = run_policy(episode, policy, loss=loss)
        cost = severity_loss(episode, episode.severity(run))
        found.append((cost if run.loss is None else math.fsum(run.loss), policy.name))
    least, name = min(found)
    return FixedRule(policy=name, loss=least)
