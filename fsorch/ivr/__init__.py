"""The caller's flow as a machine. No I/O, no clock."""

from __future__ import annotations

from fsorch.ivr.flow import Ask, FlowEffect, FlowInput, FlowMachine, FlowSession, FlowState, Route

__all__ = ["Ask", "FlowEffect", "FlowInput", "FlowMachine", "FlowSession", "FlowState", "Route"]
