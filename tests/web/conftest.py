"""What the tests of the desktop's server share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fsorch.store import Store
from tests.web.harness import Site, new_site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A desktop with a page of one line."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>fsorch</title>")
    (tmp_path / "assets" / "index-abc.js").write_text("1")
    with new_site(tmp_path) as running:
        yield running


@pytest.fixture
def desk(records: Store, tmp_path: Path) -> Iterator[Site]:
    """A desktop over a real store: the ``records`` of the module that asks for it."""
    (tmp_path / "index.html").write_text("x")
    with new_site(tmp_path, records) as running:
        yield running
