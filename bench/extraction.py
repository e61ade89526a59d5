"""How well are answers read from hostile responses? tests/scoring/hostile, labelled by hand.

Run: python -m bench.extraction [--open]    (--open: only the half that parsers are developed on)
"""

import argparse
import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from g2u import plugins
from g2u.records import Question
from g2u.scores.responses import refuses

PARTS = ("open", "held", "later", "last")
FOLDER = Path(__file__).parents[1] / "tests" / "scoring" / "hostile"


@dataclass(frozen=True, slots=True)
class Case:
    """A response and what it means."""

    scorer: str
    question: Question
    response: str
    label: str
    """The prediction, `abstained` or `unparsed`."""
    folder: str
    """later or last: written after the other parts had been looked at; empty = before."""

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
        found = plugins.scorer(self.scorer).parse(self.response, self.question)
        if found is None:
            return "abstained" if refuses(self.response) else "unparsed"
        return found


def cases() -> Iterator[Case]:
    """All labelled responses."""
    for path in sorted(FOLDER.rglob("*.yaml")):
        for entry in yaml.safe_load(path.read_text(encoding="utf-8")):
            choices = tuple(entry.get("choices", ()))
            question = Question(
                "q",
                entry["text"],
                choices,
                tuple(entry.get("letters", ())),
                "choice" if path.stem == "choice" else "short",
            )
            for label, responses in entry["means"].items():
                for response in responses:
                    folder = "" if path.parent == FOLDER else path.parent.name
                    yield Case(path.stem, question, response, label, folder)


def main() -> None:
    """Print what is read wrongly and the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--open", action="store_true", help="leave the other parts alone")
    only_open = parser.parse_args().open
    right: Counter[tuple[str, str]] = Counter()
    total: Counter[tuple[str, str]] = Counter()
    for case in cases():
        if only_open and case.part != "open":
            continue
        found, key = case.read(), (case.scorer, case.part)
        total[key] += 1
        right[key] += found == case.label
        if found != case.label:
            said = f"{case.part} {case.scorer}: {case.response!r}"
            print(f"{said}: expected {case.label!r}, {found!r}")
    print(f"| answer type | {' | '.join(PARTS)} |\n|---|{'---|' * len(PARTS)}")
    for scorer in dict.fromkeys(scorer for scorer, _ in total):
        shares = [f"{right[scorer, part]}/{total[scorer, part]}" for part in PARTS]
        print(f"| {scorer} | {' | '.join(shares)} |")
    for part in PARTS:
        count = sum(n for (_, other), n in total.items() if other == part)
        good = sum(n for (_, other), n in right.items() if other == part)
        if count:
            print(f"{part}: {good} of {count} = {good / count:.2%}")


if __name__ == "__main__":
    main()
