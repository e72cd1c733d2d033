"""Keeps who has a scope to the requests that know of scopes.

The table of operations says which do (``scoped``); every other address of the API, and one that is added tomorrow
without a word about it, is closed to them. What an open one answers is bounded by its view, see `fsorch_web.sight`.
"""

from __future__ import annotations

import flask
from flask import Flask

from fsorch_web.auth import Auth
from fsorch_web.errors import ApiError
from fsorch_web.operations import OPERATIONS

__all__ = ["ScopeGate"]


class ScopeGate:
    """Stands before the views of one application. Made after its `Auth`, which says who asks."""

    def __init__(self, app: Flask, auth: Auth) -> None:
        self._auth = auth
        app.before_request(self._check)

    def _check(self) -> None:
        request = flask.request
        rule = request.url_rule
        if rule is None or request.method == "OPTIONS" or not rule.rule.startswith(("/api/", "/metrics")):
            return
        person = self._auth.whoever()
        if person is None or person.sight.whole:
            return
        # The verbs share a rule, and are operations of their own.
        asked = rule.rule.replace("<verb>", str((request.view_args or {}).get("verb", "")))
        found = OPERATIONS.get(("GET" if request.method == "HEAD" else request.method, asked))
        if found is None or not found.scoped:
            raise ApiError(403, "forbidden", "this belongs to no queue: who has a scope sees their queues only")
