"""Drawing with Janus: transformers' own image generation, each row with a generator of its own.

Guidance is applied here and not by `generate`, which would apply it after the noise.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from transformers import LogitsProcessor

from g2u.inprocess.chat import Chat, Gumbel
from g2u.pictures.decoding import picture_of_pixels
from g2u.records import EditRequest, Picture, Turn

DEFAULTS = {"temperature": 1.0, "top_k": 0, "guidance": 5.0}


class Guided(LogitsProcessor):
    """Classifier-free guidance: of the doubled batch, without prompt + scale (with - without)."""

    def __init__(self, scale: float) -> None:
        self._scale = scale

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Scores [2 rows, tokens], prompted rows first, to [rows, tokens]."""
        del input_ids
        prompted, free = scores.chunk(2)
        return free + self._scale * (prompted - free)


@torch.inference_mode()
def draw(chat: Chat, requests: Sequence[EditRequest]) -> list[Picture]:
    """One picture per request; all with the same sampler settings.

    Raises:
        ValueError: a request shows a picture, or an unknown sampler setting.
    """
    if any(request.pictures for request in requests):
        raise ValueError("janus draws from text alone; it cannot edit a picture")
    given = dict(requests[0].settings)
    for name in given:
        if name not in DEFAULTS:
            raise ValueError(f"janus has no sampler setting {name!r}")
    settings = {**DEFAULTS, **given}
    prompts = [
        chat.processor.apply_chat_template(
            chat.messages([Turn("user", (request.prompt,))]), add_generation_prompt=True
        )
        for request in requests
    ]
    encoded = chat.placed(
        chat.processor(text=prompts, generation_mode="image", padding=True, return_tensors="pt")
    )
    noise = Gumbel(
        [request.seed for request in requests],
        float(settings["temperature"]),
        int(settings["top_k"]),
    )
    written = chat.model.generate(
        **encoded,
        generation_mode="image",
        do_sample=False,
        use_cache=True,
        guidance_scale=1.0,
        logits_processor=[Guided(float(settings["guidance"])), noise],
    )
    return [_decoded(chat, row[None]) for row in written]


def _decoded(chat: Chat, tokens: torch.Tensor) -> Picture:
    """The picture of one row of tokens; in company its pixels would be rounded otherwise."""
    pixels = chat.model.decode_image_tokens(tokens).permute(0, 3, 1, 2).float().cpu().numpy()
    images = chat.processor.postprocess(list(pixels), return_tensors="PIL.Image.Image")
    return picture_of_pixels(_image(images["pixel_values"][0]))


def _image(image: Image.Image | NDArray[np.uint8]) -> Image.Image:
    return image.convert("RGB") if isinstance(image, Image.Image) else Image.fromarray(image)
