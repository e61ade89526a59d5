"""Which first-party files a stage can reach, read from syntax trees; nothing is imported."""

import ast
from collections.abc import Callable, Iterator
from functools import cache, lru_cache, partial
from pathlib import Path

PACKAGES = ("g2u", "g2u_tiny", "stages", "flows")
OWN = "own"
"""Folder of a study's own plug-ins (g2u/plugins.py)."""
MODELS = ("g2u/models", "g2u_tiny/model")
LOADED_BY_NAME = {
    "prepare": ("g2u/questions/benchmarks", "g2u/scores/types", "g2u/scores/official"),
    "generate": ("g2u/thoughts/edits", *MODELS),
    "understand": ("g2u/answers/alter", "g2u/answers/feedback", *MODELS),
    "look": ("g2u/scores/types",),
    "judge": (*MODELS, "g2u/scores/types"),
    "score": ("g2u/scores/types", "g2u/scores/official"),
    "report": ("g2u/report", "g2u/answers/feedback", "g2u/thoughts/edits", *MODELS),
    "gallery": ("g2u/gallery",),
}
"""The stages of a run in order, and the folders whose modules each loads by name."""


def reached(start: Path, root: Path) -> set[Path]:
    """Files (relative to root) that `start` imports, directly or through others, itself included.

    Imports at any depth of the code count, those under `if TYPE_CHECKING` too. The package file of
    every folder on the way counts, because Python runs it.
    """
    return _reached([start], partial(imported, root=root))


def _reached(starts: list[Path], imports: Callable[[Path], list[Path]]) -> set[Path]:
    found: set[Path] = set()
    waiting = list(starts)
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += imports(path)
    return found


def reached_by_own(path: Path, workspace: Path, code: Path) -> set[Path]:
    """Files that a study's own plug-in reaches: those below own/, relative to the study, and those
    of g2u, relative to the code's root.
    """

    def imports(each: Path) -> list[Path]:
        base = workspace if each.parts[0] == OWN else code
        return imported(each, base, code)

    return _reached([path], imports)


def imported(path: Path, root: Path, code: Path | None = None) -> list[Path]:
    """First-party files named by the import statements of one file.

    Args:
        path: relative to `root`.
        root: of the file, and of a study's own ones that it names.
        code: of all others; None = `root` as well.
    """
    files: list[Path] = []
    status = (root / path).stat()
    for name in _imported_names(root / path, status.st_mtime_ns, status.st_size):
        module = name.replace(".", "/")
        base = root if code is None or name.split(".")[0] == OWN else code
        for candidate in (f"{module}.py", f"{module}/__init__.py"):
            if (base / candidate).is_file():
                files.append(Path(candidate))
    return files


@lru_cache(maxsize=4096)
def _imported_names(path: Path, changed: int, size: int) -> list[str]:
    """First-party names of a file that is as it was when it had this time of change and size, and
    the packages that they lie in.
    """
    del changed, size
    names: set[str] = set()
    for node in _statements(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    own = [name.split(".") for name in names if name.split(".")[0] in (*PACKAGES, OWN)]
    return sorted({".".join(parts[:depth]) for parts in own for depth in range(1, len(parts) + 1)})


def _statements(module: ast.Module) -> Iterator[ast.AST]:
    """Those of a module at any depth, and the clauses that hold some; no expressions."""
    waiting: list[ast.AST] = [module]
    while waiting:
        node = waiting.pop()
        yield node
        for clause in ("body", "orelse", "finalbody", "handlers", "cases"):
            waiting += getattr(node, clause, ())


def reached_by_stage(stage: str, root: Path) -> set[Path]:
    """Files that a stage reaches, through any module that it may load by name as well."""
    return _reached(_starts(stage, root), partial(imported, root=root))


def _starts(stage: str, root: Path) -> list[Path]:
    starts = [Path("stages") / f"{stage}.py"]
    for folder in LOADED_BY_NAME[stage]:
        starts += [path.relative_to(root) for path in sorted((root / folder).rglob("*.py"))]
    return starts


def shared_code(root: Path) -> dict[str, list[str]]:
    """What each stage depends on beside its own file and the modules it loads by name; of these,
    those that other code imports.
    """
    imports = cache(partial(imported, root=root))

    def shared_by(stage: str) -> list[str]:
        def is_named(path: Path) -> bool:
            return any(path.is_relative_to(folder) for folder in LOADED_BY_NAME[stage])

        reached = _reached(_starts(stage, root), imports) - {Path("stages") / f"{stage}.py"}
        shared = {path for path in reached if not is_named(path)}
        between = {file for path in shared for file in imports(path) if is_named(file)}
        kept = shared | {file for file in between if file.name != "__init__.py"}
        return sorted(path.as_posix() for path in kept)

    return {stage: shared_by(stage) for stage in LOADED_BY_NAME}
