"""Real benchmark files, whole, through the pipeline to the report."""

import json
import shutil

import pytest

from bench import samples
from tests.conftest import SHARED, Workspace

LARGE = {"blindtest_sample", "kiva_sample", "mathvision_mini_sample", "puzzlevqa_sample"}
"""Of more than 15 million pixels each; the others have the same formats and modes, and are filtered
as well.
"""


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason="real samples are not beside this checkout")
def test_every_real_file_runs_through_to_the_report(workspace: Workspace) -> None:
    names = []
    for path in samples.files(SHARED):
        name = path.stem.lower()
        shutil.copy(path, workspace.folder / path.name)
        preset = {"source": "tsv", "file": path.name, **samples.DIALECTS.get(path.stem, {})}
        workspace.raw["presets"]["benchmarks"][name] = preset
        names.append(name)
    workspace.raw["presets"]["models"]["blank_slate"] = {"adapter": "null", "batch": 64}
    workspace.raw["models"] = ["blank_slate"]
    workspace.raw["benchmarks"] = names
    workspace.raw["families"] = plain = ["direct", "duplicate"]
    more = [*plain, "filter_detail"]
    filtered = sorted({*names} - LARGE)
    workspace.raw["cells"] = [{"benchmarks": filtered, "families": more}]
    workspace.init_dvc()
    workspace.write()
    workspace.run("g2u.cli.main", "run")
    gains = json.loads((workspace.folder / "data/report/gains.json").read_text())
    assert set(gains) == set(names)
    for path in samples.files(SHARED):
        found = samples.contract(samples.preset_of(path))
        assert (found.gold, found.wrong, found.leaks) == (1.0, 0.0, 0), path.name
        name = path.stem.lower()
        arms = gains[name]["blank_slate"]
        shown = more if name in filtered else plain
        assert {arm: arms[arm]["items"] for arm in shown} == dict.fromkeys(shown, found.items)
    pages = (workspace.folder / "data/report/pages").glob("*.html")
    page = "".join(path.read_text() for path in pages)
    for figure in ("circular", "perception", "acc+, color"):
        assert figure in page
