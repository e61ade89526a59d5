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
from g2u.scoring.responses import refuses

FOLDER = Path(__file__).parents[1] / "tests" / "scoring" / "hostile"


@dataclass(frozen=True, slots=True)
class Case:
    """A response and what it means."""

    scorer: str
    question: Question
    response: str
    label: str
    """The prediction, `abstained` or `unparsed`."""

    @property
    def is_held(self) -> bool:
        """Whether parsers were developed without it."""
        text = "\n".join((self.scorer, self.question.text, self.response))
        return hashlib.sha256(text.encode()).hexdigest()[0] in "01234567"

    def read(self) -> str:
        """What the parser makes of it."""
        found = plugins.scorer(self.scorer).parse(self.response, self.question)
        if found is None:
            return "abstained" if refuses(self.response) else "unparsed"
        return found


def cases() -> Iterator[Case]:
    """All labelled responses."""
    for path in sorted(FOLDER.glob("*.yaml")):
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
                    yield Case(path.stem, question, response, label)


def main() -> None:
    """Print what is read wrongly and the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--open", action="store_true", help="leave the held half alone")
    only_open = parser.parse_args().open
    right: Counter[tuple[str, bool]] = Counter()
    total: Counter[tuple[str, bool]] = Counter()
    for case in cases():
        if only_open and case.is_held:
            continue
        found, key = case.read(), (case.scorer, case.is_held)
        total[key] += 1
        right[key] += found == case.label
        if found != case.label:
            half = "held" if case.is_held else "open"
            print(f"{half} {case.scorer}: {case.response!r}: expected {case.label!r}, {found!r}")
    print("answer type | open half | held half")
    for scorer in dict.fromkeys(scorer for scorer, _ in total):
        shares = [f"{right[scorer, held]}/{total[scorer, held]}" for held in (False, True)]
        print(f"{scorer} | {shares[0]} | {shares[1]}")
    for held, name in ((False, "open"), (True, "held")):
        count = sum(n for (_, is_held), n in total.items() if is_held == held)
        good = sum(n for (_, is_held), n in right.items() if is_held == held)
        if count:
            print(f"{name}: {good} of {count} = {good / count:.2%}")


if __name__ == "__main__":
    main()
