"""How a statement reads is told from above: what a Fact rests on writes no text of its own."""

from functools import singledispatch


@singledispatch
def shown(value: object) -> str:
    """Write a term or a formula for people; nothing is decided by what this returns."""
    return repr(value)


@singledispatch
def in_notebook(value: object) -> str | None:
    """Write a fact or a theorem as Markdown with LaTeX; `adlopt.proof.written_out` says how."""
    return None
