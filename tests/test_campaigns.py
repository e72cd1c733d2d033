"""Campaigns, gateways and dispositions in the centre file: read, kept, and refused with the path of what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from fsorch.campaigns import LIVE_OUTCOMES, CampaignSpec, ConsentRow, Outcome, outcome_of
from fsorch.causes import Cause
from fsorch.config import Centre, decode
from fsorch.errors import ConfigError
from fsorch.gateways import GatewaySpec, TranslateRule, dialled
from fsorch.plain import plain_centre

CENTRE: dict[str, Any] = {
    "queues": [{"id": "sales"}],
    "gateways": [
        {"id": "one", "dial": "sofia/gateway/one/{number}", "group": "carriers", "cps": 5, "lines": 30},
        {"id": "two", "dial": "sofia/gateway/two/{number}", "translate": [{"prefix": "+49", "put": "0"}]},
    ],
    "dispositions": [{"id": "sold", "category": "success", "key": "s"}, {"id": "later", "then": "retry"}],
    "calendars": [{"id": "office", "zone": "Europe/Berlin"}],
    "campaigns": [
        {
            "id": "winback",
            "queue": "sales",
            "mode": "predictive",
            "lists": [{"list": "gone-2026", "share": 2}, {"list": "older"}],
            "gateways": ["carriers", "two"],
            "calendar": "office",
            "filter": 'field.city == "Ulm" and lead.attempts < 3',
            "order": [{"by": "priority", "down": True}, {"by": "field", "field": "value", "down": True}],
            "retries": {"busy": {"after_s": 600, "attempts": 5}},
            "dispositions": [{"id": "moved", "then": "retry", "after_s": 3600, "key": "m"}],
        }
    ],
}


def with_campaign(**keys: Any) -> dict[str, Any]:
    return CENTRE | {"campaigns": [CENTRE["campaigns"][0] | keys]}


def test_a_campaign_is_read_and_written_as_it_was() -> None:
    centre = decode(CENTRE, Centre, where="test")
    assert centre.campaigns[0].list_shares() == {"gone-2026": 2, "older": 1}
    assert decode(plain_centre(centre), Centre, where="again") == centre


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"queue": "sale"}, "campaigns[0].queue is 'sale'; expected a queue; did you mean sales?"),
        ({"mode": "predictve"}, "`$.campaigns[0].mode`; did you mean predictive"),
        (
            {"gateways": ["carrier"]},
            "campaigns[0].gateways[0] is 'carrier'; expected a gateway, or a group of them; did",
        ),
        ({"after": "winter"}, "campaigns[0].after is 'winter'; expected a campaign"),
        ({"after": "winback"}, "campaigns[0].after is 'winback', but winback waits for winback; none would begin"),
        ({"lines_max": 2, "lines_kept": 3}, "campaigns[0].lines_kept is 3; expected at most lines_max (2)"),
        ({"lines_per_agent": 0.5}, "campaigns[0].lines_per_agent is 0.5; expected 1 or more"),
        ({"level": {"loose": 0.5}}, "campaigns[0].level.strict is 0.7; expected at most"),
        ({"level": {"every": 5}}, "did you mean every_s?"),
        ({"lists": [{"list": "a", "filter": "lead.nme == 1"}]}, "campaigns[0].lists[0].filter"),
        ({"resets": ["9:00"]}, "campaigns[0].resets[0]"),
        ({"resets": ["09:00", "09:00"]}, "campaigns[0].resets[1] is '09:00' a second time"),
        ({"new_every": 2, "owner_only": True}, "campaigns[0].new_every is 2, but owners have their leads in order"),
        ({"spread": {"parts": ["08:00"]}}, "campaigns[0].spread.parts"),
        ({"spread": {"parts": ["08:00", "08:00"]}}, "campaigns[0].spread.parts[1] is '08:00' a second time"),
        ({"limits": [{"most": 2, "days": 367}]}, "Expected `float` <= 366.0 - at `$.campaigns[0].limits[0].days`"),
        ({"calendar": "ofice"}, "campaigns[0].calendar is 'ofice'; expected a calendar; did you mean office?"),
        ({"filter": "field.city = 3"}, "campaigns[0].filter, column 12: a single '='"),
        ({"filter": "lead.atempts < 3"}, "campaigns[0].filter, column 1: there is no 'lead.atempts'; did you mean"),
        ({"filter": "lead.attempts"}, "campaigns[0].filter gives a number; expected a condition"),
        ({"lists": [{"list": "a"}, {"list": "a"}]}, "campaigns[0].lists[1] is 'a' a second time"),
        ({"lists": [{"list": "a", "share": 0}]}, "campaigns[0].lists all have the share 0"),
        ({"retries": {"busy": {"after_s": 5}}}, "campaigns[0].retries.busy.after_s is 5; expected at least 120"),
        ({"retries": {"live": {}}}, "campaigns[0].retries.live never comes"),
        ({"retries": {"bussy": {}}}, "did you mean busy?"),
        ({"mode": "agentless"}, "campaigns[0].flow is missing"),
        ({"queue": ""}, "campaigns[0].queue is missing; in mode predictive"),
        ({"order": [{"by": "field"}]}, "campaigns[0].order[0].field is ''; expected a field's name"),
        ({"order": [{"by": "random"}, {"by": "name"}]}, "campaigns[0].order[0].by is random"),
        ({"machine_action": "message"}, "campaigns[0].machine_prompt is missing"),
        ({"machine_action": "agent"}, "campaigns[0].machine_action is agent, but machines are not told"),
        ({"amd": {"decide_s": 11}}, "campaigns[0].amd.decide_s"),
        ({"amd": {"checked": 0.1}}, "campaigns[0].amd.checked is 0.1, but greetings tell nothing"),
        (
            {"amd": {"timing": True, "pause_s": 1.5, "greeting_s": 1.2}},
            "campaigns[0].amd.pause_s is 1.5; expected less",
        ),
        (
            {"amd": {"timing": True, "while_talking": False}},
            "campaigns[0].amd.greeting_s is 6.5, but nobody is listened to for longer than decide_s (1.5)",
        ),
        ({"drop": {"prompt": "drop_mesage"}}, "campaigns[0].drop.prompt is 'drop_mesage'; expected a prompt; did you"),
        (
            {"caller_ids": [{"numbers": ["+4930123"]}] * 2},
            "campaigns[0].caller_ids[1] has no prefixes, as a pool before",
        ),
        ({"dispositions": [{"id": "sold"}]}, "campaigns[0].dispositions[0].id is 'sold' a second time"),
        ({"dispositions": [{"id": "x", "key": "s"}]}, "campaigns[0].dispositions[0].key is 's', as another's"),
        ({"dispositions": [{"id": "x", "category": "dnc"}]}, "campaigns[0].dispositions[0].then is finish"),
        ({"blending": {"queues": ["sale"]}}, "campaigns[0].blending.queues[0] is 'sale'; expected a queue"),
        (
            {"blending": {"by_queue": {"sale": 1}}},
            "campaigns[0].blending.by_queue has a key that is 'sale'; expected a queue",
        ),
        (
            {"starts_at": "2027-01-02T09:00Z"},
            "Invalid RFC3339 encoded datetime; expected a moment with its offset, as in 2027-01-31T09:00:00+01:00 - at",
        ),
        ({"ends_at": "2027-01-02T09:00:00"}, "expected a moment with its offset, as in 2027-01-31T09:00:00+01:00 - at"),
        (
            {"starts_at": "2027-01-02T00:00:00+00:00", "ends_at": "2027-01-01T00:00:00+00:00"},
            "campaigns[0].ends_at is 2027-01-01T00:00:00+00:00; expected a time after starts_at",
        ),
    ],
)
def test_a_fault_names_the_key_and_the_nearest_name(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        decode(with_campaign(**keys), Centre, where="test")
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("gateway", "message"),
    [
        ({"id": "x", "dial": "sofia/gateway/x"}, "gateways[0].dial is 'sofia/gateway/x'; expected {number} once"),
        ({"id": "x", "dial": "a/{number}", "group": "x"}, "gateways[0].group is 'x', as a gateway"),
        ({"id": "x", "dial": "a/{number}", "cpss": 3}, "did you mean cps, causes?"),
    ],
)
def test_a_faulty_gateway_is_refused(gateway: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        decode({"gateways": [gateway]}, Centre, where="test")
    assert message in str(raised.value)


def test_numbers_are_written_as_the_gateway_wants_them() -> None:
    rules = (TranslateRule(prefix="+49", put="0"), TranslateRule(prefix="+", put="00"))
    gateway = GatewaySpec(id="x", dial="sofia/gateway/x/{number}", translate=rules)
    assert dialled(gateway, "+4930123456") == "030123456"
    assert dialled(gateway, "+4420123456") == "004420123456"
    short = GatewaySpec(id="x", dial="x/{number}", translate=(TranslateRule(prefix="+1", put="1", length=11),))
    assert dialled(short, "+12025550123") == "12025550123"
    assert dialled(short, "+120255501234") == "+120255501234"


def test_every_cause_has_an_outcome_and_the_busy_are_busy() -> None:
    assert outcome_of(Cause.USER_BUSY) is Outcome.BUSY
    assert outcome_of(Cause.UNALLOCATED_NUMBER) is Outcome.INVALID
    assert outcome_of(Cause.NONE) is Outcome.FAILED
    assert not {outcome_of(cause) for cause in Cause} & (LIVE_OUTCOMES | {Outcome.MACHINE})


def test_a_pacer_knows_five_words() -> None:
    known = {outcome: outcome.paced for outcome in Outcome}
    # The sixth is for those that call calls off; see Guard.
    assert known.pop(Outcome.CANCELLED) == "cancelled"
    assert set(known.values()) == {"live", "machine", "busy", "noanswer", "failed"}


def test_every_outcome_but_a_talk_has_a_rule() -> None:
    spec = CampaignSpec(id="x")
    assert [outcome for outcome in Outcome if spec.retry(outcome) is None] == [Outcome.LIVE]


def test_a_consent_holds_from_when_it_was_given_until_it_ends() -> None:
    consent = ConsentRow(number="+49301", given_at=100, until=200, withdrawn_at=150)
    assert [consent.holds(at) for at in (99, 100, 149, 150, 250)] == [False, True, True, False, False]


def test_a_ring_of_campaigns_that_wait_for_each_other_is_refused() -> None:
    one = CENTRE["campaigns"][0]
    ring = [one | {"id": "a", "after": "c"}, one | {"id": "b", "after": "a"}, one | {"id": "c", "after": "b"}]
    with pytest.raises(ConfigError, match="a waits for c waits for b waits for a"):
        decode(CENTRE | {"campaigns": ring}, Centre, where="test")
    row = decode(CENTRE | {"campaigns": [*ring[1:], one | {"id": "a"}]}, Centre, where="test")
    assert [spec.after for spec in row.campaigns] == ["a", "b", ""]


@pytest.mark.parametrize(
    ("causes", "message"),
    [
        ({"CALL_REJECT": "busy"}, "gateways[0].causes has a key that is 'CALL_REJECT'; expected a hangup cause"),
        ({"CALL_REJECTED": "live"}, "gateways[0].causes.CALL_REJECTED is live, but nobody answered; expected one of"),
    ],
)
def test_what_a_carriers_causes_mean_is_checked(causes: dict[str, str], message: str) -> None:
    gateways = [CENTRE["gateways"][0] | {"causes": causes}, CENTRE["gateways"][1]]
    with pytest.raises(ConfigError) as raised:
        decode(CENTRE | {"gateways": gateways}, Centre, where="test")
    assert message in str(raised.value)
