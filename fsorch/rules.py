"""The rules of a centre as data: steps, relationship, announcements, phones, wrap-up. (Its hours:
:mod:`fsorch.calendar_rules`.)

Decoding (see :mod:`fsorch.config`) checks shapes and ranges. What needs to know the rest of the centre, or two keys at
once, is checked by one ``check_*`` function for each kind; they raise ConfigError with the path of the faulty key, what
was expected, and the nearest valid name. Keys that end in ``_s`` are seconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, TypeAlias

import msgspec

from fsorch.demands import Wanted, check_wanted
from fsorch.errors import ConfigError
from fsorch.nearest import near

__all__ = [
    "Action",
    "AddSkill",
    "AffinitySpec",
    "Announce",
    "AnnounceSpec",
    "AnyAgent",
    "AskSkills",
    "AwayRule",
    "CauseRule",
    "CauseRules",
    "Consequence",
    "DropSkill",
    "EstimateSpec",
    "LowerPriority",
    "LowerSkill",
    "Names",
    "OfferCallback",
    "Overflow",
    "OverflowTo",
    "PhoneMode",
    "PromptOrder",
    "RaisePriority",
    "Range",
    "Rule",
    "StepPlan",
    "StepSpec",
    "TierSpec",
    "ToAgent",
    "Voicemail",
    "When",
    "Widen",
    "WrapUpMode",
    "WrapUpSpec",
    "check_affinity",
    "check_announce",
    "check_away",
    "check_causes",
    "check_estimate",
    "check_steps",
    "check_to_agent",
    "check_wrap_up",
    "expect_known",
]

# FreeSWITCH and people may give long numbers; what is dialled holds nothing but these.
NUMBER = re.compile(r"\+?[0-9*#]{1,32}")
# A year is for ever, and no sum of such times is too large for anything.
Seconds = Annotated[float, msgspec.Meta(ge=0, le=31_536_000)]
Count = Annotated[int, msgspec.Meta(ge=0)]
AtLeastOne = Annotated[int, msgspec.Meta(ge=1)]
Level = Annotated[int, msgspec.Meta(ge=1, le=5)]
Name = Annotated[str, msgspec.Meta(min_length=1)]


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of all rules: an unknown key is an error, not a silent nothing."""


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """What there is in the centre, for the checks. ``prompts`` None: prompts are files that are not listed."""

    queues: frozenset[str] = frozenset()
    flows: frozenset[str] = frozenset()
    skills: frozenset[str] = frozenset()
    breaks: frozenset[str] = frozenset()
    prompts: frozenset[str] | None = None


# -- steps ----------------------------------------------------------------------------------------------------------


class Range(Rule, frozen=True, kw_only=True):
    """A number below one bound, above the other, or between them; the bounds themselves are outside."""

    below: float | None = None
    above: float | None = None

    def holds(self, value: float) -> bool:
        """Whether ``value`` is within."""
        return (self.below is None or value < self.below) and (self.above is None or value > self.above)


class When(Rule, frozen=True, kw_only=True):
    """The conditions of a step, which must all hold; none: at once. ``waited_s``: at least so long.
    ``agents_available``: idle agents who fit; ``agents_eligible``: those who fit and are at work, idle or not;
    ``agents_present``: at work in the queue, whether they fit or not; ``position``: from 1; ``waiting``: contacts in
    the queue; ``estimated_wait_s`` does not hold while no estimate can be given."""

    waited_s: Seconds = 0.0
    agents_available: Range | None = None
    agents_eligible: Range | None = None
    agents_present: Range | None = None
    position: Range | None = None
    waiting: Range | None = None
    estimated_wait_s: Range | None = None


class DropSkill(Rule, frozen=True, kw_only=True, tag_field="act", tag="drop_skill"):
    """The skill does not matter any more: what is asked of it counts as there, and a bar of it is lifted."""

    skill: Name


class LowerSkill(Rule, frozen=True, kw_only=True, tag_field="act", tag="lower_skill"):
    """A lower level of the skill will do wherever it is asked for: ``to`` a level, or ``by`` so many (level 1
    stays)."""

    skill: Name
    to: Level | None = None
    by: Level | None = None


class AddSkill(Rule, frozen=True, kw_only=True, tag_field="act", tag="add_skill"):
    """The skill is asked for as well, at this level or higher; a bar of it is lifted."""

    skill: Name
    level: Level = 1


class AskSkills(Rule, frozen=True, kw_only=True, tag_field="act", tag="ask_skills"):
    """These are asked for in the place of all that the queue and its steps have asked for; what the caller's own flow,
    number or dialplan asks for stays."""

    skills: Wanted


class Widen(Rule, frozen=True, kw_only=True, tag_field="act", tag="widen"):
    """Agents of one more queue will do."""

    queue: Name


class RaisePriority(Rule, frozen=True, kw_only=True, tag_field="act", tag="raise_priority"):
    """A higher priority: ``to`` a value (never down to it), or ``by`` so many."""

    to: int | None = None
    by: AtLeastOne | None = None


class LowerPriority(Rule, frozen=True, kw_only=True, tag_field="act", tag="lower_priority"):
    """A lower priority: ``to`` a value (never up to it), or ``by`` so many (not below 0)."""

    to: Count | None = None
    by: AtLeastOne | None = None


class OfferCallback(Rule, frozen=True, kw_only=True, tag_field="act", tag="offer_callback"):
    """Ask whether the caller would rather be called back. ``prompt`` empty: the usual one."""

    prompt: str = ""


class PromptOrder(StrEnum):
    """Which of several prompts comes next: each in its turn, or any but the one before."""

    IN_TURN = "in_turn"
    RANDOM = "random"


class Announce(Rule, frozen=True, kw_only=True, tag_field="act", tag="announce"):
    """Play a prompt into the music. A step that comes again (``every_s``) plays one of ``prompt`` and ``more`` each
    time, as ``order`` says; with ``from_end`` the time until then counts from the end of the prompt, not from its
    beginning."""

    prompt: Name
    more: tuple[Name, ...] = ()
    order: PromptOrder = PromptOrder.IN_TURN
    from_end: bool = False


class AnyAgent(Rule, frozen=True, kw_only=True, tag_field="act", tag="any_agent"):
    """All skills are dropped: any agent of the queue will do."""


class Voicemail(Rule, frozen=True, kw_only=True, tag_field="act", tag="voicemail"):
    """Take a message, for ``queue`` (empty: the one waited in). Ends the wait."""

    queue: str = ""
    prompt: str = ""


class OverflowTo(StrEnum):
    """Where a contact may flow over to."""

    QUEUE = "queue"
    FLOW = "flow"
    NUMBER = "number"
    MESSAGE = "message"
    HANGUP = "hangup"


class Overflow(Rule, frozen=True, kw_only=True, tag_field="act", tag="overflow"):
    """Ends the wait: ``name`` is the queue, the flow, the number, or the prompt of the message; none for hangup."""

    to: OverflowTo
    name: str = ""


Action: TypeAlias = (
    DropSkill
    | LowerSkill
    | AddSkill
    | AskSkills
    | Widen
    | RaisePriority
    | LowerPriority
    | OfferCallback
    | Announce
    | AnyAgent
    | Voicemail
    | Overflow
)
# What makes sense more than once.
REPEATABLE = (LowerSkill, RaisePriority, LowerPriority, OfferCallback, Announce)


class StepSpec(Rule, frozen=True, kw_only=True):
    """One step. ``every_s`` 0: once; else again so often while its conditions hold."""

    when: When = When()
    do: Action
    every_s: Seconds = 0.0


class StepPlan(Rule, frozen=True, kw_only=True):
    """The steps of a queue. Each has its own conditions; those that come due together are taken in the order written.
    ``anyone_after_s``: so long after the last of those that are taken once, any agent of the queue will do (None:
    never)."""

    steps: tuple[StepSpec, ...] = ()
    anyone_after_s: Seconds | None = None


# -- relationship ---------------------------------------------------------------------------------------------------


class AffinitySpec(Rule, frozen=True, kw_only=True):
    """Whether callers come to somebody they know. An encounter counts half after ``half_life_days``; shorter than
    ``full_talk_s`` it counts in proportion. Below ``threshold`` nobody is preferred (an own agent always is); at most
    ``most`` are. ``wait_s``: how long such a caller waits for nobody else, when they choose to; ``ask``: whether they
    are asked, with ``tries`` rounds of ``ask_timeout_s``."""

    half_life_days: Annotated[float, msgspec.Meta(gt=0)] = 30.0
    full_talk_s: Seconds = 60.0
    threshold: Annotated[float, msgspec.Meta(gt=0)] = 0.25
    most: AtLeastOne = 3
    wait_s: Seconds = 180.0
    ask: bool = True
    ask_timeout_s: Annotated[float, msgspec.Meta(gt=0)] = 5.0
    tries: AtLeastOne = 2


class TierSpec(Rule, frozen=True, kw_only=True):
    """What a customer's tier is worth in every queue: at least the ``priority``, and ``credit_s`` seconds of waiting
    ahead of others. The ``guard`` of a queue bounds what the priority may do to others."""

    priority: Annotated[int, msgspec.Meta(ge=0, le=999)] = 0
    credit_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 0.0


# -- the caller's wait ----------------------------------------------------------------------------------------------


class EstimateSpec(Rule, frozen=True, kw_only=True):
    """What an estimate is made of: the last ``window_s``, at most ``most`` samples of each kind. With fewer than
    ``least`` there is no estimate."""

    window_s: Annotated[float, msgspec.Meta(gt=0)] = 1800.0
    least: AtLeastOne = 5
    most: AtLeastOne = 200


class AnnounceSpec(Rule, frozen=True, kw_only=True):
    """What waiting callers are told, and how often. ``position_limit``: only up to this position (0: any);
    ``position_more``: beyond it, that more than so many are waiting. ``wait_limit_s``: a longer wait is not told (0:
    any). ``round_s``: an estimate is rounded up to a multiple of it. ``only_improved``: only what is better than what
    was said last. ``sooner_s``: a better position is told so long after the last words already, before ``every_s`` is
    over (0: it is not). ``to_first``: whether the first in line is told too. ``wait_once``: the estimate is told once,
    the position as often as the rest says. ``times`` 0: no limit."""

    position: bool = True
    wait: bool = True
    wait_once: bool = False
    first_s: Seconds = 15.0
    every_s: Annotated[float, msgspec.Meta(ge=1, le=86_400)] = 45.0
    sooner_s: Seconds = 0.0
    only_improved: bool = True
    to_first: bool = True
    times: Count = 0
    round_s: AtLeastOne = 60
    position_limit: Count = 0
    position_more: bool = False
    wait_limit_s: Seconds = 0.0


# -- agents ---------------------------------------------------------------------------------------------------------


class Consequence(StrEnum):
    """What becomes of an agent whose phone failed too often."""

    NOTHING = "nothing"
    BREAK = "break"
    LOGOUT = "logout"


class CauseRule(Rule, frozen=True, kw_only=True):
    """One way not to take a contact: the delay until the next offer, and what follows the ``limit``-th time (0: no
    limit). ``reason``: of the break; it must be one of the centre's when the centre lists its breaks."""

    delay_s: Annotated[float, msgspec.Meta(ge=1, le=86_400)] = 5.0
    limit: Count = 0
    then: Consequence = Consequence.NOTHING
    reason: str = ""


class CauseRules(Rule, frozen=True, kw_only=True):
    """The rule of each way not to take a contact. ``dnd``: the phone answers that it is set to do-not-disturb; it does
    not say when that ends, so it is tried again after the delay. ``failed``: the phone answers with an error (SIP
    500, 503, 488 and their like), or cannot be dialled as it is written."""

    busy: CauseRule = CauseRule()
    rejected: CauseRule = CauseRule()
    no_answer: CauseRule = CauseRule()
    unregistered: CauseRule = CauseRule()
    dnd: CauseRule = CauseRule(delay_s=60.0)
    failed: CauseRule = CauseRule()


class AwayRule(Rule, frozen=True, kw_only=True):
    """What follows when an agent's desktop has been gone for ``after_s``: no line to a browser of theirs. ``reason``:
    of the break; it must be one of the centre's when the centre lists its breaks."""

    after_s: Annotated[float, msgspec.Meta(ge=1, le=86_400)] = 60.0
    then: Consequence = Consequence.BREAK
    reason: str = ""


class ToAgent(Rule, frozen=True, kw_only=True):
    """What the agents of a queue are shown and told of a caller before they are joined. ``name_prefix`` stands before
    the caller's name on the phone. ``say``: a prompt that whoever picks up hears first, with the values ``queue`` (its
    title) and ``wait`` (seconds waited), for ``limit_s`` at most; the caller hears music meanwhile. ``variables``: of
    the caller's leg, which the agent's gets: SIP headers (``sip_h_X-...``) and one's own (``x_...``), for what other
    names do is the switch's business."""

    name_prefix: Annotated[str, msgspec.Meta(max_length=40)] = ""
    say: str = ""
    limit_s: Annotated[float, msgspec.Meta(ge=1, le=15)] = 5.0
    variables: tuple[
        Annotated[
            str,
            msgspec.Meta(
                pattern=r"^(sip_h_X-[A-Za-z0-9-]{1,48}|x_[a-z0-9_]{1,48})\Z",
                description="a variable sip_h_X-... (a SIP header) or x_... (one's own)",
            ),
        ],
        ...,
    ] = ()


class PhoneMode(StrEnum):
    """How an agent's phone is reached: dialled for each contact, or nailed up: one standing call from log-in to
    log-out, to which callers are bridged at once."""

    DIALLED = "dialled"
    NAILED = "nailed"


class WrapUpMode(StrEnum):
    """How wrap-up ends: after its seconds; when the agent says so; either, whichever comes first; or after its seconds
    and those the agent asked for."""

    FIXED = "fixed"
    MANUAL = "manual"
    BOXED = "boxed"
    EXTENSION = "extension"


class WrapUpSpec(Rule, frozen=True, kw_only=True):
    """Wrap-up after a call. ``seconds``: its length (fixed, boxed, extension). ``may_end_early``: in boxed and
    extension. ``extension_s``: what one request adds. ``max_s``: the longest it may ever be (extension; manual, where 0
    means no limit)."""

    mode: WrapUpMode = WrapUpMode.BOXED
    seconds: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 10.0
    may_end_early: bool = True
    extension_s: Seconds = 0.0
    max_s: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 0.0


# -- checks ---------------------------------------------------------------------------------------------------------


def check_steps(plan: StepPlan, names: Names, where: str) -> None:
    """Queues, flows, skills and prompts exist; every condition says something; what cannot be repeated is not.
    ``where``: the path of the plan. Raises ConfigError."""
    for n, step in enumerate(plan.steps):
        here = f"{where}.steps[{n}]"
        _check_when(step.when, f"{here}.when")
        _check_action(step.do, names, f"{here}.do")
        if step.every_s and not isinstance(step.do, REPEATABLE):
            raise ConfigError(f"{here}.every_s is {step.every_s:g}, but {_tag(step.do)} is done once; leave it out")
        if 0 < step.every_s < 1:
            raise ConfigError(f"{here}.every_s is {step.every_s:g}; expected 0 (once) or at least 1 second")


def _tag(action: Action) -> str:
    return str(action.__struct_config__.tag)


def _check_when(when: When, where: str) -> None:
    for key in ("agents_available", "agents_eligible", "agents_present", "position", "waiting", "estimated_wait_s"):
        bounds: Range | None = getattr(when, key)
        if bounds is None:
            continue
        if bounds.below is None and bounds.above is None:
            raise ConfigError(f"{where}.{key} is empty; expected 'below', 'above' or both")
        if bounds.below is not None and bounds.above is not None and bounds.below <= bounds.above:
            raise ConfigError(
                f"{where}.{key} can never hold: nothing is above {bounds.above:g} and below {bounds.below:g}"
            )


def _check_action(action: Action, names: Names, where: str) -> None:
    match action:
        case DropSkill() | LowerSkill() | AddSkill():
            expect_known(action.skill, names.skills, f"{where}.skill", "a skill of an agent or a queue")
        case AskSkills():
            check_wanted(action.skills, names.skills, f"{where}.skills")
        case Widen() | Voicemail() if action.queue or isinstance(action, Widen):
            expect_known(action.queue, names.queues, f"{where}.queue", "a queue")
        case Overflow():
            _check_overflow(action, names, where)
    if isinstance(action, LowerSkill | RaisePriority | LowerPriority) and (action.to is None) == (action.by is None):
        raise ConfigError(f"{where} needs either 'to' or 'by'")
    if isinstance(action, Announce | OfferCallback | Voicemail) and action.prompt:
        _check_prompt(action.prompt, names, f"{where}.prompt")
    for n, prompt in enumerate(action.more if isinstance(action, Announce) else ()):
        _check_prompt(prompt, names, f"{where}.more[{n}]")


def _check_overflow(action: Overflow, names: Names, where: str) -> None:
    match action.to:
        case OverflowTo.QUEUE:
            expect_known(action.name, names.queues, f"{where}.name", "a queue")
        case OverflowTo.FLOW:
            expect_known(action.name, names.flows, f"{where}.name", "a flow")
        case OverflowTo.NUMBER:
            if not NUMBER.fullmatch(action.name):
                raise ConfigError(f"{where}.name is {action.name!r}; expected a number of the signs 0-9, * and #")
        case OverflowTo.MESSAGE:
            if not action.name:
                raise ConfigError(f"{where}.name is missing; expected the prompt that is played")
            _check_prompt(action.name, names, f"{where}.name")
        case OverflowTo.HANGUP:
            if action.name:
                raise ConfigError(f"{where}.name is {action.name!r}; a hangup has none")


def _check_prompt(prompt: str, names: Names, where: str) -> None:
    if names.prompts is not None and prompt not in names.prompts:
        what = near(prompt, names.prompts, few=0) or "; add it to the centre's prompts first"
        raise ConfigError(f"{where} is {prompt!r}; expected a prompt{what}")


def check_to_agent(rules: ToAgent, names: Names, where: str) -> None:
    """The prompt exists. ``where``: the path of the rules. Raises ConfigError."""
    if rules.say:
        _check_prompt(rules.say, names, f"{where}.say")


def check_affinity(spec: AffinitySpec, where: str) -> None:
    """A caller who is asked must be able to wait. ``where``: the path of the rule. Raises ConfigError."""
    if spec.ask and not spec.wait_s:
        raise ConfigError(f"{where}.wait_s is 0, so nobody could wait for their agent; expected more, or ask: false")


def check_estimate(spec: EstimateSpec, where: str) -> None:
    """``least`` samples fit into ``most``. ``where``: the path of the rule. Raises ConfigError."""
    if spec.least > spec.most:
        raise ConfigError(f"{where}.least is {spec.least}; expected at most {where}.most, which is {spec.most}")


def check_announce(spec: AnnounceSpec, where: str) -> None:
    """A wait that is told fits its limit, and what goes with a position has one. ``where``: the path of the rule.
    Raises ConfigError."""
    if spec.position_more and not spec.position:
        raise ConfigError(f"{where}.position_more never comes, for position is false; expected position: true")
    if spec.position_more and spec.position_limit < 2:
        # No language has a plural for "more than one".
        raise ConfigError(f"{where}.position_limit is {spec.position_limit}; expected 2 or more, with position_more")
    if spec.sooner_s >= spec.every_s:
        raise ConfigError(
            f"{where}.sooner_s is {spec.sooner_s:g}; expected less than every_s, which is {spec.every_s:g}, or 0"
        )
    if 0 < spec.wait_limit_s < spec.round_s:
        raise ConfigError(
            f"{where}.wait_limit_s is {spec.wait_limit_s:g}, so no wait could be told; "
            f"expected at least round_s, which is {spec.round_s}"
        )


def check_causes(rules: CauseRules, names: Names, where: str) -> None:
    """A limit has a consequence and the other way round, a break has a known reason. ``where``: the path of the rules.
    Raises ConfigError."""
    for key in rules.__struct_fields__:
        rule: CauseRule = getattr(rules, key)
        here = f"{where}.{key}"
        if rule.limit and rule.then is Consequence.NOTHING:
            raise ConfigError(f"{here}.then is nothing, though there is a limit; expected break or logout")
        if rule.then is not Consequence.NOTHING and not rule.limit:
            raise ConfigError(f"{here}.limit is 0, so '{rule.then.value}' never comes; expected 1 or more")
        if rule.then is Consequence.BREAK and not rule.reason:
            raise ConfigError(f"{here}.reason is missing; expected why the agent is on break")
        if rule.then is Consequence.BREAK and names.breaks:
            expect_known(rule.reason, names.breaks, f"{here}.reason", "a break reason")


def check_away(rule: AwayRule, names: Names, where: str) -> None:
    """There is a consequence, and a break has a known reason. ``where``: the path of the rule. Raises ConfigError."""
    if rule.then is Consequence.NOTHING:
        raise ConfigError(f"{where}.then is nothing; expected break or logout, or leave the rule out")
    if rule.then is Consequence.BREAK and not rule.reason:
        raise ConfigError(f"{where}.reason is missing; expected why the agent is on break")
    if rule.then is Consequence.BREAK and names.breaks:
        expect_known(rule.reason, names.breaks, f"{where}.reason", "a break reason")


def check_wrap_up(spec: WrapUpSpec, where: str) -> None:
    """The keys fit the mode. ``where``: the path of the rule. Raises ConfigError."""
    extends = spec.mode is WrapUpMode.EXTENSION
    if extends and not spec.extension_s:
        raise ConfigError(f"{where}.extension_s is 0; expected the seconds that one request adds")
    if spec.extension_s and not extends:
        raise ConfigError(
            f"{where}.extension_s is {spec.extension_s:g}, but the mode is {spec.mode.value}; expected mode extension"
        )
    if spec.max_s and spec.mode in (WrapUpMode.FIXED, WrapUpMode.BOXED):
        raise ConfigError(f"{where}.max_s is {spec.max_s:g}, but in mode {spec.mode.value} 'seconds' is the longest")
    if extends and spec.max_s <= spec.seconds:
        raise ConfigError(f"{where}.max_s is {spec.max_s:g}; expected more than seconds, which is {spec.seconds:g}")


def expect_known(name: str, known: Iterable[str], where: str, what: str) -> None:
    """Raise ConfigError when ``name`` is not among ``known``: with the nearest names, or all when they are few."""
    known = set(known)
    if name not in known:
        raise ConfigError(f"{where} is {name!r}; expected {what}{near(name, known)}")
