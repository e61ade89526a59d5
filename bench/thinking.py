"""Arithmetic of an answer: drawn and read, thought over without pixels, and at once.

Floating-point operations of all matrix products, counted by torch while the embedded model's
network makes one answer; norms and activations are not counted.
Run: python -m bench.thinking
"""

from collections.abc import Callable

import torch
from torch.utils.flop_counter import FlopCounterMode

from g2u.params.reading import load, shelved
from g2u_tiny.model.inference import CONTINUATION_LENGTHS, TEXT_LENGTHS
from g2u_tiny.model.network import TinyConfig, TinyNetwork
from g2u_tiny.model.sequence import byte_logits, drawn, see, thought_over
from g2u_tiny.model.text import BYTE_BEGIN, GRAMS
from stages.train import recipe_of

OPTIONS = 4
"""Texts whose likelihoods are worked out."""


def counted(work: Callable[[], object]) -> int:
    """Floating-point operations of the matrix products."""
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        work()
    return int(counter.get_total_flops())


def works(network: TinyNetwork, steps: int) -> dict[str, Callable[[], object]]:
    """What one answer takes, by how it is come by; `steps`: flow steps of a drawing."""
    config = network.config
    picture = torch.zeros(1, config.patches, config.values)
    text = torch.ones(1, TEXT_LENGTHS[0], GRAMS, dtype=torch.long)
    options = torch.full((1, CONTINUATION_LENGTHS[0]), BYTE_BEGIN)

    def answer(*pictures: torch.Tensor, state: torch.Tensor | None = None) -> None:
        prefix = see(network, pictures, text, state)
        for _ in range(OPTIONS):
            byte_logits(network, options, prefix)

    def draw() -> torch.Tensor:
        return drawn(network, picture, picture, steps, see(network, (), text))

    return {
        "at once": lambda: answer(picture),
        "drawn, then read": lambda: answer(picture, draw()),
        "thought over": lambda: answer(state=thought_over(network, picture, text)),
    }


def main() -> None:
    """Print a line for each."""
    steps = int(shelved()["models"]["tiny"]["sampler"]["steps"])
    passes = recipe_of(load().train, "serial").passes
    network = TinyNetwork(TinyConfig(passes=passes))
    found = {name: counted(work) for name, work in works(network, steps).items()}
    for name, count in found.items():
        share = count / found["drawn, then read"]
        print(f"{name:18} {count / 1e6:8.1f} MFLOP  {share:6.3f} of drawn, then read")


if __name__ == "__main__":
    main()
