"""Customers, tickets, promises, notes and surveys, on SQLite and MariaDB."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from fsorch.clock import ManualClock
from fsorch.customers import Customer, Note, Promise, PromiseState, SurveyAnswer, Ticket, TicketState
from fsorch.engine.facts import Fact, FactKind
from fsorch.errors import ConfigError, NotFound
from fsorch.store import Store
from fsorch.store.customers import PIN_MISSES, PIN_REST_US


def zoe(**fields: Any) -> Customer:
    known: dict[str, Any] = {"reference": "4711", "name": "Zoë", "numbers": ("+44 20 7946 0001", "0044207946002")}
    return Customer(**(known | fields))


class TestCustomers:
    def test_a_customer_is_found_by_number_and_by_reference(self, store: Store) -> None:
        made = store.customers.put(zoe(fields={"plan": "gold"}, tier="vip"), "cli")
        assert made.numbers == ("442079460001", "44207946002")
        assert made.fields == {"plan": "gold"}
        assert store.customers.by_number("+442079460001") == made
        assert store.customers.by_number("00442079460001") == made
        assert store.customers.by_reference("4711") == made
        assert store.customers.by_number("") is None
        assert store.customers.by_reference("") is None
        assert store.customers.by_number("+4420") is None
        assert [one.id for one in store.customers.search("zo")] == [made.id]
        assert [one.id for one in store.customers.search("+44 20 7946 0001")] == [made.id]
        assert store.customers.search("'; DROP TABLE customer; --") == []

    def test_the_same_reference_is_the_same_customer(self, store: Store) -> None:
        first = store.customers.put(zoe(), "cli", pin="1234")
        again = store.customers.put(zoe(name="Zoë Q"), "cli")
        assert again.id == first.id
        assert again.has_pin
        assert len(store.customers.search()) == 1

    def test_many_customers_may_have_no_reference(self, store: Store) -> None:
        store.customers.put(Customer(name="A"), "cli")
        store.customers.put(Customer(name="B"), "cli")
        assert len(store.customers.search()) == 2

    def test_a_number_has_one_owner(self, store: Store) -> None:
        store.customers.put(zoe(), "cli")
        with pytest.raises(ConfigError, match="442079460001 is a number of Zoë"):
            store.customers.put(Customer(reference="4712", numbers=("+442079460001",)), "cli")
        assert store.customers.by_reference("4712") is None

    def test_one_person_may_be_a_customer_of_each_tenant(self, store: Store) -> None:
        kept, number = store.customers, "+442079460001"
        acme = kept.put(zoe(tenant="acme"), "cli", pin="2468")
        # To nobody's contact, who else could it be?
        assert kept.by_number(number) == acme
        beta = kept.put(zoe(fields={"tenant": "beta", "plan": "gold"}), "cli", pin="1357")
        assert (beta.tenant, beta.fields) == ("beta", {"plan": "gold"})
        assert beta.id != acme.id
        tenants = ("acme", "beta", "gamma", "")
        assert [kept.by_number(number, tenant) for tenant in tenants] == [acme, beta, None, None]
        assert [kept.by_reference("4711", tenant) for tenant in tenants] == [acme, beta, None, None]
        assert kept.named("4711") == [acme, beta] == kept.named(number)
        assert kept.named(beta.id) == [beta]
        assert kept.verify_pin(beta.id, "1357")
        assert not kept.verify_pin(acme.id, "1357")
        everybodys = kept.put(zoe(), "cli")
        assert [kept.by_number(number, tenant) for tenant in ("acme", "gamma", "")] == [acme, everybodys, everybodys]
        with pytest.raises(ConfigError, match="442079460001 is a number of Zoë"):
            kept.put(Customer(reference="1", tenant="beta", numbers=(number,)), "cli")
        # Who moves to another tenant takes their numbers along.
        moved = kept.put(msgspec.structs.replace(beta, tenant="gamma"), "cli")
        assert [kept.by_number(number, tenant) for tenant in ("beta", "gamma")] == [everybodys, moved]
        with pytest.raises(ConfigError, match="one of 'acme', and by their fields one of 'beta'"):
            kept.put(zoe(tenant="acme", fields={"tenant": "beta"}), "cli")

    @pytest.mark.parametrize("number", ["", "12", "none", "1" * 21])
    def test_a_number_that_is_none_is_refused(self, store: Store, number: str) -> None:
        with pytest.raises(ConfigError, match="is no telephone number"):
            store.customers.put(zoe(numbers=(number,)), "cli")

    def test_who_is_removed_is_gone_with_all_that_hangs_on_them(self, store: Store) -> None:
        made = store.customers.put(zoe(), "cli")
        store.customers.open_ticket(Ticket(customer=made.id), "cli")
        store.customers.remove(made.id, "cli")
        assert store.customers.by_number("+442079460001") is None
        assert store.customers.tickets() == ()
        with pytest.raises(NotFound, match="customer"):
            store.customers.get(made.id)


class TestPins:
    def test_the_right_pin_opens_and_no_other(self, store: Store) -> None:
        id = store.customers.put(zoe(), "cli", pin="2468").id
        assert store.customers.verify_pin(id, "2468")
        assert not store.customers.verify_pin(id, "2469")
        assert not store.customers.verify_pin(id, "")
        assert not store.customers.verify_pin("nobody", "2468")

    def test_who_has_no_pin_cannot_prove_anything(self, store: Store) -> None:
        id = store.customers.put(zoe(), "cli").id
        assert not store.customers.verify_pin(id, "")
        assert not store.customers.verify_pin(id, "0000")

    def test_after_some_wrong_pins_none_is_tried_for_a_while(self, store: Store, clock: ManualClock) -> None:
        id = store.customers.put(zoe(), "cli", pin="2468").id
        for _ in range(PIN_MISSES):
            assert not store.customers.verify_pin(id, "1111")
        assert not store.customers.verify_pin(id, "2468")
        clock.advance(PIN_REST_US / 1_000_000 + 1)
        assert store.customers.verify_pin(id, "2468")
        assert not store.customers.verify_pin(id, "1111")
        assert store.customers.verify_pin(id, "2468")

    @pytest.mark.parametrize("pin", ["123", "12a4", "1" * 13, "١٢٣٤"])
    def test_a_pin_that_is_none_is_refused(self, store: Store, pin: str) -> None:
        with pytest.raises(ConfigError, match="4 to 12 digits"):
            store.customers.put(zoe(), "cli", pin=pin)


class TestMatters:
    def test_tickets_are_numbered_and_come_to_an_end(self, store: Store, clock: ManualClock) -> None:
        id = store.customers.put(zoe(), "cli").id
        first = store.customers.open_ticket(Ticket(customer=id, subject="No line"), "cli")
        clock.advance(1)
        second = store.customers.open_ticket(Ticket(customer=id, subject="Bill"), "cli")
        assert (first.reference, second.reference) == ("1001", "1002")
        assert [ticket.subject for ticket in store.customers.tickets(id)] == ["Bill", "No line"]
        store.customers.change_ticket("1001", "sam", state=TicketState.SOLVED)
        assert [ticket.reference for ticket in store.customers.file(id).tickets] == ["1002"]
        assert store.customers.ticket("1001").state is TicketState.SOLVED
        with pytest.raises(ConfigError, match="there is a ticket 1002 already"):
            store.customers.open_ticket(Ticket(reference="1002", customer=id), "cli")
        with pytest.raises(NotFound, match="ticket"):
            store.customers.change_ticket("7", "sam", state=TicketState.SOLVED)

    def test_promises_are_listed_by_when_they_are_due(self, store: Store) -> None:
        id = store.customers.put(zoe(), "cli").id
        late = store.customers.make_promise(Promise(what="call back", customer=id, due_at=20), "cli")
        soon = store.customers.make_promise(Promise(what="bill", customer=id, due_at=10, role="supervisor"), "x")
        assert [one.id for one in store.customers.promises()] == [soon.id, late.id]
        assert [one.id for one in store.customers.promises(role="supervisor")] == [soon.id]
        store.customers.end_promise(soon.id, PromiseState.KEPT, "sam")
        assert [one.id for one in store.customers.file(id).promises] == [late.id]
        with pytest.raises(NotFound, match="promise"):
            store.customers.end_promise("nothing", PromiseState.KEPT, "sam")

    def test_notes_are_kept(self, store: Store) -> None:
        id = store.customers.put(zoe(), "cli").id
        store.customers.add_note(Note(customer=id, text="Speaks slowly"), "sam")
        assert [(note.author, note.text) for note in store.customers.file(id).notes] == [("sam", "Speaks slowly")]


class TestFactsOfCallers:
    def test_what_flows_learned_is_written_once_and_does_not_undo_what_people_did(self, store: Store) -> None:
        answer = SurveyAnswer(id="c1:survey:1", contact="c1", survey="after", number="4420", score=2, at=5)
        promise = Promise(id="p1", kind="supervisor", what="a low score", role="supervisor", made_at=5)
        facts = [
            made_fact("f1", FactKind.SURVEY_ANSWERED, answer),
            made_fact("f2", FactKind.PROMISE_MADE, promise),
            made_fact("f3", FactKind.NOTE_MADE, Note(id="n1", contact="c1", text="hello", at=5)),
        ]
        store.write(facts)
        store.customers.end_promise("p1", PromiseState.KEPT, "sam")
        store.write(facts)
        assert store.customers.promises() == ()
        assert [one.score for one in store.customers.survey_answers(survey="after")] == [2]
        assert store.customers.surveyed_at("+4420") == 5


def made_fact(id: str, kind: FactKind, row: object) -> Fact:
    return Fact(id=id, at=5, kind=kind, contact="c1", data={"row": msgspec.to_builtins(row)})
