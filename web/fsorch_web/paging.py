"""Long answers in pages. A page that may have another after it says where in its ``Link`` header (RFC 8288)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import flask
from flask import Response

from fsorch_web.errors import ApiError
from fsorch_web.wire import json_response

__all__ = ["MOST", "limit_of", "page_response", "span_of"]

MOST = 500
USUAL = 50
DAY_US = 86_400_000_000
# Figures and pictures of more than this are for the command line.
LONGEST_US = 92 * DAY_US


def limit_of(usual: int = USUAL) -> int:
    """How many rows the request asks for. Raises ApiError."""
    text = flask.request.args.get("limit", "")
    if not text:
        return usual
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) <= MOST):
        raise ApiError(400, "bad_input", f"limit is {text[:20]!r}; expected a number from 1 to {MOST}")
    return int(text)


def span_of() -> tuple[int, int]:
    """The time that is asked about, in UTC microseconds; the last 24 hours where nothing is said. Raises ApiError."""
    args = flask.request.args
    try:
        until = int(args.get("until", "0")) or time.time_ns() // 1000
        since = int(args.get("since", "0")) or until - DAY_US
    except ValueError:
        raise ApiError(400, "bad_request", "since and until are UTC microseconds") from None
    if not 0 < until - since <= LONGEST_US:
        raise ApiError(400, "bad_request", "since must be before until, and at most 92 days")
    return since, until


def page_response(rows: Sequence[Any], limit: int) -> Response:
    """The rows, which have an ``id`` each; ``after=`` with the last one's asks for the next page."""
    response = json_response(rows)
    if len(rows) == limit:
        given = {name: value for name, value in flask.request.args.items() if name != "after"}
        query = urlencode(given | {"after": rows[-1].id})
        response.headers["Link"] = f'<{flask.request.path}?{query}>; rel="next"'
    return response
