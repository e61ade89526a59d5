"""Drawing with Emu3: rows of visual tokens, each closed by an end of line.

The grammar is that of `Emu3Processor` and of the published generation code (baaivision/Emu3,
emu3/mllm/utils_emu3.py): after <|image start|>H*W<|image token|> come H rows of W visual tokens and
<|extra_200|>, then <|extra_201|>, <|image end|> and the end of the text.
"""

from collections.abc import Sequence
from typing import Any

import torch

from g2u.inprocess.chat import Chat, Gumbel
from g2u.pictures.decoding import picture_of_pixels, pixels_of
from g2u.records import EditRequest, Picture, Turn

END_OF_LINE = "<|extra_200|>"
DEFAULTS = {"temperature": 1.0, "top_k": 2048, "guidance": 1.0}


class Drawing:
    """Draws with a loaded Emu3."""

    def __init__(self, chat: Chat) -> None:
        self._chat, self._model, self._processor = chat, chat.model, chat.processor
        tokenizer = self._processor.tokenizer
        self._tail = [
            tokenizer.convert_tokens_to_ids(self._processor.eof_token),
            tokenizer.convert_tokens_to_ids(self._processor.image_end_token),
            tokenizer.eos_token_id,
        ]
        self._end_of_line = tokenizer.convert_tokens_to_ids(END_OF_LINE)
        self._visual = self._model.vocabulary_mapping.image_tokens

    def group(self, request: EditRequest) -> tuple[Any, ...]:
        """Requests of one group can be drawn at once; with guidance each is drawn alone."""
        settings = self._settings(request)
        alone = request if settings["guidance"] != 1.0 else None
        return self._grid(request), settings["temperature"], settings["top_k"], alone

    @torch.inference_mode()
    def draw(self, requests: Sequence[EditRequest]) -> list[Picture]:
        """One picture per request; all of one group."""
        rows, columns = self._grid(requests[0])
        settings = self._settings(requests[0])
        encoded = self._encoded([self._prompt(r, r.prompt, rows, columns) for r in requests])
        guided: dict[str, Any] = {}
        if settings["guidance"] != 1.0:
            empty = self._encoded([self._prompt(requests[0], "", rows, columns)])
            guided = {
                "guidance_scale": float(settings["guidance"]),
                "negative_prompt_ids": empty["input_ids"],
            }
        start = encoded["input_ids"].shape[1]
        length = rows * (columns + 1)

        def allowed(_: int, written: torch.Tensor) -> list[int]:
            place = written.shape[0] - start
            if place >= length:
                return [self._tail[min(place - length, 2)]]
            if place % (columns + 1) == columns:
                return [self._end_of_line]
            return list(self._visual)

        noise = Gumbel(
            [request.seed for request in requests],
            float(settings["temperature"]),
            int(settings["top_k"]),
        )
        written = self._model.generate(
            **encoded,
            **guided,
            do_sample=False,
            max_new_tokens=length + 3,
            prefix_allowed_tokens_fn=allowed,
            logits_processor=[noise],
        )
        return [self._decoded(row[None, start:], rows, columns) for row in written]

    def _decoded(self, tokens: torch.Tensor, rows: int, columns: int) -> Picture:
        """The picture of one row of tokens; in company its pixels would be rounded otherwise."""
        pixels = self._model.decode_image_tokens(image_tokens=tokens, height=rows, width=columns)
        images = self._processor.postprocess(
            list(pixels.float().cpu()), return_tensors="PIL.Image.Image"
        )
        return picture_of_pixels(images["pixel_values"][0].convert("RGB"))

    def _prompt(
        self, request: EditRequest, text: str, rows: int, columns: int
    ) -> tuple[str, list[Any]]:
        turn = Turn("user", (*request.pictures, text))
        written = self._processor.apply_chat_template(
            self._chat.messages([turn]), add_generation_prompt=True
        )
        opened = (
            f"{self._processor.image_start_token}{rows}*{columns}"
            f"{self._processor.fake_token_around_image}"
        )
        return written + opened, [pixels_of(picture) for picture in request.pictures]

    def _encoded(self, prompts: Sequence[tuple[str, list[Any]]]) -> dict[str, Any]:
        pictures = [images for _, images in prompts if images]
        shown = {"images": pictures} if pictures else {}
        encoded = self._processor(
            text=[text for text, _ in prompts], return_tensors="pt", padding=True, **shown
        )
        return self._chat.placed(encoded)

    def _settings(self, request: EditRequest) -> dict[str, Any]:
        given = dict(request.settings)
        for name in given:
            if name not in (*DEFAULTS, "height", "width"):
                raise ValueError(f"emu3 has no sampler setting {name!r}")
        return {**DEFAULTS, **given}

    def _grid(self, request: EditRequest) -> tuple[int, int]:
        """Rows and columns of visual tokens."""
        factor = self._processor.image_processor.spatial_factor
        given = dict(request.settings)
        if "height" in given and "width" in given:
            return int(given["height"]) // factor, int(given["width"]) // factor
        if request.pictures:
            image = pixels_of(request.pictures[0])
            read = self._processor.image_processor(images=[image], return_tensors="pt")
            height, width = (int(side) for side in torch.as_tensor(read["image_sizes"])[0])
            return height // factor, width // factor
        side = int(self._processor.image_processor.max_pixels**0.5) // factor
        return side, side
