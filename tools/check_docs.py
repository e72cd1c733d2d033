"""Checks the documentation (`make docs`): every relative link and anchor in our Markdown files leads somewhere.

Links to other sites are not followed: a check must say the same with and without a network.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
# Folders with pages of ours; "*" is the root alone.
PAGES = ("*.md", "docs/**/*.md", "freeswitch/**/*.md", "newsfragments/*.md", "web/desktop/*.md")

FENCE = re.compile(r"^ {0,3}(```+|~~~+)")
CODE = re.compile(r"(`+).+?\1")
# [text](target), ![picture](target), with an optional title; one level of brackets inside the text.
INLINE = re.compile(r"!?\[(?:[^\[\]]|\[[^\[\]]*\])*\]\(\s*<?([^\s)>]*)>?(?:\s+[\"'(][^)]*)?\s*\)")
# [label]: target
DEFINITION = re.compile(r"^ {0,3}\[([^\]]+)\]:\s*<?([^\s>]+)>?")
# [text][label] and [label][]
REFERENCE = re.compile(r"\[([^\[\]]+)\]\[([^\[\]]*)\]")
HTML = re.compile(r"""<(?:a|img|source)\b[^>]*?\b(?:href|src|srcset)\s*=\s*["']([^"']+)["']""", re.IGNORECASE)
HTML_ANCHOR = re.compile(r"""<[a-z]+\b[^>]*?\b(?:id|name)\s*=\s*["']([^"']+)["']""", re.IGNORECASE)
HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.*?)\s*#*\s*$")


@dataclass(frozen=True)
class Link:
    """One link as it stands in a page."""

    page: Path
    line: int
    target: str


def text_lines(page: Path) -> Iterator[tuple[int, str]]:
    """The lines of a page with their numbers, without fenced code."""
    fence = ""
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        match = FENCE.match(line)
        if fence:
            if match and match[1].startswith(fence):
                fence = ""
        elif match:
            fence = match[1]
        else:
            yield number, line


def links(page: Path) -> list[Link]:
    """Every link of a page; a reference without a definition counts as a link to `[label]`, which nothing meets."""
    found, labels, used = [], set(), []
    for number, line in text_lines(page):
        bare = CODE.sub("", line)
        definition = DEFINITION.match(bare)
        if definition:
            labels.add(definition[1].casefold())
            found.append(Link(page, number, definition[2]))
            continue
        found += [Link(page, number, target) for target in INLINE.findall(bare) + HTML.findall(bare)]
        used += [(number, label or text) for text, label in REFERENCE.findall(bare)]
    return found + [Link(page, number, f"[{label}]") for number, label in used if label.casefold() not in labels]


def anchors(page: Path) -> set[str]:
    """The anchors a page offers, made from its headings as the usual viewers make them, and its own `id=`."""
    found: set[str] = set()
    for _, line in text_lines(page):
        found |= set(HTML_ANCHOR.findall(line))
        heading = HEADING.match(line)
        if heading:
            base = slug(heading[1])
            name, again = base, 0
            while name in found:
                again += 1
                name = f"{base}-{again}"
            found.add(name)
    return found


def slug(heading: str) -> str:
    """A heading as an anchor: letters, digits, dashes and underscores, lower case, blanks turned into dashes."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", text.replace("`", "").lower()).replace(" ", "-")


def problem(link: Link, root: Path) -> str:
    """What is wrong with a link, or nothing."""
    if link.target.startswith("["):
        return f"the reference {link.target} is not defined"
    parts = urlsplit(link.target)
    if parts.scheme or parts.netloc:
        return ""
    if parts.path.startswith("/"):
        return f"{link.target} starts at the root of a server: write it relative to this page"
    target = (link.page.parent / unquote(parts.path)).resolve() if parts.path else link.page
    if not target.is_relative_to(root):
        return f"{link.target} leads out of the repository"
    if not target.exists():
        return f"{link.target} does not exist"
    if parts.fragment and target.suffix == ".md" and unquote(parts.fragment) not in anchors(target):
        return f"{link.target}: {target.relative_to(root)} has no such heading"
    return ""


def check(root: Path) -> tuple[int, list[str]]:
    """How many links there are under `root`, and one line for each that is dead."""
    pages = sorted({page for pattern in PAGES for page in root.glob(pattern)})
    found = [link for page in pages for link in links(page)]
    told = [(link, problem(link, root)) for link in found]
    return len(found), [f"{link.page.relative_to(root)}:{link.line}: {what}" for link, what in told if what]


def main() -> int:
    """The program behind `make docs`."""
    count, dead = check(ROOT)
    for line in dead:
        print(line, file=sys.stderr)
    print(f"docs: {count} links, {len(dead)} dead")
    return 1 if dead else 0


if __name__ == "__main__":
    sys.exit(main())
