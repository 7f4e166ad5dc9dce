"""discovery: finding hosts, next to nmap: packets sent, connection tracking entries, time.

Runs in a private network (run.sh --only discovery). A far network of 256 addresses, of which four
are hosts, one of 65,536 with one host in a hundred, both behind a router that tracks connections,
and a link with six hosts of 256 addresses. The programs take turns; medians are shown.
"""

import json
import statistics
import subprocess
import tempfile
import time
import xml.etree.ElementTree

NO_CAPABILITIES = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"]
FOUR = "198.18.8.0/24"
MANY = "198.22.0.0/16"
LINK = "198.18.9.0/24"
NMAP_SECONDS = 300


def sh(*command, **more):
    return subprocess.run(command, check=True, stdin=subprocess.DEVNULL, **more)


def build():
    """scanner -- router (tracks connections) -- a host with the addresses that are up; and a link."""
    for name in ("disc-router", "disc-hosts", "disc-link"):
        sh("ip", "netns", "add", name)
    sh("ip", "link", "add", "dn0", "type", "veth", "peer", "name", "dr0", "netns", "disc-router")
    sh("ip", "-n", "disc-router", "link", "add", "dr1", "type", "veth", "peer", "name", "dh0",
       "netns", "disc-hosts")
    sh("ip", "link", "add", "dn1", "type", "veth", "peer", "name", "dl0", "netns", "disc-link")
    sh("ip", "address", "add", "198.18.7.1/24", "dev", "dn0")
    sh("ip", "address", "add", "198.18.9.250/24", "dev", "dn1")
    for name in ("dn0", "dn1"):
        sh("ip", "link", "set", name, "up")
    for space, name, address in (("disc-router", "dr0", "198.18.7.2/24"),
                                 ("disc-router", "dr1", "198.18.6.1/24"),
                                 ("disc-hosts", "dh0", "198.18.6.2/24"),
                                 ("disc-link", "dl0", "198.18.9.1/24")):
        sh("ip", "-n", space, "address", "add", address, "dev", name)
        sh("ip", "-n", space, "link", "set", name, "up")
        sh("ip", "-n", space, "link", "set", "lo", "up")
    for last in range(2, 7):
        sh("ip", "-n", "disc-link", "address", "add", f"198.18.9.{last}/24", "dev", "dl0")
    sh("ip", "netns", "exec", "disc-router", "sysctl", "-qw", "net.ipv4.ip_forward=1")
    for network in (FOUR, MANY):
        sh("ip", "route", "add", network, "via", "198.18.7.2")
        sh("ip", "-n", "disc-router", "route", "add", network, "via", "198.18.6.2")
        sh("ip", "-n", "disc-hosts", "route", "add", "blackhole", network)
    sh("ip", "-n", "disc-hosts", "route", "add", "default", "via", "198.18.6.1")
    alive = [f"198.18.8.{last}" for last in (7, 70, 130, 201)]
    alive += [f"198.22.{n * 100 // 256}.{n * 100 % 256}" for n in range(1, 656)]
    batch = "".join(f"address add {address}/32 dev lo\n" for address in alive)
    sh("ip", "netns", "exec", "disc-hosts", "sysctl", "-qw", "net.ipv4.icmp_ratelimit=0")
    subprocess.run(["ip", "-n", "disc-hosts", "-batch", "-"], check=True, text=True, input=batch)
    subprocess.run(["ip", "netns", "exec", "disc-router", "nft", "-f", "-"], check=True, text=True,
                   input="""table inet track { chain forward {
                       type filter hook forward priority 0; policy accept;
                       ct state established accept
                       }
                       }""")


def sent_by(interface):
    link = json.loads(sh("ip", "-s", "-j", "link", "show", interface, capture_output=True,
                         text=True).stdout)[0]
    return link["stats64"]["tx"]["packets"]


def entries_made():
    """Connection tracking entries of the router; None where it has none."""
    try:
        return int(sh("ip", "netns", "exec", "disc-router", "cat",
                      "/proc/sys/net/netfilter/nf_conntrack_count", capture_output=True,
                      text=True).stdout)
    except (subprocess.CalledProcessError, ValueError):
        return None


def hosts_of_json(text):
    return {item["ip"] for item in map(json.loads, text.splitlines())
            if item["type"] == "host" and item["status"] == "up"}


def hosts_of_xml(path):
    return {next(a.get("addr") for a in host.iter("address") if a.get("addrtype") != "mac")
            for host in xml.etree.ElementTree.parse(path).getroot().iter("host")
            if host.find("status").get("state") == "up"}


def measure(timed, command, interface):
    packets, entries = sent_by(interface), entries_made()
    seconds, _, output = timed(command)
    after = entries_made()
    # Entries outlive a run (of a SYN two minutes, of ICMP 30 s), so the difference is what it made.
    made = None if entries is None or after is None else max(after - entries, 0)
    return seconds, sent_by(interface) - packets, made, output


def compare(timed, runs, ours, theirs, interface):
    """Medians of both: seconds, packets and entries; and whether they found the same hosts."""
    mine, peers, same = [], [], True
    for _ in range(runs):
        *figures, output = measure(timed, [*ours, "--json"], interface)
        mine.append(figures)
        with tempfile.NamedTemporaryFile(suffix=".xml") as file:
            *figures, _ = measure(timed, [*theirs, "-oX", file.name], interface)
            peers.append(figures)
            nmap = hosts_of_xml(file.name)
        found = hosts_of_json(output)
        same &= found == nmap
    def middle(rows, column):
        values = [row[column] for row in rows if row[column] is not None]
        return statistics.median(values) if values else None
    return ([middle(mine, n) for n in range(3)], [middle(peers, n) for n in range(3)],
            f"{len(found)} hosts up, {'the same' if same else 'NOT the same'} as nmap's")


def row(what, mine, peers, aim, note):
    def words(figures):
        tracked = "" if figures[2] is None else f", {figures[2]:.0f} tracked"
        return f"{figures[0]:.2f} s, {figures[1]:,.0f} packets{tracked}"
    return (what, words(mine), "nmap " + words(peers), mine[0] / peers[0], aim, note)


def bench(portlight, timed, runs):
    build()
    for user, before, flag in (("root", [], []), ("a user", NO_CAPABILITIES, ["--unprivileged"])):
        mine, peers, note = compare(timed, runs, [*before, portlight, "scan", FOUR],
                                    [*before, "nmap", *flag, "-n", FOUR], "dn0")
        yield row(f"1,000 ports of a routed /24 with four hosts, as {user}", mine, peers,
                  "<= 0.5, no more packets", note)
    mine, peers, note = compare(timed, runs, [portlight, "scan", "-sn", LINK],
                                ["nmap", "-n", "-sn", LINK], "dn1")
    yield row("-sn of a /24 on the link, 249 addresses without a host", mine, peers, "< 3 s", note)
    yield bench_many(portlight, timed)


def bench_many(portlight, timed):
    """nmap once, and no longer than NMAP_SECONDS; the hosts that are there are known."""
    *mine, output = measure(timed, [portlight, "scan", "-sn", "--json", MANY], "dn0")
    packets, entries = sent_by("dn0"), entries_made()
    try:
        started = time.monotonic()
        subprocess.run(["nmap", "-n", "-sn", MANY], check=True, capture_output=True,
                       stdin=subprocess.DEVNULL, timeout=NMAP_SECONDS)
        peer, least = time.monotonic() - started, ""
    except subprocess.TimeoutExpired:
        peer, least = NMAP_SECONDS, ", ended before it was done"
    tracked = None if entries is None else max(entries_made() - entries, 0)
    found = len(hosts_of_json(output))
    return row("-sn of a routed /16, 655 hosts (one run)", mine,
               (peer, sent_by("dn0") - packets, tracked), "<= 0.1",
               f"{found} of 655 hosts found{'; nmap' + least if least else ''}")
