"""One rule for ids, whoever reads them."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, strategies as st

from adlopt.data.cells import id_column
from adlopt.errors import InputError
from adlopt.foundation.ids import (
    BLANKS,
    Alike,
    Picked,
    alike,
    codes,
    folded,
    hidden,
    looks_like_a_float,
    places,
    read_id,
    read_ids,
    read_keys,
)

BLANK = st.text(st.sampled_from(BLANKS), max_size=3)
PLAIN = st.text(
    st.characters(codec="utf-8", exclude_characters=BLANKS, exclude_categories=["Cc", "Cs", "Cf"]),
    min_size=1,
    max_size=6,
)


@given(PLAIN, BLANK, BLANK)
def test_blanks_around_an_id_are_no_part_of_it(name, before, after):
    padded = before + name + after
    assert read_id(padded, "account") == name
    if not looks_like_a_float(name):
        assert id_column(pl.Series([padded]), "account").to_list() == [name]


@given(st.text(max_size=6), st.sampled_from(Alike))
def test_columns_and_single_values_are_read_alike(text, how):
    (column,) = id_column(pl.Series([text], dtype=pl.String), "account", how).to_list()
    single = text.strip()
    if how is Alike.SAME:
        single = folded(text)
    none = single == "" or hidden(single) or looks_like_a_float(single)
    assert column == (None if none else single)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (7, "7"),
        (-7, "-7"),
        (np.uint64(2**64 - 1), "18446744073709551615"),
        (2**100, str(2**100)),
        (1234567890123456789, "1234567890123456789"),
        (b"\x00\xff", "0x00ff"),
        (bytearray(b"\x0a"), "0x0a"),
        (np.str_(" a"), "a"),
    ],
)
def test_whole_numbers_are_their_digits_and_bytes_are_hexadecimal(value, name):
    assert read_id(value, "account") == name


@pytest.mark.parametrize(
    "value",
    [
        *("", " ", "\n\t\u00a0", b"", 7.0, np.float64(7), 0.5, float("nan"), True, None, [1], (1,)),
        *(2**128, -(2**127) - 1, 1j),
        *("\x00", "\x1b\x7f", "\u200b", "\u200e \ufeff", "\ud800", "a\ud800"),
    ],
)
def test_what_is_no_id_is_refused_with_its_value(value):
    with pytest.raises(InputError, match=r"account\[3\] is "):
        read_id(value, "account", index=3)
    with pytest.raises(InputError, match=r"account\[1\] is "):
        read_ids(["ann", value], "account")


@pytest.mark.parametrize(
    "text",
    ["1.0", "1.2345678901234568e+18", "1.23457E+18", "7.", "0.5", "-3.25", "1e+18", "2.5e3", ".5"],
)
def test_texts_of_floats_have_lost_digits(text):
    assert looks_like_a_float(text)
    assert id_column(pl.Series([text]), "account").to_list() == [None]


@pytest.mark.parametrize(
    "text", ["1", "0x1e5", "12e45", "1e18", "0x1.8", "1.2.3", "é", "a.b", "-7"]
)
def test_other_texts_keep_theirs(text):
    assert not looks_like_a_float(text)


@pytest.mark.parametrize(
    "values",
    [
        ["a", "b"],
        ("a", "b"),
        np.array(["a", "b"]),
        np.array(["a", "b"], dtype=object),
        pd.Series(["a", "b"], index=[7, 3]),
        pd.Index(["a", "b"]),
        pl.Series(["a", "b"]),
        iter(["a", "b"]),
    ],
)
def test_any_list_of_ids_is_read(values):
    assert read_ids(values, "account") == ("a", "b")


def test_lists_that_are_none_are_refused():
    for bad in ("ab", b"ab", 7, None):
        with pytest.raises(InputError, match="a list of ids"):
            read_ids(bad, "account")
    with pytest.raises(InputError, match="at least one"):
        read_ids([], "account")
    with pytest.raises(InputError, match="'1 ids': expected 2, one for each row"):
        read_ids(["a"], "account", 2)


def test_keys_of_a_mapping_are_ids_and_stand_once():
    assert read_keys({" a": 1, 7: 2}, "cap") == {"a": 1, "7": 2}
    with pytest.raises(InputError, match="an id once"):
        read_keys({"a": 1, "a ": 2}, "cap")
    with pytest.raises(InputError, match="a mapping"):
        read_keys(["a"], "cap")


@given(st.sets(PLAIN, max_size=5), st.randoms(use_true_random=False))
def test_ids_alike_are_found_and_no_others(names, dice):
    spelt = {name: {name, name.upper(), f"{name[:1]} {name[1:]}".strip()} for name in names}
    given_ids = [each for group in spelt.values() for each in group]
    dice.shuffle(given_ids)
    found = alike(given_ids)
    assert all(len({folded(each) for each in group}) == 1 < len(group) for group in found)
    by_key = {}
    for each in set(given_ids):
        by_key.setdefault(folded(each), set()).add(each)
    assert {frozenset(group) for group in found} == {
        frozenset(group) for group in by_key.values() if len(group) > 1
    }


@given(st.permutations("abcde"), st.lists(st.integers(0, 4), min_size=1), st.integers(1, 5))
def test_ids_picked_by_place_stand_where_texts_would(among, at, few):
    among = tuple(among)
    some, all_ = Picked(among, np.array(at)), Picked(among, np.arange(few)[::-1])
    texts = tuple(among[i] for i in at)
    assert some == texts == read_ids(some, "account")
    assert places(some, all_).tolist() == places(texts, tuple(all_)).tolist()
    same = np.equal.outer(codes(some), codes(some))
    assert same.tolist() == np.equal.outer(codes(texts), codes(texts)).tolist()
    assert type(pickle.loads(pickle.dumps(some))) is tuple


def test_ids_picked_by_place_are_counted():
    with pytest.raises(InputError, match="2 ids"):
        read_ids(Picked(("a", "b"), np.array([1, 1])), "account", 3)
    with pytest.raises(InputError, match="at least one"):
        read_ids(Picked(("a",), np.zeros(0, dtype=np.int64)), "account")
