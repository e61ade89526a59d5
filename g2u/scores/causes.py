"""What a drawing did, told by interventions: a dose, another picture's drawing, a part alone.

All is a difference of arms over the same questions, clustered by picture. Donors are chosen by
digests, where answers are made; here alone, beside the gold answers, is it known which of them have
a question's own answer, and which another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from g2u.arms import Arm, donors
from g2u.scores.beside import Asked, compared, followed
from g2u.scores.statistics import Resampling, mean_interval
from g2u.tables.schemas import Score

Values = Mapping[str, float]
"""By question, 0..1: a score, or the mean of several."""
Found = dict[str, Any]


def causes(
    asked: Asked,
    main: Arm,
    there: Mapping[Arm, Sequence[Score]],
    bases: Mapping[str, Sequence[Score]],
    how: Resampling,
) -> Found:
    """Of a family's own thoughts; {} where no arm intervenes.

    Args:
        asked: the questions.
        main: the family's main arm.
        there: the scores of the cell's arms.
        bases: direct, and duplicate as far as it was run.
        how: confidence of the intervals.
    """
    if not any(arm.intervenes for arm in there):
        return {}
    compare = _Compare(there[main], how)
    own, direct = _values(there[main]), _values(bases["direct"])
    duplicate = _values(bases.get("duplicate", ()))
    alone = [arm for arm in there if arm.whose is None and arm.rule is None and not arm.is_further]
    doses = _doses(main, [arm for arm in alone if arm.alter], there)
    without = duplicate or (doses.get("reverted", {}).get(100, {}))
    found: Found = {
        "effects": compare.effects(own, direct, without),
        "doses": {
            name: told for name, each in doses.items() if (told := compare.doses({0: own, **each}))
        },
        "donors": compare.donors(asked, main, there, bases["direct"], (own, direct, without)),
        "parts": {
            arm.alter or arm.feedback: compare.part(_values(there[arm]), own, direct)
            for arm in alone
            if arm.alter not in doses and (arm.alter or arm.feedback == "only") and arm != main
        },
    }
    return {name: each for name, each in found.items() if each}


def _values(scores: Sequence[Score]) -> dict[str, float]:
    return {score.id: score.score for score in scores if score.score is not None}


def _doses(
    main: Arm, altered: Sequence[Arm], there: Mapping[Arm, Sequence[Score]]
) -> dict[str, dict[int, Values]]:
    """By alteration with several amounts, by amount, in their order."""
    found: dict[str, dict[int, Values]] = {}
    for arm in sorted(altered, key=lambda arm: arm.amount):
        if arm.alter is not None and main.altered(arm.alter, arm.amount) == arm:
            found.setdefault(arm.alter, {})[arm.amount] = _values(there[arm])
    return {name: each for name, each in found.items() if len(each) > 1}


class _Compare:
    """Differences and means over the questions that all of them have, by cluster."""

    def __init__(self, scores: Sequence[Score], how: Resampling) -> None:
        self._clusters = {score.id: score.cluster for score in scores}
        self._how = how

    def less(self, one: Values, other: Values, shared: Sequence[str] | None = None) -> Found | None:
        """One minus the other."""
        ids = _shared(one, other) if shared is None else shared
        return compared([(one[n], other[n], self._clusters[n]) for n in ids], self._how)

    def mean(self, values: Values, shared: Sequence[str]) -> Found:
        """With its interval."""
        clusters = [self._clusters[name] for name in shared]
        return asdict(
            mean_interval([values[name] for name in shared], clusters, self._how.confidence)
        )

    def effects(self, own: Values, direct: Values, without: Values) -> Found:
        """The gain in two parts: what is drawn, and that there is a second picture."""
        ids = _shared(own, direct, without)
        if not ids:
            return {}
        return {
            "own": self.mean(own, ids),
            "direct": self.mean(direct, ids),
            "total": self.less(own, direct, ids),
            "content": self.less(own, without, ids),
            "company": self.less(without, direct, ids),
        }

    def doses(self, amounts: Mapping[int, Values]) -> Found:
        """The curve, what is lost with the greatest dose, and the test that it falls or rises.

        Trend: the mean of greater doses minus that of smaller ones, weighted by how far they lie
        from the mean dose; so it has the p of the slope of each question's line.
        """
        ids = _shared(*amounts.values())
        if not ids:
            return {}
        middle = sum(amounts) / len(amounts)
        reach = sum(abs(amount - middle) for amount in amounts) / 2
        sides = [
            {
                name: sum(
                    max(0.0, sign * (amount - middle)) / reach * each[name]
                    for amount, each in amounts.items()
                )
                for name in ids
            }
            for sign in (1, -1)
        ]
        first, last = amounts[min(amounts)], amounts[max(amounts)]
        return {
            "points": [
                {"amount": amount, **self.mean(each, ids)} for amount, each in amounts.items()
            ],
            "loss": self.less(first, last, ids),
            "trend": self.less(sides[0], sides[1], ids),
            "items": len(ids),
        }

    def part(self, values: Values, own: Values, direct: Values) -> Found:
        """An arm that shows a part: how accurate, over direct, and below own."""
        ids = _shared(values, own, direct)
        if not ids:
            return {}
        gain, below = self.less(values, direct, ids), self.less(own, values, ids)
        return {**self.mean(values, ids), "gain": gain, "below": below}

    def donors(
        self,
        asked: Asked,
        main: Arm,
        there: Mapping[Arm, Sequence[Score]],
        plain: Sequence[Score],
        bases: tuple[Values, Values, Values],
    ) -> Found:
        """Drawings of other pictures, of the same and of another answer: of each question the mean
        over its donors of that kind.

        `plain`: scores of direct; `bases`: own, direct, and without anything drawn.
        """
        own, direct, without = bases
        texts, accepted = asked.texts, asked.accepted
        ring = donors(asked.questions, pairing="alike")
        same: dict[str, list[float]] = {}
        other: dict[str, list[float]] = {}
        said: dict[str, list[tuple[float, float]]] = {}
        for arm, scores in there.items():
            if arm != main.alike(arm.donor):
                continue
            given = donors(asked.questions, arm.donor, arm.pairing)
            for score in scores:
                donor = given.get(score.id)
                if score.score is not None and donor is not None:
                    kind = same if texts[donor] in accepted[score.id] else other
                    kind.setdefault(score.id, []).append(score.score)
            for each in followed(asked, scores, plain, ring, given):
                said.setdefault(each.id, []).append((each.donor, each.further))
        found: Found = {}
        if alike := self.part(_means(same), own, direct):
            alike["answer"] = self.less(_means(same), without)
            found["same"] = alike
        if unlike := self.part(_means(other), own, direct):
            found["other"] = unlike
        follows, further = (
            _means({name: [each[place] for each in rows] for name, rows in said.items()})
            for place in (0, 1)
        )
        if follows:
            ids = _shared(follows, further)
            found["follows"] = {**self.mean(follows, ids), "over": self.less(follows, further)}
        return found


def _means(found: Mapping[str, Sequence[float]]) -> dict[str, float]:
    return {name: sum(values) / len(values) for name, values in found.items()}


def _shared(*values: Values) -> list[str]:
    """Questions that all have, in the first one's order."""
    first, *others = values
    return [name for name in first if all(name in other for other in others)]
