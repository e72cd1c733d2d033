"""The live line over real WebSockets: who is given what, how soon, and when it ends."""

from __future__ import annotations

import time
from typing import cast

import gevent
import msgspec
import pytest
import simple_websocket

from fsorch_web import feed
from fsorch_web.sockets import TABS
from fsorch_web.websocket import PageLine
from tests.web.fake import User
from tests.web.harness import Site


def ring(site: Site, agent: str = "ada", contact: str = "c1") -> None:
    site.centre.call(contact, "sales", "+491701234567", "Marta <script>alert(1)</script>")
    site.centre.offer(contact, agent)


def test_an_agent_is_sent_their_desk_and_no_board(site: Site) -> None:
    line, witness = site.line(site.page("ada")), site.line(site.page("sam"))
    first = line.next()
    assert (first["topic"], first["n"]) == ("agent", 1)
    assert first["view"]["agent"]["id"] == "ada"
    assert [(one["id"], one["weight"]) for one in first["view"]["breaks"]] == [
        ("lunch", "neutral"),
        ("coffee", "bad"),
        ("training", "good"),
    ]
    site.centre.set_agent("bo", answered=7)
    witness.until("board", lambda view: [agent["answered"] for agent in view["agents"]] == [0, 7])
    # What comes next is what is done next.
    site.centre.set_agent("ada", answered=1)
    second = line.next()
    assert (second["topic"], second["n"], second["view"]["agent"]["answered"]) == ("agent", 2, 1)


@pytest.mark.parametrize(("login", "topics"), [("sam", {"board"}), ("root", {"board"}), ("olga", {"agent", "board"})])
def test_supervisors_and_auditors_are_sent_the_board(site: Site, login: str, topics: set[str]) -> None:
    line = site.line(site.page(login))
    first = {(message := line.next())["topic"]: message for _ in topics}
    assert set(first) == topics
    assert [agent["id"] for agent in first["board"]["view"]["agents"]] == ["ada", "bo"]


def test_a_call_is_seen_before_it_is_answered_and_all_the_way(site: Site) -> None:
    page = site.page("ada")
    line = site.line(page)
    line.next("agent")
    ring(site)
    view = line.until("agent", lambda view: view["agent"]["state"] == "ringing")["view"]
    contact = view["agent"]["contact"]
    assert contact["number"] == "+491701234567"
    assert contact["name"] == "Marta <script>alert(1)</script>"
    assert contact["answers"] == [{"prompt": "menu", "digits": "1", "means": "Sales"}]
    for verb, state in (("answer", "talking"), ("hangup", "wrap_up"), ("wrapup-end", "idle")):
        assert page.post(f"/api/agent/{verb}").status == 200
        line.until("agent", lambda view, state=state: view["agent"]["state"] == state)


def test_the_engine_is_told_of_an_agents_last_page(site: Site) -> None:
    page = site.page("ada")
    first, second = site.line(page), site.line(page)
    assert [site.centre.presence.get(timeout=60) for _ in range(2)] == [("ada", "AgentBack")] * 2
    first.close()
    second.close()
    assert site.centre.presence.get(timeout=60) == ("ada", "AgentAway")
    assert site.centre.presence.empty()


def test_a_second_tab_shows_the_same(site: Site) -> None:
    page = site.page("ada")
    ring(site)
    first, second = (site.line(page).next("agent") for _ in range(2))
    assert first["view"] == second["view"]


def test_an_offer_reaches_the_page_at_once_also_in_a_busy_centre(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    # After each push the next is not due for an hour.
    monkeypatch.setattr(feed, "SHORTEST_S", 3600.0)
    line = site.line(site.page("ada"))
    line.next("agent")
    for n in range(1, 4):
        ring(site, contact=f"c{n}")
        line.until("agent", lambda view, n=n: (view["agent"]["contact"] or {}).get("id") == f"c{n}")
        site.centre.end_call("ada")


def test_hello_brings_everything_anew(site: Site) -> None:
    line = site.line(site.page("sam"))
    first = line.next("board")
    line.hello()
    again = line.next("board")
    assert (again["n"], again["view"]) == (2, first["view"])
    assert again["epoch"] == first["epoch"]


def test_numbers_grow_by_one_and_times_are_the_servers(site: Site) -> None:
    line = site.line(site.page("sam"))
    for n in range(1, 6):
        message = line.next("board")
        assert message["n"] == n
        assert abs(message["at"] / 1e6 - time.time()) < 60
        site.centre.set_agent("ada", answered=n)


def test_nobody_connects_without_a_session(site: Site) -> None:
    for page in (site.page(), site.page("ada")):
        page.post("/api/logout")
        with pytest.raises(simple_websocket.ConnectionError):
            site.line(page)
        assert page.get("/socket.io/?EIO=4&transport=polling").status == 401


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:1", "null"])
def test_a_page_of_another_site_cannot_connect(site: Site, origin: str) -> None:
    with pytest.raises(simple_websocket.ConnectionError):
        site.line(site.page("ada"), origin=origin)


def test_the_own_origin_may_connect(site: Site) -> None:
    assert site.line(site.page("ada"), origin=f"http://127.0.0.1:{site.port}").next()["n"] == 1


def test_log_out_closes_every_tab_of_the_session_and_no_other(site: Site) -> None:
    page, elsewhere = site.page("ada"), site.page("ada")
    tabs = [site.line(page), site.line(page)]
    other = site.line(elsewhere)
    page.post("/api/logout")
    assert all(tab.ended() for tab in tabs)
    assert other.next("agent")["view"]["agent"]["id"] == "ada"


def test_who_logs_in_where_somebody_else_was_closes_the_lines_of_the_other(site: Site) -> None:
    page = site.page("ada")
    tab, elsewhere = site.line(page), site.line(site.page("ada"))
    for line in (tab, elsewhere):
        line.next("agent")
    before = dict(page.cookies)
    assert page.log_in("bo").status == 200
    assert tab.ended()
    elsewhere.hello()
    assert elsewhere.next("agent")["view"]["agent"]["id"] == "ada"
    page.cookies = before
    assert page.me() is None


def test_a_person_whose_role_changes_is_shown_out(site: Site) -> None:
    line, other = site.line(site.page("sam")), site.line(site.page("ada"))
    line.next("board")
    site.store.people["sam"] = User("sam", "sam's own", "agent", "bo", changed_at=9)
    site.sockets.recheck()
    assert line.ended()
    assert other.next("agent")["n"] == 1


def test_one_person_cannot_open_lines_without_end(site: Site) -> None:
    page = site.page("ada")
    for _ in range(TABS):
        assert site.line(page).opened.startswith("40")
    assert site.line(page).opened.startswith("44")


def test_a_board_of_megabytes_reaches_a_slow_page_whole(site: Site) -> None:
    line = site.line(site.page("sam"))
    line.next("board")
    agent = site.centre.agents["bo"]
    for n in range(12_000):
        site.centre.agents[f"a{n}"] = msgspec.structs.replace(agent, id=f"a{n}", name=f"Agent {n}")
    site.centre.set_agent("bo", answered=1)
    view = line.until("board", lambda view: len(view["agents"]) > 2)["view"]
    assert [agent["name"] for agent in view["agents"][-2:]] == ["Agent 11998", "Agent 11999"]


def test_a_page_that_sends_too_much_is_cut_off(site: Site) -> None:
    line = site.line(site.page("ada"))
    line.next("agent")
    line._socket.send('42["hello","' + "x" * 100_000 + '"]')
    assert line.ended()
    assert site.page("bo").get("/healthz").status == 200


def test_a_page_that_never_pauses_is_cut_off(site: Site) -> None:
    line = site.line(site.page("ada"))
    line.next("agent")
    for _ in range(1_000):
        line.hello()
    assert line.ended()
    assert site.page("bo").get("/healthz").status == 200


@pytest.mark.parametrize(
    "message",
    ['42["hello",' + "[" * 9_000, "42{", '42{"hello":1}x', "44", '42["hello"', "431[1"],
)
def test_what_nobody_understands_ends_its_line(site: Site, message: str, caplog: pytest.LogCaptureFixture) -> None:
    line = site.line(site.page("ada"))
    line.next("agent")
    line._socket.send(message)
    assert line.ended()
    # One line of the log, and no trace of the program for a stranger to fill the disk with.
    assert not [record for record in caplog.records if record.exc_info]


def test_everybody_else_has_a_turn_after_each_read_of_a_page() -> None:
    class Plenty:
        reads = 0

        def recv(self, size: int) -> bytes:
            self.reads += 1
            return b"x"

    sock, seen = Plenty(), list[int]()
    line = PageLine(cast("gevent.socket.socket", sock), lambda: 0)
    watcher = gevent.spawn(lambda: seen.append(sock.reads))
    assert line.recv(512) + line.recv(512) == b"xx"
    watcher.join()
    assert seen == [1]


def test_long_polling_serves_where_websockets_do_not_pass(site: Site) -> None:
    page = site.page("ada")
    opened = page.get("/socket.io/?EIO=4&transport=polling")
    sid = msgspec.json.decode(opened.content[1:])["sid"]
    where = f"/socket.io/?EIO=4&transport=polling&sid={sid}"
    assert page.ask("POST", where, b"40", {}).status == 200
    content = b""
    while b"42" not in content:
        content = page.get(where).content
    assert b'"agent"' in content
