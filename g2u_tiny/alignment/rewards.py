"""What a drawing is rewarded with: how the frozen base itself understands it; never a gold answer.

likelihood: GvU (arXiv 2603.06043), the geometric mean of the probabilities of the prompt's tokens,
    read off the drawing alone; a token is a byte.
contrast: the mean log-probability with the drawing beside its source, less that with the source.
verdict: the probability of the reply "no further edit needed", the base being asked as in R3's
    reflection (arXiv 2602.15772).
agreement: the probability of the answer that the drawings of a group agree on, each read beside
    the source; the mean of their distributions decides. After self-consistency, Wang et al. 2022,
    arXiv 2203.11171.
structure: F1 of the ink against the oracle: supervised, an upper reference, not understanding.
Each returns [B]; the drawings of a group lie side by side.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from g2u.pictures.ink import ink_f1
from g2u.questions.wording import NAMING, REFLECT, STOP
from g2u_tiny.alignment.tasks import Task
from g2u_tiny.model.network import TinyNetwork
from g2u_tiny.model.sequence import byte_logits, grams_of, patches_of, pictures_of, see
from g2u_tiny.model.text import BYTE_PAD, tokens


@dataclass(frozen=True, slots=True)
class Rows:
    """Tasks beside their pictures, one per drawing."""

    tasks: Sequence[Task]
    source: Tensor
    """[B, P, C]."""

    def repeated(self, times: int) -> "Rows":
        """Each row `times` over, side by side."""
        tasks = [task for task in self.tasks for _ in range(times)]
        return Rows(tasks, self.source.repeat_interleave(times, 0))


def rows_of(tasks: Sequence[Task], patch: int) -> Rows:
    """Tasks beside their pictures."""
    return Rows(tasks, patches_of([task.source for task in tasks], patch))


def grams(network: TinyNetwork, texts: Sequence[str]) -> Tensor:
    """Texts as n-gram ids [B, L, 45]; L holds the longest, as far as the network reads."""
    length = min(network.config.text_length, max(1, *(len(tokens(text)) for text in texts)))
    return grams_of(texts, length, network.config.buckets)


def log_likelihood(
    base: TinyNetwork, pictures: Sequence[Tensor], asked: Sequence[str], said: Sequence[str]
) -> Tensor:
    """The mean log-probability [B] of the bytes of `said` in answer to `asked` about `pictures`."""
    rows = [list(text.encode()) for text in said]
    symbols = torch.full((len(rows), max(map(len, rows))), BYTE_PAD)
    for number, row in enumerate(rows):
        symbols[number, : len(row)] = torch.tensor(row)
    with torch.no_grad():
        prefix = see(base, pictures, grams(base, asked))
        logs = byte_logits(base, symbols, prefix).log_softmax(-1)
    found = logs.gather(-1, symbols.clamp_max(BYTE_PAD)[..., None])[..., 0]
    is_said = symbols != BYTE_PAD
    return (found * is_said).sum(1) / is_said.sum(1)


def likelihood(base: TinyNetwork, rows: Rows, drawn: Tensor) -> Tensor:
    """0..1."""
    wording = [NAMING] * len(rows.tasks)
    return log_likelihood(base, [drawn], wording, [t.prompt for t in rows.tasks]).exp()


def contrast(base: TinyNetwork, rows: Rows, drawn: Tensor) -> Tensor:
    """Natural-log units per byte; above 0 where the drawing tells of its prompt."""
    wording, prompts = [NAMING] * len(rows.tasks), [t.prompt for t in rows.tasks]
    shown = log_likelihood(base, [rows.source, drawn], wording, prompts)
    return shown - log_likelihood(base, [rows.source], wording, prompts)


def verdict(base: TinyNetwork, rows: Rows, drawn: Tensor) -> Tensor:
    """0..1."""
    asked = [REFLECT.format(prompt=task.prompt) for task in rows.tasks]
    stops = [STOP] * len(asked)
    return log_sum(base, [rows.source, drawn], asked, stops).exp()


def agreement(base: TinyNetwork, rows: Rows, drawn: Tensor, group: int) -> Tensor:
    """0..1; 0 where the task asks nothing with choices."""
    reward = torch.zeros(len(drawn))
    asked = [n for n, task in enumerate(rows.tasks) if task.choices]
    for count in sorted({len(rows.tasks[n].choices) for n in asked}):
        places = [n for n in asked if len(rows.tasks[n].choices) == count]
        pictures = [rows.source[places], drawn[places]]
        questions = [rows.tasks[n].question for n in places]
        logs = torch.stack(
            [
                log_sum(base, pictures, questions, [rows.tasks[n].choices[c] for n in places])
                for c in range(count)
            ],
            1,
        )
        chances = logs.softmax(1).view(-1, group, count)
        agreed = chances.mean(1).argmax(1)
        reward[places] = chances.gather(2, agreed[:, None, None].expand(-1, group, 1)).flatten()
    return reward


def log_sum(
    base: TinyNetwork, pictures: Sequence[Tensor], asked: Sequence[str], said: Sequence[str]
) -> Tensor:
    """The summed log-probability [B] of an answer, as options are ranked by."""
    lengths = torch.tensor([len(text.encode()) for text in said])
    return log_likelihood(base, pictures, asked, said) * lengths


def reward(name: str, base: TinyNetwork, rows: Rows, drawn: Tensor, group: int) -> Tensor:
    """The reward `name` of drawings [B, P, C] -> [B]; `group` drawings of a task lie together."""
    if name == "agreement":
        return agreement(base, rows, drawn, group)
    if name == "structure":
        return structure(rows, drawn, base.config.patch)
    return UNDERSTANDING[name](base, rows, drawn)


UNDERSTANDING = {"likelihood": likelihood, "contrast": contrast, "verdict": verdict}


def structure(rows: Rows, drawn: Tensor, patch: int) -> Tensor:
    """0..1; needs the tasks' oracles."""
    pixels = pictures_of(drawn, patch)
    found = []
    for task, picture in zip(rows.tasks, pixels, strict=True):
        assert task.oracle is not None
        found.append(ink_f1(picture, task.oracle, task.source))
    return torch.tensor(found)
