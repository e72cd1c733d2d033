"""Versions of flows put in force, taken back, and given a share of the calls: for the command line and the API."""

from __future__ import annotations

from typing import Protocol

import msgspec

from fsorch.config import Centre, world_of
from fsorch.errors import ConfigError, RequestRefused
from fsorch.flow_checks import check_flow
from fsorch.flows import FlowSpec
from fsorch.ivr.lint import lint
from fsorch.store.changing import CentreStore, Changed, change_centre
from fsorch.store.flows import PUBLISHED, FlowVersion
from fsorch.store.linting import Override, judge_flows

__all__ = ["VersionStore", "publish_flow", "publish_version", "roll_back", "share_calls"]


class VersionStore(CentreStore, Protocol):
    """The part of a store that keeps the versions of flows; see :class:`fsorch.store.Store`."""

    def flow_versions(self, flow: str) -> list[FlowVersion]:
        """Every version, the newest first."""
        ...

    def flow_version(self, flow: str, version: int) -> FlowSpec:
        """What one says."""
        ...

    def set_flow_share(
        self, flow: str, version: int, share: float, *, by: str = "cli", override: Override | None = None
    ) -> int:
        """Let it have a share of the calls."""
        ...


def publish_flow(
    store: CentreStore,
    spec: FlowSpec,
    by: str,
    *,
    override: str = "",
    dry_run: bool = False,
    lint: bool = True,
    act: str = "flow.publish",
    expected: int | None = None,
) -> Changed:
    """Put a flow in force: calls enter it from now on. As :func:`fsorch.store.changing.change_centre`."""

    def change(old: Centre) -> Centre:
        there = any(flow.id == spec.id for flow in old.flows)
        flows = tuple(spec if flow.id == spec.id else flow for flow in old.flows)
        new = msgspec.structs.replace(old, flows=flows if there else (*flows, spec))
        check_flow(spec, world_of(new), "this flow")
        return new

    return change_centre(store, change, by, act=act, override=override, dry_run=dry_run, lint=lint, expected=expected)


def publish_version(
    store: VersionStore, flow: str, version: int, by: str, *, override: str = "", dry_run: bool = False
) -> Changed:
    """Put a version that the store has in force. Raises NotFound too."""
    return publish_flow(store, store.flow_version(flow, version), by, override=override, dry_run=dry_run)


def roll_back(
    store: VersionStore, flow: str, by: str, *, to: int = 0, dry_run: bool = False
) -> tuple[FlowVersion, Changed]:
    """Go back to the version that was in force before, or to version ``to``, which must have been in force; what has
    served callers is not linted again. Gives the version that is in force now.

    Raises NotFound, RequestRefused when there is nothing to go back to, ConfigError when the centre cannot serve the
    version any more."""
    versions = store.flow_versions(flow)
    known = [one for one in versions if one.published_at and not one.in_force]
    earlier = [one for one in known if one.state == PUBLISHED]
    found = max(earlier, key=lambda one: one.published_at, default=None)
    if to:
        store.flow_version(flow, to)
        found = next((one for one in known if one.version == to), None)
    if found is None:
        what = f"version {to} was never in force, or is" if to else "no other version was in force"
        hint = f"see fsorch flow versions {flow}"
        raise RequestRefused(f"the flow {flow!r}", f"as it was published first: {what}", "going back", hint)
    spec = store.flow_version(flow, found.version)
    return found, publish_flow(store, spec, by, dry_run=dry_run, lint=False, act="flow.rollback")


def share_calls(store: VersionStore, flow: str, version: int, share: float, by: str, *, override: str = "") -> int:
    """Let another version have a share of a flow's calls, from 0 (none) to 1; gives the new revision of the centre.

    Raises NotFound; ConfigError for a share that is none or a version that cannot run; FlowRefused for one that the
    linter has something against, unless there is a reason, ``override``."""
    if not 0 <= share <= 1:
        raise ConfigError(f"a share of {share:.0%} is none; give 0% to 100%")
    spec = store.flow_version(flow, version)
    if not share:
        return store.set_flow_share(flow, version, 0.0, by=by)
    centre = store.load_centre()
    world = world_of(centre)
    check_flow(spec, world, f"version {version}")
    overrides = judge_flows(lint(spec, world, centre.flow_limits), override)
    return store.set_flow_share(flow, version, share, by=by, override=overrides.get(flow))
