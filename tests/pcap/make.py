"""make: records real scanners, and real clients that are none, in the lab, as small captures.

Runs in the scanner's namespace (make.sh). Each case is recorded with tcpdump while its command
runs; some recordings are then rewritten by a function of this file: times (hours out of seconds),
length of the packets kept, link header, file format. No byte is changed from the IP header on.
"""

import contextlib
import dataclasses
import fnmatch
import ipaddress
import os
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile
import time

import capture_file
from capture_file import Frame, LINK_ETHERNET, LINK_RAW_IP

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness  # noqa: E402

PORTLIGHT = os.environ["PORTLIGHT"]
SCANNER = {4: "198.18.0.1", 6: "2001:db8:18::1"}
LINUX = {4: "198.18.0.10", 6: "2001:db8:18::10"}
FAR = {4: "198.18.1.10", 6: "2001:db8:19::10"}
# Further addresses that this script gives to the scanner's host and to the one behind the router.
# Their ranges, and one where no host is.
SCANNER_MORE = [f"198.18.0.{n}" for n in range(130, 194)]
FAR_MORE = [f"198.18.1.{n}" for n in range(130, 194)]
FAR_MORE_RANGE, FAR_NOBODY = "198.18.1.130-193", "198.18.1.32-95"
FORGED = [f"198.19.0.{n}" for n in range(1, 65)]

# Four of these ports are open; of the UDP ports three answer.
TCP_PORTS, UDP_PORTS = "1-20,22,80,443,8080", "20-40,53,123,161"
# Fewer closed ports than make a scan.
FEW_PORTS = "81-88"
CLOSED_UDP = 24
START = 1_700_000_000 * 10**9
MILLISECOND, SECOND = 10**6, 10**9
MINUTE, HOUR = 60 * SECOND, 3600 * SECOND
RUN_SECONDS = 90
MARK = b"portlight: the recording ends"
NO_CAPABILITIES = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"]
ON_LINUX, AT_ROUTER = ("linux", "eth0"), ("router", "near")
FILTERS = {4: "ip or arp", 6: "ip6 and not net fe80::/10 and not src host ::"}
ALLOWED = [ipaddress.ip_network(n) for n in ("198.18.0.0/15", "2001:db8::/32", "ff00::/8")]


@dataclasses.dataclass
class Case:
    """A recording: what runs meanwhile, where it is recorded, and what becomes of it."""
    name: str
    command: object  # words, or a function
    family: int = 4
    where: tuple = ON_LINUX
    rewrite: object = None  # function of (link, frames): {name: bytes of a file}, None: as it is
    options: tuple = ()  # further words for tcpdump
    expression: str = ""


# The lab, with addresses that are the same in each run.

def ip(space, *words):
    subprocess.run(["ip", "-n", space, *words], check=True)


def prepare():
    """Fixed link addresses, and more addresses."""
    links = [("scanner", "eth0"), ("linux", "eth0"), ("far", "eth0"), ("router", "near"),
             ("router", "far"), ("windows", "eth0"), ("oldbsd", "eth0"), ("wall", "eth0"),
             ("lossy", "eth0"), ("slow", "eth0")]
    for number, (space, link) in enumerate(links, 1):
        ip(space, "link", "set", link, "address", f"02:00:00:00:00:{number:02x}")
    for space, link in links:
        ip(space, "neighbour", "flush", "dev", link)
    # A SYN+ACK that is sent again would come in the middle of a later recording.
    for space in ("linux", "far"):
        subprocess.run(["ip", "netns", "exec", space, "sysctl", "-q", "-w",
                        "net.ipv4.tcp_synack_retries=0"], check=True)
    for space, addresses in (("scanner", SCANNER_MORE), ("far", FAR_MORE)):
        batch = "".join(f"address add {a}/24 dev eth0\n" for a in addresses)
        subprocess.run(["ip", "-n", space, "-batch", "-"], check=True, input=batch, text=True)


# Recording.

class Recorder:
    """One tcpdump for each link of a host, from the moment this exists."""

    def __init__(self, case, folder):
        self.folder, self.processes, self.files = folder, [], []
        self.errors = folder / "errors"
        self.errors.write_bytes(b"")
        space, *links = case.where
        for link in links:
            file = folder / f"{link}.pcap"
            file.unlink(missing_ok=True)
            self.files.append(file)
            words = ["ip", "netns", "exec", space, "tcpdump", "-q", "-n", "-U",
                     "--immediate-mode", "-s", "2048", "-B", "8192", "-i", link, "-w",
                     file, "-Z", "root", *case.options,
                     case.expression or FILTERS[case.family]]
            with open(self.errors, "ab") as errors:
                self.processes.append(subprocess.Popen(
                    list(map(str, words)), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                    stderr=errors))
        self.wait("tcpdump did not start", lambda: self.errors.read_bytes().count(
            b"listening on") == len(self.files))

    def wait(self, what, condition):
        deadline = time.monotonic() + 20
        while not condition():
            if time.monotonic() > deadline or any(p.poll() is not None for p in self.processes):
                self.stop()
                raise RuntimeError(f"{what}: {self.errors.read_text(errors='replace')[-400:]}")
            time.sleep(0.02)

    def finish(self, address):
        """Sends a mark, waits until it is in each file, ends. What comes behind it is left out."""
        family = 6 if ":" in address else 4
        with socket.socket(socket.AF_INET6 if family == 6 else socket.AF_INET,
                           socket.SOCK_DGRAM) as mark:
            mark.sendto(MARK, (address, CLOSED_UDP))
        self.wait("the mark was not recorded",
                  lambda: all(MARK in f.read_bytes() for f in self.files))
        self.stop()
        if self.errors.read_bytes().count(b"\n0 packets dropped by kernel") != len(self.files):
            raise RuntimeError("packets were lost")
        link, frames = 0, []
        for number, file in enumerate(self.files):
            link, part = capture_file.read(file)
            end = next(i for i, f in enumerate(part) if MARK in f.data)
            frames += [dataclasses.replace(f, interface=number) for f in part[:end]]
        frames.sort(key=lambda f: f.time)
        return link, frames

    def stop(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(timeout=20)


def record(case, folder):
    """{file name: bytes}"""
    recorder = Recorder(case, folder)
    try:
        harness.run(case.command, RUN_SECONDS)
        far = case.where[0] == "router"
        link, frames = recorder.finish((FAR if far else LINUX)[case.family])
    finally:
        recorder.stop()
    if not frames:
        raise RuntimeError("no packet was recorded")
    check_addresses(link, frames)
    shift = START - frames[0].time
    frames = [dataclasses.replace(f, time=f.time + shift) for f in frames]
    if case.rewrite:
        return case.rewrite(link, frames)
    return {f"{case.name}.pcap": capture_file.pcap(link, frames)}


def ip_header(link, data):
    """The bytes from the IP header on; None if the frame holds none."""
    start = {LINK_ETHERNET: 14, LINK_RAW_IP: 0, 113: 16, 276: 20}[link]
    kind = data[start - 2:start] if link in (LINK_ETHERNET, 113) else data[:2]
    return data[start:] if kind in (b"\x08\x00", b"\x86\xdd") else None


def endpoints(link, data):
    """(source, destination) of IPv4 and IPv6; None else."""
    header = ip_header(link, data)
    if header is None:
        return None
    if header[0] >> 4 == 4:
        return ipaddress.ip_address(header[12:16]), ipaddress.ip_address(header[16:20])
    return ipaddress.ip_address(header[8:24]), ipaddress.ip_address(header[24:40])


def check_addresses(link, frames):
    """Captures that are published hold addresses of the lab only."""
    for f in frames:
        for address in endpoints(link, f.data) or ():
            if not any(address in network for network in ALLOWED):
                raise RuntimeError(f"{address} is no address of the lab")
        if link == LINK_ETHERNET:
            for mac in (f.data[:6], f.data[6:12]):
                if not mac[0] & 1 and mac[:5] != b"\x02\0\0\0\0":
                    raise RuntimeError(f"{mac.hex(':')} is no link address of the lab")


# Rewriting.

def respaced(frames, gap, scanners):
    """The same packets with other times: each IPv4 packet of one of the scanners comes `gap` after
    the one before (nanoseconds, or a function of its number), but RSTs, which answer at once.
    What is between them stays with the one before, 100 us apart."""
    wanted = {ipaddress.ip_address(a).packed for a in scanners}
    out, now, number = [], START, 0
    for f in frames:
        is_ip = f.data[12:14] == b"\x08\x00"
        if is_ip and f.data[26:30] in wanted and not (f.data[23] == 6 and f.data[47] & 4):
            if number:
                now = max(now, begun + (gap(number) if callable(gap) else gap))
            begun = now
            number += 1
        else:
            now += MILLISECOND // 10
        out.append(dataclasses.replace(f, time=now))
    return out


def slow_scans(link, frames):
    """The same scan, as if there was more time between its probes."""
    return {f"nmap-syn-{name}.pcap": capture_file.pcap(link, respaced(frames, gap, [SCANNER[4]]))
            for name, gap in (("15s", 15 * SECOND), ("1h", HOUR), ("8h", 8 * HOUR))}


def spaced(name, gap, scanners):
    return lambda link, frames: {f"{name}.pcap":
                                 capture_file.pcap(link, respaced(frames, gap, scanners))}


def other_forms(link, frames):
    """One scan in other forms of file, as a VLAN shows it, and cut off at other lengths."""
    def cut(length):
        kept = [dataclasses.replace(f, data=f.data[:length]) for f in frames]
        return capture_file.pcap(link, kept, snaplen=length)

    headless = [Frame(f.time, f.data[14:], f.length - 14) for f in frames
                if f.data[12:14] == b"\x08\x00"]
    # IEEE 802.1Q: the tag of VLAN 7 stands behind the addresses.
    tagged = [Frame(f.time, f.data[:12] + b"\x81\0\0\x07" + f.data[12:], f.length + 4)
              for f in frames]
    return {"form-vlan.pcap": capture_file.pcap(link, tagged),
            "form-big-endian-ns.pcap": capture_file.pcap(link, frames, ">", True),
            "form-raw-ip.pcap": capture_file.pcap(LINK_RAW_IP, headless),
            "form-snaplen-54.pcap": cut(54), "form-snaplen-34.pcap": cut(34)}


def two_interfaces(link, frames):
    return {"form-two-interfaces.pcapng": capture_file.pcapng(link, frames, ["near", "far"])}


def lossy(name, every):
    """Without each every-th packet, and ten times as slow: losses are looked at once a second."""
    def rewrite(link, frames):
        kept = [dataclasses.replace(f, time=START + 10 * (f.time - START))
                for i, f in enumerate(frames, 1) if i % every]
        return {f"{name}.pcapng": capture_file.pcapng(link, kept, ["eth0"],
                                                      len(frames) - len(kept))}
    return rewrite


def many_scanners(link, frames):
    """In less than a minute, and in half an hour; the last packet comes minutes later. The sources
    take turns and are reported at their tenth port, so all within a sixth of the time."""
    sources = SCANNER_MORE + [SCANNER[4]]
    out = {}
    for name, gap in (("many-scanners-in-50s", 50 * SECOND), ("many-scanners-in-30m", 30 * MINUTE)):
        probes = sum(f.data[12:14] == b"\x08\x00" and f.data[23] == 6 and not f.data[47] & 4
                     for f in frames)
        new = respaced(frames, gap // probes, sources)
        new[-1].time = new[-2].time + 2 * MINUTE
        out[f"{name}.pcap"] = capture_file.pcap(link, new)
    return out


# Commands.

def nmap(*words, family=4):
    return ["nmap", "-n", "-Pn", *(["-6"] if family == 6 else []), *words]


def nmap_ping(*words, family=4):
    return ["nmap", "-n", "-sn", *(["-6"] if family == 6 else []), *words]


def masscan(ports, source=SCANNER[4], *words):
    """It may wait for ever for one packet more, which timeout(1) ends."""
    return ["sh", "-c", 'timeout -s KILL 5 "$@"; :', "masscan", "masscan", LINUX[4], "-p", ports,
            "--rate", "1000", "--wait", "1", "--interface", "eth0", "--seed", "1", "--router-mac",
            "02:00:00:00:00:02", "--adapter-ip", source, "--source-port", "40000", *words]


def zmap(hosts):
    return ["zmap", "--config", os.devnull, "-b", os.devnull, "-p", "80", "-r", "1000", "-c", "1",
            "-e", "1", "-i", "eth0", "-G", "02:00:00:00:00:04", "-o", os.devnull, "-q", "-S",
            SCANNER[4], hosts]


def hping3(*flags, ports=TCP_PORTS):
    return ["hping3", "-q", "--scan", ports, *flags, LINUX[4]]


def hping3_each(pairs, count):
    """SYNs to port 80, from a source to a target of each pair, all pairs at the same time; the
    sources may be forged."""
    def send():
        senders = [subprocess.Popen(["hping3", "-q", "-c", str(count), "-i", "u200000", "-S", "-p",
                                     "80", "-a", source, target], stdin=subprocess.DEVNULL,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                   for source, target in pairs]
        for sender in senders:
            sender.wait(timeout=RUN_SECONDS)
    return send


def portlight(technique, family=4, engine="frames", ports=TCP_PORTS, targets=None):
    return [*(NO_CAPABILITIES if engine == "sockets" else []), PORTLIGHT, "scan", "--engine",
            engine, "--technique", technique, "-p", ports, "--seed", "1", "--json",
            targets or LINUX[family]]


def each(*commands):
    def all_of_them():
        for command in commands:
            harness.run(command, RUN_SECONDS)
    return all_of_them


def fetch(target, ports, times, source=None):
    """An ordinary client: connects, asks, closes. Also of ports that refuse."""
    with contextlib.suppress(OSError):
        for _ in range(times):
            for port in ports:
                with contextlib.suppress(OSError), socket.create_connection(
                        (target, port), 2, (source, 0) if source else None) as stream:
                    stream.sendall(b"GET / HTTP/1.1\r\nHost: lab\r\n\r\n")
                    stream.settimeout(0.05)
                    stream.recv(4096)


def knock(targets, ports):
    """Connects to each port of each target, and closes at once."""
    def all_of_them():
        for target in targets:
            for port in ports:
                with contextlib.suppress(OSError):
                    socket.create_connection((target, port), 2).close()
    return all_of_them


def clients(sources):
    def all_of_them():
        for source in sources:
            fetch(LINUX[4], [80], 2, source)
    return all_of_them


def restarted_server():
    """A server that is there, away for six connects, and there again."""
    words = ["ip", "netns", "exec", "linux", "/usr/bin/python3", "-m", "http.server", "8000"]
    for up in (True, False, True):
        server = None
        if up:
            server = subprocess.Popen(words, cwd="/run", stdin=subprocess.DEVNULL,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            deadline = time.monotonic() + 20
            while not subprocess.run(["ip", "netns", "exec", "linux", "ss", "-Hltn",
                                      "sport = :8000"], check=True, capture_output=True).stdout:
                if time.monotonic() > deadline:
                    raise RuntimeError("the server does not start")
                time.sleep(0.02)
        fetch(LINUX[4], [8000], 6)
        if server:
            server.kill()
            server.wait()


def resolve(family, times):
    """A stub resolver: each question from a port of its own."""
    def client():
        for number in range(times):
            with socket.socket(socket.AF_INET if family == 4 else socket.AF_INET6,
                               socket.SOCK_DGRAM) as stub:
                stub.settimeout(0.5)
                question = struct.pack("!6H", number, 0x0100, 1, 0, 0, 0) + b"\3www\3lab\0\0\1\0\1"
                with contextlib.suppress(OSError):
                    stub.sendto(question, (LINUX[family], 53))
                    stub.recv(512)
    return client


def shards(sources):
    """Each source asks its part of 32 closed ports."""
    return each(*(masscan("101-132", source, "--shard", f"{i}/{len(sources)}")
                  for i, source in enumerate(sources, 1)))


def parts(sources, first, ports):
    """Each source asks `ports` closed ports of its own."""
    return each(*(nmap("-sS", "-S", source, "-e", "eth0", "-p",
                       f"{first + i * ports}-{first + (i + 1) * ports - 1}", LINUX[4])
                  for i, source in enumerate(sources)))


def decoys(sources):
    """Each port is asked from each source; at last one ping."""
    return each(nmap("-sS", "-p", "81-92", "-D", ",".join(sources) + ",ME", LINUX[4]),
                ["ping", "-q", "-c", "1", LINUX[4]])


# The cases, by what they are to show.

def port_scans():
    for letter, name in (("T", "connect"), ("S", "syn"), ("F", "fin"), ("N", "null"), ("X", "xmas"),
                         ("A", "ack"), ("W", "window"), ("M", "maimon")):
        yield Case(f"nmap-{name}", nmap(f"-s{letter}", "-r", "-p", TCP_PORTS, LINUX[4]))
    yield Case("nmap-udp", nmap("-sU", "-r", "-p", UDP_PORTS, LINUX[4]))
    yield Case("nmap-syn-ipv6", nmap("-sS", "-r", "-p", TCP_PORTS, LINUX[6], family=6), 6)
    yield Case("nmap-xmas-ipv6", nmap("-sX", "-r", "-p", TCP_PORTS, LINUX[6], family=6), 6)
    yield Case("nmap-protocols", nmap("-sO", "-r", "-p", "20-40", LINUX[4]))
    yield Case("masscan-syn", masscan(TCP_PORTS))
    yield Case("masscan-udp", masscan("U:20-40,U:53,U:123,U:161"))
    yield Case("hping3-syn", hping3("-S"))
    yield Case("hping3-syn-fin", hping3("-SF"))
    yield Case("portlight-syn", portlight("syn"))
    yield Case("portlight-fin", portlight("fin"))
    yield Case("portlight-connect", portlight("connect", engine="sockets"))
    yield Case("portlight-syn-ipv6", portlight("syn", 6), 6)
    yield Case("portlight-udp-ipv6", portlight("udp", 6, ports="U:" + UDP_PORTS), 6)
    yield Case("slow", nmap("-sS", "-r", "-p", "81-104", LINUX[4]), rewrite=slow_scans)


def wider_scans():
    yield Case("nmap-ping-sweep", nmap_ping("-PE", FAR_NOBODY), where=AT_ROUTER)
    yield Case("nmap-arp-sweep", nmap_ping("-PR", "198.18.0.32-95"))
    yield Case("nmap-ping-sweep-ipv6", nmap_ping("-PE", "2001:db8:19::100/122", family=6), 6,
               AT_ROUTER)
    yield Case("zmap-sweep", zmap("198.18.1.0/26"), where=AT_ROUTER)
    yield Case("portlight-sweep", portlight("syn", ports="80,443", targets=FAR_NOBODY),
               where=AT_ROUTER)
    yield Case("nmap-block", nmap("-sS", "-r", "-p", "81-92", "198.18.1.130-135"), where=AT_ROUTER)
    yield Case("nmap-three-hosts", nmap("-sS", "-r", "-p", "81-96", "198.18.1.130-132"),
               where=AT_ROUTER)
    yield Case("masscan-four-shards", shards(SCANNER_MORE[:4]))
    yield Case("nmap-four-parts", parts(SCANNER_MORE[:4], 101, 8))
    yield Case("nmap-two-parts", parts(SCANNER_MORE[:2], 101, 8))
    yield Case("nmap-sctp-init", nmap("-sY", "-p", "1-40", LINUX[4]))
    yield Case("nmap-sctp-cookie", nmap("-sZ", "-p", "1-40", LINUX[4]))
    yield Case("nmap-synack", nmap("-sS", "--scanflags", "SYNACK", "-p", TCP_PORTS, LINUX[4]))
    yield Case("nmap-udp-from-53", nmap("-sU", "-g", "53", "--data-length", "8", "--max-retries",
                                        "0", "--host-timeout", "30", "-p", "40000-40023",
                                        LINUX[4]))
    yield Case("nmap-ack-from-443", nmap("-sA", "-g", "443", "-p", "40000-40023", LINUX[4]))
    yield Case("nmap-eight-ports-block", nmap("-sS", "-p", "81-88", "198.18.1.130-133"),
               where=AT_ROUTER)
    yield Case("connect-open-hosts", knock(FAR_MORE, [22]), where=AT_ROUTER)
    yield Case("monitor-open-hosts", each(knock(FAR_MORE, [22]), knock(FAR_MORE, [22])),
               where=AT_ROUTER)
    yield Case("masscan-two-shards", each(masscan("101-116", SCANNER_MORE[0], "--shard", "1/2"),
                                          masscan("101-116", SCANNER_MORE[1], "--shard", "2/2")))


def no_scans():
    """What is reported, but as no scan; and what is a little less than that."""
    for name, sources, syns in (("hping3-flood", 64, 3), ("hping3-flood-40-sources", 40, 5)):
        yield Case(name, hping3_each([(a, LINUX[4]) for a in FORGED[:sources]], syns),
                   rewrite=spaced(name, 4 * MILLISECOND, FORGED))
    yield Case("sixty-clients", clients(SCANNER_MORE[:60]))
    for name, servers, syns in (("reflection", 64, 3), ("reflection-40-servers", 40, 5)):
        yield Case(name, hping3_each([(LINUX[4], a) for a in FAR_MORE[:servers]], syns),
                   rewrite=spaced(name, 4 * MILLISECOND, FAR_MORE), expression="ip")
    for name, count in (("backscatter", 64), ("backscatter-16-hosts", 16)):
        yield Case(name, hping3_each([(a, LINUX[4]) for a in FAR_MORE[:count]], 1),
                   where=AT_ROUTER, expression="ip")
    yield Case("blind", nmap("-sF", "-r", "-p", TCP_PORTS, LINUX[4]), rewrite=lossy("blind", 10))
    yield Case("blind-half-percent", lambda: fetch(LINUX[4], [80, 443], 12),
               rewrite=lossy("blind-half-percent", 200))
    yield Case("many-scanners", decoys(SCANNER_MORE), rewrite=many_scanners)


def near_misses():
    """Each rule, a little less than it takes; and what ordinary hosts do."""
    for letter, name in (("S", "syn"), ("U", "udp")):
        yield Case(f"eight-ports-{name}", nmap(f"-s{letter}", "-r", "-p", FEW_PORTS, LINUX[4]))
    yield Case("eight-ports-null-ipv6", nmap("-sN", "-r", "-p", FEW_PORTS, LINUX[6], family=6), 6)
    yield Case("sixteen-hosts-syn", nmap("-sS", "-p", "80", "--max-retries", "1",
                                         "198.18.1.32/28"), where=AT_ROUTER)
    yield Case("eight-hosts-syn", nmap("-sS", "-p", "80", "--max-retries", "1",
                                       "198.18.1.32/29"), where=AT_ROUTER)
    yield Case("sixteen-hosts-ping", nmap_ping("-PE", "198.18.1.32/28"), where=AT_ROUTER)
    yield Case("sixteen-hosts-arp", nmap_ping("-PR", "198.18.0.32/28"))
    yield Case("ping-of-hosts-that-answer", nmap_ping("-PE", FAR_MORE_RANGE), where=AT_ROUTER)
    yield Case("four-hosts-two-ports", nmap("-sS", "-r", "-p", "81,82", "198.18.1.130-133"),
               where=AT_ROUTER)
    yield Case("neighbour-discovery", nmap_ping("-PR", "2001:db8:18::100/122", family=6), 6)
    yield Case("web-client", lambda: fetch(LINUX[4], [22, 80, 443, 8080], 8))
    yield Case("web-client-ipv6", lambda: fetch(LINUX[6], [22, 80, 443, 8080], 8), 6)
    yield Case("retries-of-a-closed-port", lambda: fetch(LINUX[4], [81], 40))
    yield Case("server-restarted", restarted_server)
    yield Case("dns-client", resolve(4, 40))
    yield Case("ping", ["ping", "-q", "-c", "10", "-i", "0.05", LINUX[4]])
    yield Case("traceroute-udp", ["traceroute", "-n", "-w", "0.5", "-m", "8", FAR[4]],
               where=AT_ROUTER)
    yield Case("traceroute-tcp", ["traceroute", "-T", "-p", "81", "-n", "-w", "0.5", "-m", "8",
                                  FAR[4]], where=AT_ROUTER)


def forms():
    """The same scan in other forms of file, and as other links and directions show it."""
    scan = nmap("-sS", "-r", "-p", TCP_PORTS, LINUX[4])
    yield Case("form", scan, rewrite=other_forms)
    yield Case("form-inwards-only", scan, options=("-Q", "in"))
    yield Case("form-outwards-only", scan, options=("-Q", "out"))
    yield Case("form-two-interfaces", nmap("-sS", "-r", "-p", TCP_PORTS, FAR[4]),
               where=("router", "near", "far"), rewrite=two_interfaces)
    yield Case("form-cooked", scan, where=("linux", "any"), options=("-y", "LINUX_SLL"))
    yield Case("form-cooked-2-ipv6", nmap("-sS", "-r", "-p", TCP_PORTS, LINUX[6], family=6), 6,
               where=("linux", "any"), options=("-y", "LINUX_SLL2"))


def main():
    folder, patterns = pathlib.Path(sys.argv[1]), sys.argv[2:] or ["*"]
    cases = [c for group in (port_scans, wider_scans, no_scans, near_misses, forms) for c in group()
             if any(fnmatch.fnmatch(c.name, p) for p in patterns)]
    folder.mkdir(parents=True, exist_ok=True)
    prepare()
    failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        for case in cases:
            started = time.monotonic()
            try:
                for name, data in record(case, pathlib.Path(scratch)).items():
                    capture_file.write_gzip(folder / f"{name}.gz", data)
            except (RuntimeError, OSError, ValueError, subprocess.SubprocessError) as error:
                failed += 1
                print(f"not made: {case.name}: {error}", flush=True)
            print(f"# {case.name}: {time.monotonic() - started:.1f} s", flush=True)
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
