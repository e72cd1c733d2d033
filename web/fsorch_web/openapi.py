"""The API described for programs: OpenAPI 3.1, made from the table of operations and from the types themselves.

GET /api/openapi.json. What the live feed pushes (Socket.IO events ``agent`` and ``board``) has no place of its own in
OpenAPI; its shapes stand among the schemas, and ``x-events`` names them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from importlib.metadata import version
from typing import Any, get_args, get_origin

import msgspec
from flask import Flask, Response

from fsorch.engine.views import Snapshot
from fsorch_web.auth import Auth
from fsorch_web.feed import Desk, Pushed
from fsorch_web.operations import OPERATIONS, Operation, Sparse
from fsorch_web.wire import json_response

__all__ = ["OpenApi", "describe_api"]

AT = "#/components/schemas/{name}"
EVENTS: dict[str, tuple[str, type[Any]]] = {
    "agent": ("The desk of an agent, whole, whenever it has changed", Desk),
    "board": ("The whole centre, for those who see the board", Snapshot),
}
ERRORS = {
    "400": "The request cannot be read",
    "401": "Nobody knows who asks",
    "403": "They may not",
    "404": "No such thing; the nearest names",
    "409": "Not possible now, or somebody else was quicker",
    "413": "More than a request may carry",
    "422": "The centre would not be sound; the path of the key, what was expected, the nearest name",
    "429": "Too many attempts to log in; retry_after_s says how long to wait",
    "503": "The database or the switch is away; ask again later",
}
QUERIES: dict[str, tuple[dict[str, Any], str]] = {
    "after": ({"type": "string"}, "The page that follows the one whose last id this was"),
    "dry_run": ({"type": "boolean"}, "Say what would change, and change nothing"),
    "limit": ({"type": "integer", "minimum": 1, "maximum": 500}, "How many at most"),
    "override": ({"type": "string"}, "Why a flow is published that the linter refuses; admins"),
    "since": ({"type": "integer"}, "From this moment on, UTC microseconds"),
    "until": ({"type": "integer"}, "Before this moment, UTC microseconds"),
    "version": ({"type": "integer", "minimum": 1}, "Of this version; else the one in force"),
}
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "maxLength": 128},
    "description": "The same request with the same key within 24 hours is done once, and answered alike",
}


class Error(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong, in a sentence and in a word."""

    error: str
    code: str
    retry_after_s: float = 0.0


class OpenApi:
    """The route of the description in one application."""

    def __init__(self, app: Flask, auth: Auth) -> None:
        self._auth = auth
        self._made: dict[str, Any] | None = None
        app.add_url_rule("/api/openapi.json", view_func=self.show, methods=["GET"])

    def show(self) -> Response:
        """GET /api/openapi.json: for anybody who may ask anything."""
        self._auth.person()
        if self._made is None:
            self._made = describe_api()
        return json_response(self._made)


def describe_api() -> dict[str, Any]:
    """The whole document, as OpenAPI 3.1 has it."""
    schemas = _Schemas()
    paths: dict[str, dict[str, Any]] = {}
    for (method, rule), operation in OPERATIONS.items():
        path = re.sub(r"<(\w+)>", r"{\1}", rule)
        paths.setdefault(path, {})[method.lower()] = _operation(method, path, operation, schemas)
    events = {
        name: {"description": says, "payload": schemas.ref(Pushed), "view": schemas.ref(shape)}
        for name, (says, shape) in EVENTS.items()
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "fsorch", "version": version("fsorch")},
        "paths": paths,
        "x-events": events,
        "components": {
            "schemas": schemas.components(),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "fsorch token add NAME --role ROLE"},
                "session": {"type": "apiKey", "in": "cookie", "name": "fsorch"},
            },
        },
    }


def _operation(method: str, path: str, operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    words = re.findall(r"[a-zA-Z]+", path.removeprefix("/api"))
    made: dict[str, Any] = {
        "operationId": "_".join([method.lower(), *(word.lower() for word in words)]),
        "summary": operation.says,
        "tags": [words[0]],
        "parameters": list(_parameters(method, path, operation)),
        "security": [{"token": []}, {"session": []}] if operation.role else [],
        "responses": {str(operation.status): _answer(operation, schemas), **_errors(schemas)},
    }
    if operation.role:
        bound = "Within a scope: its queues only." if operation.scoped else "Closed to who has a scope."
        made["description"] = f"For {operation.role} and whoever may do more. {bound}"
    if operation.body is not None:
        content = {"application/json": {"schema": schemas.of(operation.body)}}
        made["requestBody"] = {"required": True, "content": content}
    return made


def _parameters(method: str, path: str, operation: Operation) -> Iterator[dict[str, Any]]:
    for name in re.findall(r"{(\w+)}", path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
    for name in operation.query:
        schema, says = QUERIES.get(name, ({"type": "string"}, ""))
        yield {"name": name, "in": "query", "required": False, "schema": schema, "description": says}
    if method == "POST" and operation.role:
        yield KEY


def _answer(operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    if operation.answer is None:
        return {"description": operation.says, "content": {operation.media: {"schema": {"type": "string"}}}}
    return {
        "description": operation.says,
        "content": {operation.media: {"schema": schemas.of(operation.answer)}},
    }


def _errors(schemas: _Schemas) -> dict[str, Any]:
    content = {"application/json": {"schema": schemas.ref(Error)}}
    return {status: {"description": says, "content": content} for status, says in ERRORS.items()}


class _Schemas:
    """Collects the types that are spoken of, and gives their schemas at the end."""

    def __init__(self) -> None:
        self._types: dict[str, Any] = {}
        self._sparse: dict[str, Sparse] = {}

    def ref(self, shape: Any) -> dict[str, Any]:
        """Where the schema of this struct will be."""
        self._types[shape.__name__] = shape
        return {"$ref": AT.format(name=shape.__name__)}

    def of(self, shape: Any) -> dict[str, Any]:
        """The schema of any type, or where it is."""
        if isinstance(shape, Sparse):
            return self._sparse_of(shape)
        if get_origin(shape) is list and isinstance(get_args(shape)[0], Sparse):
            return {"type": "array", "items": self._sparse_of(get_args(shape)[0])}
        (schema,), parts = msgspec.json.schema_components([shape], ref_template=AT)
        for name in parts:
            self._types.setdefault(name, None)
        self._types[f" {len(self._types)}"] = shape
        return schema

    def _sparse_of(self, shape: Sparse) -> dict[str, Any]:
        name = f"{shape.of.__name__}{'Patch' if shape.nulls else 'Given'}"
        self._sparse[name] = shape
        self._types[shape.of.__name__] = shape.of
        return {"$ref": AT.format(name=name)}

    def components(self) -> dict[str, Any]:
        """Every schema by its name."""
        shapes = [shape for shape in self._types.values() if shape is not None]
        _, parts = msgspec.json.schema_components(shapes, ref_template=AT)
        for name, sparse in self._sparse.items():
            parts[name] = _some_keys(parts[sparse.of.__name__], name, nulls=sparse.nulls)
        # Python's end of a text is not that of the regular expressions of JSON Schema.
        text = msgspec.json.encode(parts).replace(rb'\\Z"', b'$"')
        plain: dict[str, Any] = msgspec.json.decode(text)
        return plain


def _some_keys(whole: dict[str, Any], name: str, *, nulls: bool) -> dict[str, Any]:
    """The schema of a thing of which only some keys need be there."""
    made = deepcopy(whole) | {"title": name}
    made.pop("required", None)
    if nulls:
        made["properties"] = {
            key: {"anyOf": [schema, {"type": "null"}]} for key, schema in made.get("properties", {}).items()
        }
    return made
