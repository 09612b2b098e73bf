"""Who plays in a closed loop: rules close contracts, policies take dollars."""

from __future__ import annotations

from adlopt.foundation.user_code import load
from adlopt.rules.rule import Rule
from adlopt.rules.venues import VENUES
from adlopt.scoring.playable import Playable, loaded, resolve
from adlopt.studies.players import Player, in_file


def as_player(given: Playable) -> Player:
    """Return a rule or a policy for its name, `path.py:name`, a rule, an allocation or a function.

    A rule alone closes contracts; behind a severity, as in persistence+gte, it splits dollars.

    Raises
    ------
    InputError
        If it is none of these.

    Examples
    --------
    >>> as_player("binance"), as_player("queue:leverage").name
    (Rule(binance), 'persistence+queue:leverage')
    """
    if isinstance(given, Rule):
        return given
    if isinstance(given, str) and given in VENUES:
        return VENUES[given]
    if not isinstance(given, str) or not in_file(given):
        return resolve(given)
    found = load(given)
    return found if isinstance(found, Rule) else loaded(found, given)
