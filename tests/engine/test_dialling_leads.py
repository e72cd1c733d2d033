"""What is shown to a lead, what is said to it, and which of its numbers is next."""

from __future__ import annotations

from msgspec import structs

from fsorch.campaign.script import fill_in, unknown_words
from fsorch.campaigns import CallerIdPool, Lead, LeadNumber, ListShare
from fsorch.engine.dialling_leads import choices, next_number, shown
from fsorch.engine.dialling_state import Limit
from tests.engine.dialroom import CAMPAIGN, lead

BERLIN = CallerIdPool(numbers=("+493011", "+493012", "+493013"), prefixes=("+4930",), name="Acme Berlin")
GERMANY = CallerIdPool(numbers=("+49800",), prefixes=("+49",))
WORLD = CallerIdPool(numbers=("+1800",))
POOLS = structs.replace(CAMPAIGN, caller_ids=(WORLD, GERMANY, BERLIN))


def test_the_pool_of_the_area_is_shown_and_the_same_number_each_time() -> None:
    first = {shown(POOLS, lead(n), "+4930555") for n in range(40)}
    assert {number for number, _ in first} == set(BERLIN.numbers)
    assert {name for _, name in first} == {"Acme Berlin"}
    assert all(shown(POOLS, lead(n), "+4930555") == shown(POOLS, lead(n), "+4930555") for n in range(40))
    assert shown(POOLS, lead(1), "+4989555") == ("+49800", "")
    assert shown(POOLS, lead(1), "+33155") == ("+1800", "")
    assert shown(CAMPAIGN, lead(1), "+33155") == ("", "")


def test_what_a_lead_has_been_shown_is_shown_again_while_it_may_be() -> None:
    known = lead(1, caller_id="+493012")
    assert shown(POOLS, known, "+4930555") == ("+493012", "Acme Berlin")
    fewer = structs.replace(POOLS, caller_ids=(WORLD,))
    assert shown(fewer, known, "+4930555") == ("+1800", "")


def test_a_list_shows_numbers_of_its_own_and_a_choice_is_one_of_those_that_may_be_shown() -> None:
    lists = (ListShare(list="cold"), ListShare(list="warm", caller_ids=(GERMANY,)))
    spec = structs.replace(POOLS, lists=lists)
    assert shown(spec, lead(1, list="warm"), "+4930555") == ("+49800", "")
    # Nothing of the campaign's: who is not in Germany sees no number.
    assert shown(spec, lead(1, list="warm"), "+33155") == ("", "")
    assert shown(spec, lead(1, caller_id="+493012"), "+4930555", "+1800") == ("+1800", "")
    assert shown(spec, lead(1, caller_id="+493012"), "+4930555", "+1666") == ("+493012", "Acme Berlin")
    found = choices(spec, lead(1, caller_id="+493012"), "+4930555")
    assert found[0] == "+493012"
    assert set(found) == {"+493011", "+493012", "+493013", "+49800", "+1800"}
    assert choices(spec, lead(1, list="warm"), "+33155") == ()


def test_a_script_is_filled_in_and_what_a_list_says_stays_text() -> None:
    known = lead(1, fields={"city": "{agent}", "plan": "A"})
    script = "Hello {name} of {field.city}, {field.plan} or {field.none}? {not a field} {{agent}} {"
    assert fill_in(script, known, "+49", "Ann") == "Hello Lead 1 of {agent}, A or ? {not a field} {Ann} {"


def test_what_is_written_from_right_to_left_turns_nothing_else_of_the_script() -> None:
    known = lead(1, name="\u202eevil \u2069Zo\u00eb", fields={"city": "\u05e2\u05db\u05d5"})
    said = fill_in("Hello {name} of {field.city}, good day", known, "+49", "Ann")
    assert said == "Hello evil Zo\u00eb of \u2068\u05e2\u05db\u05d5\u2069, good day"


def test_words_of_a_script_that_are_nothing_are_named() -> None:
    assert unknown_words(
        "Hello {name}, {nmae} of {field.city} {nmae} {not a word} {field.} {owner} {{agent}} {Name} {"
    ) == (
        "nmae",
        "field.",
        "Name",
    )
    assert unknown_words("") == ()


def test_dead_numbers_are_passed_over() -> None:
    numbers = tuple(LeadNumber(number=f"+{n}", dead=n in (2, 3)) for n in (1, 2, 3))
    found = next_number(Lead(id="1", numbers=numbers, next_number=1))
    assert found is not None
    assert found.number == "+1"
    assert next_number(Lead(id="1", numbers=numbers[1:])) is None
    assert next_number(Lead(id="1")) is None


def test_a_limit_holds_in_every_second_and_is_spread_over_it() -> None:
    limit, now, took = Limit(50), 100.0, []
    for _ in range(400):
        for _ in range(limit.room(now) or 0):
            limit.take(now)
            took.append(now)
        now += 0.01
    assert all(sum(at <= one < at + 1.0 for one in took) <= 50 for at in took)
    assert all(took.count(at) <= 10 for at in took)
    assert len(took) >= 4 * 50 - 5
    assert Limit(0).room(now) is None
    slow = Limit(0.5)
    assert slow.room(now) == 1
    slow.take(now)
    assert slow.room(now + 1.9) == 0
    assert slow.room(now + 2.1) == 1
