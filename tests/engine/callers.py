"""A caller in a flow, on the desk: hears what the engine has the switch play, and does what callers do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import LookedUp
from fsorch.engine.views import ContactView
from fsorch.esl.commands import Break, Command, Execute, PlayAndGetDigits, Playback, SetVars
from fsorch.ivr.steps import Failed, HttpAnswer, Rows
from tests.engine.desk import Desk

__all__ = ["Caller", "Running"]

Running = Playback | PlayAndGetDigits | Execute
SOUNDS = "/sounds/fsorch/"


class Caller:
    """The caller on ``leg``, who has rung ``desk``. Every application that is begun is ended by one of the verbs."""

    def __init__(
        self,
        desk: Desk,
        leg: str = "caller",
        flow: str = "",
        queue: str = "",
        said: Mapping[str, str] | None = None,
        **fields: Any,
    ) -> None:
        self.desk, self.leg = desk, leg
        asked = {"fsorch_flow": flow, "fsorch_queue": queue, **(said or {})}
        self.variables = {"fsorch_entry": "yes"} | {name: value for name, value in asked.items() if value}
        parked = {"caller_number": "+441234", "caller_name": "Zoë", "direction": "inbound"} | fields
        desk.event("CHANNEL_PARK", leg, self.variables, answer_state="ringing", **parked)
        desk.event("CHANNEL_ANSWER", leg, answer_state="answered", **parked)

    # -- what the switch was told -------------------------------------------------------------------------------------

    @property
    def commands(self) -> list[Command]:
        """Everything that was sent to this leg."""
        return [command for command, _ in self.desk.sent if getattr(command, "uuid", "") == self.leg]

    @property
    def running(self) -> Running:
        """The application that was begun last."""
        return next(one for one in reversed(self.commands) if isinstance(one, Running))

    @property
    def asks(self) -> PlayAndGetDigits:
        """The last one, which takes keys."""
        assert isinstance(self.running, PlayAndGetDigits), self.running
        return self.running

    @property
    def hears(self) -> list[str]:
        """The prompts that play, without folder and language; other sounds as they are."""
        running = self.running
        path = running.prompt if isinstance(running, PlayAndGetDigits) else getattr(running, "file", "")
        if path.startswith(SOUNDS):
            path = f"file_string://{path}"
        if not path.startswith("file_string://"):
            return [path]
        return [one.rpartition("/")[2].removesuffix(".wav") for one in path.removeprefix("file_string://").split("!")]

    @property
    def language(self) -> str:
        """Of the first prompt that plays."""
        running = self.running
        path = running.prompt if isinstance(running, PlayAndGetDigits) else getattr(running, "file", "")
        return str(path.partition(SOUNDS)[2].partition("/")[0])

    @property
    def marks(self) -> dict[str, str]:
        """The variables that were set on the leg, and what they were at first."""
        marks = dict(self.variables)
        for command in self.commands:
            if isinstance(command, SetVars):
                marks |= dict(command.pairs)
        return marks

    # -- what the caller does -----------------------------------------------------------------------------------------

    def hears_out(self) -> None:
        """What plays comes to its end."""
        self._over(self.running, {})

    def key(self, keys: str) -> None:
        """Keys where they are asked for, or one during a prompt."""
        running = self.running
        if isinstance(running, PlayAndGetDigits):
            self._over(running, {running.variable: keys})
        else:
            self._over(running, {"playback_terminator_used": keys})

    def is_read(self, keys: str) -> None:
        """The switch has read these keys, for whatever application."""
        for key in keys:
            self.desk.event("DTMF", self.leg, dtmf_digit=key)

    def says_nothing(self) -> None:
        """No key comes."""
        self._over(self.asks, {"read_result": "timeout"})

    def speaks(self, ms: int) -> None:
        """A recording of so many milliseconds."""
        assert isinstance(self.running, Execute)
        self._over(self.running, {"record_ms": str(ms)} if ms else {})

    def lost_sound(self) -> None:
        """The file of what should play is not there."""
        self._over(self.running, {}, application_response="FILE NOT FOUND")

    def breaks_off(self) -> None:
        """The switch ends what played, as it was told."""
        assert isinstance(self.commands[-1], Break)
        self.hears_out()

    def is_told(self, answer: HttpAnswer | Rows | Failed) -> None:
        """What was looked up is there."""
        asked = self.desk.asked[-1]
        self.desk.tell(LookedUp(asked.contact, asked.serial, answer))

    def hangs_up(self) -> None:
        """The end."""
        self.desk.ends(self.leg)

    def _over(self, running: Running, variables: dict[str, str], **fields: Any) -> None:
        self.desk.event("CHANNEL_EXECUTE_COMPLETE", self.leg, variables, application_uuid=running.event_uuid, **fields)

    # -- what became of it --------------------------------------------------------------------------------------------

    @property
    def contact(self) -> ContactView:
        """As it is shown."""
        (found,) = [one for one in self.desk.engine.snapshot().contacts if one.id == self.id]
        return found

    @property
    def id(self) -> str:
        """The contact's id."""
        return next(fact.contact for fact in self.desk.of(FactKind.CONTACT_BEGAN) if fact.leg == self.leg)

    @property
    def state(self) -> str:
        """Where the contact is; over, when it is."""
        alive = {one.id: one.state for one in self.desk.engine.snapshot().contacts}
        return alive.get(self.id, "over")

    @property
    def row(self) -> dict[str, Any]:
        """The record of it, once it is over."""
        (row,) = [fact.data["row"] for fact in self.desk.of(FactKind.CONTACT_ENDED) if fact.contact == self.id]
        assert isinstance(row, dict)
        return row

    @property
    def nodes(self) -> list[str]:
        """The nodes that were passed."""
        return [fact.data["node"] for fact in self.desk.of(FactKind.NODE_PASSED) if fact.contact == self.id]

    def told(self, what: str) -> list[str]:
        """The values, or else the details, of what was told of the flow."""
        told = [fact.data for fact in self.desk.of(FactKind.FLOW_TOLD) if fact.contact == self.id]
        return [str(data["value"] or data["detail"]) for data in told if data["what"] == what]
