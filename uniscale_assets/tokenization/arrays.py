"""Arrays on disk that grow: written by appending, read by memory map, never held whole."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import numpy as np

# NumPy's own writer pads its header to a multiple of 64 bytes; room for any length is kept from the start.
HEADER_BYTES = 128


class GrowingArray:
    """A one-dimensional ``.npy`` file of one type, written by appending. Use as a context manager.

    The header, which holds the length, is written when the file closes; until then it is blank, so that an unfinished
    file does not load.
    """

    def __init__(self, path: Path, dtype: str) -> None:
        import numpy as np

        self.dtype = np.dtype(dtype)
        self.length = 0
        self.stream = path.open("wb")
        self.stream.write(b" " * HEADER_BYTES)

    def append(self, values: np.ndarray) -> None:
        """Add values at the end; they must fit the type."""
        self.stream.write(values.astype(self.dtype, copy=False).tobytes())
        self.length += len(values)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self.stream:
            if error is None:
                self.stream.seek(0)
                self.stream.write(array_header(self.dtype.str, self.length))


def array_header(dtype: str, length: int) -> bytes:
    """The ``.npy`` header, format 1.0, of a one-dimensional array; always ``HEADER_BYTES`` long."""
    magic = b"\x93NUMPY\x01\x00" + (HEADER_BYTES - 10).to_bytes(2, "little")
    entries = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({length},), }}".encode("latin-1")
    return magic + entries.ljust(HEADER_BYTES - len(magic) - 1) + b"\n"
