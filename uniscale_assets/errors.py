"""The exceptions a user can meet. Each message names the file, key or row, and the way out."""

from __future__ import annotations


class UniscaleError(Exception):
    """Base of every error that has a known cause; the command prints it without a traceback."""


class BadInputError(UniscaleError):
    """What the user gave cannot be used: a study file, a text file, an option. Exit code 2."""


class StudyError(BadInputError):
    """A study file is wrong; the message names the file and the key."""


class CorpusError(BadInputError):
    """A text source cannot be read as promised; the message names the file and the row."""


class DownloadError(UniscaleError):
    """Text cannot be got from the hub; what has come in stays, and the next attempt goes on from there."""


class DiskFullError(UniscaleError):
    """No space is left where the project writes; nothing is committed."""


class TokenizerError(UniscaleError):
    """A tokenizer cannot be trained, read or verified."""


class LossyTokenizerError(TokenizerError):
    """A tokenizer loses or invents bytes; nothing is committed."""


class BudgetError(BadInputError):
    """A training budget that the text cannot fill."""


class TrainingError(UniscaleError):
    """A training failed: a loss that is not finite, or one that diverges."""


class AlreadyRunningError(UniscaleError):
    """Another process holds the lock of this partition."""


class ArtifactError(UniscaleError):
    """A stored artifact is missing or no longer fits its recorded hash."""


class WarehouseError(UniscaleError):
    """A metric table was given rows that do not fit its schema, or a query failed."""


class RunTableError(BadInputError):
    """A table of training runs cannot be used; the message names the file, the row and the column."""


class LawError(BadInputError):
    """A scaling law cannot be fitted or asked; the message says which cells it had and what it would take."""


class TaskError(UniscaleError):
    """A downstream task cannot be loaded or run; the message names the task."""
