"""Do-not-disturb, as the phone itself says it.

A phone tells the switch by PUBLISH, which mod_sofia (with ``manage-presence``) fires as PRESENCE_IN with the activity
in ``rpid`` and the note in ``status`` (``sofia_presence.c``, sofia_presence_handle_sip_i_publish), or by the feature
synchronisation of desk phones, a SUBSCRIBE for ``as-feature-event`` with ``SetDoNotDisturb``, fired as
PHONE_FEATURE_SUBSCRIBE (the same file). One that tells neither refuses the call with words for it:
``sip_invite_failure_phrase`` of the leg that ends (``sofia.c``), or the text of a Reason header.
"""

from __future__ import annotations

import re

from fsorch.esl.events import Event

__all__ = ["DND", "refused", "told"]

# What is shown of an agent whose phone says so.
DND = "the phone is set to do-not-disturb"
_WORDS = re.compile(r"\bdnd\b|do[\s_-]*not[\s_-]*disturb", re.IGNORECASE)
_REASONS = ("sip_invite_failure_phrase", "sip_hangup_phrase", "sip_reason")


def told(event: Event) -> tuple[str, bool] | None:
    """The user (``name@domain``) whose phone says by itself whether it is set so, and whether it is; None: the event
    says nothing about that."""
    header = event.header
    if event.name == "PHONE_FEATURE_SUBSCRIBE":
        if header("Feature-Action") != "SetDoNotDisturb" or not header("user"):
            return None
        return f"{header('user')}@{header('host') or ''}".lower(), header("Feature-Enabled") == "true"
    # Calls and registrations are presence, too.
    of_call = header("channel-state") or header("presence-source") or header("proto") != "sip"
    user = (header("from") or "").lower()
    if of_call or header("event_type") != "presence" or "@" not in user:
        return None
    return user, bool(_WORDS.search(header("rpid") or "") or _WORDS.search(header("status") or ""))


def refused(event: Event) -> bool:
    """Whether the leg of ``event`` ended because the phone is set so."""
    return any(_WORDS.search(event.variable(name) or "") for name in _REASONS)
