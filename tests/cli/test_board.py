"""The live view: it fits any terminal, and nothing that callers send repaints it."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from fsorch.engine.facts import Fact, FactKind
from fsorch.engine.views import AgentView, ContactView, KeyedAnswer, QueueView, Snapshot, SwitchView
from fsorch_cli.board import SENTENCES, Board, in_time, status_of, tell, title_of
from fsorch_cli.commands.agent import format_status
from fsorch_cli.console import fitted, format_json, printable

NOW = 1_800_000_000_000_000
EVIL = "\x1b[2J\x1b[31m[red]Bob\r\n\x07\u202e"


def snapshot(agents: int, contacts: int, name: str = "Ines Costa") -> Snapshot:
    """A centre of that size, in which everybody is called ``name``."""
    talks = ContactView(
        id="c0ffee00-1", switch="main", state="talking", number="+4915111", name=name, destination="4000", began_at=NOW
    )
    return Snapshot(
        seq=1,
        at=NOW,
        centre=name,
        switches=(SwitchView(name="main", up=True, since=NOW),),
        queues=tuple(QueueView(id=f"q{n}", title=name, waiting=n, oldest_enqueued_at=NOW - n) for n in range(3)),
        agents=tuple(
            AgentView(
                id=f"a{n}",
                name=name,
                status="available",
                state=("idle", "talking", "wrap_up")[n % 3],
                state_since=NOW - n * 1_000_000,
                contact=talks if n % 3 == 1 else None,
            )
            for n in range(agents)
        ),
        contacts=tuple(
            ContactView(
                id=f"{n:08}-x",
                switch="main",
                state=("flow", "waiting", "offered", "talking", "held")[n % 5],
                number="+4915111",
                name=name,
                destination="4000",
                answers=(KeyedAnswer(prompt="menu", digits="1"),),
                began_at=NOW - n * 1_000_000,
            )
            for n in range(contacts)
        ),
    )


@pytest.mark.parametrize(
    ("agent", "cell", "line"),
    [
        (AgentView(id="a", name="", status="available"), "available", "a is available, idle"),
        (AgentView(id="a", name="", status="logged_out"), "logged_out", "a is logged out"),
        (
            AgentView(id="a", name="", status="available", unready="the phone is not registered"),
            "available (the phone is not registered)",
            "a is available, idle; nothing is offered: the phone is not registered",
        ),
        (
            AgentView(id="a", name="", status="break", reason="missed", rule="3 calls were not taken"),
            "break (missed, 3 calls were not taken)",
            "a is on break (missed), idle; by a rule: 3 calls were not taken",
        ),
        (
            AgentView(id="a", name="", status="break", reason="lunch", overrun=True),
            "break (lunch, too long)",
            "a is on break (lunch), idle; the break is longer than it may be",
        ),
        (
            AgentView(id="a", name="", status="available", state="wrap_up", on_demand=True, asked="logged_out"),
            "available (on demand) → logged_out",
            "a is available, wrap up; asked for: logged_out, applied at the next legal moment",
        ),
    ],
)
def test_what_an_agent_chose_and_what_is_otherwise(agent: AgentView, cell: str, line: str) -> None:
    """fusionpbx/fusionpbx issue 2831: a phone that was not registered was shown as available."""
    assert (status_of(agent), format_status(agent)) == (cell, line)


def test_a_paused_queue_says_so() -> None:
    assert title_of(QueueView(id="q", title="", waiting=0, paused=True)) == "q (paused)"


def drawn(board: Board, width: int, height: int) -> list[str]:
    """The lines on a terminal of that size."""
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=True, color_system=None)
    console.print(board)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def facts(count: int, name: str = "Ines Costa") -> list[Fact]:
    """A lively minute."""
    return [
        Fact(
            id=f"f{n}",
            at=NOW + n,
            kind=FactKind.CONTACT_BEGAN,
            contact=f"{n:08}-x",
            data={"name": name, "number": "+4915111", "destination": "4000"},
        )
        for n in range(count)
    ]


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
@pytest.mark.parametrize("height", [24, 30, 50])
@pytest.mark.parametrize(("agents", "contacts"), [(0, 0), (3, 2), (500, 500)])
def test_it_fits(width: int, height: int, agents: int, contacts: int) -> None:
    board = Board(["The desktop: http://127.0.0.1:8700    Ctrl-C ends the demo"], now=lambda: NOW)
    board.snapshot = snapshot(agents, contacts)
    board.take(facts(100))
    lines = drawn(board, width, height)
    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    if agents == 500 and width >= 80:
        assert any("more" in line for line in lines)
        assert any("+4915111 calls 4000" in line for line in lines)


def test_a_list_has_a_line_for_each_item() -> None:
    assert format_json(({"a": 1}, {"b": "\u202e"})) == '[\n  {"a": 1},\n  {"b": "\\u202e"}\n]'
    assert format_json(()) == "[]"


def test_before_the_first_snapshot() -> None:
    assert drawn(Board(["heading"]), 80, 24) == ["heading", "waiting for the engine"]


def test_what_callers_send_repaints_nothing() -> None:
    board = Board(now=lambda: NOW)
    board.snapshot = snapshot(4, 4, EVIL)
    board.take(facts(3, EVIL))
    text = "\n".join(drawn(board, 200, 50))
    assert "\x1b[31m" not in text
    assert "\x07" not in text
    assert "\u202e" not in text
    assert "[red]Bob" in text


@given(st.text())
def test_printable_text_is_printable(text: str) -> None:
    shown = printable(text)
    assert "\n" not in shown
    assert "\x1b" not in shown
    assert printable(shown) == shown
    if text.isprintable():
        assert shown == text


@given(
    st.recursive(
        st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_json_is_ascii_that_no_terminal_obeys(value: object) -> None:
    text = format_json(value)
    assert text.isascii()
    assert json.loads(text) == value
    assert all(c.isprintable() or c == "\n" for c in text)


@pytest.mark.parametrize("kind", FactKind)
@given(data=st.dictionaries(st.sampled_from(["name", "number", "who", "agent", "outcome"]), st.text() | st.integers()))
def test_every_fact_is_told_or_left_out(kind: FactKind, data: dict[str, object]) -> None:
    sentence = tell(Fact(id="f", at=NOW, kind=kind, agent="ada", data=data))
    assert bool(sentence) or kind not in SENTENCES or not any(data.values())
    assert printable(sentence) == sentence


def test_a_caller_without_a_name_is_named_once() -> None:
    [fact] = facts(1, "+4915111")
    assert tell(fact) == "+4915111 calls 4000"


@pytest.mark.parametrize(
    ("answered", "abandoned", "within", "share"),
    [(35, 8, 21, "49%"), (0, 4, 0, "0%"), (3, 0, 3, "100%"), (0, 0, 0, "")],
)
def test_who_gave_up_was_not_answered_in_time(answered: int, abandoned: int, within: int, share: str) -> None:
    assert (
        in_time(QueueView(id="sales", title="Sales", waiting=0, answered=answered, abandoned=abandoned, within=within))
        == share
    )


COLUMNS = ("queue", "title", "waiting>", "longest>", "idle>", "busy>", "break>", "answered>", "abandoned>", "in time>")
ROW = ("sales", "Sales", 0, "12:04", 1, 0, 0, 1234, 17, "100%")


def shown(width: int, columns: tuple[str, ...] = COLUMNS, row: tuple[object, ...] = ROW) -> str:
    """The table as a terminal of that width shows it."""
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    console.print(fitted(console, columns, [row, row]))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [200, 100, 80])
def test_no_word_of_a_table_is_broken_where_columns_can_move_together(width: int) -> None:
    head, line, *rows = (line.rstrip() for line in shown(width).splitlines())
    assert head.split() == [word for column in COLUMNS for word in column.rstrip(">").split()]
    assert set(line) == {"─"}
    assert [row.split() for row in rows] == [[str(value) for value in ROW]] * 2


def test_a_row_that_fits_no_terminal_is_a_block() -> None:
    lines = [line.rstrip() for line in shown(40).splitlines()]
    assert lines[:3] == ["queue     sales", "title     Sales", "waiting   0"]
    assert lines[len(COLUMNS)] == ""
    assert len(lines) == 2 * (len(COLUMNS) + 1)


def test_texts_are_folded_before_figures() -> None:
    text = shown(40, ("what", "calls>"), ("a sentence that is longer than the terminal is wide", 1234567))
    assert "1234567" in text
    assert " ".join(text.replace("1234567", "").split()).count("longer than the terminal is wide") == 2
