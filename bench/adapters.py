"""What an adapter costs over the library that it calls.

In process: hf_chat on a tiny random LLaVA, request by request, against the same processor and
generate calls in a bare loop (seconds per call, alternating). Served: 64 requests in flight to
`g2u serve null` through the adapter, against a bare AsyncOpenAI client with as many.
Run: python -m bench.adapters [calls] [requests]
"""

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from openai import AsyncOpenAI

from g2u.models import hf_chat
from g2u.models import openai as served
from g2u.pictures.decoding import encode_png, picture_of, pixels_of
from g2u.records import AnswerRequest, Picture, Turn
from tests.conftest import png
from tests.models.builders import llava
from tests.models.servers import started

ROUNDS = 5
IN_FLIGHT = 64
TOKENS = 8


def asked(count: int) -> list[AnswerRequest]:
    """Questions with one picture each."""
    return [
        AnswerRequest((Turn("user", (picture_of(png(n % 50, 48)), f"What is {n}?")),), TOKENS)
        for n in range(count)
    ]


def in_process(calls: int) -> None:
    """Seconds per call of the adapter and of the bare loop."""
    import torch
    from transformers import AutoModelForMultimodalLM, AutoProcessor

    with tempfile.TemporaryDirectory() as folder:
        path = str(llava(Path(folder)))
        adapter = hf_chat.load(hf_chat.Settings(path=path))
        model: Any = AutoModelForMultimodalLM.from_pretrained(path).eval()
        build: Any = AutoProcessor
        processor = build.from_pretrained(path)
        requests = asked(calls)

        def bare(request: AnswerRequest) -> str:
            picture, text = request.turns[0].parts
            assert isinstance(picture, Picture)
            content = [
                {"type": "image", "image": pixels_of(picture)},
                {"type": "text", "text": text},
            ]
            encoded = processor.apply_chat_template(
                [[{"role": "user", "content": content}]], tokenize=True, return_dict=True,
                add_generation_prompt=True, processor_kwargs={"return_tensors": "pt"},
            )  # fmt: skip
            with torch.inference_mode():
                written = model.generate(**encoded, do_sample=False, max_new_tokens=TOKENS)
            replies = written[:, encoded["input_ids"].shape[1] :]
            return str(processor.batch_decode(replies, skip_special_tokens=True)[0]).strip()

        assert adapter.answer(requests[:2]) == [bare(request) for request in requests[:2]]
        ours, theirs = [], []
        for request in requests:
            begun = time.perf_counter()
            adapter.answer([request])
            ours.append(time.perf_counter() - begun)
            begun = time.perf_counter()
            bare(request)
            theirs.append(time.perf_counter() - begun)
    extra = 1000 * median(a - b for a, b in zip(ours, theirs, strict=True))
    print(
        f"in process: {1000 * median(ours):.1f} ms per call, bare {1000 * median(theirs):.1f} ms: "
        f"{extra:+.2f} ms ({100 * extra / 1000 / median(theirs):+.1f} %), {calls} calls"
    )


def in_flight(count: int) -> None:
    """Requests per second of the adapter and of the bare client, best of the rounds each."""
    requests = asked(count)
    with started("g2u.cli.main", "serve", "nothing", "--port", "0", folder=workspace()) as address:
        os.environ["OPENAI_BASE_URL"] = f"{address}/v1"
        model = served.load(served.Settings(model="nothing", revision="1", in_flight=IN_FLIGHT))
        ours, theirs = [], []
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            model.answer(requests)
            ours.append(count / (time.perf_counter() - begun))
            theirs.append(count / asyncio.run(bare_client(f"{address}/v1", requests)))
        model.close()
    print(
        f"served: {max(ours):.0f} requests per second, bare client {max(theirs):.0f}: "
        f"ratio {max(ours) / max(theirs):.2f}, {IN_FLIGHT} in flight, best of {ROUNDS} x {count}"
    )


async def bare_client(address: str, requests: list[AnswerRequest]) -> float:
    """Seconds that the openai SDK takes when called directly."""
    import base64

    client, turn = AsyncOpenAI(base_url=address, api_key="none"), asyncio.Semaphore(IN_FLIGHT)

    async def one(request: AnswerRequest) -> None:
        picture, text = request.turns[0].parts
        assert isinstance(picture, Picture)
        data = base64.b64encode(encode_png(pixels_of(picture))).decode()
        content: Any = [
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}},
            {"type": "text", "text": text},
        ]
        async with turn:
            await client.chat.completions.create(
                model="nothing", messages=[{"role": "user", "content": content}], max_tokens=TOKENS
            )

    begun = time.perf_counter()
    await asyncio.gather(*(one(request) for request in requests))
    seconds = time.perf_counter() - begun
    await client.close()
    return seconds


def workspace() -> str:
    """A folder whose params.yaml knows the model `nothing`."""
    import yaml

    raw = yaml.safe_load(Path("params.yaml").read_text())
    raw["presets"]["models"]["nothing"] = {"adapter": "null", "batch": 64}
    folder = tempfile.mkdtemp()
    Path(folder, "params.yaml").write_text(yaml.safe_dump(raw))
    return folder


if __name__ == "__main__":
    counts = [int(word) for word in sys.argv[1:]] or [200, 2000]
    in_process(counts[0])
    in_flight(counts[-1])
