"""Muon in float32: torch.optim.Muon orthogonalises in bfloat16, which a CPU that cannot multiply it
emulates, at 1.9 s of a step of 3.5 s against 0.1 s.

Source: Muon, Jordan et al. 2024, kellerjordan.github.io/posts/muon; step sizes that match AdamW's,
Liu et al. 2025, arXiv 2502.16982. Hyperparameters and state are torch.optim.Muon's, so a training
that is saved on one CPU goes on on another.
"""

import torch
from torch import Tensor


def orthogonalised(
    matrix: Tensor, coefficients: tuple[float, float, float], steps: int, eps: float
) -> Tensor:
    """Newton-Schulz: a matrix [M, N] with the singular vectors of `matrix` and all singular values
    near 1, by the odd polynomial a x + b x^3 + c x^5 `steps` times over.
    """
    a, b, c = coefficients
    x = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    x = x / x.norm().clamp(min=eps)
    for _ in range(steps):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x if matrix.shape[0] <= matrix.shape[1] else x.T


class Muon(torch.optim.Muon):
    """torch.optim.Muon with `adjust_lr_fn="match_rms_adamw"`, in the parameters' own precision."""

    @torch.no_grad()
    def step(self, closure: object = None) -> None:  # type: ignore[override]
        """One step with the gradients at hand.

        Raises:
            NotImplementedError: a closure, which would have to work the gradients out anew.
        """
        if closure is not None:
            raise NotImplementedError("Muon steps with the gradients at hand, without a closure")
        for group in self.param_groups:
            rate, momentum = group["lr"], group["momentum"]
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                if "momentum_buffer" not in state:
                    state["momentum_buffer"] = torch.zeros_like(parameter)
                mean = state["momentum_buffer"].lerp_(parameter.grad, 1 - momentum)
                ahead = parameter.grad.lerp(mean, momentum)
                change = orthogonalised(
                    ahead, group["ns_coefficients"], group["ns_steps"], group["eps"]
                )
                parameter.mul_(1 - rate * group["weight_decay"])
                parameter.add_(change, alpha=-0.2 * max(parameter.shape) ** 0.5 * rate)
