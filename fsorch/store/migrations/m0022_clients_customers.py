"""Somebody may be a customer of several tenants: a number, and a customer number, is one customer's for each of them.
Promises say whose they are."""

from __future__ import annotations

import json

from fsorch.store.steps import Steps

__all__ = ["up"]

ID = "VARCHAR(64) NOT NULL"
OWNER = "VARCHAR(64) NOT NULL DEFAULT ''"
LINE = "VARCHAR(255) NOT NULL"
WORD = "VARCHAR(16) NOT NULL"
MOMENT = "BIGINT NOT NULL"
COUNT = "INTEGER NOT NULL"
CUSTOMER = (
    f"id {ID} PRIMARY KEY, tenant {OWNER}, reference VARCHAR(64) NULL, name {LINE}, tier {ID}, language {WORD}, "
    f"agent {ID}, fields LONGTEXT NOT NULL, pin {LINE}, pin_misses {COUNT}, pin_missed_at {MOMENT}, "
    f"created_at {MOMENT}, changed_at {MOMENT}, UNIQUE (reference, tenant)"
)
NUMBER = f"number {ID}, tenant {OWNER}, customer {ID}, place {COUNT}, PRIMARY KEY (number, tenant)"


def up(steps: Steps) -> None:
    """Make both tables anew with a place for the tenant, which was one of a customer's own fields so far."""
    steps.rebuild("customer", CUSTOMER, "tenant")
    steps.rebuild("customer_number", NUMBER, "tenant")
    steps.index("customer_number", "customer")
    steps.column("promise", "tenant", OWNER)
    for id, fields in steps.rows("customer", "id", "fields"):
        known = json.loads(fields)
        if tenant := known.pop("tenant", "")[:64]:
            # The numbers first: a run that breaks off is done again for those whose fields still say so.
            steps.change("customer_number", {"tenant": tenant}, {"customer": id})
            text = json.dumps(known, ensure_ascii=False, separators=(",", ":"))
            steps.change("customer", {"tenant": tenant, "fields": text}, {"id": id})
    for id, customer, contact in steps.rows("promise", "id", "customer", "contact"):
        found = [*steps.rows("customer", "tenant", id=customer), *steps.rows("contact", "tenant", id=contact)]
        if owner := next((tenant for (tenant,) in found if tenant), ""):
            steps.change("promise", {"tenant": owner}, {"id": id})
