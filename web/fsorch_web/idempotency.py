"""A request sent again is done once: ``Idempotency-Key`` on any POST of the API.

A program whose line was cut does not know whether its request was done. With a key of its own making (a UUID) it sends
the same again: within a day it gets the answer of the first, marked ``Idempotent-Replayed: true``. A request that was
refused has changed nothing; its key is free again.
"""

from __future__ import annotations

import hashlib
import re

import flask
from flask import Flask, Response

from fsorch.edge.settings import MAX_FILE
from fsorch.store.answered import Answered
from fsorch_web.auth import Auth
from fsorch_web.errors import ApiError
from fsorch_web.seams import in_worker

__all__ = ["Idempotency"]

HEADER = "Idempotency-Key"
KEY = re.compile(r"[\x21-\x7e]{1,128}")
# The one body that may be large.
WHOLE = "/api/centre/apply"


class Idempotency:
    """Stands before and behind the views of one application. Made after its `Auth`, whose check comes first."""

    def __init__(self, app: Flask, auth: Auth) -> None:
        self._auth = auth
        app.before_request(self._before)
        app.after_request(self._after)

    def _before(self) -> Response | None:
        request = flask.request
        key = request.headers.get(HEADER)
        if key is None or request.method != "POST" or not request.path.startswith("/api/"):
            return None
        if not KEY.fullmatch(key):
            raise ApiError(400, "bad_input", f"{HEADER} must be 1 to 128 printable characters without spaces")
        person = self._auth.whoever()
        if person is None:
            return None
        if request.path == WHOLE and person.administers:
            request.max_content_length = MAX_FILE
        whole = b"\n".join((request.full_path.encode(), request.get_data(cache=True)))
        found = in_worker(self._auth.store.answered.begin, person.login, key, hashlib.sha256(whole).hexdigest())
        if found is None:
            flask.g.answering = (person.login, key)
            return None
        response = Response(found.body, found.status, mimetype="application/json")
        response.headers["Cache-Control"] = "no-store"
        response.headers["Idempotent-Replayed"] = "true"
        return response

    def _after(self, response: Response) -> Response:
        who, key = flask.g.pop("answering", ("", ""))
        if not key:
            return response
        answered = self._auth.store.answered
        if 200 <= response.status_code < 300:
            body = response.get_data(as_text=True)
            in_worker(answered.finish, who, key, Answered(status=response.status_code, body=body))
        elif response.status_code < 500:
            in_worker(answered.forget, who, key)
        # What failed with 500 may have been done or not: whoever asks again is told that nobody knows.
        return response
