"""Arms that are arithmetic on other arms: gates, votes, selection, two passes merged.

No model is asked.

A gate shows the thought where it is near enough to the original and else answers as direct (G2U's
gate: PSNR above 25 dB, the original padded to a square, the thought resized to it).
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from PIL import Image, ImageOps

from g2u.arms import Arm
from g2u.digests import sha256
from g2u.pictures.decoding import pixels_of
from g2u.records import Picture, Question, Thought
from g2u.tables.schemas import Answer, Score

IDLE = ("not_applicable", "undrawn")
STATES = ("failed", *IDLE)


def squared(picture: Picture) -> Image.Image:
    """The picture in the middle of a black square as wide as its longer side."""
    side = max(picture.width, picture.height)
    return ImageOps.pad(pixels_of(picture), (side, side), Image.Resampling.BICUBIC)


def nearness(original: Picture, thought: Picture, by: str) -> float:
    """How like its original a thought is, by "psnr" (dB, at most 99) or "ssim" (-1..1)."""
    from g2u.scores.fidelity import likeness  # imports scikit-image, which most cells do not need

    square = squared(original)
    drawn = pixels_of(thought).resize(square.size, Image.Resampling.BICUBIC)
    return likeness(np.asarray(drawn), np.asarray(square), by)


def nearnesses(
    thoughts: Sequence[Thought], pictures: Mapping[str, Picture], by: str
) -> dict[str, float]:
    """Question id -> the mean over its thoughts; questions without thoughts are left out."""
    known: dict[tuple[str, str], float] = {}
    found: dict[str, list[float]] = {}
    for thought in thoughts:
        if thought.status != "ok" or thought.picture is None or thought.source not in pictures:
            continue
        pair = (thought.source, thought.picture.digest)
        if pair not in known:
            known[pair] = nearness(pictures[thought.source], thought.picture, by)
        found.setdefault(thought.question, []).append(known[pair])
    return {question: float(np.mean(values)) for question, values in found.items()}


def gated(
    arm: Arm,
    shown: Sequence[Score],
    direct: Mapping[str, Score],
    near: Mapping[str, float],
    above: float,
) -> list[Score]:
    """Per question the arm's score where its thoughts are near enough, else direct's.

    A question whose thought failed keeps its state; one without thoughts is answered as direct.
    """
    found = []
    for score in shown:
        is_shown = score.status in STATES or near.get(score.id, above) > above
        found.append(replace(score if is_shown else direct[score.id], arm=arm))
    return found


def voted(arm: Arm, arms: Sequence[Sequence[Score]]) -> list[Score]:
    """Per question the prediction that most arms share; of equally many, the one that came first.

    What was not parsed abstains; where nothing was, the first arm's state stands. A vote gives no
    option a probability.
    """
    found = []
    for rows in _by_question(arms):
        counts = Counter(row.prediction for row in rows if row.status == "ok")
        winner = counts.most_common(1)[0][0] if counts else None
        chosen = next((row for row in rows if row.prediction == winner), rows[0])
        found.append(replace(chosen, arm=arm, probability=None))
    return found


def selected(
    arm: Arm, arms: Sequence[Sequence[Score]], worth: Callable[[Score], float]
) -> list[Score]:
    """Per question the score of the arm that is worth most; of equal ones, the first.

    Args:
        arm: the derived one.
        arms: one per draw.
        worth: what decides; asked only of answers that have a score.
    """
    found = []
    for rows in _by_question(arms):
        scored = [row for row in rows if row.score is not None]
        found.append(replace(max(scored, key=worth) if scored else rows[0], arm=arm))
    return found


def at_random(arm: Arm, arms: Sequence[Sequence[Score]], seed: int) -> list[Score]:
    """Per question the score of an arm drawn by the question's id."""
    found = []
    for rows in _by_question(arms):
        place = int(sha256([seed, rows[0].id])[:8], 16) % len(rows)
        found.append(replace(rows[place], arm=arm))
    return found


def _by_question(arms: Sequence[Sequence[Score]]) -> Iterator[list[Score]]:
    """Where one is idle, all are: what is left of four draws is not four draws."""
    others = [{score.id: score for score in scores} for scores in arms[1:]]
    for first in arms[0]:
        rows = [first, *(scores[first.id] for scores in others)]
        idle = next((row for row in rows if row.status in IDLE), None)
        yield rows if idle is None else [idle] * len(rows)


def separate(
    arm: Arm,
    questions: Sequence[Question],
    answers: Sequence[Answer],
    direct: Mapping[str, Answer],
) -> list[Answer]:
    """Original and thought looked at one by one: the mean of both passes' option scores.

    Not applicable where options were not scored.
    """
    asked = {question.id: question for question in questions}
    said = "original and thought are looked at one by one, the options' scores averaged"
    found = []
    for answer in answers:
        merged = replace(answer, arm=arm, difference=said)
        other = direct[answer.id]
        if answer.status != "ok":
            found.append(merged)
        elif other.status != "ok":
            found.append(replace(merged, status=other.status, reason=other.reason, response=""))
        elif not answer.option_scores or not other.option_scores:
            reason = "the options were not scored, so two passes cannot be merged"
            found.append(replace(merged, status="not_applicable", reason=reason, response=""))
        else:
            means = np.mean([answer.option_scores, other.option_scores], axis=0)
            letter = asked[answer.id].option_letters()[int(means.argmax())]
            scores = tuple(float(mean) for mean in means)
            found.append(replace(merged, response=letter, option_scores=scores))
    return found
