"""The hub that tasks by name fetch their text from, and what is done where there is no way to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

SECONDS = 10.0
"""that the hub has to answer"""


def hub_answers() -> bool:
    """Whether the hub says anything at all, within a few seconds and without a second try."""
    from huggingface_hub import constants
    from huggingface_hub.utils import get_session

    try:
        get_session().head(constants.ENDPOINT, timeout=SECONDS)
    except Exception:  # noqa: BLE001 - which errors there are depends on the client of huggingface_hub
        return False
    return True


@contextmanager
def hub_if_there() -> Iterator[None]:
    """Load from the hub where it answers, else from what was fetched before.

    Without a way there `datasets` tries again and again for minutes, at every file, before it says so.
    """
    import datasets.config as of_datasets
    from huggingface_hub import constants as of_hub

    before = of_hub.HF_HUB_OFFLINE, of_datasets.HF_HUB_OFFLINE
    if not hub_answers():
        of_hub.HF_HUB_OFFLINE = of_datasets.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        of_hub.HF_HUB_OFFLINE, of_datasets.HF_HUB_OFFLINE = before
