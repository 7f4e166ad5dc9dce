"""harness: counted checks and the closing line, for every suite in Python.

A suite makes one Checks, calls check() and skip() from any thread, and exits with conclude().
"""

import threading

MOST_SHOWN = 200


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
