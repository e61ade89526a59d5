"""python -m tests.models.shipped: check the models that are shipped, and keep what it comes to.

The outcomes stand for the digests of code and weights that their names are made of; where either
changes, the models are checked anew by whoever runs them, until this is run.
"""

import json

from g2u.conformance import kept
from g2u.files import write_whole
from g2u.params.params import Params
from g2u.params.sections import ModelPreset, Presets
from g2u.premises import Role

MODELS = {
    "tiny": ModelPreset(adapter="tiny", sampler={"steps": 4}),
    "null": ModelPreset(adapter="null", sampler={"steps": 4}),
}
ROLES: tuple[Role, ...] = ("draws", "answers")


def found() -> dict[str, dict[str, object]]:
    """The outcomes of now, by name."""
    config = Params(models=[*MODELS], benchmarks=[], families=[], presets=Presets(models=MODELS))
    outcomes = {}
    for name in MODELS:
        model = config.model(name)
        for role, outcome in kept.ask(config, name, model, ROLES).items():
            outcomes[kept.named(config, name, model, role)] = json.loads(outcome.checked.encoded())
        model.close()
    return outcomes


def main() -> None:
    """Write the file."""
    text = json.dumps(found(), indent=1, sort_keys=True)
    write_whole(kept.SHIPPED, text + "\n")


if __name__ == "__main__":
    main()
