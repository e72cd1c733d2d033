"""``kill -9`` with callers whose skills were relaxed, who are listened to, and who are promised a
call: each is where they were, and what was done for them is not done again."""

from __future__ import annotations

from typing import Any

from fsorch.config import Centre, decode
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import HangUp, StopListening, Supervise
from fsorch.sim.people import CarrierHabits
from fsorch.sim.world import TrafficPlan
from tests.recovery.accounts import Accounts
from tests.recovery.conftest import Make
from tests.recovery.site import AGENTS, BY, MUSIC, Site, centre

SKILLS = "technical and (french >= 2 or german >= 2) and not trainee"
STEPS = [
    {"when": {"waited_s": 0.5}, "do": {"act": "ask_skills", "skills": "technical or french"}},
    {"when": {"waited_s": 1.0}, "do": {"act": "lower_priority", "by": 1}},
]


def acd() -> Centre:
    """sales asks for much and relaxes; support calls back."""
    base = {"music": MUSIC, "wrap_up_s": 0.2, "offer_timeout_s": 120, "miss_delay_s": 0.2}
    callback = {"dial": "sofia/gateway/carrier/{number}", "first": "agent"}
    who: dict[str, tuple[tuple[str, ...], dict[str, int]]] = {
        "ann": (("sales",), {"technical": 3, "german": 3}),
        "bob": (("sales",), {"french": 1}),
        "cleo": ((), {}),
        "dan": (("support",), {}),
    }
    nodes = {
        "menu": {
            "kind": "menu",
            "prompt": "menu",
            "options": {"1": "sales", "2": "support", "3": "later", "0": "person"},
        },
        "sales": {"kind": "queue", "queue": "sales"},
        "support": {"kind": "queue", "queue": "support"},
        "later": {"kind": "callback", "queue": "support"},
    }
    data: dict[str, Any] = {
        "name": "recovery",
        "skills": ["technical", "french", "german", "trainee"],
        "queues": [
            base | {"id": "sales", "skills": SKILLS, "steps": {"steps": STEPS}},
            base | {"id": "support", "callback": callback},
        ],
        "agents": [
            {"id": id, "phone": phone.phone, "queues": [{"queue": queue} for queue in who[id][0]], "skills": who[id][1]}
            for id, phone in zip(AGENTS, centre(0.2, 20.0, 120.0).agents, strict=True)
        ],
        "flows": [{"id": "main", "start": "menu", "person": "support", "nodes": nodes}],
        "flow": "main",
    }
    return decode(data, Centre, where="site")


def steps_taken(site: Site) -> list[int]:
    """The steps that the records know of."""
    with site.store() as store:
        facts = [fact for row in store.contacts(100) for fact in store.contact(row.id).facts]
    return sorted(fact.data["step"] for fact in facts if fact.kind is FactKind.STEP_TAKEN)


def test_relaxed_skills_a_listener_and_a_promised_call(make: Make) -> None:
    reached = CarrierHabits(person=1, machine=0, no_answer=0, busy=0, rejected=0, unknown=0, early=0, ring_s=0.2)
    site = make(told=acd(), answer_rate=1.0, traffic=TrafficPlan(carrier=reached))
    site.start()
    site.log_in("ann")
    talks = site.call(key="1", talk_s=600.0, patience_s=600.0)
    site.state_is(talks, "talking")
    site.log_in("cleo")
    site.request(Supervise(agent="ann", by=BY, watcher="cleo", mode="listen"))
    ears = site.switch.world.phones["1003"]
    site.until(lambda: ears.leg is not None and ears.leg.get("current_application") == "eavesdrop", "the supervisor")
    promised = site.call(key="3", patience_s=600.0)
    site.until(lambda: any(contact.callback for contact in site.snapshot().contacts), "the promise")
    (owed,) = [contact for contact in site.snapshot().contacts if contact.callback]
    waits = site.call(key="1", talk_s=0.3, patience_s=600.0)
    channel = waits.channel
    assert channel is not None
    site.until(lambda: (channel.get("fsorch_steps") or "").count(":") == 2, "the steps on the switch")
    before = site.contact(waits)
    assert before is not None

    site.kill()
    site.start()
    site.state_is(waits, "waiting")
    site.state_is(talks, "talking")
    after, still = site.contact(waits), [one for one in site.snapshot().contacts if one.callback]
    assert after is not None
    assert (after.id, after.enqueued_at, after.priority) == (before.id, before.enqueued_at, before.priority)
    assert [(one.id, one.enqueued_at, one.queue) for one in still] == [(owed.id, owed.enqueued_at, "support")]
    # The supervisor hears on, and the agent sees it on.
    listens = ears.leg
    assert listens is not None
    assert listens.get("current_application") == "eavesdrop"
    site.until(lambda: [one.mode for one in site.agent("ann").listeners] == ["listen"], "the listener to be seen")
    site.request(StopListening(agent="ann", by=BY, watcher="cleo"))
    site.until(lambda: ears.leg is None, "the listening to end")
    assert site.agent("ann").contact is not None
    # What the steps have relaxed stays so: bob has no more than a little French.
    site.log_in("bob")
    site.until(lambda: waits.result.talks, "the caller to be served")
    site.log_in("dan")
    site.until(lambda: site.agent("dan").state == "talking", "the customer to be called")
    site.request(HangUp(agent="ann", by=BY), HangUp(agent="dan", by=BY))
    site.until(lambda: not site.snapshot().contacts, "all to be over")
    site.drain()
    site.until(lambda: all(agent.state == "idle" for agent in site.snapshot().agents), "the agents to be idle")
    site.stop()
    assert steps_taken(site) == [0, 1]
    accounts = Accounts(site)
    accounts.check_legs()
    by_number = [row.outcome for row in accounts.contacts.values() if row.number == promised.result.number]
    assert "answered" in by_number
    assert (accounts.contacts[before.id].outcome, accounts.contacts[before.id].agent) == ("answered", "bob")
    for row in accounts.contacts.values():
        accounts.check_segments(row)
