"""The alignments that studies/weights/params.yaml names."""

from pathlib import Path

import pytest

from g2u.errors import ParamsError
from g2u_tiny.alignment.section import PATH, load
from tests.conftest import ROOT


def test_an_ablation_is_its_variant_but_for_a_change() -> None:
    align = load(ROOT)
    for name, ablation in align.ablations.items():
        whole, changed = align.settings(ablation.of), align.settings(name)
        assert {n for n in whole if whole[n] != changed[n]}, name
        assert set(whole) == set(changed)
    with pytest.raises(ParamsError, match=r"align\.variants.*'gvo'.*did you mean 'gvu'"):
        align.settings("gvo")
    greedy = align.model_copy(update={"paints": align.groups + 1})
    with pytest.raises(ParamsError, match="paints 9 of 8 groups; expected at most all"):
        greedy.settings("gvu")


def test_a_misspelt_setting_is_one_line_with_the_nearest_name(tmp_path: Path) -> None:
    place = tmp_path / PATH
    place.parent.mkdir(parents=True)
    place.write_text((ROOT / PATH).read_text().replace("  reach: 1.0", "  raech: 1.0"))
    with pytest.raises(ParamsError, match=r"params\.yaml: align has no 'raech'.*'reach'") as e:
        load(tmp_path)
    assert "\n" not in str(e.value)
