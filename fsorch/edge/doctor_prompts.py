"""Whether a switch has the audio that the centre's callers hear, in each of their languages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePosixPath

import msgspec

from fsorch.config import Centre
from fsorch.edge.check import Check
from fsorch.edge.prompt_texts import wanted
from fsorch.esl.commands import FileExists, ModuleExists
from fsorch.flow_checks import prompts_of
from fsorch.shipped import DEFAULT_LANGUAGE, SHIPPED

__all__ = ["examine_prompts", "folder_of"]

# Played by the switch's own dialplan when fsorch is away.
FALLBACK_PROMPTS = ("connecting", "leave_message", "thanks", "call_again")
# The pieces that values are spoken with are hundreds, made and copied together: one in so many is looked at.
ONE_IN = 16


def examine_prompts(ask: Callable[[str], str], centre: Centre, sounds: str) -> Iterator[Check]:
    """One finding for each language. ``ask`` sends a command and gives its answer; ``sounds``: the switch's folder."""
    by_language: dict[str, list[str]] = {}
    for language, path in _paths(centre, sounds):
        by_language.setdefault(language, []).append(path)
    for language, paths in sorted(by_language.items()):
        files = [path for path in dict.fromkeys(paths) if "://" not in path]
        missing = [path for path in files if ask(FileExists(path).wire()) != "true"]
        if missing:
            detail = f"the switch has no {missing[0]} ({len(missing)} of {len(files)} looked at in {language} missing)"
            yield Check("prompts", False, detail, _mend(language, missing[0], sounds))
        else:
            yield Check("prompts", True, f"the switch has all {len(files)} looked at in {language}")
    if centre.speech is not None and ask(ModuleExists(f"mod_{centre.speech.engine}").wire()) != "true":
        detail = f"mod_{centre.speech.engine} is not loaded; what no file can say is left out"
        yield Check("speech", None, detail, f'fs_cli -x "load mod_{centre.speech.engine}", or take speech away')


def folder_of(centre: Centre, sounds: str) -> str:
    """Where a switch whose sounds are in ``sounds`` has the centre's prompts, a folder for each language."""
    return (centre.prompts_dir.replace("${sounds_dir}", sounds) or f"{sounds}/fsorch").rstrip("/")


def _mend(language: str, path: str, sounds: str) -> str:
    folder, file = str(PurePosixPath(path).parent), PurePosixPath(path).stem
    comes_with_us = file.rstrip("0123456789").rstrip(".") in SHIPPED[language] if language in SHIPPED else False
    comes_with_us = comes_with_us or file in FALLBACK_PROMPTS or file.startswith("say_")
    if comes_with_us and language == DEFAULT_LANGUAGE and folder == f"{sounds}/fsorch/{language}":
        return f"copy sounds/fsorch of `fsorch freeswitch export` to {sounds}"
    return f"fsorch prompt build --language {language}, then copy prompts/{language} of the home to {folder}"


def _paths(centre: Centre, sounds: str) -> Iterator[tuple[str, str]]:
    """The language and path of each file that is looked at."""
    ours = f"{sounds}/fsorch"
    folder = folder_of(centre, sounds)
    # Campaigns' messages are looked at by themselves; see fsorch.edge.message_audio.
    prompts = wanted(msgspec.structs.replace(centre, campaigns=()))
    pieces = [one for one in prompts if one.name.startswith("say_")]
    skipped = {(one.language, one.name) for n, one in enumerate(pieces) if n % ONE_IN}
    for one in prompts:
        if (one.language, one.name) not in skipped:
            yield one.language, one.path or f"{folder}/{one.language}/{one.name}.wav"
    yield from ((DEFAULT_LANGUAGE, f"{ours}/{DEFAULT_LANGUAGE}/{name}.wav") for name in FALLBACK_PROMPTS)
    for name in _named(centre):
        if name not in {one.prompt for one in prompts}:
            yield centre.language, f"{folder}/{centre.language}/{name}.wav"


def _named(centre: Centre) -> Iterable[str]:
    """The prompts that flows name and do not hold themselves."""
    named = set()
    for flow in centre.flows:
        named |= {name for node in flow.nodes.values() for _, name in prompts_of(node)} - flow.prompts.keys()
    return sorted(named)
