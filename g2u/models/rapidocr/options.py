"""Settings of the reader, by rapidocr's own names and with its defaults."""

from typing import Annotated, Literal

from pydantic import Field

from g2u.settings import NotNegative, Section

Share = Annotated[float, Field(ge=0, le=1)]


class Settings(Section):
    """What a preset may say. All but threads decide replies."""

    mode: Literal["read", "recognise"] = "read"
    """read: find lines, then read them. recognise: the whole picture is one line, and that it may
    hold none is not asked but of `text_score`.
    """
    limit_side_len: Annotated[int, Field(ge=32, le=2000)] = 736
    """For finding, a picture whose side is shorter is scaled up to this many pixels; with
    limit_type max, one whose side is longer is scaled down.
    """
    limit_type: Literal["min", "max"] = "min"
    """Which side is meant: the shorter or the longer one."""
    min_side_len: Annotated[int, Field(ge=0, le=2000)] = 30
    """A picture whose shorter side has fewer pixels is first scaled up, to sides in steps of 32."""
    box_thresh: Share = 0.5
    """Of a place: below this score it is no text."""
    use_cls: bool = True
    """Whether a line that looks upside down is turned round; small ones look so by mistake."""
    margin: Annotated[float, Field(ge=0, le=16)] = 2.0
    """By how many pixels of the picture a place is widened that was found on a much larger one;
    rapidocr has no such thing.
    """
    text_score: Share = 0.5
    """Of a line: below this confidence it was not read."""
    threads: NotNegative = 0
    """Of each network; 0 = one per core. Replies are the same for any number."""
