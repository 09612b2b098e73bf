"""The verb that documents what `--json` prints."""

from __future__ import annotations

from adlopt.cli import command as cli


@cli.app.command
def schema(name: str | None = None) -> None:
    """Print the JSON Schema of an answer; without a name, list the answers.

    Parameters
    ----------
    name
        Of the answer: solution, or adlopt/solution/2 as its "schema" field says.
    """
    from adlopt.show.schema.data import kinds, schema_of
    from adlopt.show.table import table

    if name is not None:
        print(cli.as_json(schema_of(name)))
        return
    rows = [(kind, (data.__doc__ or "").partition("\n")[0]) for kind, data in kinds().items()]
    print(table("Answers: adlopt schema NAME", ("name", "is"), rows))
