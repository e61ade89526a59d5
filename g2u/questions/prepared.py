"""What is read of a benchmark, kept for its tables."""

from collections.abc import Iterable, Iterator

from g2u.errors import DataError
from g2u.pictures.held import Spool
from g2u.records import Picture, Question, Sample, Target


class Prepared:
    """What has been read of a benchmark; pictures pass through, oracles and adversaries lie in a
    spool, all else is kept.
    """

    def __init__(self, samples: Iterable[Sample]) -> None:
        self.questions: list[Question] = []
        self.targets: list[Target] = []
        self.oracles: dict[str, Picture] = {}
        self.adversaries: dict[str, Picture] = {}
        self.distinct: set[str] = set()
        self._samples, self.spool = samples, Spool()

    def pictures(self) -> Iterator[Picture]:
        """Every distinct picture, once; fills the other fields on the way."""
        for sample in self._samples:
            self.questions.append(sample.question)
            self.targets.append(sample.target)
            self._keep(self.oracles, sample, sample.oracles)
            self._keep(self.adversaries, sample, sample.adversaries)
            for picture in sample.pictures:
                if picture.digest not in self.distinct:
                    self.distinct.add(picture.digest)
                    yield picture

    def _keep(self, known: dict[str, Picture], sample: Sample, given: tuple[Picture, ...]) -> None:
        """Keep what is given of each of a sample's pictures, under the picture's digest."""
        for picture, drawn in zip(sample.pictures, given, strict=False):
            there = known.get(picture.digest)
            if there is None:
                known[picture.digest] = self.spool.keep(drawn)
            elif there != drawn:
                raise DataError(
                    f"{sample.place or sample.question.id}: an earlier question shows the same "
                    "picture and has another oracle; expected one for a picture (leave the oracle "
                    "out, or one of the questions)"
                )
