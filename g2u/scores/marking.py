"""What one answer is worth, and what became of it: read, or why not."""

import math
from collections.abc import Sequence

from g2u import plugins
from g2u.protocols import AnswerScorer, SetScorer
from g2u.records import Ending, Question, Target
from g2u.scores.cut import plainly
from g2u.scores.responses import refuses
from g2u.tables.schemas import Answer

UNREAD = ("unparsed", "abstained", "undecided")
"""What rules could not score; each counts as 0 until a judge has decided."""
CUT: dict[Ending, str] = {"length": "truncated", "filter": "filtered"}
"""States of answers that their model did not end, and that say nothing plainly: 0."""


def marked(answer: Answer, question: Question, target: Target) -> tuple[str, str, float]:
    """State, prediction and score of an answer that did not fail; see `Score`.

    Of one that was cut off or filtered only what it plainly says is read.
    """
    scorer = plugins.scorer(target.scorer)
    response = plainly(answer.response) if answer.ended in CUT else answer.response
    prediction = scorer.parse(response, question) if response else None
    if prediction is None:
        if answer.ended in CUT:
            return CUT[answer.ended], "", 0.0
        return "abstained" if refuses(response) else "unparsed", "", 0.0
    value = worth(scorer, prediction, target.answers)
    return "undecided" if value is None else "ok", prediction, value or 0.0


def worth(scorer: AnswerScorer, prediction: str, accepted: Sequence[str]) -> float | None:
    """What a prediction is worth, 0..1: of several accepted answers as the scorer counts them, else
    as the best of them; None where rules cannot tell.
    """
    if isinstance(scorer, SetScorer):
        return scorer.among(prediction, accepted)
    values = [scorer.score(prediction, answer) for answer in dict.fromkeys(accepted)]
    known = [value for value in values if value is not None]
    best = max(known, default=0.0)
    return None if best < 1.0 and len(known) < len(values) else best


def gold_probability(answer: Answer, question: Question, target: Target) -> float | None:
    """Probability of the right option, or of all accepted ones, 0..1: of all options' mean
    log-probabilities per token, the softmax; None where options were not scored, or no right one is
    among them.
    """
    names = question.choices if question.format == "label" else question.option_letters()
    right = [names.index(each) for each in target.distinct if each in names]
    if not answer.option_scores or not right:
        return None
    top = max(answer.option_scores)
    weights = [math.exp(score - top) for score in answer.option_scores]
    return sum(weights[place] for place in right) / sum(weights)
