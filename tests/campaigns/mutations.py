"""One change at a time, and exactly the calls that it may cost, declared beforehand."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from g2u.code import identity as code
from g2u.models import null
from tests.conftest import Workspace, installed, png, tsv_rows

ROWS = 6
"""Questions, each with a picture of its own."""
DRAWN = ("detail", "context", "structure")
SHOWN = ("direct", "duplicate", "blank", *DRAWN)
"""Families of the workspace; all of them show the model a picture."""
Counts = dict[str, dict[str, int]]
"""Family -> kind of call -> calls made."""
Rows = list[dict[str, str]]


@dataclass(frozen=True)
class Mutation:
    """A change and what it costs."""

    name: str
    apply: Callable[[Workspace], None]
    edits: dict[str, int] = field(default_factory=dict)
    """Edits by family."""
    answers: dict[str, int] = field(default_factory=dict)
    """Answers by family."""
    adapter: str = "null"
    """What calls the model: one of the house, or `own`, which a package of `settle`'s brings."""

    @property
    def expected(self) -> Counts:
        """Every family, with the calls that are made."""
        found: Counts = {family: {} for family in SHOWN}
        for kind, counts in (("edit", self.edits), ("answer", self.answers)):
            for family, count in counts.items():
                found[family][kind] = count
        return found


OWN = '''"""The model null, called by a package of its own."""

from pathlib import Path

from g2u.models import null

capabilities = null.capabilities
Settings = null.Settings


def load(settings):
    return Own(settings.size)


class Own(null.Null):
    def identity(self, kind):
        return Path(__file__).parents[1].joinpath("weights").read_text()
'''


def install(workspace: Workspace) -> Path:
    """A package `g2u_own` with the adapter `own`, as pip would install it; returns the folder."""
    site = installed(workspace.folder / "site", "g2u_own", "own")
    package = site / "g2u_own"
    package.mkdir()
    (package / "__init__.py").write_text(OWN)
    (package / "settings.json").write_text("{}")
    (site / "weights").write_text("own 1")
    return site


def settle(workspace: Workspace, adapter: str = "null") -> None:
    """Six questions with pictures in files, for the model null."""
    workspace.raw["families"] = list(SHOWN)
    workspace.raw["presets"]["models"]["tiny"] = {
        "adapter": adapter, "sampler": {"steps": 4, "guidance": 2.5}, "batch": 4,
    }  # fmt: skip
    folder = workspace.folder / "pictures"
    folder.mkdir(exist_ok=True)
    for number in range(ROWS + 2):
        (folder / f"{number}.png").write_bytes(png(number))
    use(workspace, rows(range(ROWS)))


def rows(numbers: range | list[int]) -> Rows:
    """Questions whose pictures are named by path."""
    found = []
    for number in numbers:
        row = {k: v for k, v in tsv_rows(1, number)[0].items() if k != "image"}
        found.append({**row, "image_path": f"{number}.png"})
    return found


def use(workspace: Workspace, found: Rows) -> None:
    workspace.use_tsv(found, image_root="pictures")


def preset(workspace: Workspace) -> dict[str, object]:
    model: dict[str, object] = workspace.raw["presets"]["models"]["tiny"]
    return model


def new_pixels(workspace: Workspace) -> None:
    for number in (2, 4):
        (workspace.folder / "pictures" / f"{number}.png").write_bytes(png(90 + number))


def other_file(workspace: Workspace) -> None:
    """The same pixels in another file format under another name."""
    import io

    from PIL import Image

    folder = workspace.folder / "pictures"
    found = rows(range(ROWS))
    for number in range(ROWS):
        buffer = io.BytesIO()
        Image.open(io.BytesIO(png(number))).save(buffer, "BMP")
        (folder / f"{number}.bmp").write_bytes(buffer.getvalue())
        found[number]["image_path"] = f"{number}.bmp"
    use(workspace, found)


def other_picture(workspace: Workspace) -> None:
    found = rows(range(ROWS))
    found[3]["image_path"] = "7.png"
    use(workspace, found)


def question_text(workspace: Workspace) -> None:
    found = rows(range(ROWS))
    found[1]["question"] = "Is this another question?"
    use(workspace, found)


def known_picture_added(workspace: Workspace) -> None:
    added = rows([ROWS])[0]
    use(workspace, [*rows(range(ROWS)), {**added, "image_path": "0.png"}])


def family(key: str, value: object) -> Callable[[Workspace], None]:
    def change(workspace: Workspace) -> None:
        workspace.raw["presets"]["families"][key]["prompt"] = value

    return change


def sampler(key: str, value: object) -> Callable[[Workspace], None]:
    def change(workspace: Workspace) -> None:
        preset(workspace)["sampler"][key] = value  # type: ignore[index]

    return change


def identity(workspace: Workspace) -> None:
    """What the adapter does changed, so its author raised VERSION."""
    del workspace
    null.VERSION += "0"


def edited(path: str, old: str, new: str) -> Callable[[Workspace], None]:
    """A file of the workspace with every `old` made `new`."""

    def change(workspace: Workspace) -> None:
        file = workspace.folder / path
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    return change


def moved(workspace: Workspace) -> None:
    """Code of the house that was rewritten, and recorded as giving the same replies."""
    edited(NULL, "_drawn", "_hashed")(workspace)
    told = workspace.folder / "g2u/models/moves.json"
    moves = json.loads(told.read_text())
    moves["null"][code.digest("null", None)] = ""
    told.write_text(json.dumps(moves))


NULL, FOREIGN = "g2u/models/null/__init__.py", "site/g2u_own/__init__.py"
OTHER = {"yes": "no", "no": "yes"}
EVERY_EDIT = dict.fromkeys(DRAWN, ROWS)
ANEW = {**dict.fromkeys(SHOWN, ROWS), "direct": 2 * ROWS}
"""Everything is asked again: direct is asked with its pictures and blind."""
MUTATIONS = (
    Mutation("nothing", lambda w: None),
    Mutation(
        "pixels under the same path", new_pixels,
        dict.fromkeys(DRAWN, 2), dict.fromkeys(SHOWN, 2),
    ),
    Mutation(
        "another picture's path", other_picture,
        dict.fromkeys(DRAWN, 1), dict.fromkeys(SHOWN, 1),
    ),
    Mutation("the same pixels in another file", other_file),
    Mutation(
        "prompt text", family("detail", "Sharpen the picture."), {"detail": ROWS}, {"detail": ROWS}
    ),
    Mutation(
        "seed", lambda w: w.raw["generate"].__setitem__("seed", 1),
        EVERY_EDIT, dict.fromkeys(DRAWN, ROWS),
    ),
    Mutation("steps", sampler("steps", 8), EVERY_EDIT, dict.fromkeys(DRAWN, ROWS)),
    Mutation("guidance", sampler("guidance", 3.5), EVERY_EDIT, dict.fromkeys(DRAWN, ROWS)),
    Mutation(
        "resize", lambda w: preset(w).__setitem__("settings", {"size": 16}), EVERY_EDIT, ANEW
    ),
    Mutation("adapter code", identity, EVERY_EDIT, ANEW),
    Mutation("batch size", lambda w: preset(w).__setitem__("batch", 2)),
    Mutation(
        "question text", question_text,
        {}, {**dict.fromkeys(SHOWN, 1), "direct": 2},
    ),
    Mutation(
        "token budget", lambda w: w.raw["understand"].__setitem__("max_tokens", 8), {}, ANEW
    ),
    Mutation("row order", lambda w: use(w, rows(range(ROWS))[::-1])),
    Mutation(
        "rows renamed",
        lambda w: use(w, [{**row, "index": f"q{row['index']}"} for row in rows(range(ROWS))]),
    ),
    Mutation(
        "row added, new picture", lambda w: use(w, rows(range(ROWS + 1))),
        dict.fromkeys(DRAWN, 1), {**dict.fromkeys(SHOWN, 1), "direct": 2},
    ),
    Mutation(
        "row added, known picture", known_picture_added,
        {}, {**dict.fromkeys(SHOWN, 1), "direct": 2},
    ),
    Mutation("row removed", lambda w: use(w, rows(range(1, ROWS)))),
    Mutation(
        "answers permuted",
        lambda w: use(w, [{**row, "answer": OTHER[row["answer"]]} for row in rows(range(ROWS))]),
    ),
    Mutation("code of the house", edited(NULL, "% 64 + 1", "% 64 + 2"), EVERY_EDIT, ANEW),
    Mutation("a comment in the house", edited(NULL, "SAID = ", "# two words\nSAID = ")),
    Mutation(
        "docstring and layout in the house",
        edited(NULL, '"""Yes or no."""\n', '"""No, or yes."""\n\n'),
    ),
    Mutation("code of the house moved, as recorded", moved),
    Mutation(
        "code of a private adapter", edited(FOREIGN, "settings.size", "settings.size or 24"),
        EVERY_EDIT, ANEW, "own",
    ),
    Mutation(
        "a file beside a private adapter", edited("site/g2u_own/settings.json", "{}", "[]"),
        EVERY_EDIT, ANEW, "own",
    ),
    Mutation(
        "identity() of a private adapter", edited("site/weights", "own 1", "own 2"),
        EVERY_EDIT, ANEW, "own",
    ),
    Mutation(
        "a comment in a private adapter", edited(FOREIGN, "class Own", "# theirs\nclass Own"),
        adapter="own",
    ),
    Mutation(
        "version of a private adapter's package",
        edited("site/g2u_own-1.0.dist-info/METADATA", "Version: 1.0", "Version: 1.1"),
        adapter="own",
    ),
)  # fmt: skip
