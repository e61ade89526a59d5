"""Does the style of an edit prompt matter? Families that differ in style, compared item by item."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from g2u.scores.statistics import Gain, Resampling, holm, paired_gain
from g2u.tables.schemas import Score


@dataclass(frozen=True, slots=True)
class StyleGain:
    """One style against the reference, over all questions that both have scored."""

    model: str
    style: str
    reference: str
    gain: Gain
    holm: float
    """Over all styles and models compared."""


def style_gains(
    styled: Mapping[tuple[str, str, str], Sequence[Sequence[Score]]], how: Resampling
) -> list[StyleGain]:
    """Each style minus the first one named, by model.

    Args:
        styled: model, style, benchmark -> the main arm's scores of each family of that style. A
            question's score under a style is the mean over these families; it counts where both
            styles have as many of them.
        how: the resampling of the report's gains.
    """
    made: list[tuple[str, str, str, Gain]] = []
    for model in dict.fromkeys(model for model, _, _ in styled):
        names = list(dict.fromkeys(style for own, style, _ in styled if own == model))
        means = {name: _means(styled, model, name) for name in names}
        for name in names[1:]:
            first, own = means[names[0]], means[name]
            common = [
                item for item in own if item in first and own[item].families == first[item].families
            ]
            if common:
                gain = paired_gain(
                    [own[item].score for item in common],
                    [first[item].score for item in common],
                    [own[item].cluster for item in common],
                    how,
                )
                made.append((model, name, names[0], gain))
    corrected = holm([gain.p for *_, gain in made])
    return [StyleGain(*each, p) for each, p in zip(made, corrected, strict=True)]


@dataclass(frozen=True, slots=True)
class _Item:
    """A question under one style."""

    score: float
    families: int
    cluster: str


def _means(
    styled: Mapping[tuple[str, str, str], Sequence[Sequence[Score]]], model: str, style: str
) -> dict[tuple[str, str], _Item]:
    """By benchmark and question id."""
    found: dict[tuple[str, str], list[Score]] = {}
    for (own, name, benchmark), families in styled.items():
        if (own, name) == (model, style):
            for score in (each for scores in families for each in scores):
                if score.score is not None:
                    found.setdefault((benchmark, score.id), []).append(score)
    return {
        (benchmark, id): _Item(
            sum(score.score or 0.0 for score in scores) / len(scores),
            len(scores),
            f"{benchmark} {scores[0].cluster}",
        )
        for (benchmark, id), scores in found.items()
    }
