"""Lists, leads and their numbers, attempts, the numbers that are not called, and consents."""

from __future__ import annotations

from fsorch.store.steps import Steps

__all__ = ["up"]

ID = "VARCHAR(64) NOT NULL"
LINE = "VARCHAR(255) NOT NULL"
WORD = "VARCHAR(16) NOT NULL"
MOMENT = "BIGINT NOT NULL"
COUNT = "INTEGER NOT NULL"
FLAG = "BOOL NOT NULL"
JSON = "LONGTEXT NOT NULL"


def up(steps: Steps) -> None:
    """Make the tables and their indexes."""
    _leads(steps)
    _attempts(steps)
    _rights(steps)


def _leads(steps: Steps) -> None:
    steps.table(
        "lead_list",
        f"id {ID} PRIMARY KEY, title {LINE}, region {WORD}, owned {FLAG}, created_at {MOMENT}, created_by {ID}",
    )
    steps.table(
        "lead",
        f"id {COUNT} PRIMARY KEY, `list` {ID}, gate {COUNT}, next_at {MOMENT}, priority {COUNT}, dice {COUNT}, "
        f"number {MOMENT}, attempts {COUNT}, owner {ID}, state {WORD}, name {LINE}, reference VARCHAR(64) NULL, "
        f"zone {ID}, country {WORD}, region {ID}, postcode VARCHAR(32) NOT NULL, language {WORD}, fields {JSON}, "
        f"tried {JSON}, next_number {COUNT}, last_at {MOMENT}, last_outcome {WORD}, disposition {ID}, campaign {ID}, "
        f"callback_agent {ID}, callback_note {LINE}, caller_id {ID}, token VARCHAR(96) NOT NULL, "
        f"reserved_at {MOMENT}, created_at {MOMENT}",
    )
    steps.index("lead", "list", "gate", "next_at")
    steps.index("lead", "reference")
    steps.table(
        "lead_number",
        f"`lead` {COUNT}, place {COUNT}, number {MOMENT}, kind VARCHAR(32) NOT NULL, zone {ID}, attempts {COUNT}, "
        f"last_at {MOMENT}, dead {FLAG}, PRIMARY KEY (`lead`, place)",
        clustered=True,
    )
    steps.index("lead_number", "number")
    steps.table("lead_plan", f"id {ID} PRIMARY KEY, used_at {MOMENT}")
    steps.table(
        "lead_import",
        f"id {ID} PRIMARY KEY, `list` {ID}, path VARCHAR(1024) NOT NULL, print {ID}, options {JSON}, `rows` {MOMENT}, "
        f"taken {MOMENT}, refused {MOMENT}, doubles {MOMENT}, errors {MOMENT}, began_at {MOMENT}, ended_at {MOMENT}, "
        f"made_by {ID}",
    )


def _attempts(steps: Steps) -> None:
    steps.table(
        "attempt",
        f"id {ID} PRIMARY KEY, campaign {ID}, `lead` {ID}, number {ID}, `list` {ID}, mode {WORD}, agent {ID}, "
        f"contact {ID}, leg {ID}, switch {ID}, gateway {ID}, caller_id {ID}, caller_name {LINE}, launched_at {MOMENT}, "
        f"ringing_at {MOMENT}, answered_at {MOMENT}, bridged_at {MOMENT}, ended_at {MOMENT}, outcome {WORD}, "
        f"cause {ID}, disposition {ID}, note {LINE}, checks {JSON}, pack {ID}, script {LINE}, prompt {LINE}, "
        f"transfer {LINE}",
    )
    steps.index("attempt", "campaign", "launched_at")
    steps.index("attempt", "lead", "launched_at")
    steps.index("attempt", "number", "launched_at")
    steps.index("attempt", "ended_at")


def _rights(steps: Steps) -> None:
    steps.table(
        "dnc",
        f"number VARCHAR(32) NOT NULL, campaign {ID}, source {ID}, reason {LINE}, added_at {MOMENT}, "
        f"until_at {MOMENT}, made_by {ID}, PRIMARY KEY (number, campaign)",
        clustered=True,
    )
    steps.table(
        "dnc_list",
        f"serial {COUNT} PRIMARY KEY, id {ID} UNIQUE, campaign {ID}, print {ID}, `rows` {MOMENT}, taken {MOMENT}, "
        f"refused {MOMENT}, done {FLAG}, imported_at {MOMENT}, made_by {ID}",
    )
    steps.table("dnc_number", f"number {MOMENT}, source {COUNT}, PRIMARY KEY (number, source)", clustered=True)
    steps.table(
        "consent",
        f"id {ID} PRIMARY KEY, number {MOMENT}, who {LINE}, what VARCHAR(2000) NOT NULL, scope {ID}, "
        f"channel VARCHAR(32) NOT NULL, evidence VARCHAR(1024) NOT NULL, given_at {MOMENT}, until_at {MOMENT}, "
        f"withdrawn_at {MOMENT}, made_by {ID}",
    )
    steps.index("consent", "number")
