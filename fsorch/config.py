"""What a centre is made of, as data.

:class:`Centre` is the whole desired state: ``fsorch apply FILE`` reads it from YAML, the store keeps it, the engine
is told of it by a ``Configure`` input. :class:`Settings` is what one installation needs to run (switches, database,
addresses). Decoding validates; a fault names the path of the key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from typing import Annotated, Any, TypeVar

import msgspec

from fsorch.calendar_rules import CalendarSpec, check_calendar
from fsorch.campaign_checks import CampaignWorld, check_campaign, check_dispositions, check_sequences
from fsorch.campaign_messages import message_flow
from fsorch.campaigns import CampaignSpec, Disposition
from fsorch.compliance_packs import SHIPPED_PACKS, PackSpec, check_pack
from fsorch.deferred import CallbackSpec, VoicemailSpec, check_callback, check_voicemail
from fsorch.demands import Wanted, check_wanted
from fsorch.doors import DoorSettings, NumberSpec, check_numbers
from fsorch.errors import ConfigError
from fsorch.flow_checks import check_flow
from fsorch.flow_limits import FlowLimits
from fsorch.flows import FlowSpec, FlowWorld, shape_faults
from fsorch.gateways import GatewaySpec, check_gateway
from fsorch.hints import explain, with_keys
from fsorch.hostile import check_plain
from fsorch.lookups import LookupSettings, Sources
from fsorch.names import BreakWeight, Role, Skilled, Strategy
from fsorch.nearest import near
from fsorch.numbers import plain_number
from fsorch.prompts import Language, PromptSpec, SpeechSpec, check_prompts
from fsorch.rules import (
    AffinitySpec,
    AnnounceSpec,
    AwayRule,
    CauseRules,
    EstimateSpec,
    Name,
    Names,
    PhoneMode,
    StepPlan,
    TierSpec,
    ToAgent,
    WrapUpMode,
    WrapUpSpec,
    check_affinity,
    check_announce,
    check_away,
    check_causes,
    check_estimate,
    check_steps,
    check_to_agent,
    check_wrap_up,
    expect_known,
)
from fsorch.shipped import DEFAULT_LANGUAGE, shipped_prompts
from fsorch.tenant_checks import Estate, check_tenants
from fsorch.tenants import TenantSpec
from fsorch.waits import Ending, WaitSpec, check_hours, check_wait, check_way

__all__ = [
    "AgentSpec",
    "BreakReason",
    "Centre",
    "HookSettings",
    "LogFormat",
    "LogLevel",
    "LogSettings",
    "MembershipSpec",
    "MetricsSettings",
    "QueueSpec",
    "Settings",
    "SwitchSettings",
    "TextSpec",
    "WebSettings",
    "decode",
    "estate_of",
    "known_skills",
    "world_of",
]

ID = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")
DEFAULT_MUSIC = "local_stream://moh"
T = TypeVar("T")
Level = Annotated[int, msgspec.Meta(ge=1, le=5)]
Tier = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
NotNegative = Annotated[float, msgspec.Meta(ge=0)]
UpToAnHour = Annotated[float, msgspec.Meta(ge=0, le=3600)]
UpToADay = Annotated[float, msgspec.Meta(ge=0, le=86_400)]


class Spec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of all that is read from a file: an unknown key is an error, not a silent nothing."""


class QueueSpec(Spec, frozen=True, kw_only=True):
    """A queue. Times in seconds. ``music`` is whatever FreeSWITCH's playback takes.

    ``strict``: priority comes before waiting time; else each point counts as a minute of it. ``base_score_s``
    credits all its contacts with waiting; ``count_from_call``: their time in flows counts as waiting too. A tier
    level above the lowest opens after ``level_wait_s`` (0: all are open at once), times the levels up with
    ``level_wait_multiplied``; ``skip_absent_levels``: levels where nobody is at work do not count. ``guard`` times
    the wait of a preferred caller is the longest that its callers are passed over (0: no guard). ``ring_more_s``:
    ring-progressively adds a phone so often. ``skills``: what its contacts ask for, with levels 1-5, all of it, or an
    expression (see :mod:`fsorch.demands`); ``skilled``: what that means. ``paused``: its contacts wait, and none is
    offered. ``wrap_up``: the mode of wrap-up; without it there are ``wrap_up_s``,
    which the agent may end early. ``causes``: what follows when a phone does not take a contact, by cause; without
    it, ``miss_delay_s`` alone. ``affinity``: whether callers come to somebody they know; without it, they do not.
    ``callback``: whether and how callers can be called back. ``wait``: limits of the wait and what the caller may
    press; ``steps``: what the wait changes; ``announce``: what callers are told of their place (None: nothing), by
    the ``estimate``. Outside the hours of ``calendar`` a caller gets ``on_closed`` instead; who waits already is
    served, unless ``close_ends_wait``. ``to_agent``: what agents are shown and told of a caller first. ``survey``:
    the flow of a caller whose agent has hung up first, which asks how it was; a customer who was asked lately, as
    the flow's surveys say, is not asked. ``tenant``: whose queue it is; empty: everybody's."""

    id: str
    title: str = ""
    tenant: str = ""
    strategy: Strategy = Strategy.LONGEST_IDLE
    music: str = DEFAULT_MUSIC
    offer_timeout_s: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 20.0
    wrap_up_s: UpToAnHour = 10.0
    service_level_s: Annotated[float, msgspec.Meta(gt=0, le=86_400)] = 20.0
    miss_delay_s: UpToADay = 5.0
    strict: bool = True
    base_score_s: Annotated[float, msgspec.Meta(ge=-86_400, le=86_400)] = 0.0
    count_from_call: bool = False
    level_wait_s: UpToADay = 0.0
    level_wait_multiplied: bool = False
    skip_absent_levels: bool = True
    guard: Annotated[float, msgspec.Meta(ge=0, le=1000)] = 0.0
    ring_more_s: Annotated[float, msgspec.Meta(ge=1, le=3600)] = 10.0
    skills: Wanted = {}
    skilled: Skilled = Skilled.ALL
    paused: bool = False
    affinity: AffinitySpec | None = None
    callback: CallbackSpec | None = None
    wrap_up: WrapUpSpec | None = None
    causes: CauseRules | None = None
    wait: WaitSpec = WaitSpec()
    steps: StepPlan = StepPlan()
    announce: AnnounceSpec | None = None
    estimate: EstimateSpec = EstimateSpec()
    calendar: str = ""
    on_closed: Ending | None = None
    close_ends_wait: bool = False
    to_agent: ToAgent | None = None
    survey: str = ""

    @property
    def after_call(self) -> WrapUpSpec:
        """The wrap-up after a call of this queue."""
        return self.wrap_up or WrapUpSpec(mode=WrapUpMode.BOXED, seconds=self.wrap_up_s)


class MembershipSpec(Spec, frozen=True, kw_only=True):
    """An agent's place in a queue: the tier's level, and the position within it (lower is first). ``weight`` is the
    chance in weighted-random; contacts of a queue with a higher ``share`` come first for this agent."""

    queue: str
    level: int = 1
    position: int = 1
    weight: NotNegative = 1.0
    share: int = 0


class AgentSpec(Spec, frozen=True, kw_only=True):
    """An agent. ``phone`` is the dial string of their phone, such as ``user/1001@pbx.example``; ``switch`` names the
    switch at which it registers and that keeps its standing call (empty: any). A contact is offered by the switch it is
    on all the same, for two legs are joined within one: where there are several, the dial string of a phone that
    registers at one leads there from each, such as ``sofia/internal/1001@west.example``. ``causes``: instead of the
    queue's.
    ``phone_mode``: dialled for each contact, or nailed up; ``alert``: what an agent with a nailed-up phone hears before
    a caller, as FreeSWITCH's playback takes it.
    ``watch_phone``: a phone ``user/...`` that is not registered gets no contacts; false for one that is reached
    otherwise (through mod_verto, say). ``confirm_key``: who picks up has to press it before a customer is put through,
    so that no mailbox swallows one; asked with ``confirm_sound``, and not on a phone ``user/...``, which is the agent's
    own. ``own_customers``: the numbers of the customers whose own agent this is; ``territories``: whose
    leads are theirs beside those that name them: an area, a group of agents. ``seniority``: how much the agent is
    trusted with, 0 to 99, in the centre's own measure; the strategy most-senior goes by it.
    ``tenant``: whose agent it is, who serves its queues alone; empty: everybody's."""

    id: str
    name: str = ""
    tenant: str = ""
    phone: str
    switch: str = ""
    queues: tuple[MembershipSpec, ...] = ()
    skills: dict[str, Level] = {}
    own_customers: tuple[str, ...] = ()
    territories: tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=64)], ...] = ()
    seniority: Annotated[int, msgspec.Meta(ge=0, le=99)] = 0
    phone_mode: PhoneMode = PhoneMode.DIALLED
    alert: str = ""
    watch_phone: bool = True
    confirm_key: Annotated[
        str, msgspec.Meta(pattern=r"^[0-9*#]{0,4}\Z", description="up to four keys of a phone: 0-9, * and #")
    ] = ""
    confirm_sound: str = "tone_stream://%(200,100,660);%(200,1500,880)"
    causes: CauseRules | None = None
    login: str = ""
    role: Role = Role.AGENT


class BreakReason(Spec, frozen=True, kw_only=True):
    """Why an agent may be on break. ``max_s`` 0 means no limit. ``weight``: the time on such breaks is counted for
    itself. ``campaigns``: only for agents who work for one of these (none: for everybody)."""

    id: str
    title: str = ""
    max_s: UpToADay = 0.0
    weight: BreakWeight = BreakWeight.NEUTRAL
    campaigns: tuple[str, ...] = ()


class TextSpec(Spec, frozen=True, kw_only=True):
    """How text messages are sent, by a chat interface of the switch: its ``protocol``, the ``sender``, and the address
    of a number, such as ``{number}@sms.example.org``."""

    protocol: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_]{1,32}\Z")] = "sip"
    sender: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9@._+:;=/-]{1,120}\Z")]
    to: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9@._+:;=/{}-]{1,120}\Z")] = "{number}"


class Centre(Spec, frozen=True, kw_only=True):
    """The desired state of a whole centre. ``flow`` names the flow of calls that ask for none. ``prompts``: texts
    and files by language, or one path (as the switch sees it) for all of them, by the prompt's name. The files that
    are not named are ``<prompts_dir>/<language>/<name>.wav``, and without a ``prompts_dir`` where ``fsorch freeswitch
    export`` puts them: ``fsorch/<language>`` in the switch's sounds_dir. ``language``: of callers of whom nothing else
    is known; ``speech``: the switch's text to speech, for what no file can say.
    ``outside`` is the dial string of numbers outside, such as ``sofia/gateway/carrier/{number}``; without it calls are
    transferred within the centre only. ``away``: what follows when an agent's desktop is gone; without it, nothing.
    ``skills``: those there are even when nobody has them, so that an expression may name them.
    ``numbers``: what a number that was dialled leads to, at every door; others have ``flow``. ``tiers``: what the tiers
    of customers are worth, by the word that their records use.
    ``texts``: how text messages are sent; without it, none are. ``voicemail``: where messages are kept; without it,
    nobody is asked for one. ``switch_gone_s``: an agent who talks on a switch that cannot be reached is let go after
    this time (0: never), and taken up again if they still talk when it is back. ``unserved_s``: after this time without
    a sign of life from fsorch the switch serves alone each caller who does not talk, by its dialplan (0: never).
    ``gateways``: the ways by which ``campaigns`` dial; ``dispositions``: how the calls of all of them end, in the
    centre's own words; ``packs``: compliance packs beside those fsorch brings, or instead of them. ``flow_limits``:
    what the linter asks of flows that are published. ``tenants``: the clients of an outsourcer."""

    name: str = "fsorch"
    tenants: tuple[TenantSpec, ...] = ()
    queues: tuple[QueueSpec, ...] = ()
    agents: tuple[AgentSpec, ...] = ()
    flows: tuple[FlowSpec, ...] = ()
    breaks: tuple[BreakReason, ...] = ()
    skills: tuple[Name, ...] = ()
    flow: str = ""
    flow_limits: FlowLimits = FlowLimits()
    prompts: dict[str, str | PromptSpec] = {}
    prompts_dir: str = ""
    language: Language = DEFAULT_LANGUAGE
    speech: SpeechSpec | None = None
    outside: str = ""
    away: AwayRule | None = None
    voicemail: VoicemailSpec | None = None
    texts: TextSpec | None = None
    calendars: tuple[CalendarSpec, ...] = ()
    gateways: tuple[GatewaySpec, ...] = ()
    dispositions: tuple[Disposition, ...] = ()
    packs: tuple[PackSpec, ...] = ()
    campaigns: tuple[CampaignSpec, ...] = ()
    numbers: dict[str, NumberSpec] = {}
    tiers: dict[Tier, TierSpec] = {}
    switch_gone_s: Annotated[float, msgspec.Meta(ge=0)] = 30.0
    unserved_s: Annotated[float, msgspec.Meta(ge=0)] = 120.0


class SwitchSettings(Spec, frozen=True, kw_only=True):
    """One FreeSWITCH: the address of its event socket and the password."""

    name: str = "main"
    host: str = "127.0.0.1"
    port: int = 8021
    password: str


class MetricsSettings(Spec, frozen=True, kw_only=True):
    """Who may read ``/metrics`` without a token: these addresses and networks. A token of the API may from anywhere."""

    allow: tuple[str, ...] = ("127.0.0.1", "::1")


class WebSettings(Spec, frozen=True, kw_only=True):
    """Where the desktop is served, the doors for a switch that asks by HTTP, and who may read the metrics.

    ``second_factor``: the roles that may not log in with a password alone. A session lasts ``session_s`` after its last
    request at most, of others than agents ``idle_s`` (0: no matter), and one person has at most ``sessions_max`` (0:
    any number): the one that was used longest ago ends for a new one. ``proxies``: the addresses and networks from
    which ``X-Forwarded-For`` is believed, so that who fails to log in there does not slow down everybody's log-in."""

    host: str = "127.0.0.1"
    port: int = 8700
    secure_cookies: bool = False
    second_factor: tuple[Role, ...] = ()
    session_s: Annotated[float, msgspec.Meta(ge=300)] = 12 * 3600.0
    idle_s: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    sessions_max: Annotated[int, msgspec.Meta(ge=0)] = 10
    proxies: tuple[str, ...] = ()
    doors: DoorSettings = DoorSettings()
    metrics: MetricsSettings = MetricsSettings()


class LogFormat(Enum):
    """How a line of the log is written."""

    TEXT = "text"
    JSON = "json"


class LogLevel(Enum):
    """From where on an entry is written down. ``debug`` has a line for each fact."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogSettings(Spec, frozen=True, kw_only=True):
    """The log of ``fsorch run``, which goes to standard error."""

    format: LogFormat = LogFormat.TEXT
    level: LogLevel = LogLevel.INFO


class HookSettings(Spec, frozen=True, kw_only=True):
    """The socket door. ``module`` is the user's Python module of hooks, looked for in the folder ``path`` (from the
    home) first; without it there is no door. ``host`` and ``port`` are what the dialplan's ``socket`` application
    connects to. A hook may take ``limit_s``, and ``calls_max`` may run at once; a caller whose hook fails goes to the
    queue ``fallback`` (empty: where the dialplan goes on). ``lookup_threads``: how many lookups run at once."""

    module: str = ""
    path: str = ""
    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 8084
    limit_s: Annotated[float, msgspec.Meta(gt=0)] = 300.0
    calls_max: Annotated[int, msgspec.Meta(ge=1)] = 2000
    fallback: str = ""
    lookup_threads: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50


class Settings(Spec, frozen=True, kw_only=True):
    """One installation. ``home`` holds the spool, the control socket and, by default, the database; ``database`` is
    ``sqlite:///path`` or ``mysql://user:password@host:port/name``. ``sources``: databases of others that flows may
    read, by name, in the same forms."""

    switches: tuple[SwitchSettings, ...]
    home: str = "."
    database: str = ""
    web: WebSettings = WebSettings()
    hooks: HookSettings = HookSettings()
    lookups: LookupSettings = LookupSettings()
    sources: Sources = {}
    log: LogSettings = LogSettings()


def decode(data: Any, type: type[T], *, where: str) -> T:
    """``data`` (plain dicts and lists, as YAML gives them) as ``type``, checked. ``where`` names the source (a file).

    Raises ConfigError with the path of the faulty key."""
    check_plain(data, where)
    try:
        value = msgspec.convert(data, type)
    except msgspec.ValidationError as error:
        said = _flow_fault(data, type) or with_keys(explain(error, type), error, data, type)
        raise ConfigError(f"{where}: {said}") from None
    if isinstance(value, Centre):
        _check_centre(value, where)
    return value


def _flow_fault(data: Any, type: Any) -> str:
    """The first fault of a flow in ``data``, with its node, which msgspec's own message would not name."""
    if type is FlowSpec:
        return next(map(str, shape_faults(data)), "")
    flows = data.get("flows") if type is Centre and isinstance(data, dict) else None
    for n, flow in enumerate(flows if isinstance(flows, list) else ()):
        for fault in shape_faults(flow):
            return f"flows[{n}]: {fault}"
    return ""


def _check_centre(centre: Centre, where: str) -> None:
    queues = _unique("queues", (queue.id for queue in centre.queues), where)
    _unique("agents", (agent.id for agent in centre.agents), where)
    _unique("tenants", (tenant.id for tenant in centre.tenants), where)
    flows = _unique("flows", (flow.id for flow in centre.flows), where)
    _unique("breaks", (reason.id for reason in centre.breaks), where)
    _unique("agents[...].login", (agent.login for agent in centre.agents if agent.login), where, pattern=None)
    for n, queue in enumerate(centre.queues):
        if 0 < queue.guard < 1:
            raise ConfigError(f"{where}: queues[{n}].guard is {queue.guard:g}; expected 0 (none), or 1 or more")
    for n, agent in enumerate(centre.agents):
        if not agent.phone.strip():
            raise ConfigError(f"{where}: agents[{n}].phone is empty; give a dial string such as user/1001@pbx.example")
        for m, member in enumerate(agent.queues):
            _known(member.queue, queues, f"{where}: agents[{n}].queues[{m}].queue")
    check_tenants(estate_of(centre), where)
    _check_relations(centre, where)
    _check_flows(centre, where)
    if centre.flow:
        _known(centre.flow, flows, f"{where}: flow")
    check_prompts(centre.prompts, f"{where}: prompts")
    check_numbers(centre.numbers, flows, queues, known_skills(centre), f"{where}: numbers")
    _check_waits(centre, queues, flows, where)
    _check_rules_of_agents(centre, where)
    _check_campaigns(centre, queues, flows, where)


def estate_of(centre: Centre) -> Estate:
    """What of the centre may belong to tenants."""
    return Estate(
        tenants=centre.tenants,
        queues=centre.queues,
        flows=centre.flows,
        agents=centre.agents,
        calendars=centre.calendars,
        campaigns=centre.campaigns,
        numbers=centre.numbers,
        ways=_ways(centre),
    )


def _ways(centre: Centre) -> frozenset[str]:
    """What the centre is set up for, of outside and voicemail."""
    given = {"outside": bool(centre.outside), "voicemail": centre.voicemail is not None}
    return frozenset(way for way, there in given.items() if there)


def _check_rules_of_agents(centre: Centre, where: str) -> None:
    names = Names(breaks=frozenset(reason.id for reason in centre.breaks))
    for n, queue in enumerate(centre.queues):
        if queue.wrap_up is not None:
            check_wrap_up(queue.wrap_up, f"{where}: queues[{n}].wrap_up")
        if queue.causes is not None:
            check_causes(queue.causes, names, f"{where}: queues[{n}].causes")
    for n, agent in enumerate(centre.agents):
        if agent.causes is not None:
            check_causes(agent.causes, names, f"{where}: agents[{n}].causes")
    if centre.away is not None:
        check_away(centre.away, names, f"{where}: away")


def _check_relations(centre: Centre, where: str) -> None:
    for n, queue in enumerate(centre.queues):
        if queue.affinity is not None:
            check_affinity(queue.affinity, f"{where}: queues[{n}].affinity")
        if queue.callback is not None:
            check_callback(queue.callback, f"{where}: queues[{n}].callback")
    if centre.voicemail is not None:
        check_voicemail(centre.voicemail, f"{where}: voicemail")
    whose: dict[str, str] = {}
    for n, agent in enumerate(centre.agents):
        for m, number in enumerate(agent.own_customers):
            plain, here = plain_number(number), f"{where}: agents[{n}].own_customers[{m}]"
            if not plain:
                raise ConfigError(f"{here} is {number!r}; expected a telephone number")
            if whose.setdefault(plain, agent.id) != agent.id:
                raise ConfigError(f"{here} is {number!r}, whose own agent is {whose[plain]!r} already; name one")


def _check_word(campaign: CampaignSpec, centre: Centre, where: str) -> None:
    """Where a word is needed there is time for it."""
    spec = next((queue.after_call for queue in centre.queues if queue.id == campaign.queue), None)
    if campaign.word_needed and (spec is None or (spec.mode is not WrapUpMode.MANUAL and not spec.seconds)):
        raise ConfigError(
            f"{where}.word_needed asks how a call was, but after those of {campaign.queue or 'no queue'!r} there is no "
            "wrap-up to say it in; expected a queue with wrap_up_s above 0"
        )


def _check_waits(centre: Centre, queues: set[str], flows: set[str], where: str) -> None:
    """Calendars, and the rules of waiting, closing and announcing."""
    calendars = frozenset(_unique("calendars", (calendar.id for calendar in centre.calendars), where))
    for n, calendar in enumerate(centre.calendars):
        check_calendar(calendar, f"{where}: calendars[{n}]")
    names = Names(
        queues=frozenset(queues),
        flows=frozenset(flows),
        skills=known_skills(centre),
        prompts=frozenset(shipped_prompts()) | frozenset(centre.prompts),
    )
    common = _ways(centre)
    for n, queue in enumerate(centre.queues):
        here = f"{where}: queues[{n}]"
        ways = common | ({"callback"} if queue.callback is not None else set())
        check_wanted(queue.skills, names.skills, f"{here}.skills")
        check_wait(queue.wait, names, ways, f"{here}.wait")
        check_steps(queue.steps, names, f"{here}.steps")
        for m, step in enumerate(queue.steps.steps):
            check_way(step.do, ways, f"{here}.steps.steps[{m}].do")
        if queue.announce is not None:
            check_announce(queue.announce, f"{here}.announce")
        if queue.to_agent is not None:
            check_to_agent(queue.to_agent, names, f"{here}.to_agent")
        check_estimate(queue.estimate, f"{here}.estimate")
        check_hours(queue.calendar, queue.on_closed, calendars, names, ways, here)
        if queue.survey:
            _known(queue.survey, flows, f"{here}.survey")
    for n, flow in enumerate(centre.flows):
        check_hours(flow.calendar, flow.on_closed, calendars, names, common, f"{where}: flows[{n}]")


def _check_campaigns(centre: Centre, queues: set[str], flows: set[str], where: str) -> None:
    gateways = _unique("gateways", (gateway.id for gateway in centre.gateways), where)
    for n, gateway in enumerate(centre.gateways):
        check_gateway(gateway, f"{where}: gateways[{n}]")
        if gateway.group in gateways:
            raise ConfigError(f"{where}: gateways[{n}].group is {gateway.group!r}, as a gateway; use another name")
    _unique("dispositions", (one.id for one in centre.dispositions), where)
    check_dispositions(centre.dispositions, f"{where}: dispositions")
    packs = _unique("packs", (pack.id for pack in centre.packs), where)
    for n, pack in enumerate(centre.packs):
        check_pack(pack, f"{where}: packs[{n}]")
    _unique("campaigns", (campaign.id for campaign in centre.campaigns), where)
    world = CampaignWorld(
        queues=frozenset(queues),
        skills=known_skills(centre),
        flows=frozenset(flows),
        calendars=frozenset(calendar.id for calendar in centre.calendars),
        gateways=frozenset(gateways | {gateway.group for gateway in centre.gateways if gateway.group}),
        packs=frozenset(packs).union(SHIPPED_PACKS),
        prompts=frozenset(shipped_prompts()) | frozenset(centre.prompts),
        dispositions=centre.dispositions,
    )
    for n, campaign in enumerate(centre.campaigns):
        check_campaign(campaign, world, f"{where}: campaigns[{n}]")
        if (message := message_flow_of(centre, campaign)) is not None:
            check_flow(message, world_of(centre), f"{where}: campaigns[{n}].message")
        _check_word(campaign, centre, f"{where}: campaigns[{n}]")
    check_sequences(centre.campaigns, f"{where}: campaigns")
    manned = {campaign.id for campaign in centre.campaigns if campaign.queue}
    for n, reason in enumerate(centre.breaks):
        for m, id in enumerate(reason.campaigns):
            expect_known(id, manned, f"{where}: breaks[{n}].campaigns[{m}]", "a campaign with agents")


def _check_flows(centre: Centre, where: str) -> None:
    world = world_of(centre)
    for n, flow in enumerate(centre.flows):
        check_flow(flow, world, f"{where}: flows[{n}]")


def message_flow_of(centre: Centre, campaign: CampaignSpec) -> FlowSpec | None:
    """The flow that a campaign's message is; None: it has none."""
    name = campaign.message.prompt if campaign.message is not None else ""
    return message_flow(campaign, (shipped_prompts() | dict(centre.prompts)).get(name), centre.language)


def known_skills(centre: Centre) -> frozenset[str]:
    """The skills there are: those that somebody has, that a queue asks for with a level, or that the centre lists. One
    in an expression alone may be a slip of the pen."""
    skills = {skill for agent in centre.agents for skill in agent.skills}
    skills |= {skill for queue in centre.queues if isinstance(queue.skills, dict) for skill in queue.skills}
    return frozenset(skills.union(centre.skills))


def world_of(centre: Centre) -> FlowWorld:
    """What the centre offers its flows. Which sources there are is a matter of the installation."""
    callback = any(queue.callback is not None for queue in centre.queues)
    return FlowWorld(
        queues=frozenset(queue.id for queue in centre.queues),
        calendars=frozenset(calendar.id for calendar in centre.calendars),
        belongings=estate_of(centre).belongings,
        skills=known_skills(centre),
        prompts=shipped_prompts() | dict(centre.prompts),
        ways=_ways(centre) | ({"callback"} if callback else set()),
        flows={flow.id: flow for flow in centre.flows},
    )


def _unique(what: str, ids: Iterable[str], where: str, pattern: re.Pattern[str] | None = ID) -> set[str]:
    seen: set[str] = set()
    for id in ids:
        if pattern is not None and not pattern.fullmatch(id):
            raise ConfigError(f"{where}: {what} has the id {id!r}; use small letters, digits, '_', '.' and '-'")
        if id in seen:
            raise ConfigError(f"{where}: {what} has {id!r} twice")
        seen.add(id)
    return seen


def _known(id: str, known: set[str], where: str) -> None:
    if id not in known:
        raise ConfigError(f"{where} is {id!r}, which does not exist{near(id, known)}")
