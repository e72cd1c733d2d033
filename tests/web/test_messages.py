"""A message is heard by those who may, and by nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.web.fake import FakeMessage
from tests.web.harness import Answer, Page, Site
from tests.web.test_login import audited

ID = "0b6f2f0e-5a3c-4a53-9d27-0c8f6f2b7a11"
SOUND = b"RIFF" + bytes(range(200))
HERE = f"/api/messages/{ID}"


@pytest.fixture
def recorded(site: Site, tmp_path: Path) -> Site:
    """A message to sales."""
    path = tmp_path / f"{ID}.wav"
    path.write_bytes(SOUND)
    site.store.messages[ID] = FakeMessage("sales", str(path))
    return site


def part(page: Page, span: str) -> Answer:
    return page.ask("GET", HERE, None, {"Range": span})


@pytest.mark.parametrize("login", ["ada", "sam", "olga", "root"])
def test_who_serves_the_queue_or_sees_the_board_hears_it(recorded: Site, login: str) -> None:
    answer = recorded.page(login).get(HERE)
    assert (answer.status, answer.content) == (200, SOUND)
    assert answer.headers["Content-Type"] == "audio/wav"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert audited(recorded, "message.play")


def test_a_part_of_it(recorded: Site) -> None:
    answer = part(recorded.page("ada"), "bytes=4-9")
    assert (answer.status, answer.content) == (206, SOUND[4:10])
    assert answer.headers["Content-Range"] == f"bytes 4-9/{len(SOUND)}"
    assert part(recorded.page("ada"), "bytes=9000-").status == 416


def test_nobody_else_learns_that_there_is_one(recorded: Site) -> None:
    assert recorded.page().get(HERE).status == 401
    recorded.store.messages[ID].queue = "elsewhere"
    assert recorded.page("ada").get(HERE).status == 404


@pytest.mark.parametrize("name", ["x", "..%2f..%2fetc%2fpasswd", ID.upper(), ID + "%0a", ID[:-1] + "0"])
def test_what_is_no_message_is_a_404(recorded: Site, name: str) -> None:
    assert recorded.page("sam").get(f"/api/messages/{name}").status == 404


def test_a_recording_that_is_on_another_machine(recorded: Site) -> None:
    recorded.store.messages[ID].path = "/nowhere/x.wav"
    answer = recorded.page("sam").get(HERE)
    assert answer.status == 404
    assert "mount /nowhere here" in answer.json["error"]
