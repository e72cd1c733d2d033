"""``kill -9`` with callers everywhere, and fsorch again: as if nothing had happened."""

from __future__ import annotations

import re

import msgspec
import pytest

from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import EndWrapUp, HangUp, HoldCall, SetStatus, TransferCall
from fsorch.flow_menus import menu_flow
from fsorch.names import SegmentKind
from fsorch.sim.people import PhoneHabits
from fsorch.store.changing import change_centre
from tests.recovery.accounts import Accounts
from tests.recovery.conftest import SEED, Make
from tests.recovery.site import AGENTS, BY
from tests.store.mariadb import missing_mariadb


@pytest.mark.slow
def test_everybody_is_where_they_were(make: Make) -> None:
    site = make(wrap_up_s=300.0, answer_rate=1.0)
    site.switch.world.phones["1004"].habits = PhoneHabits(human=True)
    site.start()
    callers = {}
    for agent, name in zip(AGENTS, ("talking", "held", "wrapped", "offered"), strict=True):
        site.log_in(agent)
        callers[name] = site.call(key="1", talk_s=600.0, patience_s=600.0)
        wanted = "offered" if name == "offered" else "talking"
        site.state_is(callers[name], wanted)
    site.request(HoldCall(agent="bob", by=BY, on=True), HangUp(agent="cleo", by=BY))
    site.request(SetStatus(agent="ann", by=BY, status="break", reason="lunch"))
    for name in ("first", "second", "third"):
        callers[name] = site.call(key="2", patience_s=600.0)
        site.state_is(callers[name], "waiting")
    callers["menu"] = site.call(key="7", reaction_s=600.0, patience_s=600.0)
    site.until(lambda: site.state(callers["menu"]) == "flow", "the menu")
    site.until(lambda: site.agent("bob").contact.held and site.agent("cleo").state == "wrap_up", "hold and wrap-up")  # type: ignore[union-attr]
    waiting = [callers[name].result for name in ("first", "second", "third")]
    site.until(lambda: all(site.listener.plays(result.uuid) for result in waiting), "their music")
    before = {name: site.contact(caller) for name, caller in callers.items()}
    agents = {agent: site.agent(agent) for agent in AGENTS}
    legs = {name: caller.result.uuid for name, caller in callers.items()}
    music = {name: site.listener.starts(legs[name]) for name in legs}

    site.kill()
    site.later(0.3)
    site.start()
    site.until(lambda: site.state(callers["first"]) == "waiting", "the callers to be back")
    for name in ("first", "second", "third"):
        was, now = before[name], site.contact(callers[name])
        assert was is not None
        assert now is not None
        assert (now.id, now.queue, now.enqueued_at, now.began_at) == (was.id, was.queue, was.enqueued_at, was.began_at)
        assert (now.state, now.position, now.answers) == ("waiting", was.position, was.answers)
        assert site.listener.starts(legs[name]) == music[name] == 1, "the music began anew"
        assert site.listener.plays(legs[name]) == 1
    for name, agent in (("talking", "ann"), ("held", "bob")):
        was, now = before[name], site.contact(callers[name])
        assert was is not None
        assert now is not None
        assert (now.id, now.state, now.held, now.agent) == (was.id, was.state, was.held, agent)
        assert now.answered_at == pytest.approx(was.answered_at, abs=200_000)
        assert site.agent(agent).state == "talking"
    wrapping = site.agent("cleo")
    assert (wrapping.state, wrapping.wrap_up_until) == ("wrap_up", agents["cleo"].wrap_up_until)
    assert (site.agent("ann").asked, site.agent("ann").status) == ("break:lunch", "available")
    offered = site.contact(callers["offered"])
    assert offered is not None
    assert (offered.state, offered.agent) == ("offered", "dan")
    assert site.switch.world.phones["1004"].rung == 1, "the phone was called again"
    menu = site.contact(callers["menu"])
    assert menu is not None
    assert menu.state == "flow"

    for name in ("talking", "held"):
        site.leave(callers[name])
    site.switch.server.schedule(site.switch.world.phones["1004"].pick_up)
    site.until(lambda: site.agent("ann").status == "break" or site.agent("ann").state == "wrap_up", "the wish")
    for caller in list(callers.values()):
        site.leave(caller)
    site.drain()
    site.request(EndWrapUp(agent="cleo", by=BY))
    site.stop()
    accounts = Accounts(site)
    accounts.check()
    with site.store() as store:
        for name in ("talking", "held"):
            was = before[name]
            assert was is not None
            kinds = [one.kind for one in accounts.segments[was.id] if one.kind != SegmentKind.WRAP_UP]
            # A phone on a busy machine may be offered the caller twice before the talk; never after it.
            assert re.fullmatch(r"ivr( queue offer)+( talk| hold)+", " ".join(kinds)), kinds
            facts = store.contact(was.id).facts
            assert sum(fact.kind is FactKind.CONTACT_BEGAN for fact in facts) == 1


@pytest.mark.slow
def test_killed_again_and_again(make: Make, request: pytest.FixtureRequest) -> None:
    # Half of the seeds on either kind of database, where there is a server.
    on_server = SEED % 2 and not missing_mariadb()
    site = make(url=request.getfixturevalue("mariadb").new_database()) if on_server else make()
    site.start()
    site.log_in(*AGENTS)
    site.stream(24, 5.0)
    for _ in range(3):
        site.later(site.dice.uniform(0.3, 1.5))
        site.kill()
        site.later(site.dice.choice((0.0, 0.2, 0.8)))
        site.start()
    site.until(lambda: len(site.callers) == 24, "the callers to come")
    site.drain()
    site.until(lambda: all(agent.state == "idle" for agent in site.snapshot().agents), "the agents to be idle")
    site.stop()
    Accounts(site).check()


def test_a_caller_whose_agent_was_consulting_is_given_back_to_the_agent(make: Make) -> None:
    site = make(wrap_up_s=0.2, answer_rate=1.0)
    site.start()
    site.log_in("ann")
    caller = site.call(key="1", talk_s=600.0, patience_s=600.0)
    site.state_is(caller, "talking")
    site.log_in("bob")
    phone = site.switch.world.phones["1002"]
    site.request(TransferCall(agent="ann", by=BY, to="bob", consult=True))
    site.until(lambda: phone.leg is not None and phone.leg.bridge is not None, "the two agents to talk")
    site.kill()
    site.start()
    site.until(lambda: caller.result.talks == 2, "caller and agent to talk")
    site.until(lambda: phone.leg is None, "the other phone to be hung up")
    contact = site.contact(caller)
    assert contact is not None
    assert (contact.state, contact.agent, site.agent("ann").state) == ("talking", "ann", "talking")
    site.leave(caller)
    site.drain()
    site.until(lambda: all(agent.state == "idle" for agent in site.snapshot().agents), "the agents to be idle")
    site.stop()
    Accounts(site).check()


def test_callers_finish_on_the_version_they_began(make: Make) -> None:
    site = make(answer_rate=1.0)
    site.start()
    began = site.call(key="1", reaction_s=2.5, patience_s=600.0)
    channel = began.channel
    assert channel is not None
    # What the switch has not been told before the kill is lost with it: the caller would begin anew.
    site.until(lambda: channel.get("current_application") == "play_and_get_digits", "the menu")
    turned = menu_flow("main", {"1": "support", "2": "sales"}, person="sales")
    with site.store() as store:
        change_centre(store, lambda old: msgspec.structs.replace(old, flows=(turned,)), BY, act="flow.publish")
    site.kill()
    site.start()
    after = site.call(key="1", patience_s=600.0)
    site.state_is(began, "waiting")
    site.state_is(after, "waiting")
    queues = [contact.queue for contact in map(site.contact, (began, after)) if contact is not None]
    assert queues == ["sales", "support"]
    for caller in (began, after):
        site.leave(caller)
    site.drain()
    site.stop()
    entered = [fact.data["version"] for fact in Accounts(site).facts if fact.kind is FactKind.FLOW_ENTERED]
    assert sorted(entered) == [1, 2]
