"""What is read of a benchmark, kept for its tables."""

from collections.abc import Iterable, Iterator

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
            for picture, oracle in zip(sample.pictures, sample.oracles, strict=False):
                if self.oracles.get(picture.digest) != oracle:
                    self.oracles[picture.digest] = self.spool.keep(oracle)
            for picture, adversary in zip(sample.pictures, sample.adversaries, strict=False):
                if self.adversaries.get(picture.digest) != adversary:
                    self.adversaries[picture.digest] = self.spool.keep(adversary)
            for picture in sample.pictures:
                if picture.digest not in self.distinct:
                    self.distinct.add(picture.digest)
                    yield picture
