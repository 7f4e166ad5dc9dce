#!/usr/bin/python3
"""scan_memory: what a command takes at most while it runs, the BPF maps that it holds included.

usage: scan_memory.py COMMAND...     prints KiB resident, and KiB of private memory and maps; exits as
                                     the command does. Its output goes where ours goes, but to stderr.
"""
import os
import re
import subprocess
import sys
import time


def kernel_maps(pid):
    """KiB of the BPF maps that a process holds, mapped by it or not."""
    maps = {}
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        try:
            with open(f"/proc/{pid}/fdinfo/{fd}") as info:
                fields = dict(re.findall(r"^(\w+):\s*(\S+)$", info.read(), re.M))
        except OSError:
            continue
        if "map_id" in fields:
            maps[fields["map_id"]] = int(fields["memlock"]) / 1024
    return sum(maps.values())


def memory_peak(command, **streams):
    """(exit status, KiB at most of what is resident, KiB at most of private memory and maps)"""
    child = subprocess.Popen(command, **streams)
    resident = own = 0
    # Its rusage would count this process before exec, too.
    while child.poll() is None:
        try:
            with open(f"/proc/{child.pid}/status") as status:
                fields = dict(re.findall(r"^(\w+):\s*(\d+) kB", status.read(), re.M))
            resident = max(resident, int(fields.get("VmHWM", 0)))
            own = max(own, int(fields.get("RssAnon", 0)) + kernel_maps(child.pid))
        except OSError:
            pass  # it has ended
        time.sleep(0.005)
    return child.returncode, resident, own


if __name__ == "__main__":
    result, *peaks = memory_peak(sys.argv[1:], stdout=sys.stderr)
    print(*(int(peak) for peak in peaks))
    sys.exit(result)
