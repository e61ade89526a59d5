"""DVC as g2u uses it: which stages there are, which have changed, and the record of what was made.

`dvc repro` starts a process per stage and writes its lock file after each. g2u makes stages itself
(g2u/pipeline/make.py); here DVC compares, and notes what came of them as `dvc commit` does, but of
the stages that were made alone. What is used of DVC's Python beyond `Repo` is used in this file.
"""

import logging
import os
import sqlite3
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

from g2u.errors import DataError, in_one_line
from g2u.files import write_whole
from g2u.pipeline import repairs
from g2u.tables.places import DATA

Stage = Any
"""DVC's."""
Index = Any
"""DVC's: the stages of a workspace, as its files said when they were read."""


@contextmanager
def opened() -> Iterator[Any]:
    """The workspace as DVC's Repo, which says nothing by itself.

    Raises:
        DataError: DVC stopped; the line says what lets the same command go on.
    """
    from dvc.exceptions import DvcException
    from dvc.repo import Repo
    from dvc_data.hashfile.build import IgnoreInCollectedDirError
    from dvc_data.hashfile.cache import DiskError
    from dvc_objects.errors import ObjectDBError, ObjectFormatError
    from scmrepo.exceptions import SCMError

    for name in ("dvc", "dvc_data"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what it draws bars by, too
    of_dvc = (DvcException, SCMError, DiskError, ObjectDBError, ObjectFormatError)
    try:
        with Repo() as repo:
            yield repo
    except (*of_dvc, IgnoreInCollectedDirError, sqlite3.Error, OSError) as error:
        said = in_one_line(str(error), 600)
        raise DataError(
            f"{said if isinstance(error, OSError) else f'DVC stopped: {said}'}; finished calls and "
            f"stages are kept, {repairs.remedy() or 'the same command goes on'}"
        ) from error


def initialise(*, is_below: bool) -> None:
    """Make the current folder DVC's.

    Args:
        is_below: its Git repository begins above it.

    Raises:
        DataError: DVC stopped.
    """
    from dvc.exceptions import DvcException
    from dvc.repo import Repo
    from scmrepo.exceptions import SCMError

    logging.getLogger("dvc").setLevel(logging.CRITICAL)
    try:
        Repo.init(subdir=is_below).close()
    except (DvcException, SCMError) as error:
        said = in_one_line(str(error), 600)
        raise DataError(f"DVC stopped: {said}; mend that, then run again") from error


@contextmanager
def held(repo: Any) -> Iterator[None]:
    """No other DVC works on the workspace meanwhile, nor has begun to on data/."""
    from dvc.repo import lock_repo
    from dvc.rwlock import rwlock

    is_hard = repo.config["core"].get("hardlink_lock", False)
    data = str(Path(repo.root_dir) / DATA)
    with (
        lock_repo(repo),
        rwlock(repo.tmp_dir, repo.fs, " ".join(sys.argv), [], [data], is_hard),
    ):
        yield


def read(repo: Any) -> Index:
    """Every stage; what `finish` and `record` note of one is noted there, too."""
    with held(repo):
        return repo.index


def changed(index: Index, files: Collection[Path]) -> dict[str, Any]:
    """What `dvc status` says of the stages in these dvc.yaml files that changed, by address."""
    named = {str(path) for path in files}
    found: dict[str, Any] = {}
    with held(index.repo):
        for stage in index.stages:
            if stage.relpath in named:
                found |= stage.status(check_updates=True)
    return found


def steps(index: Index, targets: Collection[str]) -> dict[Stage, list[Stage]]:
    """The stages that `dvc repro` would look at, in its order, and those that each waits for.

    Args:
        index: the stages.
        targets: addresses of stages; none = all of the root dvc.yaml.
    """
    from dvc.repo.reproduce import get_active_graph, plan_repro

    def is_wanted(stage: Stage) -> bool:
        return stage.addressing in targets if targets else stage.relpath == "dvc.yaml"

    graph = get_active_graph(index.graph)
    planned = plan_repro(graph, list(filter(is_wanted, index.stages)))
    return {stage: list(graph.successors(stage)) for stage in planned}


def is_stale(stage: Stage) -> bool:
    """Whether `dvc repro` would run the stage."""
    if stage.frozen or not stage.cmd:
        return bool(stage.changed())
    return bool(
        stage.changed_stage()
        or stage.is_callback
        or stage.always_changed
        or any(dep.status() for dep in stage.deps)
        or any(out.status() for out in stage.outs)
    )


def begin(stage: Stage) -> None:
    """Note what a stage depends on, as it is now, and remove what it made before.

    Persistent outputs stay, and stay links to DVC's cache: g2u's stages write beside their files
    and move into place, so that nothing is written through a link, and what people keep in these
    folders is not touched.
    """
    stage.save_deps()
    for out in stage.outs:
        if not out.persist:
            out.remove(ignore_remove=False)


def finish(stage: Stage) -> None:
    """Take what a stage made into DVC's cache.

    Raises:
        DataError: what it depends on is not as it was when the stage began.
    """
    others = [str(dep) for dep in stage.deps if dep.workspace_status()]
    if others:
        raise DataError(
            f"{others[0]} changed while {stage.addressing} was made: neither it nor what depends "
            "on it is recorded; run again"
        )
    stage.save_outs()
    for out in stage.outs:
        out.commit()
    stage.cmd_changed = False


def record(repo: Any, stages: Iterable[Stage], order: Mapping[Stage, int]) -> None:
    """Write finished stages into their lock files, each whole at once.

    Args:
        repo: held.
        stages: the finished ones.
        order: the place of each stage in `steps`; new entries come in this order, as DVC would have
            written them, whichever was finished first.
    """
    ordered = sorted(stages, key=lambda stage: (str(stage.path), order[stage]))
    with repo.scm_context(quiet=True):
        for path, group in groupby(ordered, key=lambda stage: str(stage.path)):
            lock = Path(path).with_suffix(".lock")
            _write(lock, list(group), {s.name: at for s, at in order.items() if s.path == path})
            repo.scm_context.track_file(os.path.relpath(lock))


def _write(lock: Path, stages: Sequence[Stage], places: Mapping[str, int]) -> None:
    from dvc.stage.serialize import to_single_stage_lockfile
    from dvc.utils.serialize import dumps_yaml, parse_yaml

    text = lock.read_text(encoding="utf-8") if lock.exists() else ""
    told = parse_yaml(text, str(lock)) or {"schema": "2.0"}
    entries = dict(told.get("stages", {}))
    names = list(entries)
    for stage in stages:
        entries[stage.name] = to_single_stage_lockfile(stage)
        if stage.name not in names:
            later = (n for n, name in enumerate(names) if places.get(name, -1) > places[stage.name])
            names.insert(next(later, len(names)), stage.name)
    write_whole(lock, dumps_yaml({**told, "stages": {name: entries[name] for name in names}}))
