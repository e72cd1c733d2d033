"""What can be said against the campaigns of a centre: names that do not exist, keys that do not fit each other.

Faults name the path of the key, what was expected, and the nearest valid name. That a list has leads is a matter of the
records and no fault.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from fsorch.campaigns import (
    LEAD_NAMES,
    LEAST_REST_S,
    AmdSpec,
    AskKind,
    AskSpec,
    CallerIdPool,
    CampaignSpec,
    Disposition,
    DispositionCategory,
    MachineAction,
    MessageSpec,
    Mode,
    OrderBy,
    OrderKey,
    Outcome,
    Then,
)
from fsorch.demands import check_wanted
from fsorch.errors import ConfigError
from fsorch.expressions import Expression, ExpressionError, Type, parse
from fsorch.rules import expect_known

__all__ = ["CampaignWorld", "check_campaign", "check_dispositions", "check_sequences", "parse_filter"]

# The modes whose answers go to agents.
WITH_AGENTS = frozenset(Mode) - {Mode.AGENTLESS}


class CampaignWorld(msgspec.Struct, frozen=True, kw_only=True):
    """What there is around a campaign. ``gateways`` with their groups; ``dispositions``: the centre's own."""

    queues: frozenset[str] = frozenset()
    skills: frozenset[str] = frozenset()
    flows: frozenset[str] = frozenset()
    calendars: frozenset[str] = frozenset()
    gateways: frozenset[str] = frozenset()
    packs: frozenset[str] = frozenset()
    prompts: frozenset[str] = frozenset()
    dispositions: tuple[Disposition, ...] = ()


def check_campaign(spec: CampaignSpec, world: CampaignWorld, where: str) -> None:
    """All it names exists, and its keys fit. ``where``: its path, such as ``centre.yaml: campaigns[0]``. Raises
    ConfigError."""
    _check_mode(spec, world, where)
    check_wanted(spec.skills, world.skills, f"{where}.skills")
    for n, gateway in enumerate(spec.gateways):
        expect_known(gateway, world.gateways, f"{where}.gateways[{n}]", "a gateway, or a group of them")
    if 0 < spec.lines_per_agent < 1:
        raise ConfigError(f"{where}.lines_per_agent is {spec.lines_per_agent:g}; expected 1 or more, or 0 (no limit)")
    if spec.level.strict > spec.level.loose:
        wrong = f"{where}.level.strict is {spec.level.strict:g}"
        raise ConfigError(f"{wrong}; expected at most {where}.level.loose ({spec.level.loose:g})")
    if spec.lines_max and spec.lines_kept > spec.lines_max:
        raise ConfigError(f"{where}.lines_kept is {spec.lines_kept}; expected at most lines_max ({spec.lines_max})")
    if spec.calendar:
        expect_known(spec.calendar, world.calendars, f"{where}.calendar", "a calendar")
    if spec.pack:
        expect_known(spec.pack, world.packs, f"{where}.pack", "a compliance pack")
    if spec.starts_at is not None and spec.ends_at is not None and spec.ends_at <= spec.starts_at:
        raise ConfigError(f"{where}.ends_at is {spec.ends_at.isoformat()}; expected a time after starts_at")
    for n, queue in enumerate(spec.blending.queues if spec.blending is not None else ()):
        expect_known(queue, world.queues, f"{where}.blending.queues[{n}]", "a queue")
    for queue in spec.blending.by_queue if spec.blending is not None else ():
        expect_known(queue, world.queues, f"{where}.blending.by_queue has a key that", "a queue")
    if spec.filter:
        parse_filter(spec.filter, f"{where}.filter")
    _check_lists(spec, where)
    _check_order(spec.order, f"{where}.order")
    _check_retries(spec, where)
    if spec.spread is not None:
        _once(spec.spread.parts, f"{where}.spread.parts", "a beginning")
    _check_messages(spec, world, where)
    _check_caller_ids(spec.caller_ids, f"{where}.caller_ids")
    check_dispositions((*world.dispositions, *spec.dispositions), f"{where}.dispositions", len(world.dispositions))


def _check_mode(spec: CampaignSpec, world: CampaignWorld, where: str) -> None:
    if spec.mode in WITH_AGENTS:
        if not spec.queue:
            raise ConfigError(f"{where}.queue is missing; in mode {spec.mode.value} agents of a queue take the calls")
        expect_known(spec.queue, world.queues, f"{where}.queue", "a queue")
        if spec.flow:
            raise ConfigError(f"{where}.flow is {spec.flow!r}, but answers go to agents; expected mode agentless")
        if spec.message is not None:
            raise ConfigError(f"{where}.message is there, but answers go to agents; expected mode agentless")
        return
    if not spec.flow and spec.message is None:
        raise ConfigError(f"{where}.flow is missing; in mode agentless it is what callers get, or a message")
    if spec.message is not None:
        _check_message(spec, spec.message, world, where)
    else:
        expect_known(spec.flow, world.flows, f"{where}.flow", "a flow")
    if spec.queue:
        expect_known(spec.queue, world.queues, f"{where}.queue", "a queue")


def _check_message(spec: CampaignSpec, message: MessageSpec, world: CampaignWorld, where: str) -> None:
    if spec.flow:
        raise ConfigError(f"{where}.message is there, but so is flow ({spec.flow!r}); expected one of them")
    for name, prompt in (("prompt", message.prompt), ("bye", message.bye)):
        expect_known(prompt, world.prompts, f"{where}.message.{name}", "a prompt")
    if message.person_key and message.person_key == message.opt_out_key and spec.queue:
        raise ConfigError(f"{where}.message.opt_out_key is {message.opt_out_key}, as person_key; expected another")


def _check_lists(spec: CampaignSpec, where: str) -> None:
    _once((one.list for one in spec.lists), f"{where}.lists", "a list")
    if spec.lists and not any(one.share for one in spec.lists):
        raise ConfigError(f"{where}.lists all have the share 0; expected more for one of them")
    for n, one in enumerate(spec.lists):
        if one.filter:
            parse_filter(one.filter, f"{where}.lists[{n}].filter")
        _check_caller_ids(one.caller_ids, f"{where}.lists[{n}].caller_ids")
    _once(spec.resets, f"{where}.resets", "a time")
    if spec.new_every and spec.owner_only:
        raise ConfigError(f"{where}.new_every is {spec.new_every}, but owners have their leads in order; expected 0")


def _check_order(order: tuple[OrderKey, ...], where: str) -> None:
    for n, key in enumerate(order):
        if (key.by is OrderBy.FIELD) != bool(key.field):
            wanted = "a field's name" if key.by is OrderBy.FIELD else "none, or by: field"
            raise ConfigError(f"{where}[{n}].field is {key.field!r}; expected {wanted}")
        if key.by is OrderBy.RANDOM and n < len(order) - 1:
            raise ConfigError(f"{where}[{n}].by is random, after which no key counts; expected it last")
    _once((f"{key.by.value} {key.field}".strip() for key in order), where, "a key")


def _check_retries(spec: CampaignSpec, where: str) -> None:
    for outcome, rule in spec.retries.items():
        here = f"{where}.retries.{outcome.value}"
        if outcome is Outcome.LIVE:
            raise ConfigError(f"{here} never comes; what follows a talk is said by its disposition")
        if rule.attempts and not rule.next_number and rule.after_s < LEAST_REST_S:
            least = f"{LEAST_REST_S:g}"
            raise ConfigError(f"{here}.after_s is {rule.after_s:g}; expected at least {least}, or next_number: true")


def _check_messages(spec: CampaignSpec, world: CampaignWorld, where: str) -> None:
    if spec.machine_action is MachineAction.MESSAGE and not spec.machine_prompt:
        raise ConfigError(f"{where}.machine_prompt is missing; expected the message that is left")
    if spec.machine_action is not MachineAction.HANGUP and spec.amd is None:
        raise ConfigError(
            f"{where}.machine_action is {spec.machine_action.value}, but machines are not told from people; expected "
            "amd as well"
        )
    _check_amd(spec.amd, f"{where}.amd")
    if spec.machine_prompt:
        expect_known(spec.machine_prompt, world.prompts, f"{where}.machine_prompt", "a prompt")
    expect_known(spec.drop.prompt, world.prompts, f"{where}.drop.prompt", "a prompt")
    if spec.drop.queue:
        expect_known(spec.drop.queue, world.queues, f"{where}.drop.queue", "a queue")


def _check_amd(amd: AmdSpec | None, where: str) -> None:
    if amd is None or not amd.timing:
        if amd is not None and amd.checked:
            raise ConfigError(f"{where}.checked is {amd.checked:g}, but greetings tell nothing; expected timing: true")
        return
    if amd.pause_s >= amd.greeting_s:
        raise ConfigError(f"{where}.pause_s is {amd.pause_s:g}; expected less than greeting_s ({amd.greeting_s:g})")
    if not amd.while_talking and amd.greeting_s >= amd.decide_s:
        raise ConfigError(
            f"{where}.greeting_s is {amd.greeting_s:g}, but nobody is listened to for longer than decide_s "
            f"({amd.decide_s:g}), so that no greeting would tell a machine; expected less, or while_talking: true"
        )


def _check_caller_ids(pools: tuple[CallerIdPool, ...], where: str) -> None:
    seen: set[str] = set()
    for n, pool in enumerate(pools):
        for m, prefix in enumerate(pool.prefixes or ("",)):
            if prefix in seen:
                what = f"[{n}].prefixes[{m}] is {prefix!r}" if prefix else f"[{n}] has no prefixes"
                raise ConfigError(f"{where}{what}, as a pool before it; put their numbers together")
            seen.add(prefix)


def check_sequences(campaigns: tuple[CampaignSpec, ...], where: str) -> None:
    """What a campaign waits for exists, and does not wait for it in its turn. ``where``: the path of them all. Raises
    ConfigError."""
    after = {spec.id: spec.after for spec in campaigns}
    for n, spec in enumerate(campaigns):
        here = f"{where}[{n}].after"
        if spec.after:
            expect_known(spec.after, after, here, "a campaign")
        seen, next = [spec.id], spec.after
        while next and next not in seen:
            seen.append(next)
            next = after[next] if next in after else ""
        if next == spec.id:
            raise ConfigError(f"{here} is {spec.after!r}, but {' waits for '.join([*seen, next])}; none would begin")


def check_dispositions(dispositions: tuple[Disposition, ...], where: str, known: int = 0) -> None:
    """Ids and keys once, and consequences that fit. The first ``known`` of them stand elsewhere and are counted only.
    ``where``: the path of the others. Raises ConfigError."""
    ids: set[str] = set()
    keys: set[str] = set()
    for n, one in enumerate(dispositions):
        here = f"{where}[{n - known}]"
        if n >= known and one.id in ids:
            raise ConfigError(f"{here}.id is {one.id!r} a second time")
        if n >= known and one.key and one.key in keys:
            raise ConfigError(f"{here}.key is {one.key!r}, as another's; expected a key of its own")
        if one.category is DispositionCategory.DNC and one.then is not Then.DNC:
            raise ConfigError(f"{here}.then is {one.then.value}; who asks not to be called is not: expected dnc")
        if one.after_s and one.then is not Then.RETRY:
            raise ConfigError(f"{here}.after_s is {one.after_s:g}, but nothing is retried; expected then: retry")
        if one.attempts and one.then is not Then.RETRY:
            raise ConfigError(f"{here}.attempts is {one.attempts}, but nothing is retried; expected then: retry")
        if n >= known:
            _check_asks(one.asks, f"{here}.asks")
        ids.add(one.id)
        keys.add(one.key)


def _check_asks(asks: tuple[AskSpec, ...], where: str) -> None:
    _once((one.id for one in asks), where, "what is filled in")
    for n, one in enumerate(asks):
        if one.kind is AskKind.CHOICE and len(set(one.choices)) < 2:
            raise ConfigError(f"{where}[{n}].choices has fewer than two; expected what there is to choose")
        if one.kind is not AskKind.CHOICE and one.choices:
            raise ConfigError(
                f"{where}[{n}].choices are given, but the kind is {one.kind.value}; expected kind: choice"
            )


def parse_filter(text: str, where: str) -> Expression:
    """The filter of a campaign, checked against what a lead has. Raises ConfigError with the column."""
    try:
        parsed = parse(text, LEAD_NAMES)
    except ExpressionError as error:
        raise ConfigError(f"{where}, {error}") from None
    if parsed.type not in (Type.BOOL, Type.ANY):
        raise ConfigError(f'{where} gives a {parsed.type.value}; expected a condition, such as field.city == "Ulm"')
    return parsed


def _once(names: Iterable[str], where: str, what: str) -> None:
    seen: set[str] = set()
    for n, name in enumerate(names):
        if name in seen:
            raise ConfigError(f"{where}[{n}] is {name!r} a second time; name {what} once")
        seen.add(name)
