"""The things of a centre one by one, by the words people use for them: read, put, patched, removed.

Each writer gives a function from the centre as it is to the centre as it shall be, checked whole; whoever calls it says
how that is saved (see :mod:`fsorch.store.changing`). Prompts and skills are no lists in the centre: a prompt is shown
as its name and path or texts, a skill as who has it and which queues ask for it, each with a level.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

import msgspec

from fsorch.calendar_rules import CalendarSpec
from fsorch.campaigns import CampaignSpec, Disposition
from fsorch.compliance_packs import PackSpec
from fsorch.config import AgentSpec, BreakReason, Centre, QueueSpec, decode, known_skills
from fsorch.demands import demand_of, names_in
from fsorch.errors import ConfigError, NotFound
from fsorch.flows import FlowSpec
from fsorch.gateways import GatewaySpec
from fsorch.plain import plain, plain_centre
from fsorch.tenants import TenantSpec

__all__ = [
    "KINDS",
    "Change",
    "SkillBody",
    "closed",
    "closed_after",
    "find",
    "find_thing",
    "list_things",
    "opened",
    "patched",
    "put",
    "removed",
    "with_emergency",
]

# The word for one, the list of the centre, and what is in it.
KINDS: dict[str, tuple[str, type[Any]]] = {
    "queue": ("queues", QueueSpec),
    "agent": ("agents", AgentSpec),
    "flow": ("flows", FlowSpec),
    "break": ("breaks", BreakReason),
    "calendar": ("calendars", CalendarSpec),
    "gateway": ("gateways", GatewaySpec),
    "disposition": ("dispositions", Disposition),
    "pack": ("packs", PackSpec),
    "campaign": ("campaigns", CampaignSpec),
    "tenant": ("tenants", TenantSpec),
}
Change = Callable[[Centre], Centre]
Plain = dict[str, Any]
# Why a calendar is closed when nobody says why.
CLOSED = "closed for now"
NO_EMERGENCY: dict[str, Any] = {"emergency": None, "emergency_until": None}
Level = Annotated[int, msgspec.Meta(ge=1, le=5)]


class SkillBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A skill: the agents who have it and the queues that ask for it, by their ids, with levels 1-5. ``expressions``:
    of the queues that name it in one; they are shown, and changed with the queue."""

    id: str
    agents: dict[str, Level] = {}
    queues: dict[str, Level] = {}
    expressions: dict[str, str] = {}


def list_things(centre: Centre, kind: str) -> list[Plain]:
    """All things of a kind (a key of KINDS, ``prompt`` or ``skill``), without what is as it is by default."""
    if kind == "prompt":
        return [{"id": name} | (one if isinstance(one, dict) else {"path": one}) for name, one in _prompts(centre)]
    if kind == "skill":
        return _skills(centre)
    return opened(centre, kind)[1]


def find_thing(centre: Centre, kind: str, id: str) -> Plain:
    """One of them. Raises NotFound with the nearest ids."""
    return find(list_things(centre, kind), kind, id)


def put(kind: str, id: str, given: Plain) -> Change:
    """The change that makes the thing ``id``, or puts it in the place of the one there is. It raises ConfigError with
    the path of the key when the centre does not stay sound."""

    def change(old: Centre) -> Centre:
        if given.get("id", id) != id:
            raise ConfigError(f"id is {given['id']!r} in what is given, but the {kind} is called {id!r}; leave it out")
        thing = {"id": id} | given
        if kind == "prompt":
            # One that is nothing but a path stands in the centre as that.
            keys = {key: value for key, value in thing.items() if key != "id"}
            return _with_prompts(old, dict(_prompts(old)) | {id: keys["path"] if list(keys) == ["path"] else keys})
        if kind == "skill":
            return _with_skill(old, decode(thing, SkillBody, where=f"this {kind}"))
        centre, things = opened(old, kind)
        at = next((n for n, one in enumerate(things) if one["id"] == id), len(things))
        things[at : at + 1] = [thing]
        return closed_after(old, centre, kind)

    return change


def patched(kind: str, id: str, given: Plain) -> Change:
    """The change that sets the keys that are given; a key that is null goes back to its default. It raises NotFound,
    and ConfigError as :func:`put` does."""

    def change(old: Centre) -> Centre:
        thing = find_thing(old, kind, id) | given
        return put(kind, id, {key: value for key, value in thing.items() if value is not None})(old)

    return change


def with_emergency(id: str, on: bool, reason: str = "", until: datetime | None = None) -> Change:
    """The change that closes a calendar for a reason, until then or until it is opened again, or opens it again."""
    given = {"emergency": reason or CLOSED, "emergency_until": plain(until)} if on else NO_EMERGENCY
    return patched("calendar", id, given)


def removed(kind: str, id: str) -> Change:
    """The change that takes a thing away; with a queue go the agents' places in it, with a skill all that have it or
    ask for it. It raises NotFound, or ConfigError when something else still names it."""

    def change(old: Centre) -> Centre:
        thing = find_thing(old, kind, id)
        if kind == "prompt":
            return _with_prompts(old, {name: one for name, one in _prompts(old) if name != id})
        if kind == "skill":
            return _with_skill(old, SkillBody(id=id), gone=True)
        centre, things = opened(old, kind)
        things.remove(thing)
        if kind == "queue":
            for agent in centre.get("agents", ()):
                agent["queues"] = [place for place in agent.get("queues", ()) if place["queue"] != id]
        return closed_after(old, centre, kind)

    return change


def opened(old: Centre, kind: str) -> tuple[Plain, list[Plain]]:
    """The centre as plain values, and in it the list of a kind: what is done to the list is done to the centre."""
    centre = plain_centre(old)
    things: list[Plain] = centre.setdefault(KINDS[kind][0], [])
    return centre, things


def closed(centre: Plain, kind: str) -> Centre:
    """The centre of plain values, checked. Raises ConfigError."""
    return decode(centre, Centre, where=f"this {kind}")


def closed_after(old: Centre, centre: Plain, kind: str) -> Centre:
    """The same after a change of one thing. A skill that an agent was the last to have, and that something still names,
    is listed from then on: who takes it from them at work is not to mend queues first."""
    try:
        return closed(centre, kind)
    except ConfigError:
        held = [agent.get("skills") for agent in centre.get("agents", ())]
        lost = known_skills(old) - {skill for skills in held if isinstance(skills, dict) for skill in skills}
        lost -= {skill for queue in old.queues if isinstance(queue.skills, dict) for skill in queue.skills}
        lost -= set(old.skills)
        if kind != "agent" or not lost:
            raise
        return closed(centre | {"skills": [*old.skills, *sorted(lost)]}, kind)


def find(things: list[Plain], kind: str, id: str) -> Plain:
    """The one with this id. Raises NotFound with the nearest."""
    for thing in things:
        if thing["id"] == id:
            return thing
    raise NotFound(kind, id, known=(thing["id"] for thing in things))


def _prompts(centre: Centre) -> list[tuple[str, Any]]:
    return [(name, plain(one)) for name, one in centre.prompts.items()]


def _with_prompts(old: Centre, prompts: Plain) -> Centre:
    return closed(plain_centre(old) | {"prompts": prompts}, "prompt")


def _skills(centre: Centre) -> list[Plain]:
    names = {skill for agent in centre.agents for skill in agent.skills}.union(centre.skills)
    queues = {queue.id: queue.skills for queue in centre.queues if isinstance(queue.skills, dict)}
    names |= {skill for wanted in queues.values() for skill in wanted}
    said = {queue.id: queue.skills for queue in centre.queues if isinstance(queue.skills, str)}
    named = {id: names_in(demand_of(text)) for id, text in said.items()}
    return [_skill(centre, name, queues, {id: said[id] for id in said if name in named[id]}) for name in sorted(names)]


def _skill(centre: Centre, name: str, queues: dict[str, dict[str, int]], said: dict[str, str]) -> Plain:
    return {
        "id": name,
        "agents": {agent.id: agent.skills[name] for agent in centre.agents if name in agent.skills},
        "queues": {id: wanted[name] for id, wanted in queues.items() if name in wanted},
    } | ({"expressions": said} if said else {})


def _with_skill(old: Centre, body: SkillBody, gone: bool = False) -> Centre:
    """The centre in which the skill is with these and with nobody else. A skill that nobody has or asks for is listed,
    unless it shall be ``gone``."""
    centre = plain_centre(old)
    for key, levels in (("agents", body.agents), ("queues", body.queues)):
        things: list[Plain] = centre.setdefault(key, [])
        for id in levels:
            find(things, key.removesuffix("s"), id)
        for thing in things:
            _set_level(thing, key, body.id, levels.get(thing["id"]))
    listed = [skill for skill in centre.get("skills", ()) if skill != body.id]
    alone = not body.agents and not body.queues
    keep = not gone and (alone or len(listed) < len(centre.get("skills", ())))
    centre["skills"] = listed + [body.id] if keep else listed
    return closed(centre, "skill")


def _set_level(thing: Plain, key: str, skill: str, level: int | None) -> None:
    """Give an agent or a queue (of the list ``key``) the level of a skill, or take the skill away."""
    wanted = thing.get("skills", {})
    if isinstance(wanted, str):
        if level is not None:
            raise ConfigError(f"{key}.{thing['id']} asks for {wanted!r}; to change that, set the skills of the queue")
        return
    rest = {name: one for name, one in wanted.items() if name != skill}
    thing["skills"] = rest | ({skill: level} if level is not None else {})
