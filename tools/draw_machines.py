"""Draws docs/machines.md from the machines' tables; with ``--check`` it only says whether the page is up to date.

A diagram that is drawn cannot lie: change a table, run ``make machines``, and the page follows.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from fsorch.acd import AgentMachine, ContactMachine, OfferMachine
from fsorch.acd.affinity import ChoiceMachine
from fsorch.acd.callback import CallbackMachine
from fsorch.acd.line import LineMachine
from fsorch.acd.room import RoomMachine
from fsorch.acd.transfer import TransferMachine
from fsorch.campaign.answers import AnswerMachine
from fsorch.campaign.campaign import CampaignMachine
from fsorch.campaign.dial import DialMachine
from fsorch.campaign.gateway_health import HealthMachine
from fsorch.campaign.lead import LeadMachine
from fsorch.ivr.walking import SessionMachine
from fsorch.machine import Machine

PAGE = Path(__file__).resolve().parent.parent / "docs" / "machines.md"
MACHINES: tuple[tuple[str, str, type[Machine[Any, Any, Any]]], ...] = (
    ("Contact", "fsorch/acd/contact.py", ContactMachine),
    ("Offer", "fsorch/acd/offer.py", OfferMachine),
    ("Agent", "fsorch/acd/agent.py", AgentMachine),
    ("Transfer", "fsorch/acd/transfer.py", TransferMachine),
    ("Conference", "fsorch/acd/room.py", RoomMachine),
    ("Choice of a person", "fsorch/acd/affinity.py", ChoiceMachine),
    ("Callback", "fsorch/acd/callback.py", CallbackMachine),
    ("Standing call", "fsorch/acd/line.py", LineMachine),
    ("Session of a flow", "fsorch/ivr/walking.py", SessionMachine),
    ("Campaign", "fsorch/campaign/campaign.py", CampaignMachine),
    ("Lead", "fsorch/campaign/lead.py", LeadMachine),
    ("Dial", "fsorch/campaign/dial.py", DialMachine),
    ("Answer", "fsorch/campaign/answers.py", AnswerMachine),
    ("Gateway", "fsorch/campaign/gateway_health.py", HealthMachine),
)
HEAD = """# The machines

Drawn from the tables by `make machines`; `make docs` fails when this page is behind them. An arrow carries the input
and, after the slash, the effect. Inputs that change nothing in a state (an event that came late or twice) are left
out of the picture and stand in the tables' files.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *(section(*one) for one in MACHINES)])


def section(title: str, path: str, machine: type[Machine[Any, Any, Any]]) -> str:
    """One machine: where its table is, and the picture."""
    lines = [f"    [*] --> {machine.FIRST.value}"]
    for (state, input), (effect, following) in machine.TABLE.items():
        if effect is not None or following is not state:
            label = f"{input.value} / {effect.value}" if effect is not None else input.value
            lines.append(f"    {state.value} --> {following.value}: {label}")
    picture = "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```"])
    return f"## {title}\n\nThe table is in [`{path}`](../{path}).\n\n{picture}\n"


def main(arguments: list[str]) -> int:
    """Write the page, or with ``--check`` compare it; 1 when it is behind."""
    wanted = page()
    if "--check" not in arguments:
        PAGE.write_text(wanted, encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == wanted:
        return 0
    print(f"docs/{PAGE.name} is behind the tables; run `make machines`", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
