"""What is missing before a campaign may be started: by its own keys, its pack, and what the records have.

A centre file may hold a campaign that is half described; a start may not. Each fault is a sentence that says what to
do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from fsorch.campaign.compliance import Compliance
from fsorch.campaign.pacing import PACERS
from fsorch.campaign.script import WORDS, fields_of, unknown_words
from fsorch.campaigns import CallerIdPool, CampaignSpec, Mode
from fsorch.clock import DAY_US
from fsorch.compliance_packs import PackSpec, RegistryRule
from fsorch.config import AgentSpec, Centre
from fsorch.errors import ConfigError
from fsorch.nearest import near
from fsorch.rules import PhoneMode

__all__ = ["OVERDIALLING", "check_pacers", "faults", "register_fault"]

# The modes in which a person may be answered and find nobody.
OVERDIALLING = (Mode.POWER, Mode.PREDICTIVE)


def faults(
    spec: CampaignSpec,
    pack: PackSpec | None,
    *,
    leads: int | None = None,
    agents: Sequence[AgentSpec] | None = None,
    registries: Mapping[str, int] | None = None,
    unsaid: Sequence[str] = (),
    fields: Collection[str] | None = None,
    now: int = 0,
) -> list[str]:
    """What stands against starting ``spec``; empty: nothing. ``leads`` that may be dialled in its lists, the
    centre's ``agents``, and ``registries`` with the time of their last import (UTC microseconds): None where nobody
    knows. ``unsaid``: what of the message for those who find nobody has neither a sound nor a voice; ``fields``: the
    names of the fields that leads of its lists have, None where nobody knows."""
    crew = _agents(spec, agents) if agents is not None else ()
    own = [*_own(spec, leads), *_unfilled(spec, fields), *crew, *_unsaid(spec, unsaid)]
    return [*own, *(_by_pack(spec, pack, registries, now) if pack is not None else _no_pack())]


def check_pacers(centre: Centre, before: Centre | None = None) -> None:
    """Every pacer that a campaign names can be made in this process; what stood so ``before`` is left alone. Raises
    ConfigError that names the key."""
    known = {spec.id: (spec.mode, spec.pacer) for spec in before.campaigns} if before is not None else {}
    for n, spec in enumerate(centre.campaigns):
        if spec.mode is not Mode.PREDICTIVE or known.get(spec.id) == (spec.mode, spec.pacer):
            continue
        if fault := _pacer_fault(spec):
            raise ConfigError(f"campaigns[{n}].pacer: {fault}")


def _pacer_fault(spec: CampaignSpec) -> str:
    try:
        PACERS.find(spec.pacer)
    except ConfigError as error:
        return str(error)
    return ""


def _own(spec: CampaignSpec, leads: int | None) -> Iterator[str]:
    if spec.mode is Mode.PREDICTIVE and (fault := _pacer_fault(spec)):
        yield f"{fault}: pacer"
    if not spec.gateways:
        yield "it has no gateway; name one, or a group: gateways"
    if spec.mode is not Mode.MANUAL and not spec.lists:
        yield "it has no list; name one: lists"
    if leads == 0 and spec.lists and spec.mode is not Mode.MANUAL and not spec.keep_open:
        yield "its lists hold no lead that may be dialled; import some, or set keep_open"
    for word in unknown_words(spec.script):
        known = [*WORDS, "field.NAME"]
        yield f"its script says {{{word}}}, which is nothing that is known of a lead{near(word, known)}: script"
    if spec.mode in OVERDIALLING and spec.amd is None and spec.ring_s < 20:
        yield f"machines are not told from people, and it rings for {spec.ring_s:g} s only; set amd or ring_s"


def _unfilled(spec: CampaignSpec, fields: Collection[str] | None) -> Iterator[str]:
    if fields is None:
        return
    for name in fields_of(spec.script):
        if name not in fields:
            yield f"its script says {{field.{name}}}, a field that no lead of its lists has{near(name, fields)}: script"


def _agents(spec: CampaignSpec, agents: Sequence[AgentSpec]) -> Iterator[str]:
    serving = [agent for agent in agents if any(member.queue == spec.queue for member in agent.queues)]
    if spec.mode is not Mode.AGENTLESS and not serving:
        yield f"no agent serves its queue {spec.queue!r}; give it to some: fsorch agent set AGENT queues+={spec.queue}"
    elif spec.mode in OVERDIALLING and all(agent.phone_mode is not PhoneMode.NAILED for agent in serving):
        yield (
            "people would wait until an agent's phone is picked up, for none of its agents has a standing line; "
            "fsorch agent set AGENT phone_mode=nailed, or take the mode progressive or preview"
        )


def _unsaid(spec: CampaignSpec, unsaid: Sequence[str]) -> Iterator[str]:
    if unsaid and spec.mode in OVERDIALLING:
        yield (
            f"the message for those who find nobody, {spec.drop.prompt}, would leave out {', '.join(unsaid)}; write it "
            "into the words of a prompt of your own (drop.prompt) and make or record that, or name the switch's text "
            "to speech: speech"
        )


def _no_pack() -> Iterator[str]:
    yield "it has no compliance pack; name one (us, uk, eu, cn, or the centre's own): pack"


def _by_pack(spec: CampaignSpec, pack: PackSpec, registries: Mapping[str, int] | None, now: int) -> Iterator[str]:
    asked = Compliance(pack, spec)
    if spec.mode is Mode.PREDICTIVE and spec.target > asked.target:
        yield f"its target of drops is {spec.target:.2%}, but the pack's ceiling is {asked.target:.2%}; lower target"
    if spec.ring_s < asked.ring_s:
        yield f"it rings for {spec.ring_s:g} s, but the pack asks for {asked.ring_s:g}; raise ring_s"
    if any(rule.fits_campaign(spec) for rule in pack.caller_ids):
        # Lists that have the same numbers to show lack the same.
        for pools in dict.fromkeys(spec.pools_of(one.list) for one in spec.lists) or {spec.caller_ids: None}:
            yield from _caller_id(pools, pack)
    if spec.mode in OVERDIALLING:
        yield from _message(spec, pack)
        counted = any(rule.false_positives for rule in asked.drop_rules)
        if counted and spec.amd is not None and not spec.amd.false_positives:
            yield "the pack counts people taken for machines as drops; measure the share and set amd.false_positives"
    if spec.mode is Mode.AGENTLESS and spec.message is not None and not spec.message.opt_out_key:
        wanting = [rule for rule in pack.messages if rule.opt_out and rule.fits_campaign(spec)]
        yield from (f"its message needs a key to say no ({rule.source}): message.opt_out_key" for rule in wanting[:1])
    if any(keep.what == "records" and pack.id == "us" for keep in pack.keeps):
        yield from _evidence(spec)
    for rule in pack.registries if registries is not None else ():
        if rule.fits_campaign(spec) and (fault := register_fault(rule, registries or {}, now)):
            yield fault


def _caller_id(pools: tuple[CallerIdPool, ...], pack: PackSpec) -> Iterator[str]:
    if not pools:
        yield "it shows no number, but the pack asks for one that can be called back: caller_ids"
        return
    if all(pool.prefixes for pool in pools):
        yield "every pool of caller ids is for some prefixes; give one without, for all other numbers"
    if any(rule.name for rule in pack.caller_ids) and not all(pool.name for pool in pools):
        yield "the pack asks for a name beside the number shown: caller_ids[...].name"


def _message(spec: CampaignSpec, pack: PackSpec) -> Iterator[str]:
    rules = [rule for rule in pack.messages if rule.fits_campaign(spec)]
    for key, wanted in (("name", any(r.name for r in rules)), ("number", any(r.number for r in rules))):
        if wanted and not getattr(spec.drop, key):
            yield f"the message for those who find nobody must say the caller's {key}: drop.{key}"
    if any(rule.opt_out for rule in rules) and not spec.drop.opt_out_key:
        yield "who finds nobody must be able to say no: drop.opt_out_key"


def _evidence(spec: CampaignSpec) -> Iterator[str]:
    for key in ("seller", "telemarketer", "purpose", "caller_id_proof"):
        if not getattr(spec.evidence, key):
            yield f"the records of each call must say it (16 CFR 310.5): evidence.{key}"


def register_fault(rule: RegistryRule, registries: Mapping[str, int], now: int) -> str:
    """What is wrong with the copy of a public register at ``now`` (UTC microseconds), by when each was imported last;
    empty: nothing."""
    at = registries.get(rule.registry)
    if at is None:
        mend = f"fsorch dnc import {rule.registry} FILE"
        return f"the register {rule.registry} has not been imported ({rule.source}); {mend}"
    if now - at > rule.days * DAY_US:
        return f"the register {rule.registry} is older than {rule.days:g} days ({rule.source}); import it anew"
    return ""
