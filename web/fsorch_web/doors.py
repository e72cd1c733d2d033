"""The HTTP doors of a switch: ``/hooks/xml`` for mod_xml_curl, ``/hooks/route`` for a script that asks where to send a
call. Both take a form and belong to the addresses and the token of ``web.doors``; a call never fails by them: what is
not known is "not found", and the switch goes on with its own files.
"""

from __future__ import annotations

import hmac
import logging

from flask import Flask, Response, request

from fsorch.config import Centre
from fsorch.doors import DOMAINS, DoorSettings, NumberSpec, phone_login, variables_of
from fsorch.tenancy import Tenancy
from fsorch_web.addresses import Addresses
from fsorch_web.errors import ApiError
from fsorch_web.seams import StoreReads, in_worker
from fsorch_web.switch_xml import NOT_FOUND, dialplan, directory

__all__ = ["Doors"]

log = logging.getLogger(__name__)

# mod_dialplan_xml sends all that is known of a channel, its SDP included: some 10 KB.
LARGEST_FORM = 512 * 1024


class Doors:
    """The two routes of one application."""

    def __init__(self, app: Flask, store: StoreReads, settings: DoorSettings) -> None:
        self._store = store
        self._settings = settings
        self._switches = Addresses(settings.allow)
        self._known = (-1, Tenancy(Centre()))
        app.add_url_rule("/hooks/xml", view_func=self.xml, methods=["POST"])
        app.add_url_rule("/hooks/route", view_func=self.route, methods=["POST"])

    def xml(self) -> Response:
        """POST /hooks/xml: section, tag_name, key_name, key_value and what else mod_xml_curl sends (mod_xml_curl.c,
        xml_url_fetch)."""
        self._admit()
        sections = {"directory": self._directory, "dialplan": self._dialplan}
        answer = sections.get(request.form.get("section", ""))
        return Response(answer() if answer is not None else NOT_FOUND, mimetype="text/xml")

    def route(self) -> Response:
        """POST /hooks/route with ``destination``, and ``sip_req_host`` and ``sip_to_host`` where the switch has them:
        ``route=park``, then the channel variables for the park door, each as a line ``name=value``; none for a number
        that the centre does not know."""
        self._admit()
        spec = self._number(request.form.get("destination", ""))
        variables = variables_of(spec) if spec is not None else {}
        lines = "".join(f"{name}={value}\n" for name, value in {"route": "park", **variables}.items())
        return Response(lines, mimetype="text/plain")

    def _directory(self) -> bytes:
        form = request.form
        # Asked for gateways or a network list, the domain has nothing to say but its users.
        if form.get("tag_name") != "domain" or form.get("key_name") != "name":
            return NOT_FOUND
        wanted = (form.get("user", ""), form.get("key_value", "").lower())
        for agent in self._load().centre.agents:
            if phone_login(agent.phone, self._settings.domain) == wanted:
                secret = in_worker(self._store.phone_secret, agent.id)
                if secret is None or (secret.user, secret.domain) != wanted:
                    return NOT_FOUND
                name, context = agent.name or agent.id, self._settings.user_context
                return directory(*wanted, secret.a1, name=name, context=context)
        return NOT_FOUND

    def _dialplan(self) -> bytes:
        form = request.form
        # The profile that is being routed; that of the channel is still the former one (mod_dialplan_xml.c).
        context = form.get("Hunt-Context") or form.get("Caller-Context", "")
        number = form.get("Hunt-Destination-Number") or form.get("Caller-Destination-Number", "")
        spec = self._number(number, "variable_")
        if spec is None or context not in self._settings.contexts:
            return NOT_FOUND
        return dialplan(context, number, variables_of(spec))

    def _number(self, dialled: str, prefix: str = "") -> NumberSpec | None:
        """What a number leads to in the domain that the call came for; the form names its hosts with a ``prefix``."""
        tenancy = self._load()
        hosts = (request.form.get(prefix + name, "") for name in DOMAINS)
        named = request.form.get(f"{prefix}fsorch_tenant", "")
        return tenancy.number(dialled, named if named in tenancy.tenants else tenancy.of_domain(*hosts))

    def _load(self) -> Tenancy:
        """The centre; read again only when it has changed."""
        revision = in_worker(self._store.revision)
        if revision != self._known[0]:
            self._known = (revision, Tenancy(in_worker(self._store.load_centre)))
        return self._known[1]

    def _admit(self) -> None:
        request.max_content_length = LARGEST_FORM
        if not self._settings.token:
            raise ApiError(404, "not_found", "the doors are shut; give web.doors a token in fsorch.yaml")
        if not self._switches.have(request) or not self._knows_token():
            log.warning("somebody at %s asked at %s and may not", request.remote_addr, request.path)
            raise ApiError(403, "forbidden", "this address or token may not ask here; see web.doors in fsorch.yaml")

    def _knows_token(self) -> bool:
        given = request.authorization
        token = (given.token or given.password or "") if given is not None else ""
        # All of it is compared, whatever it begins with.
        return hmac.compare_digest(token.encode(), self._settings.token.encode())
