"""What can be said against a centre before it is used: values that could never be sent to a switch."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fsorch.config import Centre
from fsorch.errors import ConfigError, EslError, RequestRefused
from fsorch.esl.commands import Answer, Command, Originate, Playback

__all__ = ["check_centre", "leg_fault", "phone_fault", "phone_of"]

# Numbers beside an agent's own phone are no longer than this; what is longer is a number outside.
LONGEST_EXTENSION = 6
OUTSIDE_NUMBER = re.compile(r"\+?[0-9]{3,20}")
_LEG = "00000000-0000-0000-0000-000000000000"


def check_centre(centre: Centre) -> None:
    """Raises ConfigError that names the key when a phone, a music or a prompt cannot be put into a command line."""
    for where, command in _commands(centre):
        fault = _fault(command)
        if fault:
            raise ConfigError(f"{where}: {fault}")


def phone_fault(dial_string: str) -> str:
    """Why this dial string cannot be dialled; empty when it can."""
    return _fault(Originate(dial_string, _LEG))


def phone_of(given: str, own: str, outside: str) -> str:
    """The dial string of the phone somebody works at who has ``given`` this: a dial string as it stands; a number that
    begins with + or has more than LONGEST_EXTENSION digits as a number outside, by the centre's dial string
    ``outside``; anything else as an extension beside their ``own`` phone. Empty for empty. Raises RequestRefused for a
    number outside where the centre reaches none."""
    if not given or "/" in given:
        return given
    if given.startswith("+") or (given.isdigit() and len(given) > LONGEST_EXTENSION):
        if not outside:
            hint = "the centre has no dial string `outside` for numbers outside; give an extension, or user/NUMBER"
            raise RequestRefused("the centre", "without a way outside", "log in at this number", hint)
        if not OUTSIDE_NUMBER.fullmatch(given):
            hint = "a number is + and 3 to 20 digits"
            raise RequestRefused("the phone", repr(given[:40]), "log in there", hint)
        return outside.replace("{number}", given)
    domain = own.partition("@")[2] if own.startswith("user/") else ""
    return f"user/{given}@{domain}" if domain and "@" not in given else f"user/{given}"


def leg_fault(uuid: str) -> str:
    """Why no command can name this leg; empty when one can."""
    return _fault(Answer(uuid))


def _commands(centre: Centre) -> Iterator[tuple[str, Command]]:
    for n, agent in enumerate(centre.agents):
        yield f"agents[{n}].phone", Originate(agent.phone, _LEG)
        asked = (("group_confirm_file", agent.confirm_sound),)
        yield f"agents[{n}].confirm_sound", Originate(agent.phone, _LEG, asked)
        if agent.alert:
            yield f"agents[{n}].alert", Playback(_LEG, agent.alert)
    for n, queue in enumerate(centre.queues):
        yield f"queues[{n}].music", Playback(_LEG, queue.music)
        if queue.callback is not None:
            yield f"queues[{n}].callback.dial", Originate(queue.callback.dial.replace("{number}", "0"), _LEG)
    for name, prompt in centre.prompts.items():
        paths = {"": prompt} if isinstance(prompt, str) else {f".file.{key}": path for key, path in prompt.file.items()}
        for key, path in paths.items():
            yield f"prompts.{name}{key}", Playback(_LEG, path)
    if centre.outside:
        yield "outside", Originate(centre.outside.replace("{number}", "0"), _LEG)
    yield "prompts_dir", Playback(_LEG, centre.prompts_dir)


def _fault(command: Command) -> str:
    try:
        command.wire()
    except EslError as error:
        return str(error)
    return ""
