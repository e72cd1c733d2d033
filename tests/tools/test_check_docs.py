"""Dead links are found, live ones are not complained about."""

from __future__ import annotations

from pathlib import Path

import pytest

from check_docs import check, slug

GUIDE = """# The guide

## Two commands (`make`)

## Again
## Again
<a id="by-hand"></a>
"""


def dead(tmp_path: Path, text: str) -> list[str]:
    (tmp_path / "docs").mkdir(exist_ok=True)
    (tmp_path / "docs" / "guide.md").write_text(GUIDE)
    (tmp_path / "docs" / "a picture.png").write_bytes(b"")
    (tmp_path / "README.md").write_text(text)
    return check(tmp_path)[1]


@pytest.mark.parametrize(
    "text",
    [
        "[guide](docs/guide.md)",
        "[guide](docs/guide.md#two-commands-make) and [again](docs/guide.md#again-1 'the second')",
        "[by hand](docs/guide.md#by-hand)",
        "![picture](docs/a%20picture.png)",
        '<img src="docs/a%20picture.png">',
        "[guide][]\n\n[guide]: docs/guide.md",
        "# Here\n\n[there](#here)",
        "[elsewhere](https://example.org/nothing#here) and <https://example.org>",
        "`[not a link](nowhere)`",
        "```\n[not a link](nowhere)\n```",
        "[folder](docs/)",
    ],
)
def test_a_live_link_is_quiet(tmp_path: Path, text: str) -> None:
    assert dead(tmp_path, text) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[guide](docs/gone.md)", "README.md:1: docs/gone.md does not exist"),
        ("\n![picture](docs/gone.png)", "README.md:2: docs/gone.png does not exist"),
        ("[guide](docs/guide.md#three)", "README.md:1: docs/guide.md#three: docs/guide.md has no such heading"),
        ("[here](#here)", "README.md:1: #here: README.md has no such heading"),
        ("[guide][nowhere]", "README.md:1: the reference [nowhere] is not defined"),
        ("[out](../secret.md)", "README.md:1: ../secret.md leads out of the repository"),
        ("[root](/docs/guide.md)", "starts at the root of a server"),
        ('<a href="docs/gone.md">gone</a>', "README.md:1: docs/gone.md does not exist"),
        ("[ok](docs/guide.md) then [gone](gone.md)", "README.md:1: gone.md does not exist"),
    ],
)
def test_a_dead_link_is_said_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    (line,) = dead(tmp_path, text)
    assert said in line


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("Done when", "done-when"),
        ("`fsorch run`: a real switch", "fsorch-run-a-real-switch"),
        ("The [guide](docs/guide.md), again", "the-guide-again"),
        ("snake_case & more", "snake_case--more"),
    ],
)
def test_anchors_are_made_as_viewers_make_them(heading: str, anchor: str) -> None:
    assert slug(heading) == anchor
