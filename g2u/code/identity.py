"""The identity of an adapter's code: what it says, not how it is laid out.

A model's replies are named by its `identity` and, where the code that calls it is not the code that
the identity was given for, by a digest of that code. So a changed adapter makes its calls anew,
whether its author raised VERSION or not, and a changed comment makes none. Code that was moved or
rewritten and still gives the same replies is recorded in moves.json as being that of before:
`g2u check MODEL --moved` asks again for replies of the call cache and records it only where all
come out equal.
"""

import ast
import hashlib
import importlib.util
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, lru_cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from g2u.code.dependencies import imported
from g2u.code.root import ROOT, is_installed
from g2u.digests import sha256
from g2u.errors import ModelError, ParamsError
from g2u.files import files_below

ADAPTERS = "g2u.models"
"""Folder of adapters, and the group of the entry points by which packages bring theirs."""
CALLING = (Path("g2u/models"), Path("g2u/inprocess"), Path("g2u_tiny/model"))
"""What calls models. How pictures are decoded is in their digests, what is asked in the requests.
"""
MOVES = Path("moves.json")
"""{adapter: {digest of code: digest of the code that gives the same replies}}; an empty digest is
the code that VERSION names. The house's lies in g2u/models; beside params.yaml lies that of other
packages, and what a workspace has found out about an installed g2u.
"""
SHIPPED = Path("g2u/models") / MOVES
"""Relative to `ROOT`."""


_taken_for: dict[str, str] = {}


def mark(adapter: str, entry: EntryPoint | None) -> str:
    """What the adapter's code adds to the identity of its models: empty, or a digest of 16 digits.

    Args:
        adapter: its name.
        entry: where it is from, if another package brings it.

    Raises:
        ModelError: its package cannot be found.
        ParamsError: moves.json cannot be read.
    """
    if adapter in _taken_for:
        return _taken_for[adapter]
    found = digest(adapter, entry)
    return moves(entry is None).get(adapter, {}).get(found, found)


@contextmanager
def taken_for(marks: Mapping[str, str]) -> Iterator[None]:
    """Within the block, adapters have these marks: what is there of code before a change."""
    _taken_for.update(marks)
    try:
        yield
    finally:
        _taken_for.clear()


def digest(adapter: str, entry: EntryPoint | None) -> str:
    """Of the adapter's code as it is, 16 hex digits.

    Of a foreign adapter, every file of its package; of the house's, what calls models among the
    modules that it reaches. Python counts by its syntax tree, other files by their bytes.
    """
    if entry is None:
        root = ROOT
        files = [root / path for path in house_files(adapter)]
    else:
        files = package_files(entry)
        root = files[0].parent if len(files) == 1 else package_folder(entry).parent
    named = sorted((path.relative_to(root).as_posix(), _digest(path)) for path in files)
    return sha256(named)[:16]


def house_files(adapter: str) -> list[Path]:
    """Files that call the models of an adapter of the house, relative to `ROOT`."""
    waiting = [path.relative_to(ROOT) for path in (ROOT / home(adapter)).rglob("*.py")]
    found: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path not in found and any(path.is_relative_to(place) for place in CALLING):
            found.add(path)
            waiting += imported(path, ROOT)
    return sorted(found)


def home(adapter: str) -> Path:
    """The folder of an adapter of the house, relative to `ROOT`."""
    listed = Path(*ADAPTERS.split("."), adapter)
    if (ROOT / listed).is_dir():
        return listed
    return Path(*_module(adapter).split("."))


@cache
def _module(adapter: str) -> str:
    """Of an adapter that g2u's own distribution brings; all that are installed are looked at."""
    (entry,) = entry_points(group=ADAPTERS, name=adapter)
    return str(entry.module)


def moves(of_house: bool) -> dict[str, dict[str, str]]:
    """What moves.json says of adapters of the house, or of those of other packages.

    Raises:
        ParamsError: it is not of that form.
    """
    shipped = recorded(ROOT / SHIPPED) if of_house else {}
    own = recorded(moves_file(of_house))
    return {name: {**shipped.get(name, {}), **own.get(name, {})} for name in {*shipped, *own}}


def recorded(path: Path) -> dict[str, dict[str, str]]:
    """What one moves.json says; nothing where there is none. Raises ParamsError."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    return _moves(path, text)


def moves_file(of_house: bool) -> Path:
    """Where moves of the house's adapters are recorded, or those of other packages."""
    return ROOT / SHIPPED if of_house and not is_installed(Path()) else MOVES


@lru_cache(maxsize=4)
def _moves(path: Path, text: str) -> dict[str, dict[str, str]]:
    try:
        found = json.loads(text)
        return {str(a): {str(k): str(v) for k, v in told.items()} for a, told in found.items()}
    except (ValueError, AttributeError):
        raise ParamsError(
            f"{path}: not of the form {{adapter: {{digest: digest}}}}; git checkout {path.name}"
        ) from None


def package_files(entry: EntryPoint) -> list[Path]:
    """Files of the package that brings an adapter, compiled and hidden ones aside; of a module
    without a package, that module.

    Raises:
        ModelError: it cannot be found.
    """
    folder = package_folder(entry)
    return sorted(files_below(folder)) if folder.is_dir() else [folder]


def package_folder(entry: EntryPoint) -> Path:
    """The folder of the outermost package of an adapter's module, or the module's file.

    Raises:
        ModelError: it cannot be found.
    """
    parts = entry.module.split(".")
    for depth in range(1, len(parts) + 1):
        try:
            spec = importlib.util.find_spec(".".join(parts[:depth]))
        except ModuleNotFoundError:
            spec = None
        if spec is None:
            break
        if spec.origin and spec.origin.endswith("__init__.py"):
            return Path(spec.origin).parent
        if spec.origin and spec.has_location:
            return Path(spec.origin)
    raise ModelError(f"adapter {entry.name}: no module {entry.module}; pip install its package")


def _digest(path: Path) -> str:
    status = path.stat()
    return _digest_of(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=4096)
def _digest_of(path: Path, changed: int, size: int) -> str:
    """Of a file that is as it was when it had this time of change and size."""
    del changed, size
    raw = path.read_bytes()
    if path.suffix == ".py":
        try:
            return sha256(_told(ast.parse(raw)))
        except (SyntaxError, ValueError, RecursionError):
            pass  # its bytes name it
    return hashlib.sha256(raw).hexdigest()


def _told(node: Any) -> Any:
    """A syntax tree as nested lists, the same in every version of Python: without places, empty
    fields and docstrings.
    """
    if isinstance(node, ast.AST):
        fields: dict[str, Any] = {}
        for name, value in ast.iter_fields(node):
            held = _without_docstring(node, value) if name == "body" else value
            if held is not None and held != []:
                fields[name] = _told(held)
        return [type(node).__name__, fields]
    if isinstance(node, list):
        return [_told(each) for each in node]
    return node if isinstance(node, str) else repr(node)


def _without_docstring(node: ast.AST, body: Any) -> Any:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    if not isinstance(node, documented) or not body or not isinstance(body[0], ast.Expr):
        return body
    first = body[0].value
    return body[1:] if isinstance(first, ast.Constant) and isinstance(first.value, str) else body


def states(entries: Iterable[EntryPoint]) -> list[tuple[str, int, int]]:
    """Path, bytes and time of change (ns) of every file of foreign adapters' packages."""
    found = []
    for entry in entries:
        for path in package_files(entry):
            status = path.stat()
            found.append((str(path), status.st_size, status.st_mtime_ns))
    return found
