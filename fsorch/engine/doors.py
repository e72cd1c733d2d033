"""The park door: what a dialplan asks for a parked call by channel variables, and what becomes of it.

    fsorch_flow, fsorch_queue   what the caller gets; a queue goes before a flow
    fsorch_priority             0 to 999
    fsorch_tenant               whose call it is
    fsorch_skills               german:3,billing  (levels 1 to 5, 1 without one), or german >= 3 and (billing or sales)

Whose call it is follows, where the dialplan does not say, from the SIP domain that was called (the host of the request,
of the To header, of the user who calls), then from the number; a domain's call gets nothing of another tenant's.

What is not said follows from the number that was dialled (`Centre.numbers`), else from the centre's own flow. A value
that the centre does not know is left out, counted and written down with the call; where nothing else is left the caller
gets the first queue: the silence of a call that nobody takes is the one thing it must not lead to.
"""

from __future__ import annotations

import re

import msgspec

from fsorch.belongings import fits
from fsorch.config import known_skills
from fsorch.demands import NOTHING, Demand, demand_of, names_in, parse_demand, without
from fsorch.doors import DOMAINS, NumberSpec, variables_of
from fsorch.engine.core import Core
from fsorch.engine.facts import FactKind
from fsorch.engine.tenants import first_queue
from fsorch.esl.events import Event
from fsorch.expressions import ExpressionError
from fsorch.waits import Ending

__all__ = ["Doors", "Verdict"]

NAMES = ("fsorch_flow", "fsorch_queue", "fsorch_priority", "fsorch_skills", "fsorch_tenant")
SKILLS_MAX = 20
# What a list of skills has not.
EXPRESSION = re.compile(r"[<>=!()]|(?<![^\s])(?:and|or|not)(?![^\s])")
Pairs = tuple[tuple[str, str], ...]


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of a parked call. ``marks``: the variables that make its leg say so, for a restart; ``faults``: what
    was asked and cannot be, a sentence each."""

    flow: str = ""
    queue: str = ""
    priority: int = 0
    skills: Demand = NOTHING
    tenant: str = ""
    on_full: Ending | None = None
    marks: Pairs = ()
    faults: tuple[str, ...] = ()


class Doors:
    """Judges parked calls by the state of one engine."""

    def __init__(self, core: Core) -> None:
        self.core = core

    def judge(self, event: Event) -> Verdict | None:
        """What becomes of the call parked in ``event``. None: nothing, it is left to whoever has it: a hook, or the
        dialplan's own fallback when the centre has nothing to give."""
        if event.variable("fsorch_hook"):
            return None
        verdict = self.asked(event)
        if verdict.flow or verdict.queue:
            return verdict
        first = first_queue(self.core, verdict.tenant) if verdict.faults or verdict.tenant else ""
        if not first:
            self.core.count_odd("no_flow", "a call was parked for fsorch, but the centre has no flow; use fsorch apply")
            return None
        return msgspec.structs.replace(verdict, queue=first)

    def asked(self, event: Event) -> Verdict:
        """What the variables and the number ask, as far as the centre knows it."""
        core, faults = self.core, list[str]()
        tenant = self._tenant(event, faults)
        number = core.tenancy.number(event.variable("fsorch_dialled") or event.destination, tenant) or NumberSpec()
        tenant = tenant or number.tenant
        values = {name: event.variable(name) or value for name, value in _usual(number).items()}
        queue, flow = values["fsorch_queue"], values["fsorch_flow"]
        if queue and queue not in core.queues:
            faults.append(f"fsorch_queue is {queue[:64]!r}, which the centre does not have")
            queue = number.queue if number.queue in core.queues else ""
        elif queue and not self._fits(tenant, queue=queue):
            faults.append(f"fsorch_queue is {queue[:64]!r}, which is another tenant's than {tenant!r}")
            queue = number.queue if number.queue in core.queues else ""
        if flow and flow not in core.flows:
            faults.append(f"fsorch_flow is {flow[:64]!r}, which the centre does not have")
            flow = number.flow if number.flow in core.flows else ""
        elif flow and not self._fits(tenant, flow=flow):
            faults.append(f"fsorch_flow is {flow[:64]!r}, which is another tenant's than {tenant!r}")
            flow = number.flow if number.flow in core.flows else ""
        flow = flow or self.usual_flow(tenant)
        tenant = tenant or core.tenancy.of_queue(queue) or (core.tenancy.of_flow(flow) if not queue else "")
        priority = _priority(values["fsorch_priority"], faults)
        skills = self._skills(values["fsorch_skills"], faults)
        said = variables_of(number) | ({"fsorch_tenant": tenant} if tenant else {})
        return Verdict(
            flow=flow,
            queue=queue,
            priority=priority,
            skills=skills,
            tenant=tenant,
            on_full=number.on_full,
            marks=tuple((name, value) for name, value in said.items() if not event.variable(name)),
            faults=tuple(faults),
        )

    def usual_flow(self, tenant: str) -> str:
        """What callers of a tenant get whose number leads nowhere; empty: nothing is said."""
        flow, usual = self.core.tenancy.get(tenant).flow, self.core.centre.flow
        if flow in self.core.flows:
            return flow
        return usual if usual in self.core.flows and self._fits(tenant, flow=usual) else ""

    def _tenant(self, event: Event, faults: list[str]) -> str:
        """Whose call it is, by the dialplan's word or the domain."""
        tenancy, named = self.core.tenancy, event.variable("fsorch_tenant") or ""
        if named in tenancy.tenants:
            return named
        if named:
            faults.append(f"fsorch_tenant is {named[:64]!r}, which the centre does not have")
        return tenancy.of_domain(*(event.variable(name) or "" for name in DOMAINS)) if tenancy.tenants else ""

    def _fits(self, tenant: str, *, queue: str = "", flow: str = "") -> bool:
        """Whether callers of a tenant may have this queue, or flow."""
        tenancy = self.core.tenancy
        return fits(tenant, tenancy.of_queue(queue) if queue else tenancy.of_flow(flow))

    def report(self, contact: str, event: Event, verdict: Verdict) -> None:
        """Write down what could not be done as it was asked."""
        if verdict.faults:
            got = f"queue {verdict.queue}" if verdict.queue else f"flow {verdict.flow}"
            self.core.count_odd("park_door", f"{verdict.faults[0]}; the caller got the {got}")
            self.core.fact(FactKind.DOOR_MISUSED, contact, leg=event.uuid, faults=list(verdict.faults), got=got)

    def _skills(self, text: str, faults: list[str]) -> Demand:
        """What is asked for; a skill that nobody could have would make its caller wait for ever, and is left out."""
        if not text:
            return NOTHING
        known = {skill for spec in self.core.centre.agents for skill in spec.skills}
        if EXPRESSION.search(text):
            return self._expression(text, known, faults)
        found: dict[str, int] = {}
        for word in [word.strip() for word in text.split(",")][:SKILLS_MAX]:
            name, _, level = word.partition(":")
            if name not in known:
                faults.append(f"fsorch_skills names {name[:64]!r}, which no agent has")
            elif level not in ("", "1", "2", "3", "4", "5"):
                faults.append(f"fsorch_skills gives {name} the level {level[:8]!r}; levels are 1 to 5")
                found[name] = 1
            else:
                found[name] = int(level or "1")
        return demand_of(found)

    def _expression(self, text: str, known: set[str], faults: list[str]) -> Demand:
        try:
            demand = parse_demand(text)
        except ExpressionError as error:
            faults.append(f"fsorch_skills is {text[:64]!r}, which cannot be understood: {error}")
            return NOTHING
        if not demand.possible:
            faults.append(f"fsorch_skills is {text[:64]!r}, which nobody could ever fulfil")
            return NOTHING
        # One that is barred need not be there.
        listed = known | known_skills(self.core.centre)
        for name in sorted(names_in(demand)):
            if name not in (known if name in demand.asked else listed):
                faults.append(f"fsorch_skills names {name[:64]!r}, which no agent has")
                demand = without(demand, name)
        return demand


def _usual(number: NumberSpec) -> dict[str, str]:
    return dict.fromkeys(NAMES, "") | variables_of(number)


def _priority(text: str, faults: list[str]) -> int:
    if not text:
        return 0
    if text.isascii() and text.isdigit() and len(text) < 4:
        return int(text)
    faults.append(f"fsorch_priority is {text[:16]!r}; it is 0 to 999")
    return 0
