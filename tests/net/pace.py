#!/usr/bin/python3
"""pace: runs a scan at whose far end a clock notes when each probe came, and sums both up.

usage: pace.py INTERFACE pass|drop [--stall N] COMMAND...

The far end is INTERFACE of the namespace target (see pace_clock.c), pN, and vN is ours; BUILD names
the build directory. --stall stops the command for 150 ms when N frames have left, and when twice
and three times as many have. Prints NAME=VALUE lines: what the clock
says (probes, mean, deviation, most_1, most_5, most_100, most_1000, span), what the scan itself says
(said_mean, said_deviation; nothing if it says none), and what it cost (status, wall, cpu,
switches). Rates are a second, times in seconds, most_N is the most that came in any N ms; switches
are the voluntary ones of all threads.
"""
import array
import json
import math
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time

INTERVAL_NS = 20_000_000


def most_in(times, window_ns):
    most = first = 0
    for last, at in enumerate(times):
        while times[first] <= at - window_ns:
            first += 1
        most = max(most, last - first + 1)
    return most


def rates(times):
    """Mean, and the standard deviation about it of intervals: each from a probe to the first that
    is 20 ms later, and weighed by its time."""
    if len(times) < 2 or times[-1] == times[0]:
        return 0, 0
    mean = (len(times) - 1) * 1e9 / (times[-1] - times[0])
    begin, squares, whole = 0, 0, 0
    for number, at in enumerate(times):
        span = at - times[begin]
        if span >= INTERVAL_NS:
            squares += span * ((number - begin) * 1e9 / span - mean) ** 2
            whole += span
            begin = number
    return mean, math.sqrt(squares / whole) if whole else 0


class Clock:
    """The far end's: started before a command, read after it."""

    def __init__(self, interface, mode):
        build = os.environ["BUILD"]
        self.out = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", "target", build + "/tests/net/pace_clock",
             build + "/tests/net/pace_clock.o", interface, mode],
            stdin=subprocess.PIPE, stdout=self.out, stderr=subprocess.PIPE)
        said = self.process.stderr.readline()
        if said != b"ready\n":
            raise SystemExit(f"pace_clock: {said}")

    def read(self):
        self.process.stdin.close()
        if self.process.wait():
            raise SystemExit(f"pace_clock: {self.process.stderr.read()}")
        self.out.seek(0)
        times = array.array("Q")
        times.frombytes(self.out.read())
        return times


def frames_out(interface):
    text = subprocess.run(["ip", "-s", "-j", "link", "show", interface], check=True,
                          capture_output=True, text=True).stdout
    return json.loads(text)[0]["stats64"]["tx"]["packets"]


def stop_thrice(scan, interface, frames):
    near = "v" + interface[1:]
    begun = frames_out(near)
    for times in 1, 2, 3:
        while scan.poll() is None and frames_out(near) < begun + times * frames:
            pass
        scan.send_signal(signal.SIGSTOP)
        time.sleep(0.15)
        scan.send_signal(signal.SIGCONT)


def measure(interface, mode, command, stall=0):
    clock = Clock(interface, mode)
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    scan = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if stall:
        stop_thrice(scan, interface, stall)
    _, said = scan.communicate()
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    times = clock.read()
    mean, deviation = rates(times)
    words = re.search(r"(?:passes|rate): ([\d.]+) packets/s on average, "
                      r"standard deviation ([\d.]+)", " ".join(said.split()))
    return {
        "status": scan.returncode, "probes": len(times), "mean": mean, "deviation": deviation,
        "span": (times[-1] - times[0]) / 1e9 if times else 0,
        **{f"most_{ms}": most_in(times, ms * 1_000_000) for ms in (1, 5, 100, 1000)},
        "said_mean": words.group(1) if words else "",
        "said_deviation": words.group(2) if words else "",
        "wall": wall, "switches": after.ru_nvcsw - before.ru_nvcsw,
        "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
    }, said


def main():
    interface, mode, *command = sys.argv[1:]
    stall = 0
    if command[0] == "--stall":
        stall, command = int(command[1]), command[2:]
    figures, said = measure(interface, mode, command, stall)
    sys.stderr.write(said)
    for name, value in figures.items():
        print(f"{name}={value:.6f}" if isinstance(value, float) else f"{name}={value}")


if __name__ == "__main__":
    main()
