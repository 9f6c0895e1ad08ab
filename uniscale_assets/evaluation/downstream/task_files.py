"""YAML tasks of lm-eval that lie in files: what they are made of, and where their text is, seen from the file."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from uniscale_assets.errors import BadInputError
from uniscale_assets.files import hash_file, hash_of


@cache
def open_loader() -> type[yaml.SafeLoader]:
    """A loader that reads lm-eval's own tags, such as ``!function``, as the text behind them."""

    class OpenLoader(yaml.SafeLoader):
        """YAML with tags of others."""

    def as_text(_: yaml.SafeLoader, tag: str, node: yaml.Node) -> Any:
        return f"!{tag} {node.value}"

    OpenLoader.add_multi_constructor("!", as_text)
    return OpenLoader


def read_task_file(path: Path) -> dict[str, Any]:
    """A YAML task as it is written.

    Raises:
        BadInputError: not there, no YAML, or no task.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=open_loader())  # noqa: S506 - a SafeLoader
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadInputError(f"downstream.tasks: {path}: not readable as YAML: {error}") from error
    if not isinstance(content, dict):
        raise BadInputError(f"downstream.tasks: {path}: no task of lm-eval: it takes a mapping with the key task")
    return content


def hash_of_task(path: Path) -> str:
    """SHA-256 of a task and of all it is made of: files that it includes, its functions' modules, its local text.

    Raises:
        BadInputError: a file is not there.
    """
    return hash_of([hash_file(part) for part in parts_of(path)])


def parts_of(path: Path) -> list[Path]:
    """Every file that a task is made of, itself first."""
    content = read_task_file(path)
    found = [path]
    for name in listed(content.get("include")):
        found += parts_of(beside(path, name))
    for function in sorted(functions_of(content)):
        module = path.parent / f"{function.rpartition('.')[0].replace('.', '/')}.py"
        found += [module] if module.is_file() else []
    for name in data_files(content):
        found += sorted(matching(path, name))
    return found


def functions_of(value: Any) -> Iterator[str]:
    """What stands behind every ``!function``."""
    if isinstance(value, str) and value.startswith("!function "):
        yield value.removeprefix("!function ")
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in parts:
        yield from functions_of(part)


def data_files(content: dict[str, Any]) -> Iterator[str]:
    """The text files that a task names."""
    files = (content.get("dataset_kwargs") or {}).get("data_files")
    for part in files.values() if isinstance(files, dict) else [files]:
        yield from listed(part)


def listed(value: Any) -> list[str]:
    """One name, several, or none, as a list."""
    return [] if value is None else [str(item) for item in value] if isinstance(value, list) else [str(value)]


def is_local(name: str) -> bool:
    """Whether a text file is no address."""
    return "://" not in name


def beside(path: Path, name: str) -> Path:
    """A path that a YAML file names, relative to it.

    Raises:
        BadInputError: nothing is there.
    """
    found = path.parent / name
    if not found.is_file():
        raise BadInputError(f"downstream.tasks: {path}: there is no file {found}")
    return found


def matching(path: Path, name: str) -> list[Path]:
    """The local files that a name or a pattern stands for, relative to the YAML file; none for an address.

    Raises:
        BadInputError: no file is there.
    """
    if not is_local(name):
        return []
    if not any(character in name for character in "*?["):
        return [beside(path, name)]
    anchor = Path(name).anchor
    found = list(Path(anchor).glob(name.removeprefix(anchor)) if anchor else path.parent.glob(name))
    if not found:
        raise BadInputError(f"downstream.tasks: {path}: no file fits {name}")
    return found


def with_paths(content: dict[str, Any], path: Path) -> dict[str, Any]:
    """A task whose local text files are named by absolute paths; lm-eval takes relative ones from where a process was started."""
    arguments = dict(content.get("dataset_kwargs") or {})
    files = arguments.get("data_files")
    if files is None:
        return content

    def absolute(part: Any) -> Any:
        names = [str(found.resolve()) for name in listed(part) for found in sorted(matching(path, name))] or listed(part)
        return names[0] if len(names) == 1 else names

    arguments["data_files"] = {split: absolute(part) for split, part in files.items()} if isinstance(files, dict) else absolute(files)
    return {**content, "dataset_kwargs": arguments}
