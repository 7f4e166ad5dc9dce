"""harness: counted checks, bounded commands and the closing line, for every suite in Python.

A suite makes one Checks, calls check() and skip() from any thread, and exits with conclude().
"""

import subprocess
import threading

MOST_SHOWN = 200
# Exit statuses of timeout(1): the time is over, cannot be run, was not found, was killed.
NOT_RUN = (124, 126, 127, 137)


def run(command, seconds):
    """A command as a list, bounded in time; or a callable. Scanners do not all exit with 0."""
    if callable(command):
        command()
        return
    result = subprocess.run(["timeout", "--kill-after=5", str(seconds), *map(str, command)],
                            check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, errors="replace")
    if result.returncode in NOT_RUN:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit status {result.returncode}: "
                           f"{result.stdout[-400:]}")


class Checks:
    """Counts checks; prints the failures, the first MOST_SHOWN of them."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.lock = threading.Lock()

    def check(self, good, what):
        with self.lock:
            if good:
                self.passed += 1
                return
            self.failed += 1
            if self.failed <= MOST_SHOWN:
                print("FAILED ", what, flush=True)

    def skip(self, why):
        """Something cannot be checked here."""
        with self.lock:
            self.skipped += 1
            print("skipped:", why, flush=True)

    def conclude(self):
        """Prints the line that ./check reads; returns the exit status."""
        rest = f", {self.skipped} skipped" if self.skipped else ""
        print(f"{self.passed} passed, {self.failed} failed{rest}", flush=True)
        return 0 if self.passed and not self.failed else 1
