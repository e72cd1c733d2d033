"""A flow as a picture (SVG): boxes in layers from the start downwards, ways as arrows with their keys.

The layers are grandalf's (Sugiyama's method). Everything a flow's author wrote is text in the document, never markup.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from xml.etree import ElementTree as Xml

import msgspec
from grandalf.graphs import Edge as Link
from grandalf.graphs import Graph, Vertex
from grandalf.layouts import SugiyamaLayout

from fsorch.flow_checks import prompts_of
from fsorch.flow_nodes import PERSON, RETURN, Node, kind_of
from fsorch.flows import FlowSpec
from fsorch.ivr.graph import edges
from fsorch.prompts import PromptSpec

__all__ = ["draw"]

SVG = "http://www.w3.org/2000/svg"
WIDTH, LINE, PADDING = 224, 16, 10
# Room between boxes, and around all of them.
GAP_X, GAP_Y, MARGIN = 40, 60, 40
CHARACTERS, MOST_LINES = 32, 3
Point = tuple[float, float]
# Where an arrow passes between its ends, by these.
Bends = dict[tuple[str, str], tuple[Point, ...]]
FILLS = {
    "start": "#dbeafe",
    "menu": "#fef3c7",
    "collect": "#fef3c7",
    "survey": "#fef3c7",
    "lookup": "#ede9fe",
    "branch": "#ede9fe",
    "hours": "#ede9fe",
    "queue": "#dcfce7",
    "callback": "#dcfce7",
    "voicemail": "#dcfce7",
    "transfer": "#dcfce7",
    "person": "#dcfce7",
    "hangup": "#fee2e2",
}
PLAIN = "#f3f4f6"
INK, GREY = "#1f2937", "#6b7280"


class Box(msgspec.Struct):
    """One node's place: the middle, the size, what stands in it."""

    title: str
    kind: str
    lines: list[str]
    x: float = 0.0
    y: float = 0.0

    @property
    def height(self) -> int:
        """In pixels."""
        return 2 * PADDING + LINE * (1 + len(self.lines))


def draw(spec: FlowSpec, prompts: Mapping[str, str | PromptSpec] | None = None) -> str:
    """The flow as an SVG document. Works for one with faults as well: a target that is not there is a box too.
    ``prompts``: those of the centre, so that their words are shown."""
    boxes = _boxes(spec, prompts or {})
    bends = _place(spec, boxes)
    passing = [x for points in bends.values() for x, _ in points]
    left = min(min(box.x for box in boxes.values()) - WIDTH / 2, *passing, 0.0) - MARGIN
    top = min(box.y - box.height / 2 for box in boxes.values()) - MARGIN
    # Arrows that lead back go around the right side.
    right = max(max(box.x for box in boxes.values()) + WIDTH / 2, *passing, 0.0) + MARGIN + 2 * GAP_X
    bottom = max(box.y + box.height / 2 for box in boxes.values()) + MARGIN
    for box in boxes.values():
        box.x, box.y = box.x - left, box.y - top
    bends = {ends: tuple((x - left, y - top) for x, y in points) for ends, points in bends.items()}
    width, height = f"{right - left:.0f}", f"{bottom - top:.0f}"
    root = Xml.Element("svg", xmlns=SVG, width=width, height=height, viewBox=f"0 0 {width} {height}")
    root.set("font-family", "system-ui, sans-serif")
    root.set("font-size", "12")
    Xml.SubElement(root, "title").text = spec.title or spec.id
    _arrow_head(root)
    for name in spec.nodes:
        _ways(root, spec, name, boxes, bends)
    for name, box in boxes.items():
        _box(root, box, bold=name == spec.start)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _boxes(spec: FlowSpec, prompts: Mapping[str, str | PromptSpec]) -> dict[str, Box]:
    boxes = {name: Box(name, kind_of(node), _told(spec, node, prompts)) for name, node in spec.nodes.items()}
    for node in spec.nodes.values():
        for edge in edges(node):
            if edge.target not in boxes:
                boxes[edge.target] = Box(edge.target, *_word(spec, edge.target))
    return boxes


def _word(spec: FlowSpec, target: str) -> tuple[str, list[str]]:
    """Kind and lines of a target that is no node."""
    if target == PERSON:
        return PERSON, [f"queue {spec.person}" if spec.person else "nobody: an apology"]
    return (RETURN, ["to the calling flow"]) if target == RETURN else ("missing", ["no such node"])


def _told(spec: FlowSpec, node: Node, prompts: Mapping[str, str | PromptSpec]) -> list[str]:
    """What a node says, in the first language; or what it leads to."""
    words = node.title
    for _, name in prompts_of(node):
        prompt = spec.prompt(name) or prompts.get(name)
        words = words or (prompt.text.get(spec.languages[0], name) if isinstance(prompt, PromptSpec) else name)
    words = words or str(getattr(node, "queue", "") or getattr(node, "calendar", "") or getattr(node, "flow", ""))
    return textwrap.wrap(words, CHARACTERS, max_lines=MOST_LINES, placeholder=" …")


def _place(spec: FlowSpec, boxes: dict[str, Box]) -> Bends:
    """Give every box its place, and the arrows theirs; parts of the flow that hang together by no way stand beside
    each other."""
    vertices = {name: _Vertex(n, name) for n, name in enumerate(boxes)}
    for name, vertex in vertices.items():
        vertex.view = _View(boxes[name])
    pairs = {(name, edge.target) for name, node in spec.nodes.items() for edge in edges(node) if edge.target != name}
    links = {pair: _Link(n, vertices[pair[0]], vertices[pair[1]]) for n, pair in enumerate(sorted(pairs))}
    for link in links.values():
        link.view = _LinkView()
    graph = Graph(list(vertices.values()), list(links.values()))
    first = vertices.get(spec.start)
    right = 0.0
    for part in sorted(graph.C, key=lambda part: first not in part.sV):
        layout = SugiyamaLayout(part)
        layout.xspace, layout.yspace = GAP_X, GAP_Y
        layout.init_all(roots=[first] if first in part.sV else None)
        layout.draw()
        shift = right - min(vertex.view.xy[0] for vertex in part.sV)
        for vertex in part.sV:
            box, (x, y) = boxes[vertex.data], vertex.view.xy
            box.x, box.y = x + shift, y
            right = max(right, box.x + WIDTH + GAP_X)
        for link in part.sE:
            link.view.shift = shift
    return {pair: link.view.between() for pair, link in links.items()}


class _Vertex(Vertex):  # type: ignore[misc]  # grandalf has no types
    """One that comes out of a set at the same place every time, so that the same flow gives the same picture."""

    def __init__(self, n: int, name: str) -> None:
        super().__init__(name)
        self.n = n

    def __hash__(self) -> int:
        return self.n

    def __eq__(self, other: object) -> bool:
        return self is other


class _Link(Link):  # type: ignore[misc]
    """As _Vertex."""

    def __init__(self, n: int, start: Vertex, end: Vertex) -> None:
        super().__init__(start, end)
        self.n = n

    def __hash__(self) -> int:
        return self.n

    def __eq__(self, other: object) -> bool:
        return self is other


class _View:
    """A box as grandalf sees it; it sets ``xy``."""

    def __init__(self, box: Box) -> None:
        self.w = WIDTH
        self.h = box.height
        self.xy = (0.0, 0.0)


class _LinkView:
    """An arrow as grandalf sees it: it is told all points, both middles of its boxes included."""

    def __init__(self) -> None:
        self.points: list[Point] = []
        self.shift = 0.0

    def setpath(self, points: list[Point]) -> None:
        """Take the points."""
        self.points = points

    def between(self) -> tuple[Point, ...]:
        """Those without the ends."""
        return tuple((x + self.shift, y) for x, y in self.points[1:-1])


def _arrow_head(root: Xml.Element) -> None:
    shape = {"id": "head", "viewBox": "0 0 10 10", "refX": "9", "refY": "5", "markerWidth": "7", "markerHeight": "7"}
    marker = Xml.SubElement(Xml.SubElement(root, "defs"), "marker", shape | {"orient": "auto-start-reverse"})
    Xml.SubElement(marker, "path", d="M 0 0 L 10 5 L 0 10 z", fill=GREY)


def _ways(root: Xml.Element, spec: FlowSpec, name: str, boxes: dict[str, Box], bends: Bends) -> None:
    """The ways out of a node, in the order of where they lead, so that they cross little; those to the same target are
    one arrow."""
    labels: dict[str, list[str]] = {}
    first = {end: points[0][0] for (start, end), points in bends.items() if start == name and points}
    for edge in sorted(edges(spec.nodes[name]), key=lambda edge: first.get(edge.target, boxes[edge.target].x)):
        labels.setdefault(edge.target, []).append(edge.label)
    for n, (target, told) in enumerate(labels.items()):
        points = _points(boxes[name], boxes[target], (n + 1) / (len(labels) + 1), bends.get((name, target), ()))
        style = {"d": _path(points), "fill": "none", "stroke": GREY, "marker-end": "url(#head)"}
        Xml.SubElement(root, "path", style)
        # Neighbours stand one below the other: long conditions would run into each other.
        label = textwrap.shorten(", ".join(one for one in told if one), CHARACTERS, placeholder=" …")
        if label:
            (x, y), (next_x, next_y) = points[:2]
            place = {"x": f"{x + (next_x - x) * 0.25:.0f}", "y": f"{y + (next_y - y) * 0.25 + (10, 23)[n % 2]:.0f}"}
            look = {"text-anchor": "middle", "fill": INK, "paint-order": "stroke", "stroke": "white"}
            Xml.SubElement(root, "text", place | look | {"stroke-width": "4"}).text = label


def _points(a: Box, b: Box, share: float, between: tuple[Point, ...]) -> list[Point]:
    """The points of an arrow: from the bottom of ``a`` to the top of ``b`` by those between; one that leads back goes
    around the side, the bends of its layers being those of the way down."""
    if b.y > a.y:
        start = (a.x + (share - 0.5) * WIDTH * 0.8, a.y + a.height / 2)
        return [start, *between, (b.x, b.y - b.height / 2)]
    x, goal = a.x + WIDTH / 2, b.x + WIDTH / 2
    out = max((x, goal, *(point[0] for point in between))) + GAP_X * (0.4 + share)
    return [(x, a.y), (out, (a.y + b.y) / 2), (goal, b.y + (LINE if a is b else 0))]


def _path(points: list[Point]) -> str:
    """A smooth line through the points: downwards ones leave and arrive upright, backward ones bulge."""
    (x, y), *rest = points
    path = f"M {x:.0f} {y:.0f}"
    if rest[-1][1] <= y:
        (out, _), (goal_x, goal_y) = rest
        return f"{path} C {out:.0f} {y:.0f}, {out:.0f} {goal_y:.0f}, {goal_x:.0f} {goal_y:.0f}"
    for next_x, next_y in rest:
        bend = (next_y - y) / 2
        path += f" C {x:.0f} {y + bend:.0f}, {next_x:.0f} {next_y - bend:.0f}, {next_x:.0f} {next_y:.0f}"
        x, y = next_x, next_y
    return path


def _box(root: Xml.Element, box: Box, *, bold: bool) -> None:
    left, top = box.x - WIDTH / 2, box.y - box.height / 2
    fill = FILLS.get(box.kind, PLAIN) if box.kind != "missing" else "#fecaca"
    shape = {"x": f"{left:.0f}", "y": f"{top:.0f}", "width": str(WIDTH), "height": str(box.height), "rx": "8"}
    Xml.SubElement(root, "rect", shape | {"fill": fill, "stroke": INK, "stroke-width": "2" if bold else "1"})
    head = Xml.SubElement(root, "text", {"x": f"{left + PADDING:.0f}", "y": f"{top + PADDING + 11:.0f}", "fill": INK})
    Xml.SubElement(head, "tspan", {"font-weight": "600"}).text = textwrap.shorten(box.title, 24, placeholder="…")
    Xml.SubElement(head, "tspan", {"fill": GREY, "dx": "6"}).text = box.kind if box.kind != box.title else ""
    for n, line in enumerate(box.lines, 1):
        place = {"x": f"{left + PADDING:.0f}", "y": f"{top + PADDING + 11 + n * LINE:.0f}", "fill": INK}
        Xml.SubElement(root, "text", place).text = line
