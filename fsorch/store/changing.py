"""The one path on which the configuration changes: compared, checked, linted, saved with its author."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from fsorch.campaign.readiness import check_pacers
from fsorch.comparing import Change, compare
from fsorch.config import Centre
from fsorch.engine.checks import check_centre
from fsorch.errors import RequestRefused
from fsorch.store.linting import Override, judge_flows, new_findings

__all__ = ["CentreStore", "Changed", "change_centre"]


class CentreStore(Protocol):
    """The part of a store that keeps the centre; see :class:`fsorch.store.Store`."""

    def revision(self) -> int:
        """The number of the centre's last change."""
        ...

    def load_centre(self) -> Centre:
        """The centre as it is."""
        ...

    def save_centre(
        self,
        centre: Centre,
        by: str,
        *,
        expected: int | None = None,
        act: str = "",
        told: Sequence[str] = (),
        overrides: Mapping[str, Override] | None = None,
    ) -> int:
        """Make this the centre; see Store.save_centre."""
        ...


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """What has come of a change. ``revision``: of the centre that is in the store now; ``applied``: whether it is the
    new one."""

    changes: tuple[Change, ...]
    revision: int
    applied: bool


def change_centre(
    store: CentreStore,
    change: Callable[[Centre], Centre],
    by: str,
    *,
    act: str = "centre.save",
    dry_run: bool = False,
    expected: int | None = None,
    override: str = "",
    lint: bool = True,
) -> Changed:
    """Make what ``change`` makes of the centre the configuration; a running fsorch follows within a second. ``by`` and
    ``act`` are audited, with what changed. ``expected``: the revision that the author has seen, if they say so.
    Flows that the linter has something against are published only with a reason, ``override``, which is audited too;
    without ``lint`` it is not asked, for what has answered calls before.

    Raises FlowRefused for such flows, ConfigError for a centre that is not sound, RequestRefused when somebody else
    was quicker, and whatever ``change`` raises; then nothing has changed."""
    revision = store.revision()
    if expected is not None and revision != expected:
        raise RequestRefused("the centre", f"at revision {revision}, not {expected}", "this change", "read it again")
    old = store.load_centre()
    centre = change(old)
    check_centre(centre)
    check_pacers(centre, old)
    overrides = judge_flows(new_findings(old, centre), override) if lint else {}
    changes = tuple(compare(old, centre))
    if not changes or dry_run:
        return Changed(changes=changes, revision=revision, applied=False)
    told = [_sentence(one) for one in changes]
    revision = store.save_centre(centre, by, expected=revision, act=act, told=told, overrides=overrides)
    return Changed(changes=changes, revision=revision, applied=True)


def _sentence(change: Any) -> str:
    return f"{change.sign} {change.what}{f': {change.detail}' if change.detail else ''}"
