"""Rounds that share their winners, as one program with names."""

from __future__ import annotations

import numpy as np

from adlopt.foundation.arrays import FloatArray, IntArray
from adlopt.model.loss import Asymmetric, MinMax
from adlopt.optimum.coupled.shared_winners import Coupling
from adlopt.optimum.programs.stated import Draft, Stated, Term, money


def state_episode(coupling: Coupling, loss: MinMax | Asymmetric) -> Stated:
    """State an episode: haircut[2,ann] is what the second round takes from ann.

    `paid[2,ann]` is what has been taken from her by then, `burden` the worst over all rounds where
    budgets are met, and `burden[2]` that of the second round where they are priced.
    """
    rounds, place = coupling.budget.size, np.concatenate(coupling.place)
    turn = np.repeat(np.arange(rounds), [where.size for where in coupling.place])
    names = [f"{t + 1},{coupling.account[i]}" for t, i in zip(turn, place, strict=True)]
    cap, weight = coupling.cap[turn, place], coupling.weight[turn, place]
    most = np.where(weight > 0, cap, 0.0)
    each, draft = [str(t + 1) for t in range(rounds)], Draft()
    priced = isinstance(loss, Asymmetric)
    sums: list[Term]
    terms: list[Term]
    total = weight if priced else coupling.whole_weight
    unit = money(float(total.sum()))
    x = draft.columns("haircut", names, unit=unit, upper=most)
    _flow(draft, x, place, cap, names, unit)
    if isinstance(loss, Asymmetric):
        share = most / np.where(weight > 0, weight, 1.0)
        highest = np.zeros(rounds)
        np.maximum.at(highest, turn, share)
        z = draft.columns("burden", each, unit=1.0, upper=2 * highest, cost=loss.fair, of="")
        kept = np.flatnonzero(most > 0)
        terms = [(x[kept], 1.0), (z[turn[kept]], -weight[kept])]
        draft.rows("share", [names[k] for k in kept], unit=unit, terms=terms, upper=0.0)
        budget = coupling.budget
        reach = np.bincount(turn, most, rounds)
        short = draft.columns("short", each, unit=unit, upper=budget, cost=loss.under)
        beyond = np.maximum(reach - budget, 0.0)
        over = draft.columns("over", each, unit=unit, upper=beyond, cost=loss.over)
        sums = [(x, 1.0, turn), (short, 1.0), (over, -1.0)]
        price = 1.0 / (loss.under * unit)
        criterion = "sum of the loss"
    else:
        whole = coupling.whole_weight
        most_in_all = np.bincount(place, most, whole.size)
        kept = np.flatnonzero((most_in_all > 0) & (whole > 0))
        share = most_in_all[kept] / whole[kept]
        top = float(share.max(initial=0.0))
        z = draft.columns("burden", unit=1.0, upper=2 * top, cost=1.0, of="")
        rank = np.full(whole.size, -1)
        rank[kept] = np.arange(kept.size)
        inside = np.flatnonzero(rank[place] >= 0)
        terms = [(x[inside], 1.0, rank[place[inside]]), (z, -whole[kept])]
        keys = [coupling.account[i] for i in kept.tolist()]
        draft.rows("share", keys, unit=unit, terms=terms, upper=0.0)
        sums = [(x, 1.0, turn)]
        criterion = "worst burden in all"
        price = 1.0 / unit * float(whole.sum())
    budget = coupling.budget
    draft.rows("budget", each, unit=unit, terms=sums, lower=budget, upper=budget)
    return draft.stated(
        criterion,
        price=price,
        account=np.arange(place.size),
        column=x,
        usd=np.ones(place.size),
        accounts=names,
        burden=None if priced else z,
    )


def _flow(
    draft: Draft, x: IntArray, place: IntArray, cap: FloatArray, names: list[str], unit: float
) -> None:
    """State paid = paid before + haircut ≤ cap, from the second round on that lists an account."""
    order = np.argsort(place, kind="stable")
    again = np.flatnonzero(place[order][1:] == place[order][:-1]) + 1
    if not again.size:
        return
    now, before = order[again], order[again - 1]
    keys = [names[k] for k in now.tolist()]
    paid = draft.columns("paid", keys, unit=unit, upper=cap[now])
    so_far = x.copy()
    so_far[now] = paid
    terms = [(paid, 1.0), (so_far[before], -1.0), (x[now], -1.0)]
    draft.rows("paid", keys, unit=unit, terms=terms, lower=0.0, upper=0.0)
