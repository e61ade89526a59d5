"""What stands beside a verdict: that answers move both ways, or on some kind of question, that one
option is answered whatever it says, that the drawing's answer is followed, even another's.

A verdict is about a mean. Half of the questions won and half lost is a strong effect with the mean
0; a model that says A as soon as there is a second picture is harmed by no drawing. Each is looked
for by a paired test over clusters; the report corrects them over the grid and words them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import stdtr

from g2u import plugins
from g2u.arms import donors
from g2u.records import Question, Target
from g2u.scores.leaks import answer_text
from g2u.scores.statistics import Floats, Resampling, numbered, paired_gain, sign_flip_p
from g2u.tables.schemas import Score

SHIFT = 0.15
"""Change of an option's share that is worth a word."""
ANSWER = "answer"
"""What right answers are called as a label."""
KINDS, EACH = 12, 10
"""Kinds of questions that a label may tell apart, and clusters that each of them has at least."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A benchmark's questions, with what they are known by."""

    questions: Sequence[Question]
    gold: Mapping[str, Target]

    @property
    def texts(self) -> dict[str, str]:
        """The right answers in words, by question."""
        return {q.id: answer_text(q, self.gold[q.id].answer) for q in self.questions}

    @property
    def accepted(self) -> dict[str, frozenset[str]]:
        """All accepted answers in words, by question."""
        return {
            q.id: frozenset(answer_text(q, each) for each in self.gold[q.id].distinct)
            for q in self.questions
        }


def beside(
    asked: Asked,
    own: Sequence[Score],
    bases: Mapping[str, Sequence[Score]],
    how: Resampling,
) -> dict[str, Any]:
    """Of an own thought's main arm; what cannot be asked is left out.

    Args:
        asked: the questions.
        own: its scores.
        bases: direct, duplicate, shuffled, as far as they were run.
        how: confidence of the intervals.
    """
    direct = bases["direct"]
    found: dict[str, Any] = {}
    if bases.get("duplicate"):
        found["moves"] = moves(own, direct, bases["duplicate"], how)
    if bases.get("shuffled"):
        found["channel"] = channel(asked, bases["shuffled"], direct, how)
    found["position"] = position(asked, own, direct, how)
    found["kinds"] = kinds(asked, own, direct)
    return {name: each for name, each in found.items() if each is not None}


def moves(
    own: Sequence[Score], direct: Sequence[Score], duplicate: Sequence[Score], how: Resampling
) -> dict[str, Any] | None:
    """Whether own thoughts change more answers than the original shown again does: the share of
    scores that differ from direct's, paired; None without items.
    """
    plain, again = ({s.id: s.score for s in scores} for scores in (direct, duplicate))
    rows = [
        (abs(score.score - one), abs(other - one), score.cluster)
        for score in own
        if score.score is not None
        and (one := plain.get(score.id)) is not None
        and (other := again.get(score.id)) is not None
    ]
    return compared(rows, how)


def channel(
    asked: Asked, shuffled: Sequence[Score], direct: Sequence[Score], how: Resampling
) -> dict[str, Any] | None:
    """Whether answers follow another picture's drawing: how often they are the right answer of the
    question that it was drawn for, beside that of a further question, whose drawing was not shown.

    Over questions for which the first would be wrong; what is merely confused by a strange drawing
    says the one as often as the other. None where there are none.
    """
    shown = followed(asked, shuffled, direct, donors(asked.questions))
    rows = [(each.donor, each.further, each.cluster) for each in shown]
    return compared(rows, how)


@dataclass(frozen=True, slots=True)
class Followed:
    """An answer that was given with another picture's drawing of another answer."""

    id: str
    cluster: str
    donor: float
    """1 where it is the answer that the drawing was made for, else 0."""
    further: float
    """1 where it is that of a further question, whose drawing was not shown. Where there are but
    two answers, 1 where it is the right one, or was the donor's already without a drawing: who is
    merely confused gives the donor's no more often than that.
    """


def followed(
    asked: Asked,
    shuffled: Sequence[Score],
    direct: Sequence[Score],
    ring: Mapping[str, str],
    given: Mapping[str, str] | None = None,
) -> Iterator[Followed]:
    """The answers for which the drawing's would be wrong.

    Args:
        asked: the questions.
        shuffled: scores with the drawings of others.
        direct: scores without drawings.
        ring: of each question the next one, by which a further one is looked for.
        given: the one whose drawing was shown; None = the next.
    """
    given = ring if given is None else given
    known = {question.id: question for question in asked.questions}
    texts, accepted = asked.texts, asked.accepted
    there, plain = set(texts.values()), {score.id: score for score in direct}

    def would_be_wrong(question: Question, other: str) -> bool:
        """Whether the right answer of another question can be given to this one, and is wrong."""
        text = texts[other]
        is_option = not question.choices or text in question.choices
        return is_option and text not in accepted[question.id]

    def next_wrong(question: Question, donor: str) -> str:
        """The first question after a donor whose right answer would be wrong here: the donor's
        again, or a third one, as often as these are right answers. So who answers by habit says
        both alike.
        """
        passed, further = {question.id, donor}, ring[donor]
        while further not in passed and not would_be_wrong(question, further):
            passed.add(further)
            further = ring[further]
        return donor if further in passed else further

    for score in shuffled:
        question, donor = known[score.id], given.get(score.id)
        if score.score is None or donor is None or not would_be_wrong(question, donor):
            continue
        target, right, told = asked.gold[score.id], texts[question.id], texts[donor]
        one, known_here = _says(score, told, question, target), {*accepted[score.id], told}
        if any(each in there and each not in known_here for each in question.choices or there):
            other = _says(score, texts[next_wrong(question, donor)], question, target)
        else:
            before = _says(plain[score.id], told, question, target) if score.id in plain else 0.0
            other = max(before, _says(score, right, question, target))
        yield Followed(score.id, score.cluster, one, other)


def _says(score: Score, text: str, question: Question, target: Target) -> float:
    """1 where an answer was read as this text, else 0."""
    if not score.prediction:
        return 0.0
    if question.choices:
        options = dict(zip(question.option_letters(), question.choices, strict=True))
        return float(options.get(score.prediction) == text)
    return float(plugins.scorer(target.scorer).score(score.prediction, text) == 1.0)


def position(
    asked: Asked, own: Sequence[Score], direct: Sequence[Score], how: Resampling
) -> dict[str, Any] | None:
    """The letter whose share rises most over direct's and further from its share among the right
    answers, by SHIFT at least; p by Bonferroni over letters. None where there is none.
    """
    letters = {q.id: q.option_letters() for q in asked.questions if q.choices}
    plain = {score.id: score for score in direct if score.score is not None}
    kept = [s for s in own if s.id in letters and s.score is not None and s.id in plain]
    names = sorted({letter for score in kept for letter in letters[score.id]})
    told = []
    for letter in names:
        rows = [
            (float(s.prediction == letter), float(plain[s.id].prediction == letter), s.cluster)
            for s in kept
        ]
        one, other = (float(np.mean([row[place] for row in rows])) for place in (0, 1))
        golds = [asked.gold[s.id].distinct for s in kept]
        right = float(np.mean([(letter in each) / len(each) for each in golds]))
        if one - other >= SHIFT and one - right > abs(other - right):
            found = compared(rows, how) or {}
            p = min(1.0, found["p"] * len(names))
            told.append({"letter": letter, "own": one, "direct": other, "right": right, "p": p})
    return min(told, key=lambda each: (each["p"], -each["own"]), default=None)


def compared(rows: Sequence[tuple[float, float, str]], how: Resampling) -> dict[str, Any] | None:
    """Rows of one value, another and a cluster: the mean difference; None without rows."""
    if not rows:
        return None
    one, other, clusters = zip(*rows, strict=True)
    gain = asdict(paired_gain(one, other, clusters, how))
    return {name: gain[name] for name in ("difference", "low", "high", "p", "items")}


def kinds(asked: Asked, own: Sequence[Score], direct: Sequence[Score]) -> dict[str, Any] | None:
    """The kind of question whose gain differs most from that of all others: a label of the
    questions, their category, or their right answer; p by Bonferroni over all kinds of all labels.
    None where no label tells 2 to KINDS of them apart, with EACH clusters and more.

    Where direct's favourite guess is right there is nothing to gain, so kinds of right answers have
    to differ in direction: a gain in one part and a loss in the other.
    """
    plain = {score.id: score.score for score in direct}
    rows = [
        (score.id, score.score - base, score.cluster)
        for score in own
        if score.score is not None and (base := plain.get(score.id)) is not None
    ]
    if not rows:
        return None
    names, change, clusters = zip(*rows, strict=True)
    changes, cluster = np.array(change), numbered(clusters)
    known, tested = {question.id: question for question in asked.questions}, []
    for label, values in _labels(asked, [known[name] for name in names]):
        there = sorted(set(values))
        if not 1 < len(there) <= KINDS:
            continue
        for kind in there if len(there) > 2 else there[:1]:
            is_of = np.array([value == kind for value in values])
            p = (opposite_p if label == ANSWER else difference_p)(changes, cluster, is_of)
            if p is not None:
                tested.append((p, label, kind, is_of))
    if not tested:
        return None
    p, label, kind, is_of = min(tested, key=lambda each: each[:3])
    return {
        "label": label,
        "kind": kind,
        "p": min(1.0, p * len(tested)),
        "tested": len(tested),
        "here": _flips(changes[is_of]),
        "elsewhere": _flips(changes[~is_of]),
    }


def _labels(asked: Asked, kept: Sequence[Question]) -> Iterator[tuple[str, list[str]]]:
    """Name and values of what tells questions apart."""
    names = dict.fromkeys(name for question in kept for name, _ in question.labels)
    yield "category", [question.category for question in kept]
    for name in names:
        yield name, [question.label(name) for question in kept]
    yield ANSWER, [answer_text(question, asked.gold[question.id].answer) for question in kept]


def _flips(change: Floats) -> list[int]:
    """Gained, lost, items."""
    return [int((change > 0).sum()), int((change < 0).sum()), len(change)]


def _smaller(cluster: Any, is_of: Any) -> int | None:
    """Clusters of the smaller part; None where these are fewer than EACH."""
    least = min(len(np.unique(cluster[part])) for part in (is_of, ~is_of))
    return least if least >= EACH else None


def opposite_p(change: Floats, cluster: Any, is_of: Any) -> float | None:
    """P that items of a kind gain and all others lose, or the other way round: the larger p of two
    sign-flip tests (a qualitative interaction; Gail and Simon 1985, doi 10.2307/2530862), 1 where
    both go one way. None where a part has fewer than EACH clusters.
    """
    if _smaller(cluster, is_of) is None:
        return None
    sums = [np.bincount(cluster[part], change[part]) for part in (is_of, ~is_of)]
    if sums[0].sum() * sums[1].sum() >= 0:
        return 1.0
    return max(sign_flip_p(each.astype(np.float64)) for each in sums)


def difference_p(change: Floats, cluster: Any, is_of: Any) -> float | None:
    """Two-sided p that the mean change is the same in items that are of a kind and in all others.

    A score test, robust to clusters: residuals are against the mean of all items, so that a kind in
    which nothing moves is not taken to be known for certain; t with a degree of freedom less than
    the clusters of the smaller part. None where a part has fewer than EACH clusters.
    """
    least = _smaller(cluster, is_of)
    if least is None or not change.any():
        return None
    weight = np.where(is_of, 1 / is_of.sum(), -1 / (~is_of).sum())
    pulls = np.bincount(cluster, weight * (change - change.mean()))
    count = len(pulls)
    error = float(np.sqrt(count / (count - 1) * (pulls**2).sum()))
    difference = float((weight * change).sum())
    if error < 1e-12:
        return None
    return float(2 * stdtr(least - 1, -abs(difference) / error))
