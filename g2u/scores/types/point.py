"""point: points in a picture; the share of them that lies inside the gold place.

Rule: RefSpatial-Bench and Where2Place (lmms-eval, tasks/refspatial/utils.py): the mean over the
points of a reply. The gold place is a box, a polygon or a mask, and what the numbers of a reply
count in is declared; a reply in another frame is undecided.
"""

from g2u.records import Question
from g2u.scores.places import points_in
from g2u.scores.regions import region


def parse(response: str, question: Question) -> str | None:
    """The points, as "412,233 500,120"; None where there is none, or a box among them."""
    del question
    return points_in(response)


def score(prediction: str, answer: str) -> float | None:
    """The share of points inside; None where one is of another frame than the declared one."""
    place = region(answer)
    points = [place.relative(text) for text in prediction.split()]
    if any(point is None for point in points):
        return None
    inside = [place.holds((point[0], point[1])) for point in points if point is not None]
    return sum(inside) / len(inside)
