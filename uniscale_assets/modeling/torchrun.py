"""One training over several processes of this machine, under torchrun.

    this process -> agent (`python -m uniscale_assets.modeling.torchrun`) -> one worker for each rank

Request, progress and outcome are files in the work directory. Each process ends with its parent.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from uniscale_assets.errors import TrainingError
from uniscale_assets.files import write_text
from uniscale_assets.modeling.checkpoints import claim_work_directory
from uniscale_assets.modeling.launch import TrainingRequest, error_named
from uniscale_assets.modeling.processes import child_environment, exit_with_parent
from uniscale_assets.modeling.records import TrainingOutcome, TrainingProgress, TrainingTask
from uniscale_assets.modeling.spec import ExecutionSpec

MODULE = "uniscale_assets.modeling.torchrun"
FOLDER = "torchrun"
POLL_SECONDS = 0.2
SECONDS_TO_END = 10.0
LAST_LINES = 15


def train_with_torchrun(
    task: TrainingTask,
    output: Path,
    work_directory: Path,
    execution: ExecutionSpec,
    progress: Callable[[TrainingProgress], None] | None = None,
    processes: int = 2,
) -> TrainingOutcome:
    """Train one model on ``processes`` processes: GPUs where there are any, CPU cores otherwise.

    Arguments, result and errors are `training.train_model`'s. The batch is the same whole batch, dealt out: weights
    differ from a single process's only by the order of sums.
    """
    set_aside = claim_work_directory(work_directory, task.fingerprint)
    folder = work_directory / FOLDER
    folder.mkdir(exist_ok=True)
    for name in ("outcome.json", "error.json", "progress.jsonl"):
        (folder / name).unlink(missing_ok=True)
    request = TrainingRequest(
        key="torchrun", task=task, output=output.resolve(), work_directory=work_directory.resolve(), execution=execution
    )
    write_text(folder / "request.json", request.model_dump_json())
    code = run_agent(folder, processes, progress)
    return read_outcome(folder, code).model_copy(update={"set_aside": str(set_aside) if set_aside else None})


def run_agent(folder: Path, processes: int, progress: Callable[[TrainingProgress], None] | None) -> int:
    """Run torchrun to its end, passing progress on; its exit code."""
    command = [sys.executable, "-m", MODULE, "agent", str(folder.resolve()), str(os.getpid()), str(processes)]
    with (folder / "log.txt").open("wb") as log:
        agent = subprocess.Popen(command, env=child_environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        seen = 0
        try:
            while agent.poll() is None:
                time.sleep(POLL_SECONDS)
                seen = pass_progress_on(folder, seen, progress)
        finally:
            agent.terminate()
            try:
                agent.wait(SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                agent.kill()
                agent.wait()
    return agent.returncode


def pass_progress_on(folder: Path, seen: int, progress: Callable[[TrainingProgress], None] | None) -> int:
    """Report the lines of progress since the first ``seen``; how many there are now."""
    path = folder / "progress.jsonl"
    lines = path.read_text(encoding="utf-8").split("\n")[:-1] if path.is_file() else []
    for line in lines[seen:]:
        if progress is not None:
            progress(TrainingProgress(**json.loads(line)))
    return len(lines)


def read_outcome(folder: Path, code: int) -> TrainingOutcome:
    """What the first rank left, or the error of the rank that failed."""
    if (folder / "outcome.json").is_file():
        return TrainingOutcome.model_validate_json((folder / "outcome.json").read_bytes())
    if (folder / "error.json").is_file():
        error = json.loads((folder / "error.json").read_text(encoding="utf-8"))
        raise error_named(error["error"], error["message"])
    lines = (folder / "log.txt").read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:]
    raise TrainingError(f"torchrun ended with code {code}; {folder / 'log.txt'} ends with:\n" + "\n".join(lines))


def agent(folder: Path, parent: int, processes: int) -> None:
    """Start the ranks and wait for them."""
    exit_with_parent(parent)
    from torch.distributed.run import main as torchrun

    torchrun(["--standalone", "--nproc-per-node", str(processes), "-m", MODULE, "rank", str(folder)])


def rank(folder: Path) -> None:
    """One rank: train, and leave what came of it; the first to fail leaves the error."""
    exit_with_parent(os.getppid())
    from uniscale_assets.modeling.training import train_model

    request = TrainingRequest.model_validate_json((folder / "request.json").read_bytes())
    try:
        outcome = train_model(request.task, request.output, request.work_directory, request.execution, lambda event: append(folder, event))
    except Exception as error:
        leave_error(folder, error)
        raise
    if os.environ["RANK"] == "0":
        write_text(folder / "outcome.json", outcome.model_dump_json())
    from torch import distributed

    distributed.destroy_process_group()


def leave_error(folder: Path, error: Exception) -> None:
    """Write down why a rank failed, unless another did before: its failure is the cause, the others' follow."""
    if not (folder / "error.json").exists():
        write_text(folder / "error.json", json.dumps({"error": type(error).__name__, "message": str(error)}))


def append(folder: Path, event: TrainingProgress) -> None:
    """Add a line of progress."""
    with (folder / "progress.jsonl").open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(asdict(event)) + "\n")


if __name__ == "__main__":
    if sys.argv[1] == "agent":
        agent(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
    else:
        rank(Path(sys.argv[2]))
