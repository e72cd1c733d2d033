"""The evidence of a campaign, out of the records: a row for each call, and the report over all of them.

Blocks on the database; needs the memory of one page of attempts, however many there are.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, tzinfo
from typing import Any

import msgspec

from fsorch.campaign.compliance import Compliance
from fsorch.campaign.evidence import Evidence
from fsorch.campaigns import CampaignSpec, Lead, LeadNumber
from fsorch.compliance_packs import PackSpec, pack_named
from fsorch.config import Centre
from fsorch.errors import NotFound
from fsorch.places import Places, told_place
from fsorch.store.store import Store

__all__ = ["CampaignReport"]

# Audit entries and versions of one campaign are few; a report that is read holds no more.
MOST_ACTS = 10_000


class CampaignReport:
    """The calls of ``campaign`` from ``since`` to before ``until`` (UTC microseconds). :meth:`calls` is read to its end
    first, then :meth:`whole` has the report. ``zone``: whose days the periods of the drops follow. Raises NotFound for
    a campaign that there never was."""

    def __init__(self, store: Store, campaign: str, since: int, until: int, zone: tzinfo = UTC) -> None:
        self._store = store
        self._span = (since, until)
        centre = store.load_centre()
        self._spec = _spec_of(store, centre, campaign)
        self._pack = pack_named(self._spec.pack, centre.packs)
        self._evidence = Evidence(self._spec, Compliance(self._pack, self._spec), since, zone)
        self._versions = store.campaigns.versions(campaign)
        self._places = Places()

    def calls(self) -> Iterator[dict[str, object]]:
        """A record of each call, in the order of time."""
        for row in self._store.leads.attempts.between(self._spec.id, *self._span):
            number = LeadNumber(number=row.number)
            # Where they were held to be when it was dialled: the list may say something else by now, or nothing.
            place = told_place(row.checks) or self._places.of(Lead(id=row.lead, numbers=(number,)), number)
            yield self._evidence.record(row, place, self._worded(row.launched_at))

    def _worded(self, at: int) -> CampaignSpec:
        """The campaign as it was at this moment; before its first wording on record, as that has it."""
        place = bisect_right(self._versions, at, key=lambda one: one.made_at)
        return self._versions[max(0, place - 1)].spec if self._versions else self._spec

    def whole(self) -> dict[str, Any]:
        """The report: what the calls come to, the rules they were held to with their sources, every wording of the
        campaign and its script in that time, who started and stopped it, and who was not called and why."""
        since, until = self._span
        spec = self._spec
        return {
            "campaign": spec.id,
            "title": spec.title,
            "since": since,
            "until": until,
            "seller": spec.evidence.seller,
            "telemarketer": spec.evidence.telemarketer,
            "purpose": spec.evidence.purpose,
            "caller_id_proof": spec.evidence.caller_id_proof,
            "summary": msgspec.to_builtins(self._evidence.summary()),
            "not_called": self._store.campaigns.barred(spec.id, since, until),
            "pack": _told(self._pack),
            "wordings": self._wordings(until),
            "acts": self._acts(),
            "purged": self._purged(),
        }

    def _wordings(self, until: int) -> list[dict[str, Any]]:
        return [
            {
                "from": one.made_at,
                "by": one.made_by,
                "script": one.spec.script,
                "campaign": msgspec.to_builtins(one.spec),
            }
            for one in self._versions
            if one.made_at < until
        ]

    def _acts(self) -> list[dict[str, Any]]:
        """Who did what with it."""
        since, until = self._span
        return [
            {"at": one.at, "who": one.who, "act": one.act, "what": one.what}
            for one in reversed(self._store.audits(MOST_ACTS, since=since, act="campaign."))
            if one.at < until and isinstance(one.what, dict) and one.what.get("campaign") == self._spec.id
        ]

    def _purged(self) -> list[dict[str, Any]]:
        """What of this time is on record no more, for it had been kept for long enough."""
        found = []
        for act in reversed(self._store.audits(MOST_ACTS, act="compliance.purge")):
            lots = act.what.get("lots", ()) if isinstance(act.what, dict) and act.what.get("stage") == "ended" else ()
            for lot in lots:
                if lot["campaign"] in ("", self._spec.id) and lot["before"] > self._span[0]:
                    found.append({"at": act.at, "who": act.who} | lot)
        return found


def _spec_of(store: Store, centre: Centre, campaign: str) -> CampaignSpec:
    """The campaign as it is, or as it was last before it was removed."""
    for spec in centre.campaigns:
        if spec.id == campaign:
            return spec
    versions = store.campaigns.versions(campaign)
    if not versions:
        raise NotFound("campaign", campaign, known=(spec.id for spec in centre.campaigns))
    return versions[-1].spec


def _told(pack: PackSpec | None) -> dict[str, Any] | None:
    if pack is None:
        return None
    rules = [
        {"id": rule.id, "says": rule.says, "source": rule.source, "nature": rule.nature.value}
        for _, rule in pack.rules()
    ]
    return {"id": pack.id, "title": pack.title, "checked": pack.checked.isoformat(), "note": pack.note, "rules": rules}
