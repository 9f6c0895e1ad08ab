"""Arrays with a description in one safetensors file: the same content, the same bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

ABOUT = "about"


def write_tensors(arrays: Mapping[str, np.ndarray], about: Mapping[str, Any], path: Path) -> None:
    """Write arrays and what describes them.

    The description is one entry of the file's metadata: safetensors writes several in an order that changes from call to call.
    """
    from safetensors.numpy import save_file

    save_file(dict(arrays), path, metadata={ABOUT: json.dumps({name: str(value) for name, value in about.items()}, sort_keys=True)})


def read_about(file: Any) -> dict[str, str]:
    """The description in an open safetensors file; empty where there is none.

    Raises:
        ValueError: it is no JSON.
    """
    about = json.loads((file.metadata() or {}).get(ABOUT, "{}"))
    return {str(name): str(value) for name, value in about.items()} if isinstance(about, dict) else {}
