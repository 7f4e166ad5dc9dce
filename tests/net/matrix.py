"""matrix: scans the lab by every technique; compares with the truth, with nmap, and on the wire.

Runs in the scanner's namespace (matrix.sh). One check is one port's state, reason and sender
against truth.tsv; one port's state against nmap's, or the difference listed in differences.tsv;
one rule about the packets of one scan.
"""

import argparse
import collections
import concurrent.futures
import csv
import ipaddress
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness  # noqa: E402

HERE = pathlib.Path(__file__).parent
PORTLIGHT = os.environ["PORTLIGHT"]
LETTERS = {"connect": "T", "syn": "S", "fin": "F", "null": "N", "xmas": "X", "ack": "A",
           "window": "W", "maimon": "M", "udp": "U"}
# Flags as RFC 9293 3.1 numbers them, written here independently: the wire is checked against this.
FLAGS = {"syn": 0x02, "fin": 0x01, "null": 0x00, "xmas": 0x29, "ack": 0x10, "window": 0x10,
         "ttl": 0x10, "maimon": 0x11}
RST, ACK, SYN_ACK = 0x04, 0x10, 0x12
SCANNER = {4: "198.18.0.1", 6: "2001:db8:18::1"}
ROUTER = {4: "198.18.0.254", 6: "2001:db8:18::fe"}
# On-link addresses that are given as targets and excluded: no ARP or NDP request may ask for them.
EXCLUDED = {4: "198.18.0.120-121", 6: "2001:db8:18::120/127"}
EXCLUDED_LIST = {4: {"198.18.0.120", "198.18.0.121"},
                 6: {"2001:db8:18::120", "2001:db8:18::121"}}
NO_CAPABILITIES = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"]
# Hosts that are scanned apart from the others, and which of them together.
LIMITED = {"slow": "host", "unknown": "router", "prohibited": "router"}
RUN_SECONDS = 120
# Ethernet's type for local experiments (IEEE 802), to an address that no host has.
LAST_FRAME = bytes.fromhex("02000000fffe02000000ffff88b5") + b"the last frame".ljust(46, b"\0")

Port = collections.namedtuple("Port", "host family address how proto port condition")


def read_tsv(path):
    with open(path, encoding="ascii") as file:
        lines = (line for line in file if line.strip() and not line.startswith("#"))
        return list(csv.DictReader(lines, delimiter="\t"))


def read_lab():
    text = subprocess.run([HERE / "lab.sh", "truth"], check=True, capture_output=True, text=True)
    rows = csv.DictReader(text.stdout.splitlines(), delimiter="\t")
    return [Port(r["host"], int(r["family"]), r["address"], r["how"], r["proto"], int(r["port"]),
                 r["condition"]) for r in rows]


def read_truth():
    """(condition, engine) -> row; a row for "any" engine is entered for both."""
    truth = {}
    for row in read_tsv(HERE / "truth.tsv"):
        for engine in ("frames", "sockets") if row["engine"] == "any" else (row["engine"],):
            truth[row["condition"], engine] = row
    return truth


def expectation(truth, port, engine, technique):
    """(state, reason, sender) the truth has for a port; None: not asked."""
    row = truth[port.condition, engine]
    cell = row[technique]
    if cell == "-":
        return None
    state, _, reason = cell.partition(":")
    if reason == "net-or-no-route":
        reason = "net-unreach" if port.family == 4 else "no-route"
    return state, reason, ROUTER[port.family] if row["sender"] == "router" else None


def lose_again(family):
    """The lossy host forgets which probes of that family it has seen."""
    for proto in ("tcp", "udp"):
        subprocess.run(["ip", "netns", "exec", "lossy", "nft", "flush", "set", "inet", "lab",
                        f"{proto}_{family}"], check=True)


def port_argument(ports):
    parts = []
    for letter, proto in (("T", "tcp"), ("U", "udp")):
        numbers = sorted({p.port for p in ports if p.proto == proto})
        if numbers:
            parts.append(f"{letter}:" + ",".join(map(str, numbers)))
    return ",".join(parts)


def run(arguments, output=subprocess.PIPE):
    return subprocess.run(arguments, stdout=output, stderr=subprocess.PIPE, text=True,
                          stdin=subprocess.DEVNULL, timeout=RUN_SECONDS, check=False)


def scan(tally, engine, techniques, ports, extra=(), targets=None):
    """Runs portlight; {(technique, address, proto, port): object}, {address: host object}."""
    prefix = NO_CAPABILITIES if engine == "sockets" else []
    targets = targets or sorted({p.address for p in ports})
    arguments = [*prefix, PORTLIGHT, "scan", "--engine", engine, "--technique",
                 ",".join(techniques), "-p", port_argument(ports), "--json", "--all-ports",
                 "--all-hosts", *extra, *targets]
    result = run(arguments)
    tally.check(result.returncode == 0,
                f"{' '.join(arguments)}: exit status {result.returncode}: {result.stderr[-800:]}")
    states, hosts = {}, {}
    for line in result.stdout.splitlines():
        item = json.loads(line)
        if item["type"] == "port":
            states[item["technique"], item["ip"], item["proto"], item["port"]] = item
        elif item["type"] == "host":
            hosts[item["ip"]] = item
    return states, hosts


def check_truth(tally, truth, engine, technique, ports, found):
    states, hosts = found
    for port in ports:
        wanted = expectation(truth, port, engine, technique)
        if not wanted:
            continue
        where = (f"{engine} {technique} {port.host} {port.address} {port.how} "
                 f"{port.proto}/{port.port} {port.condition}")
        item = states.get((technique, port.address, port.proto, port.port))
        if wanted[0] == "down":
            status = hosts.get(port.address, {}).get("status")
            tally.check(item is None and status == "down", f"{where}: host is {status}, not down")
            continue
        got = (item["state"], item["reason"], item["from"]) if item else None
        tally.check(got == wanted, f"{where}: {got}, not {wanted}")


class Capture:
    """What passes the scanner's link while a scan runs, as the switch sees it: a frame that
    bypasses the queueing discipline is not captured in its own namespace."""

    def __init__(self):
        self.file = tempfile.NamedTemporaryFile(suffix=".pcap")
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", "switch", "tshark", "-Q", "-n", "-i", "p-scanner",
             "-w", self.file.name, "-F", "pcap"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        # It captures once the file has its header.
        deadline = time.monotonic() + 10
        while os.path.getsize(self.file.name) < 24 and time.monotonic() < deadline:
            time.sleep(0.01)

    def stop(self):
        # What is sent last shows that all before it is written.
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
            wire.bind(("eth0", 0))
            wire.send(LAST_FRAME)
        deadline = time.monotonic() + 20
        while (LAST_FRAME not in pathlib.Path(self.file.name).read_bytes() and
               time.monotonic() < deadline):
            time.sleep(0.02)
        if time.monotonic() >= deadline:
            raise RuntimeError("the capture is not whole")
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=20)
        names = ["ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport", "tcp.dstport",
                 "tcp.flags", "udp.dstport", "arp.opcode", "arp.src.proto_ipv4",
                 "arp.dst.proto_ipv4", "icmpv6.type", "icmpv6.nd.ns.target_address"]
        fields = [word for name in names for word in ("-e", name)]
        # Only the outermost header: an ICMP error quotes a second one.
        text = run(["tshark", "-n", "-r", self.file.name, "-T", "fields", "-E", "occurrence=f",
                    *fields]).stdout
        self.file.close()
        return [dict(zip(names, line.split("\t"))) for line in text.splitlines()]


def check_wire(tally, technique, family, ports, packets):
    where = f"wire {technique} IPv{family}:"
    targets = {p.address for p in ports}
    source, destination = ("ip.src", "ip.dst") if family == 4 else ("ipv6.src", "ipv6.dst")
    ours = [p for p in packets if p[source] == SCANNER[family]]
    probes = [p for p in ours if p["tcp.dstport"] or p["udp.dstport"]]
    tally.check(len(probes) > 0, f"{where} no probe was captured")
    strange = {p[destination] for p in probes} - targets
    tally.check(not strange, f"{where} packets to {strange}, which are no targets")
    asked = {p["arp.dst.proto_ipv4"] for p in packets
             if p["arp.opcode"] == "1" and p["arp.src.proto_ipv4"] == SCANNER[4]}
    asked |= {p["icmpv6.nd.ns.target_address"] for p in packets if p["icmpv6.type"] == "135"}
    touched = (asked | {p[destination] for p in ours}) & EXCLUDED_LIST[family]
    tally.check(not touched, f"{where} excluded addresses were touched: {touched}")
    if technique not in FLAGS:
        tally.check(not any(p["tcp.flags"] for p in probes), f"{where} TCP segments were sent")
        return
    accepted = {(p[source], p["tcp.srcport"], p["tcp.dstport"]) for p in packets
                if p["tcp.flags"] and int(p["tcp.flags"], 16) == SYN_ACK and
                p[destination] == SCANNER[family]}
    reset = set()
    flags = collections.Counter()
    for probe in probes:
        bits = int(probe["tcp.flags"], 16) if probe["tcp.flags"] else -1
        flow = (probe[destination], probe["tcp.dstport"], probe["tcp.srcport"])
        if bits in (RST, RST | ACK) and flow in accepted:
            reset.add(flow)
        else:
            flags[bits] += 1
    tally.check(set(flags) == {FLAGS[technique]},
                f"{where} flags {dict(flags)}, not {FLAGS[technique]} alone")
    tally.check(accepted == reset, f"{where} SYN+ACKs without a RST: {sorted(accepted - reset)}")
    some_open = any(p.condition.startswith("open") for p in ports)
    tally.check((technique == "syn" and some_open) == bool(accepted),
                f"{where} {len(accepted)} SYN+ACKs")


def nmap(technique, family, ports):
    """{(address, proto, port): state}; addresses that nmap calls down have none."""
    with tempfile.NamedTemporaryFile(suffix=".xml") as file:
        # Short waits, as this network answers in microseconds; time where errors are rationed.
        pace = ["--max-retries", "3", "--max-rtt-timeout", "250ms"]
        if {p.host for p in ports} <= set(LIMITED):
            pace = []
        result = run(["nmap", "-s" + LETTERS[technique], "-n", "-Pn", "--reason", "-T4", *pace,
                      "-oX", file.name, "-p", port_argument(ports), *(["-6"] if family == 6 else []),
                      *sorted({p.address for p in ports})])
        if result.returncode != 0:
            raise RuntimeError(f"nmap: {result.stderr[-500:]}")
        root = xml.etree.ElementTree.parse(file.name).getroot()
    states = {}
    for host in root.iter("host"):
        if host.find("status").get("state") != "up":
            continue
        addresses = [str(ipaddress.ip_address(a.get("addr"))) for a in host.iter("address")
                     if a.get("addrtype") != "mac"]
        for port in host.iter("port"):
            key = addresses[0], port.get("protocol"), int(port.get("portid"))
            states[key] = port.find("state").get("state")
        for group in host.iter("extraports"):
            for reason in group.iter("extrareasons"):
                for part in reason.get("ports").split(","):
                    first, _, last = part.partition("-")
                    for number in range(int(first), int(last or first) + 1):
                        states[addresses[0], reason.get("proto"), number] = group.get("state")
    return states


class Differences:
    """differences.tsv: where portlight and nmap differ, always or sometimes."""

    def __init__(self):
        self.rows = read_tsv(HERE / "differences.tsv")
        self.seen, self.asked = set(), set()

    def explain(self, engine, technique, port, ours, theirs):
        """Whether this (in)equality is as listed."""
        for number, row in enumerate(self.rows):
            if (row["engine"] in ("*", engine) and row["family"] in ("*", str(port.family)) and
                    row["host"] in ("*", port.host) and row["condition"] == port.condition and
                    row["proto"] == port.proto and
                    technique in row["techniques"].split(",")):
                self.asked.add(number)
                if (ours, theirs) == (row["portlight"], row["nmap"]):
                    self.seen.add(number)
                    return True
        return ours == theirs


def check_nmap(tally, differences, engine, technique, ports, found, theirs):
    states, _ = found
    for port in ports:
        item = states.get((technique, port.address, port.proto, port.port))
        ours = item["state"] if item else "none"
        other = theirs.get((port.address, port.proto, port.port), "none")
        tally.check(differences.explain(engine, technique, port, ours, other),
                    f"{engine} {technique} {port.host} {port.address} {port.proto}/{port.port} "
                    f"{port.condition}: {ours}, nmap says {other}, and the difference is not listed")


def groups(lab, technique, family):
    """Port lists to scan at one go. Where the number of ICMP errors is limited, only the ports that
    are asked about may be sent to."""
    proto = "udp" if technique == "udp" else "tcp"
    ports = [p for p in lab if p.family == family and p.proto == proto]
    if technique == "ttl":
        # The router's RSTs have come a hop less than the host's, so that they would differ.
        ports = [p for p in ports if p.condition != "path-tcp-reset"]
    split = collections.defaultdict(list)
    for port in ports:
        split[LIMITED.get(port.host, "")].append(port)
    return list(split.values())


def check_technique(tally, lab, truth, differences, technique, family, with_nmap):
    engines = {"connect": ["sockets"], "udp": ["sockets", "frames"]}.get(technique, ["frames"])
    for ports in groups(lab, technique, family):
        found = {}
        for engine in engines:
            lose_again(family)
            started = time.monotonic()
            capture = Capture() if engine == "frames" else None
            extra = ["--exclude", EXCLUDED[family]]
            targets = sorted({p.address for p in ports}) + [EXCLUDED[family]]
            found[engine] = scan(tally, engine, [technique], ports, extra, targets)
            if capture:
                on_link = [p for p in ports if p.how in ("onlink", "routed")]
                check_wire(tally, technique, family, on_link, capture.stop())
            check_truth(tally, truth, engine, technique, ports, found[engine])
            print(f"# {engine} {technique} IPv{family}: {len(ports)} ports, "
                  f"{time.monotonic() - started:.1f} s", flush=True)
        if with_nmap and technique in LETTERS:
            lose_again(family)
            started = time.monotonic()
            theirs = nmap(technique, family, ports)
            print(f"# nmap {technique} IPv{family}: {time.monotonic() - started:.1f} s", flush=True)
            for engine in engines:
                check_nmap(tally, differences, engine, technique, ports, found[engine], theirs)


def check_together(tally, lab, truth):
    """All techniques, both families, link, router and loopback in one scan."""
    names = {"linux", "lo", "windows", "oldbsd"}
    ports = [p for p in lab if p.host in names]
    techniques = [*FLAGS, "udp"]
    found = scan(tally, "frames", techniques, ports)
    for technique in techniques:
        proto = "udp" if technique == "udp" else "tcp"
        check_truth(tally, truth, "frames", technique, [p for p in ports if p.proto == proto],
                    found)
    for host, note in (("windows", "rst-to-all"), ("linux", "window-mute"), ("linux", "ttl-mute")):
        for port in {(p.address, p.family) for p in ports if p.host == host}:
            notes = found[1].get(port[0], {}).get("notes", [])
            tally.check(note in notes, f"{host} {port[0]}: notes {notes} lack {note}")
    for address in {p.address for p in ports if p.host == "oldbsd"}:
        notes = found[1].get(address, {}).get("notes", [])
        tally.check(not {"window-mute", "ttl-mute", "rst-to-all"} & set(notes),
                    f"oldbsd {address}: notes {notes}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-nmap", action="store_true", help="no second opinion")
    parser.add_argument("--only", default="", help="these techniques, comma-separated")
    options = parser.parse_args()
    lab, truth, differences, tally = read_lab(), read_truth(), Differences(), harness.Checks()
    chosen = [t for t in options.only.split(",") if t]

    def check_family(family):
        for technique in chosen or ["connect", *FLAGS, "udp"]:
            check_technique(tally, lab, truth, differences, technique, family, not options.no_nmap)

    # Both mostly wait for answers that do not come.
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(check_family, (4, 6)))
    if not chosen:
        check_together(tally, lab, truth)
    if not options.no_nmap:
        for number, row in enumerate(differences.rows):
            if row["when"] == "always" and (number in differences.asked or not chosen):
                tally.check(number in differences.seen,
                            f"differences.tsv lists what no longer occurs: {dict(row)}")
    return tally.conclude()


if __name__ == "__main__":
    sys.exit(main())
