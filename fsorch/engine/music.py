"""What a caller hears while nothing is asked: music that never stops, and where prompts are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil

from fsorch.engine.core import Core
from fsorch.engine.sounds import file_language, sound, spoken
from fsorch.engine.state import Contact
from fsorch.esl.commands import Break, Playback, SetVars
from fsorch.esl.events import Event
from fsorch.esl.quoting import file_list
from fsorch.ivr.speech import Utterance, render
from fsorch.prompts import Slot
from fsorch.shipped import DEFAULT_LANGUAGE

__all__ = ["Music", "busy", "playing"]

# Needs no file and no module but mod_tone_stream: a soft chord, then a pause, for ever.
PLAIN_MUSIC = "tone_stream://v=-25;%(900,0,349.23,440);%(900,2800,329.63,415.3);loops=-1"
# Where there is nothing to play.
SILENCE = "silence_stream://10"
# What the switch takes a list of files by (mod_dptools.c); music may be one.
LIST = "file_string://"
# Music that ends sooner than this did not play: the stream or file is not there.
TOO_SHORT_S = 2.0


def playing(event: Event) -> bool:
    """Whether something plays on a leg. The last application keeps its name when it is over, but has a response
    then."""
    application, response = event.variable("current_application"), event.variable("current_application_response")
    return application == "playback" and not response


class Music:
    """Plays the queue's music again and again; where it cannot be played, a tone that every switch can."""

    def __init__(self, core: Core) -> None:
        self.core = core

    def play(self, contact: Contact, after_s: float = 0.0) -> None:
        """Begin the music of the contact's queue, if there is anybody to hear it. With ``after_s`` it is silent for so
        long first: for somebody who will be joined or told something before that, unless we fall silent. The switch
        plays on alone then, and they need not wonder whether anybody is there."""
        core = self.core
        if not contact.leg:
            return
        contact.running, contact.music_at = core.ids(), core.now.mono
        music = PLAIN_MUSIC if contact.plain_music else core.queues[contact.hears].spec.music
        if after_s:
            silence = f"silence_stream://{ceil(after_s * 1000)}"
            listed = music.startswith(LIST)
            music = f"{LIST}{silence}!{music.removeprefix(LIST)}" if listed else file_list((silence, music))
        marks = (("playback_terminators", "none"), ("fsorch_music", contact.running))
        core.send(contact.switch, SetVars(contact.leg, marks))
        core.send(contact.switch, Playback(contact.leg, music, contact.running), f"music:{contact.id}")

    def keep(self, contact: Contact, event: Event) -> bool:
        """After a restart of ours: leave the music alone that plays on the leg of ``event``, and know it again. False
        when none does."""
        known = event.variable("fsorch_music")
        path = event.variable("current_application_data")
        music = self.core.queues[contact.queue].spec.music
        if not known or not playing(event) or path not in (music, PLAIN_MUSIC):
            return False
        contact.running, contact.plain_music = known, path != music
        contact.music_at = self.core.now.mono - TOO_SHORT_S
        return True

    def ended(self, contact: Contact, bridging: bool) -> None:
        """The music came to its end while the caller waits: again, or the tone if it hardly began.

        ``bridging``: the end is the bridge's doing; if the bridge fails the contact asks for music itself."""
        if bridging:
            return
        if self.core.now.mono - contact.music_at < TOO_SHORT_S:
            if contact.plain_music:
                self.core.count_odd("no_music", f"neither music nor tone can be played on {contact.switch}")
                return
            contact.plain_music = True
        self.play(contact)

    def hush(self, contact: Contact) -> None:
        """The caller has been joined to somebody. Music that was asked for a moment before, and has not ended with the
        bridge (capture 10 has that order), begins only now: it would play into the talk, and the caller's leg would
        outlive it."""
        if contact.running:
            contact.running = ""
            self.core.send(contact.switch, Break(contact.leg))

    def prompt(self, switch: str, name: str, language: str = DEFAULT_LANGUAGE) -> str:
        """The path of a prompt, or of a part of one, as the switch sees it."""
        centre = self.core.centre
        spec = centre.prompts.get(name)
        if isinstance(spec, str):
            return spec
        if spec is not None and spec.file.get(spec.language_for(language)):
            return spec.file[spec.language_for(language)]
        known = self.core.switches.get(switch)
        folder = centre.prompts_dir or f"{known.sounds_dir if known else ''}/fsorch"
        language = spec.language_for(language) if spec is not None else file_language(name, language)
        return f"{folder.rstrip('/')}/{language}/{name}.wav"

    def words(self, contact: Contact, name: str, values: Mapping[str, object] | None = None) -> tuple[Utterance, ...]:
        """A prompt for this caller, with the ``values`` of its slots."""
        return spoken(self.core.centre, name, values or {}, contact.language)

    def digits(self, contact: Contact, digits: str) -> tuple[Utterance, ...]:
        """A telephone number for this caller, digit by digit."""
        language = file_language("say_0", contact.language)
        return render("", (Slot("digits", "digits"),), {"digits": digits}, language)

    def sound(self, contact: Contact, words: Iterable[Utterance]) -> str:
        """What plays ``words`` on the caller's leg. The switch gets what it needs to speak texts before that."""
        return self.play_of(contact.switch, contact.leg, words)

    def play_of(self, switch: str, leg: str, words: Iterable[Utterance]) -> str:
        """What plays ``words`` on a leg; see :meth:`sound`."""
        core = self.core
        made = sound(words, lambda file: self.prompt(switch, file.name, file.language), core.centre.speech)
        if made.variables:
            core.send(switch, SetVars(leg, made.variables))
        if made.skipped:
            detail = f"a value in a prompt cannot be said ({', '.join(made.skipped)[:200]}); name an engine in speech"
            core.count_odd("not_said", detail)
        return made.file or SILENCE


def busy(event: Event) -> bool:
    """Whether an application plays or dials on the leg of ``event``: one that is over has left its response."""
    doing, response = event.variable("current_application"), event.variable("current_application_response")
    return doing in ("playback", "bridge") and not response
