"""Where a training computes: torch's default device."""

import torch

from g2u.errors import ParamsError


def train_on(device: str) -> None:
    """Make a torch device ("cpu", "cuda", "cuda:1") that of everything that follows.

    Seeds mean the same on every device (g2u_tiny/model/chance.py) and checkpoints go on on
    another one; sums are rounded differently, so weights differ in their last bits and, after many
    steps, in more.

    Raises:
        ParamsError: torch has no such device here.
    """
    try:
        torch.empty(1, device=device).cpu()
    except (RuntimeError, AssertionError, NotImplementedError):
        raise ParamsError(
            f"--device {device}: torch cannot compute there; expected cpu, or cuda where a GPU and "
            "torch's CUDA build are; leave --device out to train on the CPU"
        ) from None
    torch.set_default_device(device)
