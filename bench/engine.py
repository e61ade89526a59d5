"""What the pipeline itself costs, printed as seconds and as ratios; nothing here is asserted.

In a temporary copy of this repository: the main job from an empty cache, a second run, one changed
prompt, and the CPU seconds of light commands beside a bare import of the same libraries.
Run: python -m bench.engine
"""

import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
BARE = "import polars, pyarrow.parquet, scipy.special, pydantic, yaml"
CODE = (
    "g2u",
    "stages",
    "data",
    "dvc.yaml",
    "params.yaml",
    ".gitignore",
    ".dvcignore",
    ".dvc/config",
)


def timed(folder: Path, *command: str) -> tuple[float, float, str]:
    """Wall seconds, CPU seconds and output of a command; raises if it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, capture_output=True, text=True, check=True
    )
    wall = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, done.stdout


def main() -> None:
    """Print the table."""
    os.environ["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in CODE:
            target = folder / part
            target.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / part).is_dir():
                ignored = shutil.ignore_patterns("*.parquet", "__pycache__", "pictures", "thoughts")
                shutil.copytree(ROOT / part, target, ignore=ignored)
            else:
                shutil.copy(ROOT / part, target)
        os.environ["DVC_SITE_CACHE_DIR"] = str(folder / ".site")
        subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
        print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
        print(f"{'':<52}{'wall s':>8}{'CPU s':>8}")
        rows = [("main job, empty cache", ("-m", "dvc", "repro"))]
        rows += [("second dvc repro", ("-m", "dvc", "repro"))]
        for label, command in rows:
            wall, cpu, output = timed(folder, *command)
            ran = output.count("Running stage")
            print(f"{f'{label} ({ran} stages ran)':<52}{wall:>8.1f}{cpu:>8.1f}")
        thoughts = list((folder / "data").glob("*/thoughts/*/*"))
        most = max(len(list(cell.iterdir())) for cell in thoughts)
        print(f"files of the largest thoughts cell: {most}")
        _light_commands(folder)


def _light_commands(folder: Path) -> None:
    """CPU seconds of plan, score and report, and their ratio to the bare imports."""
    bare = min(timed(folder, "-c", BARE)[1] for _ in range(3))
    print(f"{'bare import of the libraries':<52}{'':>8}{bare:>8.2f}")
    cell = ("--benchmark", "ladder", "--model", "tiny", "--family", "structure")
    commands = {
        "g2u plan": ("-m", "g2u.cli.main", "plan"),
        "stage score, one cell": ("-m", "stages.score", *cell),
        "stage generate, all calls cached": ("-m", "stages.generate", *cell),
    }
    if (folder / "data/report/index.html").exists():
        (folder / "data/report/index.html").unlink()
        commands["stage report"] = ("-m", "stages.report")
    for label, command in commands.items():
        cpu = min(timed(folder, *command)[1] for _ in range(3))
        print(f"{f'{label} ({cpu / bare:.1f} x the imports)':<52}{'':>8}{cpu:>8.2f}")


if __name__ == "__main__":
    main()
