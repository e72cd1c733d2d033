"""Whether a switch has the audio of the campaigns' messages, as the doctor looks at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fsorch.campaign.readiness import OVERDIALLING
from fsorch.campaigns import CampaignSpec
from fsorch.config import Centre
from fsorch.edge.check import Check
from fsorch.edge.doctor_prompts import folder_of
from fsorch.edge.prompt_texts import Wanted, campaign_messages
from fsorch.esl.commands import FileExists

__all__ = ["absent", "examine_messages", "is_grave", "mend", "needed"]

Ask = Callable[[str], str]


def examine_messages(ask: Ask, centre: Centre, sounds: str) -> Iterator[Check]:
    """A finding for each campaign that has messages: a fault where people may be dropped in the course of things."""
    for spec in centre.campaigns:
        wanted = list(needed(centre, spec))
        gone = list(absent(ask, centre, wanted, sounds))
        if gone:
            what, one, path = gone[0]
            ok = False if any(is_grave(spec, what) for what, _, _ in gone) else None
            detail = f"campaign {spec.id}: the switch has no {path}, its {what} ({len(gone)} of {len(wanted)} missing)"
            yield Check("messages", ok, detail, mend(one, path))
        elif wanted:
            yield Check("messages", True, f"campaign {spec.id}: the switch has all {len(wanted)}")


def needed(centre: Centre, spec: CampaignSpec) -> Iterator[tuple[str, Wanted]]:
    """The files that must be there. What has names in it can be spoken by the switch, where the centre has it speak."""
    for what, one in campaign_messages(centre, spec):
        if centre.speech is None or one.name == one.prompt:
            yield what, one


def is_grave(spec: CampaignSpec, what: str) -> bool:
    """Whether its absence will be heard: a machine is left the message each time; people are dropped by those modes
    that dial more than there are agents."""
    return spec.mode in OVERDIALLING or what != "drop message"


def absent(
    ask: Ask, centre: Centre, wanted: list[tuple[str, Wanted]], sounds: str
) -> Iterator[tuple[str, Wanted, str]]:
    """Those of the files that the switch, whose sounds are in ``sounds``, does not have, with their paths there."""
    folder = folder_of(centre, sounds)
    for what, one in wanted:
        path = one.path or f"{folder}/{one.language}/{one.name}.wav"
        if "://" not in path and ask(FileExists(path).wire()) != "true":
            yield what, one, path


def mend(one: Wanted, path: str) -> str:
    """What to do so that the switch has the file."""
    if one.path:
        return f"put the recording there, or change prompts.{one.prompt}"
    there = path.rpartition("/")[0]
    return f"fsorch prompt build, then copy prompts/{one.language}/{one.name}.wav of the home to {there}"
