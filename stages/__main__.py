"""Run a stage: in the packer that `g2u run` keeps warm, or in this process.

A stage that the packer runs costs no start-up: `python -S` leaves site-packages out until a stage
runs in this process, and little is imported at the top. `python -S -m stages generate ...`, without
-S too, and `python -m stages.generate ...` do the same.
A stage outlives neither the `g2u run` nor the DVC that started it: it would write into the
workspace of the next run.
"""

import json
import os
import socket
import sys

PACKER_VARIABLE = "G2U_PACKER"
"""Path of the packer's socket; set by g2u run."""
LOST = 70
"""Exit code where the packer died: what it had begun may not be whole."""
DVC_VARIABLE = "DVC_STAGE"
"""Set by DVC for its stages."""


def main() -> int:
    """Exit code of the stage."""
    name, arguments = sys.argv[1], sys.argv[2:]
    address = os.environ.get(PACKER_VARIABLE)
    if address:
        code = _ask(address, name, arguments)
        if code is not None:
            return code
    return _run_here(name, arguments)


def _run_here(name: str, arguments: list[str]) -> int:
    import runpy
    import site
    import threading

    if sys.flags.no_site:
        site.main()
    if DVC_VARIABLE in os.environ and sys.platform == "linux":
        threading.Thread(target=_die_with, args=(os.pidfd_open(_dvc()),), daemon=True).start()
    sys.argv = [f"stages.{name}", *arguments]
    runpy.run_module(f"stages.{name}", run_name="__main__", alter_sys=True)
    return 0


def _dvc() -> int:
    """The DVC that started this stage: its nearest ancestor that is not in a stage itself.

    Between the two there may be a shell: dash stays, bash gives its place to the command.
    """
    process, variable = os.getppid(), f"{DVC_VARIABLE}=".encode()
    while variable in _read(process, "environ"):
        process = int(_read(process, "stat").rpartition(b")")[2].split()[1])
    return process


def _read(process: int, name: str) -> bytes:
    from pathlib import Path

    return Path(f"/proc/{process}/{name}").read_bytes()


def _die_with(descriptor: int) -> None:
    """Wait for the end of the process behind a pidfd, then kill this one (Linux)."""
    import select
    import signal

    select.select([descriptor], [], [])
    os.kill(os.getpid(), signal.SIGKILL)


def _ask(address: str, name: str, arguments: list[str]) -> int | None:
    """The stage's exit code; None where the packer refuses the work."""
    line: dict[str, object] = {}
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(address)
        except OSError:
            print(f"stage {name}: the run it belongs to has ended; run again", file=sys.stderr)
            return LOST
        here = os.getcwd()  # noqa: PTH109  # pathlib would cost a third of the start
        job = {"stage": name, "arguments": arguments, "folder": here}
        connection.sendall(json.dumps(job).encode() + b"\n")
        for raw in connection.makefile("rb"):
            line = json.loads(raw)
            if "refused" in line:
                return None
            if "code" in line:
                return int(str(line["code"]))
            stream = sys.stderr if line["to"] == "stderr" else sys.stdout
            stream.write(str(line["text"]))
            stream.flush()
    print(f"stage {name}: the packer was killed; run again", file=sys.stderr)
    return LOST


if __name__ == "__main__":
    raise SystemExit(main())
