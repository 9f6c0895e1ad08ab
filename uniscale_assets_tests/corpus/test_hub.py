"""Streaming from the hub, against a loopback server that speaks its protocol, through the real `datasets` and its clients."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from uniscale_assets_tests.corpus.hub_server import Hub

README = """---
license: odc-by
configs:
- config_name: {name}
  data_files:
  - split: train
    path: {path}
---
"""
# Documents 0 to 1999 of German, in two files of ten row groups each.
COUNT, FILES = 2000, 2

# Answers requests (language, limit, cache), one a line. It has no patience with a server that is down: no pause between attempts.
CHILD = """
import json, sys, time
from pathlib import Path
time.sleep = lambda seconds: None
import datasets
datasets.config.STREAMING_READ_MAX_RETRIES = 1
from uniscale_assets.corpus import hub
from uniscale_assets.corpus.sources import read_source
from uniscale_assets.corpus.spec import CorpusSpec
from uniscale_assets.errors import UniscaleError
hub.PART_BYTES = 20_000
for line in sys.stdin:
    language, limit, cache = json.loads(line)
    try:
        spec = CorpusSpec(source="fineweb2", languages=(language,), bytes_per_language=limit or 10**9)
        documents = read_source(spec, language, Path(cache))
        answer = {"documents": [[document.id, document.text] for document in documents]}
    except UniscaleError as error:
        answer = {"error": type(error).__name__, "message": str(error)}
    print(json.dumps(answer), flush=True)
"""


def document(number: int) -> tuple[str, str]:
    return f"<urn:uuid:{number:08}>", f"Dokument {number}: " + "größer " * (number % 40)


def parquet(first: int, end: int) -> bytes:
    import pyarrow as pa
    from pyarrow.parquet import write_table

    ids, texts = zip(*(document(number) for number in range(first, end)), strict=True)
    stream = io.BytesIO()
    # The hub's files have more columns than are read.
    write_table(pa.table({"text": texts, "id": ids, "language_score": [0.5] * len(ids)}), stream, row_group_size=100, compression="none")
    return stream.getvalue()


class Client:
    """Downloads in a process of its own, which reads HF_ENDPOINT when it starts."""

    def __init__(self, hub: Hub, environment: dict[str, str]) -> None:
        self.hub = hub
        self.environment = environment
        self.process: subprocess.Popen[str] | None = None

    def stream(self, language: str, cache: Path, limit: int | None = None) -> dict[str, Any]:
        """What the process says: documents, or an error."""
        if self.process is None:
            pipe = subprocess.PIPE
            self.process = subprocess.Popen([sys.executable, "-c", CHILD], env=self.environment, stdin=pipe, stdout=pipe, text=True)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([language, limit, str(cache)]) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def kill(self) -> None:
        """End the process; the next request starts another."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


def progress_file(cache: Path) -> Path:
    return next(cache.glob("*/progress.json"))


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, repository_root: Path) -> Iterator[Client]:
    step = COUNT // FILES
    german = {f"data/deu_Latn/train/000_{number:05}.parquet": parquet(number * step, (number + 1) * step) for number in range(FILES)}
    german["data/deu_Latn/test/000_00000.parquet"] = parquet(5000, 5010)
    german["README.md"] = README.format(name="deu_Latn", path="data/deu_Latn/train/*").encode()
    english = {"sample/10BT/000_00000.parquet": parquet(0, 50), "data/CC-MAIN-2013-20/000_00000.parquet": parquet(6000, 6010)}
    english["README.md"] = README.format(name="sample-10BT", path="sample/10BT/*").encode()
    hub = Hub({"HuggingFaceFW/fineweb-2": german, "HuggingFaceFW/fineweb": english})
    server = hub.serve()
    settings = {
        "HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
        "HF_HOME": str(tmp_path_factory.mktemp("home")),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "PYTHONPATH": str(repository_root),
    }
    kept = {key: value for key, value in os.environ.items() if not key.startswith("HF_") and not key.lower().endswith("_proxy")}
    client = Client(hub, kept | settings)
    yield client
    client.kill()
    server.shutdown()
    server.server_close()


def documents(first: int, end: int) -> list[list[str]]:
    return [list(document(number)) for number in range(first, end)]


def test_a_download_goes_on_where_it_broke_off(client: Client, tmp_path: Path) -> None:
    client.hub.broken.add("data/deu_Latn/train/000_00001.parquet")
    broken = client.stream("deu_Latn", tmp_path)
    assert broken["error"] == "DownloadError"
    assert "HuggingFaceFW/fineweb-2 deu_Latn on the Hugging Face hub: broke off after 1000 documents" in broken["message"]
    assert "materialize again to go on from there" in broken["message"]
    before = json.loads(progress_file(tmp_path).read_text())
    kept = sum(part["documents"] for part in before["parts"])
    assert 0 < kept < COUNT // FILES
    assert not before["complete"]

    client.kill()
    client.hub.broken.clear()
    assert client.stream("deu_Latn", tmp_path) == {"documents": documents(0, COUNT)}
    after = json.loads(progress_file(tmp_path).read_text())
    assert after["parts"][: len(before["parts"])] == before["parts"]
    assert sum(part["documents"] for part in after["parts"]) == COUNT
    assert after["complete"]

    client.hub.requests.clear()
    assert client.stream("deu_Latn", tmp_path) == {"documents": documents(0, COUNT)}
    assert client.hub.requests == []


def test_a_larger_limit_adds_to_what_is_there(client: Client, tmp_path: Path) -> None:
    first = client.stream("deu_Latn", tmp_path, 50_000)["documents"]
    assert 0 < len(first) < COUNT
    assert first == documents(0, len(first))
    size = sum(len(text.encode()) for _, text in first)
    assert 50_000 <= size < 50_000 + 400
    second = client.stream("deu_Latn", tmp_path, 150_000)["documents"]
    assert len(second) > len(first)
    assert second == documents(0, len(second))


def test_a_state_of_another_version_is_not_trusted(client: Client, tmp_path: Path) -> None:
    client.stream("deu_Latn", tmp_path, 50_000)
    path = progress_file(tmp_path)
    path.write_text(json.dumps({**json.loads(path.read_text()), "reader": "0.1", "state": {"other": "form"}}))
    assert client.stream("deu_Latn", tmp_path) == {"documents": documents(0, COUNT)}


def test_english_is_the_sample_of_fineweb(client: Client, tmp_path: Path) -> None:
    assert client.stream("eng_Latn", tmp_path) == {"documents": documents(0, 50)}


def test_what_the_hub_does_not_have(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = client.stream("fra_Latn", tmp_path)
    assert missing["error"] == "DownloadError"
    assert "HuggingFaceFW/fineweb-2 fra_Latn on the Hugging Face hub: cannot be opened" in missing["message"]
    monkeypatch.delitem(client.hub.repositories, "HuggingFaceFW/fineweb-2")
    assert "HuggingFaceFW/fineweb-2 deu_Latn on the Hugging Face hub: not found" in client.stream("deu_Latn", tmp_path)["message"]


def test_a_damaged_record_of_progress(client: Client, tmp_path: Path) -> None:
    client.stream("deu_Latn", tmp_path, 50_000)
    progress_file(tmp_path).write_text("{")
    damaged = client.stream("deu_Latn", tmp_path)
    assert damaged["error"] == "ArtifactError"
    assert "remove" in damaged["message"]
    assert "to download again" in damaged["message"]
