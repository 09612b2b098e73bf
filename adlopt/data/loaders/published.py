"""The `out/` folder of the analysis that [CTTX26] rests on (arXiv 2602.15182): per-round figures.

Where its tables of winners are at hand, their capacities, equities at the start and recorded
haircuts come with them; else each round's winners are one pooled account.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Unpack

import polars as pl

from adlopt.data.files.places import inside
from adlopt.data.loaders.columns import Column, ColumnKind
from adlopt.data.loaders.loaded import Loaded, PolicyRecord
from adlopt.data.loaders.loader import Loader
from adlopt.data.loaders.oddities import not_read, of_files
from adlopt.data.loaders.options import Rules
from adlopt.data.loaders.raw_tables import closed_table, header_of, refuse_second_rows
from adlopt.data.loaders.reconciling import of_rounds
from adlopt.data.loaders.records import How
from adlopt.data.loaders.round_figures import sums
from adlopt.errors import InputError
from adlopt.scoring.quality import Finding
from adlopt.show.schema.loads import FileReport, Horizon, Origin

BASE = "eval_horizon_sweep/gap_ms={gap}/horizon_ms={horizon}"
BY_WAVE = "two_pass_equity_delta_by_wave.csv"
COIN_GAPS = "two_pass_wave_coin_gap_per_contract.csv"
METRICS = "policy_per_wave_metrics.csv"
HAIRCUTS = "two_pass_wave_prod_haircuts.csv"
USERS = "policy_per_wave_user_haircuts.csv"
SWEEP = "eval_horizon_sweep_gap_ms={gap}.csv"
POLICIES = {
    "prod": "production queue",
    "contract_pr": "integer pro-rata",
    "vector": "vector mirror descent",
    "fixed_point_ilp_integer": "min-max ILP (as published)",
    "pr": "continuous pro-rata",
    "pnl_pr": "pro-rata on PNL",
    "eq_pr": "pro-rata on equity",
}
"""How its policies are called here."""

WAVE_COLUMNS = (
    Column(name="wave", source="wave", kind=ColumnKind.POSITIVE),
    Column(name="start_ms", source="t_start_ms", kind=ColumnKind.TIME),
    Column(name="end_ms", source="t_end_ms", kind=ColumnKind.TIME),
    Column(name="deficit", source="deficit_usd"),
    Column(name="largest_loss", source="max_loss_usd"),
    Column(name="needed", source="budget_needed_usd"),
    Column(name="production", source="budget_prod_usd"),
)
GAP_COLUMNS = (
    Column(name="wave", source="wave", kind=ColumnKind.POSITIVE),
    Column(name="coin", source="coin", kind=ColumnKind.TEXT),
    Column(name="gap_usd", source="gap_usd_x_qty"),
    Column(name="contracts", source="qty_contracts", kind=ColumnKind.POSITIVE),
    Column(name="usd_a_contract", source="gap_per_contract_usd"),
)
HAIRCUT_COLUMNS = (
    Column(name="wave", source="wave", kind=ColumnKind.POSITIVE),
    Column(name="account", source="user", kind=ColumnKind.TEXT),
    Column(name="equity", source="equity_start_usd"),
    Column(name="gain", source="pnl_start_usd"),
    Column(name="recorded", source="haircut_prod_usd"),
)
USER_COLUMNS = (
    Column(name="wave", source="wave", kind=ColumnKind.POSITIVE),
    Column(name="account", source="user", kind=ColumnKind.TEXT),
    Column(name="capacity", source="cap_eff_usd"),
    Column(name="equity", source="equity_usd"),
    Column(name="recorded", source="haircut_prod_usd"),
)
SWEEP_COLUMNS = (
    Column(name="horizon_ms", source="eval_horizon_ms"),
    Column(name="rounds", source="num_waves", kind=ColumnKind.POSITIVE),
    Column(name="deficit", source="total_deficit_usd"),
    Column(name="needed", source="total_budget_needed_usd"),
    Column(name="production", source="total_H_prod_usd"),
)


def read_published(
    folder: str | Path, *, gap_ms: int = 5_000, horizon_ms: int = 0, **how: Unpack[How]
) -> Loaded:
    """Read the per-round figures of an `out/` folder.

    Parameters
    ----------
    gap_ms, horizon_ms : int
        Which of its runs: the gap that cut the rounds, and when haircuts were measured.

    Raises
    ------
    InputError
        If the per-round table is missing, a round stands twice, or too much does not parse.
    """
    root, reader = Path(folder), _Reader(how)
    base = BASE.format(gap=gap_ms, horizon=horizon_ms)
    by_wave = by_wave_table(root, gap_ms, horizon_ms)
    rounds = _waves(reader.table(by_wave, WAVE_COLUMNS), by_wave)
    metrics_path = one_of(root, METRICS)
    metrics = None if metrics_path is None else reader.metrics(metrics_path)
    gaps_path = one_of(root, f"{base}/{COIN_GAPS}", COIN_GAPS)
    gaps = None if gaps_path is None else reader.table(gaps_path, GAP_COLUMNS)
    sweep_path = one_of(root, SWEEP.format(gap=gap_ms))
    sweep = [] if sweep_path is None else reader.table(sweep_path, SWEEP_COLUMNS).to_dicts()
    winners = _winners(root, base, rounds, reader)
    unavailable = {}
    if winners is None:
        reason = f"neither {USERS} nor {HAIRCUTS} is there: each round has one pooled account"
        unavailable["winners"] = reason
        if metrics is None:
            unavailable["capacity"] = f"{METRICS} is missing, which has total_cap"
    origins = {
        wave: {"deficit, needed": (Origin(file=str(by_wave), first=n, last=n, records=1),)}
        for wave, n in rounds.select("wave", "line").iter_rows()
    }
    with_capacity = _with_capacity(rounds, metrics, winners)
    return Loaded(
        name="published",
        source=f"published per-round figures, {by_wave.name}",
        rounds=with_capacity.drop("line", "production", "total_cap"),
        accounts=winners,
        unavailable=unavailable,
        look_ahead=(
            "needed: the gap between mark and execution of the round's own fills",
            "capacity: the largest value within the round, of the accounts deleveraged in it",
        ),
        origins=origins,
        reports=tuple(reader.reports),
        findings=(
            *of_files(reader.reports),
            *not_read(root),
            *_disagreements("needed", with_capacity, sums(gaps, "gap_usd")),
            *_disagreements("production", with_capacity, sums(winners, "recorded")),
            *_disagreements("total_cap", with_capacity, sums(winners, "capacity")),
        ),
        recorded=(
            *_records(rounds, metrics),
            *_later(root, gap_ms, horizon_ms, rounds["wave"].to_list(), reader),
        ),
        reference=None if metrics is None else POLICIES["fixed_point_ilp_integer"],
        fairest=None if metrics is None else POLICIES["pr"],
        reconciled=tuple(of_rounds(with_capacity, reader.reports[:1])),
        horizons=tuple(Horizon(**{n: row[n] for n in row if n != "line"}) for row in sweep),
    )


def by_wave_table(root: Path, gap_ms: int, horizon_ms: int = 0) -> Path:
    """Find the per-round table of a folder, or of `out/` in it."""
    if not root.is_dir():
        raise InputError("path", str(root), "a folder")
    name = f"{BASE.format(gap=gap_ms, horizon=horizon_ms)}/{BY_WAVE}"
    found = one_of(root, name, BY_WAVE, f"out/{name}", f"out/{BY_WAVE}")
    if found is None:
        raise InputError("path", str(root), f"a folder with {name}")
    return found


class _Reader:
    """Reads small tables whole and collects their reports."""

    def __init__(self, how: How) -> None:
        self.how = how
        self.reports: list[FileReport] = []

    def table(self, path: Path, columns: tuple[Column, ...]) -> pl.DataFrame:
        table, report = closed_table(path, columns, self.how)
        self.reports.append(report)
        return table

    def metrics(self, path: Path) -> pl.DataFrame:
        known = set(header_of(path))
        columns = [
            Column(name="wave", source="wave", kind=ColumnKind.POSITIVE),
            Column(name="capacity", source="total_cap"),
        ]
        for key in POLICIES:
            if f"budget_{key}" in known:
                columns += [
                    Column(name=f"budget_{key}", source=f"budget_{key}"),
                    Column(name=f"max_pct_{key}", source=f"max_pct_{key}"),
                ]
        return self.table(path, tuple(columns))


def one_of(root: Path, *names: str) -> Path | None:
    """The first of these files that is there."""
    for name in names:
        path = inside(root, name)
        if path.is_file():
            return path
    return None


def _waves(table: pl.DataFrame, path: Path) -> pl.DataFrame:
    refuse_second_rows(table, path, "wave")
    return table.with_columns(pl.col("wave").cast(pl.Int64)).sort("start_ms")


def _winners(root: Path, base: str, rounds: pl.DataFrame, reader: _Reader) -> pl.DataFrame | None:
    """Read who won in each round: capacity, equity at the start, and what production took.

    The published capacities are the largest of the round, capped at the equity; where their table
    is missing, a capacity is the PNL at the start so capped.
    """
    found, at = one_of(root, USERS), one_of(root, f"{base}/{HAIRCUTS}", HAIRCUTS)
    table = None if found is None else reader.table(found, USER_COLUMNS)
    measured = None if at is None else reader.table(at, HAIRCUT_COLUMNS)
    if table is None:
        found = at
        if measured is None:
            return None
        capped = pl.min_horizontal("gain", "equity").clip(lower_bound=0.0)
        table = measured.with_columns(capacity=capped)
    elif measured is not None:
        # The other table has haircuts as they stood when each round ended.
        own = measured.select("wave", "account", "recorded")
        table = table.drop("recorded").join(own, on=["wave", "account"], how="left")
    table = table.with_columns(
        pl.col("wave").cast(pl.Int64), pl.col("capacity").clip(lower_bound=0)
    )
    refuse_second_rows(table, str(found), "wave", "account")
    inside = table.filter(pl.col("wave").is_in(rounds["wave"].to_list())).sort("wave", "account")
    return inside.select("wave", "account", "capacity", "equity", "recorded")


def _with_capacity(
    rounds: pl.DataFrame, metrics: pl.DataFrame | None, winners: pl.DataFrame | None
) -> pl.DataFrame:
    """Put capacities to rounds: of their winners, or in total as published."""
    if metrics is None:
        joined = rounds.with_columns(total_cap=pl.lit(None, pl.Float64))
    else:
        total = metrics.select(pl.col("wave").cast(pl.Int64), total_cap="capacity")
        joined = rounds.join(total, on="wave", how="left", maintain_order="left")
        for wave in joined.filter(pl.col("total_cap").is_null())["wave"]:
            raise InputError(METRICS, f"no wave {wave}", f"every wave of {BY_WAVE}")
    if winners is None:
        return joined.with_columns(capacity="total_cap")
    each = winners.group_by("wave").agg(pl.col("capacity").sum())
    return joined.join(each, on="wave", how="left", maintain_order="left")


def _records(rounds: pl.DataFrame, metrics: pl.DataFrame | None) -> Iterator[PolicyRecord]:
    if metrics is None:
        waves = rounds["wave"].to_list()
        haircut = dict(zip(waves, rounds["production"].to_list(), strict=True))
        yield PolicyRecord(policy=POLICIES["prod"], haircut=haircut)
        return
    waves = [int(wave) for wave in metrics["wave"]]
    for key, policy in POLICIES.items():
        if f"budget_{key}" in metrics.columns:
            haircut = dict(zip(waves, metrics[f"budget_{key}"].to_list(), strict=True))
            burden = dict(zip(waves, metrics[f"max_pct_{key}"].to_list(), strict=True))
            yield PolicyRecord(
                policy=policy, haircut=haircut, burden=burden, hindsight=key != "prod"
            )


def _later(
    root: Path, gap: int, horizon: int, waves: list[int], reader: _Reader
) -> Iterator[PolicyRecord]:
    """What production is on record to have taken, measured at other horizons."""
    sweep = inside(root, "eval_horizon_sweep") / f"gap_ms={gap}"
    for path in sorted(sweep.glob(f"horizon_ms=*/{BY_WAVE}"), key=_horizon):
        if _horizon(path) in (horizon, math.inf):
            continue
        table = _waves(reader.table(inside(root, str(path.relative_to(root))), WAVE_COLUMNS), path)
        if table["wave"].to_list() != waves:
            raise InputError(str(path), table["wave"].to_list(), f"the waves {waves}")
        haircut = dict(zip(waves, table["production"].to_list(), strict=True))
        yield PolicyRecord(
            policy=f"{POLICIES['prod']}, {_horizon(path):g} ms later", haircut=haircut
        )


def _horizon(path: Path) -> float:
    """Milliseconds in the name of a folder, infinite if there are none."""
    digits = path.parent.name.partition("=")[2]
    return int(digits) if digits.isdecimal() else math.inf


def _disagreements(name: str, rounds: pl.DataFrame, parts: dict[int, float]) -> Iterator[Finding]:
    """Where parts, of coins or of winners, do not sum to the figure of their round."""
    for t, (wave, figure) in enumerate(rounds.select("wave", name).iter_rows(), start=1):
        found = parts.get(wave, 0.0)
        if parts and figure is not None and abs(found - figure) > 0.01:
            text = f"the parts of {name} of wave {wave} sum to ${found:,.2f}, not to ${figure:,.2f}"
            apart = abs(found - figure)
            yield Finding(name=f"{name} disagrees", text=text, rounds=(t,), usd=apart)


def _read(paths: Sequence[Path], rules: Rules, how: How) -> Loaded:
    gap, horizon = rules.gap_ms, rules.horizon_ms
    if rules != Rules(gap_ms=gap, horizon_ms=horizon):
        raise InputError("rules", "given", "none but gap_ms and horizon_ms: the figures are made")
    return read_published(paths[0], gap_ms=gap, horizon_ms=horizon, **how)


LOADER = Loader(kind="published", takes="FOLDER (out/, with figures by round)", read=_read, most=1)
