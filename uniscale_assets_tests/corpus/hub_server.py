"""A small server on the loopback that speaks as much of the Hugging Face hub's protocol as streaming a dataset takes."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

API = re.compile(
    r"^/api/datasets/(?P<repository>[^/]+/[^/]+)(?:/(?P<call>revision|tree|paths-info)/(?P<revision>[^/]+)(?:/(?P<path>.*))?)?$"
)
RESOLVE = re.compile(r"^/datasets/(?P<repository>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<path>.+)$")


@dataclass
class Hub:
    """Datasets by name: files by path. Of a ``broken`` path only the first half of what is asked arrives."""

    repositories: dict[str, dict[str, bytes]]
    broken: set[str] = field(default_factory=set)
    requests: list[str] = field(default_factory=list)

    def revision(self, repository: str) -> str:
        """A commit that changes with the content."""
        return git_hash("".join(path + git_hash(data) for path, data in sorted(self.repositories[repository].items())).encode())

    def serve(self) -> ThreadingHTTPServer:
        """Start on a free port; `shutdown` and `server_close` end it."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (HubHandler,), {"hub": self}))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server


class HubHandler(BaseHTTPRequestHandler):
    """Answers one connection."""

    hub: Hub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.answer()

    def do_HEAD(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
        self.hub.requests.append(format % args)

    def answer(self) -> None:
        """Find the file or the list that is asked for."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = unquote(urlsplit(self.path).path)
        api, file = API.match(path), RESOLVE.match(path)
        if api is not None and api["repository"] in self.hub.repositories:
            self.answer_api(api, body)
        elif file is not None and file["repository"] in self.hub.repositories:
            self.answer_file(file)
        else:
            self.send_error_code(HTTPStatus.NOT_FOUND, "RepoNotFound")

    def answer_api(self, match: re.Match[str], body: bytes) -> None:
        """Information about a repository, a folder or some paths."""
        repository = match["repository"]
        files = self.hub.repositories[repository]
        if match["call"] in (None, "revision"):
            siblings = [{"rfilename": path} for path in sorted(files)]
            self.send_json({"id": repository, "sha": self.hub.revision(repository), "siblings": siblings, "private": False, "tags": []})
        elif match["call"] == "tree":
            recursive = "recursive=true" in self.path.lower()
            self.send_json(describe(files, children(files, (match["path"] or "").strip("/"), recursive=recursive)))
        else:
            self.send_json(describe(files, json.loads(body)["paths"]))

    def answer_file(self, match: re.Match[str]) -> None:
        """A file or a range of it; a broken one stops in the middle."""
        data = self.hub.repositories[match["repository"]].get(match["path"])
        if data is None:
            self.send_error_code(HTTPStatus.NOT_FOUND, "EntryNotFound")
            return
        first, last = byte_range(self.headers.get("Range"), len(data))
        whole = self.headers.get("Range") is None
        self.send_response(HTTPStatus.OK if whole else HTTPStatus.PARTIAL_CONTENT)
        self.send_header("Content-Length", str(last - first + 1))
        self.send_header("ETag", f'"{git_hash(data)}"')
        self.send_header("X-Repo-Commit", self.hub.revision(match["repository"]))
        self.send_header("Accept-Ranges", "bytes")
        if not whole:
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
        self.end_headers()
        if self.command == "HEAD":
            return
        if match["path"] in self.hub.broken:
            self.wfile.write(data[first : first + (last - first) // 2])
            self.close_connection = True
        else:
            self.wfile.write(data[first : last + 1])

    def send_json(self, content: Any) -> None:
        """A JSON reply."""
        body = json.dumps(content).encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_error_code(self, status: HTTPStatus, code: str) -> None:
        """An error as the hub's clients know them."""
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()


def git_hash(content: bytes) -> str:
    """40 hex digits, as the hub names commits and contents."""
    return hashlib.sha256(content).hexdigest()[:40]


def children(files: dict[str, bytes], folder: str, *, recursive: bool) -> list[str]:
    """Files and folders in a folder, or all below it."""
    prefix = f"{folder}/" if folder else ""
    inside = [path.removeprefix(prefix).split("/") for path in sorted(files) if path.startswith(prefix)]
    depths = range(1, max(map(len, inside), default=0) + 1) if recursive else [1]
    return sorted({prefix + "/".join(parts[:depth]) for parts in inside for depth in depths if depth <= len(parts)})


def describe(files: dict[str, bytes], paths: list[str]) -> list[dict[str, Any]]:
    """Files and folders as the hub lists them."""
    found: dict[str, dict[str, Any]] = {}
    for path in paths:
        inside = [name for name in files if name.startswith(f"{path}/")]
        if path in files:
            found[path] = {"type": "file", "path": path, "size": len(files[path]), "oid": git_hash(files[path])}
        elif inside:
            found[path] = {"type": "directory", "path": path, "size": 0, "oid": git_hash(path.encode())}
    return list(found.values())


def byte_range(header: str | None, size: int) -> tuple[int, int]:
    """First and last byte of a `Range: bytes=a-b` header."""
    if header is None:
        return 0, size - 1
    first, _, last = header.removeprefix("bytes=").partition("-")
    if not first:
        return max(0, size - int(last)), size - 1
    return int(first), min(int(last or size - 1), size - 1)
