"""What machines get is documented: each answer is of the kind that it names itself."""

import json
import re

import msgspec
import pytest

from adlopt.show.schema.data import kinds, schema_of

ANSWERS = {
    "scoreboard": ("play", "october-10"),
    "bounds-report": ("bounds", "october-10"),
}
"""Verbs that need no file."""


@pytest.mark.parametrize(("kind", "words"), ANSWERS.items(), ids=ANSWERS)
def test_what_a_verb_prints_is_of_the_kind_that_it_names(run, kind, words):
    code, out, _ = run(*words, "--json")
    data = json.loads(out)
    assert (code, data["schema"]) == (0, f"adlopt/{kind}/2")
    msgspec.json.decode(out, type=kinds()[kind])
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(json.dumps(data | {"surprise": 1}), type=kinds()[kind])


@pytest.mark.parametrize("kind", kinds())
def test_every_kind_has_a_schema_that_says_what_it_is(run, kind):
    code, out, _ = run("schema", kind)
    schema = json.loads(out)
    assert (code, schema) == (0, schema_of(f"adlopt/{kind}/2"))
    one = schema["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    assert one["description"]
    assert one["properties"]["schema"] == {"enum": [f"adlopt/{kind}/2"]}
    assert not one["additionalProperties"]


def test_without_a_name_all_are_listed(run):
    code, out, _ = run("schema")
    assert code == 0
    assert re.findall(r"^  ([a-z]\S*)", out, re.MULTILINE) == ["name", *kinds()]


@pytest.mark.parametrize("name", ["nonsense", "adlopt/scoreboard/1", ""])
def test_what_is_no_kind_is_named(run, name):
    code, _, err = run("schema", name)
    assert code == 2
    assert err.startswith(f"adlopt: schema is {name!r}: expected one of ")
    assert ("did you mean 'scoreboard'?" in err) == ("scoreboard" in name)
