"""scans_seen: scans the lab with nmap, masscan, zmap, hping3 and portlight; asks the detector.

Runs in the scanner's namespace (scans_seen.sh). What passes while a scan runs is seen three ways at
once: recorded whole and recorded inwards only, each replayed through `portlight watch -r`, and live
by `portlight watch -i`. Each must be one alert that names the source, the technique alone, the ports
and the tool, and live must agree with the replay. What is no scan must stay silent in all three.
"""

import argparse
import concurrent.futures
import contextlib
import dataclasses
import fnmatch
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness  # noqa: E402

PORTLIGHT = os.environ["PORTLIGHT"]
SCANNER = {4: "198.18.0.1", 6: "2001:db8:18::1"}
LINUX = {4: "198.18.0.10", 6: "2001:db8:18::10"}
FAR = {4: "198.18.1.10", 6: "2001:db8:19::10"}
DEAD = {4: "198.18.0.99", 6: "2001:db8:18::99"}
FAR_NET = {4: "198.18.1.0/24", 6: "2001:db8:19::/120"}
RUN_SECONDS = 90
NO_CAPABILITIES = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"]

# Four of these are open, the others closed; of the datagram ports five answer.
TCP_PORTS, TCP_OPEN = "1-60,80,443,8080", {22, 80, 443, 8080}
UDP_PORTS, UDP_OPEN = "20-60,123,137,161", {53, 123, 137, 161}
# Fewer closed ports than make a scan.
FEW_PORTS = "81-88"
ACK_LIKE = {"ack", "window", "ttl"}
BY_NMAP = {"S": {"syn"}, "F": {"fin"}, "N": {"null"}, "X": {"xmas"}, "A": ACK_LIKE, "W": ACK_LIKE,
           "M": {"maimon"}}
BY_US = {"syn": {"syn"}, "fin": {"fin"}, "null": {"null"}, "xmas": {"xmas"}, "ack": ACK_LIKE,
         "window": ACK_LIKE, "ttl": ACK_LIKE, "maimon": {"maimon"}}


def numbers(text):
    found = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return found


@dataclasses.dataclass
class Scan:
    """A scan and what is to be said of it."""
    name: str
    command: object  # words, or a function
    family: int
    techniques: set
    action: str = "port_scan"
    tcp: set = dataclasses.field(default_factory=set)
    udp: set = dataclasses.field(default_factory=set)
    may_miss: set = dataclasses.field(default_factory=set)  # open ports: used, so no evidence
    hosts: range = range(1, 2)
    also: set = dataclasses.field(default_factory=set)  # techniques that may be named as well
    tool: str = "unknown"
    where: tuple = ("linux", "eth0")  # recorded there
    protocols: range = range(0, 1)
    one_way: bool = True  # it can be detected from one direction alone


@dataclasses.dataclass
class Bystander:
    """What is no scan."""
    name: str
    command: object
    family: int
    where: tuple = ("linux", "eth0")


def mac_of(space, link):
    text = subprocess.run(["ip", "-j", "-n", space, "link", "show", link], check=True,
                          capture_output=True, text=True).stdout
    return json.loads(text)[0]["address"]


def records_in(data):
    """How many packets a pcap file has, as far as it is written."""
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    at, count = 24, 0
    while at + 16 <= len(data):
        at += 16 + struct.unpack_from(order + "I", data, at + 8)[0]
        count += 1
    return count


class LostFrames(RuntimeError):
    """The machine was too busy to record every frame."""


class Watchers:
    """Two recordings and a live watch of one link, from the moment this exists until stop()."""

    def __init__(self, where, family, folder, name):
        self.space, link = where
        self.files = {"whole": folder / f"{name}.pcap", "inwards": folder / f"{name}.in.pcap"}
        self.live = folder / f"{name}.live.ndjson"
        self.errors = folder / f"{name}.stderr"
        only = "ip or arp" if family == 4 else "ip6"
        only += " or ether proto 0x88b5"
        # Broadcast, of Ethernet's type for local experiments, and of this recording alone.
        self.last = b"\xff" * 6 + bytes.fromhex("02000000ffff88b5") + f"last of {name}".encode()
        self.last = self.last.ljust(60, b"\0")
        self.processes = []
        for view, file in self.files.items():
            self.start(["tcpdump", "-q", "-n", "-U", "--immediate-mode", "-i", link, "-B", "16384",
                        "-w", file, "-Z", "root",
                        *(["-Q", "in"] if view == "inwards" else []), only])
        self.start([PORTLIGHT, "watch", "-i", link, "--json", "-f", only], self.live)
        self.wait()

    def start(self, command, output=None):
        with open(output or os.devnull, "wb") as out, open(self.errors, "ab") as errors:
            self.processes.append(subprocess.Popen(
                ["ip", "netns", "exec", self.space, *map(str, command)],
                stdin=subprocess.DEVNULL, stdout=out, stderr=errors))

    def wait(self):
        """All three say so when they listen."""
        deadline = time.monotonic() + 20
        said = ""
        while said.count("listening on") < 2 or "portlight: watching" not in said:
            if time.monotonic() > deadline or any(p.poll() is not None for p in self.processes):
                self.stop()
                raise RuntimeError(f"a recording did not begin: {said[-600:]}")
            time.sleep(0.02)
            said = self.errors.read_text(errors="replace")

    def is_whole(self):
        """Both recordings have the last frame, and the live watch has counted as much as one."""
        whole, inwards = (file.read_bytes() for file in self.files.values())
        if self.last not in whole or self.last not in inwards:
            return False
        self.processes[-1].send_signal(signal.SIGUSR1)
        counts = re.findall(r"^portlight: (\d+) packets", self.errors.read_text(errors="replace"),
                            re.MULTILINE)
        return bool(counts) and int(counts[-1]) >= records_in(whole)

    def finish(self):
        """Waits for what is still on its way, then stops. Returns the live watch's exit status."""
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
            wire.bind(("eth0", 0))
            wire.send(self.last)
        deadline = time.monotonic() + 20
        while not self.is_whole():
            if time.monotonic() > deadline:
                raise LostFrames("a recording is not whole")
            time.sleep(0.02)
        return self.stop()

    def stop(self):
        """All end. Returns the live watch's exit status."""
        for process in self.processes:
            process.send_signal(signal.SIGINT)
        for process in self.processes:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        return self.processes[-1].returncode


def replay(path):
    result = subprocess.run([PORTLIGHT, "watch", "-r", str(path), "--json"], check=False,
                            stdin=subprocess.DEVNULL, capture_output=True, timeout=RUN_SECONDS)
    if result.returncode != 0:
        raise RuntimeError(f"watch -r: exit status {result.returncode}: "
                           f"{result.stderr.decode(errors='replace')[-600:]}")
    return result.stdout.decode("ascii")


def alerts_of(text):
    """The final report of each scan."""
    events = [json.loads(line) for line in text.splitlines()]
    return list({e["event"]["id"]: e for e in events if e["event"]["kind"] == "alert"}.values())


def described(alert):
    p = alert["portlight"]
    return (f"{alert['event']['action']} by {alert.get('source', {}).get('ip', 'many')}: "
            f"{' '.join(p['technique_sets'])}, tcp {p['ports']['tcp']}, udp {p['ports']['udp']}, "
            f"{p['hosts']} hosts, {p['protocols']} protocols, {p['tool']} "
            f"{p['tool_confidence']:.2f}")


def verdict(alert):
    """What live and replay must agree upon. Live it is known which ports listen: a service that
    does not answer a datagram is no evidence."""
    p = alert["portlight"]
    return (alert["event"]["action"], alert["source"]["ip"], alert.get("destination"),
            p["techniques"], numbers(p["ports"]["tcp"]), numbers(p["ports"]["udp"]) - UDP_OPEN,
            p["hosts"], p["protocols"], p["tool"], p["answered_open"])


def check_scan(tally, scan, view, alerts):
    where = f"{scan.name} IPv{scan.family}, {view}:"
    tally.check(len(alerts) == 1, f"{where} {len(alerts)} alerts, not 1: "
                                  f"{'; '.join(map(described, alerts))}")
    if len(alerts) != 1:
        return
    alert, p = alerts[0], alerts[0]["portlight"]
    tally.check(alert["source"].get("ip") == SCANNER[scan.family] and
                alert["event"]["action"] == scan.action,
                f"{where} {alert['event']['action']} by {alert['source'].get('ip')}, "
                f"not {scan.action} by {SCANNER[scan.family]}")
    named = set(p["techniques"])
    tally.check(scan.techniques <= named <= scan.techniques | scan.also,
                f"{where} {p['technique_sets']}, not {sorted(scan.techniques)}")
    for proto, asked in (("tcp", scan.tcp), ("udp", scan.udp)):
        told = numbers(p["ports"][proto])
        tally.check(told <= asked and asked - told <= scan.may_miss,
                    f"{where} {proto} ports: {sorted(told - asked)} were not asked, "
                    f"{sorted(asked - told)} are missing")
    tally.check(p["hosts"] in scan.hosts and p["protocols"] in scan.protocols,
                f"{where} {p['hosts']} hosts, {p['protocols']} protocols; not {scan.hosts}, "
                f"{scan.protocols}")
    good = p["tool"] == scan.tool and (scan.tool == "unknown" or p["tool_confidence"] > 0.5)
    tally.check(good, f"{where} tool {p['tool']} {p['tool_confidence']:.2f}, not {scan.tool}")


def record(case, folder, name):
    """Runs the case while it is recorded; again, at most three times, where frames were lost."""
    for tries in range(3):
        watchers = Watchers(case.where, case.family, folder, name)
        try:
            harness.run(case.command, RUN_SECONDS)
            return watchers, watchers.finish()
        except LostFrames:
            if tries == 2:
                raise
        finally:
            watchers.stop()
    raise AssertionError("not reached")


def watch_case(tally, case, folder):
    name = f"{case.name} {case.family}".translate(str.maketrans(" /", "__"))
    watchers, status = record(case, folder, name)
    tally.check(status == 0, f"{case.name} IPv{case.family}: watch ends with {status}: "
                             f"{watchers.errors.read_text(errors='replace')[-400:]}")
    views = {view: alerts_of(replay(file)) for view, file in watchers.files.items()}
    live = alerts_of(watchers.live.read_text(encoding="ascii"))
    if isinstance(case, Bystander):
        for view, alerts in {**views, "live": live}.items():
            tally.check(not alerts, f"{case.name} IPv{case.family}, {view}: false alarm: "
                                    f"{'; '.join(map(described, alerts))}")
        # A case in which nothing happened says nothing.
        tally.check(watchers.files["whole"].stat().st_size > 24 + 16,
                    f"{case.name} IPv{case.family}: no packet was recorded")
        return
    for view, alerts in views.items():
        if view == "whole" or case.one_way:
            check_scan(tally, case, view, alerts)
    tally.check([verdict(a) for a in live] == [verdict(a) for a in views["whole"]],
                f"{case.name} IPv{case.family}: live says {'; '.join(map(described, live))}; "
                f"replayed: {'; '.join(map(described, views['whole']))}")


# The scans.

def port_scan(name, command, family, techniques, tool, **more):
    return Scan(name, command, family, techniques, tcp=numbers(TCP_PORTS), tool=tool, **more)


def udp_scan(name, command, family, **more):
    return Scan(name, command, family, {"udp"}, udp=numbers(UDP_PORTS), may_miss=UDP_OPEN, **more)


def nmap_words(family, *words):
    return ["nmap", "-n", "-Pn", *(["-6"] if family == 6 else []), *words]


def nmap_scans(family):
    target = LINUX[family]
    for letter, techniques in BY_NMAP.items():
        yield port_scan(f"nmap -s{letter}",
                        nmap_words(family, f"-s{letter}", "-p", TCP_PORTS, target),
                        family, techniques, "nmap")
    yield port_scan("nmap -sT", nmap_words(family, "-sT", "-p", TCP_PORTS, target), family,
                    {"connect"}, "connect")
    yield udp_scan("nmap -sU", nmap_words(family, "-sU", "-p", UDP_PORTS, target), family)
    yield Scan("nmap -sS -T2", nmap_words(family, "-sS", "-T2", "-r", "-p", "23-45,80", target),
               family, {"syn"}, tcp=numbers("23-45,80"), tool="nmap")
    # All but SCTP, 132: for that nmap sends an INIT, which is a contact with a port.
    yield Scan("nmap -sO", nmap_words(family, "-sO", "-p", "20-57,61-200", target), family,
               {"ipproto"}, protocols=range(177, 178))
    # Through the router, so that each address is asked for itself and not its neighbour.
    yield Scan("nmap -sn -PE", ["nmap", "-n", "-sn", "-PE", *(["-6"] if family == 6 else []),
                                FAR_NET[family]], family, {"icmp"}, "network_sweep",
               hosts=range(230, 257), where=("router", "near"))


def sweeps():
    """Sweeps that only IPv4 has."""
    yield Scan("nmap -sn", ["nmap", "-n", "-sn", FAR_NET[4]], 4, {"icmp"}, "network_sweep",
               tcp={80, 443}, hosts=range(230, 257), also={"syn", "connect"} | ACK_LIKE,
               may_miss={80, 443}, tool="nmap", where=("router", "near"))
    yield Scan("nmap -sn -PR", ["nmap", "-n", "-sn", "198.18.0.0/24"], 4, {"arp"}, "network_sweep",
               hosts=range(230, 257), where=("linux", "eth0"))


def masscan_scans(family):
    # It may wait for ever for one packet more, which timeout(1) ends.
    command = ["sh", "-c", 'timeout -s KILL 5 "$@"; :', "masscan", "masscan", LINUX[family], "-p",
               TCP_PORTS, "--rate", "2000", "--wait", "1", "--interface", "eth0", "--router-mac",
               mac_of("linux", "eth0"), "--adapter-ip", SCANNER[family], "--source-port", "40000"]
    # Its relation is one of IPv4's identification field.
    yield port_scan("masscan", command, family, {"syn"}, "masscan" if family == 4 else "unknown")
    if family == 6:
        return  # masscan 1.3.2 often sends only a few datagrams of an IPv6 scan
    udp = [word if word != TCP_PORTS else f"U:{UDP_PORTS.replace(',', ',U:')}" for word in command]
    yield udp_scan("masscan UDP", udp, family)


def zmap_scans(folder):
    empty = folder / "zmap-empty"
    empty.write_text("")
    yield Scan("zmap", ["zmap", "--config", empty, "-b", empty, "-p", "80", "-r", "2000", "-c", "1",
                        "-i", "eth0", "-G", mac_of("router", "near"), "-o", os.devnull, "-q",
                        "-S", SCANNER[4], FAR_NET[4]],
               4, {"syn"}, "network_sweep", tcp={80}, hosts=range(230, 257), tool="zmap",
               where=("router", "near"))


def hping_scans():
    """It asks open ports up to eight times, each time with another sequence number: with ACK, and
    without the answers to the closed ones, that could be the middle of a connection."""
    for flags, techniques in (("-S", {"syn"}), ("-F", {"fin"}), ("", {"null"}),
                              ("-FPU", {"xmas"}), ("-A", ACK_LIKE), ("-FA", {"maimon"}),
                              ("-SF", {"odd"})):
        yield port_scan(f"hping3 {flags or 'no flags'}",
                        ["hping3", "-q", "--scan", TCP_PORTS, *([flags] if flags else []),
                         LINUX[4]], 4, techniques, "hping", one_way="A" not in flags)


def portlight_words(family, engine, technique, ports):
    return [*(NO_CAPABILITIES if engine == "sockets" else []), PORTLIGHT, "scan", "--engine",
            engine, "--technique", technique, "-p", ports, "--json", LINUX[family]]


def portlight_scans(family):
    for technique, techniques in BY_US.items():
        yield port_scan(f"portlight {technique}",
                        portlight_words(family, "frames", technique, TCP_PORTS), family, techniques,
                        "portlight")
    yield port_scan("portlight connect", portlight_words(family, "sockets", "connect", TCP_PORTS),
                    family, {"connect"}, "connect")
    for engine in ("frames", "sockets"):
        yield udp_scan(f"portlight udp {engine}",
                       portlight_words(family, engine, "udp", f"U:{UDP_PORTS}"), family)


# The bystanders.

def fetch(addresses, ports, times, pause=0.01):
    """Ordinary clients: connect, ask, read the answer if any, close. Also of ports that refuse."""
    def client():
        for _ in range(times):
            for address in addresses:
                for port in ports:
                    with contextlib.suppress(OSError), \
                            socket.create_connection((address, port), timeout=2) as stream:
                        stream.settimeout(0.05)
                        stream.sendall(b"GET / HTTP/1.1\r\nHost: lab\r\n\r\n")
                        stream.recv(4096)
                    time.sleep(pause)
    return client


def resolve(family, server, times):
    """A stub resolver: each question from a port of its own."""
    def client():
        kind = socket.AF_INET if family == 4 else socket.AF_INET6
        for number in range(times):
            with socket.socket(kind, socket.SOCK_DGRAM) as stub:
                stub.settimeout(0.05)
                question = struct.pack("!6H", number, 0x0100, 1, 0, 0, 0) + b"\3www\3lab\0\0\1\0\1"
                with contextlib.suppress(OSError):
                    stub.sendto(question, (server, 53))
                    stub.recv(512)
    return client


def bystanders(family):
    six = ["-6"] if family == 6 else ["-4"]
    target, far, dead = LINUX[family], FAR[family], DEAD[family]
    near = ("router", "near")
    yield Bystander("web clients", fetch([target], sorted(TCP_OPEN), 12), family)
    yield Bystander("a client of a closed port", fetch([target], [81], 60), family)
    yield Bystander("stub resolver", resolve(family, target, 80), family)
    yield Bystander("stub resolver of a closed port", resolve(family, far, 5), family, near)
    yield Bystander("ping", ["ping", *six, "-q", "-c", "20", "-i", "0.05", target], family)
    yield Bystander("ping of an absent host", ["ping", *six, "-q", "-c", "8", "-i", "0.1", dead], family)
    for words in ([], ["-I"], ["-T", "-p", "81"], ["-U", "-p", "53"]):
        name = " ".join(["traceroute", *words])
        yield Bystander(name, ["traceroute", *six, "-n", "-w", "0.3", "-m", "8", *words, far],
                        family, near)
    yield Bystander("nmap -O", nmap_words(family, "-O", "--max-os-tries", "1", "-p", "22,23",
                                          target), family)
    # Each rule, a little less than it takes.
    for letter in "SFNXAWMTU":
        yield Bystander(f"eight ports by nmap -s{letter}",
                        nmap_words(family, f"-s{letter}", "-p", FEW_PORTS, target), family)
    yield Bystander("seven protocols by nmap -sO", nmap_words(family, "-sO", "-p", "100-106",
                                                              target), family)
    sixteen = {4: "198.18.1.32/28", 6: "2001:db8:19::20/124"}[family]
    four = {4: "198.18.1.32/30", 6: "2001:db8:19::20/126"}[family]
    yield Bystander("four hosts by nmap -sS",
                    nmap_words(family, "-sS", "-p", "80", "--max-retries", "1", four), family, near)
    yield Bystander("sixteen hosts by nmap -PE",
                    ["nmap", "-n", "-sn", "-PE", *(["-6"] if family == 6 else []), sixteen], family,
                    near)


# A recording stretched in time: what would take hours.

def stretched(path, new, gap_seconds):
    """Copies a pcap file with its packets' times rewritten: those of one probe (until the scanner
    sends the next) stay together, and each next probe comes gap_seconds later."""
    data = path.read_bytes()
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    out, at, seconds, probes = [data[:24]], 24, 1_700_000_000, 0
    source = socket.inet_pton(socket.AF_INET, SCANNER[4])
    while at + 16 <= len(data):
        _, _, kept, _ = struct.unpack_from(order + "4I", data, at)
        frame = data[at + 16:at + 16 + kept]
        # Ethernet, IPv4, TCP without RST: a probe.
        if frame[12:14] == b"\x08\x00" and frame[26:30] == source and not frame[47] & 4:
            seconds += gap_seconds
            probes += 1
        out.append(struct.pack(order + "4I", seconds, 0, kept, kept) + frame)
        at += 16 + kept
    new.write_bytes(b"".join(out))
    return probes


def check_slow(tally, folder):
    """nmap's -T1 and -T0 wait 15 s and 300 s between probes, which would take hours here."""
    recorded = folder / "nmap_-sS_4.pcap"
    if not recorded.exists():
        return
    for template, gap in (("-T1", 15), ("-T0", 300)):
        slow = folder / f"slow{template}.pcap"
        probes = stretched(recorded, slow, gap)
        alerts = alerts_of(replay(slow))
        # With five minutes between probes each may end what the one before began.
        tally.check(probes >= len(numbers(TCP_PORTS)) and
                    (len(alerts) == 1 or alerts and template == "-T0") and
                    all(a["source"]["ip"] == SCANNER[4] for a in alerts) and
                    all(a["portlight"]["techniques"] in (["syn"], ["connect", "syn"])
                        for a in alerts),
                    f"nmap {template}, a probe every {gap} s, {probes} probes: "
                    f"{'; '.join(map(described, alerts)) or 'no event'}")


def cases_of(family, folder):
    yield from nmap_scans(family)
    yield from portlight_scans(family)
    yield from masscan_scans(family)
    if family == 4:
        yield from sweeps()
        yield from zmap_scans(folder)
        yield from hping_scans()
    yield from bystanders(family)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="*", help="cases whose name matches this pattern")
    parser.add_argument("--keep", type=pathlib.Path, help="leave the recordings in this folder")
    options = parser.parse_args()
    tally = harness.Checks()

    def check_family(family):
        for case in cases_of(family, folder):
            if not fnmatch.fnmatch(case.name, options.only):
                continue
            started = time.monotonic()
            try:
                watch_case(tally, case, folder)
            except (RuntimeError, OSError, KeyError, ValueError,
                    subprocess.SubprocessError) as error:
                tally.check(False, f"{case.name} IPv{family}: {error!r}")
            print(f"# {case.name} IPv{family}: {time.monotonic() - started:.1f} s", flush=True)

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        # Both mostly wait.
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(check_family, (4, 6)))
        check_slow(tally, folder)
        if options.keep:
            shutil.copytree(folder, options.keep, dirs_exist_ok=True)
    return tally.conclude()


if __name__ == "__main__":
    sys.exit(main())
