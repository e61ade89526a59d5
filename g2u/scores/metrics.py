"""The numbers of a cell: accuracy of its arms, their gains, fidelity, and what rewards tell."""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from g2u import plugins
from g2u.arms import DIRECT, Arm, Rule, by_arm, last_round, main_arm
from g2u.pictures.decoding import pixels_of
from g2u.protocols import SetScorer
from g2u.questions.clusters import linked
from g2u.records import Picture, Question, Target, Thought
from g2u.scores import statistics
from g2u.scores.beside import Asked, beside
from g2u.scores.causes import causes
from g2u.scores.judging import GIVEN
from g2u.scores.looks import followed, in_words, over_looks, widened
from g2u.scores.marking import UNREAD, gold_probability, marked, worth
from g2u.scores.pooled import Told, pooled
from g2u.scores.rewards import Draw, telling
from g2u.scores.sequential import Plan
from g2u.scores.statistics import Resampling
from g2u.tables import schemas as tables
from g2u.tables.schemas import Answer, Judgement, Reward, Score
from g2u.thoughts.part import drawn_for

if TYPE_CHECKING:
    from g2u.scores.fidelity import Fidelity

NO_ANSWER = ("failed", "not_applicable", "undrawn")


def over_vote(rule: Rule) -> str:
    """What the gain over a vote of direct is called in a cell's metrics."""
    return f"direct_{rule.name}"


@dataclass(frozen=True, slots=True)
class Scored:
    """A cell's scores, and what its gains are over."""

    own: Sequence[Score]
    """Of all arms of the cell."""
    bases: Mapping[str, Sequence[Score]]
    """By name, one arm each: direct, duplicate, direct of the model's baseline, votes of direct."""

    @property
    def direct(self) -> Sequence[Score]:
        """Of direct's main arm."""
        return self.bases["direct"]


def score_answers(
    questions: Sequence[Question], gold: Sequence[Target], answers: Sequence[Answer]
) -> list[Score]:
    """One score per answer: failed ones have none, those that rules could not score have 0."""
    by_id = {question.id: question for question in questions}
    answer_of = {target.id: target for target in gold}
    tables.assert_same_ids("targets", answer_of, by_id)
    names = linked([q.pictures or (q.id,) for q in questions])
    clusters = {q.id: name for q, name in zip(questions, names, strict=True)}
    scores = []
    for answer in answers:
        question, target = by_id[answer.id], answer_of[answer.id]
        cluster = clusters[answer.id]
        if answer.status != "ok":
            scores.append(Score(answer.id, answer.arm, answer.status, "", None, cluster))
            continue
        status, prediction, value = marked(answer, question, target)
        sure = gold_probability(answer, question, target)
        scores.append(
            Score(
                answer.id, answer.arm, status, prediction, value, cluster, ended=answer.ended,
                probability=sure,
            )
        )  # fmt: skip
    return scores


def published(
    gold: Sequence[Target], questions: Sequence[Question], answers: Sequence[Answer]
) -> dict[str, dict[str, Any]]:
    """By arm, what the published rules that our scorers extend (their PUBLISHED) make of its
    answers: the rule, its accuracy, and in how many items it scores otherwise before a judge; {}
    where no scorer extends one.
    """
    rules = {t.id: getattr(plugins.scorer(t.scorer), "PUBLISHED", None) for t in gold}
    extended = {name for name in rules.values() if name}
    if not extended:
        return {}
    kept = [answer for answer in answers if answer.status == "ok" and rules[answer.id]]
    plain = [replace(target, scorer=rules[target.id] or target.scorer) for target in gold]
    found: dict[str, dict[str, Any]] = {}
    for arm, of_arm in by_arm(kept).items():
        ours = [score.score for score in score_answers(questions, gold, of_arm)]
        whole = [replace(answer, ended="") for answer in of_arm]
        theirs = [score.score or 0.0 for score in score_answers(questions, plain, whole)]
        found[arm.name] = {
            "rule": ", ".join(sorted(extended)),
            "accuracy": sum(theirs) / len(theirs),
            "differs": sum(a != b for a, b in zip(ours, theirs, strict=True)),
        }
    return found


def decided(scores: Sequence[Score], judgements: Sequence[Judgement]) -> list[Score]:
    """Scores with a judge's word where no rule could read the answer or compare it."""
    said = {(j.id, j.arm): j.score for j in judgements if j.name in GIVEN}
    return [
        replace(score, status="judged", score=value)
        if score.status in UNREAD and (value := said.get((score.id, score.arm.name))) is not None
        else score
        for score in scores
    ]


def arm_metrics(scores: Sequence[Score], confidence: float) -> dict[str, Any]:
    """Accuracy with interval, and where options were scored the mean probability of the right one;
    what was not scored; how many answers were truncated, filtered, or do
    not tell why they ended, whether they could be read or not.
    """
    states = Counter(score.status for score in scores)
    counts = {name: states[name] for name in (*UNREAD, *NO_ANSWER)}
    ends = Counter(score.ended for score in scores if score.status not in NO_ANSWER)
    counts |= {"truncated": ends["length"], "filtered": ends["filter"], "end_not_told": ends[""]}
    kept = [(s.score, s.cluster) for s in scores if s.score is not None]
    if not kept:
        return {"items": 0, **counts}
    values, clusters = zip(*kept, strict=True)
    interval = statistics.mean_interval(values, clusters, confidence)
    sure = [s.probability for s in scores if s.probability is not None]
    return {
        "accuracy": interval.mean,
        "low": interval.low,
        "high": interval.high,
        **({"probability": sum(sure) / len(sure)} if sure else {}),
        "items": len(kept),
        "clusters": len(set(clusters)),
        **counts,
    }


def gain_metrics(
    arm: Sequence[Score], base: Sequence[Score], fallback: Sequence[Score], how: Resampling
) -> dict[str, Any]:
    """The gain over complete cases, and its mean when failures are answered by `fallback`; where
    options were scored, the gain in the probability of the right one (`graded`); where some
    are undrawn, the gain over all questions (`pooled`).
    """
    based = {score.id: score.score for score in base}
    spare = {score.id: score.score for score in fallback}
    tables.assert_same_ids("baseline", based, (score.id for score in arm))
    pairs = [
        (s.score, based[s.id], s.cluster)
        for s in arm
        if s.score is not None and based[s.id] is not None
    ]
    if not pairs:
        return {"items": 0}
    own, other, clusters = zip(*pairs, strict=True)
    gain = asdict(statistics.paired_gain(own, other, clusters, how))
    filled = []
    for score in arm:
        if score.status == "undrawn":
            continue
        value = spare[score.id] if score.score is None else score.score
        other_value = based[score.id]
        if value is not None and other_value is not None:
            filled.append(value - other_value)
    gain["with_fallback"] = sum(filled) / len(filled)
    return gain | _graded(arm, base, how) | _pooled(arm, base, fallback, how)


def _graded(arm: Sequence[Score], base: Sequence[Score], how: Resampling) -> dict[str, float]:
    """The gain in the probability of the right option; {} where options were not scored."""
    sure = {score.id: score.probability for score in base}
    pairs = [
        (score.probability, other, score.cluster)
        for score in arm
        if score.probability is not None and (other := sure.get(score.id)) is not None
    ]
    if not pairs:
        return {}
    own, plain, clusters = zip(*pairs, strict=True)
    gain = statistics.paired_gain(own, plain, clusters, how)
    return {
        "graded": gain.difference,
        "graded_low": gain.low,
        "graded_high": gain.high,
        "graded_p": gain.p,
    }


def _pooled(
    arm: Sequence[Score], base: Sequence[Score], direct: Sequence[Score], how: Resampling
) -> dict[str, float]:
    """The gain over all questions, where some are undrawn; {} where none is, or it is not known."""
    if all(score.status != "undrawn" for score in arm):
        return {}
    based, plain = ({score.id: score for score in scores} for scores in (base, direct))
    is_sure = all(score.probability is not None for score in direct if score.score is not None)
    told = []
    for score in arm:
        first, other = plain[score.id], based[score.id].score
        is_drawn = score.score is not None and other is not None
        if first.score is None or not (is_drawn or score.status == "undrawn"):
            continue
        known = (first.score, first.probability or 0.0) if is_sure else (first.score,)
        change = score.score - other if score.score is not None and other is not None else None
        told.append(Told(score.cluster, known, change))
    found = pooled(told, how.confidence)
    if found is None:
        return {}
    return {
        "pooled": found.difference,
        "pooled_low": found.low,
        "pooled_high": found.high,
        "pooled_p": found.p,
        "pool": found.pool,
    }


def chance(questions: Sequence[Question], gold: Sequence[Target]) -> dict[str, float]:
    """Accuracy of answering at random and of the commonest answer.

    `chance` counts open questions without a closed answer set as 0.
    """
    right = {target.id: len(target.distinct) for target in gold}
    odds = [
        right[q.id] / len(q.choices) if q.choices else 0.5 if q.format == "yes_no" else 0.0
        for q in questions
    ]
    said: Counter[str] = Counter()
    for target in gold:
        said.update(_worth_of_each(target))
    return {"chance": sum(odds) / len(odds), "majority": max(said.values()) / len(gold)}


def _worth_of_each(target: Target) -> dict[str, float]:
    """By accepted answer, without case, what it is worth: 1, or as the scorer counts several."""
    scorer, found = plugins.scorer(target.scorer), dict[str, float]()
    for answer in target.distinct:
        value = worth(scorer, answer, target.answers) if isinstance(scorer, SetScorer) else 1.0
        name = answer.strip().lower()
        found[name] = max(found.get(name, 0.0), value or 0.0)
    return found


def cell_metrics(
    questions: Sequence[Question],
    gold: Sequence[Target],
    scored: Scored,
    how: Resampling,
    plan: Plan | None = None,
) -> dict[str, Any]:
    """All numbers of a cell's scores; `plan`: that looks at the cell followed, whose stopping its
    gains then allow for.
    """
    if plan is None:
        return _metrics(questions, gold, scored, how)
    looks = len(plan.shares)
    found = _metrics(questions, gold, scored, how, widened(how, looks))
    for name in found.keys() & {"gains", "beside", "causes"}:
        found[name] = over_looks(found[name], looks)
    for gain in (gain for gains in found["gains"].values() for gain in gains.values()):
        for key in [key for key in gain if key.startswith("pool")]:
            del gain[key]  # it takes the part that is drawn for as fixed beforehand
    there = by_arm(scored.own)
    main = main_arm(there)
    course = followed(plan, questions, there[main], scored.direct)
    if course is not None:
        decided = course.decided
        found["gains"][main.name]["direct"] |= course.corrected(how)
        drawn = sum(score.status != "undrawn" for score in there[main])
        share = 1.0 if decided.drawn == 1 else round(drawn / len(questions), 2)
        found["looks"] = {
            "decision": decided.decision, "drawn": share, "pool": len(questions), "of": looks,
            "said": in_words(decided.decision, share),
        }  # fmt: skip
    return found


def arms_and_gains(
    questions: Sequence[Question],
    gold: Sequence[Target],
    scored: Scored,
    how: Resampling,
    of_gains: Resampling | None = None,
) -> dict[str, Any]:
    """The numbers of each arm, and its gains by what they are over; `of_gains`: how these are
    compared, where otherwise.
    """
    compared = of_gains or how
    found: dict[str, Any] = {"arms": {}, "gains": {}, **chance(questions, gold)}
    there = by_arm(scored.own)
    for arm, scores in there.items():
        found["arms"][arm.name] = arm_metrics(scores, how.confidence)
        if arm == DIRECT:
            continue
        bases = dict(scored.bases)
        if arm.pairing == "own" and arm.shuffled() in there:
            bases["shuffled"] = there[arm.shuffled()]
        found["gains"][arm.name] = {
            name: gain_metrics(scores, base, scored.direct, compared)
            for name, base in bases.items()
            if base
        }
    return found


def _metrics(
    questions: Sequence[Question],
    gold: Sequence[Target],
    scored: Scored,
    how: Resampling,
    of_gains: Resampling | None = None,
) -> dict[str, Any]:
    """The same, what stands beside the main arm's gain, and what its drawings do."""
    compared, there = of_gains or how, by_arm(scored.own)
    found = arms_and_gains(questions, gold, scored, how, compared)
    main = main_arm(there)
    if main != DIRECT and scored.bases.get("direct"):
        left = {score.id for score in there[main] if score.status == "undrawn"}
        there = {arm: _but(left, scores) for arm, scores in there.items()}
        bases = {name: _but(left, scores) for name, scores in scored.bases.items()}
        asked = Asked(drawn_for(questions, left), {target.id: target for target in gold})
        shuffled = there.get(main.shuffled(), [])
        found["beside"] = beside(asked, there[main], {**bases, "shuffled": shuffled}, compared)
        found["causes"] = causes(asked, main, there, bases, compared)
    return found


def _but(left: Set[str], scores: Sequence[Score]) -> list[Score]:
    """The scores but for those of questions that are `left` undrawn."""
    return [score for score in scores if score.id not in left]


def reward_metrics(
    scores: Sequence[Score], rewards: Sequence[Reward], how: Resampling
) -> dict[str, Any]:
    """Per reward: what it tells of right answers and of faithful thoughts, over all draws."""
    main = main_arm(score.arm for score in scores)
    there = {(score.id, score.arm): score for score in scores}
    draws: dict[str, list[Draw]] = {}
    for each in rewards:
        score = there.get((each.question, main.drawn(each.draw, each.round)))
        if score is not None and score.score is not None:
            draw = Draw(each.question, score.cluster, each.value, score.score, score.fidelity)
            draws.setdefault(each.name, []).append(draw)
    return {name: asdict(telling(found, how)) for name, found in draws.items()}


def fidelities(
    pictures: Mapping[str, Picture], oracles: Mapping[str, Picture], thoughts: Sequence[Thought]
) -> "dict[tuple[str, str], Fidelity]":
    """By source and drawing: how near the thought is to the oracle, where they can be compared; of
    a benchmark all by ink, or all as photographs where an oracle has another size than its picture.
    """
    from g2u.scores.fidelity import fidelity

    are_upon = all(
        (oracle.width, oracle.height) == (pictures[source].width, pictures[source].height)
        for source, oracle in oracles.items()
    )

    pairs = {
        (thought.source, thought.picture.digest): thought.picture
        for thought in thoughts
        if thought.status == "ok" and thought.picture is not None and thought.source in oracles
    }
    found = {}
    for (source, digest), drawn in sorted(pairs.items(), key=lambda pair: pair[0]):
        thought, oracle = (np.asarray(pixels_of(each)) for each in (drawn, oracles[source]))
        upon = np.asarray(pixels_of(pictures[source])) if are_upon else None
        near = fidelity(thought, oracle, upon)
        if near is not None:
            found[source, digest] = near
    return found


def fidelity_metrics(found: "Mapping[tuple[str, str], Fidelity]") -> dict[str, float]:
    """Means over distinct thoughts of what was measured; {} if none."""
    rows = [asdict(each) for each in found.values()]
    if not rows:
        return {}
    measured = {n: [row[n] for row in rows if row[n] is not None] for n in rows[0]}
    return {n: float(np.mean(v)) for n, v in measured.items() if v} | {"thoughts": len(rows)}


def with_fidelity(
    scores: Sequence[Score],
    thoughts: Sequence[Thought],
    found: "Mapping[tuple[str, str], Fidelity]",
) -> list[Score]:
    """Scores of the cell's draws with the fidelity of their thoughts, the mean over pictures.

    Path agreement, and correlation of photographs, tell whether a drawing says what the oracle
    says, which PSNR does not.
    """
    if not scores:
        return []
    main = main_arm(score.arm for score in scores)
    last = last_round(thoughts)
    known: dict[tuple[str, Arm], list[float]] = {}
    for thought in thoughts:
        each = found.get((thought.source, thought.picture.digest if thought.picture else ""))
        if each is not None and thought.round == last:
            known.setdefault((thought.question, main.drawn(thought.draw)), []).append(each.value)
    return [
        replace(score, fidelity=float(np.mean(values)))
        if (values := known.get((score.id, score.arm)))
        else score
        for score in scores
    ]
