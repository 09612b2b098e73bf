"""Data of what rules do to markets, and of what studies of rules and policies find."""

from __future__ import annotations

from adlopt.show.schema.boards import BoundData, WorstCaseData
from adlopt.show.schema.data import FROZEN, Data, Part

MONEY = {
    "bound", "deficit_left", "ex_ante", "ex_post", "given", "kept", "largest_move", "loss",
    "moved", "overshoot", "pro_rata_guarantee", "raised", "taken", "undershoot",
}  # fmt: skip
"""Figures in USD, which data says in their names."""


def in_usd(name: str) -> str | None:
    """Name a figure in data: `raised_usd` for `raised`; None leaves it as it is."""
    return f"{name}_usd" if name in MONEY else None


class FiguresData(Data, kw_only=True, **FROZEN):
    """Base of answers that are a few figures."""


class VectorData(Part, kw_only=True):
    """A result that a venue publishes; `differs` says why the toolkit's is another."""

    name: str
    source: str
    passed: bool
    differs: str | None


class RuleData(Part, kw_only=True):
    """How a venue deleverages, part by part, and what its source leaves open.

    `version` is that of the source or its date, null where a page has none.
    """

    rule: str
    venue: str
    family: str
    closes: list[str]
    losers: str | None
    closing_price: str | None
    takes: list[str]
    owed_later: bool
    fund_pays_first: str
    fund_pays_in_all: str
    trigger: list[str]
    tie_break: list[str]
    shown_to_traders: str | None
    unpublished: list[str]
    source: str
    version: str | None


class PublishedRuleData(RuleData, kw_only=True):
    """A rule, beside the results that its venue publishes, or when they were looked for in vain."""

    vectors: list[VectorData]
    searched: str | None


class RulesData(Data, kw_only=True):
    """Rules of venues."""

    rules: list[PublishedRuleData]


class TieData(Part, kw_only=True):
    """Equals between whom only the tie-break decided."""

    where: str
    accounts: list[str]


class TouchedData(Part, kw_only=True):
    """A solvent account that closed contracts or gave dollars.

    `closed` has contracts by side and coin, such as `short ETH`.
    """

    account: str
    gave_usd: float
    share_of_profit: float | None
    closed: dict[str, float]
    owed_usd: float


class MatchData(Part, kw_only=True):
    """Contracts closed at a price, USD a contract; no taker is the fund."""

    loser: str
    side: str
    coin: str
    taker: str | None
    contracts: float
    price: float
    paid_usd: float


class OutcomeData(RuleData, kw_only=True):
    """What a rule, or a policy in its place, did to a market.

    `least_burden` is what raising the same could have cost at best, in hindsight.
    """

    triggered: bool
    required_usd: float
    fund_paid_usd: float
    raised_usd: float
    deficit_left_usd: float
    new_debt_usd: float
    surplus_usd: float
    unmatched_contracts: dict[str, float]
    worst_burden: float | None
    least_burden: float | None = None
    least_burden_proof: str | None = None
    ties: list[TieData]
    accounts: list[TouchedData]
    matches: list[MatchData]


class DeleveragingData(Data, kw_only=True):
    """What rules did to one market; `unplayed` says why a rule could not act on it."""

    accounts: int
    required_usd: float
    fund_usd: float
    rules: list[OutcomeData]
    unplayed: dict[str, str]


class RankingData(Data, kw_only=True):
    """A venue's queue on one side of a coin, first served first; `position` is a row of a market.

    `shown` says what kind of light it is that the venue shows. `rank`, `rating` and `percentage`
    are the fields of ccxt.
    """

    rule: str
    coin: str
    side: str
    shown: str | None
    account: list[str]
    position: list[int]
    ahead_contracts: list[float]
    size_contracts: list[float]
    rank: list[int]
    rating: list[int]
    percentage: list[float]
    light: list[float | None] | None


class CrashOutcome(Part, kw_only=True, rename=in_usd):
    """What a run came to.

    `rounds` are those in which users were called on, and `loss`, Σ |H_t − B_t^needed|, is over
    them; `given` is what users gave in all, and `deficit_left` debts written off and what the fund
    and others still lack at the end. Accounts are counted once: `touched` gave or closed,
    `hedges_broken` have a hedge whose net exposure grew because of it, `liquidated` fell below
    maintenance margin, and `left` left the venue.
    """

    rounds: int
    loss: float
    given: float
    deficit_left: float
    touched: int
    hedges_broken: int
    liquidated: int
    left: int


class SimulationData(Data, kw_only=True):
    """One run of a rule or policy in the world of a seed."""

    policy: str
    information: str
    scenario: dict[str, float]
    seed: int
    outcome: CrashOutcome
    deficit_usd: list[float]
    needed_usd: list[float]
    raised_usd: list[float]


class ComparedData(Part, kw_only=True):
    """One policy: quantiles over seeds, of each figure, and of it less that of the first policy."""

    policy: str
    quantiles: dict[str, dict[str, float]]
    less_first: dict[str, dict[str, float]]
    outcomes: list[CrashOutcome]


class ComparisonData(Data, kw_only=True):
    """Policies in the same worlds."""

    scenario: dict[str, float]
    seeds: int
    policies: list[ComparedData]
    unplayed: dict[str, str]


class DifferenceData(Part, kw_only=True):
    """How much more a policy has of a figure than the first, on average over pairs of rows.

    The `interval` is that of the mean, 95 %; null where there are too few pairs. Without 0 in it,
    the difference is more than noise.
    """

    policy: str
    figure: str
    pairs: int
    mean: float
    interval: list[float] | None


class DifferencesData(Data, kw_only=True):
    """Policies of a sweep beside the first of them, in the same episodes or crashes."""

    first: str
    rows: list[DifferenceData]


class SideData(Part, kw_only=True):
    """What one side took, over all rounds, by account, beside production.

    `gini` and the `top_share` of so many accounts are of dollars; `worst_burden` is of any account
    in any round, null where a protected one was touched. `better_off` accounts would have given
    more than a cent less than under production, `worse_off` more; `markout_usd`, of production, is
    C_tot of its fills, below 0 where they were bad for those deleveraged.
    """

    name: str
    information: str
    raised_usd: float
    gini: float
    top_share: dict[str, float]
    touched: int
    largest_usd: float
    worst_burden: float | None
    touches_protected: bool
    better_off: int
    better_off_usd: float
    worse_off: int
    worse_off_usd: float
    hedges_broken: int | None
    markout_usd: float | None
    proofs: list[str]


class SideBySideData(Data, kw_only=True):
    """Production beside rules, policies and optima at one budget, account by account.

    `budget_is` production where what it took is on record, else needed; in a market shed, what
    closing against all that has to go takes. In the rounds `beyond_capacity` production took more
    than all capacities, which is what the others raise there.
    `by_account` has a column for each side, a row an account of a round.
    """

    name: str
    rounds: int
    accounts: int
    budget_usd: float
    budget_is: str
    beyond_capacity: list[int]
    burden: str
    sides: list[SideData]
    unplayed: dict[str, str]
    by_account: dict[str, list[int | float | str]]


class PolicyDiagnosis(Part, kw_only=True, rename=in_usd):
    """One policy's row. Means are over the rounds in which it took anything, None without any.

    Burdens are low in `short_rounds`, which raised less than needed. `worst_burden`, of any account
    in any round, is infinite, and null in data, if a protected one was touched. Gini and shares are
    means as in `Concentration`; `touched` is the mean number of accounts a round, `inversions` the
    mean share of neighbours turned round, as in `monotonicity_violations`, and `rank_stability` the
    mean over neighbouring rounds where it is defined: what rounding may have moved is tied. `ptsr`,
    `pmr` and `rd_nse` are means as in `Survivors`, `closed` are accounts, summed over rounds, and
    `slope_variation` is of the effective slope, if all rounds have the feature `slope`.
    `share_moved` is the largest share of 2B that noise moves in any round, as in `Sensitivity`;
    `moved` and `pro_rata_guarantee` are of that round.
    """

    policy: str
    information: str
    raised: float
    short_rounds: int
    worst_burden: float | None
    touches_protected: bool
    burden_gini: float | None
    top_share: float | None
    forced_share: float | None
    touched: float | None
    inversions: float | None
    rank_stability: float | None
    ptsr: float | None
    pmr: float | None
    rd_nse: float | None
    closed: int
    slope_variation: float | None
    share_moved: float | None
    moved: float | None
    pro_rata_guarantee: float | None


class DiagnosisData(Data, kw_only=True):
    """What policies do to the accounts of an episode.

    `top` accounts count as the top, and `noise` is the share by which figures were disturbed.
    `as_published` says whether ratios of survivors divide by what is left of the deficit.
    """

    episode: str
    rounds: int
    burden: str
    top: int
    noise: float
    policies: list[PolicyDiagnosis]
    unplayed: dict[str, str]
    as_published: bool


class Place(Part, kw_only=True):
    """Where one position stands in a queue of its coin and side.

    Both are empty in a round of dollars, which has one queue. `place`, 1 being first served, of
    `of` positions, is None where it is not eligible. `ahead` is what is served before it:
    contracts, in a round of dollars USD. `light` is what the venue shows, where it says how, and
    `shown` what kind of light that is.
    """

    coin: str
    side: str
    place: int | None
    of: int
    ahead: float | None
    light: float | None
    shown: str


class UnderRuleData(Part, kw_only=True):
    """How likely a rule takes from the account, and how much.

    Of a rule that closes `at_mark`, the figures are the profit of what closes: the account keeps
    it.
    """

    rule: str
    at_mark: bool
    probability: float
    mean_usd: float
    mean_if_hit_usd: float | None
    quantile_95_usd: float
    most_usd: float
    most_of_profit: float | None
    least_budget_usd: float | None
    places: list[Place]


class ExposureData(Data, kw_only=True):
    """What may be taken from one account; rules are in order, worst first."""

    account: str
    profit_usd: float
    all_profits_usd: float
    budgets: SpreadData
    rules: list[UnderRuleData]
    unplayed: dict[str, str]


class SpreadData(Part, kw_only=True):
    """Equally likely budgets; those beyond all profits take them all."""

    distribution: str
    count: int
    beyond_all_profits: float


class BudgetsData(Data, kw_only=True):
    """A distribution of budgets, as equally likely values."""

    distribution: str
    budget_usd: list[float]


class DecidedData(Part, kw_only=True):
    """A round that a policy was given; no haircut means that what it took is not feasible."""

    deficit_usd: float
    lot_usd: float | None
    account: list[str]
    capacity_usd: list[float]
    equity_usd: list[float]
    features: dict[str, list[float]]
    haircut_usd: list[float] | None


class CounterexampleData(Part, kw_only=True):
    """By how much an axiom fails, also as an exact fraction, and the rounds that show it."""

    text: str
    usd: float | None
    usd_exactly: str | None
    rounds: list[DecidedData]


class TriedData(Part, kw_only=True):
    """An axiom, and what trying it came to; without a counterexample or accounts nothing is proved.

    Up to `proved_accounts` it holds over all real numbers, without lots; `unknown` is why no more.
    """

    name: str
    statement: str
    tries: int
    found: str
    proved_accounts: int | None
    unknown: str | None
    counterexample: CounterexampleData | None


class CardTrialData(Part, kw_only=True):
    """An axiom, and what trying it came to."""

    name: str
    tries: int
    broken: bool


class RivalData(Part, kw_only=True):
    """Another policy on the same episode, and its severity loss."""

    policy: str
    loss_usd: float


class GuaranteeCardData(Data, kw_only=True):
    """What is known of a rule, and what is not.

    `theorems` cover its severity, each with the hypotheses that fail here; `worst` is null where a
    rule has no severity of its own.
    """

    policy: str
    severity: str | None
    information: str
    episode: str
    rounds: int
    variation: float
    theorems: list[BoundData]
    worst: WorstCaseData | None
    loss_usd: float
    beaten_by: list[RivalData]
    beats: list[RivalData]
    axioms: list[CardTrialData]
    quality: list[str]
    unknown: list[str]


class AxiomReportData(Data, kw_only=True):
    """Axioms that were tried on a policy."""

    policy: str
    seed: int
    axioms: list[TriedData]


class ExecutedData(Data, kw_only=True):
    """A haircut as it was executed later; `why` an account missed is closed or shrunk."""

    planned_usd: float
    raised_usd: float
    spare_usd: float
    account: list[str]
    missed_usd: list[float]
    why: list[str]


class MarkoutData(Data, kw_only=True):
    """Markouts of forced fills; negative is worse for the owner."""

    immediate_usd: list[float]
    opportunity_usd: list[float]
    total_usd: list[float]


class MissedData(FiguresData, kw_only=True, rename=in_usd):
    """Dollars by which budgets were missed, on either side.

    `undershoot` is V_T = Σ [B_t − H_t]₊ [CTTX26, Eq. 21], `overshoot` Σ [H_t − B_t]₊.
    """

    undershoot: float
    overshoot: float


class EstimateErrorData(FiguresData, kw_only=True, rename=in_usd):
    """The needed budget of a round before and after.

    `ex_ante` is B̂, of the planned fills and the estimated slope: all a policy may see. `ex_post` is
    B, of the fills as they happened: *hindsight* for its own round. `bound` is |α − α̂| Σ q_k² ≥
    |B − B̂|, if the fills are as planned; None if not: then no bound by the slopes holds.
    """

    ex_ante: float
    ex_post: float
    bound: float | None


class TransferData(FiguresData, kw_only=True, rename={"followed": "followed_usd"}):
    """Both sides of the decomposition on one episode, each recomputed and compared; *hindsight*.

    `policy` and `best`, of the class under the true loss, lose `loss` and `best_loss`, Σ ℓ_t.
    `estimated_regret` is Reg(π; ℓ̂): against the best of the class under the *estimated* loss;
    `penalty` is 2λ Σ |B − B̂|, `sharper_penalty` 2λ Σ min(|B − B̂|, |H − H*|). `missed` is by the
    policy, `missed_by_estimate` by the estimates, had they been raised: undershoots differ by at
    most `followed`, Σ |H_t − B̂_t|, how far the policy is from raising its estimates; 0 in Lemma 4.
    """

    policy: str
    best: str
    loss: float
    best_loss: float
    estimated_regret: float
    penalty: float
    sharper_penalty: float
    missed: MissedData
    missed_by_estimate: MissedData
    followed: float


class ConcentrationData(FiguresData, kw_only=True, rename=in_usd):
    """How concentrated a haircut is.

    `touched` accounts pay anything. `worst_burden`, max x_i / w_i, is infinite, and null in data,
    if a protected account pays. `burden_gini` is the Gini coefficient of the fractions x_i / u_i
    over accounts with a profit: 0 if all bear the same. `top_share` is the share of the haircut
    that the accounts paying most bear, `forced_share` that which any policy raising as much must
    take from the accounts with most profit.
    """

    raised: float
    touched: int
    worst_burden: float | None
    burden_gini: float
    top_share: float
    forced_share: float


class SurvivorsData(FiguresData, kw_only=True, rename=in_usd):
    """The largest survivor of a round; ratios are None where their denominator is 0 or unknown.

    `kept` is υ = max_i (u_i − x_i)_+ and `taken` H, which is θ D. `ptsr` is υ / θ D: what the
    largest survivor keeps for each dollar taken; `pmr` is υ / θ Δ, where Δ is the largest loss of
    one account (signal `largest_loss`); `rd_nse` is υ / (υ + D − H): near 1 if the largest survivor
    keeps much beside the deficit left. As published of October 10 all three are by what is left.
    """

    kept: float
    taken: float
    ptsr: float | None
    pmr: float | None
    rd_nse: float | None


class SensitivityData(FiguresData, kw_only=True, rename=in_usd):
    """How far a haircut moved under small noise on capacities and features.

    `raised` is B, without noise, and `largest_move` the largest ‖x − x'‖₁ over the draws: 2B is
    everything, twice. `pro_rata_guarantee` is the largest 2B ‖u − u'‖₁ / max(U, U') over the draws:
    pro-rata moves no further.
    """

    raised: float
    largest_move: float
    pro_rata_guarantee: float


class BurdenComparisonData(Data, kw_only=True):
    """Two haircuts of one round; a burden is null where a protected account pays."""

    raised_usd: list[float]
    worst_burden: list[float | None]
    verdict: str
