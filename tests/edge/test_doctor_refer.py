"""Whether those who are called can have the switch dial."""

from __future__ import annotations

import pytest

from fsorch.config import Centre
from fsorch.edge.check import Check
from fsorch.edge.doctor_refer import ASK, examine_refers
from fsorch.gateways import GatewaySpec

SOFIA = """<configuration name="sofia.conf" description="sofia Endpoint"><profiles>
  <profile name="phones"><settings><param name="sip-port" value="5060"/></settings></profile>
  <profile name="trunk">
    <gateways><gateway name="carrier"><param name="password" value="secret"/></gateway></gateways>
    <settings><param name="disable-transfer" value="{closed}"/></settings>
  </profile>
</profiles></configuration>"""


def look(*dials: str, closed: str = "true", told: str = SOFIA) -> list[Check]:
    gateways = tuple(GatewaySpec(id=f"g{n}", dial=dial) for n, dial in enumerate(dials))
    asked: list[str] = []

    def ask(line: str) -> str:
        asked.append(line)
        return told.replace("{closed}", closed)

    found = list(examine_refers(ask, Centre(gateways=gateways)))
    assert asked == ([ASK] if any("sofia/" in dial for dial in dials) else [])
    return found


@pytest.mark.parametrize(
    ("dials", "closed", "named"),
    [
        (("sofia/gateway/carrier/{number}",), "true", ""),
        (("sofia/trunk/{number}@10.0.0.1", "[a=b]sofia/gateway/carrier/{number}"), "on", ""),
        (("sofia/gateway/carrier/{number}",), "false", "trunk"),
        (("sofia/phones/{number}@10.0.0.1",), "true", "phones"),
        (("sofia/phones/{number}@10.0.0.1|sofia/gateway/carrier/{number}",), "no", "phones, trunk"),
    ],
)
def test_a_profile_that_takes_refer_is_named(dials: tuple[str, ...], closed: str, named: str) -> None:
    (check,) = look(*dials, closed=closed)
    assert check.ok is (None if named else True)
    assert (f"by profile {named} can" in check.detail) is bool(named)
    assert ("disable-transfer" in check.mend) is bool(named)
    assert "secret" not in check.detail + check.mend


def test_nothing_is_said_where_nothing_is_known() -> None:
    assert look() == []
    assert look("loopback/{number}/default") == []
    assert look("sofia/gateway/unknown/{number}") == []
    assert look("sofia/gateway/carrier/{number}", told="can't find anything") == []
    assert look("sofia/gateway/carrier/{number}", told="") == []
