"""The live view of ``demo`` and ``top``: queues, agents, contacts and what just happened, cut to fit the terminal."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from fsorch.engine.facts import Fact, FactKind
from fsorch.engine.views import AgentView, ContactView, QueueView, Snapshot
from fsorch_cli.console import cell, format_table, printable
from fsorch_cli.live import ago, clock_time, now_us

__all__ = ["Board", "status_of", "tell", "title_of"]

STATE_STYLES = {
    "idle": "green",
    "reserved": "yellow",
    "ringing": "yellow",
    "talking": "cyan",
    "held": "magenta",
    "wrap_up": "blue",
    "waiting": "yellow",
    "offered": "yellow",
    "flow": "",
}
KEPT_FACTS = 200
# Below this many columns tables leave out what is least missed.
NARROW = 90

# What each kind of fact says in a sentence; kinds that are left out are steps too small to read.
SENTENCES: dict[FactKind, str] = {
    FactKind.CONTACT_BEGAN: "{name} {number} calls {destination}",
    FactKind.ANSWER_KEYED: "keyed {digits}",
    FactKind.CONTACT_QUEUED: "waits in {queue}, place {position}",
    FactKind.OFFER_MADE: "offered to {agent}",
    FactKind.OFFER_ENDED: "{agent}: offer {outcome}",
    FactKind.BRIDGED: "talks to {agent}",
    FactKind.CALL_HUNG_UP: "{who} hung up",
    FactKind.CONTACT_ENDED: "ended: {outcome}",
    FactKind.AGENT_CHANGED: "{agent} is {status}, {state}",
    FactKind.LINK_UP: "switch {switch} is connected",
    FactKind.LINK_DOWN: "switch {switch} is lost: {reason}",
    FactKind.RESYNCED: "switch {switch}: {adopted} calls taken up again",
    FactKind.COMMAND_FAILED: "refused by the switch: {command} {answer}",
    FactKind.CONFIGURED: "new configuration in force",
}


class Blank(dict[str, object]):
    """A fact's values for a sentence: what is not there is left out."""

    def __missing__(self, key: str) -> str:
        return ""


def tell(fact: Fact) -> str:
    """``fact`` as a sentence, or nothing where nobody would read it."""
    sentence = SENTENCES.get(fact.kind)
    if sentence is None:
        return ""
    own = {"agent": fact.agent, "queue": fact.queue, "switch": fact.switch}
    words = Blank({key: printable(value) for key, value in (fact.data | own).items()})
    if words["name"] == words["number"]:
        words["name"] = ""
    return " ".join(sentence.format_map(words).split())


class Board:
    """Draws the newest snapshot. ``heading`` lines stand above it; ``now`` tells UTC microseconds."""

    def __init__(self, heading: Sequence[str] = (), now: Callable[[], int] = now_us) -> None:
        self.heading = heading
        self._now = now
        self.snapshot: Snapshot | None = None
        self.footing = ""
        self._facts: deque[tuple[int, str, str]] = deque(maxlen=KEPT_FACTS)

    def take(self, facts: Iterable[Fact]) -> None:
        """Remember ``facts`` for the list of what just happened."""
        for fact in facts:
            if sentence := tell(fact):
                self._facts.append((fact.at, fact.contact[:8], sentence))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self.draw(options.max_width, options.height or console.height)

    def draw(self, width: int, height: int) -> RenderableType:
        """Everything, in at most ``height`` lines of ``width`` columns."""
        parts: list[RenderableType] = [Text(line, no_wrap=True, overflow="ellipsis") for line in self.heading]
        snapshot = self.snapshot
        if snapshot is None:
            return Group(*parts, Text("waiting for the engine"))
        wide = width >= NARROW
        now = self._now()
        parts.append(format_line(snapshot, self.footing))
        room = max(6, height - len(parts) - len(snapshot.queues) - 3)
        busy = sum(agent.status != "logged_out" for agent in snapshot.agents)
        agent_rows = min(busy + 3, max(4, room * 2 // 5))
        contact_rows = min(len(snapshot.contacts) + 3, max(4, room * 2 // 5))
        fact_rows = max(2, room - agent_rows - contact_rows - 1)
        parts.append(format_queues(snapshot.queues, now, wide))
        parts.append(format_agents(snapshot.agents, now, agent_rows - 3, wide))
        parts.append(format_contacts(snapshot.contacts, now, contact_rows - 3, wide))
        parts.append(self._format_facts(fact_rows))
        return Group(*parts)

    def _format_facts(self, rows: int) -> RenderableType:
        newest = list(self._facts)[-rows:]
        return Group(
            Text("what happened", style="dim"),
            *(
                Text(f"{clock_time(at)}  {contact:<8}  {sentence}", no_wrap=True, overflow="ellipsis")
                for at, contact, sentence in newest
            ),
        )


def format_line(snapshot: Snapshot, footing: str) -> Text:
    """The centre in one line."""
    waiting = sum(queue.waiting for queue in snapshot.queues)
    talking = sum(agent.state == "talking" for agent in snapshot.agents)
    idle = sum(agent.state == "idle" and agent.status == "available" and not agent.unready for agent in snapshot.agents)
    switches = ", ".join(f"{switch.name} {'up' if switch.up else 'DOWN'}" for switch in snapshot.switches) or "none"
    line = f"{snapshot.centre}: {waiting} waiting, {talking} talking, {idle} idle; switch {switches}"
    return Text(printable(f"{line}; {footing}" if footing else line), style="bold", no_wrap=True, overflow="ellipsis")


def format_queues(queues: Sequence[QueueView], now: int, wide: bool) -> Table:
    """Queues, one line each; ``now`` is UTC microseconds, here as below."""
    columns = ["queue", "waiting>", "longest>", "idle>", "busy>", "answered>", "abandoned>"]
    rows = [
        [
            title_of(queue) or queue.id,
            cell(queue.waiting, "bold yellow" if queue.waiting else ""),
            ago(queue.oldest_enqueued_at, now),
            queue.idle,
            queue.busy,
            queue.answered,
            queue.abandoned,
        ]
        for queue in queues
    ]
    if wide:
        columns.append("in time>")
        for row, queue in zip(rows, queues, strict=True):
            row.append(in_time(queue))
    return format_table(columns, rows, more=0)


def in_time(queue: QueueView) -> str:
    """The share of those who were answered in time among all who were answered or gave up, as the desktop's board and
    the report have it; empty while there is nobody to count."""
    done = queue.answered + queue.abandoned
    return f"{100 * queue.within / done:.0f}%" if done else ""


def title_of(queue: QueueView) -> str:
    """A queue's title, and whether it is paused."""
    return f"{queue.title or queue.id} (paused)" if queue.paused else queue.title


def status_of(agent: AgentView) -> str:
    """What an agent chose, what is otherwise than they chose it, and why, such as ``available (phone not registered)``
    or ``break (lunch, too long) → logged_out``."""
    demand = "on demand" if agent.on_demand and agent.status == "available" else ""
    late = "too long" if agent.overrun and agent.status == "break" else ""
    why = ", ".join(word for word in (agent.reason, late, demand, agent.unready, agent.rule) if word)
    status = f"{agent.status} ({why})" if why else agent.status
    return f"{status} → {agent.asked}" if agent.asked else status


def format_agents(agents: Sequence[AgentView], now: int, rows: int, wide: bool) -> Table:
    """Agents who work, the busy ones first."""
    here = [agent for agent in agents if agent.status != "logged_out"]
    here.sort(key=lambda agent: (agent.state == "idle", agent.id))
    columns = ["agent", "status", "state", "since>", "caller"] + (["answered>", "missed>"] if wide else [])
    lines: list[list[object]] = []
    for agent in here[: max(1, rows)]:
        contact = agent.contact
        line: list[object] = [
            agent.name or agent.id,
            agent.reason or (cell(agent.unready, "red") if agent.unready else agent.status),
            cell(agent.state, STATE_STYLES.get(agent.state, "")),
            ago(max(agent.state_since, agent.status_since), now),
            (contact.name or contact.number) if contact else "",
        ]
        lines.append(line + ([agent.answered, agent.missed] if wide else []))
    return format_table(columns, lines, more=len(here) - len(lines))


def format_contacts(contacts: Sequence[ContactView], now: int, rows: int, wide: bool) -> Table:
    """Live contacts, those who wait longest first."""
    ordered = sorted(contacts, key=lambda contact: (contact.state in ("talking", "held"), contact.began_at))
    columns = ["contact", "number", "name", "state", "queue", "for>"] + (["agent", "keyed"] if wide else [])
    lines: list[list[object]] = []
    for contact in ordered[: max(1, rows)]:
        line: list[object] = [
            contact.id[:8],
            contact.number,
            contact.name,
            cell(contact.state, STATE_STYLES.get(contact.state, "")),
            contact.queue_title or contact.queue,
            ago(contact.began_at, now),
        ]
        keyed = " ".join(answer.digits for answer in contact.answers)
        lines.append(line + ([contact.agent, keyed] if wide else []))
    return format_table(columns, lines, more=len(ordered) - len(lines))
