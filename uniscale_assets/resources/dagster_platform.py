"""The platform as a Dagster resource."""

from __future__ import annotations

from functools import cached_property

import dagster as dg

from uniscale_assets.home import Home
from uniscale_assets.resources.platform import Platform
from uniscale_assets.resources.run_processes import sign_run


class PlatformResource(dg.ConfigurableResource[Platform]):
    """Hands assets the artifact store and the metric warehouse."""

    home: str

    @cached_property
    def _platform(self) -> Platform:
        from pathlib import Path

        return Platform(Home(Path(self.home)))

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Sign the run, so that it is not taken for one under way when this process is killed."""
        if context.run is not None and context.instance is not None:
            sign_run(context.instance, context.run.run_id)

    def get(self) -> Platform:
        """Store and warehouse of this home."""
        return self._platform
