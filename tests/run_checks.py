"""run_checks: builds portlight and runs its test suites; `./check` starts this.

usage: run_checks.py [quick | SUITE...]      all suites, those of QUICK, or those named

Each suite gets the builds that it needs. Suites that can share the machine run side by side, one a
processor; those that measure time or load the machine run alone, after them. A suite counts by its
closing line "N passed, M failed", with ", K skipped" if need be. No such line, nothing counted, an
exit status that contradicts it, or too slow: failed. Exit status 77: skipped, and its last line
says why. The output of each is kept in build-check/logs/. However this program ends, the processes
of its suites end with it.
"""

import collections
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
LOGS = ROOT / "build-check/logs"
TAIL_LINES = int(os.environ.get("CHECK_TAIL", "25"))
CLOSING = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.MULTILINE)
PROCESSORS = len(os.sched_getaffinity(0))
GRACE_SECONDS = 10
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

TESTS = ["-Dtests=all", "-Dbench=true"]
SANITIZE = ["-Db_sanitize=address,undefined", "-Dbuildtype=debugoptimized", "-Db_lundef=false"]
# name -> directory, compiler, options of meson
BUILDS = {
    "build-release": ("build", "gcc", TESTS),
    "build-sanitized": ("build-check", "gcc", [*TESTS, *SANITIZE]),
    "build-clang": ("build-clang", "clang", ["-Dfuzz=true", *TESTS, *SANITIZE]),
}
BUILD_SECONDS = 1800

# `counts` is False for a command that is one check, which passes if the command does.
Suite = collections.namedtuple("Suite", "name seconds build alone command counts",
                               defaults=(True,))
RELEASE, SANITIZED, CLANG = BUILDS

# Side by side, the longest first: each has a network of its own, and the longest mostly wait.
SUITES = [
    # Debootstrap and apt take their time.
    Suite("readme", 1200, None, False, "tests/readme_check.sh"),
    Suite("seen", 600, SANITIZED, False, "tests/net/scans_seen.sh"),
    Suite("matrix", 600, SANITIZED, False, "tests/net/matrix.sh"),
    Suite("unit", 900, SANITIZED, False, "tests/unit/run.sh build-check"),
    Suite("unit-clang", 900, CLANG, False, "tests/unit/run.sh build-clang"),
    Suite("unit-release", 300, RELEASE, False, "tests/unit/run.sh build"),
    Suite("fuzz", 600, CLANG, False, "tests/fuzz/run.sh build-clang"),
    Suite("captures", 600, SANITIZED, False, "tests/pcap/captures.sh"),
    Suite("cli", 600, SANITIZED, False, "tests/net/cli.sh"),
    Suite("convert", 300, SANITIZED, False, "tests/net/convert_check.sh"),
    Suite("watch-cli", 600, SANITIZED, False, "tests/net/watch_cli.sh"),
    Suite("names", 240, SANITIZED, False, "tests/net/names_check.sh"),
    Suite("frames", 360, SANITIZED, False, "tests/net/frames_check.sh"),
    Suite("answers", 240, SANITIZED, False, "tests/net/answers_check.sh"),
    Suite("resume", 480, SANITIZED, False, "tests/net/resume_check.sh"),
    Suite("path", 900, SANITIZED, False, "tests/net/path_check.sh"),
    Suite("local-rules", 240, SANITIZED, False, "tests/net/local_rules_check.sh"),
    Suite("liars", 240, SANITIZED, False, "tests/net/liars_check.sh"),
    Suite("parts", 240, SANITIZED, False, "tests/net/parts_check.sh"),
    Suite("egress", 360, SANITIZED, False, "tests/net/egress_check.sh"),
    Suite("sockets", 240, SANITIZED, False, "tests/net/sockets_check.sh"),
    Suite("events", 600, SANITIZED, False,
          "tests/event_oracles.sh build-check/tests/unit/emit_events"),
    Suite("reports", 120, SANITIZED, False,
          "tests/report_oracles.sh build-check/tests/unit/emit_reports"),
    Suite("packets", 120, SANITIZED, False,
          "tests/tshark_packets.sh build-check/tests/unit/emit_frames"),
    # Both cages: that of a plain build, and that with holes for sanitizers.
    Suite("cage", 240, RELEASE, False, "tests/net/cage_check.sh"),
    Suite("cage-sanitized", 360, SANITIZED, False, "tests/net/cage_check.sh"),
    Suite("block", 240, SANITIZED, False, "tests/net/block_check.sh"),
    Suite("service", 120, RELEASE, False, "tests/service_check.sh"),
    Suite("route", 120, SANITIZED, False, "tests/net/route_check.sh"),
    Suite("unread", 120, SANITIZED, False, "tests/net/unread_check.sh"),
    Suite("nmap-options", 120, SANITIZED, False, "tests/nmap_options.sh build-check"),
    Suite("lint-shell", 120, None, False, "tests/lint.sh shell"),
    Suite("lint-tidy", 300, CLANG, False, "tests/lint.sh tidy build-clang"),
    Suite("lint-analyzer", 300, None, False, "tests/lint.sh analyzer"),
    Suite("format", 60, None, False, "tests/format.sh", False),
    Suite("words", 60, None, False, "tests/words.sh"),
    Suite("layers", 60, None, False, "tests/layers.sh"),
    Suite("purity", 60, RELEASE, False, "tests/purity.sh build"),
    Suite("odd", 360, SANITIZED, True, "tests/net/odd_check.sh"),
    Suite("xdp", 600, SANITIZED, True, "tests/net/xdp_check.sh"),
    # Sanitizers take processor time of their own.
    Suite("pace", 480, RELEASE, True, "tests/net/pace_check.sh"),
    Suite("xdp-failure", 480, SANITIZED, True, "tests/net/xdp_failure_check.sh"),
    # Sanitizers take memory of their own.
    Suite("memory", 360, RELEASE, True, "tests/net/memory_check.sh"),
]
SUITES = [suite for suite in SUITES if (ROOT / suite.command.split()[0]).exists()]
# No root, no namespace of its own, under a minute on two processors once it was built.
QUICK = [suite.name for suite in SUITES
         if suite.name in ("unit-release", "format", "words", "layers", "purity")]


class Interrupted(Exception):
    """A signal told us to end."""


def interrupt(number, _frame):
    raise Interrupted(number)


def kill_session(session):
    """Ends all processes of a suite, also those that left its process group, as timeout(1) does."""
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # After the command's name, which may hold anything: state, ppid, pgrp, session.
            fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
            if int(fields[3]) == session:
                os.kill(int(entry.name), signal.SIGKILL)
        except (OSError, IndexError):
            pass


class Watchdog:
    """A process that outlives this one, SIGKILL included, and ends the suites that it left."""

    def __init__(self):
        read_end, self.pipe = os.pipe()
        if os.fork():
            os.close(read_end)
            return
        os.setsid()
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        os.close(self.pipe)
        sessions = set()
        with open(read_end, encoding="ascii") as orders:
            for line in orders:
                sign, session = line.split()
                (sessions.add if sign == "+" else sessions.discard)(int(session))
        for session in sessions:
            kill_session(session)
        os._exit(0)

    def tell(self, sign, session):
        os.write(self.pipe, f"{sign} {session}\n".encode())


def environment(build):
    """What a suite finds its programs by. Sanitizers abort, so that nothing is overlooked."""
    directory = ROOT / BUILDS[build or RELEASE][0]
    return {**os.environ, "LC_ALL": "C", "BUILD": str(directory),
            "PORTLIGHT": str(directory / "portlight"),
            "LAB_SERVER": str(directory / "tests/net/lab_server"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=1",
            "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"}


class Run:
    """A suite that runs."""

    def __init__(self, suite, watchdog, more=()):
        self.suite, self.watchdog = suite, watchdog
        self.log = LOGS / (suite.name + ".log")
        self.started = time.monotonic()
        self.late = False
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["sh", "-c", "exec " + suite.command], cwd=ROOT, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
                env={**environment(suite.build), **dict(more)})
        watchdog.tell("+", self.process.pid)

    def ended(self):
        """Whether it has; ends it once its time is over."""
        if self.process.poll() is not None:
            self.end()
            return True
        over = time.monotonic() - self.started - self.suite.seconds
        if over > GRACE_SECONDS:
            kill_session(self.process.pid)
        elif over > 0 and not self.late:
            self.late = True
            os.killpg(self.process.pid, signal.SIGTERM)
        return False

    def end(self):
        kill_session(self.process.pid)
        self.process.wait()
        self.watchdog.tell("-", self.process.pid)


class Checks:
    """Runs suites and adds up what they say."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.started = time.monotonic()
        self.running = []
        self.watchdog = Watchdog()

    def fail(self, name, why, count=1):
        self.failed += count
        print(f"FAILED  {name}: {why}", flush=True)
        log = LOGS / (name + ".log")
        for line in log.read_text(errors="replace").splitlines()[-TAIL_LINES:]:
            print("        " + line, flush=True)

    def judge(self, run):
        suite, status = run.suite, run.process.returncode
        took = f"({time.monotonic() - run.started:.0f} s)"
        text = run.log.read_text(errors="replace")
        lines = text.splitlines()
        if run.late:
            self.fail(suite.name, f"not over after {suite.seconds} s")
            return False
        if not suite.counts:
            if status:
                self.fail(suite.name, f"exit status {status} {took}")
                return False
            self.passed += 1
            print(f"ok      {suite.name} {took}", flush=True)
            return True
        if status == 77:
            self.skipped += 1
            print(f"skipped: {suite.name}: {lines[-1] if lines else 'no reason is given'} {took}",
                  flush=True)
            return True
        for line in lines:
            if line.startswith("skipped: "):
                print(f"skipped: {suite.name}: {line[len('skipped: '):]}", flush=True)
        found = CLOSING.findall(text)
        if not found:
            self.fail(suite.name, f"no closing line, exit status {status} {took}")
            return False
        passed, failed, skipped = (int(word or 0) for word in found[-1])
        self.passed += passed
        self.skipped += skipped
        if failed:
            self.fail(suite.name, f"{passed} passed, {failed} failed {took}", failed)
        elif status:
            self.fail(suite.name, f"{passed} passed, yet exit status {status} {took}")
        elif not passed:
            self.fail(suite.name, f"not one check ran {took}")
        else:
            print(f"ok      {suite.name}: {passed} {took}", flush=True)
            return True
        return False

    def run(self, suites, lanes, more=()):
        """Runs suites, at most `lanes` at a time; returns the names of those that failed."""
        waiting, bad = list(suites), set()
        while waiting or self.running:
            while waiting and len(self.running) < lanes:
                self.running.append(Run(waiting.pop(0), self.watchdog, more))
            time.sleep(0.02)
            for run in [run for run in self.running if run.ended()]:
                self.running.remove(run)
                if not self.judge(run):
                    bad.add(run.suite.name)
        return bad

    def end(self):
        for run in self.running:
            run.end()

    def conclude(self):
        took = round(time.monotonic() - self.started)
        print(f"took {took // 60} min {took % 60} s")
        rest = f", {self.skipped} skipped" if self.skipped else ""
        print(f"{self.passed} passed, {self.failed} failed{rest}", flush=True)
        return 0 if self.passed and not self.failed else 1


def git_status():
    return subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True,
                          check=False).stdout


def build_suite(name):
    directory, compiler, options = BUILDS[name]
    words = " ".join(["-Dwerror=true", *options])
    return Suite(name, BUILD_SECONDS, None, True,
                 f"sh -c 'CC={compiler} tests/configure.sh {directory} {words} && "
                 f"meson compile -C {directory}'", False)


def chosen(words):
    """The suites and the builds that the command line asks for."""
    names = {suite.name for suite in SUITES} | set(BUILDS) | {"tree-clean"}
    words = QUICK if words == ["quick"] else words
    unknown = [word for word in words if word not in names]
    if unknown:
        sys.exit(f"check: no suite is called {' or '.join(unknown)}; there are "
                 f"{' '.join(sorted(names))}")
    suites = [suite for suite in SUITES if not words or suite.name in words]
    builds = [name for name in BUILDS
              if not words or name in words or any(suite.build == name for suite in suites)]
    return suites, builds, not words or "tree-clean" in words


def run_all(checks, words):
    suites, builds, tree = chosen(words)
    before = git_status()
    bad = checks.run([build_suite(name) for name in builds], 1)
    if tree:
        if git_status() == before:
            checks.passed += 1
            print("ok      tree-clean", flush=True)
        else:
            (LOGS / "tree-clean.log").write_bytes(git_status())
            checks.fail("tree-clean", "the builds left files in the tree")
    for name in bad:
        left_out = " ".join(suite.name for suite in suites if suite.build == name)
        print(f"FAILED  {name}: not run for want of it: {left_out or 'nothing'}", flush=True)
    suites = [suite for suite in suites if suite.build not in bad]
    shared = [suite for suite in suites if not suite.alone]
    # Of unit tests, several run at a time where no other suite does.
    few = {} if len(shared) > len(QUICK) else {"JOBS": str(PROCESSORS)}
    checks.run(shared, PROCESSORS, few)
    checks.run([suite for suite in suites if suite.alone], 1)


def main():
    LOGS.mkdir(parents=True, exist_ok=True)
    for number in SIGNALS:
        signal.signal(number, interrupt)
    checks = Checks()
    try:
        run_all(checks, sys.argv[1:])
    except Interrupted as signalled:
        print(f"check: ended by signal {signalled}", flush=True)
        return 128 + signalled.args[0]
    finally:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        checks.end()
    return checks.conclude()


if __name__ == "__main__":
    sys.exit(main())
