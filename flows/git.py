"""Git for a night: what changed elsewhere is taken up, what the night made is committed, and what
somebody has staged or changed here stays as it is.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from g2u.errors import DataError

UNDER_WAY = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply")
"""In Git's folder while somebody is in the middle of something."""
APART = ("-c", "core.hooksPath=/dev/null")
"""Somebody's hooks are not meant for a work tree of our own."""


def git(*arguments: str, given: str | None = None) -> str:
    """Run Git; returns what it prints.

    Args:
        arguments: after `git`; paths are taken as they are, not as patterns.
        given: its standard input.

    Raises:
        DataError: it failed.
    """
    command = [shutil.which("git") or "git", *arguments]
    told = {"GIT_LITERAL_PATHSPECS": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, input=given or "",
        env={**os.environ, **told}, errors="surrogateescape",
    )  # fmt: skip
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).split())
        name = next(each for each in arguments if each not in APART)
        raise DataError(f"git {name}: {said or f'exit code {done.returncode}'}")
    return done.stdout


def listed(*arguments: str) -> list[str]:
    """The same with -z: paths, which may hold anything."""
    return [path for path in git(*arguments).split("\0") if path]


def require_calm() -> None:
    """Raise DataError where a merge, rebase or the like waits for somebody's decision."""
    for name in UNDER_WAY:
        if Path(git("rev-parse", "--git-path", name).strip()).exists():
            raise DataError(
                f"git: {name.split('_')[0].lower().removesuffix('-merge')} under way here; finish "
                "or abort it, then run again"
            )


def fetch() -> None:
    """Get what the branch's remote has.

    Raises:
        DataError: the branch follows none, or it cannot be reached.
    """
    git("rev-parse", "--abbrev-ref", "@{upstream}")
    git("fetch", "--quiet")


def take_up() -> str:
    """Put the branch's own commits on top of what was fetched; returns the commit.

    All of it or nothing: own commits are moved in a work tree apart, and the files here follow only
    where nobody has changed them. What is staged stays staged.

    Raises:
        DataError: own commits or changed files are in conflict with what was fetched.
    """
    require_calm()
    here, there = git("rev-parse", "HEAD").strip(), git("rev-parse", "@{upstream}").strip()
    base = git("merge-base", here, there).strip()
    if base != there:
        new = there if base == here else _rebased(here, there)
        _require_room(here, new)
        git("read-tree", "-m", "-u", here, new)
        git("update-ref", "-m", "nightly: pull", "HEAD", new, here)
    return git("rev-parse", "--short", "HEAD").strip()


def _rebased(here: str, there: str) -> str:
    """The commits of `here` on top of `there`."""
    with tempfile.TemporaryDirectory(prefix="g2u-") as folder:
        place = str(Path(folder) / "tree")
        git(*APART, "worktree", "add", "--quiet", "--detach", place, here)
        try:
            git(*APART, "-C", place, "rebase", "--quiet", "--no-autostash", there)
        except DataError as error:
            torn = listed("-C", place, "diff", "--name-only", "--diff-filter=U", "-z")
            if not torn:
                raise
            raise DataError(
                f"git pull: {torn[0]} was committed here and there, in conflict; nothing was "
                "changed; git pull --rebase by hand, then run again"
            ) from error
        else:
            return git("-C", place, "rev-parse", "HEAD").strip()
        finally:
            git("worktree", "remove", "--force", place)


def _require_room(here: str, new: str) -> None:
    """Raise DataError where files that change between two commits are not as committed here."""
    git("status", "--porcelain")  # looks at what only seems changed, which read-tree does not
    coming = set(listed("diff", "--name-only", "--no-renames", "-z", here, new))
    changed = {
        path
        for arguments in (("--cached", "HEAD"), ())
        for path in listed("diff", "--name-only", "--no-renames", "-z", *arguments)
    }
    top = Path(git("rev-parse", "--show-toplevel").strip())
    tracked = set(listed("-C", str(top), "ls-files", "-z"))
    folders = {parent.as_posix() for path in tracked for parent in Path(path).parents}
    for path in sorted(coming):
        way = [path, *(parent.as_posix() for parent in Path(path).parents)]
        own = [p for p in way if p not in tracked | folders and os.path.lexists(top / p)]
        taken = [p for p in own if p == path or not (top / p).is_dir() or (top / p).is_symlink()]
        if path in changed or taken:
            raise DataError(
                f"git pull: {path} comes with what was fetched, and lies here changed or not "
                "committed; nothing was changed; commit it or move it away, then run again"
            )


def commit(paths: Iterable[str], message: str) -> bool:
    """Commit these files as they are here, and their absence where they are gone; nothing else.

    What is staged of other files stays staged, and stays out of the commit.

    Args:
        paths: relative to the current folder.
        message: of the commit.

    Returns:
        Whether anything differs from the last commit.

    Raises:
        DataError: Git refuses: no name to commit by, a hook that fails, a merge under way. The
            index is as it was.
    """
    require_calm()
    tracked, wanted = set(listed("ls-files", "-z")), set(paths)
    new = sorted(path for path in wanted - tracked if os.path.lexists(path))
    changed = set(new)
    if _has_commits():
        changed |= wanted & set(listed("diff", "--name-only", "--relative", "-z", "HEAD"))
        changed |= wanted & set(at_head()) - tracked - set(new)
    if not changed:
        return False
    from_list = ("--pathspec-from-file=-", "--pathspec-file-nul")
    if new:
        git("add", "--intent-to-add", "--force", *from_list, given="\0".join(new))
    try:
        given = "\0".join(sorted(changed))
        git("commit", "--quiet", "--only", "--message", message, *from_list, given=given)
    except DataError:
        git("update-index", "--force-remove", "-z", "--stdin", given="\0".join(new))
        raise
    return True


def _has_commits() -> bool:
    return bool(git("rev-list", "--all", "--max-count=1").strip())


def at_head() -> list[str]:
    """Paths of the last commit, relative to the current folder and below it."""
    return listed("ls-tree", "-r", "--name-only", "-z", "HEAD") if _has_commits() else []


def not_committed(paths: Iterable[str]) -> tuple[list[str], list[str]]:
    """Of these files and folders: files that differ from the last commit, and files that Git does
    not know, ignored ones aside.
    """
    top = Path(git("rev-parse", "--show-toplevel").strip())
    inside = [p for p in paths if Path(p).absolute().resolve().is_relative_to(top.resolve())]
    if not inside:
        return [], []
    arguments = ("status", "--porcelain", "--untracked-files=all", "--no-renames", "-z")
    told = listed(*arguments, "--", *inside)
    new = [line[3:] for line in told if line.startswith("??")]
    return [line[3:] for line in told if not line.startswith("??")], new
