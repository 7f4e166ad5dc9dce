"""watch: the figures of RESULTS-watch.md and detection-matrix.md, each next to its counterpart.

Runs in a private network (watch.sh). scanlogd is the installed program: over captures with
scanlogd_feed.c, which answers its read(2) and times(2) from the file; live on a link as it is.
psad reads a log made from the capture (psad_log.py). All forged packets stay between two namespaces
that have no route out.
"""

import argparse
import contextlib
import csv
import json
import os
import pathlib
import platform
import re
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

import psad_log

TOP = pathlib.Path(__file__).parent.parent
sys.path.insert(0, str(TOP / "tests/pcap"))
import captures  # noqa: E402  pylint: disable=wrong-import-position

PORTLIGHT = TOP / "build/portlight"
FLOOD = TOP / "build/bench/flood"
FLOOD_XDP = TOP / "build/bench/flood_xdp"
XDP_PASS = TOP / "build/tests/net/xdp_pass.o"
FEED = TOP / "build/scanlogd_feed.so"
COUNT = TOP / "build/count_allocations.so"
FOLDER = pathlib.Path(os.environ["PORTLIGHT_PCAPS"])
VICTIM, HONEST = "198.18.0.10", "198.19.0.1"
RESULTS = TOP / "bench/RESULTS-watch.md"
MEMORY_MIB = 32
RUN_SECONDS = 300
MANY_PACKETS = 2_000_000
POOLS = (16, 64, 256, 4096, 65536, 1 << 24)
FORGED_MOST = 1024
SCAN_PORTS, SCAN_PPS = 100, 50
SAMPLE = 2000


def output_of(command, **more):
    return subprocess.run([str(word) for word in command], check=True, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=RUN_SECONDS, **more).stdout


def watch_file(path):
    return captures.events_of(output_of([PORTLIGHT, "watch", "-q", "-r", path, "--json"]))


def scanlogd_file(path):
    """What scanlogd logs about a capture: lines."""
    environment = {**os.environ, "LD_PRELOAD": str(FEED), "SCANLOGD_CAPTURE": str(path)}
    return output_of(["/usr/sbin/scanlogd"], env=environment, text=True).splitlines()


def psad_file(path, folder):
    """{source: highest danger level} that psad gives."""
    log, conf = folder / "log", folder / "psad.conf"
    log.write_text("".join(line + "\n" for line in psad_log.lines_of(path)), encoding="ascii")
    if log.stat().st_size == 0:
        return {}
    text = pathlib.Path("/etc/psad/psad.conf").read_text(encoding="utf-8")
    for name, value in (("EMAIL_ADDRESSES", "root@localhost"), ("HOSTNAME", "bench"),
                        ("ALERTING_METHODS", "noemail"), ("EXPECT_TCP_OPTIONS", "N")):
        text = re.sub(rf"^{name}\s.*", f"{name} {value};", text, flags=re.MULTILINE)
    conf.write_text(text, encoding="utf-8")
    result = subprocess.run(["psad", "-A", "-m", log, "-c", conf, "--no-whois", "--no-rdns"],
                            check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                            timeout=RUN_SECONDS, errors="replace")
    if "Assigning scan danger levels" not in result.stdout:
        raise RuntimeError(f"psad: {result.stdout[-300:]}{result.stderr[-300:]}")
    return {source: int(level) for source, level in
            re.findall(r"^SRC:\s+(\S+), DL: (\d)", result.stdout, re.MULTILINE) if level != "0"}


def private_psad():
    """psad's folders, for this run alone."""
    for folder in ("/var/log/psad", "/var/lib/psad"):
        if pathlib.Path(folder).is_dir():
            output_of(["mount", "-t", "tmpfs", "tmpfs", folder])
    pathlib.Path("/run/psad").mkdir(exist_ok=True)


# The matrix.

def cell_portlight(row, events):
    """Text, and whether an alert tells what is known (must-alert) or there is one (else)."""
    alerts = captures.final_alerts(events)
    text = "; ".join(f"{a['event']['action']}: {' '.join(a['portlight']['technique_sets'])}"
                     for a in alerts) or "-"
    others = sorted({e["event"]["action"] for e in events if e["event"]["kind"] == "event"})
    if others:
        text += f" ({', '.join(others)})"
    good = not captures.judge(row, alerts) if row["expect"].startswith("alert") else bool(alerts)
    return text, good


def matrix(folder):
    """Rows of the table, and sums by expectation."""
    private_psad()
    rows, sums = [], {}
    with open(FOLDER / "TRUTH.tsv", encoding="ascii") as file:
        truth = list(csv.DictReader(file, delimiter="\t"))
    for row in truth:
        path = FOLDER / row["kind"] / row["file"]
        ours, good = cell_portlight(row, watch_file(path))
        lines = scanlogd_file(path)
        levels = psad_file(path, folder)
        must = row["expect"].startswith("alert")
        theirs = [line for line in lines if not must or f" {row['scanner']}" in line]
        level = max((v for s, v in levels.items() if not must or s == row["scanner"]), default=0)
        expect = row["expect"].split("(")[0]
        sums.setdefault(expect, []).append((good, bool(theirs), level > 0))
        cell = ours.replace("|", "\\|")
        rows.append(f"| {row['file']} | {row['technique']} | {expect} | {cell} | "
                    f"{len(theirs) or '-'} | {f'DL {level}' if level else '-'} |")
        print(rows[-1], flush=True)
    return rows, sums


def version_of(package):
    return output_of(["dpkg-query", "-W", "-f", "${Version}", package], text=True)


def bench_matrix(options):
    with tempfile.TemporaryDirectory() as folder:
        rows, sums = matrix(pathlib.Path(folder))
    counts = {name: [sum(column) for column in zip(*found)] + [len(found)]
              for name, found in sums.items()}
    must, silent = counts["alert"], counts["no-alert"]
    lines = [
        "# Captures and verdicts", "",
        f"`bench/watch.sh --only matrix --write` wrote this on {time.strftime('%Y-%m-%d')}, with "
        f"portlight {json_version()}, scanlogd {version_of('scanlogd')} and psad "
        f"{version_of('psad')} as Debian ships them. The captures are public ones; what each holds "
        "was established packet by packet, before the detector was written.", "",
        "| | portlight | scanlogd | psad |", "|---|---|---|---|",
        f"| scans noticed, of {must[3]} that must be | {must[0]} | {must[1]} | {must[2]} |",
        f"| false alarms, in {silent[3]} captures without a port scan | {silent[0]} | {silent[1]} | "
        f"{silent[2]} |", "",
        "How:", "",
        "- portlight: `portlight watch -r FILE --json`. A scan counts as noticed only if its source,"
        " technique, shape and numbers are right (tests/pcap/captures.py). An event that is no "
        "alert stands in brackets.",
        "- scanlogd: the packaged program, its raw socket and clocks fed from the file by "
        "bench/scanlogd_feed.c. The column is the number of lines it logs about the scanner (about "
        "any source, where there is none). It is given all IPv4 TCP of the capture in both "
        "directions; on a live host it sees what the firewall lets in.",
        "- psad: `psad -A` on a log in iptables' format, made from the capture by "
        "bench/psad_log.py as a firewall would write it that logs the first packet of each flow. "
        "The column is the highest danger level of the scanner (of any source). A firewall that logs "
        "only what it drops gives psad fewer false alarms; this is the upper bound.",
        "- A row that is `optional` is at the edge of what a port scan is; none is counted.", "",
        "| capture | holds | expected | portlight | scanlogd, lines | psad |",
        "|---|---|---|---|---|---|", *rows]
    if options.write:
        (TOP / "docs/detection-matrix.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    yield ("scans noticed with the right technique", f"{must[0]} of {must[3]}",
           f"scanlogd {must[1]}, psad {must[2]}", "all", "docs/detection-matrix.md")
    yield ("false alarms", f"{silent[0]} in {silent[3]} captures",
           f"scanlogd {silent[1]}, psad {silent[2]}", "0", "the same")


def json_version():
    return output_of([PORTLIGHT, "--version"], text=True).split()[1]


# Speed and memory of replays.

def records(data, begun_ns):
    """A nanosecond pcap's packets as (times, frames) with times that start at begun_ns:
    pauses of more than a second, as between captures, and steps back become a second."""
    at, last, now, times, frames = 24, None, begun_ns, [], []
    while at + 16 <= len(data):
        seconds, fraction, kept, length = struct.unpack_from("<4I", data, at)
        t_ns = seconds * 10**9 + fraction
        if last is not None:
            now += min(t_ns - last, 10**9) if t_ns >= last else 10**9
        last = t_ns
        times.append(now)
        frames.append(struct.pack("<2I", kept, length) + data[at + 16:at + 16 + kept])
        at += 16 + kept
    return times, frames


def large_file(folder):
    """All shared captures behind each other, again and again, as plain pcap of Ethernet: hours of
    traffic without a break."""
    parts = []
    for path in sorted(FOLDER.glob("*/*.pcap*")):
        text = output_of(["capinfos", "-T", "-r", "-E", path], text=True)
        if "\tether" in text:
            parts.append(path)
    once = folder / "once.pcap"
    output_of(["mergecap", "-a", "-F", "nsecpcap", "-w", once, *parts])
    many, written = folder / "captures.pcap", 0
    data = once.read_bytes()
    times, frames = records(data, 1_700_000_000 * 10**9)
    with open(many, "wb") as file:
        file.write(data[:24])
        while written < MANY_PACKETS:
            shift = (times[-1] - times[0] + 10**9) * (written // len(times))
            for t_ns, frame in zip(times, frames):
                file.write(struct.pack("<2I", *divmod(t_ns + shift, 10**9)) + frame)
            written += len(times)
    once.unlink()
    return many, written


def flood_file(folder, name, per_probe):
    path = folder / f"{name}.pcap"
    text = output_of([FLOOD, "write", path, VICTIM, 1 << 24, 1000, per_probe], text=True)
    return path, int(text.split()[0])


def timed(command):
    """User and system seconds of one core, as the kernel's scheduler counts them (to microseconds,
    of which GNU time shows hundredths), and the peak of resident memory in MiB."""
    with tempfile.NamedTemporaryFile("r") as told, \
            subprocess.Popen(["/usr/bin/time", "-o", told.name, "-f", "%M", "taskset", "-c", "0",
                              *map(str, command)], stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise RuntimeError(f"{command}: status {process.returncode}")
        return used.ru_utime + used.ru_stime, int(told.read()) / 1024


def bench_speed(options):
    """The two programs take turns at being first; the ratio is the median of the turns' ratios,
    so that what slows the machine down for a while slows both."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        folder = pathlib.Path(name)
        files = [("flood of SYNs from 16 M sources", *flood_file(folder, "flood", 2000))]
        if FOLDER.is_dir():
            files.insert(0, ("real captures, repeated", *large_file(folder)))
        for what, path, packets in files:
            both = ([PORTLIGHT, "watch", "-q", "-r", path, "-oD", os.devnull],
                    ["tcpdump", "-r", path, "-w", os.devnull, "-Z", "root"])
            for command in both:  # the file is in memory, and so are the programs
                timed(command)
            seconds, peak = ([], []), 0.0
            for turn in range(options.runs):
                for which in (0, 1) if turn % 2 else (1, 0):
                    used, memory = timed(both[which])
                    seconds[which].append(used)
                    peak = max(peak, memory if which == 0 else 0)
            ours, theirs = (packets / statistics.median(used) / 1e6 for used in seconds)
            ratio = statistics.median(b / a for a, b in zip(*seconds))
            yield (f"replay of {packets / 1e6:.1f} M packets, {what}", f"{ours:.2f} M/s",
                   f"tcpdump -w {theirs:.2f} M/s, ratio {ratio:.3f}", "ratio >= 0.333",
                   f"{options.runs} turns; peak memory {peak:.1f} MiB")


def allocations(path):
    environment = {**os.environ, "LD_PRELOAD": str(COUNT)}
    result = subprocess.run([str(PORTLIGHT), "watch", "-q", "-r", str(path), "-oD", os.devnull],
                            check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                            env=environment, timeout=RUN_SECONDS)
    return int(re.search(r"allocations: (\d+)", result.stderr).group(1))


def bench_memory(_options):
    """Calls of malloc, calloc and realloc in the whole run: of few packets and of many."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        folder = pathlib.Path(name)
        few, few_packets = flood_file(folder, "few", 20)
        many, many_packets = flood_file(folder, "many", 2000)
        a, b = allocations(few), allocations(many)
        yield ("allocations in a replay", f"{b:,} for {many_packets:,} packets",
               f"{a:,} for {few_packets:,}", "none per packet",
               f"{(b - a) / (many_packets - few_packets):.6f} a packet more")


# Under a flood.

def build_network():
    """The victim, and one host that is both the flooder and the honest scanner. What the victim
    says to forged addresses ends in a route to nowhere; neither knows a way out. With a program on
    its end of the cable, that takes frames which XDP sends, and nothing is joined (GRO)."""
    for words in ("netns add victim", "link add hose type veth peer name eth0 netns victim",
                  "-n victim link set lo up", "-n victim link set eth0 up",
                  f"-n victim address add {VICTIM}/24 dev eth0",
                  "-n victim route add 198.19.0.0/24 dev eth0",
                  "-n victim route add blackhole 10.0.0.0/8", "link set hose up",
                  f"address add {HONEST}/24 dev hose", "route add 198.18.0.0/24 dev hose",
                  f"-n victim link set dev eth0 xdpdrv obj {XDP_PASS} sec xdp"):
        output_of(["ip", *words.split()])
    text = output_of(["ip", "-j", "-n", "victim", "link", "show", "eth0"], text=True)
    return json.loads(text)[0]["address"]


class Live:
    """A detector in the victim's namespace: the times at which it said its lines."""

    def __init__(self, command, environment=None):
        self.lines = []
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", "victim", *map(str, command)], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, **(environment or {})})
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.append((time.time(), line))

    def peak_mib(self):
        with contextlib.suppress(OSError):
            text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
            fields = dict(re.findall(r"^(\w+):\s+(\d+) kB", text, re.MULTILINE))
            return int(fields["VmHWM"]) / 1024, int(fields["RssAnon"]) / 1024
        return 0.0, 0.0

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.reader.join(timeout=5)


def named_at(lines, source):
    """When that source was first called a scanner, or None."""
    for at, line in lines:
        if line.startswith("{"):
            event = json.loads(line)
            if event["event"]["kind"] == "alert" and event.get("source", {}).get("ip") == source:
                return at
        elif f" {source}" in line and " ports " in line:
            return at
    return None


def listed_at(lines, source):
    """When that source was first reported as a suspect of a flood, or None."""
    for at, line in lines:
        if source in json.loads(line).get("related", {}).get("ip", []):
            return at
    return None


def drop_forged():
    """At the target's ingress, behind the place where captures look and before the stack, so that
    the stack's work is no limit to the flood."""
    subprocess.run(["ip", "netns", "exec", "victim", "nft", "-f", "-"], check=True, text=True,
                   input="""table netdev bench {
                       counter forged {
                       }
                       chain forged {
                           type filter hook ingress device "eth0" priority 0; policy accept;
                           ip saddr 10.0.0.0/8 counter name forged drop
                       }
                   }""")


def datagrams_seen():
    """By the target: those its IP stack got, and those dropped before it."""
    text = output_of(["ip", "netns", "exec", "victim", "cat", "/proc/net/snmp"], text=True)
    names, values = (line.split() for line in text.splitlines() if line.startswith("Ip:"))
    seen = int(values[names.index("InReceives")])
    text = output_of(["ip", "netns", "exec", "victim", "nft", "-j", "list", "counters"], text=True)
    return seen + sum(item["counter"]["packets"] for item in json.loads(text)["nftables"]
                      if "counter" in item)


def send_flood(mac, sources, seconds):
    return subprocess.Popen([str(FLOOD_XDP), f"{FLOOD_XDP.parent}/xdp_flood.o", "hose", mac, VICTIM,
                             str(sources), str(seconds)],
                            stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)


def check_flood(mac, folder):
    """What the flood is made of, by tshark's judgement of a sample: SYNs with right sums, a source
    and a port each of its own. Returns how many, and from how many sources."""
    path = folder / "sample.pcap"
    capture = subprocess.Popen(["ip", "netns", "exec", "victim", "tcpdump", "-i", "eth0", "-n", "-Z",
                                "root", "-c", str(SAMPLE), "-w", str(path), "src", "net",
                                "10.0.0.0/8"],
                               stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1)
    send_flood(mac, 1 << 24, 0.2).communicate(timeout=30)
    capture.wait(timeout=30)
    text = output_of(["tshark", "-r", path, "-o", "ip.check_checksum:TRUE", "-o",
                      "tcp.check_checksum:TRUE", "-T", "fields", "-e", "ip.checksum.status", "-e",
                      "tcp.checksum.status", "-e", "tcp.flags", "-e", "ip.src", "-e",
                      "tcp.dstport"], text=True)
    rows = [line.split("\t") for line in text.splitlines()]
    # Status 1: good.
    if len(rows) != SAMPLE or {tuple(row[:3]) for row in rows} != {("1", "1", "0x0002")}:
        raise RuntimeError(f"the flood is none of well-formed SYNs: {rows[:3]}")
    return len({row[3] for row in rows}), len({row[4] for row in rows})


def flood_run(mac, sources, with_peer=True):
    """The scan while forged SYNs come from that many sources (0: none), seen by portlight and, where
    with_peer is true, by scanlogd."""
    ours = Live([PORTLIGHT, "watch", "-i", "eth0", "--json"])
    theirs = Live(["/usr/sbin/scanlogd"] if with_peer else ["true"], {"LD_PRELOAD": str(FEED)})
    time.sleep(1.5)
    before = datagrams_seen()
    flood = send_flood(mac, sources, 6) if sources else None
    time.sleep(1.5)
    begun = time.time()
    output_of([PORTLIGHT, "scan", "--engine", "frames", "-sS", "-p", f"1-{SCAN_PORTS}",
               "--max-rate", SCAN_PPS, "--min-rate", SCAN_PPS, "--max-retries", "0", "--json",
               VICTIM])
    ended = time.time()
    seconds = float(flood.communicate(timeout=60)[0].split(",")[1].split()[0]) if flood else 1
    reached = (datagrams_seen() - before) / seconds
    time.sleep(1)
    peak, private = ours.peak_mib()
    ours.stop()
    theirs.stop()
    return {"ours": named_at(ours.lines, HONEST), "theirs": named_at(theirs.lines, HONEST),
            "listed": listed_at(ours.lines, HONEST), "begun": begun, "ended": ended, "flood": reached,
            "peak": peak, "private": private, "lines": len(theirs.lines),
            "others": sorted({json.loads(line)["event"]["action"] for _, line in ours.lines}),
            "lost": max((json.loads(line)["portlight"]["lost"] for _, line in ours.lines),
                        default=0)}


def when(at, run, listed=None):
    if at is None:
        return "not named" + (f", listed as a suspect after {listed - run['begun']:.1f} s"
                              if listed else "")
    return f"named after {at - run['begun']:.1f} s of {run['ended'] - run['begun']:.1f} s"


def bench_flood(_options):
    mac = build_network()
    with tempfile.TemporaryDirectory() as folder:
        sources, ports = check_flood(mac, pathlib.Path(folder))
    yield (f"a sample of the flood, {SAMPLE:,} frames as the target gets them",
           "well-formed SYNs, each one", "tshark", "all",
           f"IP and TCP sums right; {sources:,} sources, {ports:,} ports")
    scan = f"{SCAN_PORTS} ports at {SCAN_PPS}/s"
    run = flood_run(mac, 0)
    yield (f"{scan}, no flood", when(run["ours"], run), f"scanlogd {when(run['theirs'], run)}",
           "both named", "so both can")
    for with_peer in (True, False):
        if not with_peer:
            drop_forged()
        for sources in (1 << 16, 1 << 24):
            run = flood_run(mac, sources, with_peer)
            yield (f"{scan} under SYNs from {sources:,} forged sources, "
                   f"{run['flood'] / 1e6:.2f} M/s reach the target, {run['flood'] / sources:.2g}/s of "
                   "each", when(run["ours"], run, run["listed"]),
                   f"scanlogd {when(run['theirs'], run)}, {run['lines']} lines" if with_peer else
                   "alone; the target drops what is forged at its ingress", "named before its end",
                   f"peak memory {run['peak']:.1f} MiB, of it private {run['private']:.1f} MiB; "
                   f"{run['lost']:,} packets lost; told: {', '.join(run['others'])}")


# Cost to blind.

def hides(path):
    """Whether the honest scanner goes unnamed by portlight, is not even among the suspects of a
    flood, and goes unnamed by scanlogd."""
    events = watch_file(path)
    named = any(a["source"].get("ip") == HONEST for a in captures.final_alerts(events))
    listed = any(HONEST in e.get("related", {}).get("ip", []) for e in events)
    theirs = any(f" {HONEST}" in line for line in scanlogd_file(path))
    return not named, not (named or listed), not theirs


def cheapest(folder, sources):
    """The fewest forged packets a probe, of 1/2, 1, 2, 4, ..., that hide the scan, for each of what
    hides() says; None where not even the most do."""
    found = [None, None, None]
    per_probe = 0.5
    while per_probe <= FORGED_MOST and None in found:
        path = folder / "blind.pcap"
        output_of([FLOOD, "write", path, VICTIM, sources, 1000, per_probe])
        for which, hidden in enumerate(hides(path)):
            if hidden and found[which] is None:
                found[which] = per_probe
        per_probe *= 2
    return found


def syn_frame(source, port):
    """Ethernet, IPv4 and TCP; checksums of a capture are not verified."""
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 1, 0, 64, 6, 0, source,
                     bytes(map(int, VICTIM.split("."))))
    return b"\2\0\0\0\0\1\2\0\0\0\0\2\x08\0" + ip + struct.pack("!HHIIBBHHH", 4000, port, 7, 0, 0x50,
                                                                2, 1024, 0, 0)


def muting_file(folder):
    """Six forged sources ask for seven ports each, once; then the scan, as written by flood."""
    scan, path = folder / "scan.pcap", folder / "mute.pcap"
    output_of([FLOOD, "write", scan, VICTIM, 16, 1000, 0])
    data = scan.read_bytes()
    seconds = struct.unpack_from("<I", data, 24)[0]
    with open(path, "wb") as file:
        file.write(data[:24])
        for number in range(42):
            frame = syn_frame(bytes((10, 0, 0, 1 + number // 7)), 100 + number % 7)
            file.write(struct.pack("<4I", seconds - 1, number * 1000, len(frame), len(frame)) +
                       frame)
        file.write(data[24:])
    return path


def bench_blind(_options):
    def shown(value):
        return f"{value:g}" if value else f"more than {FORGED_MOST}"

    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        folder = pathlib.Path(name)
        for sources in POOLS:
            unnamed, unlisted, theirs = cheapest(folder, sources)
            yield (f"forged SYNs per probe that hide 1000 ports at 100/s, from {sources:,} sources",
                   f"to be not named: {shown(unnamed)}; nor listed: {shown(unlisted)}",
                   f"scanlogd {shown(theirs)}", "",
                   "steps of 2; nothing is answered; half of the forged ports below 1024; listed: a "
                   "suspect of the flood")
        unnamed, _, theirs = hides(muting_file(folder))
        yield ("42 forged SYNs once, before the same scan", "hidden" if unnamed else "named",
               f"scanlogd: {'hidden' if theirs else 'named'}", "named", "")


def kept_rows():
    """{part: rows} of the last time: a part that is measured again replaces its rows."""
    rows = {}
    for line in RESULTS.read_text(encoding="utf-8").splitlines() if RESULTS.exists() else []:
        part = re.match(r"\| (\w+) \| ", line)
        if part:
            rows.setdefault(part.group(1), []).append(line)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="keep what was measured")
    parser.add_argument("--runs", type=int, default=15, help="of replays, at least 9 to be quoted")
    parser.add_argument("--only", default="", help="of matrix,speed,memory,flood,blind")
    options = parser.parse_args()
    benches = {"matrix": bench_matrix, "speed": bench_speed, "memory": bench_memory,
               "flood": bench_flood, "blind": bench_blind}
    chosen = [name for name in options.only.split(",") if name] or list(benches)
    lines = ["# The detector, measured side by side", "",
             f"`bench/watch.sh --write` wrote this on {time.strftime('%Y-%m-%d')}: speed is "
             f"the median of replays that take turns; {os.cpu_count()} cores, Linux "
             f"{platform.release().split('-')[0]}, portlight {json_version()}, scanlogd "
             f"{version_of('scanlogd')}, tcpdump {version_of('tcpdump')}. --memory is its default, "
             f"{MEMORY_MIB} MiB. Absolute figures drift from machine to machine; the ratios carry "
             "over.", "",
             "| | what | portlight | peer | aim | |", "|---|---|---|---|---|---|"]
    rows = kept_rows()
    for name in chosen:
        if name == "matrix" and not FOLDER.is_dir():
            print(f"skipped: matrix: no captures in {FOLDER}")
            continue
        rows[name] = []
        for row in benches[name](options):
            rows[name].append(f"| {name} | {' | '.join(row)} |")
            print(rows[name][-1], flush=True)
    if options.write:
        lines += [row for name in benches for row in rows.get(name, [])]
        RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
