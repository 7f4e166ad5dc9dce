"""xdp_zmap: zmap in the network of the xdp engine's bench, and the fastest that finds everything.

The program is the one that the environment variable ZMAP names, or else the system's. Its 4th
version scans many ports in one run, so it has the plan that all have; older ones have one port.
"""
import os
import re
import shutil
import subprocess

from xdp_lab import NETWORK, PORTS, far_mac, number, timed

OUTPUT = "/dev/shm/zmap"
# As it comes; and what made it faster or let it lose less here: one sending thread, which leaves
# the receiving one a processor; frames as short as ours; no search for answers that came twice.
SETTINGS = {"as it comes": [],
            "one thread, MSS alone, no dedup": ["-T", "1", "--probe-args=smallest-probes",
                                                "--dedup-method=none"]}
LEAST_PPS = 40000
NEAR = 1.1  # how near to the limit the search goes
UNLIMITED = ", unlimited"
ALL = ", the fastest that finds everything"
UNITS = {"": 1, "K": 1e3, "M": 1e6}


class Zmap:
    def __init__(self):
        self.program = os.environ.get("ZMAP") or shutil.which("zmap")
        self.version = ""
        if self.program:
            # A configuration file of the system's may be for another version.
            said = subprocess.run([self.program, "-C", "/dev/null", "--version"], check=True,
                                  capture_output=True, text=True)
            self.version = re.search(r"zmap v?([\d.]+)", said.stdout + said.stderr).group(1)
        self.old = int(self.version.partition(".")[0] or 0) < 4

    def name(self):
        return f"zmap {self.version}" + " (too old to compare with), one port" * self.old

    def scan(self, open_ports, rate, settings=()):
        """At `rate` a second, 0: as fast as it goes."""
        ports = 1 if self.old else PORTS
        done, wall, cpu = timed(
            ["timeout", "150", self.program, "-C", "/dev/null", "-b", "/dev/null", "-i", "v0",
             "-p", "1" if self.old else f"1-{PORTS}", "-G", far_mac(), "-S", "198.18.0.1",
             "-r", str(rate), "-c", "1", "-o", OUTPUT, "-O", "csv", "-f", "saddr,sport",
             "--output-filter=success = 1 && repeat = 0", "--disable-syslog", *settings, NETWORK])
        sent = re.findall(r"send: (\d+) done \(([\d.]+) ([KM]?)p/s avg\)", done.stderr)
        if done.returncode or not sent:
            raise SystemExit(f"zmap: exit status {done.returncode}\n{done.stderr[-2000:]}")
        with open(OUTPUT) as lines:
            pairs = [line.strip().split(",") for line in lines if line[:1].isdigit()]
        os.unlink(OUTPUT)
        found = {(number(address), int(port)) for address, port in pairs}
        want = {(a, p) for a, p in open_ports if p <= ports}
        return {"wall": wall, "cpu": cpu, "recall": len(found & want) / len(want),
                "false": len(found - want), "sent": int(sent[-1][0]),
                "rate": float(sent[-1][1]) * UNITS[sent[-1][2]] / 1e6}

    def round(self, figures, open_ports):
        """Adds to figures[TEXT] a scan as fast as it goes; and (ALL) the fastest that found all."""
        for what, settings in {"": []}.items() if self.old else SETTINGS.items():
            name = self.name() + f", {what}" * bool(what)
            fastest = self.scan(open_ports, 0, settings)
            figures.setdefault(name + UNLIMITED, []).append(fastest)
            best = self.search(open_ports, fastest, settings)
            if best:
                figures.setdefault(name + ALL, []).append(best)

    def search(self, open_ports, fastest, settings):
        """Between LEAST_PPS and what it does at most, by halves. None if it never found all."""
        if fastest["recall"] == 1:
            return fastest
        best, low, high = None, LEAST_PPS, fastest["rate"] * 1e6
        while high / low > NEAR:
            rate = int((low * high) ** 0.5)
            tried = self.scan(open_ports, rate, settings)
            if tried["recall"] == 1:
                best, low = tried, rate
            else:
                high = rate
        return best
