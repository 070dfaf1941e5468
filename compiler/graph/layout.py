"""Where the nodes of a graph stand: in columns, arrows from left to right as far as they can.

The usual four steps for layered drawings (Sugiyama, Tagawa and Toda, 1981): arrows that
close circles are turned round, nodes get columns by their longest way, arrows over
several columns get a bend in each, and columns are sorted by what their nodes lead to.
The same graph always gives the same drawing.
"""

from __future__ import annotations

from itertools import pairwise

from compiler.graph.graph import Graph
from compiler.record import record

_SWEEPS = 8


@record
class Layout:
    columns: int
    rows: int
    places: tuple[tuple[int, float], ...]
    """Column and row of each node."""
    bends: dict[tuple[int, int], tuple[tuple[int, float], ...]]
    """What an arrow between two nodes passes, from the left to the right one."""


def laid_out(graph: Graph) -> Layout:
    """The places of nodes, and the bends of arrows that skip columns."""
    count = len(graph.nodes)
    pairs = sorted({(a.source, a.target) for a in graph.arrows if a.source != a.target})
    forward = _without_circles(count, pairs)
    column = _columns(count, forward)
    layers: list[list[int]] = [[] for _ in range(max(column, default=-1) + 1)]
    for node in range(count):
        layers[column[node]].append(node)
    near: dict[int, list[int]] = {node: [] for node in range(count)}
    chains: dict[tuple[int, int], list[int]] = {}
    for low, high in forward:
        chain = [low]
        for between in range(column[low] + 1, column[high]):
            bend = len(near)
            near[bend] = []
            layers[between].append(bend)
            chain.append(bend)
        chain.append(high)
        for left, right in pairwise(chain):
            near[left].append(right)
            near[right].append(left)
        chains[low, high] = chain[1:-1]
    row = _rows(layers, near)
    at = {node: (number, row[node]) for number, layer in enumerate(layers) for node in layer}
    return Layout(
        len(layers),
        max((len(layer) for layer in layers), default=0),
        tuple(at[node] for node in range(count)),
        {pair: tuple(at[bend] for bend in bends) for pair, bends in chains.items()},
    )


def _without_circles(count: int, pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The pairs, those that lead back to a node whose walk is not over turned round."""
    after: list[list[int]] = [[] for _ in range(count)]
    entered = [False] * count
    for low, high in pairs:
        after[low].append(high)
        entered[high] = True
    state = [0] * count  # 0 new, 1 on the way, 2 done
    forward: set[tuple[int, int]] = set()
    for root in sorted(range(count), key=lambda n: (entered[n], n)):
        if state[root]:
            continue
        state[root] = 1
        stack = [(root, iter(after[root]))]
        while stack:
            node, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                state[node] = 2
                stack.pop()
                continue
            forward.add((following, node) if state[following] == 1 else (node, following))
            if state[following] == 0:
                state[following] = 1
                stack.append((following, iter(after[following])))
    return sorted(forward)


def _columns(count: int, forward: list[tuple[int, int]]) -> list[int]:
    """The number of arrows on the longest way to each node."""
    waiting = [0] * count
    after: list[list[int]] = [[] for _ in range(count)]
    for low, high in forward:
        waiting[high] += 1
        after[low].append(high)
    column = [0] * count
    ready = [node for node in range(count) if not waiting[node]]
    for node in ready:
        for following in after[node]:
            column[following] = max(column[following], column[node] + 1)
            waiting[following] -= 1
            if not waiting[following]:
                ready.append(following)
    return column


def _rows(layers: list[list[int]], near: dict[int, list[int]]) -> dict[int, float]:
    """Rows that keep what is related at about one height; each column is centred."""
    most = max((len(layer) for layer in layers), default=0)
    row: dict[int, float] = {}

    def settle(layer: list[int]) -> None:
        start = (most - len(layer)) / 2
        row.update((node, start + n) for n, node in enumerate(layer))

    for layer in layers:
        settle(layer)
    for sweep in range(_SWEEPS):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            layer.sort(key=lambda n: _middle([row[m] for m in near[n]], row[n]))
            settle(layer)
    return row


def _middle(heights: list[float], own: float) -> float:
    return sum(heights) / len(heights) if heights else own
