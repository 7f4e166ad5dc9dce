#!/usr/bin/python3
"""kill_scan: kills a scan at random moments and resumes it, again and again, until it ends.

usage: kill_scan.py [--scans N | --kills N] [--seconds N] [--seed N] [--signal KILL|TERM] [--every TIME]
                    [--formats] PORTLIGHT OPTIONS...

Runs the scan without interruption first; each following one has to find the same: the same hosts, each
port once, in the same state for the same reason, and no line twice. Ends early after --seconds. With --formats also -oN, -oX and
-oG, as the lines without times and counts. Prints NAME=VALUE lines: scans, kills, resumed
(checkpoints taken up), different (scans with another result), broken (what was no whole file).
"""
import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

# A scan is resumed at most so often, and takes at most so long.
RESUMED_MOST = 60
SECONDS_MOST = 120
# What differs from run to run in the other formats.
VARIABLE = re.compile(
    r"[0-9T:.-]{8,}Z?|[0-9]+\.[0-9]+ m?s\b|[0-9]+ probes? sent|start(str|time)?=\"[^\"]*\""
    r"|end(str|time)?=\"[^\"]*\"|time(str)?=\"[^\"]*\"|elapsed=\"[^\"]*\"|(srtt|rttvar|to)=\"[0-9]*\""
    r"|args=\"[^\"]*\"|summary=\"[^\"]*\"|reason_ttl=\"[^\"]*\"|# portlight .*|# command.*|# [Cc]onfidence.*|<confidence[^>]*>"
)


def result_of(path):
    """What an NDJSON file says of hosts and ports; None if it is not whole."""
    ports, hosts, runs, summaries = {}, {}, 0, 0
    with open(path, encoding="ascii") as lines:
        for line in lines:
            try:
                record = json.loads(line)
            except ValueError:
                return None
            kind = record["type"]
            if kind == "port":
                key = (record["ip"], record["proto"], record["port"], record["technique"])
                if key in ports:
                    return None
                ports[key] = (record["state"], record["reason"])
            elif kind == "host":
                if record["ip"] in hosts or record["partial"]:
                    return None
                hosts[record["ip"]] = (record["status"], record["name"], record["results"])
            runs += kind == "run"
            summaries += kind == "summary"
    return (ports, hosts) if runs == 1 and summaries == 1 else None


def text_of(path):
    with open(path, encoding="utf-8") as file:
        return VARIABLE.sub("-", file.read())


class Scans:
    def __init__(self, args):
        self.args = args
        self.folder = tempfile.mkdtemp()
        self.checkpoint = os.path.join(self.folder, "scan.ckpt")
        self.base = os.path.join(self.folder, "out")
        self.random = random.Random(args.seed)
        self.kills = self.resumed = self.scans = self.different = self.broken = 0

    def outputs(self):
        options = ["-oD", self.base + ".ndjson"]
        if self.args.formats:
            options += ["-oN", self.base + ".nmap", "-oX", self.base + ".xml"]
            options += ["-oG", self.base + ".gnmap"]
        return options

    def command(self, resume, saved=True):
        if resume:
            return [self.args.command[0], "scan", "--resume", self.checkpoint, "-q"]
        options = ["--checkpoint", self.checkpoint, "--checkpoint-every", self.args.every]
        return (
            [self.args.command[0], "scan", "-q", "-Pn", "--all-ports", "--all-hosts"]
            + self.args.command[1:]
            + self.outputs()
            + (options if saved else [])
        )

    def run(self, command, kill_after):
        """Its exit status; None if it was killed."""
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            process.wait(kill_after)
        except subprocess.TimeoutExpired:
            process.send_signal(getattr(signal, "SIG" + self.args.signal))
            self.kills += 1
        errors = process.communicate()[1]
        if process.returncode not in (0, 75, -signal.SIGKILL, -signal.SIGTERM):
            print("status", process.returncode, errors.decode(), file=sys.stderr)
        return process.returncode

    def found(self):
        texts = ()
        if self.args.formats:
            texts = tuple(text_of(self.base + end) for end in (".nmap", ".xml", ".gnmap"))
        return result_of(self.base + ".ndjson"), texts

    def clean(self):
        for name in os.listdir(self.folder):
            os.unlink(os.path.join(self.folder, name))

    def one(self, seconds):
        """A scan that is interrupted at random moments, until it ends."""
        resume, status = False, None
        for _ in range(RESUMED_MOST):
            # Some early ones, some after what would be its end.
            after = self.random.uniform(0, seconds * 1.1)
            status = self.run(self.command(resume), after)
            if status == 0:
                return True
            if status not in (75, -signal.SIGKILL, -signal.SIGTERM):
                return False
            # Killed before its first checkpoint it is started again.
            resume = os.path.exists(self.checkpoint)
            self.resumed += resume
        return self.run(self.command(resume), SECONDS_MOST) == 0

    def all(self):
        begun = time.monotonic()
        if self.run(self.command(False, saved=False), SECONDS_MOST) != 0:
            sys.exit("the scan without interruption failed")
        seconds = time.monotonic() - begun
        wanted = self.found()
        if wanted[0] is None or not wanted[0][0]:
            sys.exit("the scan without interruption found nothing")
        while time.monotonic() - begun < self.args.seconds and (
            self.scans < self.args.scans if self.args.scans else self.kills < self.args.kills
        ):
            self.clean()
            whole = self.one(seconds)
            self.scans += 1
            found = self.found() if whole else (None, ())
            if found[0] is None:
                self.broken += 1
                self.keep("broken")
            elif found != wanted:
                self.different += 1
                self.keep("different")
                self.show(wanted, found)
        shutil.rmtree(self.folder)
        for name in ("scans", "kills", "resumed", "different", "broken"):
            print(f"{name}={getattr(self, name)}")
        print(f"ports={len(wanted[0][0])}")
        print(f"seconds={seconds:.2f}")

    def keep(self, why):
        if os.environ.get("KEEP"):
            shutil.copytree(self.folder, f"{os.environ['KEEP']}.{why}.{self.scans}")

    def show(self, wanted, found):
        """The first difference, for a reader of the failure."""
        for part in (0, 1):
            before, after = wanted[0][part], found[0][part]
            for key in sorted(set(before) | set(after), key=str):
                if before.get(key) != after.get(key):
                    print(key, before.get(key), after.get(key), file=sys.stderr)
                    return
        for before, after in zip(wanted[1], found[1]):
            for left, right in zip(before.splitlines(), after.splitlines()):
                if left != right:
                    print(f"- {left}\n+ {right}", file=sys.stderr)
                    return


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scans", type=int, default=0)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--signal", default="KILL")
    parser.add_argument("--every", default="50ms")
    parser.add_argument("--formats", action="store_true")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    Scans(parser.parse_args()).all()


if __name__ == "__main__":
    main()
