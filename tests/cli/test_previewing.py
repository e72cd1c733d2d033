"""An agent without a desktop: the lead in front of them, and what they do with it, as the engine is asked for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from fsorch.engine.inputs import DialNumber, DialPreview, Dispose, Request, SkipPreview
from fsorch.engine.views import AgentView, LeadCard, LeadNumberView, Snapshot, Word
from fsorch_cli.app import App
from fsorch_cli.live import asked_by
from tests.cli.cli import fsorch

NOON = 1_804_698_000_000_000
CARD = LeadCard(
    phase="shown",
    attempt="a-1",
    campaign="spring",
    campaign_title="Spring sale",
    lead="17",
    name="Zoë",
    number="+493012",
    numbers=(LeadNumberView("+493012", "home"), LeadNumberView("+493013", "mobile")),
    fields={"city": "Ulm"},
    script="Hello, this is Ada.",
    skip_allowed=True,
    skip_reasons=("busy", "unclear"),
    words=(Word(id="sold", title="Sold"), Word(id="later", title="Call later", then="callback")),
    zone="Europe/Berlin",
)


class Engine:
    """What the control socket would give, and what it was asked for."""

    def __init__(self, *cards: LeadCard | None) -> None:
        self.agents = tuple(
            AgentView(id=id, name=id, status="available", state="idle", queues=("sales",), phone="x", lead=card)
            for id, card in zip(("ada", "bo"), cards, strict=True)
        )
        self.asked: list[Request] = []

    def snapshot(self) -> Snapshot:
        return Snapshot(
            centre="Try", seq=1, at=NOON, switches=(), queues=(), agents=self.agents, contacts=(), breaks=()
        )

    def request(self, request: Request) -> None:
        self.asked.append(request)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    made = Engine(CARD, None)

    @contextmanager
    def client(app: App) -> Iterator[Any]:
        yield made

    monkeypatch.setattr(App, "client", lambda app: _typed(client(app)))
    return made


def _typed(client: AbstractContextManager[Any]) -> AbstractContextManager[Any]:
    return client


def test_the_lead_is_shown_with_its_numbers_its_words_and_what_to_say(engine: Engine) -> None:
    ran = fsorch("agent", "lead", "ada")
    assert (ran.code, ran.out.splitlines()) == (
        0,
        [
            "lead           17 Zoë",
            "campaign       Spring sale",
            "now            may be called",
            "number         +493012 home (next)",
            "number         +493013 mobile",
            "skip           busy, unclear",
            "city           Ulm",
            "say sold       Sold: finish",
            "say later      Call later: callback",
            "",
            "Hello, this is Ada.",
        ],
    )
    assert fsorch("agent", "lead", "bo").out == "bo has no lead\n"
    assert fsorch("agent", "lead", "adda").code == 4
    assert '"lead": "17"' in fsorch("agent", "lead", "ada", "--json").out


def test_it_is_called_skipped_and_said_how_it_was_for_the_lead_that_was_seen(engine: Engine) -> None:
    by = asked_by()
    assert fsorch("agent", "dial", "ada").out == "ada: asked for\n"
    assert fsorch("agent", "dial", "ada", "+493013").code == 0
    assert fsorch("agent", "dial", "bo", "+493014", "--campaign", "spring").code == 0
    assert fsorch("agent", "skip", "ada", "--reason", "busy").code == 0
    promised = ("--callback", "2027-01-31T09:00", "--own", "--note", "after nine")
    assert fsorch("agent", "dispose", "ada", "later", *promised).code == 0
    nine = 1_801_382_400_000_000
    assert engine.asked == [
        DialPreview(agent="ada", by=by, lead="17"),
        DialPreview(agent="ada", by=by, lead="17", number="+493013"),
        DialNumber(agent="bo", by=by, campaign="spring", number="+493014"),
        SkipPreview(agent="ada", by=by, lead="17", reason="busy"),
        Dispose(
            agent="ada",
            by=by,
            disposition="later",
            note="after nine",
            callback_at=nine,
            callback_own=True,
            attempt="a-1",
        ),
    ]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("dial", "bo"), 5, "agent bo is idle: dial is not possible now; no lead is in front of them"),
        (("skip", "bo"), 5, "skip is not possible now"),
        (("dispose", "bo", "sold"), 5, "dispose is not possible now"),
        (("dial", "ada", "--campaign", "spring"), 2, "by hand takes a number"),
        (("dispose", "ada", "later", "--own"), 2, "give its time with --callback"),
        (("dispose", "ada", "later", "--callback", "tomorrow"), 3, "--callback is 'tomorrow'"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_asked(
    engine: Engine, words: tuple[str, ...], code: int, told: str
) -> None:
    ran = fsorch("agent", *words)
    assert (ran.code, told in " ".join(ran.err.split())) == (code, True)
    assert engine.asked == []
