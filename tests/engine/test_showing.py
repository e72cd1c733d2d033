"""What the engine shows of a contact that waits."""

from __future__ import annotations

from fsorch.engine import LinkDown
from tests.engine.desk import Desk


def test_a_waiting_contact_says_why() -> None:
    desk = Desk()
    desk.call("caller", queue="support")
    assert desk.contact().why == "nobody who serves this queue is logged in"
    desk.log_in("rob")
    assert desk.contact().why == "nobody who serves this queue is logged in"
    desk.log_in("ann")
    assert desk.contact().state == "offered"
    assert desk.contact().why == "idle longest (0 s)"


def test_a_waiting_contact_of_a_lost_switch_says_so() -> None:
    desk = Desk()
    desk.call("caller", queue="sales")
    desk.tell(LinkDown("main", "gone"))
    assert desk.contact().why == "switch main cannot be reached"
