"""Runs, scores, bounds and worst cases, as machines get them."""

from __future__ import annotations

from adlopt.show.schema.data import FROZEN, Data, Part
from adlopt.show.schema.decisions import RunningCertificateData


class ByRound(Part):
    """One entry a round, in order; the needed severities are known in hindsight."""

    deficit_usd: list[float]
    needed_usd: list[float]
    capacity_usd: list[float]
    needed_severity: list[float]
    estimate_usd: list[float | None]
    winners: list[int]


class RecordedData(Part):
    """Who is on record to have taken how much in all, and how much more than was needed."""

    policy: str
    information: str
    haircut_usd: float
    overshoot_usd: float


class EpisodeData(Data):
    """An episode without its accounts: totals, rounds, and what is recorded.

    `path_variation` is Σ|θ*_t − θ*_{t−1}|, in hindsight; `reference` and `fairest` name recorded
    policies. Winners are `pooled` where accounts are not published.
    """

    name: str
    source: str
    pooled: bool
    reference: str | None
    fairest: str | None
    rounds: int
    deficit_usd: float
    needed_usd: float
    capacity_usd: float
    path_variation: float
    by_round: ByRound
    recorded: list[RecordedData]


class RunData(Data):
    """What one policy did, one entry a round.

    Burdens and losses are null where a protected account was touched, and the whole list where
    accounts are not known; `insured_usd` is null without a fund, `burden_in_all` unless rounds were
    coupled.
    """

    policy: str
    information: str
    rounds: int
    taken_usd: float
    worst_burden: float | None
    touched_in_all: float | None
    touches_protected: bool
    burden_in_all: float | None
    haircut_usd: list[float]
    burden: list[float | None] | None
    touched: list[float] | None
    loss: list[float | None] | None
    insured_usd: list[float] | None
    insured_in_all_usd: float | None


class RegretData(Part):
    """Severity loss above that of each comparator; null where it was not asked for."""

    per_round_optimum: float | None = None
    best_fixed_severity: float | None = None
    best_fixed_rule: float | None = None
    best_path: float | None = None


class LossRegretData(Part):
    """The chosen loss above that of each comparator; null where it was not asked for."""

    per_round_optimum: float | None = None
    coupled_optimum: float | None = None
    best_fixed_rule: float | None = None


class ScoreData(Data):
    """How one policy did: dollars missed, fairness, severity loss, and the loss chosen.

    Fairness is null where burdens are not known, or infinite: `touches_protected` says which.
    `total_usd_by_weight` is the published total by the weight of fairness, and
    `total_share_of_bound` that of weight 1 over Proposition 1.
    """

    policy: str
    information: str
    tracking_usd: float
    overshoot_usd: float
    undershoot_usd: float
    short_rounds: int
    fairness_usd: float | None
    fairness_signed_usd: float | None
    fairness_excess_usd: float | None
    total_usd_by_weight: dict[str, float | None]
    total_share_of_bound: float | None
    corrected_total_usd: float | None
    worst_burden: float | None
    touches_protected: bool
    touched: float | None
    severity_loss_usd: float
    outside_domain_usd: float
    regret_usd: RegretData
    loss: float | None
    loss_regret: LossRegretData
    burden_in_all: float | None
    coupled_regret: float | None
    insured_usd: float | None


class QuantityData(Part):
    """What a symbol of a bound means, and what it measures here."""

    value: float | None
    unit: str
    meaning: str


class BoundData(Data):
    """A bound, and what it says of an episode.

    `usd` is null where a hypothesis fails, which `fails` names with the rounds, from 1, or where
    the bound is refuted; `measured_usd` is the expression all the same, wherever it is defined.
    `vacuous`: what is measured is not below what no policy can exceed. `path_variation` is that of
    the comparator path it was measured along. `basis` is the claim of its proof that concludes the
    bound, and from what, or why it is `conjectured`.
    """

    name: str
    label: str
    usd: float | None
    measured_usd: float | None
    vacuous: bool
    fails: dict[str, list[int]]
    side: str
    covers: str
    loss: str
    comparator: str
    along: str
    path_variation: float | None
    information: str
    expression: str
    choices: dict[str, str]
    quantities: dict[str, QuantityData]
    status: str
    tightness: str
    tightness_note: str
    citation: str
    proof: str
    conjectured: bool
    basis: str


class FixedSeverityData(Data, rename={"loss": "loss_usd"}, **FROZEN):
    """The best constant severity, in hindsight, and its severity loss, USD."""

    theta: float
    loss: float


class FixedRuleData(Data, **FROZEN):
    """The rule that loses least from start to end, in hindsight, and its loss."""

    policy: str
    loss: float


class PathData(Part):
    """The best severities of a variation, in hindsight, and what is proved of their loss."""

    variation: float
    loss_usd: float
    lower_usd: float
    severity: list[float]


class ProvenData(Part):
    """An optimum between its bounds."""

    upper: float
    lower: float
    trust: str


class StartsData(Part):
    """Severity loss by the first severity, a free choice; null where there is no choice."""

    zero: float | None = None
    half: float | None = None
    one: float | None = None


class PlacedData(Part):
    """Where a policy lies: its severity loss, and that from ½ as a share of bounds, by name."""

    policy: str
    information: str
    severity_loss_usd: StartsData
    share_from_half: dict[str, float | None]


class FindingData(Part):
    """What is odd about the figures: rounds from 1, none if the whole episode is concerned."""

    name: str
    text: str
    rounds: list[int]
    usd: float | None


class ScoreboardData(Data):
    """How policies did on an episode, beside what could have been done.

    `least_burden` names what fairness is measured above, which a record is beaten by in
    `least_burden_is_beaten_by_usd`. `best_fixed_rule` is the best here that could run live.
    `asked` names the bounds that were asked for. `outside` has the rounds, from 1, in which a
    policy breaks a hypothesis of a bound, by policy, bound and hypothesis; `verdicts` say, by
    policy and bound, whether the bound covers the policy, and whether the episode refutes it then.
    `running` are certificates that policies have of their own, after each round. `failed` says of
    policies without a row why they have none.
    """

    episode: EpisodeData
    least_burden: str
    least_burden_is_beaten_by_usd: float
    scores: list[ScoreData]
    best_fixed_severity: FixedSeverityData
    best_fixed_rule: FixedRuleData | None
    best_path: PathData | None
    loss_optimum: float | None
    coupled_optimum: ProvenData | None
    coupled_burden: ProvenData | None
    bounds: list[BoundData]
    asked: list[str]
    outside: dict[str, dict[str, dict[str, list[int]]]]
    verdicts: dict[str, dict[str, str]]
    lineup: list[PlacedData]
    quality: list[FindingData]
    running: list[RunningCertificateData]
    failed: dict[str, str]


class IntervalData(Part):
    """Two proven ends."""

    lower: float
    upper: float


class RatiosData(Part):
    """A loss over the two ends of an interval, the larger end first; null over 0."""

    lower: float | None
    upper: float | None


class GameData(Part):
    """The minimax loss V(P), its closed form, and Proposition 1 at the same P."""

    path_variation: float
    of: str
    value_usd: IntervalData
    closed_form_usd: IntervalData
    proposition_1_usd: float


class WeightedData(Part):
    """The minimax loss over big rounds, where dollars moved are limited instead of P."""

    rounds: int
    budget_usd: float
    small_usd: float
    value_usd: IntervalData


class CornerData(Part):
    """A corner of f(P), the least loss of a path of variation P, and bounds there by name."""

    path_variation: float
    loss_usd: float
    usd: dict[str, float]


class OnceData(Part):
    """The same with each repeated loser counted once."""

    deficit_usd: float
    path_variation: float
    effective_rounds: float
    half_usd: float
    proposition_1_usd: float
    trivial_usd: float
    value_usd: IntervalData


class BoundsReportData(Data):
    """Upper bounds, the minimax loss, and where policies lie.

    `rounds_needed`, 4 (1 + 2P), is below `effective_rounds` where Proposition 1 `beats_half`.
    Games and the curve are empty where winners cannot cover every deficit.
    """

    episode: EpisodeData
    effective_rounds: float
    rounds_needed: float
    beats_half: bool
    loss: str
    bounds: list[BoundData]
    minimax: list[GameData]
    weighted: WeightedData | None
    curve: list[CornerData]
    policies: list[PlacedData]
    counted_once: OnceData | None


class LimitData(Part):
    """A limit that a path keeps to, and what it has to spare."""

    text: str
    spare: float


class OnAPathData(Data, kw_only=True):
    """What a rule loses on a path of needed severities, found under a limit on their variation."""

    policy: str
    information: str
    rounds: int
    source: str
    variation_allowed: float
    variation: float
    bound: BoundData
    loss_usd: float
    deficit_usd: list[float]
    needed_severity: list[float]
    severity: list[float]


class WorstCaseData(OnAPathData, kw_only=True):
    """An instance on which a severity rule loses much, and what a bound says of it.

    `outcome` says what is known: supremum, between, stopped or found. `ratio` is loss over bound,
    and `verdict` whether the instance refutes the bound, if the bound covers the policy.
    """

    first_severity: float
    limits: list[LimitData]
    outcome: str
    upper_usd: float
    upper_by: str
    reported_usd: float | None
    gap_usd: float
    ratio: float | None
    exceeds_bound: bool
    verdict: str


class UnavoidableData(OnAPathData, kw_only=True):
    """What no online policy can avoid, and an instance that makes a rule lose as much.

    The bound is measured where θ* swings from end to end until P is spent.
    """

    value_usd: IntervalData
    grid: int
    bound_over_value: RatiosData
    loss_over_value: RatiosData


class ExtremeData(Part):
    """The most that one figure comes to over a box of rounds, between two ends, and a round.

    `ratio` is the worst burden over the least possible, `leak` what the first account saves by
    being two `parts`, `jump` what moves where profits do by a hair's breadth, to `other`; the last
    two in dollars of the box. None costs more than `upper`, for the reason `by`.
    """

    name: str
    lower: float
    upper: float
    trust: str
    by: str
    capacity: list[float]
    budget: float
    parts: list[float]
    other: list[float]


class WorstAllocationData(Data):
    """What an allocation costs at worst over rounds of `accounts` profits in [1, `spread`].

    Budgets are ≥ `budget`; profits sum to `total`, where that is given.
    """

    policy: str
    accounts: int
    spread: float
    budget: float
    total: float | None
    extremes: list[ExtremeData]


class DesignData(Data):
    """The parameters whose worst case, or mean loss on a belief, is least; and what is proved.

    What counts is the worst case, or for a share `expected` the mean loss, `mean_usd`. Whatever
    the parameters in their range it comes to `lower_usd`, with `trust`; at the values `chosen` to
    no more than `upper_usd`. No path costs more there than `worst_usd`, verified, the solver's word
    being `reported_usd`. The columns of `curve` are values, and what it comes to at least.
    """

    policy: str
    chosen: dict[str, float]
    range: dict[str, list[float]]
    source: str
    variation: float
    expected: float
    mean_usd: float | None
    lower_usd: float
    trust: str
    upper_usd: float
    reported_usd: float
    gap_usd: float
    closed: bool
    worst_usd: float
    loss_usd: float
    value_usd: IntervalData
    needed_severity: list[float]
    curve: dict[str, list[float]]


class EvidenceData(Data):
    """All that a report shows of an episode."""

    board: ScoreboardData
    bounds: BoundsReportData
