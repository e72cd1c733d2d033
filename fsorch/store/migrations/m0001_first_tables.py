"""The tables of the first release: the centre, its people, contacts, legs, the journal."""

from __future__ import annotations

from fsorch.store.steps import Steps

__all__ = ["up"]

ID = "VARCHAR(64) NOT NULL"
LINE = "VARCHAR(255) NOT NULL"
WORD = "VARCHAR(16) NOT NULL"
MOMENT = "BIGINT NOT NULL"


def up(steps: Steps) -> None:
    """Make every table and index."""
    _people(steps)
    _centre(steps)
    _contacts(steps)
    _journal(steps)


def _people(steps: Steps) -> None:
    steps.table("meta", f"name {ID} PRIMARY KEY, value {LINE}")
    steps.table(
        "user",
        f"login {ID} PRIMARY KEY, password {LINE}, role {WORD}, agent {ID}, active BOOL NOT NULL, "
        f"created_at {MOMENT}, changed_at {MOMENT}",
    )
    steps.index("user", "agent")
    steps.table("audit", f"id {ID} PRIMARY KEY, at {MOMENT}, who {ID}, act {ID}, what LONGTEXT NOT NULL")
    steps.index("audit", "at")


def _centre(steps: Steps) -> None:
    steps.table(
        "queue",
        f"id {ID} PRIMARY KEY, place INTEGER NOT NULL, title {LINE}, strategy {ID}, music {LINE}, "
        "offer_timeout_s DOUBLE NOT NULL, wrap_up_s DOUBLE NOT NULL, service_level_s DOUBLE NOT NULL, "
        f"miss_delay_s DOUBLE NOT NULL, removed_at {MOMENT}",
    )
    steps.table(
        "agent",
        f"id {ID} PRIMARY KEY, place INTEGER NOT NULL, name {LINE}, phone {LINE}, switch {ID}, login {ID}, "
        f"role {WORD}, removed_at {MOMENT}",
    )
    steps.table(
        "queue_member",
        f"agent {ID}, queue {ID}, place INTEGER NOT NULL, level INTEGER NOT NULL, position INTEGER NOT NULL, "
        "PRIMARY KEY (agent, queue), "
        "FOREIGN KEY (agent) REFERENCES agent (id) ON DELETE CASCADE, "
        "FOREIGN KEY (queue) REFERENCES queue (id) ON DELETE CASCADE",
    )
    steps.table(
        "flow",
        f"id {ID}, version INTEGER NOT NULL, place INTEGER NOT NULL, body LONGTEXT NOT NULL, made_at {MOMENT}, "
        f"made_by {ID}, removed_at {MOMENT}, PRIMARY KEY (id, version)",
    )
    steps.table("break_reason", f"id {ID} PRIMARY KEY, place INTEGER NOT NULL, title {LINE}, max_s DOUBLE NOT NULL")
    steps.table("prompt", f"name {ID} PRIMARY KEY, place INTEGER NOT NULL, path {LINE}")


def _contacts(steps: Steps) -> None:
    steps.table(
        "contact",
        f"id {ID} PRIMARY KEY, medium {WORD}, direction {WORD}, switch {ID}, number {LINE}, name {LINE}, "
        f"destination {LINE}, flow {ID}, queue {ID}, agent {ID}, outcome VARCHAR(32) NOT NULL, "
        f"ended_by VARCHAR(32) NOT NULL, cause {ID}, priority BIGINT NOT NULL, began_at {MOMENT}, "
        f"enqueued_at {MOMENT}, answered_at {MOMENT}, ended_at {MOMENT}, waited_us BIGINT NOT NULL, "
        "talked_us BIGINT NOT NULL, held_us BIGINT NOT NULL, offers BIGINT NOT NULL, misses BIGINT NOT NULL, "
        "answers LONGTEXT NOT NULL",
    )
    for columns in (("began_at",), ("queue", "began_at"), ("agent", "began_at"), ("number", "began_at")):
        steps.index("contact", *columns)
    steps.table(
        "segment",
        f"id VARCHAR(160) NOT NULL PRIMARY KEY, contact {ID}, kind {WORD}, began_at {MOMENT}, ended_at {MOMENT}, "
        f"queue {ID}, agent {ID}, leg {ID}, outcome VARCHAR(32) NOT NULL",
    )
    for columns in (("contact", "began_at"), ("agent", "began_at")):
        steps.index("segment", *columns)
    steps.table(
        "leg",
        f"id {ID} PRIMARY KEY, contact {ID}, switch {ID}, role {WORD}, agent {ID}, direction {WORD}, channel {LINE}, "
        f"number {LINE}, name {LINE}, destination {LINE}, created_at {MOMENT}, progress_at {MOMENT}, "
        f"answered_at {MOMENT}, bridged_at {MOMENT}, hungup_at {MOMENT}, hold_us BIGINT NOT NULL, cause {ID}, "
        f"q850 BIGINT NOT NULL, sip_disposition {ID}, sip_code {ID}, codec {ID}, mos DOUBLE, peer {ID}, "
        "complete BOOL NOT NULL",
    )
    for columns in (
        ("contact",),
        ("created_at", "id"),
        ("agent", "created_at"),
        ("number", "created_at"),
        ("destination", "created_at"),
        ("cause", "created_at"),
    ):
        steps.index("leg", *columns)


def _journal(steps: Steps) -> None:
    steps.table(
        "journal",
        f"id {ID} PRIMARY KEY, at {MOMENT}, kind VARCHAR(32) NOT NULL, contact {ID}, leg {ID}, agent {ID}, queue {ID}, "
        f"switch {ID}, data LONGTEXT NOT NULL",
    )
    for columns in (("contact", "at"), ("at",)):
        steps.index("journal", *columns)
