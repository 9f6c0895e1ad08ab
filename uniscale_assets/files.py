"""Hashes of values and directories, and writes that are whole or not there."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spaces: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def hash_of(value: Any) -> str:
    """SHA-256 (hex) of a JSON value."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def hash_file(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def hash_directory(directory: Path, *, leave_out: frozenset[str] = frozenset()) -> str:
    """SHA-256 (hex) over relative paths and contents of every file, in path order."""
    names = sorted(path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file())
    return hash_of([[name, hash_file(directory / name)] for name in names if name not in leave_out])


def sync_directory(directory: Path) -> None:
    """fsync every file under a directory and the directories themselves."""
    for path in [*directory.rglob("*"), directory]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def replaced_file(path: Path) -> Iterator[Path]:
    """Yield a path beside ``path``; on success fsync it and rename it there, on failure remove it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{uuid4().hex}.aside")
    try:
        yield aside
        with aside.open("rb") as stream:
            os.fsync(stream.fileno())
        os.replace(aside, path)
        sync_parent(path)
    finally:
        aside.unlink(missing_ok=True)


def sync_parent(path: Path) -> None:
    """fsync the directory that holds ``path``, so that a rename survives a crash."""
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    with replaced_file(path) as aside:
        aside.write_text(text, encoding="utf-8")
