"""JSON to and from the page, by msgspec."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from flask import Response, request

__all__ = ["Json", "body", "json_response"]

T = TypeVar("T")


class Json:
    """The codec python-socketio is given. It takes ``msgspec.Raw``, so a view is encoded once for all its readers."""

    @staticmethod
    def dumps(value: Any, **_options: Any) -> str:
        """JSON text, always in the compact form, whatever separators the caller asks for."""
        return msgspec.json.encode(value).decode()

    @staticmethod
    def loads(text: str | bytes, **_options: Any) -> Any:
        """The value; a ValueError (msgspec.DecodeError is one) when it is not JSON."""
        return _decode(text, object)


def json_response(value: Any, status: int = 200) -> Response:
    """An HTTP answer that no cache keeps."""
    response = Response(msgspec.json.encode(value), status, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def body(type: type[T]) -> T:
    """The request's JSON body, checked; an empty body counts as ``{}``. Raises msgspec.DecodeError."""
    return _decode(request.get_data(cache=False) or b"{}", type)


def _decode(text: str | bytes, type: type[T]) -> T:
    try:
        return msgspec.json.decode(text, type=type)
    except RecursionError:
        raise msgspec.DecodeError("JSON is nested too deeply") from None
