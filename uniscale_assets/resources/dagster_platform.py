"""The platform as a Dagster resource."""

from __future__ import annotations

from functools import cached_property

import dagster as dg

from uniscale_assets.home import Home
from uniscale_assets.resources.platform import Platform


class PlatformResource(dg.ConfigurableResource[Platform]):
    """Hands assets the artifact store and the metric warehouse."""

    home: str

    @cached_property
    def _platform(self) -> Platform:
        from pathlib import Path

        return Platform(Home(Path(self.home)))

    def get(self) -> Platform:
        """Store and warehouse of this home."""
        return self._platform
