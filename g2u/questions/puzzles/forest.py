"""A 6 x 6 floor of tiles in two trees: the structure of mosaic.

Every tile but the two roots has a parent among its neighbours. Whoever asks for a tile's root
must walk from parent to parent: the work is serial, its depth is the number of hops.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

GRID = 6
ROOTS = 2
TILE = 8
"""Side of a tile in pixels."""
NEWEST_FIRST = 0.9
"""Share of growth from a tree's newest tile; makes long, winding branches."""


@dataclass(frozen=True, slots=True)
class Forest:
    """Tiles are numbered row by row, 0..35."""

    parent: tuple[int, ...]
    """Parent of each tile; a root is its own."""
    root: tuple[int, ...]
    """Root of each tile, as its place 0..3 among the roots in order of their tile numbers."""
    depth: tuple[int, ...]
    """Hops from each tile to its root."""

    def path(self, tile: int) -> list[int]:
        """The tiles from `tile` to its root, both included."""
        found = [tile]
        while self.parent[found[-1]] != found[-1]:
            found.append(self.parent[found[-1]])
        return found


def _neighbours(tile: int) -> list[int]:
    row, column = divmod(tile, GRID)
    near = ((row - 1, column), (row, column + 1), (row + 1, column), (row, column - 1))
    return [r * GRID + c for r, c in near if 0 <= r < GRID and 0 <= c < GRID]


NEIGHBOURS = tuple(tuple(_neighbours(tile)) for tile in range(GRID * GRID))


def draw(rng: np.random.Generator, depth: int) -> Forest:
    """A random forest in which both trees have a tile with `depth` hops to its root."""
    while True:
        forest = _grow(rng)
        if (
            len({r for r, hops in zip(forest.root, forest.depth, strict=True) if hops == depth})
            == ROOTS
        ):
            return forest


def _grow(rng: np.random.Generator) -> Forest:
    tiles = GRID * GRID
    chances = iter(rng.random(10 * tiles).tolist())
    roots = sorted(rng.permutation(tiles)[:ROOTS].tolist())
    parent, depth, root = [-1] * tiles, [0] * tiles, [0] * tiles
    for place, tile in enumerate(roots):
        parent[tile], root[tile] = tile, place
    active = [[tile] for tile in roots]
    while any(active):
        growing = [branch for branch in active if branch]
        branch = growing[int(next(chances) * len(growing))]
        place = (
            len(branch) - 1 if next(chances) < NEWEST_FIRST else int(next(chances) * len(branch))
        )
        tile = branch[place]
        free = [near for near in NEIGHBOURS[tile] if parent[near] < 0]
        if not free:
            branch.pop(place)
            continue
        child = free[int(next(chances) * len(free))]
        parent[child], root[child], depth[child] = tile, root[tile], depth[tile] + 1
        branch.append(child)
    return Forest(tuple(parent), tuple(root), tuple(depth))


def _symmetries() -> list[NDArray[np.int64]]:
    board = np.arange(GRID * GRID).reshape(GRID, GRID)
    turns = [np.rot90(board, k) for k in range(4)]
    return [each.ravel() for turn in turns for each in (turn, turn.T)]


SYMMETRIES = _symmetries()
"""The 8 ways to turn and mirror the floor: for each, the tile that comes to lie at each place."""


def canonical(forest: Forest) -> bytes:
    """The parents, the same for all 8 symmetric floors."""
    parent = np.array(forest.parent)
    forms: list[bytes] = []
    for moved in SYMMETRIES:
        place = np.empty_like(moved)
        place[moved] = np.arange(len(moved))
        forms.append(place[parent[moved]].astype(np.uint8).tobytes())
    return min(forms)


def pick(rng: np.random.Generator, forest: Forest, depth: int) -> list[int]:
    """One tile of each tree with exactly `depth` hops to its root, trees in random order.

    So whoever does not know the question cannot tell which tree it asks about.
    """
    deep = [
        [t for t, hops in enumerate(forest.depth) if hops == depth and forest.root[t] == tree]
        for tree in rng.permutation(ROOTS).tolist()
    ]
    return [tiles[int(rng.integers(len(tiles)))] for tiles in deep]


def place_name(tile: int) -> str:
    """Where a tile lies, in words: rows from the top and columns from the left, from 1."""
    row, column = divmod(tile, GRID)
    return f"row {row + 1}, column {column + 1}"
