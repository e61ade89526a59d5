"""What stands between a request and the model, and lies in one way each.

Each says which check of `g2u check` has to name it: `named`, the beginning of the check's name.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from tests.models.emulator.mind import Asked, Drawn, Made, Pixels, Said, Woven, digest, say, tokens

Random = np.random.Generator


@dataclass(slots=True)
class Memory:
    """What a lying server remembers; a new one per lie."""

    random: Random
    kept: dict[str, Made]
    count: int = 0
    """Requests so far."""
    swapped_at: int = 0
    """Which request is the first that other weights answer."""


def _as_asked(asked: Asked, memory: Memory) -> Asked:
    return asked


def _as_made(made: Made, asked: Asked, memory: Memory) -> Made:
    return made


@dataclass(frozen=True, slots=True)
class Lie:
    """One way to lie."""

    named: tuple[str, ...]
    """Beginnings of the names of checks, one of which has to fail."""
    asked: Callable[[Asked, Memory], Asked] = _as_asked
    """What reaches the model instead."""
    made: Callable[[Made, Asked, Memory], Made] = _as_made
    """What comes back instead."""
    crowd: int = 0
    """How many requests have to be there at once for it to lie."""
    mixed: Callable[[Sequence[Made], Random], list[Made]] = lambda made, random: list(made)
    """What a crowd gets."""


def shown(change: Callable[[tuple[Pixels, ...]], Sequence[Pixels]]) -> Callable[..., Asked]:
    """A lie about pictures."""
    return lambda asked, memory: replace(asked, pictures=tuple(change(asked.pictures)))


def only(kind: str, change: Callable[[Asked, Memory], Asked]) -> Callable[[Asked, Memory], Asked]:
    """A lie about requests of one kind; who interleaves edits."""
    kinds = {kind, "interleave"} if kind == "edit" else {kind}
    return lambda asked, memory: change(asked, memory) if asked.kind in kinds else asked


def set_to(**fields: object) -> Callable[[Asked, Memory], Asked]:
    """What is sent is ignored."""
    return lambda asked, memory: replace(asked, **fields)  # type: ignore[arg-type]


def _small(pixels: Pixels) -> Pixels:
    image = Image.fromarray(pixels)
    image.thumbnail((64, 64))
    return np.asarray(image)


def _by_prompt(made: Made, asked: Asked, memory: Memory) -> Made:
    return memory.kept.setdefault(f"{asked.kind} {asked.text} {asked.continuation}", made)


def _cut(made: Made, asked: Asked, memory: Memory) -> Made:
    return Said("".join(tokens(made.text)[:16])) if isinstance(made, Said) else made


def drawn(change: Callable[[Drawn, Asked], Drawn]) -> Callable[[Made, Asked, Memory], Made]:
    """A lie about each picture that is drawn."""

    def told(made: Made, asked: Asked, memory: Memory) -> Made:
        if isinstance(made, Woven):
            parts = (p if isinstance(p, Said) else change(p, asked) for p in made.parts)
            return Woven(tuple(parts))
        return change(made, asked) if isinstance(made, Drawn) else made

    return told


def _source(made: Drawn, asked: Asked) -> Drawn:
    return Drawn(asked.pictures[0]) if asked.pictures else made


def _lossy(made: Drawn, asked: Asked) -> Drawn:
    return Drawn(made.pixels, "JPEG", 30)


def _hidden_loss(made: Drawn, asked: Asked) -> Drawn:
    file = io.BytesIO()
    Image.fromarray(made.pixels).save(file, "JPEG", quality=30)
    return Drawn(np.asarray(Image.open(file)))


def _endless(made: Made, asked: Asked, memory: Memory) -> Made:
    return Said(say(asked)) if isinstance(made, Said) else made


def _lettered(made: Made, asked: Asked, memory: Memory) -> Made:
    if not isinstance(made, list):
        return made
    return [(letter, value / len(token)) for token, value in made for letter in token]


def _thought(made: Made, asked: Asked, memory: Memory) -> Made:
    if not isinstance(made, Said) or not asked.pictures:
        return made
    return replace(made, picture=asked.pictures[-1])


def _rounded(asked: Asked, memory: Memory) -> Asked:
    if not asked.size:
        return asked
    width, height = (max(64, side // 64 * 64) for side in asked.size)
    return replace(asked, size=(width, height))


def _swapped(asked: Asked, memory: Memory) -> Asked:
    return replace(asked, weights=int(memory.count >= memory.swapped_at))


def _crossed(made: Sequence[Made], random: Random) -> list[Made]:
    """One in eight gets the reply of a neighbour."""
    return [
        made[(place + 1) % len(made)] if not random.integers(8) else each
        for place, each in enumerate(made)
    ]


def _doubled(made: Sequence[Made], random: Random) -> list[Made]:
    return [made[place - place % 2] for place in range(len(made))]


SYSTEM = (
    "You are Orchid, a helpful assistant made by the Meadow team. Answer in one short sentence."
)
BESIDE = ("answers: picture 2 of 2", "answers: pictures 2", "edits: picture 2 of 2")
IN_COMPANY = ("in company: ",)
LIES: dict[str, Lie] = {
    "drops every picture but the first": Lie(BESIDE, shown(lambda p: p[:1])),
    "drops every picture but the last": Lie(
        ("answers: picture 1 of 2", "edits: picture 1 of 2"), shown(lambda p: p[-1:])
    ),
    "drops the last of several pictures": Lie(BESIDE, shown(lambda p: p[: max(1, len(p) - 1)])),
    "shows the first picture for all": Lie(BESIDE, shown(lambda p: p[:1] * len(p))),
    "drops every picture but the first of an edit": Lie(
        ("edits: picture 2 of 2",), only("edit", shown(lambda p: p[:1]))
    ),
    "drops every picture but the first of a question": Lie(
        BESIDE[:2], only("answer", shown(lambda p: p[:1]))
    ),
    "reverses pictures": Lie(("answers: pictures keep their order",), shown(lambda p: p[::-1])),
    "sorts pictures": Lie(
        ("answers: pictures keep their order", "edits: pictures keep their order"),
        shown(lambda p: sorted(p, key=digest)),
    ),
    "resizes pictures to 64 pixels": Lie(
        ("answers: small print", "edits: fine detail"), shown(lambda p: list(map(_small, p)))
    ),
    "resizes pictures of an edit to 64 pixels": Lie(
        ("edits: fine detail",), only("edit", shown(lambda p: list(map(_small, p))))
    ),
    "ignores the seed of an edit": Lie(("edits: the seed decides",), only("edit", set_to(seed=52))),
    "draws a seed of its own": Lie(
        ("edits: the seed decides",),
        only("edit", lambda asked, memory: replace(asked, seed=int(memory.random.integers(2**31)))),
    ),
    "ignores text guidance": Lie(("edits: cfg_text_scale counts",), set_to(text_guidance=4.0)),
    "ignores image guidance": Lie(("edits: cfg_img_scale counts",), set_to(image_guidance=1.5)),
    "ignores steps": Lie(("edits: num_inference_steps counts",), set_to(steps=50)),
    "ignores the prompt of an edit": Lie(
        ("edits: the prompt decides",), only("edit", set_to(text="Draw."))
    ),
    "ignores the prompt of a question": Lie(
        ("answers: the prompt decides",), only("answer", set_to(text="Describe."))
    ),
    "caches by the prompt alone": Lie(
        ("edits: the picture decides", "answers: a reply belongs to its request"), made=_by_prompt
    ),
    "truncates at 16 tokens without saying so": Lie(("answers: a whole reply",), made=_cut),
    "adds a system prompt": Lie(("answers: nothing stands before",), set_to(system=SYSTEM)),
    "returns the source as the edit": Lie(("edits: an edit is drawn",), made=drawn(_source)),
    "samples at temperature 0": Lie(
        ("answers: greedy is the same",),
        only(
            "answer",
            lambda asked, memory: (
                asked
                if asked.temperature
                else replace(asked, temperature=1.0, seed=int(memory.random.integers(2**31)))
            ),
        ),
    ),
    "ignores the temperature": Lie(
        ("answers: a sample follows",), only("answer", set_to(temperature=0.0))
    ),
    "ignores the seed of a sample": Lie(
        ("answers: a sample follows",),
        only(
            "answer",
            lambda asked, memory: replace(asked, seed=int(memory.random.integers(2**31))),
        ),
    ),
    "returns JPEG of low quality": Lie(("edits: files lose nothing",), made=drawn(_lossy)),
    "hides JPEG of low quality in PNG": Lie(
        ("edits: files lose nothing",), made=drawn(_hidden_loss)
    ),
    "strips < from the prompt": Lie(
        ("answers: a prompt arrives as it is", "edits: a prompt arrives as it is"),
        lambda asked, memory: replace(asked, text=asked.text.replace("<", "")),
    ),
    "ignores max_tokens": Lie(("answers: max_tokens counts",), made=_endless),
    "scores another tokenisation": Lie(("scores: the tokens are",), made=_lettered),
    "answers with a picture instead of text": Lie(("answers: words come",), made=_thought),
    "rounds sizes": Lie(("edits: the size is",), only("edit", _rounded)),
    "swaps weights in mid-run": Lie(("the weights stay",), _swapped),
    "returns the first of two requests twice": Lie(IN_COMPANY, crowd=2, mixed=_doubled),
    "returns another request's reply under load": Lie(IN_COMPANY, crowd=16, mixed=_crossed),
}
