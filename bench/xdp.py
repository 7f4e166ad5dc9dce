#!/usr/bin/python3
"""xdp: the xdp engine next to the frames engine, a constant-frame program, masscan and zmap.

usage: xdp.py [--write] [--rounds N] [--memory | --peers]      run by bench/xdp.sh in a network of its own

Two namespaces joined by a veth pair. All figures of a round come right after one another, because
a shared machine drifts: what carries over are the ratios. A figure is the median of the rounds.
"""
import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import time

from scan_memory import memory_peak
from xdp_lab import NET, NETWORK, PORTS, PROBES, far_mac, number, timed, truth
from xdp_pace import pace_table
from xdp_zmap import ALL, LEAST_PPS, UNLIMITED, Zmap

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.environ.get("BUILD", TOP + "/build")
PORTLIGHT = BUILD + "/portlight"
FLOOR = "loop of a constant "
THREADS = 2 if len(os.sched_getaffinity(0)) > 1 else 1


def sh(command):
    subprocess.run(command, shell=True, check=True)


def far_end(program):
    """What the other end of the cable does with a frame."""
    sh("ip -n target link set dev p0 xdpdrv off")
    sh(f"ip -n target link set dev p0 xdpdrv obj {BUILD}/bench/{program}.o sec xdp")


def near_end(program):
    """Without a program of its own on v0, nothing that the far end sends by XDP comes in."""
    sh("ip link set dev v0 xdpdrv off")
    if program:
        sh(f"ip link set dev v0 xdpdrv obj {BUILD}/{program}.o sec xdp")


def constant(figures, name, *how):
    """Adds what floor_xdp says: M/s by the wall, and of processor time."""
    done, _, _ = timed([BUILD + "/bench/floor_xdp", BUILD + "/bench/xdp_constant.o", "v0", "2",
                        str(THREADS), *how])
    for what, wall, cpu in re.findall(r"(\w+ \d) ([\d.]+) M/s wall, ([\d.]+) M/s of", done.stdout):
        figures.setdefault(name + what, []).append((float(wall), float(cpu)))


def loop_floor(figures):
    """Constant frames there, four of five back: what any sender's loop costs here at least."""
    far_end("xdp_echo")
    near_end("bench/xdp_drop")
    constant(figures, FLOOR.removesuffix("constant "), "constant")
    near_end(None)


def transmit(figures):
    far_end("xdp_drop")
    near_end(None)
    constant(figures, "")
    done, wall, cpu = timed([BUILD + "/bench/floor_engine", "198.18.0.2", "8"])
    sent = 8 * 65536
    figures.setdefault("frames", []).append((sent / wall / 1e6, sent / cpu / 1e6))


def scan_portlight(engine, figures, open_ports, rate, hosts=16, technique="-sS", name=None):
    done, wall, cpu = timed(
        [PORTLIGHT, "scan", "--engine", engine, technique, "-p", f"1-{PORTS}", "--max-rate",
         str(rate), "--max-retries", "1", "--open", "-vv", "-oD", "/dev/shm/portlight.json",
         f"198.19.0.0/{hosts}"])
    if done.returncode:
        raise SystemExit(done.stderr)
    with open("/dev/shm/portlight.json") as lines:
        objects = [json.loads(line) for line in lines]
    summary = objects[-1]
    found = {(number(o["ip"]), o["port"]) for o in objects
             if o["type"] == "port" and o["state"] == "open"}
    os.unlink("/dev/shm/portlight.json")
    want = {(a, p) for a, p in open_ports if a < NET + (1 << 32 - hosts)}
    # With an output to a file there is no table: the summary is in the file.
    sent = summary["probes"]["sent"]
    rate = re.search(r"passes: (\d+) packets/s on average, standard deviation (\d+)",
                     " ".join(done.stderr.split()))
    figures.setdefault(name or engine, []).append({
        "wall": wall, "open": len(want), "cpu": cpu, "recall": len(found & want) / len(want),
        "false": len(found - want), "sent": sent,
        "rate": float(rate.group(1)) / 1e6 if rate else None})


# A gateway's; on-link, a machine that answers for all and each host for itself; and UDP, whose hosts
# each have a number of their own for when they limit their errors (the far end answers none of that).
MEMORY = {"by SYN, behind a gateway": "-sS", "by SYN, on-link": "-sS",
          "by SYN, on-link, each with a MAC address of its own": "-sS", "by UDP": "-sU"}


def memory(plan):
    """MiB: resident of a tiny plan and of a full one, of which two windows are open; what a million
    probes of window take, so and with all that the kernel holds for them."""
    far_end("xdp_drop" if "UDP" in plan else "responder_macs" if "own" in plan else "responder")
    if "on-link" in plan:
        sh("ip route replace 198.19.0.0/16 dev v0 src 198.18.0.1")
    most = []
    for hosts in ("28", "16"):
        command = [PORTLIGHT, "scan", "--engine", "xdp", MEMORY[plan], "-p", f"1-{PORTS}",
                   "--max-rate", "10000000", "--max-retries", "1", f"198.19.0.0/{hosts}"]
        status, *peaks = memory_peak(command, stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL)
        if status:
            raise SystemExit(f"the scan {plan} failed")
        most.append([peak / 1024 for peak in peaks])
    sh("ip route replace 198.19.0.0/16 via 198.18.0.2")
    far_end("responder")
    (small, small_own), (large, large_own) = most
    return small, large, *((b - a) / (PROBES / 1e6)
                           for a, b in ((small, large), (small_own, large_own)))


def run_masscan():
    return timed(
        ["timeout", "100", "masscan", "--retries", "0", "--rate", "10000000", "-p", f"1-{PORTS}",
         NETWORK, "--wait", "1", "--router-mac", far_mac(), "-e", "v0",
         "--source-ip", "198.18.0.1", "-oG", "/dev/shm/masscan"])


def scan_masscan(figures, open_ports):
    # Once in some runs it does not end after it has waited.
    for _ in range(3):
        done, wall, cpu = run_masscan()
        if done.returncode != 124:
            break
    if done.returncode:
        raise SystemExit(f"masscan: exit status {done.returncode}\n{done.stderr[-2000:]}")
    found = set()
    with open("/dev/shm/masscan") as lines:
        for line in lines:
            hit = re.search(r"Host: ([\d.]+).*Ports: (\d+)/open", line)
            if hit:
                found.add((number(hit.group(1)), int(hit.group(2))))
    os.unlink("/dev/shm/masscan")
    # It waits a second, and as long again to end, after the last probe.
    sending = wall - 2 if wall > 3 else wall
    figures.setdefault("masscan", []).append({
        "wall": wall, "cpu": cpu, "recall": len(found & open_ports) / len(open_ports),
        "false": len(found - open_ports), "sent": PROBES, "rate": PROBES / sending / 1e6,
        "sending": sending})


def peers(figures, open_ports, zmap):
    if shutil.which("masscan"):
        scan_masscan(figures, open_ports)
    if zmap.program:
        zmap.round(figures, open_ports)


def median(values):
    return statistics.median(values)


def synack(scans):
    """What one SYN+ACK costs, answered where it comes in, and reported."""
    def cpu_a_probe(name):
        return median([x["cpu"] / x["sent"] for x in scans[name]]), median(
            [x["open"] / x["sent"] for x in scans[name]])

    few, few_open = cpu_a_probe("few")
    half, half_open = cpu_a_probe("half")
    each = (half - few) / (half_open - few_open)
    return (f"A SYN+ACK is answered with a RST in the kernel's program, and goes into the report: "
            f"{each * 1e6:.1f} us of processor time each, by two scans of a /18 with 1 % and 50 % of "
            f"its ports open. With 1 % open that is {each * few_open / few * 100:.0f} % of what the "
            "scan costs.")


def memory_table(memories):
    lines = ["## Memory, resident at most", "",
             f"| {PORTS} ports each | MiB for 480 probes | MiB for {PROBES:,} in two windows | "
             "MiB per million probes of window | the same, private memory and the kernel's maps |",
             "|---|---|---|---|---|"]
    for plan, rounds in memories.items():
        small, large, each, own = (median(x) for x in zip(*rounds))
        lines.append(f"| {plan} | {small:.1f} | {large:.1f} | {each:.2f} | {own:.2f} |")
    return "\n".join(lines + [
        "", "The last column has each BPF map whole, as the kernel counts it, whether it is mapped or "
        "not, and leaves out the pages of the program's files, of which a longer scan just touches "
        "more."])


def pace(rounds):
    return "\n".join(
        ["## Pace", "", "As a clock of the far end's XDP program has it: the deviation is that of "
         "intervals of 20 ms about the mean; 100 % is one processor, loading the programs included.",
         "", pace_table(rounds, ("frames", "xdp"))])


def loop_table(scans, speed):
    lines = [f"## The whole loop: {PROBES:,} probes, 1 % open, 79 % closed, 20 % silent", "",
             "| program | seconds, whole command | rate of sending, M/s | recall | false open | "
             "CPU s per million probes |", "|---|---|---|---|---|---|"]
    texts = {"xdp": "portlight xdp, one retry pass", "half": "portlight xdp, a /18 of which half is "
             "open", "frames": "portlight frames, one retry pass, "
             "a /19 at 0.2 M/s", "sockets": "portlight sockets, connect, "
             "one retry pass, a /22", "masscan": "masscan, no retry"}
    texts.update({name: name for name in scans if name.startswith("zmap")})
    for name, text in texts.items():
        if name not in scans:
            continue
        f = scans[name]
        rate = [x["rate"] for x in f if x["rate"]]
        lines.append(f"| {text} | {median([x['wall'] for x in f]):.2f} | "
                     f"{f'{median(rate):.3g}' if rate else '-'} | {min(x['recall'] for x in f):.4f} | "
                     f"{max(x['false'] for x in f)} | "
                     f"{median([x['cpu'] / x['sent'] * 1e6 for x in f]):.2f} |")
    for threads in range(1, THREADS + 1):
        wall, cpu = (median([f[i] for f in speed[FLOOR + str(threads)]]) for i in (0, 1))
        lines.append(f"| the floor: constant frames there, four of five back, no scan; {threads} "
                     f"thread{'s' * (threads > 1)} | {PROBES / wall / 1e6:.2f} | {wall:.3g} | - | - | "
                     f"{1 / cpu:.2f} |")
    most = max(median([f[0] for f in speed[FLOOR + str(n + 1)]]) for n in range(THREADS))
    return "\n".join(lines + ["", comparison(scans, most)])


def comparison(scans, floor):
    """xdp's rate of sending over that of each of the others which have the same plan; and what the
    floor's would be, which no scanner can pass."""
    def middle(name, what):
        return median([x[what] for x in scans[name]])

    said = ["Recall is the worst of the rounds, false open the most.",
            f"xdp / the floor, rate of sending: {middle('xdp', 'rate') / floor:.2f}."]
    for name, f in scans.items():
        if name == "masscan" or name.endswith(ALL) and f[0]["sent"] == PROBES:
            said.append(f"xdp / {name}, rate of sending: "
                        f"{middle('xdp', 'rate') / middle(name, 'rate'):.1f} (the floor / it: "
                        f"{floor / middle(name, 'rate'):.1f}).")
        rounds = len(scans.get(name.removesuffix(UNLIMITED) + ALL, []))
        if name.endswith(UNLIMITED) and rounds < len(f):
            said.append(f"{name.removesuffix(UNLIMITED)} found everything in {rounds} of {len(f)} "
                        f"rounds, tried down to {LEAST_PPS / 1e6:.2f} M/s.")
    if "masscan" in scans:
        said.append("masscan's sending alone / the whole xdp command: "
                    f"{middle('masscan', 'sending') / middle('xdp', 'wall'):.1f}.")
    return " ".join(said)


def report(speed, scans, memories, pace, rounds):
    def s(name, which):
        return median([f[which] for f in speed[name]])

    lines = [
        "# The xdp engine, measured", "",
        f"Two namespaces joined by a veth pair, {os.cpu_count()} processors, kernel "
        f"{os.uname().release.split('-')[0]}, load {os.getloadavg()[0]:.1f} at the end; medians of {rounds} "
        "rounds. \"Of processor time\" divides by the CPU seconds of the sending threads, far end "
        "included, which is what a shared machine leaves comparable. The pair has a queue each way "
        "for each sending thread.", "",
        "## Transmit alone, into a far end that drops in XDP", "",
        "| what | M/s by the wall | M/s of processor time |", "|---|---|---|"]
    names = {"constant": "constant frame, BPF_PROG_RUN",
             "transmit": "xdp engine's program: permutation, cookie, checksums"}
    for name, text in names.items():
        for threads in range(1, THREADS + 1):
            key = f"{name} {threads}"
            lines.append(f"| {text}; {threads} thread{'s' * (threads > 1)} | {s(key, 0):.2f} | "
                         f"{s(key, 1):.2f} |")
    lines += [f"| frames engine, AF_PACKET; it uses both processors | {s('frames', 0):.2f} | "
              f"{s('frames', 1):.2f} |", ""]
    for threads in range(1, THREADS + 1):
        x, c = f"transmit {threads}", f"constant {threads}"
        lines.append(
            f"{threads} thread{'s' * (threads > 1)}: xdp / constant {s(x, 0) / s(c, 0):.2f} by the "
            f"wall, {s(x, 1) / s(c, 1):.2f} of processor time; xdp / frames "
            f"{s(x, 0) / s('frames', 0):.1f} and {s(x, 1) / s('frames', 1):.1f}.")
    if THREADS > 1:
        lines.append(f"xdp, two threads / one: {s('transmit 2', 0) / s('transmit 1', 0):.2f} by the "
                     "wall.")
    lines += ["", loop_table(scans, speed)]
    lines += ["", synack(scans)]
    lines += ["", memory_table(memories), "", pace]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--memory", action="store_true", help="that alone")
    parser.add_argument("--peers", action="store_true", help="only masscan and zmap next to xdp")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    queues = f"numtxqueues {THREADS} numrxqueues {THREADS}"
    sh(f"ip netns add target; ip link add v0 {queues} type veth peer name p0 netns target {queues}")
    sh("ip addr add 198.18.0.1/24 dev v0; ip -n target addr add 198.18.0.2/24 dev p0")
    sh("ip link set v0 up; ip -n target link set p0 up; ip link set lo up")
    sh("ip route add 198.19.0.0/16 via 198.18.0.2; sleep 0.5")
    # It answers ARP for all of them.
    sh("ip -n target route add local 198.19.0.0/16 dev lo")
    for last in range(2, 10):
        sh(f"ip neigh replace 198.18.0.{last} lladdr {far_mac()} dev v0 nud permanent")
    open_ports, half_open = truth(), truth(50)
    speed, scans, memories = {}, {}, {}
    zmap = Zmap()
    if args.peers:
        for _ in range(args.rounds):
            loop_floor(speed)
            far_end("responder")
            scan_portlight("xdp", scans, open_ports, 10000000)
            near_end("tests/net/xdp_pass")
            peers(scans, open_ports, zmap)
        print(loop_table(scans, speed))
        return
    if args.memory:
        for _ in range(args.rounds):
            for plan in MEMORY:
                memories.setdefault(plan, []).append(memory(plan))
        print(memory_table(memories))
        return
    for _ in range(args.rounds):
        transmit(speed)
        loop_floor(speed)
        far_end("responder")
        near_end(None)
        scan_portlight("xdp", scans, open_ports, 10000000)
        for plan in MEMORY:
            memories.setdefault(plan, []).append(memory(plan))
        scan_portlight("xdp", scans, open_ports, 10000000, 18, name="few")
        far_end("responder_half")
        scan_portlight("xdp", scans, half_open, 10000000, 18, name="half")
        far_end("responder")
        near_end("tests/net/xdp_pass")
        scan_portlight("frames", scans, open_ports, 200000, 19)
        scan_portlight("sockets", scans, open_ports, 200000, 22, "-sT")
        peers(scans, open_ports, zmap)
    # Its own programs count the frames at the far end.
    near_end(None)
    sh("ip -n target link set dev p0 xdpdrv off")
    text = report(speed, scans, memories, pace(args.rounds), args.rounds)
    print(text)
    if args.write:
        with open(TOP + "/bench/RESULTS-xdp.md", "w") as out:
            out.write(text)


main()
