"""The centre of `fsorch demo`: three queues, a dozen simulated agents, two people at desktops, and the switch they
live on."""

from __future__ import annotations

from fsorch.calendar_rules import CalendarSpec, Weekday
from fsorch.config import AgentSpec, BreakReason, Centre, MembershipSpec, QueueSpec
from fsorch.flow_menus import menu_flow
from fsorch.names import BreakWeight, Role
from fsorch.rules import Overflow, OverflowTo
from fsorch.sim.people import PhoneHabits
from fsorch.sim.switch import VirtualSwitch
from fsorch.sim.world import TrafficPlan, World

__all__ = ["DOMAIN", "HUMAN_AGENTS", "SIMULATED_AGENTS", "SUPERVISOR", "demo_centre", "demo_world", "waits_for_person"]

DOMAIN = "sim.fsorch"
HUMAN_AGENTS = ("ada",)
"""Agents whom a person plays at the desktop: their phones ring until the desktop answers. Login: the same word."""

SUPERVISOR = "sam"
"""The supervisor's agent id and login."""

_SALES = ("bea", "carl", "dora", "emil", "fay")
_SUPPORT = ("gus", "hana", "ivo", "jane", "kurt")
_RECEPTION = ("lea", "milo")
SIMULATED_AGENTS = _SALES + _SUPPORT + _RECEPTION
"""Agents who pick up by themselves; the demo logs them in."""

_NAMES = {
    "ada": "Ada Lindgren", "bea": "Bea Moser", "carl": "Carl Duval", "dora": "Dora Silva", "emil": "Emil Vogt",
    "fay": "Fay Osei", "gus": "Gus Tamm", "hana": "Hana Ito", "ivo": "Ivo Kral", "jane": "Jane Poole",
    "kurt": "Kurt Egger", "lea": "Lea Roth", "milo": "Milo Berg", "sam": "Sam Carter",
}  # fmt: skip


def _extension(n: int) -> str:
    return str(1001 + n)


def _order() -> tuple[str, ...]:
    return (*HUMAN_AGENTS, SUPERVISOR, *SIMULATED_AGENTS)


def _queues_of(agent: str) -> tuple[MembershipSpec, ...]:
    """Sales and support help each other out on the second level; reception takes what nobody chose a queue for."""
    if agent in HUMAN_AGENTS:
        return tuple(MembershipSpec(queue=queue) for queue in ("sales", "support", "reception"))
    if agent in _SALES:
        return (MembershipSpec(queue="sales"), MembershipSpec(queue="support", level=2))
    if agent in _SUPPORT:
        return (MembershipSpec(queue="support"), MembershipSpec(queue="sales", level=2))
    return (MembershipSpec(queue="reception"),) if agent in _RECEPTION else ()


def demo_centre() -> Centre:
    """The desired state: queues sales, support and reception; a menu in front; breaks; agents and their phones."""
    agents = tuple(
        AgentSpec(
            id=agent,
            name=_NAMES[agent],
            phone=f"user/{_extension(n)}@{DOMAIN}",
            login=agent,
            role=Role.SUPERVISOR if agent == SUPERVISOR else Role.AGENT,
            queues=_queues_of(agent),
        )
        for n, agent in enumerate(_order())
    )
    return Centre(
        name="fsorch demo",
        queues=(
            QueueSpec(id="sales", title="Sales", wrap_up_s=6.0, offer_timeout_s=15.0),
            QueueSpec(id="support", title="Support", wrap_up_s=8.0, offer_timeout_s=15.0),
            QueueSpec(
                id="reception",
                title="Reception",
                wrap_up_s=3.0,
                offer_timeout_s=15.0,
                calendar="office",
                on_closed=Overflow(to=OverflowTo.QUEUE, name="support"),
            ),
        ),
        agents=agents,
        flows=(menu_flow("main", {"1": "sales", "2": "support"}, person="reception"),),
        breaks=(
            BreakReason(id="lunch", title="Lunch", max_s=2700),
            BreakReason(id="coffee", title="Coffee", max_s=600),
            BreakReason(id="training", title="Training", weight=BreakWeight.GOOD),
        ),
        flow="main",
        # Never closed by the clock, for a demo may run at any hour; by a supervisor it can be.
        calendars=(CalendarSpec(id="office", zone="UTC", hours=dict.fromkeys(Weekday, ("00:00-24:00",))),),
    )


def waits_for_person(agent: AgentSpec) -> bool:
    """Whether nobody but the desktop picks this agent's phone up: of `HUMAN_AGENTS` and of supervisors."""
    return agent.id in HUMAN_AGENTS or agent.role != Role.AGENT


def demo_world(
    switch: VirtualSwitch, plan: TrafficPlan | None = None, centre: Centre | None = None, *, pick_up: bool = False
) -> World:
    """Phones for every agent of ``centre`` (the demo's if none is given), registered on ``switch``, and callers by
    ``plan``.

    The phones of some wait for a person (see :func:`waits_for_person`), unless all are to ``pick_up``."""
    world, centre = World(switch, plan), centre or demo_centre()
    for gateway in centre.gateways:
        kind, _, name = gateway.dial.partition("sofia/gateway/")
        if not kind:
            switch.machine.dialer.gateways.setdefault(name.partition("/")[0], world.carrier)
    for agent in centre.agents:
        user, _, domain = agent.phone.removeprefix("user/").partition("@")
        human = not pick_up and waits_for_person(agent)
        world.add_phone(user, PhoneHabits(human=True) if human else None, domain)
    return world
