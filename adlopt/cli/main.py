"""The command line: verbs, and no logic."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import CycloptsError, MissingArgumentError, Parameter, UnusedCliTokensError

import adlopt as adl
from adlopt.cli import command as cli, judging, loading, optimising, showing, theory  # noqa: F401
from adlopt.errors import (
    AdloptError,
    InputError,
    NoSolution,
    PolicyError,
    ProofError,
    SweepStopped,
    unknown,
)
from adlopt.foundation.user_code import blame, raised_by_own
from adlopt.model.loss import Burden
from adlopt.show.answer import Listing

app = cli.app
__all__ = ["app", "main"]


def main() -> None:
    """Run the command line; errors are one message on stderr, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    warnings.showwarning = cli.warn  # type: ignore[assignment]
    try:
        cli.app(sys.argv[1:], exit_on_error=False, print_error=False)
        sys.stdout.flush()
    except CycloptsError as error:
        _fail(_usage(error), cli.BAD_INPUT)
    except (ProofError, SweepStopped) as error:
        _fail(str(error), cli.NO_ANSWER)
    except NoSolution as error:
        if "--json" in sys.argv:
            names = ("below", "above", "missing", "rounds", "irreducible")
            details = {name: getattr(error, name, None) for name in names}
            held = [b._asdict() for b in getattr(error, "binding", ())]
            print(cli.as_json({"error": str(error), **details, "binding": held}))
        _fail(str(error), cli.NO_ANSWER)
    except AdloptError as error:
        _fail(str(error), cli.BAD_INPUT)
    except BrokenPipeError:
        _mute()
    except (OSError, MemoryError) as error:
        _mute()
        _fail(str(error) or "out of memory", cli.NO_ANSWER)
    except Exception as error:
        if not raised_by_own(error):
            raise
        _fail(blame(error), cli.BAD_INPUT)


@cli.example("adlopt play october-10 -p persistence+pro-rata --show bounds,regret")
def play(
    episode: cli.Named,
    *,
    policy: cli.Policies = None,
    burden: cli.Against = Burden.CAPACITY,
    under: cli.Under = None,
    over: cli.Over = None,
    fair: cli.Fair = None,
    variation: cli.Variation = None,
    coupled: cli.Coupled = False,
    bound: cli.OwnBounds = None,
    gap: float = 0.0,
    time_limit: cli.TimeLimit = None,
    show: Annotated[list[str] | None, Parameter(negative="")] = None,
    form: cli.Form = cli.TEXT,
) -> None:
    """Score policies on an episode: october-10, or a .toml or .json file.

    Without policies the standard severity rules are played from three starting values. Where a
    policy has a certificate of its own, such as coverage:0.1, it is printed after each round.

    Parameters
    ----------
    variation
        P: show regret against the best path of severities of that variation, in hindsight.
    bound
        path.py:name for an adl.Bound of your own, or the name of one that ships: set beside each
        policy, CONSISTENT or REFUTED where it covers it; repeat for several.
    gap
        Relative gap, proven, at which the search for the coupled optimum of a loss may stop.
    show
        Names of tables, such as bounds,quality, or all: a screen, which names them, unless given.
    """
    from adlopt.show.board import chosen as laid

    chosen = cli.episode_named(episode)
    loss = cli.priced_loss(under, over, fair, burden)
    options: dict[str, Any] = {"burden": burden, "variation": variation, "coupled": coupled}
    options |= {"gap": gap, "time_limit": time_limit, "keep_going": True}
    with cli.progress(None, "playing") as step:
        board = adl.play(
            chosen, policy or (), loss=loss, bounds=bound or (), progress=step, **options
        )
    names = [name for words in show or () for name in words.split(",")]
    asked = {"own-bounds": bound, "regret": variation, "burdens": coupled, "loss": loss}
    wanted = [name for name, given in asked.items() if given not in (None, False)]
    names = names or ["all"] * bool(form.table)
    cli.put(board, form, lambda data: laid(data, names, wanted))
    if form == cli.TEXT and (not names or "all" in names):
        for proof in board.certificates:
            print(proof)
    if board.failed:
        raise PolicyError("; ".join(board.failed.values()))


@cli.example("adlopt venues hyperliquid reya")
def venues(*names: str, form: cli.Form = cli.TEXT) -> None:
    """List the rules of venues: who gives, in what order, at what price, and what is unpublished.

    Parameters
    ----------
    names
        Of the rules; all unless given.
    """
    from msgspec import to_builtins

    from adlopt.rules.vectors import described
    from adlopt.show.rules import render_rules

    data = described(names)
    made = to_builtins(data)
    cli.put(Listing(made, made["rules"]), form, lambda _: render_rules(data.rules))


@cli.example("adlopt policies --csv")
def policies(*, form: cli.Form = cli.TEXT) -> None:
    """List what names of policies are made of: how much to take, from whom, who pays before."""
    from adlopt.policies.name import listed
    from adlopt.show.policies import render

    rows = listed()
    cli.put(Listing(rows, rows), form, render)


@cli.example("adlopt deleverage market.toml -r hyperliquid -r reya")
def deleverage(file: Path, *, rule: cli.Rules, form: cli.Form = cli.TEXT) -> None:
    """Print what rules would do to a market, beside the least burden that raises the same.

    Parameters
    ----------
    file
        A .toml or .json file; `adlopt new market.toml` writes a template.
    """
    from adlopt.show.rules import render
    from adlopt.studies.rule_comparison import compare_rules

    cli.put(compare_rules(adl.read_market(file), rule), form, render)


Generated = Annotated[int, Parameter(converter=cli.whole, help="Of the generated episode.")]


@cli.example("adlopt new my_round.toml")
def new(
    kind: str,
    file: Path | None = None,
    *,
    shock: cli.Flag = False,
    rounds: Generated = 16,
    winners: Generated = 1000,
    seed: Generated = 0,
    force: cli.Flag = False,
) -> None:
    """Write a commented template of what is to be solved, played or proved, or an episode.

    Parameters
    ----------
    kind
        round, contracts, decision, episode, market, policy, severity or proof; left out where the
        file's name has it as a word, as my_round.toml has.
    file
        Where, a .toml file, or .py of a policy, a severity and a proof: KIND.toml or KIND.py unless
        given; --shock needs .json.
    shock
        Generate an episode of realistic shape instead.
    force
        Overwrite.
    """
    from adlopt.data.episodes.built_in import shock as generate
    from adlopt.data.files.writing import VERBS, next_verb, suffix_of, write_episode, write_template

    named = kind if kind in VERBS or file is not None else None
    path = file or (Path(kind + suffix_of(kind)) if named else Path(kind))
    if path.exists() and not force:
        raise InputError("file", str(path), "a new name", remedy="--force overwrites")
    if shock and named in (None, "episode"):
        written = write_episode(generate(rounds=rounds, winners=winners, seed=seed), path)
    elif shock:
        raise InputError("--shock", kind, "an episode")
    elif not path.suffix:
        raise unknown("kind", kind, VERBS)
    else:
        written = [write_template(path, named)]
    print("\n".join(f"wrote {path}" for path in written))
    print(f"next: adlopt {f'play {path}' if shock else next_verb(path, named)}")


@cli.example("adlopt completion zsh --install")
def completion(shell: Literal["bash", "zsh", "fish"], *, install: cli.Flag = False) -> None:
    """Print what completes verbs and options in a shell, such as `adlopt completion zsh`.

    Parameters
    ----------
    install
        Write it where the shell looks for it, and name it in the shell's own settings.
    """
    if install:
        print(f"wrote {cli.app.install_completion(shell=shell)}")
    else:
        print(cli.app.generate_completion(shell=shell))


@cli.example("adlopt schema scoreboard")
def schema(name: str | None = None, *, form: cli.Form = cli.TEXT) -> None:
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
    said = {kind: (data.__doc__ or "").partition("\n")[0] for kind, data in kinds().items()}
    rows = [{"name": kind, "is": words} for kind, words in said.items()]
    title, columns = "Answers: adlopt schema NAME", ("name", "is")
    cli.put(Listing(rows, rows), form, lambda _: table(title, columns, list(said.items())))


def _usage(error: CycloptsError) -> str:
    """Say what is missing or too much on the command line, and where help is."""
    said = str(error)
    if isinstance(error, MissingArgumentError) and error.argument is not None:
        name = error.argument.name
        given = error.keyword or next((t.keyword for t in error.argument.tokens), None)
        positional = error.argument.index is not None
        said = f"{name.lstrip('-').upper() if positional else name} is missing"
        said = f"{given} is given without a value" if given else said
    elif isinstance(error, UnusedCliTokensError):
        said = f"too many arguments: {' '.join(error.unused_tokens or ())}"
    see = " ".join(("adlopt", *(error.command_chain or ()), "--help"))
    ended = said.endswith(("?", "..."))
    return f"{said} See {see}" if ended else f"{said.removesuffix('.')}; see {see}"


def _mute() -> None:
    """Drop what is still buffered for a reader that is gone, or for a full disk."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(message: str, code: int) -> None:
    cli.warn(message)
    sys.exit(code)
