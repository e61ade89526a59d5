"""A multimodal chat model of transformers: answers, samples, and scores given replies.

Prompts are padded on the left, so that a batch gives what its requests give alone (up to the
rounding of other matrix shapes; float32 on a CPU: equal tokens). transformers' generate draws from
one generator for a whole batch; here every request has its own, through the Gumbel-max trick
(Gumbel 1954: argmax of log-probability plus Gumbel noise is a sample).
"""

import inspect
import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import torch
from transformers import (
    AutoModelForMultimodalLM,
    AutoProcessor,
    GenerationMixin,
    LogitsProcessor,
)

from g2u.errors import ModelError
from g2u.inprocess.batches import in_batches
from g2u.inprocess.loading import ChatLoading, device_of
from g2u.pictures.decoding import pixels_of
from g2u.protocols import Reply
from g2u.records import (
    AnswerRequest,
    EmbedRequest,
    Failure,
    Picture,
    ScoreRequest,
    Text,
    Turn,
    has_places,
)


class Gumbel(LogitsProcessor):
    """Makes greedy decoding draw from softmax(logits / temperature), one generator per row.

    Args:
        seeds: one per row, 0 .. 2**63 - 1.
        temperature: above 0.
        top_k: draw from the k likeliest only; 0 = from all.
    """

    def __init__(self, seeds: Sequence[int], temperature: float, top_k: int = 0) -> None:
        self._generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        self._temperature, self._top_k = temperature, top_k

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Scores [rows, tokens] with noise added."""
        del input_ids
        size = scores.shape[-1]
        if 0 < self._top_k < size:
            least = scores.topk(self._top_k, dim=-1).values[:, -1:]
            scores = scores.masked_fill(scores < least, -math.inf)
        uniform = torch.stack(
            [torch.rand(size, generator=g, dtype=torch.float64) for g in self._generators]
        ).to(scores.device)
        noise = -torch.log(-torch.log(uniform.clamp_min(1e-300)))
        return (scores.double() / self._temperature + noise).float()


class Chat:
    """A loaded model with its processor.

    Args:
        source: what to load.
    """

    def __init__(self, source: ChatLoading) -> None:
        revision = {"revision": source.revision} if source.revision else {}
        build: Any = AutoProcessor  # transformers leaves from_pretrained untyped
        self.processor = build.from_pretrained(source.path, **revision, **source.processor)
        self.processor.tokenizer.padding_side = "left"
        if self.processor.tokenizer.pad_token is None:
            self.processor.tokenizer.pad_token = self.processor.tokenizer.eos_token
        model = AutoModelForMultimodalLM.from_pretrained(source.path, **source.arguments()).eval()
        if source.device_map is None:
            model = model.to(device_of(source))
        if source.compile:
            model.forward = torch.compile(model.forward)
        self.model = model
        self._system = source.system
        self._keeps = "logits_to_keep" in inspect.signature(model.forward).parameters

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Reply[str]]:
        """One text per request, without special tokens, stripped: ended by the model, or cut off at
        its budget.
        """
        return in_batches(requests, self._answers, lambda r: (r.max_tokens, r.temperature))

    def score(self, requests: Sequence[ScoreRequest]) -> list[Reply[tuple[float, ...]]]:
        """Natural-log probability of each token of each continuation."""
        found = in_batches(requests, self._scores)
        return [
            Failure("the continuation has no token") if reply == () else reply for reply in found
        ]

    def embed(self, requests: Sequence[EmbedRequest]) -> list[Reply[tuple[float, ...]]]:
        """The mean of the last layer's states over a message that holds the picture alone."""
        return in_batches(requests, self._embeddings)

    def messages(self, turns: Sequence[Turn]) -> list[dict[str, Any]]:
        """The conversation as transformers' chat templates take it."""
        found: list[dict[str, Any]] = []
        if self._system:
            found.append({"role": "system", "content": [{"type": "text", "text": self._system}]})
        for turn in turns:
            parts = [
                {"type": "image", "image": pixels_of(part)}
                if isinstance(part, Picture)
                else {"type": "text", "text": part}
                for part in turn.parts
            ]
            found.append({"role": turn.role, "content": parts})
        return found

    def encode(self, conversations: Sequence[Sequence[Turn]]) -> dict[str, Any]:
        """Model inputs of a batch, left-padded, ready for the assistant's reply.

        Raises:
            ModelError: a picture stands after a text, and the chat template would move it.
        """
        if not self._keeps_places and any(
            has_places(turn) for turns in conversations for turn in turns
        ):
            raise ModelError(
                "the model's chat template shows all pictures of a message before its text; a "
                "picture among the text would lose its place"
            )
        encoded = self.processor.apply_chat_template(
            [self.messages(turns) for turns in conversations],
            tokenize=True,
            add_generation_prompt=True,
            return_dict=True,
            processor_kwargs={"return_tensors": "pt", "padding": True},
        )
        return self.placed(encoded)

    @cached_property
    def _keeps_places(self) -> bool:
        """Whether a picture between two texts is rendered there, and nowhere else."""
        texts = ("before", "after")
        parts = [{"type": "text", "text": text} for text in texts]
        parts.insert(1, {"type": "image"})
        shown = self.processor.apply_chat_template(
            [{"role": "user", "content": parts}], tokenize=False, add_generation_prompt=True
        )
        start, end = (shown.rfind(text) for text in texts)
        return 0 <= start < end and bool(shown[start + len(texts[0]) : end].strip())

    def placed(self, encoded: Any) -> dict[str, Any]:
        """Tensors on the model's device; pictures in its dtype."""
        found = {}
        for name, value in encoded.items():
            if isinstance(value, torch.Tensor):
                value = value.to(self.model.device)
                if value.is_floating_point():
                    value = value.to(self.model.dtype)
            found[name] = value
        return found

    @torch.inference_mode()
    def _answers(self, requests: Sequence[AnswerRequest]) -> list[str]:
        encoded = self.encode([request.turns for request in requests])
        drawn: dict[str, Any] = {}
        if requests[0].temperature:
            seeds = [request.seed for request in requests]
            drawn["logits_processor"] = [Gumbel(seeds, requests[0].temperature)]
        generate = type(self.model).generate
        if self.model.config.model_type == "janus":  # its own drops logits processors
            generate, drawn["guidance_scale"] = GenerationMixin.generate, None
        written = generate(
            self.model, **encoded, do_sample=False, max_new_tokens=requests[0].max_tokens, **drawn
        )
        replies = written[:, encoded["input_ids"].shape[1] :]
        texts = self.processor.batch_decode(replies, skip_special_tokens=True)
        ends = self._ends_in(replies)
        return [
            Text(text.strip(), "stop" if has_ended else "length")
            for text, has_ended in zip(texts, ends, strict=True)
        ]

    def _ends_in(self, replies: torch.Tensor) -> list[bool]:
        """Of each row of generated tokens [rows, tokens], whether one of them ends a reply."""
        known = self.model.generation_config.eos_token_id
        if known is None:
            known = self.model.config.get_text_config().eos_token_id
        ids = [known] if isinstance(known, int) else list(known or [])
        return torch.isin(replies, torch.tensor(ids, device=replies.device)).any(1).tolist()

    @torch.inference_mode()
    def _embeddings(self, requests: Sequence[EmbedRequest]) -> list[tuple[float, ...]]:
        encoded = self.encode([(Turn("user", (request.picture,)),) for request in requests])
        keep = {"logits_to_keep": 1} if self._keeps else {}
        states = self.model(**encoded, output_hidden_states=True, **keep).hidden_states[-1].float()
        mask = encoded["attention_mask"][..., None]
        means = (states * mask).sum(1) / mask.sum(1)
        return [tuple(row.tolist()) for row in means]

    @torch.inference_mode()
    def _scores(self, requests: Sequence[ScoreRequest]) -> list[tuple[float, ...]]:
        encoded = self.encode([request.turns for request in requests])
        given = self.processor.tokenizer(
            [request.continuation for request in requests],
            padding=True,
            padding_side="right",
            return_tensors="pt",
            add_special_tokens=False,
        ).to(self.model.device)
        prompt = encoded["input_ids"].shape
        for name, value in encoded.items():
            if isinstance(value, torch.Tensor) and value.shape == prompt:
                kept = name in ("input_ids", "attention_mask")
                added = given[name] if kept else torch.zeros_like(given["input_ids"])
                encoded[name] = torch.cat([value, added.to(value.dtype)], 1)
        length = given["input_ids"].shape[1]
        if length == 0:
            return [()] * len(requests)
        keep = {"logits_to_keep": length + 1} if self._keeps else {}
        logits = self.model(**encoded, **keep).logits[:, -length - 1 : -1].float()
        found = logits.log_softmax(-1).gather(-1, given["input_ids"][..., None])[..., 0]
        masks = given["attention_mask"].bool()
        return [tuple(row[mask].tolist()) for row, mask in zip(found, masks, strict=True)]
