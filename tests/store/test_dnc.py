"""The numbers that are not called, and consents; on SQLite and MariaDB."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fsorch.campaigns import ConsentRow, DncRow, Lead, LeadNumber
from fsorch.clock import ManualClock
from fsorch.errors import ConfigError, NotFound
from fsorch.store import Store
from fsorch.store import dnc as dnc_module
from fsorch.store.turns import Turns
from tests.store.leads import elsewhere

NUMBERS = ["+4930", "+49301", "+493012", "+4989", "+44207", "+1415555"]


class Killed(Exception):
    """The process dies."""


class TestOneByOne:
    def test_a_number_is_for_everybody_or_one_campaign(self, store: Store) -> None:
        store.dnc.add(DncRow(number="+49 30 1234", reason="asked"), "ada")
        store.dnc.add(DncRow(number="+49305678", campaign="spring", source="key"), "engine")
        found = store.dnc.find("+49301234", "spring")
        assert found is not None
        assert (found.reason, found.source, found.by) == ("asked", "own", "ada")
        assert store.dnc.find("+49305678") is None
        assert store.dnc.find("+49305678", "autumn") is None
        assert store.dnc.find("+49305678", "spring") is not None
        assert store.dnc.find("+493012345") is None
        assert [one.number for one in store.dnc.entries(campaign="spring")] == ["+49305678"]
        assert [one.number for one in store.dnc.entries(begins="+493")] == ["+49301234", "+49305678"]

    def test_a_star_is_all_that_begin_so(self, store: Store) -> None:
        store.dnc.add(DncRow(number="+4930*"), "ada")
        hits = store.dnc.hits(["+4930", "+49301", "+4931", "+493"])
        assert set(hits) == {"+4930", "+49301"}
        assert hits["+49301"].number == "+4930*"

    def test_it_may_have_an_end(self, store: Store, clock: ManualClock) -> None:
        store.dnc.add(DncRow(number="+49301", until=clock.now().wall + 1_000_000), "ada")
        assert store.dnc.find("+49301") is not None
        clock.advance(1)
        assert store.dnc.find("+49301") is None

    def test_a_second_time_changes_the_reason(self, store: Store) -> None:
        for reason in ("one", "two", "two"):
            store.dnc.add(DncRow(number="+49301", reason=reason), "ada")
        assert [one.reason for one in store.dnc.entries()] == ["two"]

    def test_removal_is_audited_with_what_was_there(self, store: Store) -> None:
        store.dnc.add(DncRow(number="+49301", reason="asked"), "ada")
        store.dnc.take("register", iter([49301, 49302]), "ada")
        store.dnc.take("clients", iter([49301]), "ada", campaign="spring")
        gone = store.dnc.remove("+49301", "boss", reason="asked back")
        assert sorted(one.source for one in gone) == ["clients", "own", "register"]
        assert store.dnc.find("+49301") is None
        assert store.dnc.find("+49302") is not None
        entry = store.audits(1)[0]
        assert (entry.who, entry.act) == ("boss", "dnc.remove")
        assert "asked back" in str(entry.what)
        with pytest.raises(NotFound):
            store.dnc.remove("+49301", "boss")

    def test_an_imported_list_is_nothing_to_one_campaign(self, store: Store) -> None:
        store.dnc.add(DncRow(number="+49301", campaign="spring"), "ada")
        store.dnc.take("register", iter([49301]), "ada")
        assert [one.source for one in store.dnc.remove("+49301", "boss", campaign="spring")] == ["own"]
        found = store.dnc.find("+49301", "spring")
        assert found is not None
        assert found.source == "register"

    def test_entries_of_one_moment_are_each_on_one_page(self, store: Store) -> None:
        for number, campaign in (("+49301", ""), ("+49301", "spring"), ("+49302", "")):
            store.dnc.add(DncRow(number=number, campaign=campaign), "ada")
        pages, after = [], None
        while page := store.dnc.entries(limit=1, after=after):
            pages.append((page[0].number, page[0].campaign))
            after = (page[0].added_at, page[0].number, page[0].campaign)
        assert pages == [("+49301", ""), ("+49301", "spring"), ("+49302", "")]

    @pytest.mark.parametrize(
        "number", ["", "anna", "4930", "+", "+0301", "*", "+*", "+49*30", "+49301\n", "+" + "1" * 16]
    )
    def test_what_is_no_number_is_refused(self, store: Store, number: str) -> None:
        with pytest.raises(ConfigError, match="no number of the no-call list"):
            store.dnc.add(DncRow(number=number), "ada")
        assert store.dnc.find(number) is None

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.tuples(st.sampled_from(NUMBERS), st.booleans(), st.sampled_from(["", "a"])), max_size=6))
    def test_hits_are_what_the_entries_say(self, store: Store, entries: list[tuple[str, bool, str]]) -> None:
        for row in store.dnc.entries():
            store.dnc.remove(row.number, "test", campaign=row.campaign)
        for number, star, campaign in entries:
            store.dnc.add(DncRow(number=number + "*" * star, campaign=campaign), "test")
        for asking in ("", "a", "b"):
            expected = {
                number
                for number in NUMBERS
                for one, star, campaign in entries
                if campaign in ("", asking) and (number.startswith(one) if star else number == one)
            }
            assert set(store.dnc.hits(NUMBERS, asking)) == expected


class TestImports:
    def test_a_register(self, store: Store) -> None:
        done = store.dnc.take("register", iter([49302, 0, 49301, 49302]), "ada")
        assert (done.rows, done.taken, done.refused) == (4, 3, 1)
        hit = store.dnc.find("+49302")
        assert hit is not None
        assert hit.source == "register"
        (listed,) = store.dnc.lists()
        assert (listed.id, listed.rows, listed.refused, listed.done) == ("register", 4, 1, True)
        store.dnc.take("register", iter([49303]), "ada")
        assert store.dnc.find("+49301") is not None
        assert store.dnc.find("+49303") is not None
        store.dnc.remove_list("register", "ada")
        assert [(one.who, one.act) for one in store.audits(1)] == [("ada", "dnc.remove_list")]
        assert store.dnc.hits(["+49301", "+49302", "+49303"]) == {}
        with pytest.raises(NotFound):
            store.dnc.remove_list("register", "ada")

    def test_a_removal_that_was_killed_is_gone_on_with(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        """A list that was made afterwards got the number of the one that was gone, and with it what was left of it."""
        store.dnc.take("old", iter(range(49301, 49309)), "ada", mark="file")
        monkeypatch.setattr(dnc_module, "BATCH", 3)
        calls = []

        def dying(*_all: object) -> int:
            calls.append(1)
            if len(calls) == 2:
                raise RuntimeError("killed")
            return 0

        monkeypatch.setattr(dnc_module, "reopen_from", dying)
        with pytest.raises(RuntimeError, match="killed"):
            store.dnc.remove_list("old", "ada")
        (listed,) = store.dnc.lists()
        assert (listed.id, listed.done) == ("old", False)
        store.dnc.take("new", iter([49401]), "ada")
        store.dnc.remove_list("old", "ada")
        assert [one.id for one in store.dnc.lists()] == ["new"]
        assert set(store.dnc.hits([f"+{n}" for n in (*range(49301, 49309), 49401)])) == {"+49401"}
        # The same file again is read from its beginning.
        assert store.dnc.take("old", iter(range(49301, 49309)), "ada", mark="file").rows == 8
        assert len(store.dnc.hits([f"+{n}" for n in range(49301, 49309)])) == 8

    @pytest.mark.parametrize(
        ("text", "number"),
        [
            ("+44 (0)20 7946 0958", "+442079460958"),
            ("+49 (0)30 1234", "+49301234"),
            ("+1 (212) 555-0103", "+12125550103"),
            ("+39 (0)6 1234 5678", "+390612345678"),
            ("+44 (0)20*", "+4420*"),
        ],
    )
    def test_numbers_as_people_write_them(self, store: Store, text: str, number: str) -> None:
        assert store.dnc.add(DncRow(number=text), "ada").number == number
        assert store.dnc.find(number.replace("*", "79")) is not None

    def test_a_number_of_several_registers_is_told_with_all_of_them(self, store: Store) -> None:
        """Which of them counts, the pack of the campaign says: one that does not must hide no other."""
        for name in ("uk-tps", "uk-ctps", "us-dnc"):
            store.dnc.take(name, iter([49301, 49302]), "ada")
        store.dnc.take("bought", iter([49302]), "ada")
        store.dnc.take("theirs", iter([49302]), "ada", campaign="other")
        store.dnc.add(DncRow(number="+49302"), "ada")
        found = store.dnc.all_hits(["+49301", "+49302", "+49303"], "spring")
        registers = ["uk-ctps", "uk-tps", "us-dnc"]
        assert sorted(row.source for row in found["+49301"]) == registers
        assert [row.source for row in found["+49302"]][:2] == ["own", "bought"]
        assert sorted(row.source for row in found["+49302"][2:]) == registers
        assert "+49303" not in found
        numbers = (LeadNumber(number="+49301"), LeadNumber(number="+49303"))
        ready = store.leads.stranger(Lead(id="", numbers=numbers), "spring")
        assert sorted(ready.registers["+49301"]) == registers
        assert "+49303" not in ready.registers

    def test_who_wants_no_calls_of_a_seller_gets_none_by_another_campaign(self, store: Store) -> None:
        store.dnc.add(DncRow(number="+49301", campaign="spring", source="key"), "engine")
        store.dnc.add(DncRow(number="+49302", campaign="gone", source="key"), "engine")
        assert store.dnc.find("+49301", "autumn") is None
        store.dnc.sellers = {"spring": "Acme", "autumn": "Acme", "other": "Bolt", "nameless": ""}
        found = store.dnc.find("+49301", "autumn")
        assert found is not None
        assert (found.campaign, found.reason) == ("autumn", "key, said to spring")
        assert store.dnc.find("+49301", "spring") == store.dnc.entries(begins="+49301")[0]
        # Whose a campaign was that is gone, nobody knows.
        assert store.dnc.find("+49302", "autumn") is not None
        assert store.dnc.find("+49301", "other") is None
        assert store.dnc.find("+49301", "nameless") is None

    def test_one_for_a_campaign(self, store: Store) -> None:
        store.dnc.take("clients", iter([49301]), "ada", campaign="spring")
        assert store.dnc.find("+49301", "autumn") is None
        assert store.dnc.find("+49301", "spring") is not None

    def test_a_killed_import_goes_on(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(dnc_module, "RUN", 3)
        monkeypatch.setattr(dnc_module, "BATCH", 2)
        read = []

        def numbers(end: int) -> Iterator[int]:
            for n in range(10):
                if n == end:
                    raise Killed
                read.append(n)
                yield 49300 + n

        with pytest.raises(Killed):
            store.dnc.take("register", numbers(7), "ada", mark="file")
        assert not store.dnc.lists()[0].done
        assert store.dnc.find("+49305") is not None
        assert store.dnc.find("+49306") is None
        done = store.dnc.take("register", numbers(99), "ada", mark="file")
        assert (done.rows, done.taken) == (10, 10)
        assert len(store.dnc.hits([f"+{49300 + n}" for n in range(10)])) == 10

    def test_others_write_while_one_is_imported(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        written: list[str] = []

        def others(_: Turns) -> None:
            row = DncRow(number=f"+4989{len(written)}", reason="asked")
            elsewhere(lambda: written.append(store.dnc.add(row, "ada").number))

        monkeypatch.setattr(dnc_module, "RUN", 4)
        monkeypatch.setattr(dnc_module, "BATCH", 2)
        monkeypatch.setattr(Turns, "between", others)
        assert store.dnc.take("register", iter(range(49301, 49307)), "ada").taken == 6
        assert written == ["+49890", "+49891", "+49892"]


class TestConsents:
    def test_who_takes_back_calls_has_no_consent_to_everything_left(self, store: Store, clock: ManualClock) -> None:
        now = clock.now().wall
        for scope in ("*", "automated"):
            store.consents.add(ConsentRow(number="+49301", scope=scope, given_at=now), "ada")
        gone = store.consents.withdraw("+49301", "ada", scope="calls")
        assert [one.scope for one in gone] == ["*"]
        assert [one.scope for one in store.consents.of("+49301") if one.holds(now + 1)] == ["automated"]

    def test_given_ended_and_withdrawn(self, store: Store, clock: ManualClock) -> None:
        now = clock.now().wall
        given = ConsentRow(
            number="+49301",
            who="Zoë",
            what="calls about offers",
            scope="calls",
            channel="web",
            given_at=now,
            until=now + 9,
        )
        made = store.consents.add(given, "ada")
        assert (made.by, made.who) == ("ada", "Zoë")
        other = store.consents.add(ConsentRow(number="+49301", scope="campaign:c", given_at=now + 1), "ada")
        assert store.consents.of("+49301") == [other, made]
        assert store.consents.of("+49302") == []
        assert made.holds(now)
        assert not made.holds(now + 9)
        (withdrawn,) = store.consents.withdraw("+49301", "ada", scope="calls")
        assert withdrawn.id == made.id
        assert not withdrawn.holds(withdrawn.withdrawn_at)
        assert [one.withdrawn_at for one in store.consents.of("+49301")] == [0, withdrawn.withdrawn_at]
        assert len(store.consents.withdraw("+49301", "ada")) == 1
        with pytest.raises(NotFound):
            store.consents.withdraw("+49301", "ada")
        assert [one.act for one in store.audits(2)] == ["consent.withdraw", "consent.withdraw"]
        assert len(store.consents.newest()) == 2
        assert store.consents.newest(number="+49302") == []

    def test_one_alone_is_withdrawn_and_those_of_one_moment_are_each_on_one_page(self, store: Store) -> None:
        made = [store.consents.add(ConsentRow(number="+49301", scope=one, given_at=5), "ada") for one in ("calls", "*")]
        pages, after = [], None
        while page := store.consents.newest(1, after=after):
            pages.append(page[0].id)
            after = (page[0].given_at, page[0].id)
        assert pages == sorted(one.id for one in made)
        (gone,) = store.consents.withdraw("+49301", "ada", id=made[0].id)
        assert gone.id == made[0].id
        assert [one.id for one in store.consents.of("+49301") if not one.withdrawn_at] == [made[1].id]

    def test_one_that_says_nothing_is_refused(self, store: Store) -> None:
        with pytest.raises(ConfigError, match="no number"):
            store.consents.add(ConsentRow(number="anna", given_at=1), "ada")
        with pytest.raises(ConfigError, match="ends before"):
            store.consents.add(ConsentRow(number="+49301", given_at=5, until=5), "ada")
