"""Real benchmark files, whole, through the pipeline to the report."""

import json
import shutil

import pytest

from bench import samples
from tests.conftest import SHARED, Workspace


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
    workspace.raw["families"] = ["direct", "duplicate", "filter_detail"]
    workspace.init_dvc()
    workspace.write()
    workspace.run("g2u.cli.main", "run")
    gains = json.loads((workspace.folder / "data/report/gains.json").read_text())
    assert set(gains) == set(names)
    for path in samples.files(SHARED):
        found = samples.contract(samples.preset_of(path))
        assert (found.gold, found.wrong, found.leaks) == (1.0, 0.0, 0), path.name
        arms = gains[path.stem.lower()]["blank_slate"]
        assert arms["direct"]["items"] == arms["filter_detail"]["items"] == found.items
    pages = (workspace.folder / "data/report/pages").glob("*.html")
    page = "".join(path.read_text() for path in pages)
    for figure in ("circular", "perception", "acc+, color"):
        assert figure in page
