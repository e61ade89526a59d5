"""json_object: one JSON object; scored by the fields that the target names."""

import json

from g2u.records import Question
from g2u.scores import responses


def parse(response: str, question: Question) -> str | None:
    """The only object in the response, or in what it calls its final answer, as canonical JSON;
    None where there is none or several.
    """
    del question
    text = responses.said(response)
    found = responses.objects(text)
    if len(found) > 1:
        final = [each.rest for each in responses.statements(text) if each.is_final]
        found = responses.objects(final[-1]) if final else found
    if len(found) != 1 or not isinstance(found[0], dict):
        return None
    return json.dumps(found[0], sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def score(prediction: str, answer: str) -> float:
    """Share of the target's fields that have the target's value; numbers may be spelt as text."""
    found, wanted = json.loads(prediction), json.loads(answer)
    return sum(str(found.get(key)) == str(value) for key, value in wanted.items()) / len(wanted)
