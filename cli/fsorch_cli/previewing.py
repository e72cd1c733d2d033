"""The verbs of an agent with a lead in front of them, for ``fsorch agent``: look, call, skip, and say how it was."""

from __future__ import annotations

import click

from fsorch.engine.inputs import DialNumber, DialPreview, Dispose, SkipPreview
from fsorch.engine.views import AgentView, LeadCard
from fsorch.errors import ConfigError, RequestRefused
from fsorch_cli.app import App
from fsorch_cli.console import out, print_json, printable
from fsorch_cli.group import Command
from fsorch_cli.leads import moment
from fsorch_cli.live import asked_by, find, local_time
from fsorch_cli.options import AS_JSON
from fsorch_cli.steering import ask

__all__ = ["add_lead_verbs", "format_card"]


def add_lead_verbs(group: click.Group) -> None:
    """What an agent does with a lead, who has no desktop."""
    for verb in (lead, dial, skip, dispose):
        group.add_command(verb)


@click.command("lead", cls=Command)
@click.argument("agent")
@AS_JSON
@click.pass_obj
def lead(app: App, agent: str, as_json: bool) -> None:
    """The lead in front of AGENT: who it is, what to say, and the words for how it was."""
    view = _agent(app, agent)
    if as_json:
        print_json(view.lead)
        return
    if view.lead is None:
        why = f" ({view.not_called})" if view.not_called else ""
        out().print(printable(f"{agent} has no lead{why}"))
        return
    for line in format_card(view.lead):
        out().print(printable(line))


@click.command("dial", cls=Command)
@click.argument("agent")
@click.argument("number", required=False, default="")
@click.option("--campaign", default="", help="By hand, for this campaign: NUMBER is in no list, or in any.")
@click.option("--show", "caller_id", default="", metavar="NUMBER", help="What they see, of what may be shown to them.")
@AS_JSON
@click.pass_obj
def dial(app: App, agent: str, number: str, campaign: str, caller_id: str, as_json: bool) -> None:
    """Call the lead that AGENT looks at, at its next number or at NUMBER, one of its own.

    It is checked like every other call: what the law or a list forbids is not dialled, and `agent lead` says why."""
    if campaign:
        if not number:
            raise click.UsageError("by hand takes a number: fsorch agent dial AGENT NUMBER --campaign CAMPAIGN")
        by_hand = DialNumber(agent=agent, by=asked_by(), campaign=campaign, number=number, caller_id=caller_id)
        ask(app, by_hand, agent, as_json)
        return
    card = _card(app, agent, "dial")
    request = DialPreview(agent=agent, by=asked_by(), number=number, lead=card.lead, caller_id=caller_id)
    ask(app, request, agent, as_json)


@click.command("skip", cls=Command)
@click.argument("agent")
@click.option("--reason", default="", help="Why; one of the campaign's, where it names some.")
@AS_JSON
@click.pass_obj
def skip(app: App, agent: str, reason: str, as_json: bool) -> None:
    """Put off the lead that AGENT looks at; the records keep who did, and the reason."""
    card = _card(app, agent, "skip")
    ask(app, SkipPreview(agent=agent, by=asked_by(), reason=reason, lead=card.lead), agent, as_json)


@click.command("dispose", cls=Command)
@click.argument("agent")
@click.argument("disposition")
@click.option("--note", default="", help="Words about it.")
@click.option("--callback", "when", default="", metavar="WHEN", help="When to call again, by the lead's own clock.")
@click.option("--own", is_flag=True, help="By this agent alone.")
@click.option("--answer", "answers", multiple=True, metavar="NAME=TEXT", help="What it asks for; several times.")
@AS_JSON
@click.pass_obj
def dispose(
    app: App,
    agent: str,
    disposition: str,
    note: str,
    when: str,
    own: bool,
    answers: tuple[str, ...],
    as_json: bool,
) -> None:
    """Say how AGENT's call ended: DISPOSITION is one of those that `agent lead` shows."""
    if own and not when:
        raise click.UsageError("--own says who keeps a promised call; give its time with --callback")
    card = _card(app, agent, "dispose")
    if when and not card.zone and moment(when, "--callback", "UTC") != moment(when, "--callback", "Asia/Tokyo"):
        raise ConfigError("nobody knows by which clock the lead lives; give --callback with its offset (...+01:00)")
    request = Dispose(
        agent=agent,
        by=asked_by(),
        disposition=disposition,
        note=note,
        callback_at=moment(when, "--callback", card.zone or "UTC") if when else 0,
        callback_own=own,
        attempt=card.attempt,
        answers=dict(_answer(pair) for pair in answers),
    )
    ask(app, request, agent, as_json)


def _answer(pair: str) -> tuple[str, str]:
    name, sign, text = pair.partition("=")
    if not name or not sign:
        raise click.UsageError(f"--answer is {pair!r}; expected NAME=TEXT")
    return name, text


def format_card(card: LeadCard) -> list[str]:
    """The lead as lines: name and numbers, fields, what was before, the words for how it was, the script."""
    phases = {"shown": "may be called", "dialling": "is being called", "talking": "talks", "closing": "has been called"}
    last = f"last {local_time(card.last_at)} {card.last_outcome}".strip()
    numbers = [f"{one.number} {one.kind}{' (next)' if one.number == card.number else ''}" for one in card.numbers]
    rows = [
        ("lead", f"{card.lead or 'in no list'} {card.name}".strip()),
        ("campaign", card.campaign_title),
        ("now", phases.get(card.phase, card.phase)),
        *(("number", one) for one in numbers),
        ("look", card.astray),
        ("tried", f"{card.attempts} times, {last}" if card.last_at else ""),
        ("promised", card.callback_note),
        ("by itself", f"at {local_time(card.until)}" if card.until else ""),
        ("skip", ", ".join(card.skip_reasons) or ("for any reason" if card.skip_allowed else "")),
        *card.fields.items(),
        *((f"{'said' if one.id == card.said else 'say'} {one.id}", f"{one.title}: {one.then}") for one in card.words),
        ("note", card.note),
    ]
    told = [f"{name:<14} {value}" for name, value in rows if value]
    return [*told, *(("", *card.script.rstrip().splitlines()) if card.script else ())]


def _agent(app: App, agent: str) -> AgentView:
    with app.client() as client:
        return find("agent", agent, client.snapshot().agents)


def _card(app: App, agent: str, what: str) -> LeadCard:
    """The lead in front of an agent. Raises RequestRefused when there is none."""
    view = _agent(app, agent)
    if view.lead is None:
        hint = view.not_called or "no lead is in front of them; see: fsorch campaign top"
        raise RequestRefused(f"agent {agent}", view.state or view.status, what, hint)
    return view.lead
