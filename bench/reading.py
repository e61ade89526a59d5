"""How does the time of every reader of text grow with the text? Ratio of 64,000 to 16,000 letters.

Run: python -m bench.reading [SCORER ...]    (names: only these readers)
CPU time; 4 is linear. Shapes are repetitions of what the readers look for, and natural replies; of
each reader the five that are slowest at 16,000 are measured at both sizes.
"""

import argparse
import time
from collections.abc import Callable, Iterator

from g2u import literals, plugins
from g2u.records import Question
from g2u.scores import forms, judging, leaks, options, quantities, responses
from g2u.thoughts import drawing
from g2u.thoughts.edits import interleaved, rounds

SMALL, LARGE = 16_000, 64_000
SLOWEST = 5
QUESTION = Question("q", "Which?", ("cat", "Point B", "A red ball", "42"), format="choice")
GOLD = {
    "number": "2.5 m +- 5 %", "list": "[1, 2]", "route": '["up", "down"]', "times": "Car: 6.0",
    "displacement": "north 1 east 2", "json_object": '{"choice": 1}', "choice": "A",
    "yes_no": "yes", "multi_choice": "AB", "multi_choice_partial": "AB",
    "box": '{"box": [0.1, 0.1, 0.6, 0.6], "frame": "pixels", "size": [200, 100]}',
    "point": '{"mask": [4, 2, 3, 5], "frame": "thousand", "size": [4, 2]}',
}  # fmt: skip
"""Targets by scorer; else "2.5 m" and "the cat"."""
SHAPES = (
    "[", "{", "(", "[1,", "{\"a\":", "['", "[\"", "{{1},", "[[1,2],", "\\boxed{", "\\boxed{}",
    "}", "]", "\\text{", "\\frac{", "\\frac{1}{2} ", "<think>", "</think>", "<think>a</think>",
    "<answer>", "<answer>B</answer>", "</answer>", "[THINK]", "<|channel|>",
    "<|channel|>final<|message|>", "```", "```a", "`", "*", "**", "* ", "*a", "**a** ", "__",
    "_", "#", "\n#", "$", " ", "\n", "\t\n", "\n ", ".", "!", "?!", ". ", ", ", ",", ";", ":",
    "-", "–", "=", "= ", "1", "9", "1 ", "1,000", "1.000.", "1/", "1 1/2 ", "10^", "x 10 ^ {",
    "^ {", "°", "½", "is: ", "is ", "answer ", "answer (", "answer is ", "the answer is A. ",
    "answer is answer: ", "final answer: B. ", "not ", "no ", "no. ", "yes ", "yes, ", "A ",
    "A, ", "A or B, ", "A. ", "(A) ", "Option A ", "Point B ", "I ", "but ", "so ",
    "lean towards A, ", "sorry ", "sorry can ", "cannot ", "can not ", "ich kann ", "too ",
    "too big to ", "up ", "up 100 ", "R,", "north 1 ", "car: 1 ", "and ", "cat and ", "- a\n",
    "- a   b\n", "1. \n", "aaaaaaa", "a ", "é", "e\u0301", "\u0315\u0300", "\ud800", "答案", "是",
    "はい ", "🔴", "MATCH ", "Edit: \n", "Step: a  ", "RIGHT ", "0.5, ", "\\", "\"", "'", "' ",
    "\u0000", "it is ", "there are no a on ", "wait, ", "nothing more ", "3 m i.e. 300 cm, ",
    "in total ", "more than 5 ", "5 not ", "half a ", "twenty-one ",
    "9 or more ", "in total, ", "Step 1: ", "3 blocks north ", "or \\boxed{1} ", "a... no, b: ",
    "→ ", "⬅️", "lässt sich ", "could also ", "桜です", "は桜", "car = 1/1 = ",
    "the flag has a on it ", "> a\n", "all but A, ",
)  # fmt: skip
NATURAL = (
    "Looking at the picture, the red ball lies left of the cat. The gap is 64 - 21 = 43 cm.\n",
    "1. **Point B** is closer, as it is 2.5 m away, not 3 m.\n\n2. So it can't be A; thus B.\n",
)


def readers() -> dict[str, Callable[[str], object]]:
    """By name, everything that reads a text which a model wrote."""
    found: dict[str, Callable[[str], object]] = {
        "said": responses.said,
        "concluded": responses.concluded,
        "refuses": responses.refuses,
        "boxed": responses.boxed,
        "objects": responses.objects,
        "statements": responses.statements,
        "literal": literals.read_literal,
        "in a list": lambda text: literals.read_literal(f"[{text}]"),
        "phrase": forms.phrase,
        "expression": forms.expression,
        "quantities": lambda text: quantities.quantities(quantities.prepared(text)),
        "same": lambda text: quantities.same(text, "2.5 m"),
        "affirmed": lambda text: options.affirmed(text, {"A": "cat", "B": "point b"}),
        "holds": lambda text: leaks.holds(text, "point b"),
        "edit": rounds.instruction,
        "mismatch": rounds.is_mismatch,
        "step": interleaved.step,
        "tagged": lambda text: drawing.tagged(text, "Edit", "stop"),
    }
    for name in (*judging.VERDICTS, *judging.NUMBERS):
        found[f"judge {name}"] = lambda text, name=name: judging.read(name, text)  # type: ignore[misc]
    for name in plugins.known("scorer"):
        found[name] = _scorer(name)
    return found


def _scorer(name: str) -> Callable[[str], object]:
    scorer = plugins.scorer(name)
    targets = [GOLD[name]] if name in GOLD else ["2.5 m", "the cat", "yes"]

    def read(text: str) -> object:
        prediction = scorer.parse(text, QUESTION)
        if prediction is None:
            return None
        return prediction, [scorer.score(prediction, target) for target in targets]

    return read


def texts() -> Iterator[tuple[str, str]]:
    """What is repeated, and the part before it."""
    for shape in (*SHAPES, *NATURAL):
        yield shape, ""
        if shape in SHAPES:
            yield shape, "The answer is "


def seconds(read: Callable[[str], object], shape: tuple[str, str], size: int, tries: int) -> float:
    """The least of `tries` runs over `size` letters."""
    text = shape[1] + shape[0] * (size // len(shape[0]))
    best = float("inf")
    for number in range(tries):
        anew = text + "x" * number  # what was read before may be remembered
        begun = time.process_time()
        read(anew)
        best = min(best, time.process_time() - begun)
    return best


def main() -> None:
    """Print, of each reader, the largest ratio and the most time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    wanted = parser.parse_args().names
    print("| reader | largest ratio | of | most ms for 64,000 | of |\n|---|---|---|---|---|")
    for name, read in readers().items():
        if wanted and name not in wanted:
            continue
        quick = {shape: seconds(read, shape, SMALL, 1) for shape in texts()}
        slowest = sorted(quick, key=lambda shape: -quick[shape])[:SLOWEST]
        small = {shape: seconds(read, shape, SMALL, 6) for shape in slowest}
        large = {shape: seconds(read, shape, LARGE, 4) for shape in slowest}
        steep = max(slowest, key=lambda shape: large[shape] / small[shape])
        most = max(slowest, key=lambda shape: large[shape])
        ratio, took = large[steep] / small[steep], 1000 * large[most]
        steep_text, most_text = (shape[1] + shape[0] for shape in (steep, most))
        print(f"| {name} | {ratio:.1f} | {steep_text!r} | {took:.0f} | {most_text!r} |", flush=True)


if __name__ == "__main__":
    main()
