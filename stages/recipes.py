"""recipes: what decides each stage's result beside its data, a small file per kind of cell.

Output: data/recipes/**/*.json (g2u/pipeline/recipes.py). A file is rewritten only where its
content changes, so that what stays is recognised by its time of change; what changed is said in
one line.
Run: python -m stages.recipes
"""

import json
import sys
from typing import Any

from g2u.errors import run_main
from g2u.files import write_whole
from g2u.params import reading as params
from g2u.pipeline.recipes import recipes

CAUSES = 4
"""Named in the line; more are counted."""


def main() -> None:
    """Write the recipes of params.yaml.

    Others stay until `g2u sync` removes them with the cells that depend on them: until then a cell
    without a recipe would stop DVC.
    """
    config = params.load()
    config.check_settings()
    wanted = {path: recipe.text() for path, recipe in recipes(config).items()}
    there = {path: path.read_bytes() for path in wanted if path.is_file()}
    changed = {path: text for path, text in wanted.items() if there.get(path) != text.encode()}
    causes: set[str] = set()
    for path, text in changed.items():
        write_whole(path, text)
        causes |= differences(there.get(path, b""), text)
    named = sorted(causes)[:CAUSES]
    more = [f"{len(causes) - CAUSES} more"] if len(causes) > CAUSES else []
    why = f": {', '.join([*named, *more])} changed" if causes else ""
    print(f"recipes: {len(wanted)}, {len(changed)} of them new or changed{why}", file=sys.stderr)


def differences(before: bytes, after: str) -> set[str]:
    """Dotted keys of params.yaml and files of code that differ between two recipes; none where the
    earlier one is missing or damaged.
    """
    try:
        old = json.loads(before)
        code, told = old["code"], old["params"]
    except (ValueError, KeyError, TypeError):
        return set()
    new = json.loads(after)
    files = {
        file for file in code.keys() | new["code"].keys() if code.get(file) != new["code"].get(file)
    }
    return files | _differing("", told, new["params"])


def _differing(key: str, before: Any, after: Any) -> set[str]:
    if not isinstance(before, dict) or not isinstance(after, dict):
        return {key} if before != after else set()
    return {
        found
        for name in before.keys() | after.keys()
        for found in _differing(f"{key}.{name}".strip("."), before.get(name), after.get(name))
    }


if __name__ == "__main__":
    run_main(main)
