"""python -m tests.models.emulator [--routing NAME] [--mind NAME] [--lie NAME] [--port N]."""

import argparse

import uvicorn

from tests.models.emulator.app import Guise, Service
from tests.models.emulator.lies import LIES
from tests.models.emulator.mind import MINDS
from tests.models.emulator.routes import ROUTINGS


def main() -> None:
    parser = argparse.ArgumentParser(prog="emulator", description=__doc__)
    parser.add_argument("--routing", default="plain", choices=ROUTINGS)
    parser.add_argument("--mind", default="reader", choices=[*MINDS, "tiny"])
    parser.add_argument("--lie", default="", choices=["", *LIES])
    parser.add_argument("--noise", default=0, type=int)
    parser.add_argument("--port", default=0, type=int)
    told = vars(parser.parse_args())
    port = told.pop("port")
    app = Service(Guise(**told)).application()
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="info", access_log=False)


if __name__ == "__main__":
    main()
