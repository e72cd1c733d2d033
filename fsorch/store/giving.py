"""What people say of numbers, held against the centre before it is written down: a word that no campaign and no rule
asks for would be kept, and change nothing that it was meant to change."""

from __future__ import annotations

from typing import Protocol

from fsorch.campaigns import ConsentRow, DncRow
from fsorch.compliance_packs import SHIPPED_PACKS, PackSpec, shipped_pack
from fsorch.config import Centre
from fsorch.errors import ConfigError, NotFound
from fsorch.store.campaigns import Campaigns
from fsorch.store.consents import Consents
from fsorch.store.dnc import Dnc

__all__ = ["Ledgers", "consent_given", "known_scopes", "not_to_be_called"]

# What a consent may be for, whatever the packs ask: calls, calls by machines, and everything.
SCOPES = ("calls", "automated", "*")
OF_CAMPAIGN = "campaign:"
# Clocks of the programs that tell us of consents may be wrong by so much.
AHEAD_US = 86_400 * 1_000_000


class Ledgers(Protocol):
    """The part of a store that is written to; see :class:`fsorch.store.Store`."""

    dnc: Dnc
    consents: Consents
    campaigns: Campaigns

    def load_centre(self) -> Centre:
        """The centre as it is."""
        ...


def not_to_be_called(store: Ledgers, row: DncRow, by: str) -> DncRow:
    """Put a number on the no-call list. Raises NotFound for a campaign that neither is nor was, and ConfigError as
    :meth:`fsorch.store.dnc.Dnc.add` does."""
    if row.campaign:
        _expect_campaign(store, store.load_centre(), row.campaign)
    return store.dnc.add(row, by)


def consent_given(store: Ledgers, row: ConsentRow, by: str, now: int) -> ConsentRow:
    """Write a consent down at ``now`` (UTC microseconds).

    Raises ConfigError for a scope that no rule knows, or a moment that has still to come, NotFound for a campaign that
    neither is nor was, and ConfigError as :meth:`fsorch.store.consents.Consents.add` does."""
    centre = store.load_centre()
    if row.scope.startswith(OF_CAMPAIGN):
        _expect_campaign(store, centre, row.scope.removeprefix(OF_CAMPAIGN))
    elif row.scope not in (known := known_scopes(centre)):
        hint = f"expected campaign:ID, or one of {', '.join(sorted(known))}"
        raise ConfigError(f"no rule asks for a consent to {row.scope!r}; {hint}")
    if row.given_at > now + AHEAD_US:
        raise ConfigError("the consent is given in time to come; write it down when it has been given")
    return store.consents.add(row, by)


def known_scopes(centre: Centre) -> frozenset[str]:
    """What a consent may be for, beside a campaign: that the rules of the centre's packs, and of those that fsorch
    ships, ask for."""
    packs: tuple[PackSpec, ...] = (*centre.packs, *map(shipped_pack, SHIPPED_PACKS))
    return frozenset({*SCOPES, *(scope for pack in packs for rule in pack.consents for scope in rule.scopes)})


def _expect_campaign(store: Ledgers, centre: Centre, id: str) -> None:
    known = [spec.id for spec in centre.campaigns]
    if id not in known and not store.campaigns.versions(id):
        raise NotFound("campaign", id[:64], known=known)
