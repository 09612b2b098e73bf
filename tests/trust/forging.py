"""Forged instances and certificates: a number, a word, an entry or a text changed a little."""

import copy
import json
import math

from adlopt.optimum.evidence import adlcheck


def verdict(entry, certificate, folder):
    """Lines of a valid certificate; None if it is refused, in a line."""
    (folder / "i.json").write_text(entry if isinstance(entry, str) else json.dumps(entry))
    text = certificate if isinstance(certificate, str) else json.dumps(certificate)
    (folder / "c.json").write_text(text)
    try:
        content = adlcheck.instance(folder / "i.json")
        return adlcheck.check(content, adlcheck.parsed(folder / "c.json"))
    except adlcheck.WRONG as reason:
        lines = str(reason).splitlines()
    assert len(lines) <= 1
    return None


CHANGES = [
    lambda v, rng: v * (1 + rng.choice([-1, 1]) * 10.0 ** -rng.randint(1, 16)),
    lambda v, rng: v + rng.choice([-1, 1]) * 10.0 ** -rng.randint(0, 8),
    lambda v, rng: math.nextafter(v, rng.choice([-1, 1]) * math.inf),
    lambda v, rng: rng.choice(
        [0.0, -0.0, 1.0, -v, 2 * v, v / 2, 1e300, -1e300, 5e-324, 1e15, 10**400]
    ),
    lambda v, rng: rng.choice(
        [None, True, False, "1.0", "", [], {}, [v], int(v) if abs(v) < 1e18 else 7]
    ),
]


def places(tree, path=()):
    """Where leaves stand in JSON."""
    items = (
        tree.items()
        if isinstance(tree, dict)
        else enumerate(tree)
        if isinstance(tree, list)
        else ()
    )
    for key, value in items:
        yield (*path, key)
        yield from places(value, (*path, key))


def mutated(tree, rng):
    """The same but for a number, a word, an entry more or less, or two in each other's place."""
    tree = copy.deepcopy(tree)
    *path, last = rng.choice(list(places(tree)))
    inner = tree
    for key in path:
        inner = inner[key]
    value = inner[last]
    if isinstance(value, float) and rng.random() < 0.8:
        inner[last] = rng.choice(CHANGES)(value, rng)
    elif isinstance(value, list) and len(value) > 1 and rng.random() < 0.5:
        i, j = rng.sample(range(len(value)), 2)
        value[i], value[j] = value[j], value[i]
    elif rng.random() < 0.4:
        del inner[last]
    elif isinstance(inner, list):
        inner.append(copy.deepcopy(value))
    else:
        inner[last] = rng.choice(
            [None, 7, "x", [], {}, "fewest", "leximin", "equity", "exact", "reported", True]
        )
    return tree


def mutated_text(tree, rng):
    """The same cut short, with a key twice, or with what is no number."""
    text = json.dumps(tree)
    at = rng.randrange(len(text))
    return rng.choice([
        text[:at],
        text.replace("{", '{"needed": 1.0, "needed": 2.0, ', 1),
        text.replace("{", '{"answer": {}, ', 1),
        text.replace("0.", "NaN", 1),
        text.replace("0.", "Infinity, 0.", 1),
        "[" * 100_000 + text,
        text[:at] + rng.choice('{}[]",:0e-') + text[at + 1 :],
    ])  # fmt: skip


def rebound(entry, certificate, folder):
    """The certificate, bound to another instance, as a forger would."""
    (folder / "i.json").write_text(json.dumps(entry))
    try:
        content = adlcheck.instance(folder / "i.json")
        certificate["instance"]["sha256"] = adlcheck.fingerprint(content)
        certificate["limits"] = [key for key in adlcheck.LIMITS if key in content]
    except adlcheck.WRONG:
        pass
    return certificate


def mutations(rng, entry, certificate, count, folder):
    """Forged instances, bound anew, and forged certificates, of which those that are VALID."""
    for _ in range(count):
        a, b = entry, certificate
        if rng.random() < 0.5:
            a = mutated(a, rng)
            b = rebound(a, copy.deepcopy(b), folder)
        else:
            b = mutated(b, rng)
        if verdict(a, b, folder) is not None:
            yield a, b
