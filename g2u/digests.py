"""Names made from content: keys of calls and seeds. Never from a path, an id or a position."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from g2u.protocols import Kind
from g2u.records import (
    AnswerRequest,
    EditRequest,
    EmbedRequest,
    InterleaveRequest,
    Picture,
    Request,
    ScoreRequest,
    Turn,
)


def canonical(value: Any) -> bytes:
    """JSON with sorted keys and no spaces: equal values, equal bytes."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def sha256(value: Any) -> str:
    """Hex digest of a JSON-like value's canonical form."""
    return hashlib.sha256(canonical(value)).hexdigest()


def call_key(identity: str, request: Request) -> str:
    """The key of a call: the digest of everything that makes its reply."""
    return sha256({"model": identity, **described(request)})


def kind_of(request: Request) -> Kind:
    """What is asked for: edit, answer, score or embed."""
    match request:
        case EditRequest():
            return "edit"
        case AnswerRequest():
            return "answer"
        case ScoreRequest():
            return "score"
        case EmbedRequest():
            return "embed"


def described(request: Request) -> dict[str, Any]:
    """A request as JSON-like values, pictures by their digests."""
    match request:
        case EditRequest():
            asked = (
                {
                    "pictures": [picture.digest for picture in request.pictures],
                    "prompt": request.prompt,
                }
                if request.is_prompt_last
                else {"parts": _parts(request.parts)}
            )
            drawn: dict[str, Any] = {
                "kind": kind_of(request),
                **asked,
                "seed": request.seed,
                "settings": dict(request.settings),
            }
            if isinstance(request, InterleaveRequest):
                drawn["interleaves"] = request.place
            return drawn
        case AnswerRequest():
            found: dict[str, Any] = {
                "kind": kind_of(request),
                "turns": _turns(request.turns),
                "max_tokens": request.max_tokens,
            }
            if request.temperature:
                found |= {"temperature": request.temperature, "seed": request.seed}
            return found
        case ScoreRequest():
            return {
                "kind": kind_of(request),
                "turns": _turns(request.turns),
                "continuation": request.continuation,
            }
        case EmbedRequest():
            return {"kind": kind_of(request), "picture": request.picture.digest}


def call_seed(run_seed: int, sources: Iterable[str], prompt: str, draw: int) -> int:
    """First 63 bits of sha256(run seed | source digests | full prompt | draw)."""
    text = "|".join([str(run_seed), *sources, prompt, str(draw)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def _turns(turns: tuple[Turn, ...]) -> list[Any]:
    return [[turn.role, _parts(turn.parts)] for turn in turns]


def _parts(parts: tuple[str | Picture, ...]) -> list[Any]:
    return [{"picture": p.digest} if isinstance(p, Picture) else p for p in parts]
