"""Damaged and made-up files read one after the other: FOLDER FIRST COUNT KIND…, FIRST and COUNT of each kind.

Each has to end in an error of kmb's, or be loaded right. Anything else is written to the output; a crash or a hang ends
the process, and the file that did it lies in FOLDER as `last` or under its own name.
"""

import collections
import faulthandler
import json
import os
import random
import resource
import sys

import fuzzed_files
import fuzzed_texts

import kmb_core
from kmb_core.errors import KmbError

SECONDS = 60  # for one file
ROOM = 3 << 30  # bytes of address space that reading may take beside what the process has


def lengths(content):
    """Where a file is cut: at every 4 KiB, and at every byte of its first and last headers; in a fixed random order."""
    size = len(content)
    places = sorted({*range(0, size, 4096), *range(min(512, size)), *range(max(0, size - 512), size)})
    return random.Random(0).sample(places, len(places))


def damaged(content, number):
    """The file, and whether it was cut: every second one is, until all places were tried."""
    cuts = lengths(content)
    if number % 2 == 0 and number // 2 < len(cuts):
        return content[: cuts[number // 2]], True
    chance, changed = random.Random(number), bytearray(content)
    if chance.random() < 0.8:
        for _ in range(chance.choice([1, 1, 1, 2, 4, 16])):
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    else:
        place = chance.randrange(len(changed))
        changed[place : place + 8] = chance.choice([b"\xff" * 8, b"\0" * 8, b"\x7f" + b"\xff" * 7, chance.randbytes(8)])
    return bytes(changed), False


class Outcomes:
    """What became of the files, and what must not."""

    def __init__(self, folder):
        self.counts = collections.defaultdict(collections.Counter)
        self.number = os.path.join(folder, "number")

    def of(self, kind):
        return lambda action, which: self(kind, action, which)

    def __call__(self, kind, action, which):
        with open(self.number, "w") as file:  # what a crash leaves
            file.write(f"{kind}: {which!r}")
        faulthandler.dump_traceback_later(SECONDS, exit=True)
        try:
            action()
            self.counts[kind]["loaded"] += 1
        except KmbError:
            self.counts[kind]["refused"] += 1
        except Exception as error:
            self.counts[kind]["wrong"] += 1
            sys.stdout.write(f"{kind} {which!r}: {type(error).__name__}: {str(error)[:200]}\n")
        faulthandler.cancel_dump_traceback_later()


def fuzz_files(kind, first, count, folder, outcome):
    make, read = fuzzed_files.KINDS[kind]
    content = make(folder)
    for number in range(first, first + count):
        changed, cut = damaged(content, number)
        outcome(lambda: read(changed, folder, cut), number)  # noqa: B023 - called at once


def limit_memory():
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + ROOM, resource.RLIM_INFINITY))


def main(folder, first, count, *kinds):
    faulthandler.enable()
    outcomes = Outcomes(folder)
    kmb_core.utils.set_random_seed(1)
    fuzzed_files.right_values()
    if sys.platform == "linux":
        limit_memory()
    for kind in kinds or [*fuzzed_files.KINDS, *fuzzed_texts.KINDS]:
        fuzz = fuzzed_texts.fuzz if kind in fuzzed_texts.KINDS else fuzz_files
        fuzz(kind, int(first), int(count), folder, outcomes.of(kind))
    sys.stdout.write(json.dumps(outcomes.counts) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
