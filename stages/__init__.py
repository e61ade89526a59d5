"""One module per stage of dvc.yaml; run as `python -m stages.<name>`.

So run, a stage takes g2u's Python, whichever `python` the PATH leads to, and outlives the DVC that
started it no longer than that DVC is noticed to be gone: it would write into the next run's
workspace.
"""

import os
import sys
from importlib.util import find_spec

DVC_VARIABLE = "DVC_STAGE"
"""Set by DVC for its stages."""
ENVIRONMENT = ".venv"
"""Where `make env` puts g2u's Python: a DVC of it that was started by its path leaves its folder
off the PATH, and `python` is then another one.
"""
NEEDED = ("dvc", "polars", "pyarrow", "pydantic", "yaml")
"""Some of what stages import."""


def _take_g2us_python() -> None:
    """Give this process's place to the environment's Python where this one lacks packages."""
    if sys.version_info >= (3, 11) and all(find_spec(name) for name in NEEDED):
        return
    from pathlib import Path

    python = Path(ENVIRONMENT, "bin", "python")
    command = getattr(sys, "orig_argv", [])  # from Python 3.10 on
    if command and python.exists() and not Path(ENVIRONMENT).samefile(sys.prefix):
        os.execv(python, [str(python), *command[1:]])  # noqa: S606
    print(
        f"{sys.executable} has not the packages of g2u; activate its environment "
        f"(. {ENVIRONMENT}/bin/activate), then run again",
        file=sys.stderr,
    )
    raise SystemExit(1)


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


def _die_with(descriptor: int, ended: int) -> None:
    """Wait for the end of the process behind a pidfd, then kill this one (Linux).

    Args:
        descriptor: the pidfd.
        ended: readable once this process ends by itself.
    """
    import select
    import signal

    if descriptor in select.select([descriptor, ended], [], [])[0]:
        os.kill(os.getpid(), signal.SIGKILL)


def _watch() -> None:
    """Look at DVC in a thread, which is gone before the interpreter is: one that is left in a
    system call can take a process down that ends.
    """
    import atexit
    import threading

    ended, ends = os.pipe()
    told = (os.pidfd_open(_dvc()), ended)
    thread = threading.Thread(target=_die_with, args=told, daemon=True)
    thread.start()

    def leave() -> None:
        os.close(ends)
        thread.join()

    atexit.register(leave)


if sys.argv[:1] == ["-m"]:  # while Python looks for the module of `python -m stages.<name>`
    _take_g2us_python()
    if DVC_VARIABLE in os.environ and sys.platform == "linux":
        _watch()
