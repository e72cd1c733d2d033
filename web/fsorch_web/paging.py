"""Long answers in pages. A page that may have another after it says where in its ``Link`` header (RFC 8288)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

import flask
from flask import Response

from fsorch.clock import DAY_US
from fsorch_web.errors import ApiError
from fsorch_web.wire import json_response

__all__ = ["LATEST_US", "MOST", "Place", "after_place", "limit_of", "page_response", "place", "span_of", "whole"]

MOST = 500
USUAL = 50
# Figures and pictures of more than this are for the command line.
LONGEST_US = 92 * DAY_US
# The year 5138: no calendar is asked about a later moment.
LATEST_US = 10**17 - 1


# When a row came (UTC microseconds), and its id among those of one moment.
Place = tuple[int, str]
T = TypeVar("T")


def _id(row: Any) -> str:
    return str(row.id)


def whole(name: str, most: int, usual: int = 0) -> int:
    """A whole number of the query, up to ``most``; ``usual`` where it is not there. Raises ApiError."""
    text = flask.request.args.get(name, "")
    if not text:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and int(text) <= most):
        raise ApiError(400, "bad_input", f"{name} is {text[:40]!r}; expected a whole number of at most {most}")
    return int(text)


def limit_of(usual: int = USUAL) -> int:
    """How many rows the request asks for. Raises ApiError."""
    limit = whole("limit", MOST, usual)
    if not limit:
        raise ApiError(400, "bad_input", f"limit is 0; expected a number from 1 to {MOST}")
    return limit


def span_of() -> tuple[int, int]:
    """The time that is asked about, in UTC microseconds; the last 24 hours where nothing is said. Raises ApiError."""
    until = whole("until", LATEST_US) or time.time_ns() // 1000
    since = whole("since", LATEST_US) or until - DAY_US
    if not 0 < until - since <= LONGEST_US:
        raise ApiError(400, "bad_request", "since must be before until, and at most 92 days")
    return since, until


def after_place() -> Place | None:
    """The place of the last row of the page before, where rows stand by their time. Raises ApiError."""
    text = flask.request.args.get("after", "")
    at, dash, id = text.partition("-")
    if not text:
        return None
    if not (dash and at.isascii() and at.isdigit() and len(at) < 19 and len(id) <= 200):
        raise ApiError(400, "bad_input", f"after is {text[:40]!r}; take it from the Link of the page before")
    return int(at), id


def place(at: int, id: str) -> str:
    """A row's place as :func:`after_place` reads it."""
    return f"{at}-{id}"


def page_response(rows: Sequence[T], limit: int, mark: Callable[[T], str] = _id) -> Response:
    """The rows; ``after=`` with the ``mark`` of the last one, its id unless another is given, asks for the next
    page."""
    response = json_response(rows)
    if len(rows) == limit:
        given = {name: value for name, value in flask.request.args.items() if name != "after"}
        query = urlencode(given | {"after": mark(rows[-1])})
        response.headers["Link"] = f'<{flask.request.path}?{query}>; rel="next"'
    return response
