"""Whether the audio of campaigns' messages is where their calls are, before anybody is called.

Who answers and finds nobody must hear who called and where they are reached: a message that the switch does not have is
a silence. A switch is asked for the files themselves; while none can be reached, the folder they are built in says
whether there are any.
"""

from __future__ import annotations

from pathlib import Path

from fsorch.campaigns import CampaignSpec
from fsorch.config import Centre, Settings
from fsorch.edge.doctor_messages import absent, is_grave, mend, needed
from fsorch.edge.doctor_switch import asking
from fsorch.edge.prompt_files import PromptFolder
from fsorch.edge.prompt_texts import Wanted
from fsorch.errors import ConfigError, EslError, LinkError

__all__ = ["message_faults"]


def message_faults(settings: Settings, centre: Centre, spec: CampaignSpec) -> list[str]:
    """What stands against starting ``spec``: each of its messages that a switch of the settings does not have, with
    what to do; where no switch can be reached, those that were never made. Takes some seconds when a switch does not
    answer. Raises nothing."""
    wanted = [(what, one) for what, one in needed(centre, spec) if is_grave(spec, what)]
    if not wanted:
        return []
    faults: list[str] = []
    reached = False
    for switch in settings.switches:
        try:
            with asking(switch, centre) as patient:
                sounds = patient.setting("sounds_dir")
                gone = list(absent(patient.ask, centre, wanted, sounds))
        except (ConfigError, LinkError, EslError):
            continue
        reached = True
        faults += [f"{switch.name} has no {path}, its {what}; {mend(one, path)}" for what, one, path in gone]
    return faults if reached else _never_made(PromptFolder(Path(settings.home) / "prompts"), wanted)


def _never_made(folder: PromptFolder, wanted: list[tuple[str, Wanted]]) -> list[str]:
    try:
        return [
            f"its {what} has no audio in {one.language}; fsorch prompt build"
            for what, one in wanted
            if not one.path and folder.lacks(one)
        ]
    except ConfigError as error:
        return [str(error)]
