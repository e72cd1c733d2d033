"""``fsorch callback``: who has been promised a call: callers who keep their place in a queue, and leads at a time."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import click

from fsorch.campaigns import Lead, LeadState
from fsorch.clock import to_datetime
from fsorch.engine.inputs import CallNow, CancelCallback, MoveContact
from fsorch.engine.views import ContactView
from fsorch.errors import ConfigError, NotFound, NotRunning, RequestRefused
from fsorch.store import Store
from fsorch_cli.app import App
from fsorch_cli.console import first_rows, note, out, print_json, print_table, printable
from fsorch_cli.group import Group
from fsorch_cli.leads import find_lead, lead_zone, moment
from fsorch_cli.live import ago, asked_by, find, local_time, now_us
from fsorch_cli.options import AS_JSON, limited
from fsorch_cli.steering import ask, live_contact


@click.group("callback", cls=Group)
def command() -> None:
    """Who has been promised a call: CONTACT keeps the place in a queue, LEAD is called at a time by a campaign.

    CONTACT is an id or how one begins; LEAD an id, a number with its country code, or a reference."""


@command.command("list")
@click.option("--leads", "leads_only", is_flag=True, help="Only leads, which needs no running fsorch.")
@click.option("--agent", default="", help="Only leads that this agent has promised to call.")
@limited(200, "So many leads.")
@AS_JSON
@click.pass_obj
def list_callbacks(app: App, leads_only: bool, agent: str, limit: int, as_json: bool) -> None:
    """Every promise that is not kept yet: callers in the order of the queues, then leads by their time.

    As JSON the callers alone; with --leads, the leads alone. Callers are known to a running fsorch only."""
    leads_only = leads_only or bool(agent)
    if not leads_only:
        contacts = _owed(app, needed=as_json)
        if as_json:
            print_json(contacts)
            return
        if contacts is not None:
            _show_contacts(contacts)
    with app.store() as store:
        leads = first_rows(store.leads.callbacks(agent=agent, limit=limit + 1), limit)
    if as_json:
        print_json(leads)
    elif leads or leads_only or contacts is None:
        _show_leads(leads)


def _owed(app: App, *, needed: bool) -> list[ContactView] | None:
    """The callers who wait for a call, in the order of the queues. None, and a remark, where no fsorch runs that knows
    them; where they are ``needed`` it raises NotRunning."""
    try:
        with app.client() as client:
            contacts = [one for one in client.snapshot().contacts if is_owed(one)]
    except NotRunning as error:
        if needed:
            raise
        note(f"{error}; callers who keep their place are known to a running fsorch only, leads to the database:")
        return None
    return sorted(contacts, key=lambda one: (one.queue, one.position or 1_000_000))


def _show_contacts(contacts: list[ContactView]) -> None:
    now = now_us()
    rows = [
        (
            *(one.id, one.number, one.name, one.queue, one.position or "", one.callback),
            *(one.callback_by or "anyone", ago(one.enqueued_at, now), one.why),
        )
        for one in contacts
    ]
    print_table(
        ("contact", "number", "name", "queue", "place>", "state", "by", "since>", "waits for"),
        rows,
        empty="Nobody waits for a call.",
    )


def _show_leads(leads: list[Lead]) -> None:
    rows = [
        (
            one.id,
            one.numbers[0].number if one.numbers else "",
            one.name,
            one.list,
            local_time(one.next_at),
            one.callback_agent or "anyone",
            one.callback_note,
        )
        for one in leads
    ]
    print_table(("lead", "number", "name", "list", "at", "by", "note"), rows, empty="No lead waits for a call.")


@command.command("add")
@click.argument("lead")
@click.argument("when")
@click.option("--agent", default="", help="Who calls; an agent's id. Else anyone.")
@click.option("--campaign", default="", help="Which campaign calls; else any that has the lead's list.")
@click.option("--zone", default="", help="The zone of WHEN; else the customer's own.")
@click.option("--note", default="", help="What the agent sees.")
@AS_JSON
@click.pass_obj
def add(app: App, lead: str, when: str, agent: str, campaign: str, zone: str, note: str, as_json: bool) -> None:
    """Promise LEAD a call at WHEN, such as 2027-01-31T09:00: a time in the customer's own zone, unless it has an
    offset."""
    with app.store() as store:
        _expect_known(store, agent, campaign)
        promised = _promised(store, find_lead(store, lead), when, zone, agent=agent, campaign=campaign, note=note)
    print_json(promised) if as_json else _tell(promised, zone)


@command.command("cancel")
@click.argument("contact", metavar="CONTACT|LEAD")
@click.option("--done", is_flag=True, help="A lead: do not call it at all any more.")
@AS_JSON
@click.pass_obj
def cancel(app: App, contact: str, done: bool, as_json: bool) -> None:
    """Do not call CONTACT back. A LEAD stands among the others of its list again, or is done with --done."""
    try:
        id = live_contact(app, contact)
    except (NotFound, NotRunning):
        with app.store() as store:
            if not store.leads.find(contact):
                raise
            lead = store.leads.unpromise(find_lead(store, contact).id, asked_by(), done=done)
        told = "is done" if done else "is called when its turn comes"
        words = f"the promise is taken back: lead {printable(lead.id)} {told}"
        print_json(lead) if as_json else out().print(words)
        return
    ask(app, CancelCallback(contact=id, by=asked_by()), id, as_json)


@command.command("now")
@click.argument("contact")
@AS_JSON
@click.pass_obj
def now(app: App, contact: str, as_json: bool) -> None:
    """Make CONTACT the next in its queue, with no pause after a try that failed."""
    id = live_contact(app, contact)
    ask(app, CallNow(contact=id, by=asked_by()), id, as_json)


@command.command("move")
@click.argument("what", metavar="CONTACT|LEAD")
@click.argument("to", metavar="QUEUE|WHEN")
@click.option("--agent", default=None, help="For a lead: who calls instead; empty for anyone.")
@click.option("--zone", default="", help="For a lead: the zone of WHEN; else the customer's own.")
@AS_JSON
@click.pass_obj
def move(app: App, what: str, to: str, agent: str | None, zone: str, as_json: bool) -> None:
    """Let QUEUE call CONTACT back, which keeps the time it has waited; or call LEAD at another time, WHEN."""
    if not _is_moment(to):
        id = live_contact(app, what)
        ask(app, MoveContact(contact=id, queue=to, by=asked_by()), id, as_json)
        return
    with app.store() as store:
        lead = find_lead(store, what)
        if lead.state is not LeadState.CALLBACK:
            hint = "it was promised no call; promise one with fsorch callback add"
            raise RequestRefused("the lead", lead.state.value, "to move its callback", hint)
        _expect_known(store, agent or "", "")
        by_whom = lead.callback_agent if agent is None else agent
        promised = _promised(store, lead, to, zone, agent=by_whom, campaign=lead.campaign, note=lead.callback_note)
    print_json(promised) if as_json else _tell(promised, zone)


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _promised(store: Store, lead: Lead, when: str, zone: str, *, agent: str, campaign: str, note: str) -> Lead:
    has_offset = _is_moment(when) and datetime.fromisoformat(when).tzinfo is not None
    at = moment(when, "WHEN", "UTC" if has_offset else _known_zone(zone) or lead_zone(lead))
    if at <= now_us():
        raise ConfigError(f"WHEN is {when!r}, which has passed; give a time to come")
    return store.leads.promise(lead.id, at, asked_by(), agent=agent, campaign=campaign, note=note)


def _known_zone(zone: str) -> str:
    try:
        return zone and str(ZoneInfo(zone))
    except (KeyError, ValueError, OSError):
        raise ConfigError(f"--zone is {zone!r}; expected a time zone such as Europe/Berlin") from None


def _expect_known(store: Store, agent: str, campaign: str) -> None:
    """Agent and campaign are the centre's."""
    centre = store.load_centre()
    if agent:
        find("agent", agent, centre.agents)
    if campaign:
        find("campaign", campaign, centre.campaigns)


def _tell(lead: Lead, zone: str) -> None:
    try:
        there = zone or lead_zone(lead)
    except ConfigError:
        there = "UTC"
    at = to_datetime(lead.next_at).astimezone(ZoneInfo(there)).strftime("%Y-%m-%d %H:%M")
    who = lead.callback_agent or "anyone"
    out().print(f"lead {printable(lead.id)} is called back at {at} {printable(there)} by {printable(who)}")


def is_owed(contact: ContactView) -> bool:
    """Whether this contact is to be called back, or is being called."""
    return contact.callback in ("waiting", "calling", "resting")
