"""Replies, job results and notices, from the captures where they hold them."""

from __future__ import annotations

import re

import pytest

from fsorch.esl.frames import Frame, FrameReader
from fsorch.esl.replies import (
    DisconnectNotice,
    JobResult,
    Reply,
    disconnect_from_frame,
    is_auth_request,
    is_rude_rejection,
    job_result,
    reply_from_frame,
)
from tests.esl.recorded import CAPTURES, events, frames

FAILURES = {
    "-ERR No such channel!": "No such channel!",
    "-ERR Invalid uuid": "Invalid uuid",
    "-ERR USER_BUSY": "USER_BUSY",
    "-ERR": "-ERR",
    "-ERROR": "-ERROR",
    "-ERR nosuchapi Command not found!": "nosuchapi Command not found!",
    "-USAGE: <uuid> [cause]": "<uuid> [cause]",
    "-ERR invalid session id [nope]": "invalid session id [nope]",
    "COMMAND RETURNED ERROR!": "COMMAND RETURNED ERROR!",
}


def api(text: str) -> Reply:
    body = text.encode()
    reply = reply_from_frame(Frame((("Content-Type", "api/response"), ("Content-Length", str(len(body)))), body))
    assert reply is not None
    return reply


@pytest.mark.parametrize(("text", "error"), FAILURES.items())
def test_a_failure_says_why(text: str, error: str) -> None:
    reply = api(text + "\n")
    assert (reply.ok, reply.text, reply.error, reply.kind, reply.value) == (False, text, error, "api", None)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("+OK", ""),
        ("+OK Success", "Success"),
        ("true", "true"),
        ("false", "false"),
        ("_undef_", None),
        ("-1", "-1"),
        ("", ""),
    ],
)
def test_everything_else_is_an_answer(text: str, value: str | None) -> None:
    reply = api(text)
    assert (reply.ok, reply.error, reply.value) == (True, None, value)


def test_only_a_bare_cause_is_a_cause() -> None:
    assert api("-ERR NO_ANSWER").cause == "NO_ANSWER"
    assert api("-ERR No such channel!").cause is None
    assert api("-USAGE: X").cause is None
    assert api("+OK").cause is None


def test_every_answer_of_capture_11_is_judged() -> None:
    lines = (CAPTURES / "11-api-answers" / "timeline.txt").read_text().split("\n")
    answers = [line.split("< ", 1)[1] for line in lines if re.match(r" +< ", line)]
    assert len(answers) > 40
    for answer in answers:
        assert api(answer).ok is not bool(re.match("-(ERR|USAGE)", answer))


def test_the_answer_to_bgapi_names_its_job() -> None:
    text = "Content-Type: command/reply\nReply-Text: +OK Job-UUID: b20e\nJob-UUID: b20e\n\n"
    (frame,) = FrameReader().feed(text.encode())
    assert reply_from_frame(frame) == Reply(True, "+OK Job-UUID: b20e", "command")
    reply = reply_from_frame(frame)
    assert reply is not None
    assert reply.job_uuid == "b20e"
    assert api("+OK").job_uuid is None


def test_the_answer_to_connect_is_decoded() -> None:
    assert reply_from_frame(frames("13-outbound-socket/session.esl")[0]) == Reply(True, "+OK", "command")


def test_other_frames_are_no_reply() -> None:
    for frame in frames("01-inbound-abandoned-before-answer/json.esl"):
        assert (reply_from_frame(frame) is None) == (frame.content_type in ("text/event-json", "auth/request"))


def test_the_jobs_of_capture_06() -> None:
    jobs = [job_result(event) for event in events("06-originate-failures/json.esl") if event.name == "BACKGROUND_JOB"]
    assert [job.cause for job in jobs] == [
        "USER_BUSY",
        "CALL_REJECTED",
        "NO_USER_RESPONSE",
        "UNALLOCATED_NUMBER",
        "NORMAL_TEMPORARY_FAILURE",
        "NORMAL_TEMPORARY_FAILURE",
        "INVALID_PROFILE",
        "USER_NOT_REGISTERED",
        "",
    ]
    assert not any(job.ok for job in jobs)
    assert jobs[0].job_uuid == "b20eec4f-feee-4aec-ac34-233f47a450cb"
    assert jobs[-1].error is not None
    assert jobs[-1].error.startswith("<call url>")


def test_a_job_that_went_well_names_the_channel() -> None:
    jobs = [job_result(event) for event in events("02-queue-call-answered-by-agent/json.esl") if event.job_uuid]
    assert jobs
    for job in jobs:
        assert job == JobResult(job.job_uuid, True, f"+OK {job.uuid}", job.uuid)
        assert len(job.uuid) == 36
        assert job.error is None


def test_the_notices_of_capture_13() -> None:
    found = [disconnect_from_frame(frame) for frame in frames("13-outbound-socket/session.esl")[-2:]]
    bye = "Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/"
    assert found == [DisconnectNotice(True, 3, ""), DisconnectNotice(False, None, bye)]
    assert disconnect_from_frame(frames("13-outbound-socket/session.esl")[0]) is None


@pytest.mark.parametrize("seconds", ["-1", "", "x", "9" * 30])
def test_a_linger_without_an_end(seconds: str) -> None:
    headers = (("Content-Type", "text/disconnect-notice"), ("Content-Disposition", "linger"), ("Linger-Time", seconds))
    assert disconnect_from_frame(Frame(headers)) == DisconnectNotice(True, None, "")


def test_the_frames_around_authentication() -> None:
    assert is_auth_request(frames("01-inbound-abandoned-before-answer/json.esl")[0])
    (rude,) = FrameReader().feed(b"Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n")
    assert is_rude_rejection(rude)
    assert not is_auth_request(rude)


def test_the_dialogues_of_capture_14_are_frames() -> None:
    said = (CAPTURES / "14-link-lifecycle" / "sessions.txt").read_text()
    wrong = said.split("== ")[1]
    assert "-ERR invalid" in wrong
    text = (
        "Content-Type: command/reply\nReply-Text: -ERR invalid\n\n"
        + wrong.split("-ERR invalid\n\n")[1].split("<EOF>")[0]
    )
    reply, notice = FrameReader().feed(text.encode())
    assert reply_from_frame(reply) == Reply(False, "-ERR invalid", "command")
    assert disconnect_from_frame(notice) is not None
