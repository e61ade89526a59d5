"""A loaded edit pipeline and how it is called: by its class and by its signature."""

import inspect
from typing import TYPE_CHECKING, Any

import torch
from diffusers import DiffusionPipeline
from PIL import Image

from g2u.errors import ModelError
from g2u.inprocess.loading import device_of
from g2u.pictures.decoding import picture_of_pixels, pixels_of
from g2u.records import EditRequest, Picture

if TYPE_CHECKING:
    from g2u.models.diffusers import Settings

PICTURES = ("image", "images", "input_images")
"""Names under which pipelines take pictures, the usual one first."""
SEVERAL = (
    "Flux2Pipeline",
    "Flux2KleinPipeline",
    "Flux2KleinKVPipeline",
    "QwenImageEditPlusPipeline",
    "BriaFiboEditPipeline",
    "JoyImageEditPlusPipeline",
    "GlmImagePipeline",
    "OmniGenPipeline",
)
"""Pipelines to which a list of pictures is one request's references (diffusers 0.42, docstrings of
their __call__); to the others it is a batch.
"""
MULTIPLE = 16


class Editing:
    """A pipeline on its device.

    Raises:
        ModelError: the pipeline takes no picture.
    """

    def __init__(self, source: "Settings") -> None:
        arguments = source.arguments()
        arguments["torch_dtype"] = arguments.pop("dtype")
        if arguments["torch_dtype"] == "auto":
            del arguments["torch_dtype"]
        else:
            arguments["torch_dtype"] = getattr(torch, arguments["torch_dtype"])
        build: Any = DiffusionPipeline  # diffusers leaves from_pretrained untyped
        pipeline = build.from_pretrained(source.path, **arguments)
        pipeline.set_progress_bar_config(disable=True)
        if source.offload == "model":
            pipeline.enable_model_cpu_offload()
        elif source.offload == "sequential":
            pipeline.enable_sequential_cpu_offload()
        elif source.device_map is None:
            pipeline = pipeline.to(device_of(source))
        self._pipeline = pipeline
        self._call = dict(source.call)
        self._sized = source.size == "source"
        name = type(pipeline).__name__
        self._several = name in SEVERAL if source.several is None else source.several
        self._known = inspect.signature(pipeline.__call__).parameters
        found = [key for key in PICTURES if key in self._known]
        if not found or "prompt" not in self._known:
            raise ModelError(
                f"{source.where}: {source.path} is a {name}, which takes no picture and prompt; "
                "expected an instruction-edit pipeline"
            )
        self._key = found[0]

    def edit(self, request: EditRequest) -> Picture:
        """The picture that the pipeline makes of the request.

        Raises:
            ValueError: the pipeline cannot take the request's pictures or settings.
        """
        shown = [pixels_of(picture) for picture in request.pictures]
        if not shown:
            raise ValueError("the pipeline edits pictures; none was given")
        if len(shown) > 1 and not self._several:
            raise ValueError(f"{type(self._pipeline).__name__} edits one picture at a time")
        asked = {**self._call, **dict(request.settings)}
        if self._sized and {"width", "height"} <= set(self._known):
            width, height = (max(side // MULTIPLE, 1) * MULTIPLE for side in shown[0].size)
            asked = {"width": width, "height": height, **asked}
        for name in asked:
            if name not in self._known:
                raise ValueError(f"{type(self._pipeline).__name__} has no argument {name!r}")
        plural = self._key != "image" or len(shown) > 1
        made = self._pipeline(
            prompt=request.prompt,
            **{self._key: shown if plural else shown[0]},
            generator=torch.Generator("cpu").manual_seed(request.seed),
            output_type="pil",
            **asked,
        ).images[0]
        if not isinstance(made, Image.Image):
            raise ValueError(f"the pipeline returned {type(made).__name__}, not a picture")
        return picture_of_pixels(made.convert("RGB"))
