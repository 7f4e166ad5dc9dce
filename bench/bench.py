"""bench: the figures of README and RESULTS.md, each next to its counterpart in the same run.

Runs in a private network (run.sh). The programs that are compared take turns, so that a slow moment
of the machine meets both; what is shown is the median of the runs and the ratio of the medians.
"""

import argparse
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree

import discovery

TOP = pathlib.Path(__file__).parent.parent
PORTLIGHT = TOP / "build/portlight"
LAB_SERVER = TOP / "build/tests/net/lab_server"
FLOOR = TOP / "build/bench/floor_sendmmsg"
ENGINE = TOP / "build/bench/floor_engine"
XDP_DROP = TOP / "build/xdp_drop.o"
NO_CAPABILITIES = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"]
HOST = "198.18.0.10"
NETWORK = "198.18.4.0/24"
OPEN_PORTS = ["22", "80", "443", "3000-3039", "8080", "50000-50009"]
SINK_MAC = "02:00:00:00:00:02"
SINK_HOSTS = 32
RUN_SECONDS = 400


def sh(*command):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def far(*command):
    sh("ip", "netns", "exec", "far", *command)


def build_network():
    """One far host on the link, which also has each address of NETWORK; ICMP errors unlimited."""
    sh("ip", "netns", "add", "far")
    sh("ip", "link", "add", "near", "type", "veth", "peer", "name", "far", "netns", "far")
    sh("ip", "address", "add", "198.18.0.1/24", "dev", "near")
    sh("ip", "link", "set", "near", "up")
    sh("ip", "route", "add", NETWORK, "dev", "near", "src", "198.18.0.1")
    sh("ip", "-n", "far", "link", "set", "lo", "up")
    sh("ip", "-n", "far", "address", "add", f"{HOST}/24", "dev", "far")
    sh("ip", "-n", "far", "link", "set", "far", "up")
    sh("ip", "-n", "far", "route", "add", "local", NETWORK, "dev", "lo")
    far(str(LAB_SERVER), "tcp", *OPEN_PORTS)
    # Ten of the hundred ports that network_scan asks for are dropped.
    subprocess.run(["ip", "netns", "exec", "far", "nft", "-f", "-"], check=True, text=True, input=f"""
        table inet bench {{ chain filter {{
            type filter hook input priority 0; policy accept;
            ip daddr {NETWORK} tcp dport 90-99 drop
        }}
        }}""")


def build_sink():
    """A link whose far end drops everything as early as it can. Returns in what."""
    sh("ip", "netns", "add", "sink")
    sh("ip", "link", "add", "hose", "type", "veth", "peer", "name", "sink", "netns", "sink")
    sh("ip", "-n", "sink", "link", "set", "sink", "address", SINK_MAC)
    sh("ip", "address", "add", "198.19.0.1/24", "dev", "hose")
    sh("ip", "link", "set", "hose", "up")
    for last in range(2, 2 + SINK_HOSTS):
        sh("ip", "neigh", "add", f"198.19.0.{last}", "lladdr", SINK_MAC, "nud", "permanent",
           "dev", "hose")
    sh("ip", "route", "add", "198.20.0.0/14", "via", "198.19.0.2")
    xdp = ["ip", "-n", "sink", "link", "set", "sink", "xdp", "obj", str(XDP_DROP), "sec", "xdp"]
    dropped_by = "XDP"
    if not XDP_DROP.exists() or subprocess.run(xdp, check=False, capture_output=True).returncode:
        dropped_by = "nftables (no XDP here)"
        subprocess.run(["ip", "netns", "exec", "sink", "nft", "-f", "-"], check=True, text=True,
                       input="""table netdev bench { chain drop_all {
                           type filter hook ingress device "sink" priority 0; policy drop;
                           }
                           }""")
    sh("ip", "-n", "sink", "link", "set", "sink", "up")
    return dropped_by


def timed(command):
    """Seconds, peak memory in MiB, standard output. What never ends is ended, and said."""
    command = ["timeout", "--signal=KILL", str(RUN_SECONDS), *command]
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        started = time.monotonic()
        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                                   stdout=output, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if process.returncode != 0:
            sys.exit(f"{' '.join(map(str, command))}: exit status {process.returncode}\n"
                     f"{errors.read().decode()[-2000:]}")
        return seconds, usage.ru_maxrss / 1024, output.read().decode()


def numbers(text):
    for part in text.split(","):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def states_of_json(text):
    states = {}
    for line in text.splitlines():
        item = json.loads(line)
        if item["type"] == "port":
            states[item["ip"], item["port"]] = item["state"]
        elif item["type"] == "ports":
            states.update({(item["ip"], n): item["state"] for n in numbers(item["ports"])})
    return states


def states_of_xml(path):
    states = {}
    for host in xml.etree.ElementTree.parse(path).getroot().iter("host"):
        address = next(a.get("addr") for a in host.iter("address") if a.get("addrtype") != "mac")
        for port in host.iter("port"):
            states[address, int(port.get("portid"))] = port.find("state").get("state")
        for group in host.iter("extraports"):
            for reason in group.iter("extrareasons"):
                states.update({(address, n): group.get("state") for n in numbers(reason.get("ports"))})
    return states


def against_nmap(runs, ours, theirs):
    """Both in turn; medians, and on how many ports of how many the states were the same."""
    our_seconds, their_seconds, same, ports = [], [], [], 0
    for _ in range(runs):
        seconds, _, output = timed([*ours, "--json"])
        our_seconds.append(seconds)
        with tempfile.NamedTemporaryFile(suffix=".xml") as file:
            seconds, _, _ = timed([*theirs, "-oX", file.name])
            their_seconds.append(seconds)
            nmap = states_of_xml(file.name)
        portlight = states_of_json(output)
        ports = len(nmap)
        same.append(sum(portlight.get(key) == state for key, state in nmap.items()))
    return (statistics.median(our_seconds), statistics.median(their_seconds),
            f"same state on {min(same)} of {ports} ports")


def bench_syn(runs):
    ours, theirs, note = against_nmap(
        runs, [PORTLIGHT, "scan", "--engine", "frames", "-sS", "-p-", HOST],
        ["nmap", "-sS", "-p-", "-n", "-Pn", HOST])
    yield ("SYN, one host, 65,535 ports", f"{ours:.2f} s", f"nmap -sS -p- {theirs:.2f} s",
           ours / theirs, "<= 0.5", note)


def bench_connect(runs):
    ours, theirs, note = against_nmap(
        runs, [*NO_CAPABILITIES, PORTLIGHT, "scan", "--engine", "sockets", "-sT", "-p-", HOST],
        [*NO_CAPABILITIES, "nmap", "--unprivileged", "-sT", "-p-", "-n", "-Pn", "-T5", HOST])
    yield ("connect without privilege, one host, 65,535 ports", f"{ours:.2f} s",
           f"nmap -sT -p- -T5 {theirs:.2f} s", ours / theirs, "<= 0.5", note)


def bench_network(runs):
    ports = "1-99,443"
    ours, theirs, note = against_nmap(
        runs, [PORTLIGHT, "scan", "--engine", "frames", "-sS", "-p", ports, NETWORK],
        ["nmap", "-sS", "-p", ports, "-n", "-Pn", NETWORK])
    yield ("SYN, 256 hosts x 100 ports, ten of them dropped", f"{ours:.2f} s",
           f"nmap -sS {theirs:.2f} s", ours / theirs, "<= 0.25", note)


def rate_of(command):
    output = subprocess.run([str(word) for word in command], check=True, text=True,
                            capture_output=True).stdout
    return float(re.search(r"[0-9.]+", output).group())


def bench_sender(runs, dropped_by):
    ours, floor = [], []
    for _ in range(runs):
        floor.append(rate_of([FLOOR, "hose", SINK_HOSTS * 65536, SINK_MAC]))
        ours.append(rate_of([ENGINE, "198.19.0.2", SINK_HOSTS]))
    ours, floor = statistics.median(ours), statistics.median(floor)
    yield (f"frames engine into a link that drops by {dropped_by}", f"{ours / 1e6:.2f} M/s",
           f"sendmmsg of one frame {floor / 1e6:.2f} M/s", ours / floor, ">= 0.85", "")


def bench_memory(_runs):
    seconds, memory, output = timed(
        [PORTLIGHT, "scan", "--engine", "frames", "-sS", "-p", "1-1000", "--max-retries", "0",
         "--max-rate", "100M", "--min-rate", "100M", "--json", "198.21.0.0/16"])
    sent = json.loads(output.splitlines()[-1])["probes"]["sent"]
    yield ("peak memory, /16 x 1000 ports", f"{memory:.1f} MiB", "", None, "< 64 MiB",
           f"{sent:,} probes in {seconds:.0f} s, no answers, no retries")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="keep the table in bench/RESULTS.md")
    parser.add_argument("--runs", type=int, default=5, help="of each, at least 5 to be quoted")
    parser.add_argument("--only", default="", help="of syn,connect,network,sender,memory,"
                        "discovery")
    options = parser.parse_args()
    build_network()
    dropped_by = build_sink()
    benches = {"syn": bench_syn, "connect": bench_connect, "network": bench_network,
               "sender": lambda runs: bench_sender(runs, dropped_by), "memory": bench_memory,
               "discovery": lambda runs: discovery.bench(PORTLIGHT, timed, runs)}
    chosen = [name for name in options.only.split(",") if name] or list(benches)
    nmap = subprocess.run(["nmap", "--version"], check=True, capture_output=True, text=True).stdout
    lines = ["# Measured side by side", "",
             f"`bench/run.sh --write` wrote this: medians of {options.runs} runs, taking turns; "
             f"{os.cpu_count()} cores, Linux {platform.release().split('-')[0]}, "
             f"nmap {nmap.split()[2]}, two namespaces joined by a veth pair. Absolute figures drift "
             "from machine to machine; the ratios carry over.", "",
             "| what | portlight | peer | ratio | aim | |", "|---|---|---|---|---|---|"]
    for name in chosen:
        for what, ours, theirs, ratio, aim, note in benches[name](options.runs):
            shown = "" if ratio is None else f"{ratio:.2f}"
            lines.append(f"| {what} | {ours} | {theirs} | {shown} | {aim} | {note} |")
            print(lines[-1], flush=True)
    if options.write:
        (TOP / "bench/RESULTS.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
