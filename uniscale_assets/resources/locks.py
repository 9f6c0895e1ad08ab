"""One holder at a time: locks that the kernel lets go of when their process ends, however it ends."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from uniscale_assets.errors import AlreadyRunningError, UniscaleError

LOCKED_BY_ANOTHER = (errno.EAGAIN, errno.EACCES)


@contextmanager
def held_lock(path: Path, what: str) -> Generator[Path]:
    """Hold the lock file ``path`` for the block; ``what`` names in messages what is being done under it.

    The lock is flock's: it ends with the process (kill -9 too), or with the last child that was forked while it was held. The
    file stays behind: removing it would let two processes lock two different files of one name.

    Raises:
        AlreadyRunningError: someone holds it already, this process included; the message says which process.
        UniscaleError: the file system cannot lock.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        take(descriptor, path, what)
        write_holder(descriptor, {"pid": os.getpid(), "host": socket.gethostname(), "what": what})
        yield path
    finally:
        os.close(descriptor)


def take(descriptor: int, path: Path, what: str) -> None:
    """Lock an open file without waiting."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in LOCKED_BY_ANOTHER:
            raise AlreadyRunningError(f"{what}: {describe_holder(path)}; wait until it ends, or stop it first (lock {path})") from error
        raise UniscaleError(f"{path}: cannot be locked ({error.strerror}); put UNISCALE_HOME on a file system that has locks") from error


def write_holder(descriptor: int, holder: dict[str, str | int]) -> None:
    """Say in the lock file who holds it."""
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(holder).encode(), 0)


def describe_holder(path: Path) -> str:
    """Who holds a lock, in words; it may just be taking it, or have just let go."""
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        return f"process {holder['pid']} on {holder['host']} is already at it ({holder['what']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process is already at it"
