"""Where everything lives: one directory, ``UNISCALE_HOME``, ``.uniscale`` under the working directory by default."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Home:
    """The directories of one installation."""

    root: Path

    @classmethod
    def from_environment(cls) -> Home:
        """``UNISCALE_HOME``, or ``.uniscale`` here."""
        return cls(Path(os.environ.get("UNISCALE_HOME") or ".uniscale").resolve())

    @property
    def artifacts(self) -> Path:
        """Committed artifacts."""
        return self.root / "artifacts"

    @property
    def work(self) -> Path:
        """Work under way: checkpoints to resume from, partial downloads."""
        return self.root / "work"

    @property
    def locks(self) -> Path:
        """One lock file for each artifact being made."""
        return self.root / "locks"

    @property
    def dagster(self) -> Path:
        """Dagster's own home: ``dagster.yaml``, runs and events."""
        return self.root / "dagster"

    def reports(self, study: str) -> Path:
        """Reports and figures of a study."""
        return self.root / "reports" / study
