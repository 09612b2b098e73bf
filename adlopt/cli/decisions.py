"""Verbs for a round that starts: decide it, before it is known what it needs."""

from __future__ import annotations

from pathlib import Path

from adlopt.cli import command as cli


@cli.app.command
def decide(
    file: Path,
    *,
    belief: str | None = None,
    under: float | None = None,
    over: float | None = None,
    fair: float | None = None,
    ambiguity: str | None = None,
    chance: float | None = None,
    objective: str | None = None,
    deadline: float | None = None,
    audit: Path | None = None,
    output: cli.Output = None,
    form: cli.Form = cli.TEXT,
) -> None:
    """Decide how much a round raises, and from whom, before it is known what it needs.

    Options stand in for what the file's [belief] and [decide] say.

    Parameters
    ----------
    file
        A .toml or .json file of a round without `needed`.
    belief
        table.csv:COLUMN of needed budgets, an episode, or uniform:LOW:HIGH, lognormal:MEDIAN:SIGMA,
        exponential:MEAN.
    under, over, fair
        Prices of a dollar missed, a dollar too much and a unit of the worst burden.
    ambiguity
        How far from the belief the truth may be: USD, or cross-validated.
    chance
        Raise at least what is enough in this share of cases.
    objective
        Of the allocation: min-max, leximin, fewest or cvar:0.9.
    deadline
        Seconds, after which the best so far is printed with its proven gap.
    audit
        Append the decision, with all that it was made of, to this log of lines.
    output
        Write all haircuts to this .csv or .parquet file.
    """
    from adlopt.data.decision_log import write_decision
    from adlopt.data.files.decision_tables import ambiguity_of
    from adlopt.data.files.reading import read_belief, read_decision
    from adlopt.data.files.writing import write_rows
    from adlopt.policies.decide.deciding import decided
    from adlopt.show.decision import screen

    said = {"under": under, "over": over, "fair": fair, "chance": chance, "deadline": deadline}
    given = {name: value for name, value in said.items() if value is not None}
    if belief is not None:
        given["belief"] = read_belief(belief)  # type: ignore[assignment]
    if ambiguity is not None:
        given["ambiguity"] = ambiguity_of(ambiguity)  # type: ignore[assignment]
    decision = decided(read_decision(file, objective=objective, **given))
    if audit is not None:
        write_decision(decision, audit)
    if output is not None:
        write_rows(decision, output)
    cli.put(decision, form, screen)


@cli.app.command
def audit(file: Path, *, head: str | None = None, form: cli.Form = cli.TEXT) -> None:
    """Decide every decision of a log again, bit for bit, and check its hashes and certificates.

    Parameters
    ----------
    file
        Written by adlopt decide --audit.
    head
        The hash of the last line, where it was published.
    """
    from adlopt.data.decision_log import audit as audit_

    found = audit_(file, head=head)
    cli.put(found, form, lambda _: found)
