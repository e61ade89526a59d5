"""What decides a run beside data/: files by size and time of change, params by their text."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from g2u import plugins
from g2u.code import identity
from g2u.code.dependencies import OWN
from g2u.code.root import code_root
from g2u.errors import DataError
from g2u.files import states
from g2u.params import reading as params
from g2u.params.params import Params
from g2u.params.sections import PATH

CODE = ("g2u", "g2u_tiny", "stages")
"""What stages run."""
State = str | tuple[int, int]


def code() -> list[Path]:
    """Folders of what stages run: of the study itself, and of g2u where it is installed."""
    roots = dict.fromkeys((Path(), code_root(Path())))
    return [Path(OWN), *(root / name for root in roots for name in CODE)]


@dataclass(frozen=True, slots=True)
class Inputs:
    """What decides a run beside data/, as it was at one moment."""

    found: Mapping[str, State]
    """Path -> bytes and time of change, or the text of a file of params."""
    config: Params

    @classmethod
    def now(cls) -> "Inputs":
        """What params.yaml says now, and the state of all that it names."""
        return cls.of(params.load())

    @classmethod
    def of(cls, config: Params) -> "Inputs":
        """The state of what these params name."""
        places = code()
        for name in config.benchmarks:
            places += config.presets.benchmarks[name].files()
        told = [path for path in (PATH, params.SHELF) if path.exists()]
        found: dict[str, State] = {str(path): path.read_text(encoding="utf-8") for path in told}
        foreign = identity.states(plugins.foreign().values())
        found |= {path: (size, at) for path, size, at in (*states(places), *foreign)}
        return cls(found, config)

    def require_same(self) -> None:
        """Raises DataError where something is not as it was: code, params, sources' files."""
        now = Inputs.of(self.config).found
        for path in sorted(self.found.keys() | now.keys()):
            if self.found.get(path) != now.get(path):
                raise DataError(
                    f"{path} changed while the run was under way: what was made since the last "
                    "record is not recorded; run again"
                )
