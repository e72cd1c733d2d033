"""The distribution machines: contacts, offers, agents, and who gets whom. No I/O, no clock."""

from __future__ import annotations

from fsorch.acd.agent import Agent, AgentEffect, AgentInput, AgentMachine, AgentState, AgentStatus, Wish
from fsorch.acd.contact import ContactEffect, ContactInput, ContactMachine, ContactState
from fsorch.acd.crew import QueueRules
from fsorch.acd.distributor import Distributor, Match
from fsorch.acd.offer import OfferEffect, OfferInput, OfferMachine, OfferState, verdict_of
from fsorch.acd.pool import Need
from fsorch.acd.strategy import STRATEGIES, Candidate, Order, Tier, Work

__all__ = [
    "STRATEGIES",
    "Agent",
    "AgentEffect",
    "AgentInput",
    "AgentMachine",
    "AgentState",
    "AgentStatus",
    "Candidate",
    "ContactEffect",
    "ContactInput",
    "ContactMachine",
    "ContactState",
    "Distributor",
    "Match",
    "Need",
    "OfferEffect",
    "OfferInput",
    "OfferMachine",
    "OfferState",
    "Order",
    "QueueRules",
    "Tier",
    "Wish",
    "Work",
    "verdict_of",
]
