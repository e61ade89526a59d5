"""serve: one process that offers the flows to a Prefect server, nightly on its schedule.

Run: prefect server start   (in another terminal: PREFECT_API_URL as it prints)
     python -m flows.serve
"""

import os
import sys
from typing import Any

from prefect import serve
from prefect.schedules import Cron

from flows.nightly import nightly, section
from flows.reproduce import reproduce
from flows.share import share
from flows.sweep import sweep
from g2u.errors import ParamsError, run_main
from g2u.pipeline.study import enter


def main() -> None:
    """Serve until stopped; one run at a time.

    Raises:
        ParamsError: no server is named, or a schedule that is none.
    """
    if not os.environ.get("PREFECT_API_URL"):
        raise ParamsError(
            "flows.serve: PREFECT_API_URL is not set; expected the address of a server: prefect "
            "server start"
        )
    enter()
    asked = section()
    schedule = Cron(asked.cron, timezone=asked.timezone) if asked.cron is not None else None
    deployments: list[Any] = [
        reproduce.to_deployment("reproduce"),
        nightly.to_deployment("nightly", schedule=schedule),
        sweep.to_deployment("sweep"),
        share.to_deployment("share"),
    ]
    if asked.cron is not None:
        print(f"nightly: {asked.cron} ({asked.timezone})", file=sys.stderr)
    serve(*deployments, limit=1)


if __name__ == "__main__":
    run_main(main)
