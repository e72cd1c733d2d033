"""Which leads are next: callbacks that are due, owners' leads, then list by list in the campaign's order.

Everything here runs in one transaction that writes. A list's leads whose time has come are let through the gate first,
a bounded number at each turn. Then each question is one look at the front of an index (:mod:`fsorch.store.lead_plans`).
What the database cannot decide of a filter is decided on candidates, a bounded number at each turn; where the last
turn ended is remembered, so that a filter which hardly anybody passes gets through the list in the end.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from fsorch.campaigns import CampaignSpec, Mix
from fsorch.store.database import Db
from fsorch.store.lead_filter import RowNames
from fsorch.store.lead_models import Gate, LeadRecord
from fsorch.store.lead_plans import Paths, Plan, dialect_of, order_sql

__all__ = ["LOOKED_AT", "Choice", "Shares", "choose", "has_held", "let_through", "next_moment"]

# Candidates looked at in a turn for a filter that the database cannot decide; about 10 microseconds each.
LOOKED_AT = 500
Ids = list[int]


class Choice(msgspec.Struct, frozen=True):
    """What is asked for: ``count`` leads at ``now_us``, by the ``paths`` of each list; ``owners`` are free for their
    own."""

    spec: CampaignSpec
    paths: dict[str, Paths]
    count: int
    now_us: int
    owners: tuple[str, ...] = ()


class Shares:
    """Who of several lists is next, so that each gets its share of the dialling in the long run and in the short: the
    one that is furthest behind what it should have had. Also how far each list has been ``looked`` through, in whose
    present pass something was ``met``, and of which there is more to look at (``open``), before it may be said that it
    has no lead; and whose turn it is in it: that of a lead which was never dialled, or of another."""

    def __init__(self) -> None:
        self._behind: dict[str, dict[str, float]] = {}
        self._turns: dict[tuple[str, str], int] = {}
        self._dice = random.Random()
        self.looked: dict[tuple[str, str], int] = {}
        self.met: set[tuple[str, str]] = set()
        self.open: set[tuple[str, str]] = set()

    def has_more(self, paths: Mapping[str, Paths]) -> bool:
        """Whether any list of a campaign has still to be looked through, before it is known to have no lead."""
        plans = ((name, plan) for name, one in paths.items() for plan in (one.whole, one.new, one.tried, one.owned))
        return any(plan is not None and (plan.index, name) in self.open for name, plan in plans)

    def copy(self) -> Shares:
        """As it is at this moment, to see what would be next. Another thread may go on with this one meanwhile: each
        dict is copied at once."""
        other = Shares()
        other._behind = {campaign: dict(behind) for campaign, behind in list(self._behind.items())}
        other._turns, other.looked = dict(self._turns), dict(self.looked)
        other.met, other.open = set(self.met), set(self.open)
        return other

    def is_new_turn(self, campaign: str, list: str, every: int) -> bool:
        """Whether the next lead of a list is to be one that was not dialled before: every so-manieth is."""
        turn = self._turns[campaign, list] = self._turns.get((campaign, list), 0) + 1
        return turn % every == 0

    def pick(self, campaign: str, shares: dict[str, float], mix: Mix = Mix.EVEN) -> str:
        """The list to take the next lead from, of those that have one, in their order. Those with a share of 0 come
        when no other has."""
        if mix is Mix.IN_ORDER:
            return next(iter(shares))
        some = {name: share for name, share in shares.items() if share > 0} or dict.fromkeys(shares, 1.0)
        behind = self._behind.setdefault(campaign, {})
        whole = sum(some.values())
        if mix is Mix.RANDOM:
            return self._dice.choices(list(some), weights=list(some.values()))[0]
        for name, share in some.items():
            # A list that was exhausted for long does not make up for it all at once.
            behind[name] = min(behind.get(name, 0.0) + share / whole, 2.0)
        chosen = max(some, key=lambda name: behind[name])
        behind[chosen] -= 1.0
        return chosen


def let_through(db: Db, lists: Sequence[str], now_us: int, most: int) -> int:
    """Open the gate for at most ``most`` leads of each list whose time has come, those that have waited longest first.
    How many there were."""
    opened = 0
    for name in lists:
        due = (
            LeadRecord.select(LeadRecord.id)
            .where(LeadRecord.list == name, LeadRecord.gate == int(Gate.LATER), LeadRecord.next_at <= now_us)
            .order_by(LeadRecord.next_at, LeadRecord.id)
            .limit(most)
        )
        ids = [row[0] for row in due.tuples().execute(db)]
        if ids:
            opened += LeadRecord.update({"gate": int(Gate.OPEN)}).where(LeadRecord.id.in_(ids)).execute(db)
    return opened


def choose(db: Db, choice: Choice, shares: Shares) -> list[int]:
    """The ids of the leads that are next, in order."""
    lists = [one.list for one in choice.spec.lists]
    chosen = _callbacks(db, choice, lists)
    if choice.owners and len(chosen) < choice.count and any(one.owned is not None for one in choice.paths.values()):
        chosen += _of_owners(db, choice, lists, choice.count - len(chosen))
    if len(chosen) < choice.count:
        chosen += _by_shares(db, choice, shares, set(chosen), choice.count - len(chosen))
    return chosen


def next_moment(db: Db, spec: CampaignSpec) -> int:
    """When a lead of the campaign may be dialled again, in UTC microseconds; 0: none waits for its time."""
    moments = []
    for one in spec.lists:
        for gate in (Gate.LATER, Gate.PROMISED):
            query = LeadRecord.select(LeadRecord.next_at).where(
                LeadRecord.list == one.list, LeadRecord.gate == int(gate)
            )
            moments += [
                row[0] for row in query.order_by(LeadRecord.next_at, LeadRecord.id).limit(1).tuples().execute(db)
            ]
    return min(moments, default=0)


def has_held(db: Db, spec: CampaignSpec) -> bool:
    """Whether somebody holds a lead of the campaign's lists, which may be one to dial later when they let go of it."""
    lists = [one.list for one in spec.lists]
    held = LeadRecord.select(LeadRecord.id).where(LeadRecord.list.in_(lists), LeadRecord.gate == int(Gate.HELD))
    return held.limit(1).scalar(db) is not None


def _callbacks(db: Db, choice: Choice, lists: Sequence[str]) -> list[int]:
    """Promises that are due, whoever may take them, the oldest first."""
    spec = choice.spec
    ours = (LeadRecord.callback_agent == "") | LeadRecord.callback_agent.in_(choice.owners)
    if spec.callbacks.own_wait_s:
        ours |= LeadRecord.next_at <= choice.now_us - round(spec.callbacks.own_wait_s * 1_000_000)
    found: list[tuple[int, int]] = []
    for name in lists:
        query = LeadRecord.select(LeadRecord.next_at, LeadRecord.id).where(
            LeadRecord.list == name,
            LeadRecord.gate == int(Gate.PROMISED),
            LeadRecord.next_at <= choice.now_us,
            LeadRecord.campaign.in_(("", spec.id)),
            ours,
        )
        found += list(query.order_by(LeadRecord.next_at, LeadRecord.id).limit(choice.count).tuples().execute(db))
    return [id for _, id in sorted(found)[: choice.count]]


def _of_owners(db: Db, choice: Choice, lists: Sequence[str], count: int) -> list[int]:
    """Leads of the agents who are free, in turn, that each gets one before anybody gets two."""
    piles = []
    for owner in choice.owners:
        pile: list[int] = []
        for name in lists:
            plan = choice.paths[name].owned
            if plan is not None and len(pile) < count:
                pile += _front(db, choice, plan, name, count - len(pile), owner=owner)
        piles.append(pile)
    rounds = max((len(pile) for pile in piles), default=0)
    return [pile[n] for n in range(rounds) for pile in piles if n < len(pile)][:count]


def _by_shares(db: Db, choice: Choice, shares: Shares, taken: Collection[int], count: int) -> list[int]:
    spec = choice.spec
    piles = {one.list: _piles(db, choice, one.list, taken, count, shares) for one in spec.lists}
    chosen: Ids = []
    while len(chosen) < count:
        left = {name: share for name, share in spec.list_shares().items() if any(piles[name])}
        if not left:
            break
        name = shares.pick(spec.id, left, spec.mix)
        new, others = piles[name]
        wants_new = spec.new_every > 0 and shares.is_new_turn(spec.id, name, spec.new_every)
        chosen.append((new if new and (wants_new or not others) else others).pop())
    return chosen


def _piles(
    db: Db, choice: Choice, name: str, taken: Collection[int], count: int, shares: Shares
) -> tuple[list[int], list[int]]:
    """What is next in a list, the next lead last: those never dialled, where these have turns of their own; the
    others."""
    paths, spec = choice.paths[name], choice.spec
    plan, owner = paths.whole, None
    if spec.owner_only and paths.owned is not None:
        plan, owner = paths.owned, ""
    found: list[list[int]] = []
    for one in (paths.new, paths.tried) if paths.new is not None else (None, plan):
        ids = _front(db, choice, one, name, count + len(taken), owner=owner, shares=shares) if one is not None else []
        found.append([id for id in reversed(ids) if id not in taken])
    return found[0], found[1]


def _front(
    db: Db, choice: Choice, plan: Plan, name: str, count: int, *, owner: str | None, shares: Shares | None = None
) -> list[int]:
    """The first leads of a list that the plan, and the rest of the filter, let pass."""
    if not plan.filter.rest:
        return [row[0] for row in _page(db, choice, plan, name, owner, count, 0)]
    shares = shares or Shares()
    key = (plan.index, name)
    found: Ids = []
    start = shares.looked.get(key, 0)
    rows = _page(db, choice, plan, name, owner, LOOKED_AT, start)
    passed_over = 0
    for id, *row in rows:
        if len(found) >= count:
            break
        if plan.filter.holds(RowNames(plan.filter.columns, row)):
            found.append(id)
        elif not found:
            passed_over += 1
    # The next turn begins where this one found its first: it may be that another list's leads are taken in its place.
    at_end = len(rows) < LOOKED_AT and len(found) < count
    shares.looked[key] = 0 if at_end else start + passed_over
    _note_pass(shares, key, bool(found), at_end=at_end)
    return found


def _note_pass(shares: Shares, key: tuple[str, str], is_found: bool, *, at_end: bool) -> None:
    """Whether there is more to look at in a list in which nothing was found this time: a pass that has met something
    says nothing of the leads at its beginning, of which some may have come since."""
    is_open = not is_found and (not at_end or key in shares.met)
    (shares.open.add if is_open else shares.open.discard)(key)
    if at_end:
        shares.met.discard(key)
    elif is_found:
        shares.met.add(key)


def _page(db: Db, choice: Choice, plan: Plan, name: str, owner: str | None, count: int, start: int) -> list[Any]:
    """The first leads in order, each with the columns that the rest of the filter is about."""
    to = dialect_of(db)
    where = [f"{to.quote('list')} = {db.param}", f"{to.quote('gate')} = {int(Gate.OPEN)}"]
    values: list[Any] = [name]
    if plan.flag:
        where.append(f"{plan.flag} = 1")
    if owner is not None:
        where.append(f"{to.quote('owner')} = {db.param}")
        values.append(owner)
    where.append(f"{to.quote('attempts')} < {db.param}")
    values += [choice.spec.attempts_max, count, start]
    listed = ", ".join(to.quote(column) for column in ("id", *plan.filter.columns))
    way = f"WHERE {' AND '.join(where)} ORDER BY {order_sql(plan, to)} LIMIT {db.param} OFFSET {db.param}"
    sql = f"SELECT {listed} FROM {to.quote('lead')} {to.forced(plan.index)} {way}"  # noqa: S608 - see lead_filter
    return list(db.run(sql, tuple(values)).fetchall())
