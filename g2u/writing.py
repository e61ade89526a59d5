"""A family whose prompts another model writes: that model's answers, this one's drawings."""

from collections.abc import Sequence

from g2u.digests import canonical, kind_of
from g2u.errors import ModelError
from g2u.params import Params
from g2u.protocols import Calls, Model, Reply
from g2u.records import (
    AnswerRequest,
    EditRequest,
    EmbedRequest,
    Picture,
    Request,
    ScoreRequest,
)

_loaded: dict[str, Model] = {}
"""Writers, by what their presets say."""


class WithWriter:
    """`Calls` whose answers are the writer's."""

    def __init__(self, calls: Calls, writer: Calls) -> None:
        self._calls, self._writer = calls, writer

    def edit(self, requests: Sequence[EditRequest]) -> list[Reply[Picture]]:
        """The drawing model's pictures."""
        return self._calls.edit(requests)

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Reply[str]]:
        """The writer's texts."""
        return self._writer.answer(requests)

    def score(self, requests: Sequence[ScoreRequest]) -> list[Reply[tuple[float, ...]]]:
        """The drawing model's log-probabilities."""
        return self._calls.score(requests)

    def embed(self, requests: Sequence[EmbedRequest]) -> list[Reply[tuple[float, ...]]]:
        """The drawing model's vectors."""
        return self._calls.embed(requests)

    def key(self, request: Request) -> str:
        """The request's name in the call cache."""
        return (self._writer if kind_of(request) == "answer" else self._calls).key(request)


def writer(config: Params, name: str) -> Model:
    """The model of the preset `name`, which writes; loaded once per process.

    Raises:
        ParamsError: there is no such preset.
        ModelError: it does not answer.
    """
    if "answer" not in config.abilities(name):
        raise ModelError(f"params.yaml: presets.models.{name} cannot answer, so it writes nothing")
    preset = config.presets.models[name]
    told = canonical([preset.adapter, preset.settings]).decode()
    if told not in _loaded:
        _loaded[told] = config.model(name)
    return _loaded[told]
