"""Long answers in pages. A page that may have another after it says where in its ``Link`` header (RFC 8288)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import flask
from flask import Response

from fsorch_web.errors import ApiError
from fsorch_web.wire import json_response

__all__ = ["MOST", "limit_of", "page_response"]

MOST = 500
USUAL = 50


def limit_of(usual: int = USUAL) -> int:
    """How many rows the request asks for. Raises ApiError."""
    text = flask.request.args.get("limit", "")
    if not text:
        return usual
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) <= MOST):
        raise ApiError(400, "bad_input", f"limit is {text[:20]!r}; expected a number from 1 to {MOST}")
    return int(text)


def page_response(rows: Sequence[Any], limit: int) -> Response:
    """The rows, which have an ``id`` each; ``after=`` with the last one's asks for the next page."""
    response = json_response(rows)
    if len(rows) == limit:
        given = {name: value for name, value in flask.request.args.items() if name != "after"}
        query = urlencode(given | {"after": rows[-1].id})
        response.headers["Link"] = f'<{flask.request.path}?{query}>; rel="next"'
    return response
