"""The numbered migrations, first to last. Each is a module ``mNNNN_name`` with ``up(steps)``; none is ever changed
once it has been released. ``fsorch.store.migrate`` applies them."""

from __future__ import annotations

from fsorch.store.migrations import (
    m0001_first_tables,
    m0002_rules,
    m0003_calendars,
    m0004_customers,
    m0005_prompts,
    m0006_tokens,
    m0007_doors,
    m0008_flows_of_nodes,
    m0009_campaigns,
    m0010_flow_versions,
    m0011_leads,
    m0012_campaign_versions,
    m0013_break_rules,
    m0014_campaign_learnt,
    m0015_answers,
    m0016_answered_requests,
    m0017_audit_chain,
    m0018_second_factor,
    m0019_scopes,
    m0020_tenants,
    m0021_forms_and_notes,
    m0022_clients_customers,
)

__all__ = [
    "m0001_first_tables",
    "m0002_rules",
    "m0003_calendars",
    "m0004_customers",
    "m0005_prompts",
    "m0006_tokens",
    "m0007_doors",
    "m0008_flows_of_nodes",
    "m0009_campaigns",
    "m0010_flow_versions",
    "m0011_leads",
    "m0012_campaign_versions",
    "m0013_break_rules",
    "m0014_campaign_learnt",
    "m0015_answers",
    "m0016_answered_requests",
    "m0017_audit_chain",
    "m0018_second_factor",
    "m0019_scopes",
    "m0020_tenants",
    "m0021_forms_and_notes",
    "m0022_clients_customers",
]
