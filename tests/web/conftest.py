"""What the tests of the desktop's server share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.harness import Site, new_site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A desktop with a page of one line."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>fsorch</title>")
    (tmp_path / "assets" / "index-abc.js").write_text("1")
    with new_site(tmp_path) as running:
        yield running
