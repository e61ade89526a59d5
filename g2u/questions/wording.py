"""The wording of questions: one form per answer format, the same for every arm.

A benchmark may be asked in the words of others: g2u/questions/worded.py. Forms here follow
VLMEvalKit's prompts for its TSV files (vlmeval/dataset/image_mcq.py, image_yorn.py, image_vqa.py):
hint, question, options, request.
"""

from g2u.records import Prompt, Question

VERSION = "1"
CHOICE_REQUEST = "Please select the correct answer from the options above."
SEVERAL_REQUEST = "Please select all correct answers from the options above."
PLAN = "Which edit would help to answer this? {question}"
"""What family `self` asks before it imagines."""
REASON = "Think step by step about this before you answer."
"""What a model is told that first thinks in words."""
NAMING = "What was drawn here?"
"""What a model is asked that is to name the edit prompt of a drawing."""
STOP = "no further edit needed"
REFLECT = (
    'The second picture was drawn from the first: "{prompt}" Name one change that it still '
    'needs, as "Edit: ...", or say "' + STOP + '".'
)
"""What a model is asked about its drawing; {prompt}: what it was told to draw."""
LOOK = "Find the text in the picture before this, and read it in the picture after it."
"""Between two pictures: a reader that can detect and recognise does so
(g2u/answers/feedback/look.py).
"""
SHORT_REQUEST = "Answer the question using a single word or phrase."
LABEL_REQUEST = "Answer with exactly one of these: {classes}."


def asked(question: Question) -> Prompt:
    """What a model is asked, with the places of pictures in question and options."""
    if question.asked:
        return Prompt(question.asked, question.is_asked_placed)
    return question.prompt(question_prompt(question))


def question_prompt(question: Question) -> str:
    """The text a model is asked; in g2u's own words, yes/no and open questions stay as they are."""
    if question.asked:
        return question.asked
    if question.format in ("yes_no", "open"):
        return f"{question.hint}\n{question.text}" if question.hint else question.text
    if question.format in ("short", "label"):
        hint = f"Hint: {question.hint}\n" if question.hint else ""
        classes = ", ".join(question.choices)
        request = LABEL_REQUEST.format(classes=classes) if classes else SHORT_REQUEST
        return f"{hint}{question.text}\n{request}"
    options = "\n".join(question.lettered_choices())
    hint = f"Hint: {question.hint}\n" if question.hint else ""
    request = SEVERAL_REQUEST if question.format == "multi_choice" else CHOICE_REQUEST
    return f"{hint}Question: {question.text}\nOptions:\n{options}\n{request}"


def filled(template: str, question: Question) -> str:
    """An edit prompt: the template with the question's text for {question}. Who reads it is given
    one picture or none, so places are named.
    """
    return template.replace("{question}", question.named(question.text))
