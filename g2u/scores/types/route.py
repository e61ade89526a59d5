"""route: a list of moves. Targets are moves, or a map that the moves are walked on.

Moves: share of positions that agree with the target's (UniG2U's measure of mazes and sliding
puzzles: lmms-eval, tasks/unig2u/uni_mmmu/utils.py). Map (Visual-Spatial-Planning): rows of cells,
@ or S = start, * or G = goal, # = hole, as "| Row 1 | # | _ |"; 1 for a walk that ends at the goal
and never leaves the map or meets a hole.
"""

import json
import re

from g2u.records import Question
from g2u.scores import responses
from g2u.scores.quantities import WORDS

MOVES = {
    "up": ("u", "n", "north", "上", "↑", "⬆", "up", "upward", "upwards"),
    "down": ("d", "s", "south", "下", "↓", "⬇", "down", "downward", "downwards"),
    "left": ("l", "w", "west", "左", "←", "⬅", "left", "leftward", "leftwards"),
    "right": ("r", "e", "east", "右", "→", "➡", "right", "rightward", "rightwards"),
}
MOVE = {spelling: move for move, spellings in MOVES.items() for spelling in spellings}
STEPS = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}
TIMES = {"once": 1, "twice": 2, "thrice": 3, **{w: n for w, n in WORDS.items() if n > 1}}
FILLER = re.compile(
    r"\b(?:move|go|then|and|steps?|times?|cells?|the|path|route|plan|moves|is|are|by|first|next|finally|turn|"
    r"to|answer|final|again|shortest|quickest|fastest|optimal|correct|best|only|possible|sequence|solution|way|my|goes|take|start|starts|starting|moving|going|of)\b|[\s,;.:|*\[\]\"'()<>-]+|\d+[.)]\s",
    re.IGNORECASE,
)
MOST = 10_000
"""Moves of a route."""
WORD = re.compile(rf"\b(?:{'|'.join(s for s in MOVE if len(s) > 1)})\b", re.IGNORECASE)
ARROW = re.compile(r"->|=>|[→↓←↑➔➜⇒](?=\s*[^\s→↓←↑])")
"""Between moves in words, where an arrow is no move."""
TOKEN = re.compile(r"[A-Za-z]+|\d+|[上下左右↑↓←→⬆⬇⬅➡]")
NUMBERED = re.compile(r"^[ \t]*+(?:\d++[.)]|step\s+\d++\s*[:.)])\s+", re.MULTILINE | re.IGNORECASE)


def parse(response: str, question: Question) -> str | None:
    """The moves, as "up up right"; None where other words stand between, or alternatives."""
    del question
    text = responses.concluded(response)
    lists = [value for value in responses.objects(text) if isinstance(value, list)]
    if len(lists) == 1:
        listed = [MOVE.get(str(entry).strip().lower()) for entry in lists[0]]
        return " ".join(str(move) for move in listed) if listed and all(listed) else None
    said = [
        (statement, moves)
        for statement in responses.statements(text)
        if not statement.is_denied and (moves := _moves(statement.rest))
    ]
    return responses.settled(said) if said else _moves(text)


def score(prediction: str, answer: str) -> float:
    """Share of the target's positions that agree, or whether the walk succeeds on its map."""
    moves = prediction.split()
    if "|" in answer or "\n" in answer.strip():
        return float(_arrives(moves, answer))
    wanted = _moves(" ".join(json.loads(answer)) if answer.lstrip().startswith("[") else answer)
    if not wanted:
        return 0.0
    steps = wanted.split()
    return sum(a == b for a, b in zip(moves, steps, strict=False)) / len(steps)


def _moves(text: str) -> str | None:
    text = NUMBERED.sub(" ", text)
    text = ARROW.sub(" ", text) if WORD.search(text) else text.replace("->", " ")
    compact = re.sub(r"[\s,;\-]+", "", text.strip().strip(".*\"'()"))
    if re.fullmatch(r"[UDLR]+", compact):
        return " ".join(MOVE[letter.lower()] for letter in compact)
    moves: list[str] = []
    for token in TOKEN.findall(text):
        word = token.lower()
        if word in MOVE:
            moves.append(MOVE[word])
        elif (word.isdigit() or word in TIMES) and moves:
            times = TIMES.get(word) or int(word[:4])
            moves += [moves[-1]] * (times - 1)
            if not 1 <= times <= 100 or len(moves) > MOST:
                return None
        elif not FILLER.fullmatch(word):
            return None
    return " ".join(moves) or None


def _arrives(moves: list[str], text: str) -> bool:
    rows = [line.split("|") for line in text.splitlines() if "Row" in line]
    cells = [[cell.strip() for cell in row if cell.strip() and "Row" not in cell] for row in rows]
    where = {cell: (y, x) for y, row in enumerate(cells) for x, cell in enumerate(row)}
    start = where.get("@") or where.get("S")
    goal = where.get("*") or where.get("G")
    if start is None or goal is None:
        return False
    y, x = start
    for move in moves:
        y, x = y + STEPS[move][0], x + STEPS[move][1]
        if not (0 <= y < len(cells) and 0 <= x < len(cells[y])) or cells[y][x] == "#":
            return False
    return (y, x) == goal
