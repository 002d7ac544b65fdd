"""Files that are replaced in one step, so that whoever reads or is killed meanwhile finds the old or the new one."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import time
from pathlib import Path


def replace_file(path: Path, content: bytes, keeps_older: bool = False) -> None:
    """Give a file new content in one step; its permissions stay, and a symbolic link stays one.

    Nothing of the old file is touched before the new one is complete.

    Args:
        path: the file; its folder is made if it is missing.
        content: what it holds from now on.
        keeps_older: keep the old file beside it, see `keep_older_file`.

    Raises:
        OSError: it cannot be written. Then the old file is there as it was.
    """
    target = Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists() and not target.is_file():
        # A device, such as /dev/null, is not ours to replace.
        with target.open("wb", buffering=0) as file:
            file.write(content)
        return
    beside = target.with_name(target.name + ".new")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _take_over_permissions(target, beside)
        if keeps_older:
            keep_older_file(target)
        beside.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


def keep_older_file(path: Path) -> None:
    """Keep a file under `<name>_<time>.csv`, never in place of another one; it may stay under its own name as well."""
    if not path.is_file():
        return
    stem, n = f"{path.stem}_{time.strftime('%Y%m%d-%H%M%S')}", 0
    while True:
        target = path.with_name(f"{stem}{f'-{n}' if n else ''}{path.suffix}")
        try:
            _link_or_rename(path, target)
        except FileExistsError:
            n += 1
        else:
            return


def _link_or_rename(path: Path, target: Path) -> None:
    """Give a file a second name, so that there is no moment without the first one, or else another name."""
    try:
        os.link(path, target)
    except FileExistsError:
        raise
    except (OSError, NotImplementedError, AttributeError):  # not every file system knows second names
        if target.exists():
            raise FileExistsError(target) from None
        path.rename(target)


def _take_over_permissions(old: Path, new: Path) -> None:
    """Let a new file be as readable as the one that it replaces, as far as that is allowed."""
    with contextlib.suppress(OSError):
        status = old.stat()
        shutil.copymode(old, new)
        if hasattr(os, "chown") and (status.st_uid, status.st_gid) != (new.stat().st_uid, new.stat().st_gid):
            os.chown(new, status.st_uid, status.st_gid)


def identity(path: Path) -> tuple[int, ...]:
    """Device, number and length of a file, which change when it is replaced or grows; nothing if there is none.

    A device has no length of its own, so its identity says nothing of what was written to it.
    """
    try:
        status = path.stat()
    except OSError:
        return ()
    return status.st_dev, status.st_ino, status.st_size if stat.S_ISREG(status.st_mode) else 0
