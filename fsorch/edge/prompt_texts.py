"""Every audio file that a centre's callers may hear, and what it says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from fsorch.campaigns import CampaignSpec
from fsorch.config import Centre
from fsorch.engine.dialling_said import messages_of
from fsorch.engine.sounds import drop_values, fixed
from fsorch.flows import FlowRelease, FlowSpec, prompt_file
from fsorch.ivr.speech import piece_list
from fsorch.prompts import PromptSpec, fragments, parse_text
from fsorch.shipped import DEFAULT_LANGUAGE, SHIPPED

__all__ = ["Wanted", "campaign_messages", "languages_of", "wanted", "with_trials"]


class Wanted(msgspec.Struct, frozen=True):
    """A file ``<language>/<name>.wav`` that says ``text``. ``prompt``: what it belongs to, as the centre names it;
    ``path`` when the centre says where it lies on the switch: then it is nobody's business here."""

    language: str
    name: str
    text: str
    prompt: str
    path: str = ""


def with_trials(centre: Centre, releases: Iterable[FlowRelease]) -> Centre:
    """The centre as its callers hear it: with the versions of flows that get a share of the calls. Where two versions
    have a prompt of the same name, the one in force says what is heard."""
    in_force = {flow.id: flow for flow in centre.flows}
    trials = [one.spec for one in releases if one.share > 0 and in_force.get(one.flow) != one.spec]
    return msgspec.structs.replace(centre, flows=(*trials, *centre.flows))


def languages_of(centre: Centre) -> tuple[str, ...]:
    """Every language that the centre's callers may hear, sorted. English is one: the switch's own dialplan speaks it
    when fsorch is away."""
    found = {DEFAULT_LANGUAGE, centre.language}
    for prompt in centre.prompts.values():
        found.update(prompt.languages if isinstance(prompt, PromptSpec) else ())
    for flow in centre.flows:
        found.update(flow.languages)
    return tuple(sorted(found))


def wanted(centre: Centre, languages: Iterable[str] = ()) -> list[Wanted]:
    """All files of ``languages`` (none: those of the centre), by language and name: fsorch's own prompts, the pieces
    that values are spoken with, the centre's prompts, those of its flows, and its campaigns' messages."""
    chosen = tuple(languages) or languages_of(centre)
    found = {(one.language, one.name): one for language in chosen for one in _shipped(centre, language)}
    more = [*_of_centre(centre), *(one for flow in centre.flows for one in _of_flow(flow))]
    more += [one for spec in centre.campaigns for _, one in campaign_messages(centre, spec, chosen)]
    found |= {(one.language, one.name): one for one in more if one.language in chosen}
    return [found[key] for key in sorted(found)]


def campaign_messages(
    centre: Centre, spec: CampaignSpec, languages: Iterable[str] = ()
) -> Iterator[tuple[str, Wanted]]:
    """The files of a campaign's messages in ``languages`` (none: those of the centre), each with what it is for: one
    that says all of it, with the campaign's names and numbers; else the prompt's own."""
    chosen = tuple(languages) or languages_of(centre)
    for what, prompt in messages_of(spec):
        said = [one for one in (fixed(centre, prompt, drop_values(spec.drop), language) for language in chosen) if one]
        known = {(one.language, one.name): Wanted(one.language, one.name, one.text, prompt) for one in said}
        own = [] if said else [one for one in _of_centre(centre) if one.prompt == prompt]
        yield from ((what, one) for one in (*known.values(), *own))


def _shipped(centre: Centre, language: str) -> Iterator[Wanted]:
    texts = SHIPPED.get(language) or SHIPPED.get(language.partition("-")[0]) or {}
    for name, text in texts.items():
        if name not in centre.prompts:
            yield from _cut(language, name, text)
    for name, text in piece_list(language).items():
        if name not in centre.prompts:
            yield Wanted(language, name, text, name)


def _of_centre(centre: Centre) -> Iterator[Wanted]:
    for name, prompt in centre.prompts.items():
        if isinstance(prompt, PromptSpec):
            yield from _of_prompt(name, prompt)
        else:
            yield Wanted(centre.language, name, "", name, prompt)


def _of_flow(flow: FlowSpec) -> Iterator[Wanted]:
    for name in flow.prompts:
        prompt = flow.prompt(name)
        if prompt is not None:
            yield from _of_prompt(prompt_file(flow.id, name), prompt)


def _of_prompt(name: str, prompt: PromptSpec) -> Iterator[Wanted]:
    for language in prompt.languages:
        if language in prompt.file:
            yield Wanted(language, name, prompt.text.get(language, ""), name, prompt.file[language])
        else:
            yield from _cut(language, name, prompt.text[language])


def _cut(language: str, name: str, text: str) -> Iterator[Wanted]:
    for file, words in fragments(name, parse_text(text)).items():
        yield Wanted(language, file, words, name)
