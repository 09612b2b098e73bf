"""Words, numbers and layouts that all texts are made of, letter by letter."""

import math

import numpy as np
import pytest

import adlopt as adl
from adlopt.data.episodes import october_10
from adlopt.errors import InputError
from adlopt.report.evidence import Evidence
from adlopt.report.headline import cards
from adlopt.report.page import text
from adlopt.report.plots.style import compact, shown
from adlopt.report.provenance import digest
from adlopt.report.reproduced import reproduced_tables
from adlopt.show.adversary import severities
from adlopt.show.answer import make_frame, plain
from adlopt.show.certificate import in_words
from adlopt.show.policies import render as render_policies
from adlopt.show.rows import as_csv, as_latex
from adlopt.show.rules import summary
from adlopt.show.schema.data import CertificateData, all_finite, finite, kinds, schema_of
from adlopt.show.schema.studies import DeleveragingData, in_usd
from adlopt.show.table import Table, chosen_table, few, filled, screen, table, why_not
from adlopt.show.words import (
    amount,
    clipped,
    counted,
    dash,
    dollars,
    number,
    percent,
    printable,
    quantity,
    ranges,
    scaled,
    share,
    unit_of,
    usd,
)

SAID = [
    (percent, (0.0263,), "2.63 %"),
    (percent, (None,), "–"),
    (percent, (math.inf,), "∞"),
    (percent, (-0.0,), "0 %"),
    (share, (0.5,), "50.0 %"),
    (share, (0.0263, 0), "3 %"),
    (share, (None,), "–"),
    (usd, (1234567.891,), "1,234,567.89"),
    (usd, (-0.0,), "0.00"),
    (usd, (None,), "–"),
    (dollars, (1234.5,), "1,234.50 USD"),
    (dollars, (0.004,), "0.004 USD"),
    (dollars, (0.0,), "0.00 USD"),
    (amount, (1234567.891,), "1,234,567.89"),
    (amount, (2.5,), "2.5"),
    (amount, (None,), "–"),
    (quantity, (10258000.0,), "10,258,000"),
    (quantity, (0.1 + 0.2,), "0.3"),
    (quantity, (1.5e-7,), "0.00000015"),
    (number, (1 / 3,), "0.3333"),
    (number, (1 / 3, 10), "0.3333333333"),
    (number, (None,), "–"),
    (dash, (1234.5, "z,.0f"), "1,234"),
    (dash, (None, "z,.0f"), "–"),
    (counted, (1, "round"), "1 round"),
    (counted, (16_000, "round"), "16,000 rounds"),
    (ranges, ([1, 2, 3, 5],), "1–3 5"),
    (printable, ("a\x00b",), "a\N{REPLACEMENT CHARACTER}b"),
    (clipped, ("persistence+pro-rata", 12), "persistence…"),
    (unit_of, (1.5e8,), (1e6, "$M")),
    (unit_of, (20.0,), (1.0, "USD")),
    (scaled, (15_079_669.61, 1e6), "15.08"),
    (scaled, (None, 1e6), "–"),
    (text, ("<b>&\n",), "&lt;b&gt;&amp;\N{REPLACEMENT CHARACTER}"),
    (shown, ("_" + "x" * 50,), " _" + "x" * 32 + "…"),
    (compact, (2_500_000,), "2.5M"),
    (compact, (0,), "0"),
    (compact, (-1e3,), "−1k"),
    (finite, (1.5,), 1.5),
    (finite, (math.inf,), None),
    (finite, (None,), None),
    (in_usd, ("raised",), "raised_usd"),
    (in_usd, ("touched",), None),
    (few, (["a", "b", "c"], 1, "tie"), ["a", "and 2 more ties"]),
    (
        why_not,
        ({"okx": "no peak", "gte": "dust", "bybit": "no peak"},),
        ["not played: okx, bybit: no peak", "not played: gte: dust"],
    ),
    (
        severities,
        ([0.5, 0.0, 0.0, 1e-7, 1 - 1e-7, 0.25004],),
        "θ*: 0.5 0×2 0+ 1− 0.25 (0+ and 1− are within 0.00005 of an end)",
    ),
    (
        in_words,
        ({"upper": 0.25, "gap": 0.05, "optimal": False, "trust": "verified"},),
        "within 0.2 of the optimum (verified)",
    ),
    (
        plain,
        ({"round": np.array([1, 2]), "account": ("a", "b")},),
        {"round": [1, 2], "account": ["a", "b"]},
    ),
]


@pytest.mark.parametrize(("writes", "given", "expected"), SAID)
def test_a_word_or_a_number_is_written_so(writes, given, expected):
    assert writes(*given) == expected


def test_a_screen_takes_as_many_rows_as_it_has_lines():
    told = screen(lambda rows: "row\n" * rows + f"{50 - rows} more", 50)
    assert told.splitlines()[-1] == "27 more"


def test_a_frame_has_the_columns_it_is_given():
    assert make_frame({"round": [1, 2], "needed_usd": [60.0, 30.0]}).shape == (2, 2)


def test_what_is_not_finite_is_null_in_data():
    data = CertificateData(
        upper=math.inf, lower=0.0, gap=1.0, optimal=False, trust="reported", error=0.0,
        budget_residual_usd=0.0,
    )  # fmt: skip
    assert (all_finite(data).upper, all_finite(data).gap) == (None, 1.0)


def test_a_schema_is_found_by_its_name_and_by_its_tag():
    assert kinds()["scoreboard"].__name__ == "ScoreboardData"
    assert schema_of("adlopt/scoreboard/2")["$ref"] == "#/$defs/ScoreboardData"
    assert schema_of("adlopt/scoreboard/2") == schema_of("scoreboard")


def test_a_table_is_laid_out_numbers_to_the_right():
    assert table("dollars", ("who", "USD"), [("alice", "1,200.00"), ("bob", "7.50")]) == (
        "dollars\n  who         USD\n ────────────────\n  alice  1,200.00\n  bob        7.50\n"
    )
    assert filled("word " * 20).splitlines()[1] == "word word word word"


def test_a_table_is_html_too_and_escaped():
    assert Table("dollars", ("who", "USD"), [("<b>", "7.50")])._repr_html_() == (
        '<table>\n<caption>dollars</caption>\n<thead><tr><th scope="col">who</th>'
        '<th scope="col" class="number">USD</th></tr></thead>\n<tbody>\n'
        '<tr><th scope="row">&lt;b&gt;</th><td class="number">7.50</td></tr>\n</tbody>\n</table>'
    )


def test_rows_are_csv_and_latex():
    start = adl.RoundStart(account=["a_1"], capacity=[1200.0], deficit=90.0)
    assert as_csv(start) == "account,capacity_usd\na_1,1200.0\n"
    assert as_latex(start).splitlines() == [
        r"% \usepackage{booktabs}", r"\begin{tabular}{lr}", r"\toprule",
        r"account & capacity\_usd \\", r"\midrule", r"a\_1 & 1,200.00 \\", r"\bottomrule",
        r"\end{tabular}",
    ]  # fmt: skip


def test_rules_that_could_not_be_played_stand_in_their_table():
    unplayed = {"gte": "no leverage", "aevo": "no leverage"}
    data = DeleveragingData(accounts=2, required_usd=5.0, fund_usd=0.0, rules=[], unplayed=unplayed)
    assert summary(data).splitlines() == [
        "2 accounts, 5.00 USD short, 0.00 USD in the fund. Worst burden: the largest",
        "share of a profit",
        "  rule  fund pays  users give  left unpaid  touched  worst",
        " ─────────────────────────────────────────────────────────",
        "  gte           –           –            –        –      –",
        "  aevo          –           –            –        –      –",
        "not played: gte, aevo: no leverage",
    ]


def test_a_word_of_a_policy_shows_what_it_takes():
    row = {"part": "allocation", "name": "queue", "takes": "score", "does": "Best first."}
    assert render_policies([row]).splitlines()[3] == "  queue:score  Best first."


def test_two_episodes_have_one_digest_only_if_they_are_the_same():
    made = [adl.Round.of(capacity=[50.0], deficit=40.0, needed=needed) for needed in (9.0, 9.5)]
    one, other, again = (
        digest(adl.Episode(name="one", rounds=[round_])) for round_ in (*made, made[0])
    )
    assert len(one) == 64
    assert one == again != other


def test_october_10_opens_a_report_and_reproduces_what_is_published():
    evidence = Evidence(episode=october_10())
    first = "16 rounds with deficits of $100,063,386.69 in all needed $15,079,669.61."
    assert cards(evidence)[0].sentences[0] == first
    tables = reproduced_tables(evidence)
    assert {each for table in tables[:3] for each in table.agrees} == {True}


@pytest.mark.parametrize("value", [9_999.5, 14_838.2, -2e6, 1.5971e7])
def test_large_numbers_have_no_exponent(value):
    assert "e" not in number(value)
    assert float(number(value).replace(",", "")) == pytest.approx(value, rel=1e-4)


def test_an_answer_without_tables_says_so():
    with pytest.raises(InputError, match="this answer has no table"):
        chosen_table(lambda: "a card", "1")


def test_a_number_is_that_of_a_table_whatever_titles_say():
    made = [Table(title, ("a",), [("b",)]) for title in ("16 rounds, θ₁ = 1", "the 1st", "2 more")]

    def lay():
        return [str(each) for each in made]

    assert [chosen_table(lay, str(k)).title for k in (1, 2, 3)] == [each.title for each in made]
    assert chosen_table(lay, "more").title == "2 more"
    with pytest.raises(InputError, match="or its number"):
        chosen_table(lay, "4")
