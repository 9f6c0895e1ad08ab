"""The artifact store: directories that are whole, known by the fingerprint of what they depend on.

``artifacts/<stage>/<label>-<fingerprint>/`` holds the files and ``artifact.json``. The label is for people; look-ups go by
fingerprint, so two studies share what they have in common. An artifact is written aside, fsynced and renamed.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import Any
from uuid import uuid4

from uniscale_assets.errors import ArtifactError, UniscaleError
from uniscale_assets.files import hash_file, hash_of, sync_directory, sync_parent, write_text
from uniscale_assets.home import Home
from uniscale_assets.resources.locks import held_lock

RECORD = "artifact.json"
SHORT = 16


@dataclass(frozen=True)
class Artifact:
    """One committed directory.

    files: relative path -> (bytes, SHA-256). content_hash: SHA-256 over paths and hashes; Dagster's data version.
    metadata: what the making of it measured (seconds, device); not part of the content hash.
    """

    path: Path
    stage: str
    label: str
    fingerprint: str
    files: dict[str, tuple[int, str]]
    content_hash: str
    created: str
    metadata: dict[str, Any]

    def hash_of_files(self, *patterns: str) -> str:
        """SHA-256 over the files that match; what depends on one split depends on its files alone."""
        chosen = {name: entry for name, entry in self.files.items() if any(fnmatch(name, pattern) for pattern in patterns)}
        if not chosen:
            raise ArtifactError(f"{self.path}: holds no file {' or '.join(patterns)}")
        return content_hash_of(chosen)


@dataclass
class Draft:
    """A directory to fill; what stands in ``metadata`` when the block ends is recorded with it."""

    path: Path
    metadata: dict[str, Any] = field(default_factory=dict[str, Any])
    committed: Artifact | None = None


class ArtifactStore:
    """Every artifact under one home."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._verified: set[tuple[Path, str]] = set()

    def find(self, stage: str, fingerprint: str) -> Artifact | None:
        """The artifact with that fingerprint, or None. Names and sizes of its files are checked, not their hashes.

        Raises:
            ArtifactError: it is there but files are missing or of another size.
        """
        for path in sorted((self.home.artifacts / stage).glob(f"*-{fingerprint[:SHORT]}")):
            artifact = read_record(path)
            if artifact.fingerprint == fingerprint:
                refuse_damaged(artifact)
                return artifact
        return None

    def verify(self, artifact: Artifact) -> Artifact:
        """Read every file once in this process and compare hashes.

        Raises:
            ArtifactError: a file's content is not what was committed.
        """
        if (artifact.path, artifact.content_hash) not in self._verified:
            for name, (_, expected) in artifact.files.items():
                if hash_file(artifact.path / name) != expected:
                    raise ArtifactError(damage(artifact.path / name, "its hash is not the one it was committed with", artifact.path))
            self._verified.add((artifact.path, artifact.content_hash))
        return artifact

    def work_directory(self, stage: str, fingerprint: str) -> Path:
        """Where work on an artifact is kept between attempts."""
        return self.home.work / stage / fingerprint[:SHORT]

    @contextmanager
    def writing(self, stage: str, label: str, fingerprint: str, *, replace: bool = False) -> Iterator[Draft]:
        """Yield a draft; commit its directory when the block ends without an error, remove it otherwise.

        Raises:
            AlreadyRunningError: another process is making this artifact.
            ArtifactError: the disk is full, or the directory cannot be written.
        """
        lock = self.home.locks / f"{stage}-{fingerprint[:SHORT]}.lock"
        with full_disk_named(self.home.root), held_lock(lock, f"{stage} {label}"):
            parent = self.home.artifacts / stage
            parent.mkdir(parents=True, exist_ok=True)
            remove_leftovers(parent, fingerprint)
            aside = parent / f".{fingerprint[:SHORT]}.{uuid4().hex[:8]}.aside"
            aside.mkdir()
            draft = Draft(aside)
            try:
                yield draft
                draft.committed = self._commit(draft, stage, label, fingerprint, replace)
                shutil.rmtree(self.work_directory(stage, fingerprint), ignore_errors=True)
            finally:
                shutil.rmtree(aside, ignore_errors=True)

    def _commit(self, draft: Draft, stage: str, label: str, fingerprint: str, replace: bool) -> Artifact:
        files = list_files(draft.path)
        record = {
            "stage": stage,
            "label": label,
            "fingerprint": fingerprint,
            "content_hash": content_hash_of(files),
            "files": files,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "metadata": draft.metadata,
        }
        write_text(draft.path / RECORD, json.dumps(record, indent=1, sort_keys=True))
        sync_directory(draft.path)
        existing = self.find(stage, fingerprint)
        if existing is not None and not replace:
            return existing
        target = existing.path if existing else draft.path.parent / f"{safe_label(label)}-{fingerprint[:SHORT]}"
        swap_in(draft.path, target)
        return read_record(target)


def list_files(directory: Path) -> dict[str, tuple[int, str]]:
    """Relative path -> (bytes, SHA-256) of every file but the record."""
    paths = sorted(path for path in directory.rglob("*") if path.is_file() and path.name != RECORD)
    return {path.relative_to(directory).as_posix(): (path.stat().st_size, hash_file(path)) for path in paths}


def content_hash_of(files: dict[str, tuple[int, str]]) -> str:
    """SHA-256 over paths and content hashes."""
    return hash_of([[name, files[name][1]] for name in sorted(files)])


def read_record(path: Path) -> Artifact:
    """Read ``artifact.json``.

    Raises:
        ArtifactError: it is missing or not readable.
    """
    try:
        record = json.loads((path / RECORD).read_text(encoding="utf-8"))
        files = {name: (int(size), str(digest)) for name, (size, digest) in record["files"].items()}
        names = ("stage", "label", "fingerprint", "content_hash", "created", "metadata")
        return Artifact(path=path, files=files, **{name: record[name] for name in names})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArtifactError(damage(path / RECORD, f"not readable ({error})", path)) from error


def refuse_damaged(artifact: Artifact) -> None:
    """Raise ``ArtifactError`` where a file is missing or of another size than committed."""
    for name, (size, _) in artifact.files.items():
        file = artifact.path / name
        if not file.is_file():
            raise ArtifactError(damage(file, "missing", artifact.path))
        if file.stat().st_size != size:
            raise ArtifactError(damage(file, f"{file.stat().st_size} bytes, committed with {size}", artifact.path))


def damage(file: Path, what: str, artifact: Path) -> str:
    """What is wrong with an artifact, and the way out."""
    return f"{file}: {what}. Remove the directory {artifact} and materialize it again."


def safe_label(label: str) -> str:
    """A label as a file name."""
    return re.sub(r"[^A-Za-z0-9_.]+", "-", label).strip("-.") or "artifact"


def swap_in(aside: Path, target: Path) -> None:
    """Rename ``aside`` to ``target``, moving a directory that stands there out of the way first."""
    if target.exists():
        old = target.with_name(f".{target.name}.{uuid4().hex[:8]}.aside")
        os.rename(target, old)
        os.rename(aside, target)
        shutil.rmtree(old, ignore_errors=True)
    else:
        os.rename(aside, target)
    sync_parent(target)


def remove_leftovers(parent: Path, fingerprint: str) -> None:
    """Remove drafts of this artifact that a killed process left; the lock is ours, so nobody writes them."""
    for path in parent.glob(f".{fingerprint[:SHORT]}.*.aside"):
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def full_disk_named(root: Path) -> Iterator[None]:
    """Turn a full or read-only disk into an error that says what to do."""
    try:
        yield
    except OSError as error:
        if isinstance(error, UniscaleError) or error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES):
            raise
        advice = "Free some space, or set UNISCALE_HOME to another disk, and run it again: nothing was committed."
        raise ArtifactError(f"{error.filename or root}: {error.strerror}. {advice}") from error
