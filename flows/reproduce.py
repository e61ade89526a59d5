"""reproduce: bring the workspace up to date once, as a Prefect flow with the gains as an artifact.

DVC decides what is stale; the flow adds time, logs and retries. It never imports torch.
Run: python -m flows.reproduce
"""

import json
import subprocess
import sys
from pathlib import Path

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_table_artifact

from g2u import params
from g2u.cli.sync import sync
from g2u.workspace import REPORT


@task
def bring_in_step() -> list[str]:
    """Keep dvc.yaml files in step with params.yaml; returns what changed."""
    return sync(params.load())


@task(retries=1, retry_delay_seconds=5)
def repro() -> int:
    """Run `dvc repro`, each of its lines a log line; returns how many stages ran.

    Raises:
        RuntimeError: DVC stopped; its last line is the message.
    """
    logger = get_run_logger()
    command = [sys.executable, "-m", "dvc", "repro"]
    ran, last = 0, ""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            last = line.strip() or last
            ran += line.startswith("Running stage")
            logger.info(line.rstrip())
    if process.returncode:
        raise RuntimeError(f"dvc repro gave {process.returncode}: {last}")
    return ran


@task
def publish_gains(path: Path) -> int:
    """The report's numbers as a table in Prefect's UI; returns its rows."""
    gains = json.loads(path.read_text())
    rows = [
        {"benchmark": benchmark, "model": model, "arm": arm, **numbers}
        for benchmark, models in gains.items()
        for model, arms in models.items()
        for arm, numbers in arms.items()
    ]
    create_table_artifact(rows, key="gains", description="accuracy and gains of every arm")
    return len(rows)


@flow
def reproduce() -> int:
    """Sync, repro, publish; returns how many stages ran."""
    bring_in_step()
    ran = repro()
    publish_gains(REPORT / "gains.json")
    return ran


if __name__ == "__main__":
    reproduce()
