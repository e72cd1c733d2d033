"""The target of the suite.

By default the virtual switch, many times faster than the wall clock, with the very dialplan files that fsorch ships.
With ``FSORCH_SWITCH=host:port`` and ``FSORCH_SWITCH_PASSWORD`` a real FreeSWITCH, which needs ``dialplan/fsorch.xml``,
``vars/fsorch.xml``, the prompts and the two files of ``conformance/`` that `fsorch freeswitch export` writes; the
operator's page says how. A difference between the two is a bug of the virtual switch.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from fsorch.config import SwitchSettings
from tests.conformance.rig import Rig, Target
from tests.conformance.virtual import SPEED, virtual_switch

PASSWORD = "a password for the suite"


@pytest.fixture(scope="session")
def real() -> SwitchSettings | None:
    """The real switch, if the environment names one."""
    address = os.environ.get("FSORCH_SWITCH", "")
    if not address:
        return None
    host, _, port = address.rpartition(":")
    return SwitchSettings(name="real", host=host, port=int(port), password=os.environ.get("FSORCH_SWITCH_PASSWORD", ""))


@pytest.fixture
def target(real: SwitchSettings | None) -> Iterator[Target]:
    """The switch under test."""
    if real is not None:
        yield Target(real)
        return
    server = virtual_switch(PASSWORD)
    server.start()
    try:
        yield Target(SwitchSettings(name="virtual", port=server.port, password=PASSWORD), SPEED, server.virtual_now)
    finally:
        server.stop()


@pytest.fixture
def rig(target: Target) -> Iterator[Rig]:
    """A link to the switch under test."""
    rig = Rig(target)
    try:
        rig.start()
        yield rig
    finally:
        rig.stop()
