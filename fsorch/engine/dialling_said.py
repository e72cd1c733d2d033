"""What campaigns say to people and machines without anybody of ours: as files that hold all of it.

A message names the company and its number, which no piece of audio can say. So ``fsorch prompt build`` makes each
campaign's message as one file, named by its text (:func:`fsorch.engine.sounds.fixed`). Whether a switch has that file
is asked before a call leaves, and again a minute later: what is built and copied is played from then on. Where it is
not there, the message is put together of its words, with the switch's text to speech if the centre names one.
"""

from __future__ import annotations

from collections.abc import Iterator

from fsorch.campaigns import CampaignSpec, MachineAction, Mode
from fsorch.config import Centre
from fsorch.engine.core import Core
from fsorch.engine.dialling_state import Dial
from fsorch.engine.music import Music
from fsorch.engine.sounds import Fixed, drop_values, fixed, spoken
from fsorch.esl.commands import FileExists
from fsorch.ivr.speech import File, Utterance
from fsorch.prompts import LANGUAGE
from fsorch.shipped import DEFAULT_LANGUAGE

__all__ = ["Said", "messages_of"]

# What a switch has is asked again after this time.
LOOK_S = 60.0
# Lists may hold leads of any languages; so many messages are kept in mind.
MOST = 1000


def messages_of(spec: CampaignSpec) -> Iterator[tuple[str, str]]:
    """What each message of a campaign is for, and its prompt."""
    if spec.mode is not Mode.AGENTLESS:
        yield "drop message", spec.drop.prompt
    if spec.machine_action is MachineAction.MESSAGE and spec.machine_prompt:
        yield "message to machines", spec.machine_prompt


class Said:
    """Knows which messages the switches have as files."""

    def __init__(self, core: Core, music: Music) -> None:
        self.core = core
        self.music = music
        # Whether a switch has a file, and when it was asked; None until it has said so.
        self._there: dict[tuple[str, str], tuple[float, bool | None]] = {}
        self._made: dict[tuple[object, ...], Fixed | None] = {}
        self._of: Centre | None = None

    def language(self, dial: Dial) -> str:
        """In which the called party is spoken to."""
        return dial.lead.language if LANGUAGE.fullmatch(dial.lead.language) else self.core.centre.language

    def look(self, spec: CampaignSpec, switch: str, language: str) -> None:
        """Ask the switch which messages of a campaign it has, in ``language`` and in the centre's own."""
        for _, prompt in messages_of(spec):
            for one in self._files(spec, prompt, language):
                path = self.music.prompt(switch, one.name, one.language)
                asked_at, known_to_be = self._there.get((switch, path), (-LOOK_S, None))
                if self.core.now.mono - asked_at >= LOOK_S:
                    self._there[switch, path] = self.core.now.mono, known_to_be
                    known = self.core.switches.get(switch)
                    # Applications expand it, api commands do not.
                    there = path.replace("${sounds_dir}", known.sounds_dir if known is not None else "")
                    self.core.send(switch, FileExists(there), f"audio:{path}")

    def told(self, switch: str, path: str, answer: str) -> None:
        """What a switch has said of a file."""
        asked_at, _ = self._there.get((switch, path), (self.core.now.mono, None))
        self._there[switch, path] = asked_at, answer == "true"
        if answer != "true" and self.core.centre.speech is None:
            detail = f"{switch} has no {path}: names are left out of a campaign's message; fsorch prompt build makes it"
            self.core.count_odd("no_message", detail)

    def words(self, spec: CampaignSpec, prompt: str, switch: str, language: str) -> tuple[Utterance, ...]:
        """What says ``prompt`` to somebody called for ``spec``: its file, if the switch has it; without text to speech
        rather in another language than without its names."""
        centre = self.core.centre
        for n, one in enumerate(self._files(spec, prompt, language)):
            path = self.music.prompt(switch, one.name, one.language)
            if self._there.get((switch, path), (0.0, None))[1] and (not n or centre.speech is None):
                return (File(one.name, one.language),)
        return spoken(centre, prompt, drop_values(spec.drop), language)

    def _files(self, spec: CampaignSpec, prompt: str, language: str) -> tuple[Fixed, ...]:
        """The files that would say it, the best first."""
        found = [self._fixed(spec, prompt, one) for one in (language, self.core.centre.language, DEFAULT_LANGUAGE)]
        return tuple(dict.fromkeys(one for one in found if one is not None))

    def _fixed(self, spec: CampaignSpec, prompt: str, language: str) -> Fixed | None:
        centre = self.core.centre
        if centre is not self._of or len(self._made) > MOST:
            self._of, self._made, self._there = centre, {}, {}
        values = drop_values(spec.drop)
        key = (prompt, language, *values.values())
        if key not in self._made:
            self._made[key] = fixed(centre, prompt, values, language)
        return self._made[key]
