"""The distribution machines: contacts, offers, agents, and who gets whom. No I/O, no clock."""

from __future__ import annotations

from fsorch.acd.agent import Agent, AgentEffect, AgentInput, AgentMachine, AgentState, AgentStatus, Wish
from fsorch.acd.contact import ContactEffect, ContactInput, ContactMachine, ContactState
from fsorch.acd.distributor import Assignment, Distributor, Membership
from fsorch.acd.offer import OfferEffect, OfferInput, OfferMachine, OfferState, verdict_of
from fsorch.acd.strategy import STRATEGIES, Candidate, LongestIdle, Order

__all__ = [
    "STRATEGIES",
    "Agent",
    "AgentEffect",
    "AgentInput",
    "AgentMachine",
    "AgentState",
    "AgentStatus",
    "Assignment",
    "Candidate",
    "ContactEffect",
    "ContactInput",
    "ContactMachine",
    "ContactState",
    "Distributor",
    "LongestIdle",
    "Membership",
    "OfferEffect",
    "OfferInput",
    "OfferMachine",
    "OfferState",
    "Order",
    "Wish",
    "verdict_of",
]
