"""Workers side by side: a failing or dying one fails its job alone, and none outlives its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from uniscale_assets.modeling import processes
from uniscale_assets.modeling.pool import Job, JobFailed, JobFinished, Pool, run_side_by_side
from uniscale_assets.modeling.processes import child_environment, worker_environments

JOBS = "uniscale_assets_tests.modeling.jobs"


def job(name, payload=None, key=None, cost=0.0):
    return Job(key or name, f"{JOBS}:{name}", payload, cost)


@pytest.fixture
def pool():
    with Pool([{}, {}]) as pool:
        yield pool


def is_running(process):
    return psutil.pid_exists(process) and psutil.Process(process).status() != psutil.STATUS_ZOMBIE


def wait_until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_results_and_progress_come_back_under_their_keys(pool):
    heard = []
    jobs = [job("add", [1, 2], key="a"), job("add", [10], key="b")]
    results = {result.job.key: result for result in pool.run(jobs, lambda key, value: heard.append((key, value)))}
    assert results == {"a": JobFinished(jobs[0], 3), "b": JobFinished(jobs[1], 10)}
    assert sorted(heard, key=str) == [("a", {"term": 1}), ("a", {"term": 2}), ("b", {"term": 10})]


def test_what_fails_takes_no_other_along(pool):
    names = ["fail", "leave", "return_no_json", "nowhere"]
    jobs = [*(job(name, "why") for name in names), *(job("add", [number], key=str(number)) for number in range(6))]
    results = {result.job.key: result for result in pool.run(jobs)}
    assert len(results) == len(jobs)
    assert [results[str(number)].result for number in range(6)] == list(range(6))
    errors = {name: results[name] for name in names}
    assert all(isinstance(error, JobFailed) for error in errors.values())
    assert {name: error.error for name, error in errors.items()} == {
        "fail": "ValueError",
        "leave": "SystemExit",
        "return_no_json": "TypeError",
        "nowhere": "AttributeError",
    }
    assert errors["fail"].message == "why"
    assert "in fail" in errors["fail"].details


def test_a_killed_worker_fails_its_job_and_is_replaced(pool):
    results = {result.job.key: result for result in pool.run([job("die"), *(job("add", [1], key=str(number)) for number in range(4))])}
    assert isinstance(results["die"], JobFailed)
    assert results["die"].error == "WorkerDied"
    assert "SIGKILL" in results["die"].message
    assert all(isinstance(results[str(number)], JobFinished) for number in range(4))


def test_a_worker_that_died_idle_is_replaced(pool):
    first = {result.result for result in pool.run([job("process", 0.2, key=str(number)) for number in range(2)])}
    for process in first:
        os.kill(process, signal.SIGKILL)
    wait_until(lambda: not any(is_running(process) for process in first))
    results = list(pool.run([job("process", key=str(number)) for number in range(4)]))
    assert all(isinstance(result, JobFinished) for result in results)
    assert not first & {result.result for result in results}


def test_workers_are_kept_from_one_run_to_the_next():
    with Pool([{}], preload=["wave"]) as pool:
        first, second = (next(iter(pool.run([job("process")]))).result for _ in range(2))
        assert first == second != os.getpid()
        assert next(iter(pool.run([job("loaded", ["wave", "torch"])]))).result == ["wave"]
    assert not is_running(first)


def test_the_costliest_starts_first(tmp_path):
    order = tmp_path / "order"
    costs = {"small": 1.0, "large": 30.0, "middle": 5.0}
    with Pool([{}]) as pool:
        list(pool.run([job("write_order", [str(order), name], key=name, cost=cost) for name, cost in costs.items()]))
    assert order.read_text().split() == ["large", "middle", "small"]


def test_two_workers_work_at_the_same_time(pool):
    ids = {result.result for result in pool.run([job("process", 0.5, key=str(number)) for number in range(2)])}
    assert len(ids) == 2


def test_each_worker_has_its_environment():
    with Pool([{"COLOUR": "red"}]) as pool:
        assert next(iter(pool.run([job("environment", "COLOUR")]))).result == "red"
        assert "glibc.malloc.mmap_max=0" in next(iter(pool.run([job("environment", "GLIBC_TUNABLES")]))).result


def test_what_the_user_says_of_memory_stands(monkeypatch):
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.check=1")
    with Pool([{}]) as pool:
        assert next(iter(pool.run([job("environment", "GLIBC_TUNABLES")]))).result == "glibc.malloc.check=1"


def test_an_interrupt_ends_the_jobs_under_way(pool, tmp_path):
    def interrupt(key, value):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(pool.run([job("sleep_long", str(tmp_path / "id"))], interrupt))
    sleeper = int((tmp_path / "id").read_text())
    wait_until(lambda: not is_running(sleeper), seconds=5)
    assert next(iter(pool.run([job("add", [2])]))).result == 2


def test_a_run_that_was_left_unfinished_does_not_disturb_the_next(pool, tmp_path):
    left = pool.run([job("add", [1]), job("sleep_long", str(tmp_path / "id"))])
    assert next(left).result == 1
    assert [result.result for result in pool.run([job("add", [5])])] == [5]
    left.close()
    assert [result.result for result in pool.run([job("add", [6])])] == [6]


def test_ctrl_c_in_a_terminal_is_the_parents_business(pool, tmp_path):
    # A terminal sends SIGINT to the whole process group: workers must not answer it with tracebacks.
    results = []
    thread = threading.Thread(target=lambda: results.extend(pool.run([job("process", 1.0)])))
    thread.start()
    wait_until(lambda: pool._workers and pool._workers[0].job is not None)
    for _ in range(5):  # from before it has imported anything
        os.kill(pool._workers[0]._process.pid, signal.SIGINT)
        time.sleep(0.1)
    thread.join()
    assert isinstance(results[0], JobFinished)


def test_workers_end_with_a_parent_that_is_killed(tmp_path):
    marker = tmp_path / "id"
    script = (
        "from uniscale_assets.modeling.pool import Job, run_side_by_side\n"
        f"list(run_side_by_side([Job('x', '{JOBS}:sleep_long', {str(marker)!r})], [{{}}]))\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], env=child_environment())
    wait_until(lambda: marker.exists() and marker.read_text())
    worker = int(marker.read_text())
    assert is_running(worker)
    parent.kill()
    parent.wait()
    wait_until(lambda: not is_running(worker), seconds=5)


def test_a_pool_of_its_own_is_no_larger_than_its_jobs():
    results = list(run_side_by_side([job("process")], [{}] * 8))
    assert len(results) == 1


def test_one_worker_of_one_thread_a_core_without_gpus(monkeypatch):
    monkeypatch.setattr(processes, "visible_gpus", list)
    monkeypatch.setattr(processes, "usable_cores", lambda: 4)
    assert [found["OMP_NUM_THREADS"] for found in worker_environments()] == ["1"] * 4
    assert len(worker_environments(3)) == 3
    assert len(worker_environments(devices_each=2)) == 2


def test_one_worker_a_gpu(monkeypatch):
    monkeypatch.setattr(processes, "torch_has_cuda", lambda: True)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,5,6")
    assert [found["CUDA_VISIBLE_DEVICES"] for found in worker_environments()] == ["2", "5", "6"]
    assert [found["CUDA_VISIBLE_DEVICES"] for found in worker_environments(4)] == ["2", "5", "6", "2"]
    assert [found["CUDA_VISIBLE_DEVICES"] for found in worker_environments(devices_each=2)] == ["2,5"]


def test_the_installed_torch_says_whether_it_is_built_for_gpus():
    import torch

    assert processes.torch_has_cuda() == bool(torch.version.cuda or torch.version.hip)


def test_a_child_finds_the_package_from_anywhere(tmp_path):
    command = [sys.executable, "-c", "import uniscale_assets; print(uniscale_assets.__file__)"]
    found = subprocess.run(command, env=child_environment(), cwd=tmp_path, capture_output=True, text=True, check=True)
    assert Path(found.stdout.strip()).is_file()
