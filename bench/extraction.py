"""How well are answers read from hostile responses? tests/scoring/hostile, labelled by hand.

Run: python -m bench.extraction [--open] [--part NAME]    (--open: only the half that parsers are
developed on)
"""

import argparse
import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from g2u import plugins
from g2u.records import Question
from g2u.scores.cut import plainly
from g2u.scores.marking import worth
from g2u.scores.responses import refuses

PARTS = ("open", "held", "later", "last", "fresh", "second", "third")
FOLDER = Path(__file__).parents[1] / "tests" / "scoring" / "hostile"
WORTHS = {1.0: "right", 0.0: "wrong", None: "open"}
"""Labels of entries that have a gold answer."""
NOT_READ = ("unparsed", "abstained", "open")


@dataclass(frozen=True, slots=True)
class Case:
    """A response and what it means."""

    scorer: str
    question: Question
    accepted: tuple[str, ...]
    """Gold answers, where the label says what the response is worth; empty = the label is what it
    says.
    """
    is_cut: bool
    """Whether its model did not end it."""
    response: str
    label: str
    """The prediction, or right, wrong, open; `abstained` or `unparsed`."""
    folder: str
    """later, last, fresh, second or third: written after the parts before it had been looked at;
    empty = before.
    """

    @property
    def part(self) -> str:
        """A word of PARTS."""
        if self.folder:
            return self.folder
        text = "\n".join((self.scorer, self.question.text, self.response))
        is_held = hashlib.sha256(text.encode()).hexdigest()[0] in "01234567"
        return "held" if is_held else "open"

    def read(self) -> str:
        """What the parser makes of it."""
        scorer = plugins.scorer(self.scorer)
        response = plainly(self.response) if self.is_cut else self.response
        found = scorer.parse(response, self.question) if response else None
        if found is None and refuses(self.response):
            return "abstained"
        if not self.accepted:
            return "unparsed" if found is None else found
        value = None if found is None else worth(scorer, found, self.accepted)
        return WORTHS.get(value, f"worth {value}")

    def misread(self, found: str) -> bool:
        """Whether it was read as something else, not merely left unread."""
        return found != self.label and found not in NOT_READ


def cases(folder: Path = FOLDER) -> Iterator[Case]:
    """All labelled responses."""
    for path in sorted(folder.rglob("*.yaml")):
        for entry in yaml.safe_load(path.read_text(encoding="utf-8")):
            part = "" if path.parent == FOLDER else path.parent.name
            yield from _cases(path.stem, entry, part)


def _cases(scorer: str, entry: dict[str, Any], part: str) -> Iterator[Case]:
    question = Question(
        "q",
        entry["text"],
        tuple(entry.get("choices", ())),
        tuple(entry.get("letters", ())),
        "choice" if scorer == "choice" else "short",
    )
    accepted = tuple(entry.get("accepted", ())) or ((entry["gold"],) if "gold" in entry else ())
    for label, responses in entry["means"].items():
        for response in responses:
            is_cut = entry.get("cut", False)
            yield Case(scorer, question, accepted, is_cut, response, label, part)


def main() -> None:
    """Print what is read wrongly and the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--open", action="store_true", help="leave the other parts alone")
    parser.add_argument("--part", choices=PARTS, help="look at this part alone")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="other labelled responses")
    said = parser.parse_args()
    kept = "open" if said.open else said.part
    right: Counter[tuple[str, str]] = Counter()
    total: Counter[tuple[str, str]] = Counter()
    misread: Counter[str] = Counter()
    for case in cases(said.folder):
        if kept not in (None, case.part):
            continue
        found, key = case.read(), (case.scorer, case.part)
        total[key] += 1
        right[key] += found == case.label
        misread[case.part] += case.misread(found)
        if found != case.label:
            what = "read as" if case.misread(found) else "not read:"
            said_it = f"{case.part} {case.scorer}: {case.response!r}"
            print(f"{said_it}: expected {case.label!r}, {what} {found!r}")
    parts = [part for part in PARTS if any(other == part for _, other in total)]
    print(f"| answer type | {' | '.join(parts)} |\n|---|{'---|' * len(parts)}")
    for scorer in dict.fromkeys(scorer for scorer, _ in total):
        shares = [f"{right[scorer, part]}/{total[scorer, part]}" for part in parts]
        print(f"| {scorer} | {' | '.join(shares)} |")
    for part in parts:
        count = sum(n for (_, other), n in total.items() if other == part)
        good = sum(n for (_, other), n in right.items() if other == part)
        bad = misread[part]
        print(f"{part}: {good} of {count} = {good / count:.2%}; read as something else: {bad}")


if __name__ == "__main__":
    main()
