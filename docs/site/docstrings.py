"""What the code says of itself in docstrings, as Markdown. Files are read, not imported."""

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
Row = tuple[str, ...]


def table(rows: Sequence[Row], head: Row = ("key", "value", "default", "meaning")) -> str:
    """A Markdown table; nothing where there are no rows."""
    if not rows:
        return ""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def documented(kind: type) -> dict[str, str]:
    """The docstrings below the fields of a class and its bases, each in one line."""
    found: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        if each.__module__.split(".")[0] in ("g2u", "g2u_tiny"):
            found |= {name: plain(text) for name, text in fields_of(class_node(each))}
    return found


def told(kind: type) -> str:
    """The docstring of a class, as text."""
    return plain(ast.get_docstring(class_node(kind)) or "")


def class_node(kind: type) -> ast.ClassDef:
    """A class as its file has it."""
    tree = parsed(ROOT / Path(*kind.__module__.split(".")))
    nodes = (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    return next(node for node in nodes if node.name == kind.__name__)


def parsed(module: Path) -> ast.Module:
    """The syntax tree of a module's file."""
    path = module / "__init__.py" if module.is_dir() else module.with_suffix(".py")
    return ast.parse(path.read_text(encoding="utf-8"))


def fields_of(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    """Fields with a docstring below them."""
    for field, text in zip(node.body, node.body[1:], strict=False):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(ast.Constant(str(said))):
                yield name, said


def plain(text: str) -> str:
    """A docstring as one line of a Markdown table."""
    line = re.sub(r"\s+", " ", text).strip().replace("|", "\\|")
    parts = line.split("`")
    parts[::2] = [re.sub(r"([<*\[])", r"\\\1", part) for part in parts[::2]]
    return "`".join(parts)


def class_part(node: ast.ClassDef) -> list[str]:
    """A class: docstring, fields, public methods."""
    rows = []
    meanings = dict(fields_of(node))
    for each in node.body:
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
            value = f" = {ast.unparse(each.value)}" if each.value else ""
            shape = f"`{ast.unparse(each.annotation)}{value}`".replace("|", "\\|")
            rows.append((f"`{each.target.id}`", shape, plain(meanings.get(each.target.id, ""))))
    parts = [f"### {node.name}", prose(ast.get_docstring(node) or "")]
    parts += [table(rows, ("field", "type", "meaning"))]
    for each in node.body:
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each.name[0] != "_":
            parts += [f"**`{signature(each)}`**", prose(ast.get_docstring(each) or "")]
    return parts


def signature(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """Name, arguments without self, and what comes back; of a property its type alone."""
    back = ast.unparse(node.returns) if node.returns else "None"
    back = back.strip("'")
    if any(ast.unparse(each).endswith("property") for each in node.decorator_list):
        return f"{node.name}: {back}"
    node.args.args = [each for each in node.args.args if each.arg not in ("self", "cls")]
    waits = "await " if isinstance(node, ast.AsyncFunctionDef) else ""
    return f"{waits}{node.name}({ast.unparse(node.args)}) -> {back}"


def prose(docstring: str) -> str:
    """A docstring as Markdown: its sections (Args, Raises ...) become lists."""
    parts = re.split(r"^(Args|Raises|Returns):\n", docstring, flags=re.MULTILINE)
    text = [" ".join(parts[0].split())] if "\n    " not in parts[0] else [parts[0].strip()]
    for title, body in zip(parts[1::2], parts[2::2], strict=True):
        items = re.split(r"^    (?=\S)", body, flags=re.MULTILINE)
        lines = [f"- {plain(item)}" for item in items if item.strip()]
        text += [f"*{title}*", "\n".join(lines)]
    return "\n\n".join(text)
