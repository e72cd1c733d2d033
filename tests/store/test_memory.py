"""What a start without the database goes by."""

from __future__ import annotations

from pathlib import Path

from fsorch.engine import FactKind, Shift
from fsorch.store import KnownCentre, Memory
from tests.engine.desk import CENTRE
from tests.store.facts import T0, fact


def test_the_centre_and_the_agents_come_back_as_they_were(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    assert (memory.centre(), memory.shifts(0), memory.changed()) == (None, (), b"")
    memory.save_centre(KnownCentre(7, T0, CENTRE))
    memory.resume((Shift("rob", "break", "lunch", since=T0),))
    changed = {"status": "available", "reason": "", "phone": "user/7", "state": "idle", "since": T0 + 5}
    memory.take([fact("a", FactKind.AGENT_CHANGED, agent="ann", at=T0 + 5, **changed), fact("b", FactKind.BRIDGED)])
    memory.save_shifts(memory.changed())
    assert memory.changed() == b""
    again = Memory(tmp_path)
    assert again.centre() == KnownCentre(7, T0, CENTRE)
    ann = Shift("ann", "available", "", "user/7", T0 + 5, idle_since=T0 + 5)
    assert again.shifts(0) == (Shift("rob", "break", "lunch", since=T0), ann)
    assert again.shifts(T0 + 1) == (ann,)
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in tmp_path.iterdir())


def test_a_file_that_is_torn_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "last-centre.json").write_text('{"revision": 7, "centre"')
    assert Memory(tmp_path).centre() is None


def test_a_home_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "nowhere")
    memory.save_centre(KnownCentre(1, T0, CENTRE))
    assert memory.centre() is None
