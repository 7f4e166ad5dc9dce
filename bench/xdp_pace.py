#!/usr/bin/python3
"""xdp_pace: rates asked for and what came of them, by a clock at the far end of a veth pair.

usage: xdp_pace.py [--rounds N] [--engine frames,xdp,masscan]   run by tests/net/private.sh; BUILD names the build directory

Prints rows of markdown: the mean that the far end saw, the standard deviation about it of intervals
of 20 ms, the most that came within 1 ms, and the processor's share that the command took: 100 % is
one processor. A figure is the median of the rounds.
"""
import argparse
import os
import statistics
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, TOP + "/tests/net")
os.environ.setdefault("BUILD", TOP + "/build")
from pace import measure  # noqa: E402  (a file of tests/net)
from xdp_lab import far_mac  # noqa: E402

# Asked for, and how many probes.
RATES = [("0.5", 4), ("100", 300), ("1000", 3000), ("10000", 30000), ("100000", 300000),
         ("300000", 900000), ("1000000", 2000000)]
UNLIMITED = ("20000000", 1000000)
MASSCAN = RATES[1:]


def plan(probes):
    """Ports and hosts."""
    hosts = 1 if probes <= 50000 else -(-probes // 50000)
    return f"1-{probes // hosts}", f"198.19.0.1-198.19.0.{hosts}"


def command(engine, rate, probes):
    ports, hosts = plan(probes)
    if engine == "masscan":
        return ["timeout", "60", "masscan", "--retries", "0", "--rate", rate, "-p", ports, hosts,
                "--wait", "1", "--router-mac", far_mac(), "-e", "v0", "--source-ip", "198.18.0.1",
                "-oG", "/dev/null"]
    return ["timeout", "60", os.environ["BUILD"] + "/portlight", "scan", "--engine", engine, "-sS",
            "-p", ports, "--max-rate", rate, "--max-retries", "0", "-vv", "-oD", "/dev/null",
            hosts]


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def row(engine, rate, probes, rounds):
    seen = []
    for _ in range(rounds):
        figures, said = measure("p0", "drop", command(engine, rate, probes))
        if figures["status"] or figures["probes"] < 0.9 * probes:
            if engine == "masscan":
                return f"| {engine} | {number(float(rate))} | did not end | - | - | - | - |"
            raise SystemExit(f"{engine} at {rate}/s: {figures}\n{said}")
        seen.append(figures)

    def middle(what):
        return statistics.median(float(what(f)) for f in seen)

    own = [f for f in seen if f["said_mean"]]
    asked = "unlimited" if rate == UNLIMITED[0] else number(float(rate))
    said = "-"
    if own:
        said = " ± ".join(number(statistics.median(float(f[name]) for f in own))
                          for name in ("said_mean", "said_deviation"))
    return (f"| {engine} | {asked} | {number(middle(lambda f: f['mean']))} | "
            f"{number(middle(lambda f: f['deviation']))} | {number(middle(lambda f: f['most_1']))} | "
            f"{100 * middle(lambda f: f['cpu'] / f['wall']):.0f} % | {said} |")


def pace_table(rounds, engines=("frames", "xdp", "masscan")):
    """Over v0, whose far end routes 198.19.0.0/16: takes the XDP hooks of both."""
    lines = ["| program | requested, packets/s | mean, by the far end | standard deviation | "
             "most in 1 ms | of a processor | reported by -vv |", "|---|---|---|---|---|---|---|"]
    for engine in engines:
        for rate, probes in {"masscan": MASSCAN}.get(engine, [*RATES, UNLIMITED]):
            # Below 1,000 a second xdp leaves it to frames.
            if engine != "xdp" or float(rate) >= 1000:
                lines.append(row(engine, rate, probes if float(rate) < 1e6 or engine == "xdp"
                                 else probes // 2, rounds))
                print(lines[-1], file=sys.stderr, flush=True)
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engine", default="frames,xdp,masscan")
    args = parser.parse_args()
    queues = "numtxqueues 2 numrxqueues 2"
    for line in (f"ip netns add target; ip link add v0 {queues} type veth peer name p0 netns target "
                 f"{queues}", "ip addr add 198.18.0.1/24 dev v0; ip link set v0 up",
                 "ip -n target addr add 198.18.0.2/24 dev p0; ip -n target link set p0 up",
                 "ip route add 198.19.0.0/16 via 198.18.0.2; sleep 0.5"):
        if os.system(line):
            raise SystemExit("no network of its own")
    print(pace_table(args.rounds, args.engine.split(",")))


if __name__ == "__main__":
    main()
