"""Look-ups beside the engine: each is answered once, what is slow holds up itself alone, and an end is an end."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from fsorch.edge import lookups as module
from fsorch.edge.lookups import Lookups
from fsorch.engine.actions import LookUp
from fsorch.engine.inputs import LookedUp
from fsorch.errors import StoreError
from fsorch.flow_nodes import Method, OwnRecords
from fsorch.ivr.steps import Ask, Failed, HttpAnswer, HttpAsk, OwnAsk, Rows, Secret, SqlAsk
from fsorch.lookups import LookupSettings
from fsorch.store.native import Bell
from fsorch.store.sources import Source, open_source
from tests.edge.test_lookups_http import Answerer
from tests.waiting import PATIENCE_S, Watched, until

PIN = "8451907"
# Counts to a number that takes seconds.
SLOW = "with recursive n(x) as (select 1 union all select x + 1 from n where x < 100000000) select count(*) from n"


class Desk(Watched):
    """Look-ups whose answers are kept; ``own`` is what reads our own records."""

    def __init__(self, tmp_path: Path, own: Callable[[OwnAsk], Rows], **limits: int) -> None:
        super().__init__()
        file = tmp_path / "erp.sqlite3"
        with sqlite3.connect(file) as db:
            db.execute("create table orders (customer text, n integer)")
            db.execute("insert into orders values ('4711', 3)")
        db.close()
        self.told: list[LookedUp] = []
        self.erp = Door(open_source("erp", f"sqlite:///{file}"))
        sources: dict[str, Source] = {"erp": self.erp}
        self.lookups = Lookups(msgspec.convert(limits, LookupSettings), sources, own, self._tell)
        self.asked = 0

    def _tell(self, one: LookedUp) -> None:
        self.told.append(one)
        self.changed()

    def ask(self, *asks: Ask) -> None:
        for ask in asks:
            self.asked += 1
            self.lookups.take(LookUp(f"c{self.asked}", self.asked, ask))

    def answers(self, count: int) -> None:
        """Wait for so many answers."""
        self.until(lambda: len(self.told) >= count, f"{count} answers")

    def of(self, serial: int) -> object:
        """The only answer to the look-up of this serial."""
        (one,) = [one for one in self.told if one.serial == serial]
        assert one.contact == f"c{serial}"
        return one.result

    def lane(self, name: str) -> tuple[int, int, int, int, int]:
        """Asked, failed, shed, running, waiting."""
        (state,) = [state for state in self.lookups.states() if state.name == name]
        return state.asked, state.failed, state.shed, state.running, state.waiting


class Door:
    """A source that can be kept from answering, and tells what has become of it."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.asked, self.answered, self.was_shut = Bell(), 0, False
        self.held: Bell | None = None

    def ask(self, ask: SqlAsk) -> Rows:
        """On a native thread, which really blocks."""
        self.asked.ring()
        if self.held is not None:
            assert self.held.wait(PATIENCE_S)
        try:
            return self.source.ask(ask)
        finally:
            self.answered += 1

    def shut(self) -> None:
        self.was_shut = True
        self.source.shut()


def nobody(ask: OwnAsk) -> Rows:
    return Rows()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is answered may take its time."""
    monkeypatch.setattr(module, "OWN_S", PATIENCE_S)


@pytest.fixture
def server() -> Iterator[Answerer]:
    made = Answerer()
    yield made
    made.server.stop(timeout=0)


Make = Callable[..., Desk]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[Desk] = []

    def maker(own: Callable[[OwnAsk], Rows] = nobody, **limits: int) -> Desk:
        made.append(Desk(tmp_path, own, **limits))
        return made[-1]

    yield maker
    for desk in made:
        desk.lookups.stop()


def http(server: Answerer, path: str, timeout_s: float = PATIENCE_S, host: str = "") -> HttpAsk:
    url = f"http://{host or '127.0.0.1'}:{server.server.server_port}/{path}"
    return HttpAsk(method=Method.GET, url=url, timeout_s=timeout_s)


def orders(query: str = "select n from orders where customer = :who", timeout_s: float = PATIENCE_S) -> SqlAsk:
    return SqlAsk(source="erp", query=query, values=(("who", "4711"),) if ":who" in query else (), timeout_s=timeout_s)


def test_each_kind_is_asked_and_answered_once_and_never_at_once(make: Make, server: Answerer) -> None:
    desk = make(lambda ask: Rows(({"number": ask.number},)))
    desk.ask(http(server, "ok"), orders(), OwnAsk(of=OwnRecords.CUSTOMER, number="+44"))
    assert not desk.told, "the engine's step is still under way"
    desk.answers(3)
    assert desk.of(1) == HttpAnswer(200, b'{"balance": 5}')
    assert desk.of(2) == Rows(({"n": 3},))
    assert desk.of(3) == Rows(({"number": "+44"},))
    names = {state.name for state in desk.lookups.states()}
    assert names == {f"host {server.host}", "source erp", "own records"}


def test_a_host_that_never_answers_holds_up_itself_alone(make: Make, server: Answerer) -> None:
    desk = make(per_source=2)
    desk.ask(*(http(server, "never", timeout_s=PATIENCE_S) for _ in range(5)))
    until(lambda: server.connections == 2, "two to be asked")
    assert desk.lane(f"host {server.host}") == (5, 0, 0, 2, 3)
    desk.ask(http(server, "ok", host="localhost"), orders())
    desk.answers(2)
    assert {one.serial for one in desk.told} == {6, 7}


def test_all_lanes_together_have_a_limit_past_which_each_does_one_at_a_time(make: Make, server: Answerer) -> None:
    desk = make(at_once=2, per_source=10)
    desk.ask(*(http(server, "never", timeout_s=PATIENCE_S) for _ in range(4)))
    until(lambda: server.connections == 2, "two to be asked")
    assert desk.lane(f"host {server.host}")[3:] == (2, 2)
    desk.ask(http(server, "ok", host="localhost"), http(server, "ok", host="localhost"))
    assert desk.lane(f"host localhost:{server.server.server_port}")[3] == 1
    desk.answers(2)
    assert {one.serial for one in desk.told} == {5, 6}


def test_a_full_line_sheds_and_says_so(make: Make, server: Answerer) -> None:
    desk = make(per_source=1, waiting=2)
    desk.ask(*(http(server, "never", timeout_s=PATIENCE_S) for _ in range(5)))
    desk.answers(2)
    assert [one.serial for one in desk.told] == [4, 5]
    assert isinstance(desk.of(4), Failed)
    assert "too many" in str(desk.of(4))
    assert desk.lane(f"host {server.host}") == (5, 2, 2, 1, 2)


def test_who_has_waited_in_line_for_longer_than_the_answer_may_take_is_told(make: Make, server: Answerer) -> None:
    desk = make(per_source=1)
    desk.ask(http(server, "never", timeout_s=0.6), http(server, "ok", timeout_s=0.2))
    desk.answers(2)
    assert "no answer" in str(desk.of(1))
    assert "its line took longer" in str(desk.of(2))


def test_a_slow_query_holds_up_no_greenlet(make: Make, server: Answerer) -> None:
    desk = make()
    held = desk.erp.held = Bell()
    desk.ask(orders(timeout_s=PATIENCE_S), http(server, "ok"))
    desk.answers(1)
    assert [one.serial for one in desk.told] == [2], "the hub stood still"
    held.ring()
    desk.answers(2)
    assert desk.of(1) == Rows(({"n": 3},))


def test_a_slow_query_ends_by_its_limit(make: Make) -> None:
    desk = make()
    desk.ask(orders(SLOW, timeout_s=0.2))
    desk.answers(1)
    assert isinstance(desk.of(1), Failed)
    desk.ask(orders())
    desk.answers(2)
    assert desk.of(2) == Rows(({"n": 3},))


def test_a_source_that_nobody_names_and_a_query_that_writes(make: Make) -> None:
    desk = make()
    desk.ask(SqlAsk(source="hr", query="select 1"), orders("select * from nowhere"), orders("delete from orders"))
    desk.answers(3)
    assert all(isinstance(desk.of(serial), Failed) for serial in (1, 2, 3))
    assert "hr" in str(desk.of(1))


def test_an_error_nobody_foresaw_is_an_answer_and_tells_no_secret(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    def broken(ask: OwnAsk) -> Rows:
        raise KeyError(f"{ask.pin.reveal() if isinstance(ask.pin, Secret) else ''}")

    desk = make(broken)
    with caplog.at_level(logging.DEBUG):
        desk.ask(OwnAsk(of=OwnRecords.CUSTOMER, number="+44", pin=Secret(PIN)))
        desk.answers(1)
    assert desk.of(1) == Failed("an error of fsorch (KeyError)")
    assert "KeyError at" in caplog.text
    assert PIN not in caplog.text


def test_records_that_are_away_or_take_too_long_are_no_answer(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    over = Bell()

    def own(ask: OwnAsk) -> Rows:
        if ask.number == "away":
            raise StoreError("the database is away")
        # A native thread: it really blocks.
        if ask.number == "slow":
            over.wait(PATIENCE_S)
        return Rows()

    desk = make(own)
    desk.ask(*(OwnAsk(of=OwnRecords.TICKETS, number=number) for number in ("away", "ok")))
    desk.answers(2)
    monkeypatch.setattr(module, "OWN_S", 0.2)
    desk.ask(OwnAsk(of=OwnRecords.TICKETS, number="slow"))
    desk.answers(3)
    monkeypatch.setattr(module, "OWN_S", PATIENCE_S)
    desk.ask(OwnAsk(of=OwnRecords.TICKETS, number="ok"))
    desk.answers(4)
    over.ring()
    assert desk.of(1) == Failed("the database is away")
    assert desk.of(3) == Failed("no answer from own records within 0.2 s")
    assert desk.of(2) == desk.of(4) == Rows()


def test_a_hundred_at_once_are_a_hundred_answers(make: Make, server: Answerer) -> None:
    desk = make(lambda ask: Rows(({"who": ask.number},)), per_source=10, waiting=1000)
    for n in range(100):
        kinds: tuple[Ask, ...] = (http(server, "ok"), orders(), OwnAsk(of=OwnRecords.CUSTOMER, number=str(n)))
        desk.ask(kinds[n % 3])
    desk.answers(100)
    assert sorted(one.serial for one in desk.told) == list(range(1, 101))
    assert not [one for one in desk.told if isinstance(one.result, Failed)]
    assert desk.of(3) == Rows(({"who": "2"},))
    assert {state.running + state.waiting for state in desk.lookups.states()} == {0}


def test_an_end_answers_nothing_more_and_shuts_the_sources(
    make: Make, server: Answerer, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make()
    held = desk.erp.held = Bell()
    desk.ask(http(server, "never", timeout_s=PATIENCE_S), orders(timeout_s=PATIENCE_S))
    until(lambda: server.connections == 1 and desk.erp.asked.wait(0), "both to be asked")
    monkeypatch.setattr(module, "STOP_S", 0.01)
    desk.lookups.stop()
    assert desk.erp.was_shut
    held.ring()
    # A second end waits until the thread has given back what nobody is told any more.
    monkeypatch.setattr(module, "STOP_S", PATIENCE_S)
    desk.lookups.stop()
    assert desk.erp.answered == 1
    assert not desk.told
    desk.ask(http(server, "ok"))
    desk.answers(1)
    assert isinstance(desk.of(3), Failed), "who asks after the end is told, and nobody is asked"


def test_hosts_that_nobody_asks_any_more_are_forgotten(
    make: Make, server: Answerer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_LANES", 3)
    desk = make()
    for n in range(2, 6):
        desk.ask(http(server, "ok", host=f"127.0.0.{n}", timeout_s=PATIENCE_S))
        desk.answers(n - 1)
    assert len(desk.lookups.states()) <= 3
