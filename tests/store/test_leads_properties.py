"""What holds of leads whatever is asked in whatever order; on SQLite and MariaDB."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fsorch.campaign_checks import parse_filter
from fsorch.campaigns import (
    Lead,
    LeadState,
    OrderBy,
    OrderKey,
)
from fsorch.clock import ManualClock
from fsorch.expressions import evaluate
from fsorch.store import Store
from fsorch.store.lead_filter import names_of
from tests.store.leads import NOW, campaign, make


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_lead_is_ever_with_two_or_lost(store: Store, clock: ManualClock, data: st.DataObject) -> None:
    """Whatever is asked in whatever order: a lead is held by one token at most, and none disappears."""
    if not store.leads.lists.all():
        make(store, 8, owner=lambda n: ("", "ada")[n % 2])
    holding: dict[str, Lead] = {}
    store.leads.recover()
    for turn in range(data.draw(st.integers(1, 12))):
        act = data.draw(st.sampled_from(["reserve", "release", "finish", "late", "crash"]))
        token = f"{clock.advance(1).wall}:{turn}"
        if act == "reserve":
            owners = data.draw(st.sampled_from([(), ("ada",)]))
            for one in store.leads.reserve(campaign(), data.draw(st.integers(1, 4)), NOW, token, owners=owners).leads:
                assert one.lead.id not in holding
                holding[one.lead.id] = one.lead
        elif act == "crash":
            assert store.leads.recover() == ()
            holding.clear()
        elif holding:
            lead = holding[data.draw(st.sampled_from(sorted(holding)))]
            if act == "late":
                late = msgspec.structs.replace(lead, token="gone:1", state=LeadState.FINISHED)
                assert not store.leads.finish(late)
                continue
            holding.pop(lead.id)
            if act == "release":
                assert store.leads.release([lead.id], lead.token) == 1
            else:
                assert store.leads.finish(msgspec.structs.replace(lead, state=LeadState.READY))
    counts = store.leads.lists.count("spring")
    assert (counts.leads, counts.held, counts.open) == (8, len(holding), 8 - len(holding))


MODEL_KEYS = ("priority", "attempts", "name", "owner", "field")
FILTERS = ("", 'field.score != "7"', "lead.priority >= 0 and number(field.score) > 2", 'upper(lead.name) in ["A", "B"]')


def model_key(lead: Lead, key: OrderKey) -> tuple[Any, ...]:
    """What a key of the order sorts by; texts that are no numbers come last, whichever way."""
    if key.by is not OrderBy.FIELD:
        return (getattr(lead, key.by.value),)
    text = lead.fields.get("score", "")
    number = float(text) if text.isdigit() else (-1e300 if key.down else 1e300)
    return (number, text)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(MODEL_KEYS), st.booleans()), max_size=3, unique_by=lambda key: key[0]),
    st.sampled_from(FILTERS),
    st.booleans(),
)
def test_who_comes_is_who_should(store: Store, order: list[tuple[str, bool]], text: str, owner_first: bool) -> None:
    """Against a model that sorts all leads in memory, stably by one key after the other."""
    if not store.leads.lists.all():
        make(
            store,
            24,
            priority=lambda n: n * 7 % 5 - 2,
            attempts=lambda n: n * 3 % 4,
            owner=lambda n: ("", "ada", "bob")[n % 3],
            fields=lambda n: {"score": ("7", "10", "x", "2", "")[n % 5]},
        )
        for n, lead in enumerate(list(store.leads.lists.leads("spring"))):
            store.leads.change(lead.id, "test", name="aBbA"[n % 4])
    store.leads.recover()
    keys = tuple(OrderKey(by=OrderBy(by), down=down, field="score" if by == "field" else "") for by, down in order)
    spec = campaign(order=keys, filter=text, owner_first=owner_first)
    expected = list(store.leads.lists.leads("spring"))
    if text:
        parsed = parse_filter(text, "filter")
        expected = [lead for lead in expected if evaluate(parsed, names_of(lead)) is True]
    for key in reversed(keys):
        expected.sort(key=lambda lead: model_key(lead, key), reverse=key.down)
    got = [one.lead.id for one in store.leads.reserve(spec, 99, NOW, "t:1").leads]
    assert got == [lead.id for lead in expected]
