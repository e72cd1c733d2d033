"""What is asked of agents: read, brought to one form, changed by steps, and told."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsorch.demands import (
    NOTHING,
    Demand,
    Least,
    check_wanted,
    demand_of,
    fulfils,
    joined,
    lowered,
    missed,
    names_in,
    parse_demand,
    spoken,
    with_skill,
    without,
    written,
)
from fsorch.errors import ConfigError

KNOWN = ("spanish", "billing", "sales", "trainee", "first-line", "not")
LONG = "spanish >= 3 and (billing >= 2 or sales) and not trainee"


def test_an_expression_asks_for_what_it_says() -> None:
    demand = demand_of(LONG)
    able = {"spanish": 3, "billing": 2}
    assert fulfils(able, demand)
    assert fulfils({"spanish": 5, "sales": 1}, demand)
    assert not fulfils(able | {"trainee": 1}, demand)
    assert not fulfils(able | {"billing": 1}, demand)
    assert not fulfils({}, demand)
    assert (missed({"sales": 1, "trainee": 2}, demand), missed(able, demand)) == (2, 0)
    assert demand.asked == {"spanish", "billing", "sales"}
    assert names_in(demand) == demand.asked | {"trainee"}


def test_a_mapping_is_all_of_it() -> None:
    assert demand_of({"sales": 1, "billing": 2}) == demand_of("billing >= 2 and sales")
    assert demand_of({}) == NOTHING
    assert not NOTHING
    assert demand_of({"billing": 2}).parts == (Least("billing", 2),)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("not (billing or sales <= 1)", "sales >= 2 and not billing"),
        ("billing and billing >= 3", "billing >= 3"),
        ("billing or billing >= 3", "billing"),
        ("2 < billing", "billing >= 3"),
        ("sales >= 2 and (billing or sales)", "sales >= 2"),
        ("not sales and (billing or sales <= 1)", "not sales"),
        ("billing == 2", "billing >= 2 and billing <= 2"),
        ("not billing != 2", "billing == 2"),
        ("sales and (billing or (trainee or sales >= 2))", "sales and (trainee or sales >= 2 or billing)"),
        ("skill.first-line and skill.not >= 2", "skill.not >= 2 and skill.first-line"),
    ],
)
def test_what_means_the_same_is_the_same(text: str, same: str) -> None:
    assert demand_of(text) == demand_of(same)


def test_a_demand_that_contradicts_itself_is_seen() -> None:
    assert not demand_of("billing and not billing").possible
    assert not demand_of("sales and (billing >= 3 and billing < 2)").possible
    assert demand_of("billing or not billing") == NOTHING


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("spansh >= 3", r"q\.skills, column 1: there is no skill 'spansh'; did you mean spanish\?"),
        ("spanish and (bilbing or sales)", r"q\.skills, column 14: .*'bilbing'; did you mean billing"),
        ("spanish >= 6", r"q\.skills, column 12: a level is a whole number, 1 to 5"),
        ("spanish >= 2.5", r"column 12: a level is a whole number"),
        ("spanish >= true", r"column 12: '>=' works on"),
        ("spanish > 5", r"column 9: this is true of nobody"),
        ("not spanish > 5", r"column 13: this is true of nobody"),
        ("spanish >= 0", r"column 9: this is true of everybody"),
        ("spanish >= 'much'", r"column 12: a level is"),
        ("spanish + 1 >= 2", r"column 13: '>=' stands between a skill and a level"),
        ("spanish >= billing", r"column 9: '>=' stands between a skill and a level"),
        ("len(spanish)", r"column 1: expected a skill"),
        ("billing and true", r"column 13: expected a skill"),
        ("billing and 3", r"column 13: 'and' works on true or false"),
        ("billing and", r"column 12: the expression ends here"),
        ("billing = 3", r"column 9: a single '='"),
        ("billing and not billing", r"q\.skills contradicts itself, so that nobody could ever fulfil it"),
        ({"spansh": 3}, r"q\.skills\.spansh is 'spansh'; expected a skill; did you mean spanish"),
    ],
)
def test_a_fault_is_named_with_its_place(wanted: str | dict[str, int], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        check_wanted(wanted, KNOWN, "q.skills")


@pytest.mark.parametrize("wanted", [LONG + " and skill.first-line >= 2 and skill.not", {"first-line": 2, "not": 1}])
def test_a_good_one_passes_for_as_long_as_its_skills_are_there(wanted: str | dict[str, int]) -> None:
    check_wanted(wanted, KNOWN, "q")
    for gone in ("first-line", "not"):
        with pytest.raises(ConfigError, match=f"expected a skill|{gone}"):
            check_wanted(wanted, set(KNOWN) - {gone}, "q")


@pytest.mark.parametrize(
    ("after", "left"),
    [
        (without(demand_of(LONG), "spanish"), "(billing >= 2 or sales) and not trainee"),
        (without(demand_of(LONG), "billing"), "spanish >= 3 and not trainee"),
        (without(demand_of(LONG), "trainee"), "spanish >= 3 and (billing >= 2 or sales)"),
        (without(demand_of("spanish"), "spanish"), ""),
        (lowered(demand_of(LONG), "spanish", None, 1), "spanish >= 2 and (billing >= 2 or sales) and not trainee"),
        (lowered(demand_of(LONG), "billing", 1, None), "spanish >= 3 and (billing or sales) and not trainee"),
        (lowered(demand_of("billing <= 2"), "billing", 1, None), "billing <= 2"),
        (with_skill(demand_of(LONG), "trainee", 2), "spanish >= 3 and (billing >= 2 or sales) and trainee >= 2"),
        (with_skill(demand_of(LONG), "spanish", 2), LONG),
        (with_skill(NOTHING, "sales", 4), "sales >= 4"),
        (joined(demand_of(LONG), demand_of({"spanish": 4})), LONG.replace("3", "4")),
    ],
)
def test_what_steps_make_of_it(after: Demand, left: str) -> None:
    assert after == (demand_of(left) if left else NOTHING)


def test_nothing_changed_is_the_same_thing() -> None:
    demand = demand_of(LONG)
    assert without(demand, "welsh") is demand
    assert lowered(demand, "billing", 5, None) is demand


def test_it_is_told() -> None:
    assert spoken(demand_of(LONG)) == "spanish 3 and not trainee and (billing 2 or sales 1)"
    assert spoken(demand_of("billing <= 2 or (sales and spanish)")) == "billing 2 at most or (sales 1 and spanish 1)"
    assert spoken(demand_of("billing and not billing")) == "what nobody can have"
    assert written(demand_of({"first-line": 2, "not": 1})) == "skill.first-line >= 2 and skill.not"


# -- properties -----------------------------------------------------------------------------------------------------

NAMES = ("ada", "bob", "cyd")
ATOMS = st.sampled_from(NAMES) | st.builds(
    "{} {} {}".format, st.sampled_from(NAMES), st.sampled_from(["<=", "<", ">", ">=", "==", "!="]), st.integers(1, 4)
)
TEXTS = st.recursive(
    ATOMS,
    lambda below: (
        st.builds("({} and {})".format, below, below)
        | st.builds("({} or {})".format, below, below)
        | st.builds("not {}".format, below)
    ),
    max_leaves=8,
)
HAS = st.dictionaries(st.sampled_from(NAMES), st.integers(1, 5))


def plainly(text: str, has: dict[str, int]) -> bool:
    """What Python makes of it, where a lone name is put as a comparison first."""
    words = text.replace("(", "( ").replace(")", " )").split(" ")
    signs = {"<=", "<", ">", ">=", "==", "!="}
    said = [
        f"{word} >= 1" if word in NAMES and (n + 1 == len(words) or words[n + 1] not in signs) else word
        for n, word in enumerate(words)
    ]
    # Of names, digits, comparisons, "and", "or", "not" and parentheses only.
    return bool(eval(" ".join(said), {}, {name: has.get(name, 0) for name in NAMES}))  # noqa: S307


@settings(max_examples=200, deadline=None)
@given(TEXTS, HAS)
def test_it_is_fulfilled_exactly_when_it_is_true(text: str, has: dict[str, int]) -> None:
    demand = demand_of(text)
    assert fulfils(has, demand) is plainly(text, has)
    assert (missed(has, demand) == 0) is fulfils(has, demand)
    again = parse_demand(written(demand)) if demand and demand.possible else demand
    assert again == demand


@settings(max_examples=150, deadline=None)
@given(TEXTS, TEXTS, HAS, st.sampled_from(NAMES), st.integers(1, 5))
def test_a_step_that_relaxes_rules_out_nobody(
    text: str, other: str, has: dict[str, int], skill: str, level: int
) -> None:
    demand = demand_of(text)
    if fulfils(has, demand):
        assert fulfils(has, without(demand, skill))
        assert fulfils(has, lowered(demand, skill, level, None))
        assert fulfils(has, lowered(demand, skill, None, level))
    assert skill not in names_in(without(demand, skill))
    both = joined(demand, demand_of(other))
    assert fulfils(has, both) is (fulfils(has, demand) and fulfils(has, demand_of(other)))
    assert not fulfils(has, with_skill(demand, skill, level)) or has.get(skill, 0) >= level
