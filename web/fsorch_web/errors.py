"""Errors as the page sees them: ``{"error": one sentence, "code": a word}`` and an HTTP status."""

from __future__ import annotations

import logging

import msgspec
from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from fsorch.errors import ConfigError, FsorchError, LinkError, NotFound, RequestRefused, StoreError
from fsorch_web.wire import json_response

__all__ = ["ApiError", "install"]

log = logging.getLogger(__name__)

# The first class that fits decides. What is not here is our own fault: 500.
STATUSES: tuple[tuple[type[FsorchError], int, str], ...] = (
    (RequestRefused, 409, "refused"),
    (NotFound, 404, "not_found"),
    (ConfigError, 422, "invalid"),
    (LinkError, 503, "unavailable"),
    (StoreError, 503, "unavailable"),
)


class ApiError(Exception):
    """A request the server will not serve. ``retry_after_s`` tells the page when it makes sense to ask again."""

    def __init__(self, status: int, code: str, message: str, retry_after_s: float = 0.0) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after_s = retry_after_s


def install(app: Flask) -> None:
    """Make every error of ``app`` the JSON form above."""
    app.register_error_handler(ApiError, _api_error)
    app.register_error_handler(FsorchError, _fsorch_error)
    app.register_error_handler(msgspec.DecodeError, _bad_input)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _own_fault)


def _answer(status: int, code: str, message: str, retry_after_s: float = 0.0) -> Response:
    body: dict[str, object] = {"error": message, "code": code}
    if retry_after_s > 0:
        body["retry_after_s"] = retry_after_s
    response = json_response(body, status)
    if retry_after_s > 0:
        response.headers["Retry-After"] = str(max(1, round(retry_after_s)))
    return response


def _api_error(error: ApiError) -> Response:
    return _answer(error.status, error.code, str(error), error.retry_after_s)


def _fsorch_error(error: FsorchError) -> Response:
    for kind, status, code in STATUSES:
        if isinstance(error, kind):
            return _answer(status, code, str(error))
    return _own_fault(error)


def _bad_input(error: msgspec.DecodeError) -> Response:
    return _answer(400, "bad_input", f"the request's body is not as expected: {error}")


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    return _answer(status, (error.name or "error").lower().replace(" ", "_"), error.description or error.name)


def _own_fault(error: Exception) -> Response:
    log.error("a request failed for a reason nobody foresaw", exc_info=error)
    return _answer(500, "internal", "the server failed at this; its log says why")
