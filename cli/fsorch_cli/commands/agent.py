"""``fsorch agent``: who works, and telling the engine so."""

from __future__ import annotations

from collections.abc import Sequence

import click

from fsorch.doors import phone_login
from fsorch.edge.control_client import ControlClient
from fsorch.engine.inputs import LogIn, LogOut, Request, SetStatus
from fsorch.engine.views import AgentView, Snapshot
from fsorch.errors import ConfigError, NotFound, RequestRefused
from fsorch.names import BreakWeight
from fsorch_cli.app import App
from fsorch_cli.board import status_of
from fsorch_cli.changing import change_centre
from fsorch_cli.console import note, out, print_json, print_table, printable
from fsorch_cli.desk import add_desk_verbs
from fsorch_cli.group import Group
from fsorch_cli.live import ago, asked_by, find, missing, now_us, seconds
from fsorch_cli.objects import add_verbs, with_set
from fsorch_cli.options import AS_JSON
from fsorch_cli.previewing import add_lead_verbs
from fsorch_cli.steering import add_call_verbs

COLUMNS = ("agent", "name", "status", "state", "since>", "queues", "caller", "answered>", "missed>", "on breaks")


@click.group("agent", cls=Group)
def command() -> None:
    """Agents: those of the running fsorch, and the centre's; add, set and remove change the centre."""


add_verbs(command, "agent")
add_call_verbs(command)
add_desk_verbs(command)
add_lead_verbs(command)


@command.command("list")
@AS_JSON
@click.pass_obj
def list_agents(app: App, as_json: bool) -> None:
    """Every agent with status and state."""
    with app.client() as client:
        snapshot = client.snapshot()
    if as_json:
        print_json(snapshot.agents)
        return
    now = now_us()
    rows = [format_agent(agent, now) for agent in snapshot.agents]
    print_table(COLUMNS, rows, empty="No agents yet; write some in a centre file and: fsorch apply FILE")


@command.command("secret")
@click.argument("agent")
@click.option("--new", is_flag=True, help="Make one in place of the one there is; the phone must log in anew.")
@click.pass_obj
def secret(app: App, agent: str, new: bool) -> None:
    """Make the password of AGENT's phone, which the XML door serves to the switch, and show it once."""
    domain = app.settings().web.doors.domain
    with app.store() as store:
        agents = {one.id: one for one in store.load_centre().agents}
        if agent not in agents:
            raise missing("agent", agent, list(agents))
        login = phone_login(agents[agent].phone, domain)
        if login is None:
            raise ConfigError(
                f"the phone of {agent} is {agents[agent].phone!r}, which logs in nowhere; give them a phone such as "
                "user/1001@pbx.example, or web.doors.domain in fsorch.yaml to one without a domain"
            )
        known = store.phone_secret(agent)
        if known is not None and (known.user, known.domain) == login and not new:
            raise ConfigError(f"the phone of {agent} has a password already; for another one: --new")
        password = store.new_phone_secret(agent, *login, by=asked_by())
    out().print(f"user {printable(login[0])} of {printable(login[1])} registers with {password}")
    note("It is shown this once and stored only as a hash.")


@command.command("login")
@click.argument("agents", nargs=-1, required=True, metavar="AGENT...")
@click.option(
    "--phone",
    default="",
    help="Where, for this session: an extension (1002), a number outside (+49301234), or a dial string.",
)
@AS_JSON
@click.pass_obj
def login(app: App, agents: tuple[str, ...], phone: str, as_json: bool) -> None:
    """AGENT begins to work, available at once."""
    if phone and len(agents) > 1:
        raise click.UsageError("--phone is one agent's; log in one at a time")
    _ask(app, [LogIn(agent=agent, by=asked_by(), phone=phone) for agent in agents], as_json)


@command.command("skill")
@click.argument("agent")
@click.argument("levels", nargs=-1, required=True, metavar="SKILL=LEVEL...")
@AS_JSON
@click.pass_obj
def skill(app: App, agent: str, levels: tuple[str, ...], as_json: bool) -> None:
    """Change what AGENT can do, at once: french=3 (levels 1-5), french= takes a skill away."""
    change_centre(app, with_set("agent", agent, [f"skills.{one}" for one in levels]), "agent.skills", as_json=as_json)


@command.command("logout")
@click.argument("agents", nargs=-1, metavar="AGENT...")
@click.option("--all", "everybody", is_flag=True, help="Everybody who is logged in.")
@click.option("--queue", default="", help="Everybody of this queue who is logged in.")
@AS_JSON
@click.pass_obj
def logout(app: App, agents: tuple[str, ...], everybody: bool, queue: str, as_json: bool) -> None:
    """AGENT goes home; in a call, after it. With --all or --queue so does everybody."""
    if bool(agents) + everybody + bool(queue) != 1:
        raise click.UsageError("say who goes home: agents, --all, or --queue QUEUE")
    if everybody or queue:
        with app.client() as client:
            snapshot = client.snapshot()
        if queue:
            find("queue", queue, snapshot.queues)
        at_work = [agent for agent in snapshot.agents if agent.status != "logged_out"]
        agents = tuple(agent.id for agent in at_work if not queue or queue in agent.queues)
        if not agents:
            note("Nobody is logged in.")
    _ask(app, [LogOut(agent=agent, by=asked_by()) for agent in agents], as_json)


@command.command("status")
@click.argument("agent")
@click.argument("status", required=False, type=click.Choice(["available", "break"]))
@click.option("--reason", default="", help="Why the break: an id of the centre's break reasons.")
@click.option("--on-demand", is_flag=True, help="Available, but for each contact: fsorch agent next AGENT.")
@AS_JSON
@click.pass_obj
def status(app: App, agent: str, status: str | None, reason: str, on_demand: bool, as_json: bool) -> None:
    """Show AGENT's status, or set it to STATUS."""
    if status is None and reason:
        raise click.UsageError("--reason says why there is a break: fsorch agent status AGENT break --reason REASON")
    if on_demand and status != "available":
        raise click.UsageError("--on-demand is a way to be available: fsorch agent status AGENT available --on-demand")
    with app.client() as client:
        snapshot = client.snapshot()
        view = find("agent", agent, snapshot.agents)
        if status == "available":
            if reason:
                raise click.UsageError("--reason belongs to a break; leave it out")
            view = _send(client, SetStatus(agent=agent, by=asked_by(), status="available", on_demand=on_demand))
        elif status == "break":
            check_reason(reason, snapshot, view)
            view = _send(client, SetStatus(agent=agent, by=asked_by(), status="break", reason=reason))
    if as_json:
        print_json(view)
    else:
        out().print(format_status(view))


def check_reason(reason: str, snapshot: Snapshot, agent: AgentView) -> None:
    """ConfigError or NotFound when the centre has no such break reason for this agent."""
    known = [one.id for one in snapshot.breaks if one.fits(agent.queues)]
    if reason in known or not (reason or known):
        return
    if not reason:
        raise click.UsageError(f"a break needs --reason, one of: {', '.join(known)}")
    if not known:
        raise ConfigError("the centre has no break reasons; leave --reason out, or add `breaks:` to the centre file")
    raise missing("break reason", reason, known)


def format_agent(agent: AgentView, now: int) -> tuple[object, ...]:
    """The row of one agent; ``now``: UTC microseconds."""
    contact = agent.contact
    return (
        agent.id,
        agent.name,
        status_of(agent),
        agent.state,
        ago(max(agent.state_since, agent.status_since), now),
        ", ".join(agent.queues),
        (contact.name or contact.number) if contact else "",
        agent.answered,
        agent.missed,
        format_breaks(agent, now),
    )


def format_breaks(agent: AgentView, now: int) -> str:
    """The time an agent was on breaks, the present one as well, by weight: ``good 1:10, neutral 30:00``."""
    spent = dict(agent.breaks_us)
    if agent.break_weight:
        spent[agent.break_weight] = spent.get(agent.break_weight, 0) + max(0, now - agent.status_since)
    told = [(weight.value, spent.get(weight, 0)) for weight in BreakWeight]
    return ", ".join(f"{weight} {seconds(us / 1_000_000)}" for weight, us in told if us)


def format_status(agent: AgentView) -> str:
    """One agent in a line, with a wish that is kept for later."""
    words = {"break": "on break", "logged_out": "logged out"}
    reason = f" ({agent.reason})" if agent.reason else ""
    state = "" if (agent.status, agent.state) == ("logged_out", "idle") else f", {agent.state.replace('_', ' ')}"
    more = [f"asked for: {agent.asked}, applied at the next legal moment"] if agent.asked else []
    more += [f"nothing is offered: {agent.unready}"] if agent.unready else []
    more += [f"by a rule: {agent.rule}"] if agent.rule else []
    more += ["the break is longer than it may be"] if agent.overrun else []
    return printable("; ".join([f"{agent.id} is {words.get(agent.status, agent.status)}{reason}{state}", *more]))


def _ask(app: App, requests: Sequence[Request], as_json: bool) -> None:
    """Have each carried out, and say of each agent how they are then. Who is refused keeps nobody else from it: each is
    told by name, and the first one's exit code is the command's. One alone is raised as it came."""
    views: list[AgentView] = []
    refused: list[NotFound | RequestRefused] = []
    for request in requests:
        try:
            with app.client() as client:
                find("agent", request.agent, client.snapshot().agents)
                views.append(_send(client, request))
        except (NotFound, RequestRefused) as error:
            if len(requests) == 1:
                raise
            note(f"{request.agent}: {error}")
            refused.append(error)
            continue
        if not as_json:
            out().print(format_status(views[-1]))
        if isinstance(request, LogIn) and not views[-1].queues:
            note(f"{request.agent} works in no queue: nothing will ring; give them one in the centre file")
    if as_json:
        print_json(views)
    if refused:
        raise click.exceptions.Exit(refused[0].exit_code)


def _send(client: ControlClient, request: Request) -> AgentView:
    client.request(request)
    return find("agent", request.agent, client.snapshot().agents)
