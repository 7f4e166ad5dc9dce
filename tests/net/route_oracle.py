"""route_oracle: for route_check.sh: which addresses to ask for, and what the kernel says of them.

usage: route_oracle.py addresses 4|6                  ends of all routes' and rules' prefixes
       route_oracle.py kernel [OPTIONS] < addresses   `ip route get` of each, as route_probe prints
       route_oracle.py connect [DEV] < addresses      the same for what connect(2) of a socket does,
                                                      bound to the device
"""
import errno
import ipaddress
import json
import random
import socket
import subprocess
import sys

# What the kernel answers where a route refuses (fib_props in its net/ipv4/fib_semantics.c).
REFUSALS = {
    "Network is unreachable": "none",
    "No route to host": "unreachable",
    "Permission denied": "prohibit",
    "Invalid argument": "blackhole",
}


ERRORS = {
    errno.ENETUNREACH: "none",
    errno.EHOSTUNREACH: "unreachable",
    errno.EACCES: "prohibit",
    errno.EINVAL: "blackhole",
}


def words(family):
    for what in (["route", "show", "table", "all"], ["rule", "show"]):
        run = subprocess.run(["ip", family] + what, capture_output=True, text=True, check=True)
        yield from run.stdout.split()


def prefixes(version):
    for word in words("-%d" % version):
        try:
            net = ipaddress.ip_network(word, strict=False)
        except ValueError:
            continue
        if net.version == version:
            yield int(net.network_address), int(net.broadcast_address)


def wanted(address):
    """Group addresses: the kernel's interface for those means nothing. IPv4-mapped ones are IPv4
    addresses to portlight. Link-local ones need a zone."""
    if address.is_multicast or int(address) == 0:
        return False
    if address.version == 4:
        return True
    return not (address.ipv4_mapped or address.is_link_local)


def addresses(version):
    random.seed(7)
    make = ipaddress.IPv6Address if version == 6 else ipaddress.IPv4Address
    top = 2 ** (128 if version == 6 else 32) - 1
    found = set()
    for low, high in prefixes(version):
        found.update((low - 1, low, low + 1, (low + high) // 2, high - 1, high, high + 1))
        if high > low:
            found.update(random.randint(low, high) for _ in range(4))
    for number in sorted(found):
        if 0 <= number <= top and wanted(make(number)):
            print(make(number))


def get(address, options):
    return subprocess.run(["ip", "-j", "route", "get", address] + options,
                          capture_output=True, text=True)


def show(address, run):
    if run.returncode:
        kinds = [kind for text, kind in REFUSALS.items() if text in run.stderr]
        print(address, kinds[0] if kinds else run.stderr.strip(), "- - -")
        return
    route = json.loads(run.stdout)[0]
    kind = route.get("type", "unicast")
    gateway = route.get("gateway", route.get("via", {}).get("host", "-"))
    source = route.get("prefsrc", route.get("from", "-"))
    print(address, kind, route["dev"], gateway, "-" if kind == "local" else source)


def kernel(options):
    for address in sys.stdin.read().split():
        show(address, get(address, options))


def source_of(address, device):
    """The source address of a connected socket, or what refused it."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET,
                       socket.SOCK_DGRAM) as udp:
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        if device:
            udp.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device[0].encode())
        try:
            udp.connect((address, 1))
        except OSError as error:
            return None, ERRORS.get(error.errno, str(error))
        return udp.getsockname()[0], None


def connect(device):
    oif = ["oif", device[0]] if device else []
    for address in sys.stdin.read().split():
        source, refusal = source_of(address, device)
        if refusal:
            print(address, refusal, "- - -")
            continue
        first = get(address, oif)
        # The kernel keeps an IPv6 route that it found for any source address.
        if first.returncode == 0 and (":" in address or '"type":"' in first.stdout):
            show(address, first)
        else:
            show(address, get(address, ["from", source] + oif))


if sys.argv[1] == "addresses":
    addresses(int(sys.argv[2]))
elif sys.argv[1] == "connect":
    connect(sys.argv[2:])
else:
    kernel(sys.argv[2:])
