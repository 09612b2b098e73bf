"""JSON that says one thing twice is refused, wherever it stands; all other JSON is read exactly."""

import json

import pytest
from hypothesis import given, strategies as st

from adlopt.foundation.strict_json import decode

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
STYLES = [{}, {"indent": 1}, {"separators": (",", ":")}, {"separators": (" , ", " : ")}]


@given(VALUES, st.sampled_from(STYLES), st.booleans())
def test_what_was_written_comes_back(value, style, ascii_only):
    text = json.dumps(value, ensure_ascii=ascii_only, **style)
    if "\\ud" not in text.lower():
        assert decode(text) == value


@given(
    st.dictionaries(st.text(), VALUES, min_size=1, max_size=4), st.sampled_from(STYLES), st.data()
)
def test_a_key_that_stands_twice_is_named(value, style, data):
    """A second entry anywhere in an object, of any value, however it is spelt."""
    key = data.draw(st.sampled_from(sorted(value)))
    colon = style.get("separators", (", ", ": "))[1]
    again = json.dumps(key, ensure_ascii=data.draw(st.booleans())) + colon
    again += json.dumps(data.draw(VALUES), **style)
    text = json.dumps(value, **style).rstrip()[:-1] + "," + again + "}"
    whole = data.draw(st.sampled_from(["%s", '{"a": [%s]}', '[{"%%": "a:b"}, %s]']))
    if "\\ud" not in text.lower():
        with pytest.raises(ValueError, match="stands twice"):
            decode(whole % text if "%%" not in whole else whole.replace("%%", "p") % text)


@pytest.mark.parametrize("text", ["", "{", "[1,]", "NaN", "[" * 100_000, b"\xff", '{"a": 1e999}'])
def test_what_is_no_json_is_a_value_error(text):
    with pytest.raises(ValueError, match=r"."):
        decode(text)


def test_whole_numbers_keep_their_digits():
    assert (
        decode('{"user": 123456789012345678901234567890}')["user"] == 123456789012345678901234567890
    )
