"""What graphs are written as can be read back, whatever their texts hold."""

from __future__ import annotations

import re
import shutil
import subprocess
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.escape import dot_string, mermaid_string
from compiler.graph.dot import dot
from compiler.graph.graph import KINDS, Arrow, Cause, Graph, Kind, Node
from compiler.graph.layout import laid_out
from compiler.graph.mermaid import mermaid
from compiler.graph.svg import svg
from compiler.render.shown import shown
from tests.backends.texts import ALL_PAIRS, TEXTS

SVG = "{http://www.w3.org/2000/svg}"
_kinds: list[Kind] = list(KINDS)


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    count = draw(st.integers(0, 9))
    nodes = tuple(
        Node(f"n{i}", draw(TEXTS), (draw(TEXTS),) * draw(st.integers(1, 3))) for i in range(count)
    )
    ends = st.integers(0, max(count - 1, 0))
    pairs = draw(st.lists(st.tuples(ends, ends, st.sampled_from(_kinds)), unique=True, max_size=20))
    arrows = (
        [Arrow(a, b, kind, (Cause(draw(TEXTS), draw(TEXTS)),)) for a, b, kind in pairs]
        if count
        else []
    )
    return Graph(draw(TEXTS), nodes, tuple(arrows))


@given(graphs())
@settings(max_examples=40, deadline=None)
def test_svg_is_xml_with_every_node_and_arrow(graph: Graph) -> None:
    root = ElementTree.fromstring(svg(graph).encode("utf-8", "strict"))
    classes = [element.get("class", "") for element in root.iter()]
    assert sum(name.startswith("node ") for name in classes) == len(graph.nodes)
    assert sum(name.startswith("arrow ") for name in classes) == len(graph.arrows)
    assert {e.tag.removeprefix(SVG) for e in root.iter()} <= {
        "svg", "title", "style", "defs", "marker", "path", "g", "rect", "text",
    }  # fmt: skip
    heads = {e.get("id") for e in root.iter(f"{SVG}marker")}
    assert heads == {f"head-{arrow.kind}" for arrow in graph.arrows}
    titles = [e.findtext(f"{SVG}title") for e in root.iter(f"{SVG}g") if e.get("class")]
    assert titles == [shown(", ".join(node.members)) for node in graph.nodes]


@given(graphs())
@settings(max_examples=60, deadline=None)
def test_no_two_nodes_share_a_place_and_arrows_lead_to_the_right(graph: Graph) -> None:
    layout = laid_out(graph)
    assert len({*layout.places}) == len(graph.nodes)
    joined = {(a.source, a.target) for a in graph.arrows if a.source != a.target}
    assert {frozenset(pair) for pair in layout.bends} == {frozenset(pair) for pair in joined}
    for (left, right), bends in layout.bends.items():
        columns = [layout.places[left][0], *(b[0] for b in bends), layout.places[right][0]]
        assert columns == list(range(columns[0], columns[0] + len(columns)))
    assert laid_out(graph) == layout


def test_a_chain_has_a_column_each() -> None:
    nodes = tuple(Node(f"n{i}", f"c{i}", (f"c{i}",)) for i in range(4))
    arrows = tuple(Arrow(a, b, "order", ()) for a, b in ((2, 0), (0, 3), (3, 1), (2, 1)))
    layout = laid_out(Graph("t", nodes, arrows))
    assert [column for column, _ in layout.places] == [1, 3, 0, 2]
    assert len(layout.bends[2, 1]) == 2


def test_labels_of_arrows_between_two_nodes_are_apart() -> None:
    nodes = tuple(Node(f"n{i}", f"c{i}", (f"c{i}",)) for i in range(2))
    kinds: tuple[Kind, ...] = ("files", "ipc", "process")
    ways = ((0, 1), (1, 0))
    arrows = tuple(Arrow(a, b, kind, (Cause("x", "x"),)) for a, b in ways for kind in kinds)
    root = ElementTree.fromstring(svg(Graph("t", nodes, arrows)))
    labels = [e for e in root.iter(f"{SVG}text") if e.get("class", "").startswith("label ")]
    heights = sorted(float(e.get("y", "")) for e in labels)
    assert len(heights) == len(arrows)
    assert all(below - above > 8 for above, below in pairwise(heights))
    assert heights[-1] - heights[0] <= 44  # the height of a node


def test_an_empty_graph_says_so() -> None:
    root = ElementTree.fromstring(svg(Graph("t", (), ())))
    assert [e.text for e in root.iter(f"{SVG}text")] == ["none"]


_ENTITY = re.compile(r"#(\d+);")
_LINE = re.compile(r'    n\d+(\[|\{\{|\(\[|\[\()?"[^"\n]*"(\]|\}\}|\]\)|\)\])')
_ARROW = re.compile(r'    n\d+ (-->|==>|-\.->)\|"[^"\n]*"\| n\d+')


@given(graphs())
@settings(max_examples=40, deadline=None)
def test_mermaid_has_a_line_each(graph: Graph) -> None:
    first, *lines = mermaid(graph).removesuffix("\n").split("\n")
    assert first == "flowchart LR"
    assert len(lines) == len(graph.nodes) + len(graph.arrows)
    for line in lines:
        assert _LINE.fullmatch(line) or _ARROW.fullmatch(line), line


@pytest.mark.parametrize(
    "text", ["a b", 'x"]; click n0 href "javascript:alert(1)"', "é#35;\n", "%%{"]
)
def test_a_label_of_mermaid_is_its_text(text: str) -> None:
    label = mermaid_string(text)
    assert label[0] == label[-1] == '"'
    assert '"' not in label[1:-1]
    assert _ENTITY.sub(lambda m: chr(int(m[1])), label[1:-1]) == text


needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="needs graphviz")


@needs_dot
def test_dot_shows_every_text_as_it_is() -> None:
    """All awkward texts at once, read by Graphviz itself."""
    texts = [text for text in ALL_PAIRS[:400] if text.strip()]
    nodes = tuple(Node(f"n{i}", text, (text,)) for i, text in enumerate(texts))
    written = dot(Graph('a "title" \\N', nodes, (Arrow(0, 1, "process", (Cause("x", '"]'),)),)))
    made = subprocess.run(
        ["dot", "-Kpatchwork", "-Tsvg"], input=written.encode(), capture_output=True, timeout=60
    )
    assert (made.returncode, made.stderr) == (0, b"")
    root = ElementTree.fromstring(made.stdout)
    for group in root.iter(f"{SVG}g"):
        if group.get("class") == "node":
            number = int((group.findtext(f"{SVG}title") or "").removeprefix("n"))
            words = "".join(e.text or "" for e in group.iter(f"{SVG}text")).replace("\xa0", " ")
            expected = dot_string(texts[number])[1:-1]
            plain = expected.replace('\\"', '"').replace("\\\\", "\\").replace("&amp;", "&")
            assert words.strip() == plain.strip()


@given(TEXTS)
def test_what_is_shown_stays_where_it_is(text: str) -> None:
    assert shown(text).isprintable()
    if text.isprintable():
        assert shown(text) == text
