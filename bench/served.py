"""A served model with uneven reply times: our requests beside a bare client's; a kill.

Run: python -m bench.served [QUESTIONS]. Both make as many requests with the same dependencies, 64
at a time, and wait as long for them (bench/slow.py). What counts is the time from the first
request to the last reply, as the server sees it; the whole command is printed beside it.
"""

import asyncio
import base64
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from openai import AsyncOpenAI

from bench.common import machine, picture, rows, workspace
from g2u.calls.folder import FolderStore
from tests.campaigns.crashes import forget
from tests.conftest import Workspace

IN_FLIGHT = 64
REPLIES = 300
RETURNED = 2.0
"""Seconds that the last of them may be on its way."""
DRAWN = ("detail", "context", "structure")
ADDRESS = "http://127.0.0.1:{}"


@contextmanager
def server() -> Iterator[str]:
    """The address of a slow server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen([sys.executable, "-m", "bench.slow", str(port)]) as process:
        address = ADDRESS.format(port)
        while process.poll() is None:
            try:
                httpx.get(f"{address}/told")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield address
        process.kill()  # it holds requests that it never answers


def settle(made: Workspace, address: str, families: tuple[str, ...], questions: int) -> None:
    """A workspace whose model is behind the server."""
    os.environ["OPENAI_BASE_URL"] = f"{address}/v1"
    settings = {"model": "m", "revision": "1", "in_flight": IN_FLIGHT}
    made.raw["presets"]["models"]["slow"] = {"adapter": "openai", "settings": settings}
    made.raw["models"] = ["slow"]
    made.raw["families"] = ["direct", "duplicate", *families]
    made.raw["run"] = {"workers": 1}
    made.use_tsv(rows(questions, 64))
    made.write()


def span(address: str) -> tuple[float, int]:
    """Seconds from the first request to the last reply, and how many there were."""
    told = httpx.get(f"{address}/told").json()
    return told["sent"][-1] - told["first"], len(told["sent"])


def ours(made: Workspace, address: str, families: tuple[str, ...], questions: int) -> Any:
    """`g2u fill` with an empty cache."""
    settle(made, address, families, questions)
    forget(made.folder)
    httpx.get(f"{address}/reset")
    begun = time.perf_counter()
    made.run("g2u.cli.main", "fill")
    return *span(address), time.perf_counter() - begun


async def bare(address: str, families: tuple[str, ...], questions: int) -> None:
    """As many requests by the openai SDK alone: two answers of direct, one of duplicate, and of
    each family a drawing and then an answer.
    """
    client, turn = AsyncOpenAI(base_url=f"{address}/v1", api_key="none"), asyncio.Semaphore(64)

    async def answered(*pictures: bytes) -> None:
        shown = (base64.b64encode(data).decode() for data in pictures)
        content: Any = [
            *({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}
              for data in shown),
            {"type": "text", "text": "Is it even?"},
        ]  # fmt: skip
        async with turn:
            await client.chat.completions.create(
                model="m", messages=[{"role": "user", "content": content}], max_tokens=1024
            )

    async def drawn(original: bytes) -> None:
        async with turn:
            reply = await client.images.edit(
                model="m", image=("a.png", original), prompt="Draw.", response_format="b64_json"
            )
        data = (reply.data or [])[0].b64_json
        await answered(original, base64.b64decode(data or ""))

    async def asked(number: int) -> None:
        original = picture(number, 64)
        once = (answered(original), answered(), answered(original, original))
        await asyncio.gather(*once, *(drawn(original) for _ in families))

    await asyncio.gather(*map(asked, range(questions)))
    await client.close()


def killed(made: Workspace, address: str, questions: int) -> tuple[int, int]:
    """Replies sent before a kill -9 with 64 more in flight, and those that are not in the cache."""
    settle(made, address, DRAWN, questions)
    forget(made.folder)
    httpx.get(f"{address}/reset?replies={REPLIES}")
    command = [sys.executable, "-m", "g2u.cli.main", "fill"]
    with subprocess.Popen(command, cwd=made.folder, start_new_session=True) as process:
        sent = 0
        while sent < REPLIES:
            sent = len(httpx.get(f"{address}/told").json()["sent"])
            time.sleep(0.1)
        time.sleep(RETURNED)
        os.killpg(process.pid, signal.SIGKILL)
    return sent, sent - sum(1 for _ in FolderStore(made.folder / ".g2u/calls").listing())


def main() -> None:
    """Print both ratios, and the cost of a kill."""
    questions = int(sys.argv[1]) if len(sys.argv) > 1 else 342
    print(machine())
    with server() as address, workspace() as made:
        for name, families in (("answers only", ()), ("direct and three families", DRAWN)):
            count = questions if not families else questions // 3
            first, asked, whole = ours(made, address, families, count)
            httpx.get(f"{address}/reset")
            asyncio.run(bare(address, families, count))
            theirs, as_often = span(address)
            print(
                f"{name}: {asked} requests in {first:.1f} s, a bare client {as_often} in "
                f"{theirs:.1f} s: {theirs / first:.2f} x; the whole command {whole:.1f} s",
                flush=True,
            )
        sent, lost = killed(made, address, questions)
        print(f"kill -9 after {sent} replies, {IN_FLIGHT} in flight: {lost} lost", flush=True)


if __name__ == "__main__":
    os.environ.setdefault("TQDM_DISABLE", "1")
    main()
