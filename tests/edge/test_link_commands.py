"""Commands and their replies, without a socket."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsorch.edge.link_commands import OrderLost, Pipeline, Waiting
from fsorch.esl.replies import Reply

STEPS = st.lists(st.sampled_from(["post", "take", "answer", "expire"]), max_size=120)


class Counted:
    """One posted command and what it was told."""

    def __init__(self, number: int, deadline: float) -> None:
        self.told: list[str] = []
        self.waiting = Waiting(f"api number {number}", deadline, self._done)

    def _done(self, reply: Reply | None, why: str) -> None:
        self.told.append(reply.text if reply is not None else why)


@given(STEPS)
def test_each_command_is_told_once_and_never_of_anothers_reply(steps: list[str]) -> None:
    """Time passes by one with each step, each command has five; the switch answers what was written, in order."""
    pipeline = Pipeline(limit=20)
    commands: list[Counted] = []
    written: list[str] = []
    for now, step in enumerate(steps):
        if step == "post":
            command = Counted(len(commands), now + 5.0)
            if pipeline.post(command.waiting):
                commands.append(command)
        elif step == "take":
            written += [line for line in pipeline.take(1 << 20).decode().split("\n\n") if line]
        elif step == "answer" and written:
            pipeline.answer(Reply(True, written.pop(0), "api"))
        elif step == "expire":
            pipeline.expire(float(now))
        assert len(pipeline) <= 20
    pipeline.abandon("gone")
    assert len(pipeline) == 0
    for command in commands:
        (told,) = command.told
        assert told in (command.waiting.line, "gone") or "deadline" in told


def test_the_limit_counts_what_is_written_too() -> None:
    pipeline = Pipeline(limit=2)
    commands = [Counted(number, 5.0) for number in range(3)]
    assert [pipeline.post(command.waiting) for command in commands] == [True, True, False]
    pipeline.take(1)
    assert not pipeline.post(commands[2].waiting)
    pipeline.answer(Reply(True, "x", "api"))
    assert pipeline.post(commands[2].waiting)


def test_one_piece_of_about_the_size_asked_for() -> None:
    pipeline = Pipeline(limit=10)
    for number in range(4):
        pipeline.post(Counted(number, 5.0).waiting)
    assert pipeline.take(20) == b"api number 0\n\napi number 1\n\n"
    assert pipeline.take(1000) == b"api number 2\n\napi number 3\n\n"
    assert pipeline.take(1000) == b""


def test_what_expired_before_it_was_sent_is_never_written() -> None:
    pipeline = Pipeline(limit=10)
    command = Counted(0, 5.0)
    pipeline.post(command.waiting)
    assert pipeline.next_deadline() == 5.0
    pipeline.expire(5.0)
    assert command.told == ["its deadline passed before it could be sent"]
    assert (pipeline.take(1000), pipeline.next_deadline(), pipeline.overdue()) == (b"", None, None)


def test_the_oldest_that_was_given_up_tells_since_when() -> None:
    pipeline = Pipeline(limit=10)
    pipeline.post(Counted(0, 5.0).waiting)
    pipeline.take(1000)
    assert pipeline.overdue() is None
    pipeline.expire(6.0)
    assert pipeline.overdue() == 5.0
    pipeline.answer(Reply(True, "at last", "api"))
    assert (pipeline.overdue(), pipeline.late) == (None, 1)


@pytest.mark.parametrize(
    ("line", "reply", "fits"),
    [
        ("api status", Reply(True, "UP", "api"), True),
        ("api status", Reply(False, "-ERR permission denied", "command"), True),
        ("api status", Reply(True, "+OK", "command"), False),
        ("bgapi status\nJob-UUID: a", Reply(True, "+OK Job-UUID: a", "command"), True),
        ("bgapi status\nJob-UUID: a", Reply(True, "+OK Job-UUID: b", "command"), False),
        ("bgapi status\nJob-UUID: a", Reply(False, "-ERR command not found", "command"), True),
        ("bgapi status", Reply(True, "+OK Job-UUID: b", "command"), True),
        ("event json ALL", Reply(True, "+OK", "command"), True),
        ("event json ALL", Reply(True, "UP", "api"), False),
    ],
)
def test_which_reply_can_belong_to_which_command(line: str, reply: Reply, fits: bool) -> None:
    assert Waiting(line, 0.0, lambda reply, why: None).fits(reply) is fits


def test_a_message_never_shows_a_password() -> None:
    pipeline = Pipeline(limit=10)
    pipeline.post(Waiting("auth secret", 5.0, lambda reply, why: None))
    pipeline.take(1000)
    with pytest.raises(OrderLost) as caught:
        pipeline.answer(Reply(True, "UP", "api"))
    assert "secret" not in str(caught.value)
    with pytest.raises(OrderLost, match="every command has its reply"):
        Pipeline(limit=10).answer(Reply(True, "UP", "api"))
