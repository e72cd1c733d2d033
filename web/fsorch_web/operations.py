"""What the API can be asked, as one table: of each operation the body it takes, the answer it gives, what its query may
hold. ``fsorch_web.openapi`` makes the description from it that other programs read; a test holds it against the routes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from fsorch.campaign.drops import DropBudget
from fsorch.campaigns import AttemptRow, ConsentRow, DncRow, Lead
from fsorch.config import Centre
from fsorch.engine.rows import ContactRow
from fsorch.engine.views import ContactView, TenantView
from fsorch.objects import KINDS, SkillBody
from fsorch.store.adopting import Adopted
from fsorch.store.attempts import CampaignCounts
from fsorch.store.campaigns import CampaignRow
from fsorch.store.changing import Changed
from fsorch.store.contract import TenantReport
from fsorch.store.flow_stats import FlowFigures
from fsorch.store.flows import FlowVersion
from fsorch.store.purging import Lot
from fsorch.store.queries import ContactDetail
from fsorch.store.reasons import LeadReason, Upcoming
from fsorch.store.story import Line
from fsorch_web import campaigns, compliance, earlier, flows, leads, objects, promises, tenants, verbs
from fsorch_web.auth import Credentials

__all__ = ["OPERATIONS", "Operation", "Sparse"]

AUDITOR, SUPERVISOR, ADMIN, ANYBODY = "auditor", "supervisor", "admin", ""
SPAN = ("since", "until")
PAGE = ("limit", "after")
DRY = ("dry_run", "override")


class Sparse(msgspec.Struct, frozen=True):
    """A thing of the centre file of which only some keys are there. ``nulls``: null puts a key back to its default."""

    of: Any
    nulls: bool = False


class Operation(NamedTuple):
    """One request. ``role``: the least that may make it; ``answer``: None for a picture or a recording (``media``).
    ``scoped``: its view keeps who has a scope to their queues; all others are closed to them."""

    says: str
    answer: Any = None
    body: Any = None
    role: str = AUDITOR
    query: tuple[str, ...] = ()
    status: int = 200
    media: str = "application/json"
    scoped: bool = False


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """It was done."""

    ok: bool


class Whoever(msgspec.Struct, frozen=True, kw_only=True):
    """Who is logged in, or null; ``csrf`` goes with each request of the page that changes something."""

    user: dict[str, Any] | None
    csrf: str = ""


class ListRow(msgspec.Struct, frozen=True, kw_only=True):
    """A list and how far it has been worked through; ``penetration`` is a share of its leads."""

    id: str
    penetration: float


class LeadDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A lead with its newest attempts; ``more``: there are others."""

    lead: Lead
    attempts: list[AttemptRow]
    more: bool


class DncAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a number may be called, and which entry forbids it."""

    number: str
    callable: bool
    entry: DncRow | None


class CampaignState(msgspec.Struct, frozen=True, kw_only=True):
    """Where a campaign is, and what stands against starting it, a sentence each."""

    state: CampaignRow
    missing: list[str]


class CampaignStats(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a campaign's calls; times are UTC microseconds."""

    campaign: str
    since: int
    until: int
    counts: CampaignCounts
    drops: list[DropBudget]


class CampaignNext(msgspec.Struct, frozen=True, kw_only=True):
    """The leads that a campaign calls next, in order, and what stands against each."""

    campaign: str
    prepared: bool
    leads: list[Upcoming]


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """A contact in sentences; ``now`` is empty when it is over."""

    contact: ContactRow
    story: list[Line]
    now: str


class AttemptStory(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt in sentences: why it was made, and what became of it."""

    attempt: AttemptRow
    story: list[Line]


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """A share is in force by this revision of the centre."""

    revision: int
    applied: bool


def _things() -> dict[tuple[str, str], Operation]:
    """What all kinds of the centre have in common."""
    found: dict[tuple[str, str], Operation] = {}
    for name, kind in objects.KINDS.items():
        spec: Any = KINDS[kind][1] if kind in KINDS else SkillBody if kind == "skill" else dict[str, Any]
        thing = Sparse(spec) if kind in KINDS else spec
        one = f"/api/{name}/<id>"
        found["GET", f"/api/{name}"] = Operation(f"Every {kind}", answer=list[thing])  # type: ignore[valid-type]
        found["GET", one] = Operation(
            f"One {kind}, without what is as it is by default", answer=thing, scoped=kind == "agent"
        )
        found["PUT", one] = Operation(f"Make a {kind}, or replace it", Changed, thing, ADMIN, DRY)
        patch = Sparse(spec, nulls=True) if kind in KINDS else dict[str, Any]
        bounded = kind in ("queue", "agent")
        found["PATCH", one] = Operation(f"Set keys of a {kind}", Changed, patch, SUPERVISOR, DRY, scoped=bounded)
        found["DELETE", one] = Operation(f"Remove a {kind}", Changed, None, ADMIN, DRY)
    return found


def _verbs() -> dict[tuple[str, str], Operation]:
    """The verbs of a desk and of a supervisor, each with the shape of its body."""
    desk = {verb: shape for verb, (shape, _) in verbs.VERBS.items()}
    talk = {verb: shape for verb, (shape, _) in verbs.TALK_VERBS.items()}
    found = {
        ("POST", f"/api/agent/{verb}"): Operation(f"An agent: {verb}", Done, desk[verb], "agent", scoped=True)
        for verb in desk
    }
    for verb in talk:
        found["POST", f"/api/talk/{verb}"] = Operation(
            f"The talk of an agent: {verb}", Done, talk[verb], SUPERVISOR, scoped=True
        )
    for verb in verbs.CONTACT_VERBS:
        says = f"A contact that waits: {verb}"
        found["POST", f"/api/contact/{verb}"] = Operation(says, Done, verbs.OfContact, SUPERVISOR, scoped=True)
    for verb in campaigns.VERBS:
        says = f"{verb.capitalize()} a campaign"
        found["POST", f"/api/campaigns/<id>/{verb}"] = Operation(
            says, CampaignRow, campaigns.Steer, SUPERVISOR, scoped=True
        )
    return found


OPERATIONS: dict[tuple[str, str], Operation] = {
    ("GET", "/api/openapi.json"): Operation("This description", dict[str, Any], scoped=True),
    ("GET", "/api/me"): Operation("Who asks", Whoever, role=ANYBODY, scoped=True),
    ("POST", "/api/login"): Operation("Log in, for a page", Whoever, Credentials, ANYBODY, scoped=True),
    ("POST", "/api/logout"): Operation("End this session", Whoever, role=ANYBODY, scoped=True),
    **_things(),
    **_verbs(),
    ("POST", "/api/calendars/<id>/emergency"): Operation(
        "Close a calendar at once, or open it again", Changed, objects.Emergency, SUPERVISOR, DRY
    ),
    ("GET", "/api/centre"): Operation("The whole centre", Sparse(Centre)),
    ("POST", "/api/centre/apply"): Operation("The body becomes the centre", Changed, Centre, ADMIN, DRY),
    ("GET", "/api/flows/<id>/picture"): Operation(
        "A flow drawn", query=("version",), media="image/svg+xml", role=AUDITOR
    ),
    ("GET", "/api/flows/<id>/versions"): Operation("Its versions, the newest first", list[FlowVersion]),
    ("GET", "/api/flows/<id>/stats"): Operation(
        "What callers did in it", FlowFigures, query=("since", "until", "version")
    ),
    ("POST", "/api/flows/<id>/publish"): Operation("Put a version in force", Changed, flows.Publish, ADMIN),
    ("POST", "/api/flows/<id>/rollback"): Operation("The version before again", Changed, flows.RollBack, ADMIN),
    ("POST", "/api/flows/<id>/share"): Operation("A share of the calls for a version", Shared, flows.Share, ADMIN),
    ("GET", "/api/contacts"): Operation(
        "Contacts, the newest first",
        list[ContactRow],
        query=("number", "queue", "agent", "outcome", *PAGE),
        scoped=True,
    ),
    ("GET", "/api/contacts/<id>"): Operation("A contact with its segments, legs and facts", ContactDetail, scoped=True),
    ("GET", "/api/contacts/<id>/story"): Operation("What became of it and why, in sentences", Story, scoped=True),
    ("GET", "/api/tenants/<id>/report"): Operation(
        "Whether its contract was held, day by day", TenantReport, query=SPAN, scoped=True
    ),
    ("GET", "/api/tenants/<id>/now"): Operation("What of its limits is in use", TenantView, scoped=True),
    ("POST", "/api/tenants/<id>/adopt"): Operation(
        "Contacts of before its queues were its own become the tenant's", Adopted, tenants.Adopt, ADMIN
    ),
    ("GET", "/api/callbacks"): Operation("Who is to be called back", list[ContactView], scoped=True),
    ("GET", "/api/messages"): Operation("Messages that nobody is done with", list[ContactView], scoped=True),
    ("GET", "/api/messages/<contact>"): Operation("A recording", media="audio/wav", role="agent", scoped=True),
    ("GET", "/api/campaign-states"): Operation("Where each campaign is", dict[str, CampaignRow], scoped=True),
    ("GET", "/api/campaigns/<id>/state"): Operation("Where one is, and what it lacks", CampaignState, scoped=True),
    ("GET", "/api/campaigns/<id>/stats"): Operation("What became of its calls", CampaignStats, query=SPAN, scoped=True),
    ("GET", "/api/campaigns/<id>/next"): Operation(
        "The leads that it calls next, in order", CampaignNext, query=("count",), scoped=True
    ),
    ("GET", "/api/campaigns/<id>/picture"): Operation(
        "Its hours drawn", query=SPAN, media="image/svg+xml", scoped=True
    ),
    ("GET", "/api/lists"): Operation("Lists, and how far they are", list[ListRow], scoped=True),
    ("GET", "/api/lists/<id>"): Operation("One list", ListRow, scoped=True),
    ("POST", "/api/lists/<id>/reset"): Operation(
        "Its leads that rest are ready anew", leads.ResetAnswer, leads.ResetBody, SUPERVISOR, scoped=True
    ),
    ("GET", "/api/leads"): Operation(
        "Leads by id, number or reference; or those of a list in pages",
        list[Lead],
        query=("q", "list", *PAGE),
        scoped=True,
    ),
    ("POST", "/api/leads"): Operation("A new lead", Lead, leads.LeadBody, SUPERVISOR, status=201, scoped=True),
    ("GET", "/api/leads/<id>"): Operation("A lead with its attempts", LeadDetail, query=("limit",), scoped=True),
    ("PATCH", "/api/leads/<id>"): Operation("Change a lead", Lead, leads.LeadPatch, SUPERVISOR, scoped=True),
    ("GET", "/api/attempts/<id>/story"): Operation(
        "Why it was dialled and what became of it, in sentences", AttemptStory, scoped=True
    ),
    ("GET", "/api/leads/<id>/why"): Operation("Why it is not dialled now, and when", list[LeadReason], scoped=True),
    ("POST", "/api/leads/<id>/callback"): Operation(
        "Promise a call", Lead, leads.CallbackBody, SUPERVISOR, scoped=True
    ),
    ("POST", "/api/leads/<id>/callback-cancel"): Operation(
        "Take the promise of a call back", Lead, leads.CancelBody, SUPERVISOR, scoped=True
    ),
    ("GET", "/api/lead-callbacks"): Operation(
        "Leads that were promised a call", list[Lead], query=("agent", *PAGE), scoped=True
    ),
    ("GET", "/api/my-callbacks"): Operation(
        "Calls that the agent who asks has promised", list[leads.OwnCallback], role="agent", query=PAGE
    ),
    ("GET", "/api/my-callbacks/<id>/hours"): Operation(
        "When a lead whom the agent who asks has promised a call may be called, from a moment on",
        promises.PromiseHours,
        role="agent",
        query=("at",),
    ),
    ("POST", "/api/my-callbacks/<id>/move"): Operation(
        "The agent who asks calls at another time", Done, promises.MoveBody, "agent"
    ),
    ("POST", "/api/my-callbacks/<id>/cancel"): Operation(
        "The agent who asks takes their promise back", Done, leads.CancelBody, "agent"
    ),
    ("GET", "/api/my-callers"): Operation(
        "Callers who wait to be called by the agent who asks", list[promises.OwnCaller], role="agent"
    ),
    ("GET", "/api/my-lead/earlier"): Operation(
        "What was said of earlier calls to the lead in front of the agent who asks",
        list[earlier.EarlierCall],
        role="agent",
    ),
    ("GET", "/api/my-lead/hours"): Operation(
        "When the lead in front of the agent who asks may be called, from a moment on",
        promises.PromiseHours,
        role="agent",
        query=("at",),
    ),
    ("GET", "/api/dnc"): Operation(
        "Whether a number may be called; without one, the entries",
        DncAnswer | list[DncRow],
        query=("number", "campaign", "begins", *PAGE),
    ),
    ("POST", "/api/dnc"): Operation("Do not call a number", DncRow, leads.DncBody, SUPERVISOR, status=201),
    ("POST", "/api/dnc/remove"): Operation("Call it again", list[DncRow], leads.DncRemoval, ADMIN),
    ("GET", "/api/consents"): Operation("Consents, the newest first", list[ConsentRow], query=("number", *PAGE)),
    ("GET", "/api/compliance/plan"): Operation("What a purge would remove", list[Lot], query=("at_least",)),
    ("POST", "/api/compliance/purge"): Operation(
        "Remove what was kept for long enough", compliance.Purged, compliance.Purge, ADMIN
    ),
    ("GET", "/api/compliance/holds"): Operation("What no purge removes", list[compliance.Held]),
    ("POST", "/api/compliance/holds"): Operation(
        "Hold records", compliance.Held, compliance.HoldBody, ADMIN, status=201
    ),
    ("POST", "/api/compliance/release"): Operation("A hold is over", Done, compliance.Release, ADMIN),
    ("POST", "/api/consents"): Operation("A consent", ConsentRow, leads.ConsentBody, SUPERVISOR, status=201),
    ("POST", "/api/consents/withdraw"): Operation("Consents end", list[ConsentRow], leads.Withdrawal, SUPERVISOR),
}
