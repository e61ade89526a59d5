"""The same work by lmms-eval: 1,000 items, direct and three visual thoughts, a trivial model.

lmms-eval lives in an environment of its own (see bench/README.md); its runs and ours alternate.
lmms-eval answers four tasks, each over the same parquet of questions; three of them draw first.
Neither side's model computes anything: what is measured is the harness. Ours also scores with
intervals and controls, packs datasets and writes a report.
Run: python -m bench.peer PATH_OF_ITS_PYTHON [ITEMS]
"""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.common import Timed, machine, measured, picture, rows, timed, use_counted, workspace
from tests.campaigns.crashes import forget

SIZE, ROUNDS = 224, 3
FAMILIES = ["direct", "duplicate", "detail", "context", "structure"]
MODEL = '''
import io
from lmms_eval.api.model import lmms
from lmms_eval.api.registry import register_model


@register_model("trivial")
class Trivial(lmms):
    """Says yes; its drawing is the picture with other colours, as a PNG on disk."""

    def __init__(self, out="drawn", **kwargs):
        super().__init__()
        self.out = out

    def _shown(self, args):
        context, gen, doc_to_visual, doc_id, task, split = args
        return doc_to_visual(self.task_dict[task][split][doc_id])

    def generate_until(self, requests):
        said = []
        for request in requests:
            self._shown(request.args)
            said.append("yes")
        return said

    def generate_visual_cot(self, requests):
        import os
        from PIL import ImageChops
        said = []
        for number, request in enumerate(requests):
            shown = self._shown(request.args)[0].convert("RGB")
            folder = os.path.join(self.out, request.args[4])
            os.makedirs(folder, exist_ok=True)
            path = os.path.join(folder, f"{number}.png")
            ImageChops.offset(shown, 1).save(path, compress_level=6)
            said.append("yes")
        return said

    def loglikelihood(self, requests):
        raise NotImplementedError

    def generate_until_multi_round(self, requests):
        raise NotImplementedError
'''
TASK = """
task: {name}
dataset_path: parquet
dataset_kwargs: {{data_files: {file}}}
test_split: train
output_type: {kind}
doc_to_visual: !function utils.visual
doc_to_text: !function utils.text
doc_to_target: answer
process_results: !function utils.results
generation_kwargs: {{max_new_tokens: 8}}
metric_list:
  - metric: accuracy
    aggregation: mean
    higher_is_better: true
"""
UTILS = """
def visual(doc):
    return [doc["image"].convert("RGB")]


def text(doc, kwargs=None):
    return doc["question"]


def results(doc, found):
    return {"accuracy": float(found[0].strip().lower() == doc["answer"])}
"""
WRITE = """
import sys, glob
from datasets import Dataset, Image
rows = []
for line in open(sys.argv[1]):
    path, question, answer = line.rstrip("\\n").split("\\t")
    image = {"bytes": open(path, "rb").read(), "path": None}
    rows.append({"image": image, "question": question, "answer": answer})
Dataset.from_list(rows).cast_column("image", Image()).to_parquet(sys.argv[2])
"""


def peer_workspace(folder: Path, python: str, items: int) -> None:
    """The plug-in package, four tasks and their parquet."""
    plugin = folder / "plug"
    (plugin / "models").mkdir(parents=True)
    (plugin / "tasks").mkdir()
    (plugin / "__init__.py").touch()
    (plugin / "models/__init__.py").write_text('AVAILABLE_MODELS = {"trivial": "Trivial"}\n')
    (plugin / "models/trivial.py").write_text(MODEL)
    pictures = folder / "pictures"
    pictures.mkdir()
    lines = []
    for number in range(items):
        path = pictures / f"{number}.png"
        path.write_bytes(picture(number, SIZE))
        answer = "yes" if number % 2 == 0 else "no"
        lines.append(f"{path}\tIs number {number} even?\t{answer}")
    (folder / "rows.tsv").write_text("\n".join(lines) + "\n")
    (folder / "write.py").write_text(WRITE)
    data = folder / "data.parquet"
    subprocess.run([python, "write.py", "rows.tsv", str(data)], cwd=folder, check=True)
    tasks = folder / "tasks"
    tasks.mkdir()
    (tasks / "utils.py").write_text(UTILS)
    for name in names():
        kind = "generate_until" if name == "plain_direct" else "generate_visual_cot"
        (tasks / f"{name}.yaml").write_text(TASK.format(name=name, file=data, kind=kind))


def names() -> list[str]:
    """The four tasks."""
    return ["plain_direct", *(f"drawn_{family}" for family in FAMILIES[2:])]


def peer_run(folder: Path, python: str, turn: int) -> Timed:
    """One run of lmms-eval over all four tasks."""
    command = [
        python, "-m", "lmms_eval", "--model", "trivial", "--include_path", "tasks",
        "--tasks", ",".join(names()), "--batch_size", "1", "--output_path", f"out{turn}",
        "--log_samples",
    ]  # fmt: skip
    environment = {
        **os.environ, "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "WANDB_MODE": "disabled",
        "PYTHONPATH": ".", "LMMS_EVAL_PLUGINS": "plug", "HF_HOME": str(folder / "hf"),
    }  # fmt: skip
    return measured(folder, command, environment)


def main() -> None:
    """Print CPU seconds of both, and their ratio."""
    python = sys.argv[1]
    items = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as name, workspace() as made:
        peer = Path(name)
        peer_workspace(peer, python, items)
        made.use_tsv(rows(items, SIZE))
        use_counted(made, FAMILIES, workers=2)
        for turn in range(ROUNDS):
            theirs.append(peer_run(peer, python, turn))
            forget(made.folder)
            ours.append(timed(made.folder, "-m", "g2u.cli.main", "run"))
    ratios = sorted(t.cpu / o.cpu for o, t in zip(ours, theirs, strict=True))
    print(machine())
    print(f"{items} items of {SIZE} px, direct and three families, {ROUNDS} rounds, median")
    for label, runs in (("g2u run", ours), ("lmms-eval", theirs)):
        cpu, wall = (
            statistics.median(values)
            for values in ([run.cpu for run in runs], [run.wall for run in runs])
        )
        print(f"{label:<12} CPU {cpu:.1f} s, wall {wall:.1f} s")
    spread = f"{ratios[0]:.2f}..{ratios[-1]:.2f}"
    print(f"lmms-eval's CPU over ours: {statistics.median(ratios):.2f} x ({spread})")


if __name__ == "__main__":
    main()
