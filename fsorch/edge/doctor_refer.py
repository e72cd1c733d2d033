"""Whether those whom campaigns call can have the switch dial, as the doctor looks at it.

A REFER that names a dialogue which the switch does not have (``Replaces``) is dialled at once, whatever the dialplan
says (FreeSWITCH 1.10.12, ``sofia.c``, sofia_handle_sip_i_refer). No variable of a leg is against that: only the
parameter ``disable-transfer`` of the SIP profile, by which REFER is answered 403.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator

from fsorch.config import Centre
from fsorch.edge.check import Check

__all__ = ["examine_refers"]

ASK = "api xml_locate configuration configuration name sofia.conf"
DIALLED = re.compile(r"(?:^|[,|\]}])sofia/(gateway/)?([^/,|]+)/")
TRUE = frozenset({"true", "yes", "on", "1", "enabled", "active", "allow"})


def examine_refers(ask: Callable[[str], str], centre: Centre) -> Iterator[Check]:
    """A finding if one of the SIP profiles by which the centre's gateways dial takes REFER; none where there is no
    gateway, or the switch does not show its profiles."""
    dialled = [DIALLED.findall(gateway.dial) for gateway in centre.gateways]
    if not any(dialled):
        return
    try:
        root = ElementTree.fromstring(ask(ASK))
    except ElementTree.ParseError:
        return
    profiles = {profile.get("name", ""): profile for profile in root.iter("profile")}
    used = {
        name
        for gateway, named in (way for ways in dialled for way in ways)
        for name in (_owners(profiles, named) if gateway else [named])
    }
    open_ones = sorted(name for name in used & profiles.keys() if not _closed(profiles[name]))
    if open_ones:
        mend = (
            f'<param name="disable-transfer" value="true"/> in the settings of sip profile {open_ones[0]}, then '
            f"fs_cli -x 'sofia profile {open_ones[0]} rescan'; it takes the phones of that profile their own transfer "
            "key too, so give gateways a profile of their own"
        )
        detail = f"who is called by profile {', '.join(open_ones)} can have the switch call others (SIP REFER)"
        yield Check("refer", None, detail, mend)
    elif used & profiles.keys():
        yield Check("refer", True, "nobody who is called can have the switch call others")


def _owners(profiles: dict[str, ElementTree.Element], gateway: str) -> list[str]:
    """The profiles that have a gateway of this name."""
    return [
        name for name, profile in profiles.items() if any(g.get("name") == gateway for g in profile.iter("gateway"))
    ]


def _closed(profile: ElementTree.Element) -> bool:
    values = [param.get("value", "") for param in profile.iter("param") if param.get("name") == "disable-transfer"]
    return bool(values) and values[-1].lower() in TRUE
