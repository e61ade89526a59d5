"""How much one request, and all of them together, may ask of the server.

What memory comes to beside the model: at most `HELD` of bodies, one picture while it is decoded
(`PICTURE_PIXELS`), and the replies that clients have not read yet.
"""

from dataclasses import dataclass

MIB = 2**20
HEADERS = 16 * 2**10
"""Bytes of a request's headers."""
BODY = 32 * MIB
"""Bytes of a body, counted while it comes in."""
HELD = 256 * MIB
"""Bytes of all bodies whose requests have not been answered."""
MARKS = 2**18
"""Commas and brackets of a JSON body, by which its parts are counted before it is parsed; base64
has none.
"""
MESSAGES = 64
PARTS = 256
"""Of one message."""
PICTURES = 32
PICTURE_BYTES = 20 * MIB
PICTURE_PIXELS = 4096 * 4096
PIXELS = 4 * PICTURE_PIXELS
"""Of all pictures of a request."""
SCANS = 100
"""Of a JPEG: a few bytes each, and each is a pass over all pixels."""
TEXT = 100_000
"""Characters of one text: a prompt, a part of a message, a setting."""
TEXTS = 200_000
"""Characters of all texts of a request."""
CONTINUATION = 16_384
"""Characters of a given reply whose log-probabilities are asked for."""
TOKENS = 16_384
"""max_tokens."""
TEMPERATURE = 10.0
SIDE = 4096
"""Width and height of a picture to draw."""
SETTINGS = 64
"""Sampler settings of an edit."""
STEPS = 1000
"""Settings `steps` and `num_inference_steps`."""
LINE = 500
"""Characters of an error's line."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long clients may take, and how many may wait."""

    pause: float = 10.0
    """Seconds within which a request, or its next piece, has to come."""
    reading: float = 60.0
    """Seconds for a whole body."""
    reply: float = 600.0
    """Seconds for a reply: waiting for the model, and its work."""
    waiting: int = 256
    """Requests that may wait for the model."""
    ending: int = 2
    """Seconds that requests under way are given when the server is told to end."""
