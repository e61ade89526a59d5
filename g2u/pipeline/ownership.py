"""What g2u wrote. All else in a workspace is a person's: nothing removes or overwrites it.

A file is g2u's if it lies where stages write, and has the form that they give it or is, byte for
byte, what a dvc.lock records of that place. A dvc.yaml is g2u's if it says so and holds the stages
of its place alone. No list of files is kept apart: one that was lost would make files foreign.
"""

import hashlib
import json
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from g2u.files import from_yaml, is_json, write_whole
from g2u.params.params import Params
from g2u.pipeline.guard import KEPT
from g2u.pipeline.recipes import files as recipe_files
from g2u.tables.places import (
    CELLS,
    DATA,
    LOOKS,
    RECIPES,
    RECIPES_FILE,
    REPORT,
    STATE,
    BenchmarkFolder,
)
from g2u.thoughts.looks import cells

HEADER = "Kept by `g2u sync`"
"""In the first lines of every file that sync writes whole."""
SHARDS = r"part-\d{5}\.parquet"
PAGES = (
    "plotly.min.js", "learning.html", "causes.csv", "changes.csv", "decisions.csv",
    "judges.csv", "rewards.csv",
)  # fmt: skip
"""Files beside the report's page per benchmark and model (g2u.report.page, which loads slowly)."""
HEADLINES = "headline"
"""Folder of the report's numbers for `dvc metrics show` (g2u.report.headline)."""
IN_CACHE = re.compile(r"[/\\]files[/\\]md5[/\\][0-9a-f]{2}[/\\][0-9a-f]{30}$")
"""What a link points to that DVC made (cache.type: symlink)."""
COMMAND = re.compile(
    r"python -m stages\.(?P<stage>\w+)(?: --benchmark (?P<benchmark>\w+))?"
    r"(?: --model \S+)?(?: --family (?P<family>\w+))?(?: --look (?P<look>\d+))?"
    r"(?: --elsewhere \w+)?"
)
"""The command of a stage of g2u."""
N = "[a-z0-9_]+"
CELL = rf"{N}/{N}/{N}(?:/{LOOKS}/\d+)?"
Form = Callable[[Path], bool]


@dataclass(frozen=True, slots=True)
class Out:
    """A place that a stage writes."""

    path: Path
    """Relative to the workspace."""
    names: re.Pattern[str] | None = None
    """Of a folder: the files below it that are the stage's. None: it is a file."""


def outs(config: Params) -> Iterator[Out]:
    """Every output of the dvc.yaml files that params.yaml asks for."""
    for name in config.benchmarks:
        yield from _of_benchmark(config, name)
    parts = [f"{b}-{m}" for b in config.benchmarks for m in config.models_of(b)]
    pages = "|".join(re.escape(page) for page in (*(f"{part}.html" for part in parts), *PAGES))
    scripts = rf"parts\.js|(?:{'|'.join(parts)})/(?:items|(?:items|pictures)-\d+)\.js"
    recipes = "|".join(re.escape(p.relative_to(RECIPES).as_posix()) for p in recipe_files(config))
    yield Out(RECIPES, re.compile(recipes))
    yield Out(REPORT / "pages", re.compile(pages))
    yield Out(REPORT / HEADLINES, re.compile(rf"(?:{'|'.join(parts)})\.json"))
    yield Out(REPORT / "gallery", re.compile(scripts))
    for name in ("index.html", "gallery.html", "gains.json", "gains.csv"):
        yield Out(REPORT / name)


def _of_benchmark(config: Params, name: str) -> Iterator[Out]:
    folder, shards = BenchmarkFolder(name), re.compile(SHARDS)
    yield from (Out(folder.questions), Out(folder.targets))
    yield from (Out(p, shards) for p in (folder.pictures, folder.oracles, folder.adversaries))
    for cell in cells(config, name):
        yield Out(cell.thoughts, re.compile(rf"{SHARDS}|links\.parquet"))
        files = [cell.answers, cell.rewards]
        files += [cell.decision] if cell.look else [cell.scores, cell.metrics]
        files += [cell.costs("generate"), cell.costs("understand")]
        files += [cell.calls("generate"), cell.calls("understand")]
        if config.judge.models and not cell.look:
            files += [cell.judgements, cell.calls("judge")]
        if config.judge.is_panel:
            files.append(cell.votes)
        yield from map(Out, files)


def rooms(config: Params) -> Iterator[Path]:
    """Folders below outputs, which stages make."""
    yield from (p.parent for p in recipe_files(config) if p.parent != RECIPES)
    for name in config.benchmarks:
        yield from (REPORT / "gallery" / f"{name}-{model}" for model in config.models_of(name))


def out_of(path: Path) -> Path:
    """The output that a file is, or lies in."""
    parts = path.parts
    if parts[1] in ("recipes", "report"):
        return Path(*parts[: 2 if parts[1] == "recipes" else 3])
    if parts[2] in ("pictures", "oracles", "adversaries"):
        return Path(*parts[:3])
    within = 6 if parts[4:5] == (LOOKS,) else 4
    return Path(*parts[: within + 1]) if parts[within : within + 1] == ("thoughts",) else path


def _table(name: str) -> Form:
    """A parquet file with the columns of g2u.tables.schemas.<name>, described as g2u describes
    them.
    """

    def fits(path: Path) -> bool:
        from g2u.questions import targets
        from g2u.tables import parquet
        from g2u.tables import schemas as tables

        table = targets.TARGETS if name == "TARGETS" else getattr(tables, name)
        return parquet.has_columns(path, table.schema)

    return fits


def _json(told: Callable[[dict[str, Any]], bool]) -> Form:
    """A JSON object of which `told` is true."""
    return lambda path: is_json(path, lambda found: isinstance(found, dict) and told(found))


def _begins(*texts: str) -> Form:
    """A text one of `texts` is in the first lines of."""

    def fits(path: Path) -> bool:
        with path.open("rb") as file:
            head = file.read(400)
        return any(text.encode() in head for text in texts)

    return fits


def _is_recipe(path: Path) -> bool:
    """A recipe whose params are those of the presets that its name tells."""
    kind, *names = path.with_suffix("").parts[path.parts.index("recipes") + 1 :]
    axes = {"generate": ("models", "families"), "understand": ("models",)}.get(
        kind, () if kind in ("judge", "look") else ("benchmarks",)
    )
    presets = [f"presets.{axis}.{name}" for axis, name in zip(axes, names, strict=False)]
    form = _json(
        lambda found: (
            found.keys() == {"params", "code"}
            and all(any(key.startswith(preset) for key in found["params"]) for preset in presets)
        )
    )
    return form(path)


FORMS: list[tuple[re.Pattern[str], Form]] = [
    (re.compile(f"data/{place}"), form)
    for place, form in {
        rf"{N}/questions\.parquet": _table("QUESTIONS"),
        rf"{N}/targets\.parquet": _table("TARGETS"),
        rf"{N}/pictures/{SHARDS}": _table("PICTURES"),
        rf"{N}/(?:oracles|adversaries)/{SHARDS}": _table("ORACLES"),
        rf"{CELL}/thoughts/{SHARDS}": _table("THOUGHTS"),
        rf"{CELL}/thoughts/links\.parquet": _table("LINKS"),
        rf"{CELL}/answers\.parquet": _table("ANSWERS"),
        rf"{CELL}/rewards\.parquet": _table("REWARDS"),
        rf"{CELL}/judgements\.parquet": _table("JUDGEMENTS"),
        rf"{CELL}/votes\.parquet": _table("VOTES"),
        rf"{CELL}/scores\.parquet": _table("SCORES"),
        rf"{CELL}/costs/(?:generate|understand)\.json": _json(
            lambda found: all("seconds" in k for arm in found.values() for k in arm.values())
        ),
        rf"{CELL}/calls/(?:generate|understand|judge)\.parquet": _table("CALLS"),
        rf"{CELL}/metrics\.json": _json(lambda found: {"arms", "gains"} <= found.keys()),
        rf"{CELL}/decision\.json": _json(lambda found: {"decision", "drawn"} == found.keys()),
        rf"recipes/(?:report|gallery|generate/{N}/{N}|(?:prepare|understand|look|judge|score)/{N})"
        r"\.json": _is_recipe,
        rf"report/(?:index|pages/(?:{N}-{N}|learning))\.html": _begins("<title>g2u report: "),
        r"report/gallery\.html": _begins("<title>g2u gallery: "),
        r"report/pages/plotly\.min\.js": _begins("plotly.js v"),
        r"report/pages/(?:decisions|rewards|changes|judges)\.csv": _begins("benchmark,model,"),
        r"report/gallery/parts\.js": _begins("G2U.parts("),
        rf"report/gallery/{N}-{N}/items\.js": _begins("G2U.items("),
        rf"report/gallery/{N}-{N}/items-\d+\.js": _begins("G2U.rows("),
        rf"report/gallery/{N}-{N}/pictures-\d+\.js": _begins("G2U.pictures("),
        rf"report/{HEADLINES}/{N}-{N}\.json": _json(lambda found: "direct" in found or not found),
        r"report/gains\.csv": _begins("cell,benchmark,model,arm,"),
        r"report/gains\.json": _json(
            lambda found: all(
                "accuracy" in arm
                for models in found.values()
                for arms in models.values()
                for arm in arms.values()
            )
        ),
    }.items()
]
"""What stages give to each place that they write."""


def form_of(path: Path) -> Form | None:
    """The form of what stages write there; None: they write nothing there."""
    text = path.as_posix()
    return next((form for place, form in FORMS if place.fullmatch(text)), None)


def is_generated(path: Path, text: str) -> bool:
    """Whether a file of sync's, at this place in the workspace, is as sync leaves it: it says so,
    and a dvc.yaml holds no stage, plot or artifact of somebody else.
    """
    if HEADER not in text[:400]:
        return False
    if path.name != "dvc.yaml":
        return True
    try:
        told = from_yaml(text)
        stages = told["stages"].items()
        made = [(name, COMMAND.fullmatch(each.get("do", each)["cmd"])) for name, each in stages]
    except (yaml.YAMLError, ValueError, KeyError, AttributeError, TypeError):
        return False
    benchmark, family, _, look = (*path.parts[1:-1], None, None, None, None)[:4]
    return told.keys() <= {"vars", "stages"} and all(
        found
        and found["stage"] == name
        and (found["benchmark"], found["family"], found["look"]) == (benchmark, family, look)
        for name, found in made
    )


def outs_of(text: str) -> set[str]:
    """Outputs that a dvc.yaml or dvc.lock of g2u's names."""
    told = from_yaml(text) or {}
    keys = [key for each in told.get("vars") or () for key in each.get("models") or ()]
    found: set[str] = set()
    for stage in (told.get("stages") or {}).values():
        made = stage.get("do", stage)
        for out in (*(made.get("outs") or ()), *(made.get("metrics") or ())):
            place = out if isinstance(out, str) else out.get("path") or next(iter(out))
            found |= {place.replace("${key}", key) for key in (keys if "do" in stage else [""])}
    return found


class Workspace:
    """What lies in a workspace, and whose it is; looked at once, for one command."""

    def __init__(self, root: Path, texts: Mapping[Path, str] | None = None) -> None:
        """`texts`: of the files that sync writes, which need no look where they are as they are."""
        self.root = root
        self._texts = texts or {}
        self._ways: dict[Path, dict[Path, str]] = {}
        self._known = self._remembered()
        self._seen: dict[str, list[int]] = {}

    def is_ours(self, path: Path) -> bool:
        """Whether what lies there (a regular file, or a link) was written by g2u or DVC."""
        place = self.root / path
        status = place.lstat()
        if stat.S_ISLNK(status.st_mode):
            return bool(IN_CACHE.search(os.readlink(place)))  # noqa: PTH115  # as a text
        if not stat.S_ISREG(status.st_mode):
            return False
        now = [status.st_size, status.st_mtime_ns, status.st_ino]
        form = form_of(path)
        known = self._known.get(path.as_posix()) == now
        if known or (form is not None and form(place)) or self._is_recorded(path):
            self._seen[path.as_posix()] = now
            return True
        return False

    def remember(self) -> None:
        """Keep what was found to be g2u's, so that it is not looked into again."""
        if self._seen != self._known:
            write_whole(self.root / STATE / "ours", json.dumps(self._seen))

    def _remembered(self) -> dict[str, list[int]]:
        try:
            found = json.loads((self.root / STATE / "ours").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def foreign(self, config: Params) -> list[str]:
        """What a person keeps where a run would write, one line each; nothing is changed."""
        said: dict[Path, str] = {}
        for out in outs(config):
            said |= self._blocked(out.path.parent)
            if out.path.parent in said:
                continue
            if out.names is None:
                said |= self._theirs(out.path)
            elif not (blocked := self._blocked(out.path)):
                for path in self.below(out.path):
                    if out.names.fullmatch(path.relative_to(out.path).as_posix()):
                        said |= self._theirs(path)
            else:
                said |= blocked
        for room in rooms(config):
            said |= self._blocked(room)
        self.remember()
        return [*_read_and_written(config, self.root), *(f"{p}: {why}" for p, why in said.items())]

    def _theirs(self, path: Path) -> dict[Path, str]:
        with suppress(FileNotFoundError, NotADirectoryError):
            if not self.is_ours(path):
                return {path: "g2u did not write it and would write there; move it away"}
        return {}

    def _blocked(self, folder: Path) -> dict[Path, str]:
        """The first part of the way to a folder that is a link, or no folder."""
        if folder not in self._ways:
            self._ways[folder] = self._looked_up(folder)
        return self._ways[folder]

    def _looked_up(self, folder: Path) -> dict[Path, str]:
        for part in (*reversed(folder.parents[:-1]), folder):
            place = self.root / part
            if place.is_symlink():
                return {part: "a link, where g2u has a folder of its own; move it away"}
            if not place.is_dir():
                there = os.path.lexists(place)
                return {part: "g2u has a folder there; move it away"} if there else {}
        return {}

    def below(self, folder: Path) -> Iterator[Path]:
        """All that lies below a folder, folders too; not behind links."""
        for here, folders, files in os.walk(self.root / folder):
            place = Path(os.path.relpath(here, self.root))
            yield from (place / name for name in (*folders, *files))

    @cached_property
    def dvc_files(self) -> dict[Path, str]:
        """The dvc.yaml files of benchmarks and cells that are g2u's, and their texts."""
        found = {}
        for pattern in ("*/dvc.yaml", "*/*/dvc.yaml", f"*/*/{LOOKS}/*/dvc.yaml"):
            for place in sorted((self.root / CELLS).glob(pattern)):
                path = place.relative_to(self.root)
                if not place.is_symlink() and place.is_file() and not self._blocked(path.parent):
                    text = place.read_text(encoding="utf-8", errors="replace")
                    if text == self._texts.get(path) or is_generated(path, text):
                        found[path] = text
        return found

    def dead(self, config: Params) -> list[Path]:
        """Files of g2u's that params.yaml no longer asks for: named by a dvc.yaml or dvc.lock of
        g2u's, or as a page or recipe.
        """
        wanted = {out.path: out.names for out in outs(config)}
        kept = self.dvc_files
        folders = {DATA / path.parts[1] for path in kept}
        candidates: dict[Path, list[Path]] = {}
        for folder in (*sorted(folders), RECIPES, REPORT):
            if self._blocked(folder):
                continue
            for path in self.below(folder):
                if form_of(path) is None:
                    continue
                out = out_of(path)
                names = wanted.get(out)
                if out not in wanted or (
                    names and not names.fullmatch(path.relative_to(out).as_posix())
                ):
                    candidates.setdefault(folder, []).append(path)
        found = []
        for folder, paths in candidates.items():
            named_ = self._named(folder, kept)
            for path in paths:
                if folder == RECIPES or out_of(path).as_posix() in named_:
                    place = self.root / path
                    of_page = folder == REPORT
                    is_dead = self._is_recorded(path) if of_page else self.is_ours(path)
                    if is_dead and not place.is_dir():
                        found.append(path)
        return found

    def _named(self, folder: Path, kept: dict[Path, str]) -> set[str]:
        """Outputs that the dvc.yaml and dvc.lock files of a benchmark, or the root's, name."""
        if folder == REPORT:
            return {f"data/report/{name}" for name in ("pages", "gallery", HEADLINES)}
        found: set[str] = set()
        for path, text in kept.items():
            if path.parts[1] == folder.name:
                found |= outs_of(text)
                for lock in (path.with_suffix(".lock"), KEPT / path.with_suffix(".lock")):
                    with suppress(OSError, ValueError, yaml.YAMLError, AttributeError):
                        found |= outs_of((self.root / lock).read_text(encoding="utf-8"))
        return found

    def _is_recorded(self, path: Path) -> bool:
        """Whether a file is, byte for byte, what a lock file records of its place."""
        recorded = self._digests.get(path.as_posix())
        if not recorded:
            return False
        try:
            with (self.root / path).open("rb") as file:
                return hashlib.file_digest(file, "md5").hexdigest() in recorded
        except OSError:
            return False

    @cached_property
    def _digests(self) -> dict[str, set[str]]:
        """MD5 digests that lock files, and the folders' listings in DVC's cache, tell of files."""
        found: dict[str, set[str]] = {}
        locks = [Path("dvc.lock"), RECIPES_FILE.with_suffix(".lock")]
        locks += [path.with_suffix(".lock") for path in self.dvc_files]
        for lock in (*locks, *(KEPT / lock for lock in locks)):
            for out in self._recorded(self.root / lock):
                place, digest = str(out.get("path")), str(out.get("md5"))
                if not digest.endswith(".dir"):
                    found.setdefault(place, set()).add(digest)
                    continue
                with suppress(OSError, ValueError, KeyError, TypeError):
                    listing = self._cache / "files" / "md5" / digest[:2] / digest[2:]
                    for each in json.loads(listing.read_bytes()):
                        found.setdefault(f"{place}/{each['relpath']}", set()).add(each["md5"])
        return found

    def _recorded(self, lock: Path) -> Iterable[dict[str, Any]]:
        try:
            stages = from_yaml(lock.read_text(encoding="utf-8"))["stages"].values()
            return [out for stage in stages for out in stage.get("outs") or ()]
        except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError, AttributeError):
            return []

    @cached_property
    def _cache(self) -> Path:
        """DVC's cache."""
        from dvc.config import Config

        folder = (self.root / ".dvc").resolve()
        named_ = Config(str(folder), validate=False).get("cache", {}).get("dir")
        return Path(named_) if named_ else folder / "cache"


def _read_and_written(config: Params, root: Path) -> Iterator[str]:
    """Benchmarks' own files that lie where g2u writes, or around it."""
    places = {root.resolve() / out.path for out in outs(config)}
    around = {folder for place in places for folder in (place, *place.parents)}
    for name in config.benchmarks:
        for path in config.presets.benchmarks[name].files():
            own = (root / path).resolve()
            if own in around or not places.isdisjoint(own.parents):
                yield (
                    f"params.yaml: presets.benchmarks.{name}: {path}: g2u writes there; move it to "
                    "a folder of its own"
                )
