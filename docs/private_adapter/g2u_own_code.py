"""own_code: a model that only its authors' repository runs (BLIP3o, Ming-UniVision ...).

Its program edits one picture, in an environment of its own:
    PROGRAM --image in.png --prompt TEXT --seed N --out out.png
Install: pip install ./docs/private_adapter; check: g2u check own; in params.yaml:
    own: {adapter: own_code, settings: {program: [envs/blip3o/bin/python, edit.py], revision: "1"}}
"""

import subprocess
import tempfile
from pathlib import Path

from g2u.pictures.decoding import picture_of
from g2u.records import Failure
from g2u.settings import Section


class Settings(Section):
    """What params.yaml may say of it; what does not fit is refused before anything is called."""

    program: list[str]
    """The words of the command that runs it."""
    revision: str
    """Of code and weights."""


def capabilities(settings):
    """It edits, and leaves reading to the other half of a pair."""
    return frozenset({"edit"})


def load(settings):
    """The model; its program is run at the first call."""
    return OwnCode(settings)


class OwnCode:
    capabilities = frozenset({"edit"})

    def __init__(self, settings):
        self._program, self._revision = settings.program, settings.revision

    def identity(self, kind):
        return f"own_code 1 {self._revision}"

    def edit(self, requests):
        return [self._edited(request) for request in requests]

    def answer(self, requests):
        return [Failure("own_code does not answer")] * len(requests)

    def score(self, requests):
        return [Failure("own_code does not score")] * len(requests)

    def close(self):
        pass

    def _edited(self, request):
        if len(request.pictures) != 1:
            return Failure("own_code edits one picture")
        with tempfile.TemporaryDirectory() as folder:
            shown, made = Path(folder, "in.png"), Path(folder, "out.png")
            shown.write_bytes(request.pictures[0].encoded)
            asked = ["--image", shown, "--prompt", request.prompt, "--seed", str(request.seed)]
            done = subprocess.run(
                [*self._program, *asked, "--out", made], capture_output=True, text=True
            )
            if done.returncode or not made.exists():
                return Failure(f"the program failed: {done.stderr.strip()[-200:]}")
            return picture_of(made.read_bytes())
