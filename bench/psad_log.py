"""psad_log: a capture as the log that a firewall with `-j LOG` on all new flows would have written.

A line each for the first packet between two ends of a flow, if it is no answer: no RST, no SYN+ACK,
no ICMP error or reply. psad's findings from it are an upper bound: a firewall that logs only what it
drops gives it less to be wrong about.
"""

import subprocess
import time

FIELDS = ["frame.time_epoch", "ip.src", "ipv6.src", "ip.dst", "ipv6.dst", "ip.proto", "ipv6.nxt",
          "ip.len", "ip.ttl", "ip.id", "tcp.srcport", "tcp.dstport", "tcp.flags",
          "tcp.window_size_value", "udp.srcport", "udp.dstport", "udp.length", "icmp.type",
          "icmp.code", "icmp.ident", "icmpv6.type", "icmpv6.code"]
FLAGS = (("CWR", 0x80), ("ECE", 0x40), ("URG", 0x20), ("ACK", 0x10), ("PSH", 0x08), ("RST", 0x04),
         ("SYN", 0x02), ("FIN", 0x01))
ASKING = {"icmp": {"8", "13", "15", "17"}, "icmpv6": {"128"}}


def transport(p):
    """Key of the flow and the part of the line that is about it; None for an answer."""
    if p["tcp.srcport"]:
        flags = int(p["tcp.flags"], 16)
        if flags & 0x04 or flags & 0x12 == 0x12:
            return None
        names = "".join(f"{name} " for name, bit in FLAGS if flags & bit)
        return ((6, p["tcp.srcport"], p["tcp.dstport"]),
                f"PROTO=TCP SPT={p['tcp.srcport']} DPT={p['tcp.dstport']} "
                f"WINDOW={p['tcp.window_size_value']} RES=0x00 {names}URGP=0")
    if p["udp.srcport"]:
        return ((17, p["udp.srcport"], p["udp.dstport"]),
                f"PROTO=UDP SPT={p['udp.srcport']} DPT={p['udp.dstport']} LEN={p['udp.length']}")
    for proto in ("icmp", "icmpv6"):
        kind = p[f"{proto}.type"]
        if kind:
            if kind not in ASKING[proto]:
                return None
            ident = p["icmp.ident"] if proto == "icmp" else ""
            return ((1, kind, ident),
                    f"PROTO={proto.upper()[:4]}{proto[4:]} TYPE={kind} CODE={p[f'{proto}.code']} "
                    "ID=1 SEQ=1")
    number = p["ip.proto"] or p["ipv6.nxt"]
    return (number, "", ""), f"PROTO={number}"


def lines_of(path):
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-E", "occurrence=f"]
    command += [word for field in FIELDS for word in ("-e", field)]
    text = subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True).stdout
    known = set()
    for line in text.splitlines():
        p = dict(zip(FIELDS, line.split("\t")))
        source, target = p["ip.src"] or p["ipv6.src"], p["ip.dst"] or p["ipv6.dst"]
        if not source:
            continue
        found = transport(p)
        if p["tcp.srcport"] or p["udp.srcport"]:
            ports = (p["tcp.srcport"] or p["udp.srcport"], p["tcp.dstport"] or p["udp.dstport"])
            key = ("tcp" if p["tcp.srcport"] else "udp",
                   *sorted([(source, ports[0]), (target, ports[1])]))
        else:
            key = (found and found[0], *sorted([source, target]))
        fresh = key not in known
        known.add(key)
        if not found or not fresh:
            continue
        stamp = time.strftime("%b %e %H:%M:%S", time.gmtime(float(p["frame.time_epoch"])))
        head = (f"LEN={p['ip.len']} TOS=0x00 PREC=0x00 TTL={p['ip.ttl']} "
                f"ID={int(p['ip.id'], 16) if p['ip.id'] else 0} " if p["ip.src"] else
                "LEN=60 TC=0 HOPLIMIT=64 FLOWLBL=0 ")
        yield (f"{stamp} bench kernel: DROP IN=eth0 OUT= MAC= SRC={source} DST={target} {head}"
               f"{found[1]}")
