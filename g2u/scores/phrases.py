"""What a phrase or a sentence that answers is worth: right, wrong, or not for rules to tell.

The words around a short answer are no part of it. A sentence is right where its own form says
which words answer ("The umbrella is red." says red), wrong where the target does not occur in it,
and left open where it holds the target among other words ("a red umbrella").
"""

import re

from g2u.records import Question
from g2u.scores.forms import PREFIX, phrase
from g2u.scores.leaks import holds
from g2u.scores.options import DENIED
from g2u.scores.quantities import Quantity, agree, prepared, quantities, whole_quantity
from g2u.scores.types import number, yes_no

SENTENCE = 400
"""Letters of a reply in which the words that answer are looked for."""
WORDS = 5
"""Words of an answer within a sentence, at most."""
NO_QUESTION = Question("", "")
DETERMINER = re.compile(r"no\s+(?!(?:it|there|they|he|she|this|that|the|i)\b)\w")
"""No cats, no parking: whatever else that says."""
YES_NO = frozenset({"yes", "no"})
HEDGE = re.compile(
    r"(?:(?:about|around|approximately|approx\.?|roughly|nearly|almost|circa|probably|likely|"
    r"possibly|maybe|perhaps|i(?:\s+would|'d)\s+say|i\s+(?:think|believe)|in|on|at)\s++|[~≈$€£¥]\s*+)++",
    re.IGNORECASE,
)
AFTERTHOUGHT = re.compile(
    r"\s*[,;(-]?\s+\(?(?:i\s+(?:think|believe|guess|suppose|would\s+say|am\s+(?:\w+\s+)?(?:sure|certain))|"
    r"i(?:'d\s+say|'m\s+(?:\w+\s+)?(?:sure|certain))|it\s+(?:seems|appears|looks\s+like)|probably|maybe|"
    r"perhaps|most\s+likely|in\s+my\s+(?:opinion|view)|to\s+me|for\s+sure|of\s+course|clearly|obviously|"
    r"as\s+(?:shown|seen|visible|far\s+as\s+i\s+can\s+(?:see|tell)))\)?$",
    re.IGNORECASE,
)
"""After an answer: red, I think."""
OPENING = re.compile(
    r"(?:i\s+(?:can\s+)?see|there\s+(?:is|are)|(?:it|he|she|they|this|that|these|those)\s+"
    r"(?:is|are|was|were|looks\s+like|(?:appears?|seems?)\s+to\s+be)|it's|that's|they're|he's|she's)\s*:?\s+"
)
SAYING = re.compile(
    r"\b(?:is|are|was|were|says|said|reads|shows|displays|features|depicts|bears|equals|reached|reaches|(?:stood|stands)\s+at|"
    r"belongs\s+to|(?:appears?|seems?)\s+to\s+be|ist|sind|heißt|est|s'appelle|es|son|se\s+llama|è|sono|"
    r"é|são|это)\s*:?\s+"
)
"""After which a sentence says its answer, where it has only one such word."""
DOING = re.compile(
    r"(?:[a-z]+ing\s+(?:on|in|at|under|behind|beside|near|to|from|with)|[a-z]+(?:ed|en|wn|ld|nt|de)\s+(?:by|on|in|at|from)|"
    r"(?:play|eat|wear|hold|rid|us|watch|drink|read|carry)ing|made\s+(?:of|from)|dated|called|named|titled|label?led|marked)\s+"
)
"""Before the answer in what a sentence says: is lying on, was signed by, are playing."""
EXTREME = re.compile(
    r"(?:has|had|have|is|are|was|were|shows?|showed|recorded)\s+the\s+(?:[a-z]+est|most|least|only)\b"
    r"|(?:is|are|appears?|(?:can|may)\s+be\s+seen|stands?|sits?|lies)\s+"
    r"(?:on|in|at|under|above|behind|next\s+to|shown|visible|depicted|displayed|seen)\b"
    r"|(?:wrote|signed|painted|won|made|built|designed|sent|published)\s+(?:the|this|it)\b"
)
"""After an answer that is the subject of its sentence: Chile has the highest bar."""
OPEN = re.compile(
    r"\b(?:if|whether|unless|(?<!\d )may(?! \d)(?! be seen)|might|could|would|either|unclear|"
    r"unsure)\b|\?|\bor\b"
)
THERE = re.compile(
    r"(?:there\s+(?:is|are)|(?:the|this)\s+\w+\s+has)\s+([^,;.]+?)\s+(?:on|in|at|under|above|behind|over)\s+"
    r"(?:it|(?:the|this)\s+\w+)"
)
"""There is an eagle on the flag; the flag has an eagle on it."""
ARTICLE_ABROAD = re.compile(
    r"^(?:der|die|das|ein|eine|le|la|les|l'|un|une|el|los|las|una|il|lo|gli|o|os|as|um|uma)\s*(?<=[\s'])"
)
ABROAD = (
    re.compile(r"(?:.{0,60}[はが])?(.{1,40}?)(?:です|でした|である|だ)"),
    re.compile(r".{0,60}[是为為叫](.{1,40})"),
    re.compile(r"(?:.{0,60}(?:은|는|이|가)\s)?(.{1,40}?)(?:입니다|이에요|예요|이다)"),
)
"""Sentences of Japanese, Chinese and Korean, and what they say something is."""
BREAK = re.compile(r"\s+\(|\s+[-:]\s|,\s+(?:because|since|as|due|with|which|at)\b|;\s")
"""What ends an answer that stands at the head: Germany (34%)."""
TAIL = re.compile(r"(?:=|:\s)\s*([^=:]+)$")
QUOTED = re.compile('["“‘]([^"“”‘’]+)["”’]')
JOINT = re.compile(r"\s*(?:,\s*(?:and|or)\b|[,;&]|\band\b|\bor\b)\s*")
AND = re.compile(r"\band\b|[&;]")
"""Between several answers; after a mere comma may stand where it is, as in Paris, France."""
MULTIPLE = re.compile(r"\b(?:twice|thrice|doubled?|tripled?|dozens?|couple|pair|single|several)\b")
"""Words that may stand for a number."""
RATIO = re.compile(r"(\d+(?:\.\d+)?)\s?:\s?(\d+(?:\.\d+)?)")


def worth(prediction: str, answer: str, tolerance: float) -> float | None:
    """1 for the target, 0 where the prediction does not hold it, None for what rules cannot tell.

    Args:
        prediction: as `forms.answered_phrase` gives it.
        answer: the target.
        tolerance: by which share numbers may differ.
    """
    wanted = phrase(PREFIX.sub("", answer.strip()))
    if prediction == wanted:
        return 1.0
    if wanted in YES_NO and prediction not in YES_NO:
        return _of_yes_no(prediction, wanted)
    found = readings(prediction)
    if any(_spelt(one) == _spelt(wanted) for one in found):
        return 1.0
    if (target := whole_quantity(answer)) is not None:
        return _of_quantity(prediction, found, target, tolerance)
    parts = [part for part in JOINT.split(prediction) if part]
    if (
        len(parts) > 1
        and max(len(part.split()) for part in parts) <= 2
        and " or " not in prediction
    ):
        wished = [part for part in JOINT.split(wanted) if part]
        if parts == wished:
            return 1.0
        is_placed = len(wished) == 1 and wished[0] in parts and not AND.search(prediction)
        return None if is_placed or sorted(parts) == sorted(wished) else 0.0
    return None if holds(_spelt(prediction), _spelt(wanted)) else 0.0


def readings(prediction: str) -> list[str]:
    """The prediction, and what its form says the answer is, unless it denies or doubts."""
    if len(prediction) > SENTENCE or DENIED.search(prediction) or OPEN.search(prediction):
        return [prediction, _bare(prediction)]
    found = [prediction, OPENING.sub("", prediction, count=1)]
    found += [BREAK.split(text, maxsplit=1)[0] for text in found]
    quoted = QUOTED.findall(f'{prediction}"' if prediction.count('"') % 2 else prediction)
    found += quoted if len(quoted) == 1 else []
    tail = TAIL.search(prediction)
    found += [tail[1]] if tail else []
    said = SAYING.split(prediction)
    if len(said) == 2 and len(said[1].split()) <= WORDS + 2:
        found += [said[1], BREAK.split(said[1], maxsplit=1)[0]]
    found += [text[doing.end() :] for text in found if (doing := DOING.match(text))]
    found += [abroad[1] for form in ABROAD if (abroad := form.fullmatch(prediction))]
    placed = THERE.fullmatch(prediction)
    found += [placed[1]] if placed else []
    subject = EXTREME.split(prediction)
    found += subject[:1] if len(subject) == 2 and len(said) <= 2 else []
    found += [bare for text in found if (bare := ARTICLE_ABROAD.sub("", text)) != text]
    kept = [bare for text in found[1:] if (bare := _bare(text)) and len(bare.split()) <= WORDS]
    return list(dict.fromkeys([prediction, *kept]))


def _bare(text: str) -> str:
    text = AFTERTHOUGHT.sub("", text)
    return phrase(HEDGE.sub("", text, count=1) if HEDGE.match(text) else text)


def _spelt(text: str) -> str:
    """With words for numbers as figures."""
    return prepared(text)


def _of_yes_no(prediction: str, wanted: str) -> float | None:
    read = None if DETERMINER.match(prediction) else yes_no.parse(prediction, NO_QUESTION)
    if read is not None:
        return float(read == wanted)
    return 0.0 if len(prediction.split()) <= 2 and not holds(prediction, wanted) else None


def _of_quantity(
    prediction: str, found: list[str], target: Quantity, tolerance: float
) -> float | None:
    """For a target that is nothing but a quantity."""
    for text in found:
        one = whole_quantity(text) or _ratio(text)
        if one is not None and agree(one, target, tolerance):
            return 1.0
    given = number.given(prediction)
    if given is not None and agree(given, target, tolerance):
        return 1.0
    held = quantities(prepared(prediction))
    is_held = any(agree(one, target, tolerance) for one in held)
    return None if is_held or MULTIPLE.search(prediction) else 0.0


def _ratio(text: str) -> Quantity | None:
    match = RATIO.fullmatch(text)
    return whole_quantity(f"{match[1]}/{match[2]}") if match else None
