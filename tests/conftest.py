"""What all tests share.

The product's edge runs under `gevent.monkey.patch_all()`, so the whole suite does too: one world, in which a test of
the pure floors is no different and a test of the edge meets what the product meets. Patching comes before anything else
is imported, because a module that has already taken `ssl` or `threading` apart keeps the unpatched pieces.
"""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import gc  # noqa: E402 - only after patching
import os  # noqa: E402 - only after patching
from typing import Any, NoReturn  # noqa: E402

import pytest  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402

from tests.sharing import share  # noqa: E402

__all__ = ["require"]

MANY = 5000
# A machine with other work to do makes single examples slow without anything being wrong: no example has a deadline.
settings.register_profile("fsorch", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
# A run that judges a change tries the same examples each time: what it finds is the change's doing. Those that search
# for what nobody has thought of are the others.
settings.register_profile("same", settings.get_profile("fsorch"), derandomize=True, print_blob=True, database=None)
# For a night of searching: HYPOTHESIS_PROFILE=long pytest -o faulthandler_timeout=0 tests/engine
settings.register_profile("long", deadline=None, max_examples=MANY, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fsorch"))


def pytest_configure(config: pytest.Config) -> None:
    """Take part in a run of several processes, if this is one."""
    if (plugin := share()) is not None:
        config.pluginmanager.register(plugin)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What a test says of its number of examples is for every day; a long search is long for all of them."""
    if settings.default is not settings.get_profile("long"):
        return
    for item in items:
        test: Any = getattr(item, "function", None)
        if getattr(test, "is_hypothesis_test", False):
            # There is no public way to search longer than a test itself says.
            test._hypothesis_internal_use_settings = settings(test._hypothesis_internal_use_settings, max_examples=MANY)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Leave what is there now, hundreds of thousands of objects that stay, out of every garbage collection to come."""
    gc.collect()
    gc.freeze()


def require(name: str, reason: str) -> NoReturn:
    """Ends a test that cannot run here: skips it, or fails it when FSORCH_REQUIRE names what is missing.

    Call it once the thing has been looked for and not found. `name` is what FSORCH_REQUIRE lists, with commas between
    (`mysql`, `browser`, `switch`); `reason` is a sentence that says what to install or set.
    """
    required = {part.strip() for part in os.environ.get("FSORCH_REQUIRE", "").split(",")}
    if name in required:
        pytest.fail(f"FSORCH_REQUIRE names {name}: {reason}", pytrace=False)
    pytest.skip(reason)
