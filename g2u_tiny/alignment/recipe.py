"""How an alignment is trained: one variant of studies/weights/params.yaml."""

import json
from dataclasses import asdict, dataclass

from g2u_tiny.alignment.policy import Sampler


@dataclass(frozen=True, slots=True)
class AlignRecipe:
    """One training; `system` is a module of this package, `reward` one of rewards.py."""

    system: str
    reward: str
    seed: int
    base: str
    """Folder of the weights that are aligned and that reward; never written to."""
    tasks: dict[str, list[str]]
    """Benchmark -> families."""
    paints: int
    """Tasks of a turn that are paintings from words."""
    watched: dict[str, list[str]]
    """Benchmark -> families that the watch draws."""
    turns: int
    groups: int
    """Tasks of a turn."""
    group: int
    """Tries at each."""
    spread: str
    """What advantages are divided by: the deviation of the group, or of the batch (grpo.py)."""
    update: str
    """How drawings are learnt from: ratio (gvu.py) or forward (forward.py)."""
    updates: int
    """Of the weights, by one turn's tries."""
    reach: float
    """b of forward.py."""
    steps: int
    """Flow steps of a drawing."""
    eta: float
    clip: float
    text_clip: float
    kl: float
    rank: int
    learning_rate: float
    alternate: int
    """Turns of one policy before the other's; R3."""
    perfect: float
    """Worth at which stopping is right; R3."""
    check_every: int
    """Turns between two looks of the watch; a checkpoint is written at each."""
    checked: int
    """Tasks of each kind that it draws."""
    fall: float
    """How much the fidelity may fall while the reward rises, 0..1."""
    threads: int

    @property
    def sampler(self) -> Sampler:
        """Of drawings that are learnt from; only ratios need added noise."""
        return Sampler(self.steps, self.eta if self.update == "ratio" else 0.0)

    @property
    def plain_sampler(self) -> Sampler:
        """Without added noise."""
        return Sampler(self.steps, 0.0)

    @property
    def needs_oracles(self) -> bool:
        """Whether it is supervised."""
        return self.reward == "structure" or self.system == "supervised"

    def decisive(self) -> str:
        """What of the recipe decides the weights."""
        return json.dumps({n: v for n, v in asdict(self).items() if n not in ("threads", "turns")})
