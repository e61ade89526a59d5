r"""boxed: a mathematical answer, in \boxed{...} or after "the answer is".

Compared by its normal form and by value; what that cannot settle is wrong here, or a judge's
(`equivalent`).
"""

from g2u.records import Question
from g2u.scores import responses
from g2u.scores.forms import expression
from g2u.scores.quantities import same


def parse(response: str, question: Question) -> str | None:
    """The last box (of an answer in parts, all of them), else what the response says the answer
    is, else a lone expression; in normal form.
    """
    del question
    text = responses.said(response)
    found = responses.boxed(text)
    if found:
        return expression(found) or None
    if responses.BOX.search(text) or responses.refuses(text):
        return None
    text = responses.concluded(response)
    said = [
        (statement, form)
        for statement in responses.statements(text)
        if not statement.is_denied and (form := expression(statement.text))
    ]
    if said:
        return responses.settled(said)
    return expression(text) or None if len(text.split()) == 1 else None


def score(prediction: str, answer: str) -> float | None:
    """1 for the same normal form or the same value; None for one of several boxes."""
    wanted = expression(answer)
    if prediction == wanted or same(prediction, answer) is True:
        return 1.0
    return None if "," in prediction and wanted in prediction.split(",") else 0.0
