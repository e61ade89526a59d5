"""The embedded model as the emulated one."""

from dataclasses import replace

import numpy as np

from g2u import plugins
from g2u.pictures.decoding import picture_of_pixels, pixels_of
from g2u.records import AnswerRequest, EditRequest, Failure, ScoreRequest, Turn, ending
from g2u.settings import checked
from tests.models.emulator.mind import Asked, Drawn, Made, Said, weave
from tests.models.emulator.routes import RefusedError

STRUCTURE = "Draw the structure of this picture: colour every line from its start to its end."


class Embedded:
    """tiny; guidance does not exist for it, and what stands before a message is read with it."""

    def __init__(self) -> None:
        self._model = plugins.model("tiny", checked(plugins.settings("adapter", "tiny"), {}))

    def __call__(self, asked: Asked) -> Made:
        """Its reply; each picture of an interleaved one is an edit by STRUCTURE."""
        if asked.kind == "interleave":
            return weave(asked, self._structured)
        shown = tuple(picture_of_pixels(pixels) for pixels in asked.pictures)
        text = f"{asked.system}\n{asked.text}" if asked.system else asked.text
        turns = (Turn("user", (*shown, text)),)
        if asked.kind == "edit":
            steps = (("steps", min(asked.steps, 8)),)
            (drawn,) = self._model.edit([EditRequest((*shown, text), asked.seed, steps)])
            if isinstance(drawn, Failure):
                raise RefusedError(400, drawn.reason)
            return Drawn(np.asarray(pixels_of(drawn)))
        if asked.kind == "score":
            (found,) = self._model.score([ScoreRequest(turns, asked.continuation)])
            if isinstance(found, Failure):
                raise RefusedError(400, found.reason)
            letters = asked.continuation
            return list(zip(letters, found, strict=True))
        heat, seed = asked.temperature, asked.seed
        (said,) = self._model.answer(
            [AnswerRequest(turns, min(asked.max_tokens, 64), heat, seed if heat else 0)]
        )
        if isinstance(said, Failure):
            raise RefusedError(400, said.reason)
        return Said(str(said), "length" if ending(said) == "length" else "stop")

    def _structured(self, asked: Asked) -> Drawn:
        drawn = self(replace(asked, text=STRUCTURE))
        assert isinstance(drawn, Drawn)
        return drawn
