"""The operator's example with the centre's own records: who calls, what they owe, where their matter stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from fsorch.clock import ManualClock
from fsorch.config import Centre, decode
from fsorch.customers import Customer, Promise, Ticket, TicketState
from fsorch.edge.lookups_own import own_rows
from fsorch.edge.prompt_texts import wanted
from fsorch.engine.sounds import spoken
from fsorch.flow_examples import example_files
from fsorch.flows import FlowSpec, decode_flow
from fsorch.ivr.rehearsal import Stage
from fsorch.ivr.session import FlowSession
from fsorch.ivr.speech import File, Utterance
from fsorch.ivr.steps import END, Collect, Failed, Fetch, Keys, OwnAsk, Play, Result, Step, ToQueue
from fsorch.store import Store
from tests.store.conftest import open_store

NUMBER, DAY_US = "+12025550123", 86_400_000_000
OPERATOR: FlowSpec = decode_flow(yaml.safe_load(example_files("operator")["operator.yaml"]), where="operator.yaml")
TEXTS = {one.name: one.text for one in wanted(Centre(flows=(OPERATOR,)), ("en",))}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_store(f"sqlite:///{tmp_path}/records.db", ManualClock())
    yield made
    made.close()


def call(store: Store, *keys: str, number: str = NUMBER) -> tuple[str, Step]:
    """What a caller with these keys hears, and how it ends."""
    stage = Stage({"contact.number": number}, in_centre)
    session = FlowSession(OPERATOR, stage)
    left, heard = list(keys), ""
    step: Step | None = session.start()
    while step is not None and not isinstance(step, END):
        if isinstance(step, Play | Collect):
            heard += " ".join(map(words, step.say)) + " "
        step = session.heard(answer(store, step, left), step.serial)
    assert step is not None
    return heard, step


def answer(store: Store, step: Step, keys: list[str]) -> Result:
    if isinstance(step, Fetch):
        return own_rows(store.customers, step.ask) if isinstance(step.ask, OwnAsk) else Failed("no billing here")
    return Keys(keys.pop(0) if keys and isinstance(step, Collect) else "")


def in_centre(name: str, values: Mapping[str, object], language: str) -> tuple[Utterance, ...]:
    return spoken(Centre(), name, values, language)


def words(said: Utterance) -> str:
    return TEXTS.get(said.name, said.name) if isinstance(said, File) else said.text


def ann(store: Store, pin: str | None = None) -> Customer:
    made = Customer(reference="471108", name="Ann", numbers=(NUMBER,), fields={"balance": "12.50"})
    return store.customers.put(made, "test", pin=pin)


def test_who_calls_from_a_known_number_hears_what_they_owe(store: Store) -> None:
    ann(store)
    heard, end = call(store, "1")
    assert "You owe 12 euros and 50 cents" in heard
    assert "customer number" not in heard
    assert not isinstance(end, ToQueue)


def test_who_has_a_pin_is_asked_for_it(store: Store) -> None:
    ann(store, pin="2580")
    assert "You owe 12 euros" in call(store, "2580", "1")[0]
    heard, end = call(store, "1111", "471108#", "1111", "471108#", "1111")
    assert heard.count("Customer number and PIN do not match.") == 2
    assert isinstance(end, ToQueue)


def test_who_calls_from_elsewhere_keys_their_number(store: Store) -> None:
    ann(store, pin="2580")
    heard, _ = call(store, "471108#", "2580", "1", number="+1999")
    assert "enter your customer number" in heard
    assert "You owe 12 euros" in heard


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (TicketState.OPEN, "is with us, and waits for a colleague"),
        (TicketState.WORKING, "A colleague is working on your matter"),
        (TicketState.WAITING, "we wait for an answer from you"),
    ],
)
def test_where_the_matter_stands(store: Store, state: TicketState, said: str) -> None:
    customer = ann(store)
    ticket = store.customers.open_ticket(Ticket(customer=customer.id, subject="No signal", reference="T-7"), "test")
    store.customers.change_ticket(ticket.reference, "test", state=state)
    heard, _ = call(store, "3")
    assert said in heard
    assert "open matters" not in heard


def test_when_it_will_be_done_and_what_was_promised(store: Store) -> None:
    customer = ann(store)
    due = ManualClock().now().wall + 2 * DAY_US
    for subject in ("No signal", "A new card"):
        store.customers.open_ticket(Ticket(customer=customer.id, subject=subject, due_at=due), "test")
    promise = Promise(customer=customer.id, kind="call", what="call about the signal", due_at=due)
    store.customers.make_promise(promise, "test")
    heard, _ = call(store, "3")
    assert "You have 2 open matters" in heard
    assert "We mean to be done by January seventeenth" in heard
    assert "We have promised to call you back by January seventeenth" in heard


def test_who_has_no_open_matter_hears_that(store: Store) -> None:
    ann(store)
    assert "There is no open matter of yours." in call(store, "3")[0]


def test_without_a_billing_system_a_person_helps(store: Store) -> None:
    ann(store)
    heard, end = call(store, "2")
    assert "We cannot look that up at the moment." in heard
    assert isinstance(end, ToQueue)


def test_the_examples_centres_are_what_their_flows_are_for() -> None:
    for name in ("shop", "operator", "clinic"):
        files = example_files(name)
        flow = yaml.safe_load(files[f"{name}.yaml"])
        centre = decode(yaml.safe_load(files[f"{name}-centre.yaml"]) | {"flows": [flow]}, Centre, where=name)
        assert centre.flow == name
