"""The linter at the door: no flow is published that treats its callers badly, unless somebody says why."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from fsorch.config import Centre, world_of
from fsorch.errors import ConfigError
from fsorch.ivr.lint import Finding, lint

__all__ = ["FlowRefused", "Override", "judge_flows", "new_findings"]

LONGEST_REASON = 255


class Override(msgspec.Struct, frozen=True):
    """A flow that was published against the linter: the reason that was given, and what the linter had found."""

    reason: str
    findings: tuple[str, ...]


class FlowRefused(ConfigError):
    """The linter refuses to publish flows. ``findings``: all of them."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        mend = "mend it, or publish it all the same for a reason: --override REASON, with fsorch apply or flow publish"
        super().__init__(f"{findings[0]}{more}; {mend}")
        self.findings = findings


def new_findings(old: Centre, new: Centre) -> tuple[Finding, ...]:
    """What the linter has against the change from ``old`` to ``new``: all findings of the flows that change, and of the
    others those that the change brings (a prompt that loses a language, say)."""
    before = {flow.id: flow for flow in old.flows}
    was, is_now = world_of(old), world_of(new)
    alone = msgspec.structs.replace(was, flows=None) == msgspec.structs.replace(is_now, flows=None)
    still = alone and old.flow_limits == new.flow_limits
    found: list[Finding] = []
    for flow in new.flows:
        unchanged = before.get(flow.id) == flow
        if unchanged and still and not flow.subflows:
            continue
        known = lint(flow, was, old.flow_limits) if unchanged else ()
        found += [finding for finding in lint(flow, is_now, new.flow_limits) if finding not in known]
    return tuple(found)


def judge_flows(findings: Iterable[Finding], reason: str) -> dict[str, Override]:
    """The overrides that these findings make, by flow; none without findings.

    Raises FlowRefused when there are findings and no ``reason``, and ConfigError for a reason that is too long."""
    found = tuple(findings)
    reason = reason.strip()
    if found and not reason:
        raise FlowRefused(found)
    if len(reason) > LONGEST_REASON:
        raise ConfigError(f"the reason has {len(reason)} characters; use at most {LONGEST_REASON}")
    flows = dict.fromkeys(finding.flow for finding in found)
    return {id: Override(reason, tuple(str(one) for one in found if one.flow == id)) for id in flows}
