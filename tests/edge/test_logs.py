"""The log's lines, read back: what they are about, and what they never say."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from fsorch.config import LogFormat, LogLevel, LogSettings, Settings, SwitchSettings, WebSettings
from fsorch.doors import DoorSettings
from fsorch.edge.logs import OURS, JsonLines, TextLines, about, log_to, secrets_of
from fsorch.engine.facts import Fact, FactKind

LEG = "0d5f4f4e-3b1e-4c5e-9d5a-2f0a3a4b5c6d"
FACT = Fact(id="f1", at=1, kind=FactKind.LINK_DOWN, contact="c1", leg=LEG, switch="main", data={"digits": "1234"})
SETTINGS = Settings(
    switches=(SwitchSettings(password="the switch's word"), SwitchSettings(name="b", password="b")),
    database="mysql://fsorch:s%40fe%20word@db.example/fsorch",
    sources={"crm": "mysql://reader:crm-word@crm.example/crm", "local": "sqlite:///crm.sqlite3"},
    web=WebSettings(doors=DoorSettings(token="a token of sixteen or more")),
)
WORDS = ("the switch's word", "s%40fe%20word", "s@fe word", "crm-word", "a token of sixteen or more")


def record(
    message: str, *args: Any, error: BaseException | None = None, extra: dict[str, str] | None = None
) -> logging.LogRecord:
    """What a logger makes at the start of 2027."""
    exc_info = (type(error), error, error.__traceback__) if error is not None else None
    made = logging.LogRecord("fsorch.edge.link", logging.WARNING, __file__, 1, message, args, exc_info)
    made.created = 1_798_761_600.25
    made.__dict__.update(extra or {})
    return made


def test_a_json_line_says_when_what_and_about_whom() -> None:
    line = JsonLines().format(record("%s: no\nroute", "main", extra=about(FACT)))
    assert "\n" not in line
    assert json.loads(line) == {
        "time": "2027-01-01T00:00:00.250000Z",
        "level": "warning",
        "logger": "fsorch.edge.link",
        "message": "main: no\nroute",
        "switch": "main",
        "contact": "c1",
        "leg": LEG,
    }


def test_a_text_line_has_the_ids_behind_it() -> None:
    line = TextLines().format(record("gone", extra=about(switch="main", leg=LEG)))
    assert line == f"2027-01-01T00:00:00.250Z WARNING fsorch.edge.link: gone [switch=main leg={LEG}]"
    assert TextLines().format(record("gone")) == "2027-01-01T00:00:00.250Z WARNING fsorch.edge.link: gone"


@pytest.mark.parametrize("form", [JsonLines, TextLines])
def test_no_secret_of_the_settings_gets_into_a_line(form: type[JsonLines] | type[TextLines]) -> None:
    lines = form(secrets_of(SETTINGS))
    for word in WORDS:
        try:
            raise OSError(f"cannot log in as {word}")
        except OSError as error:
            text = lines.format(record("refused %r", word, error=error, extra=about(switch=word)))
        assert word not in text
        assert text.count("***") >= 3
        assert "OSError: cannot log in as ***" in text
    # A password of one letter would take every word apart, and hide nothing.
    assert "b" in lines.format(record("a b c"))


def test_the_log_goes_where_and_how_it_is_told(tmp_path: Path) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    for handler in handlers:
        root.removeHandler(handler)
    try:
        log_to(tmp_path / "log", LogSettings(level=LogLevel.DEBUG))
        # Its queries have hashes and secrets for values.
        assert not logging.getLogger("peewee").isEnabledFor(logging.DEBUG)
        assert logging.getLogger("fsorch.runner").isEnabledFor(logging.DEBUG)
        root.handlers[0].close()
        log_to(tmp_path / "log", LogSettings(format=LogFormat.JSON, level=LogLevel.WARNING), ("hidden",))
        logging.getLogger("fsorch.test").info("not from here on")
        logging.getLogger("fsorch.test").warning("hidden %d", 7, extra=about(queue="sales", contact=""))
    finally:
        for handler in root.handlers[:]:
            root.removeHandler(handler)
            handler.close()
        for handler in handlers:
            root.addHandler(handler)
        root.setLevel(level)
        for package in OURS:
            logging.getLogger(package).setLevel(logging.NOTSET)
    (line,) = (tmp_path / "log").read_text(encoding="utf-8").splitlines()
    entry = json.loads(line)
    assert (entry["message"], entry["queue"], "contact" in entry) == ("*** 7", "sales", False)
