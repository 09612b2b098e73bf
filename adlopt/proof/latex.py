"""Prose as LaTeX in plain ASCII, for pdflatex."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from adlopt.errors import ProofError

_SPELT = {"EPSILON": "varepsilon", "PHI": "varphi", "LAMDA": "lambda"}
_SIGNS = {
    "≤": r"\leq",
    "≥": r"\geq",
    "≠": r"\neq",
    "∈": r"\in",
    "∪": r"\cup",
    "∩": r"\cap",
    "∞": r"\infty",
    "±": r"\pm",
    "·": r"\cdot",
    "√": r"\sqrt{\,}",
    "ℓ": r"\ell",
    "…": r"\ldots",
    "⌊": r"\lfloor",
    "⌋": r"\rfloor",
    "‖": r"\|",
    "⟨": r"\langle",
    "⟩": r"\rangle",
    "−": "-",
    "×": r"\times",
    "→": r"\to",
    "⊢": r"\vdash",
}
_ESCAPED = {
    **{c: f"\\{c}" for c in "{}$&#_%"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "–": "--",
    "—": "---",
    "’": "'",
    "‘": "`",
    "“": "``",
    "”": "''",
}
_ACCENTS = {"\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0308": '"'}
_HAT = "\u0302"
_LETTER = f"[A-Za-zΑ-Ωα-ωℓ]{_HAT}?"
_INDEX = r"\{[^{}]*\}|[A-Za-z0-9]+"
_NESTED = r"\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)"
_BUILT = re.compile(
    rf"({_LETTER})_({_INDEX})|(\d|{_LETTER})\^({_INDEX})|√({_NESTED}|{_LETTER}(?:_(?:{_INDEX}))?|\d+)"
)
"""Letters with an index below or above, and roots."""


def greek(words: str) -> str:
    """Spell Greek letters out, as LaTeX names them.

    >>> greek("θ"), greek("α_max")
    ('theta', 'alpha_max')
    """
    return "".join(letter if letter.isascii() else _greek(letter) for letter in words)


def _greek(letter: str) -> str:
    found = re.fullmatch("GREEK (SMALL|CAPITAL) LETTER ([A-Z]+)", unicodedata.name(letter, ""))
    if found is None:
        raise ProofError(f"there is no LaTeX for {letter!r}: use a Greek or Latin letter")
    word = _SPELT.get(found[2], found[2].lower())
    return word if found[1] == "SMALL" else word.capitalize()


def prose(words: str) -> str:
    r"""Write a text with signs and Greek letters in it.

    >>> prose("θ ≤ 50 % of U_t, x²")
    '$\\theta$ $\\leq$ 50 \\% of $U_{t}$, x$^{2}$'
    """
    return _joined(words, _plain, "${}$".format).replace("$$", " ")


def _joined(words: str, plain: Callable[[str], str], built: Callable[[str], str]) -> str:
    parts, end = [], 0
    decomposed = unicodedata.normalize("NFD", words).replace("=\u0338", "≠")
    for found in _BUILT.finditer(decomposed):
        parts += [plain(decomposed[end : found.start()]), built(_built(found))]
        end = found.end()
    return "".join([*parts, plain(decomposed[end:])])


def _built(found: re.Match[str]) -> str:
    base, below, raised, above, radicand = found.groups()
    if radicand:
        return f"\\sqrt{{{_math(radicand.removeprefix('(').removesuffix(')'))}}}"
    mark, index = ("_", below) if below else ("^", above)
    inside = index.strip("{}")
    said = _math(inside)
    if len(inside) > 1 and inside.isalpha() and inside.isascii():
        said = f"\\mathrm{{{inside}}}"
    return f"{_math(base or raised)}{mark}{{{said}}}"


def _math(words: str) -> str:
    """Write what stands inside a formula."""
    return _joined(words, _signs, str).strip()


def _signs(words: str) -> str:
    return "".join(
        f"\\hat{{{_sign(piece[0]).strip()}}}" if piece.endswith(_HAT) else _sign(piece)
        for piece in re.findall(f".{_HAT}?", words, re.DOTALL)
    )


def _sign(sign: str) -> str:
    if sign.isascii():
        return sign
    said = _SIGNS.get(sign) or _level(sign) or f"\\{_greek(sign)}"
    return f"{said} " if said[-1].isalpha() else said


def _level(sign: str) -> str:
    """Write a raised or lowered sign, such as ² or ₊; nothing if it is neither."""
    kind, _, code = unicodedata.decomposition(sign).partition(" ")
    mark = {"<super>": "^", "<sub>": "_"}.get(kind)
    return f"{mark}{{{_math(chr(int(code, 16)))}}}" if mark else ""


def _plain(words: str) -> str:
    return "".join(map(_word, re.findall(r".[\u0300-\u036f]?", words, re.DOTALL)))


def _word(piece: str) -> str:
    letter, accent = piece[0], piece[1:]
    if letter in _ESCAPED:
        return _ESCAPED[letter]
    if accent and accent != _HAT and letter.isascii():
        return f"\\{_ACCENTS[accent]}{{{letter}}}"
    if not accent and letter.isascii() and letter not in "<>|":
        return letter
    return f"${_math(piece)}$"
