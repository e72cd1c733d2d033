"""Every request has its words for the audit, and none of them tells a secret."""

from __future__ import annotations

import pytest

from fsorch.edge.auditing import OTHERS, STEERING, described
from fsorch.engine.inputs import Dispose, MoveContact, PressKeys, Request, Supervise, TransferCall


def test_every_request_has_one_word() -> None:
    assert not STEERING.keys() & OTHERS.keys()
    assert set(Request.__subclasses__()) >= STEERING.keys() | OTHERS.keys()
    words = [*STEERING.values(), *OTHERS.values()]
    assert len(set(words)) == len(words)


@pytest.mark.parametrize(
    ("request_", "act", "what"),
    [
        (
            TransferCall(agent="ada", by="ada", queue="vip"),
            "agent.transfer",
            {"agent": "ada", "queue": "vip", "consult": False},
        ),
        (MoveContact(contact="c1", queue="vip", by="sam"), "contact.move", {"contact": "c1", "queue": "vip"}),
        (
            Dispose(agent="ada", by="ada", disposition="stop", note="is angry", answers={"why": "ill"}),
            "agent.dispose",
            {"agent": "ada", "disposition": "stop", "callback_at": 0, "callback_own": False},
        ),
        (PressKeys(agent="ada", by="ada", digits="4111"), "agent.keys", {"agent": "ada"}),
        (
            Supervise(agent="ada", by="sam", watcher="sam", mode="barge"),
            "talk.barge",
            {"agent": "ada", "watcher": "sam", "mode": "barge"},
        ),
    ],
)
def test_what_is_said_of_a_request(request_: Request, act: str, what: dict[str, object]) -> None:
    assert described(request_) == (act, what)
