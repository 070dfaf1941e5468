"""A graph as SVG: words, shapes and classes; `graph.css` says what they look like."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from compiler.graph.graph import KINDS, Arrow, Graph, Node
from compiler.graph.layout import Layout, laid_out
from compiler.render.shown import shown
from compiler.render.xml import Element, element

_WIDTH, _HEIGHT = 172, 44
_ACROSS, _DOWN = 136, 26
_MARGIN = 28
_APART = 12
"""Between arrows of two nodes, unless there are too many for their height."""
_LETTERS = 24
_LABEL_LETTERS = 20

_Point = tuple[float, float]


def svg(graph: Graph) -> str:
    """A document of its own, with its colours, dark ones included."""
    root = drawing(graph)
    root.set("xmlns", "http://www.w3.org/2000/svg")
    root.insert(1, element("style", style()))
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def style() -> str:
    """What drawings look like, in CSS."""
    return Path(__file__).with_name("graph.css").read_text("utf-8")


def drawing(graph: Graph) -> Element:
    """An `svg` element, whose size is that of its content."""
    layout = laid_out(graph)
    width = 2 * _MARGIN + max(layout.columns, 1) * (_WIDTH + _ACROSS) - _ACROSS
    height = 2 * _MARGIN + max(layout.rows, 1) * (_HEIGHT + _DOWN) - _DOWN
    root = element(
        "svg",
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        role="img",
        class_="graph",
    )
    root.set("aria-label", shown(graph.title))
    root.append(element("title", shown(graph.title)))
    root.append(_heads(graph))
    between = Counter(map(_ends, graph.arrows))
    drawn: Counter[frozenset[int]] = Counter()
    lines, labels = element("g"), element("g")
    for arrow in graph.arrows:
        ends = _ends(arrow)
        offset = _offset(drawn[ends], between[ends])
        drawn[ends] += 1
        line, label = _arrow(graph, layout, arrow, offset)
        lines.append(line)
        labels.append(label)
    root.append(lines)
    if not graph.nodes:
        root.append(element("text", "none", x=width / 2, y=height / 2, class_="count"))
    for number, node in enumerate(graph.nodes):
        root.append(_node(node, _corner(*layout.places[number])))
    root.append(labels)
    return root


def _ends(arrow: Arrow) -> frozenset[int]:
    """Two nodes, or one, whichever way the arrow goes."""
    return frozenset((arrow.source, arrow.target))


def _offset(number: int, count: int) -> float:
    """How far below the middle an arrow is drawn of which there are some between the same nodes."""
    apart = min(_APART, _HEIGHT / max(count - 1, 1))
    return (number - (count - 1) / 2) * apart


def _heads(graph: Graph) -> Element:
    """The heads of arrows, one a kind, so that each has its colour.

    Kinds that are not there have none: drawings of different kinds share a page, and ids.
    """
    made = element("defs")
    for kind in sorted({arrow.kind for arrow in graph.arrows}):
        marker = element(
            "marker",
            id=f"head-{kind}",
            viewBox="0 0 8 8",
            refX=7,
            refY=4,
            markerWidth=7,
            markerHeight=7,
            orient="auto",
        )
        marker.append(element("path", d="M0 0L8 4L0 8z", class_=f"head {kind}"))
        made.append(marker)
    return made


def _corner(column: int, row: float) -> _Point:
    return _MARGIN + column * (_WIDTH + _ACROSS), _MARGIN + row * (_HEIGHT + _DOWN)


def _node(node: Node, corner: _Point) -> Element:
    x, y = corner
    made = element("g", class_=f"node {node.kind}")
    names = node.title if node.kind == "shared" else ", ".join(node.members)
    made.append(element("title", shown(names)))
    made.append(element("rect", x=_number(x), y=_number(y), width=_WIDTH, height=_HEIGHT, rx=8))
    title = shown(node.title)
    if len(title) > _LETTERS:
        title = title[: _LETTERS - 1] + "…"
    several = len(node.members) > 1
    middle = _number(x + _WIDTH / 2)
    made.append(element("text", title, x=middle, y=_number(y + (20 if several else 27))))
    if several:
        words = f"{len(node.members)} cells"
        made.append(element("text", words, x=middle, y=_number(y + 35), class_="count"))
    return made


def _arrow(graph: Graph, layout: Layout, arrow: Arrow, offset: float) -> tuple[Element, Element]:
    points = list(_way(layout, arrow, offset))
    line = element("path", d=_curve(points), class_=f"arrow {arrow.kind}")
    line.set("marker-end", f"url(#head-{arrow.kind})")
    names = f"{graph.nodes[arrow.source].title} → {graph.nodes[arrow.target].title}"
    line.append(element("title", shown(f"{names}: {KINDS[arrow.kind]} ({arrow.text})")))
    middle = len(points) // 2
    (x0, y0), (x1, y1) = points[middle - 1], points[middle]
    label = shown(arrow.label) if graph.nodes[arrow.target].kind != "shared" else ""
    if len(label) > _LABEL_LETTERS:
        label = label[: _LABEL_LETTERS - 1] + "…"
    at = {"x": _number((x0 + x1) / 2), "y": _number((y0 + y1) / 2 - 4)}
    return line, element("text", label, class_=f"label {arrow.kind}", **at)


def _way(layout: Layout, arrow: Arrow, offset: float) -> Iterator[_Point]:
    """The points an arrow passes; two and two of them belong to one bow."""
    low, high = arrow.source, arrow.target
    x, y = _corner(*layout.places[low])
    if low == high:
        yield x + _WIDTH - 44 - offset, y
        yield x + _WIDTH - 20 - offset, y
        return
    back = layout.places[low][0] > layout.places[high][0]
    bends = layout.bends[(high, low) if back else (low, high)]
    yield x + (0 if back else _WIDTH), y + _HEIGHT / 2 + offset
    for column, row in reversed(bends) if back else bends:
        x, y = _corner(column, row)
        ends = (x, x + _WIDTH)
        for end in reversed(ends) if back else ends:
            yield end, y + _HEIGHT / 2 + offset
    x, y = _corner(*layout.places[high])
    yield x + (_WIDTH + 3 if back else -3), y + _HEIGHT / 2 + offset


def _curve(points: list[_Point]) -> str:
    (x, y), *rest = points
    words = [f"M{_number(x)} {_number(y)}"]
    if len(rest) == 1 and rest[0][1] == y and abs(rest[0][0] - x) < _WIDTH / 2:  # to itself
        end = rest[0][0]
        up = _number(y - 24)
        bow = f"C{_number(x - 6)} {up} {_number(end + 6)} {up} {_number(end)} {_number(y)}"
        return words[0] + bow
    for number, (to_x, to_y) in enumerate(rest):
        if number % 2:
            words.append(f"L{_number(to_x)} {_number(to_y)}")
        else:
            middle = _number((x + to_x) / 2)
            words.append(
                f"C{middle} {_number(y)} {middle} {_number(to_y)} {_number(to_x)} {_number(to_y)}"
            )
        x, y = to_x, to_y
    return "".join(words)


def _number(value: float) -> str:
    """A coordinate with at most one decimal."""
    return f"{value:.1f}".removesuffix(".0")
