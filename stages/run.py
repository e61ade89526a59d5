"""Run a stage: in the packer that `g2u run` keeps warm, or in this process.

A stage that the packer runs costs no start-up, which is why this is a script with next to no
imports: `python -S` leaves site-packages out until a stage runs in this process, and a module
(-m), `json` and `socket` would each double the start. `python -m stages.generate ...` does the same
as `python -S stages/run.py generate ...`.
A stage outlives neither the `g2u run` nor the DVC that started it: it would write into the
workspace of the next run.
"""

import os
import sys

PACKER_VARIABLE = "G2U_PACKER"
"""Path of the packer's socket; set by g2u run."""
LOST = 70
"""Exit code where the packer died: what it had begun may not be whole."""
END = "end"
"""Last field of a request: nothing was cut off. Fields are parted by NUL; an answer is lines `code
N`, `refused`, and `stdout N` or `stderr N` with N bytes after it.
"""
DVC_VARIABLE = "DVC_STAGE"
"""Set by DVC for its stages."""
ENVIRONMENT = ".venv"
"""Where `make env` puts g2u's Python: a DVC of it that was started by its path leaves its folder
off the PATH, and `python` is then another one.
"""
NEEDED = ("dvc", "polars", "pyarrow", "pydantic", "yaml")
"""Some of what stages import."""


def main() -> int:
    """Exit code of the stage."""
    name, arguments = sys.argv[1], sys.argv[2:]
    address = os.environ.get(PACKER_VARIABLE)
    if address:
        code = _ask(address, name, arguments)
        if code is not None:
            return code
    return _run_here(name, arguments)


def _run_here(name: str, arguments: "list[str]") -> int:
    import runpy
    import site
    import threading

    if sys.flags.no_site:
        site.main()
    if not _has_packages():
        return _run_elsewhere(name)
    sys.path[0] = os.getcwd()  # noqa: PTH109  # instead of this script's folder
    if DVC_VARIABLE in os.environ and sys.platform == "linux":
        threading.Thread(target=_die_with, args=(os.pidfd_open(_dvc()),), daemon=True).start()
    sys.argv = [f"stages.{name}", *arguments]
    runpy.run_module(f"stages.{name}", run_name="__main__", alter_sys=True)
    return 0


def _has_packages() -> bool:
    from importlib.util import find_spec

    return sys.version_info >= (3, 11) and all(find_spec(name) for name in NEEDED)


def _run_elsewhere(name: str) -> int:
    """Exit code; another Python takes over where the environment has one."""
    from pathlib import Path

    python = Path(ENVIRONMENT, "bin", "python")
    if python.exists() and not Path(ENVIRONMENT).samefile(sys.prefix):
        os.execv(python, [str(python), "-S", *sys.argv])  # noqa: S606
    print(
        f"stage {name}: {sys.executable} has not the packages of g2u; activate its environment "
        f"(. {ENVIRONMENT}/bin/activate), then run again",
        file=sys.stderr,
    )
    return 1


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


def _ask(address: str, name: str, arguments: "list[str]") -> "int | None":
    """The stage's exit code; None where the packer refuses the work."""
    import _socket  # what `socket` wraps

    here = os.getcwd()  # noqa: PTH109  # pathlib would cost a third of the start
    connection = _socket.socket(_socket.AF_UNIX)
    try:
        connection.connect(address)
        connection.sendall(os.fsencode("\0".join((here, name, *arguments, END))))
        connection.shutdown(_socket.SHUT_WR)
    except OSError:
        print(f"stage {name}: the run it belongs to has ended; run again", file=sys.stderr)
        return LOST
    with open(connection.detach(), "rb") as replies:  # noqa: PTH123  # of a descriptor
        for line in replies:
            kind, *number = line.decode().split()
            if kind == "refused":
                return None
            if kind == "code":
                return int(number[0])
            stream = sys.stderr if kind == "stderr" else sys.stdout
            stream.write(replies.read(int(number[0])).decode())
            stream.flush()
    print(f"stage {name}: the packer was killed; run again", file=sys.stderr)
    return LOST


if __name__ == "__main__":
    raise SystemExit(main())
