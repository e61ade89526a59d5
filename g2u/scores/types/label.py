"""label: one class name out of many: classification and fine-grained recognition.

The classes are the question's choices; underscores and hyphens in them are spaces.
"""

from g2u.records import Question
from g2u.scores import responses
from g2u.scores.options import affirmed, normal


def parse(response: str, question: Question) -> str | None:
    """The only class that the response affirms, as the benchmark spells it. Longer names go first:
    "sand dune" is not "sand". A response that names several has not answered.
    """
    text = responses.concluded(response)
    classes = {name: _spelt(name) for name in question.choices}
    whole = [name for name, spelt in classes.items() if spelt == _spelt(text)]
    return whole[0] if len(whole) == 1 else affirmed(_spaced(text), classes)


def score(prediction: str, answer: str) -> float:
    """1 for the same class."""
    return float(_spelt(prediction) == _spelt(answer))


def _spaced(text: str) -> str:
    return text.replace("_", " ").replace("-", " ")


def _spelt(text: str) -> str:
    return normal(_spaced(text))
