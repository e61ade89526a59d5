"""What can be checked of a run before anything is changed or paid.

Settings, files, capabilities, weights and servers, each looked at without reading a pipe, loading a
model or making a call. `g2u run` stops at the first fault, `g2u doctor` lists them all.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from g2u import plugins
from g2u.answers.rewards import NEEDS as REWARDS_NEED
from g2u.calls.opened import CACHE_VARIABLE, call_store
from g2u.code.root import code_root
from g2u.errors import CacheError, ModelError, ParamsError
from g2u.params.params import BASELINES, Params
from g2u.params.sections import REWARDS
from g2u.pipeline.recipes import halves
from g2u.protocols import DRAWING
from g2u.questions.worded import wording_of


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to look at."""

    what: str
    look: Callable[[], None]
    """Raises G2UError, one line, where it is not as it has to be."""


def check(config: Params, *, models_called: Collection[str] | None = None) -> None:
    """Stop at the first thing that would stop the run later, or make it worthless.

    Args:
        config: the params.
        models_called: presets that will be called; only their servers are asked. None = all that
            are in use, an empty collection = none.

    Raises:
        G2UError: one line.
    """
    for each in checks(config, models_called):
        each.look()


def checks(config: Params, models_called: Collection[str] | None = None) -> list[Check]:
    """Everything that `check` looks at, in its order; what costs least first."""
    used = config.models_in_use()
    called = [name for name in used if models_called is None or name in models_called]
    found = [Check(f"benchmark {n}", partial(_benchmark, config, n)) for n in config.benchmarks]
    found += [Check(f"family {name}", partial(_family, config, name)) for name in config.families]
    found += [Check(f"model {name}", partial(_model, config, name)) for name in used]
    found += [
        Check("what models can do", partial(_capabilities, config)),
        Check("rewards and derived arms", partial(_rewards, config)),
    ]
    if called:
        found.append(Check("call cache", _can_keep))
    return found + [Check(f"model {n} can be called", partial(_reach, config, n)) for n in called]


def inapplicable(config: Params) -> list[str]:
    """A line for each model and the families and feedback modes that ask more of it than it can."""
    lacking: dict[tuple[str, str], list[str]] = {}
    for model, family in config.pairs():
        if lack := config.why_not(model, family):
            lacking.setdefault((model, lack), []).append(family)
    section = config.understand
    for model in config.models:
        found = [section.controls_of(model, family) for family in section.controlled]
        modes = [section.feedback, *(control.feedback for own in found for control in own)]
        for mode in dict.fromkeys(modes):
            for lack in _unfed(config, model, mode)[:1]:
                lacking.setdefault((model, lack), []).append(f"feedback {mode}")
    return [
        *config.left_out,
        *(
            f"{model} {lack}: not applicable: {', '.join(families)}"
            for (model, lack), families in lacking.items()
        ),
    ]


def _benchmark(config: Params, name: str) -> None:
    config.settings("benchmarks", name)
    preset = config.presets.benchmarks[name]
    wording_of(name, preset.wording, preset.wordings, code_root(Path()))
    preset.require_files(name)


def _family(config: Params, name: str) -> None:
    config.settings("families", name)


def _model(config: Params, name: str) -> None:
    """A model's settings."""
    config.model(name).close()


def _is_on_hub(name: str) -> bool:
    """Whether this can be the name of a repository."""
    return name.count("/") <= 1 and name[0] not in "./~" and not name.endswith("/")


def _unfed(config: Params, model: str, mode: str) -> list[str]:
    """What a feedback mode needs and the model cannot do."""
    lacking = plugins.feedback(mode).NEEDS - config.abilities(model)
    return [f"cannot {name}" for name in sorted(lacking)]


def _capabilities(config: Params) -> None:
    """Every model answers, and a thought can be drawn or made where params.yaml wants any."""
    for model in dict.fromkeys(model for model, _ in config.pairs()):
        preset = config.presets.models[model]
        needed = ["answer", "score"] if preset.choices == "likelihood" else ["answer"]
        _require(config, model, needed, f"presets.models.{model}")
    for model, place in config.speakers().items():
        _require(config, model, ["answer"], place)
        if "recognise" in config.abilities(model):
            raise ModelError(
                f"params.yaml: {place}: {model} says what a picture reads, whatever it is asked; "
                "expected a model that follows instructions"
            )
    wanted = [family for family in config.families if family not in BASELINES]
    mode = config.understand.feedback
    is_idle = all(config.why_not(m, f) for m in config.models for f in wanted)
    if wanted and (is_idle or all(_unfed(config, model, mode) for model in config.models)):
        raise ModelError(
            f"params.yaml: models: {'; '.join(inapplicable(config))}; a run would compare direct "
            "with nothing; expected a model that can, or families of its own, such as blank"
        )


def _require(config: Params, model: str, needed: Iterable[str], place: str) -> None:
    able = config.abilities(model)
    for capability in needed:
        if capability not in able:
            why = " (choices: likelihood)" if capability == "score" else ""
            raise ModelError(
                f"params.yaml: {place}: {model} cannot {capability}{why}; it declares "
                f"{', '.join(sorted(able)) or 'nothing'}"
            )


def _rewards(config: Params) -> None:
    """Models whose drawings are rewarded can tell; arms that are chosen by a reward have it."""
    named = config.understand.rewards
    for model in config.models:
        if not any(_draws(config, model, family) for family in config.families):
            continue
        for reward in named:
            need = REWARDS_NEED.get(reward, "score")
            if need not in config.abilities(model):
                raise ModelError(
                    f"params.yaml: understand.rewards: {reward} needs a model that can {need}; "
                    f"{model} declares {', '.join(sorted(config.abilities(model)))}"
                )
    for arm in config.score.derived:
        is_chosen = arm.rule in ("gate", "select", "keep")
        if is_chosen and arm.by in REWARDS and arm.by not in named:
            raise ParamsError(
                f"params.yaml: score.derived: {arm.rule} by {arm.by}, which is not among "
                "understand.rewards; name it there"
            )


def _draws(config: Params, model: str, family: str) -> bool:
    """Whether the model draws the family's thoughts."""
    needs = plugins.family(config.presets.families[family].edit).NEEDS
    return bool(needs & DRAWING) and not config.why_not(model, family)


def _can_keep() -> None:
    """There is a folder for replies; whether they can be written is asked before the first call is
    made, as a cache that holds them all need not be.
    """
    place = call_store().place
    folder = Path(place).absolute()
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if "://" not in place and not folder.is_dir():
        raise CacheError(
            f"call cache {place}: {folder} is no folder that can be written; expected one, or "
            f"another in {CACHE_VARIABLE}"
        )


def _reach(config: Params, name: str) -> None:
    """Its weights lie where they can lie in a folder alone, or its server answers."""
    preset = config.presets.models[name]
    for half in ("editor", "reader"):
        settings = halves(preset, half)[1]
        for key in ("weights", "path"):
            named = str(settings.get(key, ""))
            if named and not Path(named).is_dir() and not _is_on_hub(named):
                raise ModelError(
                    f"params.yaml: presets.models.{name}: {key}: no folder {named}; expected "
                    "weights, or OWNER/NAME of the Hub"
                )
    plugins.reach(preset.adapter, config.settings("models", name))
