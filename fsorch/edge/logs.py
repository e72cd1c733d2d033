"""The log: a line for each entry, as text or as JSON, with what it is about, and without the installation's secrets.

A call that logs says what it is about by ``extra`` (:func:`about`): the ids of contact, leg and switch are what joins a
line of the log with ``fsorch explain``, a CDR and the switch's own log, which names channels by the same UUIDs.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from fsorch.config import LogFormat, LogSettings, Settings

__all__ = ["JsonLines", "TextLines", "about", "log_to", "secrets_of"]

# What an entry may be about, in the order in which it is told.
ABOUT = ("switch", "contact", "leg", "agent", "queue", "campaign", "hook")
MASK = "***"
# The packages whose every entry is wanted at debug.
OURS = ("fsorch", "fsorch_cli", "fsorch_web")
# Shorter words than this stand in ordinary text too; masking them would say more than it hides.
SHORTEST_SECRET = 4


def about(thing: object = None, **ids: str) -> dict[str, str]:
    """What ``extra`` of a log call is given: the ids that ``thing`` (an input or a fact) has, and ``ids``."""
    found = {name: getattr(thing, name, "") for name in ABOUT}
    return {name: id for name, id in (found | ids).items() if isinstance(id, str) and id}


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """The words of the settings that belong into no log: passwords, tokens, and passwords inside addresses."""
    words = [switch.password for switch in settings.switches]
    words.append(settings.web.doors.token)
    for url in (settings.database, *settings.sources.values()):
        # As written, and as the database's library may say it.
        password = _password(url)
        words += [password, unquote(password)]
    return tuple(dict.fromkeys(words))


def _password(url: str) -> str:
    try:
        return urlsplit(url).password or ""
    except ValueError:
        return ""


class Lines(logging.Formatter):
    """What both forms share: secrets are masked in the finished line, wherever in it they came from."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        # The longest first: one may be a part of another.
        self._secrets = sorted((word for word in secrets if len(word) >= SHORTEST_SECRET), key=len, reverse=True)

    def masked(self, text: str) -> str:
        """``text`` without the secrets."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return text

    def told(self, record: logging.LogRecord) -> str:
        """The message, without the secrets."""
        return self.masked(record.getMessage())

    def trace(self, record: logging.LogRecord) -> str:
        """The traceback, without the secrets; empty where there is none."""
        return self.masked(self.formatException(record.exc_info)) if record.exc_info else ""


class JsonLines(Lines):
    """One JSON object a line: time (UTC), level, logger, message, what it is about, and the traceback if any."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of ``record``."""
        entry = {
            "time": _moment(record, "microseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self.told(record),
        }
        entry |= {name: self.masked(id) for name, id in about(record).items()}
        if trace := self.trace(record):
            entry["traceback"] = trace
        return json.dumps(entry, ensure_ascii=False)


class TextLines(Lines):
    """A line for eyes: the time (UTC), what is told, and in brackets what it is about; a traceback under it."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of ``record``."""
        ids = " ".join(f"{name}={id}" for name, id in about(record).items())
        line = f"{_moment(record, 'milliseconds')} {record.levelname:7} {record.name}: {self.told(record)}"
        whole = f"{line} [{self.masked(ids)}]" if ids else line
        return "\n".join(filter(None, (whole, self.trace(record))))


FORMATS: dict[LogFormat, type[Lines]] = {LogFormat.TEXT: TextLines, LogFormat.JSON: JsonLines}


def log_to(path: Path | None, settings: LogSettings, secrets: Iterable[str] = ()) -> None:
    """From now on the process logs as ``settings`` say, to the file ``path`` or, without one, to standard error."""
    handler = logging.FileHandler(path, encoding="utf-8") if path is not None else logging.StreamHandler(sys.stderr)
    handler.setFormatter(FORMATS[settings.format](secrets))
    level = logging.getLevelNamesMapping()[settings.level.value.upper()]
    # At debug, libraries tell what they carry: peewee each query with its values, urllib3 each address.
    logging.basicConfig(handlers=[handler], level=max(level, logging.INFO), force=True)
    for package in OURS:
        logging.getLogger(package).setLevel(level)


def _moment(record: logging.LogRecord, precision: str) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec=precision).replace("+00:00", "Z")
