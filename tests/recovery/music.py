"""What callers hear, by the switch's own account."""

from __future__ import annotations

from dataclasses import dataclass, field

from fsorch.sim.events import SimEvent

__all__ = ["Listener", "Stretch"]


@dataclass
class Stretch:
    """Music on one leg; ``ended_at`` 0 while it plays. UTC microseconds."""

    began_at: int
    ended_at: int = 0


@dataclass
class Listener:
    """Notes when the music of ``path`` plays on which leg."""

    path: str
    stretches: dict[str, list[Stretch]] = field(default_factory=dict)

    def hear(self, event: SimEvent, at: int) -> None:
        """One event of the switch."""
        if event.headers.get("Playback-File-Path") != self.path:
            return
        mine = self.stretches.setdefault(str(event.headers["Unique-ID"]), [])
        if event.name == "PLAYBACK_START":
            mine.append(Stretch(at))
        elif event.name == "PLAYBACK_STOP":
            open = [stretch for stretch in mine if not stretch.ended_at]
            if open:
                open[-1].ended_at = at

    def starts(self, leg: str) -> int:
        """How often the music began."""
        return len(self.stretches.get(leg, ()))

    def plays(self, leg: str) -> int:
        """How many musics play at once now; more than one is a queue of songs that nobody asked for."""
        return sum(not stretch.ended_at for stretch in self.stretches.get(leg, ()))
