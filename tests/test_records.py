"""Records that travel through the pipeline."""

import io

import pytest

from g2u.errors import DataError
from g2u.pictures.decoding import picture_of
from g2u.records import Failure


def test_failures_say_the_same_each_time() -> None:
    """Python prints where an object lies in memory."""
    first, second = (Failure(f"cannot identify {io.BytesIO()!r}") for _ in range(2))
    assert first == second == Failure("cannot identify <_io.BytesIO object>")
    with pytest.raises(DataError) as error:
        picture_of(b"no picture")
    assert " at 0x" not in Failure(str(error.value)).reason
