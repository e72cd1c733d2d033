"""Threads of the operating system in a process that gevent has patched, as this suite is."""

from __future__ import annotations

import _thread

import gevent
from gevent import monkey

from fsorch.store.native import Bell, is_patched, start_thread

REAL_IDENT = monkey.get_original("_thread", "get_ident")


def test_the_suite_is_patched() -> None:
    assert is_patched()
    assert _thread.get_ident is not REAL_IDENT


def test_work_runs_in_a_thread_of_its_own_while_the_hub_goes_on() -> None:
    go, idents = Bell(), [REAL_IDENT()]

    def work() -> None:
        idents.append(REAL_IDENT())
        go.wait(60)

    ended = start_thread(work)
    # The thread blocks; greenlets run all the same.
    gevent.spawn(go.ring).join()
    assert ended.wait(60)
    assert len(set(idents)) == 2


def test_a_hub_made_in_the_thread_is_taken_down() -> None:
    hubs = []

    def work() -> None:
        gevent.spawn(int).join()
        hubs.append(gevent.get_hub())

    assert start_thread(work).wait(60)
    (hub,) = hubs
    assert hub is not gevent.get_hub()
    assert hub.loop is None


def test_the_end_is_told_even_of_work_that_fails() -> None:
    def work() -> None:
        raise SystemExit

    assert start_thread(work).wait(60)


def test_a_bell() -> None:
    bell = Bell()
    assert not bell.wait(0)
    bell.ring()
    bell.ring()
    assert bell.wait(0)
    assert not bell.wait(-1)
