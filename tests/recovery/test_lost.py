"""The link is cut, the switch restarts, the database is away, people leave while nobody listens."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from fsorch.engine.inputs import LogIn
from fsorch.names import ContactOutcome, Strategy
from fsorch.sim.people import PhoneHabits
from tests.recovery.accounts import Accounts
from tests.recovery.conftest import SEED, Make
from tests.recovery.site import AGENTS, BY, Site, wall
from tests.store.mariadb import MariaDb

MINUTE_S = 60.0


def rest(site: Site) -> Accounts:
    """Everybody goes home, fsorch ends, and the records are read."""
    site.drain()
    site.until(lambda: all(agent.state == "idle" for agent in site.snapshot().agents), "the agents to be idle")
    site.stop()
    return Accounts(site)


def is_up(site: Site) -> bool:
    """Whether the engine has its switch."""
    return site.snapshot().switches[0].up


def test_a_link_that_is_cut_and_comes_back(make: Make) -> None:
    site = make()
    site.start()
    site.log_in(*AGENTS)
    site.stream(16, 4.0)
    for _ in range(3):
        site.later(site.dice.uniform(0.4, 1.0))
        down = wall()
        site.switch.server.cut_all()
        site.until(lambda: not is_up(site), "the cut to be seen")
        site.until(lambda: is_up(site), "the link to come back")
        site.outages.append((down, wall()))
    site.until(lambda: len(site.callers) == 16, "the callers to come")
    rest(site).check()


def test_a_switch_that_restarts_loses_its_callers_and_frees_the_agents(make: Make) -> None:
    site = make(wrap_up_s=0.2, answer_rate=1.0)
    site.start()
    site.log_in("ann")
    talks = site.call(key="1", talk_s=600.0)
    site.state_is(talks, "talking")
    waits = site.call(key="1", patience_s=600.0)
    site.state_is(waits, "waiting")
    site.restart_switch(SEED + 1)
    site.until(lambda: not site.snapshot().contacts, "the callers to be recorded as lost")
    site.until(lambda: site.agent("ann").state == "idle", "the agent to be free")
    later = site.call(key="2", talk_s=0.2)
    site.until(lambda: later.result.talks, "the next caller to be served")
    accounts = rest(site)
    outcomes = {row.number: row.outcome for row in accounts.contacts.values()}
    assert outcomes == {
        talks.result.number: ContactOutcome.ANSWERED,
        waits.result.number: ContactOutcome.LOST,
        later.result.number: ContactOutcome.ANSWERED,
    }
    legs = [leg for leg in accounts.legs.values() if leg.number == waits.result.number]
    assert [leg.complete for leg in legs] == [False]
    for row in accounts.contacts.values():
        accounts.check_segments(row)


def test_a_database_that_is_away_costs_nothing_but_time(make: Make, mariadb: MariaDb) -> None:
    site = make(url=mariadb.new_database())
    site.start()
    site.log_in(*AGENTS)
    site.stream(10, 3.0)
    site.later(0.5)
    mariadb.stop(kill=SEED % 2 == 1)
    try:
        site.later(1.5)
        assert site.call(key="1", talk_s=0.2).result.outcome == "live"
        site.until(lambda: any(caller.result.talks for caller in site.callers), "a talk without the database")
    finally:
        mariadb.start()
    site.until(lambda: len(site.callers) == 11, "the callers to come")
    rest(site).check()


@pytest.mark.slow
def test_a_minute_without_the_database_with_fsorch_killed_in_it(make: Make, mariadb: MariaDb) -> None:
    site = make(url=mariadb.new_database())
    site.start()
    site.log_in(*AGENTS)
    site.until(lambda: (site.home / "last-shifts.json").exists(), "the agents to be remembered")
    site.stream(60, 55.0)
    began = wall()
    mariadb.stop(kill=SEED % 2 == 1)
    try:
        site.later(site.dice.uniform(20.0, 40.0))
        site.kill()
        site.start()
        site.later(MINUTE_S - (wall() - began) / 1_000_000)
        site.until(lambda: len(site.callers) == 60, "the callers to come")
        talked = sum(caller.result.talks for caller in site.callers)
        # While fsorch starts, on a busy machine for long, they come and go.
        assert talked > 20, "callers were served all the time"
    finally:
        mariadb.start()
    assert site.running is not None
    site.running.wait_for("the database has caught up")
    rest(site)
    Accounts(site, blind_us=150_000).check()


def away(site: Site) -> Path:
    """The folder of the site's SQLite database is gone: what is there cannot hold it. Where it is now."""
    folder, aside = site.home / "db", site.home / "elsewhere"
    folder.rename(aside)
    folder.touch()
    return aside


def back(site: Site, aside: Path) -> None:
    """It is there again."""
    (site.home / "db").unlink()
    aside.rename(site.home / "db")


@pytest.mark.parametrize("kind", ["sqlite", "mariadb"])
def test_a_start_without_the_database_goes_on_and_catches_up(
    make: Make, request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    server: MariaDb | None = request.getfixturevalue("mariadb") if kind == "mariadb" else None
    (tmp_path / "db").mkdir()
    site = make(url=server.new_database() if server else f"sqlite:///{tmp_path}/db/fsorch.sqlite3", answer_rate=1.0)
    site.start()
    talks, waits, leaves = (site.call(key="1", talk_s=talk_s, patience_s=600.0) for talk_s in (5.0, 0.3, 0.3))
    for caller in (talks, waits, leaves):
        site.state_is(caller, "waiting")
    site.log_in("ann")
    site.until(lambda: "talking" in (site.state(talks), site.state(waits), site.state(leaves)), "a talk")
    site.until(lambda: (site.home / "last-shifts.json").exists(), "the agents to be remembered")
    aside = None if server else away(site)
    if server:
        server.stop(kill=SEED % 2 == 1)
    try:
        site.kill()
        site.leave(leaves)
        site.start()
        assert site.running is not None
        assert any("the database is away" in line for line in site.running.log), site.running.log
        site.until(lambda: site.agent("ann").status == "available", "the agent to be at work")
        later = site.call(key="2", talk_s=0.3, patience_s=600.0)
        site.until(lambda: later.result.talks and waits.result.talks, "calls without the database")
    finally:
        if server:
            server.start()
        elif aside is not None:
            back(site, aside)
    site.running.wait_for("the database has caught up")
    rest(site)
    accounts = Accounts(site, blind_us=150_000)
    accounts.check()
    assert len(accounts.contacts) == 4


def test_a_first_start_without_the_database_waits_for_it(make: Make, tmp_path: Path) -> None:
    (tmp_path / "db").mkdir()
    site = make(url=f"sqlite:///{tmp_path}/db/fsorch.sqlite3")
    aside = away(site)
    site.start(wait_for="does not know its centre yet, and tries again")
    back(site, aside)
    assert site.running is not None
    site.running.wait_for("link main is up")
    site.log_in("ann")
    rest(site).check()


def test_a_caller_who_left_while_nobody_listened_leaves_no_phone_ringing(make: Make) -> None:
    site = make()
    site.switch.world.phones["1001"].habits = PhoneHabits(human=True)
    site.start()
    site.log_in("ann")
    caller = site.call(key="1", patience_s=600.0)
    site.until(lambda: site.agent("ann").state == "ringing", "the phone to ring")
    site.kill()
    site.leave(caller)
    site.start()
    site.until(lambda: not site.switch.world.report().live_legs, "the phone to stop")
    site.until(lambda: site.agent("ann").state == "idle", "the agent to be free")
    accounts = rest(site)
    accounts.check()
    assert [row.outcome for row in accounts.contacts.values()] == [ContactOutcome.ABANDONED]


def test_of_four_phones_that_ring_on_after_a_restart_one_gets_the_call(make: Make) -> None:
    site = make()
    phones = list(site.switch.world.phones.values())
    for phone in phones:
        phone.habits = PhoneHabits(human=True)
    queues = tuple(msgspec.structs.replace(queue, strategy=Strategy.RING_ALL) for queue in site.centre.queues)
    with site.store() as store:
        store.save_centre(msgspec.structs.replace(site.centre, queues=queues), BY)
    site.start()
    site.request(*(LogIn(agent=agent, by=BY) for agent in AGENTS))
    caller = site.call(key="1", patience_s=600.0, talk_s=0.6)
    site.until(lambda: all(phone.leg is not None for phone in phones[:4]), "four phones to ring")
    site.kill()
    site.start()
    site.until(lambda: sum(agent.state == "ringing" for agent in site.snapshot().agents) == 4, "four offers")
    for phone in phones[1:3]:
        site.switch.server.schedule(phone.pick_up)
    site.state_is(caller, "talking")
    assert sum(agent.state == "talking" for agent in site.snapshot().agents) == 1
    accounts = rest(site)
    accounts.check()
    assert [phone.rung for phone in phones[:4]] == [1, 1, 1, 1]
    assert caller.result.talks == 1


def test_complaint_9_two_hundred_callers_at_once_leave_nothing_stuck(make: Make) -> None:
    site = make(wrap_up_s=0.0, ring_s=0.1)
    site.start()
    site.log_in(*AGENTS)
    site.stream(200, 4.0, patience_s=1.5)
    site.later(2.0)
    site.kill()
    site.start()
    site.until(lambda: len(site.callers) == 200, "the callers to come")
    rest(site).check()


def test_who_waits_for_a_fsorch_that_never_comes_back_is_served_by_the_switch(make: Make) -> None:
    site = make(unserved_s=5.0)
    site.start()
    caller = site.call(key="1", patience_s=600.0)
    site.state_is(caller, "waiting")
    was = site.contact(caller)
    channel = caller.channel
    assert channel is not None
    site.until(lambda: site.listener.plays(channel.uuid), "the music")
    # A living one puts it off for ever.
    site.later(6.0)
    assert site.state(caller) == "waiting"
    assert site.listener.starts(channel.uuid) == 1, "the music began anew"
    site.kill()
    site.until(lambda: channel.get("fsorch_fallback") == "yes", "the switch to serve the caller alone")
    site.until(lambda: not site.listener.plays(channel.uuid), "the music to end")
    site.start()
    site.until(lambda: not site.snapshot().contacts, "the contact to be over")
    assert channel.get("fsorch_fallback") == "yes"
    assert caller.result.outcome == "live"
    site.leave(caller)
    accounts = rest(site)
    accounts.check_legs()
    (row,) = accounts.contacts.values()
    assert was is not None
    assert (row.id, row.outcome, row.cause, row.enqueued_at) == (was.id, "overflowed", "FSORCH_AWAY", was.enqueued_at)
    assert [(leg.id, leg.complete) for leg in accounts.legs.values()] == [(channel.uuid, True)]


def test_who_called_in_vain_while_fsorch_was_away_is_a_contact_that_is_called_back(make: Make) -> None:
    site = make(unserved_s=5.0)
    site.start()
    waits = site.call(key="1", patience_s=600.0)
    site.state_is(waits, "waiting")
    was = site.contact(waits)
    assert was is not None
    site.kill()
    hasty, patient = site.call(patience_s=1.0), site.call(patience_s=600.0)
    site.until(lambda: hasty.result.outcome == "abandoned", "the one to give up")
    message, mine = patient.channel, waits.channel
    assert message is not None
    assert mine is not None
    site.until(lambda: message.get("fsorch_message") and mine.get("fsorch_message"), "the others' messages")
    for caller in (waits, patient):
        site.leave(caller)
    site.drain()
    site.start()
    accounts = rest(site)
    accounts.check_legs()
    rows = {row.number: row for row in accounts.contacts.values()}
    assert len(rows) == len(accounts.contacts) == 3
    for caller, outcome in ((hasty, "lost"), (patient, "overflowed"), (waits, "overflowed")):
        row = rows[caller.result.number]
        assert (row.outcome, row.cause) == (outcome, "FSORCH_AWAY")
        assert abs(row.ended_at - accounts.at(caller.result.ended_s)) < accounts.slack_us
        assert accounts.legs[caller.result.uuid].contact == row.id
        assert accounts.legs[caller.result.uuid].complete
        accounts.check_segments(row)
    assert rows[waits.result.number].id == was.id
    with site.store() as store:
        owed = {promise.number: promise.what for promise in store.customers.promises(role="supervisor")}
    assert set(owed) == {hasty.result.number, patient.result.number}
    assert owed[patient.result.number].endswith("left a message")
