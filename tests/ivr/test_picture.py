"""The picture of a flow: every node is in it, and what its author wrote stays text."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as Xml

import pytest

from fsorch.flows import decode_flow
from fsorch.ivr.picture import draw
from tests.ivr.test_lint import flow

TEXT = "{http://www.w3.org/2000/svg}text"
RECT = "{http://www.w3.org/2000/svg}rect"
PATH = "{http://www.w3.org/2000/svg}path"


def words(svg: str) -> str:
    """All text in a document."""
    return " ".join("".join(one.itertext()) for one in Xml.fromstring(svg).iter(TEXT))


def test_every_node_and_the_person_stand_in_it_with_their_keys() -> None:
    svg = draw(flow())
    told = words(svg)
    for name in ("hello", "main", "orders", "bye", "person", "queue reception", "For orders press 1"):
        assert name in told
    root = Xml.fromstring(svg)
    assert len(list(root.iter(RECT))) == 5
    # Four ways out of the menu's node and one of the greeting, three of them labelled; and the head of the arrows.
    assert len(list(root.iter(PATH))) == 1 + 4 + 1 - 1
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for box in root.iter(RECT):
        assert 0 <= float(box.attrib["x"]) <= width - float(box.attrib["width"])
        assert 0 <= float(box.attrib["y"]) <= height - float(box.attrib["height"])


def test_boxes_do_not_lie_on_each_other() -> None:
    spec = flow(
        """
        nodes:
          orders: {kind: menu, prompt: main, options: {"1": main, "2": alone, "0": person, "*": orders}}
          alone: {kind: queue, queue: orders}
          unreached: {kind: say, prompt: hello, next: unreached}
        """
    )
    boxes = [
        (float(one.attrib["x"]), float(one.attrib["y"]), float(one.attrib["width"]), float(one.attrib["height"]))
        for one in Xml.fromstring(draw(spec)).iter(RECT)
    ]
    assert len(boxes) == 7
    for n, (x, y, width, height) in enumerate(boxes):
        for x2, y2, width2, height2 in boxes[n + 1 :]:
            assert x + width <= x2 or x2 + width2 <= x or y + height <= y2 or y2 + height2 <= y


@pytest.mark.parametrize("hostile", ["</text><script>alert(1)</script>", '"&<>', "]]>", "{vars.x} <b>"])
def test_what_the_author_wrote_is_no_markup(hostile: str) -> None:
    data: dict[str, Any] = {
        "id": "f",
        "title": hostile,
        "start": "a",
        "nodes": {"a": {"kind": "hangup", "prompt": "p", "reason": "r", "title": hostile}},
    }
    svg = draw(decode_flow(data, where="test"))
    assert "<script" not in svg
    assert hostile.split()[0] in words(svg)


def test_a_flow_with_faults_is_drawn_as_well() -> None:
    spec = flow("nodes: {hello: {kind: say, prompt: hello, next: nowhere}}")
    assert "no such node" in words(draw(spec))
