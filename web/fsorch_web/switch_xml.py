"""The documents that mod_xml_curl takes, built by an XML library: no value can become markup.

Two more layers lie behind XML on the switch. ``switch_xml_parse_file`` expands ``$${...}`` in what it reads, and an
application's argument is expanded again: so names for people go through `display`, and everything else here has been
held to a pattern when it was configured (``fsorch.doors``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree import ElementTree

from fsorch.esl.quoting import display

__all__ = ["NOT_FOUND", "dialplan", "directory"]

# As user/ is dialled (conf/vanilla/directory/default.xml): presence and the registered contact.
DIAL_STRING = (
    "{^^:sip_invite_domain=${dialed_domain}:presence_id=${dialed_user}@${dialed_domain}}"
    "${sofia_contact(*/${dialed_user}@${dialed_domain})}"
)


def directory(user: str, domain: str, a1: str, *, name: str, context: str) -> bytes:
    """The user ``user`` of ``domain``: registers with the password whose MD5 (user:domain:password) is ``a1``, may be
    dialled, calls as ``name`` into ``context``. Shape: switch_xml.c, switch_xml_locate_user."""
    section, root = _document("directory")
    inside = ElementTree.SubElement(section, "domain", name=domain)
    _values(inside, "params", "param", {"dial-string": DIAL_STRING})
    groups = ElementTree.SubElement(inside, "groups")
    users = ElementTree.SubElement(ElementTree.SubElement(groups, "group", name="fsorch"), "users")
    one = ElementTree.SubElement(users, "user", id=user)
    _values(one, "params", "param", {"a1-hash": a1})
    shown = {"effective_caller_id_name": display(name), "effective_caller_id_number": user, "user_context": context}
    _values(one, "variables", "variable", {key: value for key, value in shown.items() if value})
    return _bytes(root)


def dialplan(context: str, number: str, variables: Mapping[str, str]) -> bytes:
    """The context with one extension: ``number`` gets the ``variables`` and goes to the park door
    (freeswitch/dialplan/fsorch.xml)."""
    section, root = _document("dialplan")
    extension = ElementTree.SubElement(
        ElementTree.SubElement(section, "context", name=context), "extension", name="fsorch_number"
    )
    whole = f"^{re.escape(number)}$"
    condition = ElementTree.SubElement(extension, "condition", field="destination_number", expression=whole)
    for name, value in variables.items():
        ElementTree.SubElement(condition, "action", application="set", data=f"{name}={value}")
    ElementTree.SubElement(condition, "action", application="transfer", data=f"{number} XML fsorch")
    return _bytes(root)


def _document(section: str) -> tuple[ElementTree.Element, ElementTree.Element]:
    root = ElementTree.Element("document", type="freeswitch/xml")
    return ElementTree.SubElement(root, "section", name=section), root


def _values(parent: ElementTree.Element, group: str, kind: str, values: Mapping[str, str]) -> None:
    element = ElementTree.SubElement(parent, group)
    for name, value in values.items():
        ElementTree.SubElement(element, kind, name=name, value=value)


def _bytes(root: ElementTree.Element) -> bytes:
    content: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return content


def _not_found() -> bytes:
    """What makes the switch go on to its own files (switch_xml.c, switch_xml_locate)."""
    section, root = _document("result")
    ElementTree.SubElement(section, "result", status="not found")
    return _bytes(root)


NOT_FOUND = _not_found()
