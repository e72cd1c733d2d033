"""Customers, their numbers, tickets, notes, promises, and what they answered in surveys."""

from __future__ import annotations

from fsorch.store.steps import Steps

__all__ = ["up"]

ID = "VARCHAR(64) NOT NULL"
LINE = "VARCHAR(255) NOT NULL"
WORD = "VARCHAR(16) NOT NULL"
MOMENT = "BIGINT NOT NULL"
COUNT = "INTEGER NOT NULL"


def up(steps: Steps) -> None:
    """Make the tables and their indexes."""
    steps.table(
        "customer",
        f"id {ID} PRIMARY KEY, reference VARCHAR(64) NULL UNIQUE, name {LINE}, tier {ID}, language {WORD}, agent {ID}, "
        f"fields LONGTEXT NOT NULL, pin {LINE}, pin_misses {COUNT}, pin_missed_at {MOMENT}, created_at {MOMENT}, "
        f"changed_at {MOMENT}",
    )
    steps.table("customer_number", f"number {ID} PRIMARY KEY, customer {ID}, place {COUNT}")
    steps.index("customer_number", "customer")
    steps.table(
        "ticket",
        f"id {ID} PRIMARY KEY, reference {ID} UNIQUE, customer {ID}, subject {LINE}, state {WORD}, agent {ID}, "
        f"contact {ID}, opened_at {MOMENT}, changed_at {MOMENT}, due_at {MOMENT}",
    )
    steps.index("ticket", "customer")
    steps.table(
        "promise",
        f"id {ID} PRIMARY KEY, kind {WORD}, what {LINE}, customer {ID}, number {ID}, agent {ID}, role {WORD}, "
        f"contact {ID}, state {WORD}, made_at {MOMENT}, due_at {MOMENT}, ended_at {MOMENT}",
    )
    steps.index("promise", "customer")
    steps.index("promise", "state", "due_at")
    steps.table(
        "note",
        f"id {ID} PRIMARY KEY, customer {ID}, contact {ID}, author {ID}, text VARCHAR(2000) NOT NULL, at {MOMENT}",
    )
    steps.index("note", "customer")
    steps.table(
        "survey_answer",
        f"id VARCHAR(160) NOT NULL PRIMARY KEY, contact {ID}, survey {ID}, question {ID}, customer {ID}, number {ID}, "
        f"agent {ID}, queue {ID}, score {COUNT}, comment {LINE}, at {MOMENT}",
    )
    steps.index("survey_answer", "number", "at")
    steps.index("survey_answer", "agent")
