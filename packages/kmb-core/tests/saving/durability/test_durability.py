"""Whatever happens to a process that writes a file, the old file or the new one is there, whole.

A sample runs here; `nox -s durability` kills fifty times each.
"""

import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import kmb_core

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
SCRIPT = Path(__file__).with_name("durable_writer.py")
KILLS = int(os.environ.get("KMB_KILLS", "1"))


def load_script():
    specification = importlib.util.spec_from_file_location("durable_writer", SCRIPT)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


writer = load_script()


def possible(*kinds):
    """Those that the current backend can write: some are written while it trains."""
    trains = kmb_core.backend.current_backend().supports(kmb_core.plugins.Capability.GRADIENTS)
    return [kind for kind in kinds if trains or kind not in writer.TRAINING]


def start(action, kind, folder):
    return subprocess.Popen([sys.executable, SCRIPT, action, kind, folder], stdout=subprocess.PIPE, text=True)


def killed_at_random(kind, folder, seconds):
    """Start a writer, wait until it has saved once, and kill it some time later."""
    process = start("forever", kind, folder)
    assert process.stdout.readline() == "ready\n"
    time.sleep(seconds)
    process.kill()
    assert process.wait(60) == -signal.SIGKILL
    process.stdout.close()


def unfinished(folder):
    return [path.name for path in Path(folder).rglob(".*")]


@pytest.mark.parametrize("kind", writer.NAMES)
def test_a_file_is_whole_after_its_writer_was_killed_at_any_moment(tmp_path, kind, record_property):
    kind = possible(kind, "weights")[0]
    random_moments, left = random.Random(kind), 0
    for _ in range(KILLS):
        killed_at_random(kind, tmp_path, random_moments.uniform(0, 0.3))
        writer.whole(kind, tmp_path)
        left += bool(unfinished(tmp_path))
    record_property(f"{kind}: interrupted saves of {KILLS}", left)


def test_what_a_killed_writer_left_of_several_files_goes_with_the_next_save_of_them(tmp_path):
    marks = {"dead": "0" * 16, "alive": "f" * 16}
    files = {of: tmp_path / f"s_{mark}_00000.weights.h5" for of, mark in marks.items()}
    for file in files.values():
        file.write_bytes(b"unfinished")
    (tmp_path / "other_0000000000000000_00000.weights.h5").write_bytes(b"of another set")
    made = writer.model()
    with kmb_core.saving.unfinished.owned(os.fspath(tmp_path), f".s.{marks['alive']}"):
        writer.save(made, "shards", os.fspath(tmp_path / "s.weights.json"))
        left = {of for of, file in files.items() if file.exists()}
    assert left == {"alive"}
    assert sorted(path.name for path in tmp_path.iterdir() if path not in files.values()) == [
        "other_0000000000000000_00000.weights.h5",
        "s.weights.json",
        "s_00000.weights.h5",
        "s_00001.weights.h5",
    ]


def test_what_a_killed_writer_left_goes_with_the_next_save_and_what_a_living_one_writes_stays(tmp_path):
    dead, alive = tmp_path / ".a.0123456789abcdef", tmp_path / ".b.0123456789abcdef"
    code = """
import os, sys
from kmb_core.saving.unfinished import owned
for name in sys.argv[2:]:
    file = owned(sys.argv[1], name)
    open(file.__enter__(), "w").close()
    globals()[name] = file
print("ready", flush=True)
sys.stdin.read()
"""

    def other(name):
        arguments = [sys.executable, "-c", code, tmp_path, name]
        process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "ready\n"
        return process

    first, second = other(dead.name), other(alive.name)
    first.kill()
    first.communicate()
    (tmp_path / ".mine.partial").write_text("no file of kmb")
    with kmb_core.saving.atomic.atomic_file(tmp_path / "c") as temporary:
        Path(temporary).write_text("new")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"{alive.name}.owner",
        f"{alive.name}.partial",
        ".mine.partial",
        "c",
    ]
    second.kill()
    second.communicate()


@pytest.mark.parametrize("kind", writer.NAMES if KILLS > 1 else possible("backup", "weights")[:1])
def test_where_files_may_not_grow_a_save_is_an_error_and_the_old_file_stays(tmp_path, kind):
    check_starved(start("starve", possible(kind, "model")[0], tmp_path), 5)


def check_starved(process, fewest):
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0
    found = json.loads(output)
    assert len(found["outcomes"]) >= fewest
    assert all(right for _, right, _ in found["outcomes"]), found
    assert [name for name in found["files"] if name.startswith(".")] == []


def mounted(folder):
    """A disk of one MiB, where it may be mounted."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", os.fspath(folder)]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("kind", writer.NAMES if KILLS > 1 else ["weights"])
def test_on_a_full_disk_a_save_is_an_error_and_the_old_file_stays(tmp_path, kind):
    folder, kind = tmp_path / "small", possible(kind, "model")[0]
    if not mounted(folder):  # as without rights: the limit of the size of a file stands in for the disk's
        return check_starved(start("starve", kind, folder), 5)
    try:
        check_starved(start("disk", kind, folder), 3)
    finally:
        subprocess.run(["umount", folder], check=True)
    return None


def test_two_processes_that_write_one_file_leave_a_whole_one(tmp_path):
    processes = [start("forever", "weights", tmp_path) for _ in range(2)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for _ in range(5 * KILLS):  # at any moment
        writer.whole("weights", tmp_path)
    for process in processes:
        process.kill()
        process.communicate()
    writer.whole("weights", tmp_path)
