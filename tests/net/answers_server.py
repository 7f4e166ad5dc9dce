"""answers_server: services that answer in right but rare ways, for answers_check.sh.

usage: answers_server.py target                      says "ready", serves until it is killed
       answers_server.py client PORT ADDRESS [away]  connects from PORT to TCP port 2222, says "ready",
                                                     and keeps the connection; or goes away without a
                                                     packet, so that only the target has it
"""
import selectors
import socket
import struct
import sys
import time

SECONDS = 300
ANY = "::"
TCP_REPAIR = 19


def tcp_server(port):
    server = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((ANY, port))
    server.listen(64)
    return server


def udp_server(port):
    server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    server.bind((ANY, port))
    return server


def from_new_port(data, peer):
    """RFC 1350, 4: a transfer has a port of its own."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as fresh:
        fresh.sendto(data, peer)


def tftp(server, data, peer):
    from_new_port(b"\0\5\0\1File not found\0", peer)


def dns(server, data, peer):
    """A response that refuses (RFC 1035, 4.1.1), from the address that the kernel takes."""
    server.sendto(data[:2] + b"\x81\x05" + data[4:], peer)


def dns_wrong(server, data, peer):
    from_new_port(bytes([data[0] ^ 1]) + data[1:2] + b"\x81\x05" + data[4:], peer)


def ntp(server, data, peer):
    """RFC 5905, 7.3: mode 4; the client's transmit timestamp is the origin timestamp."""
    server.sendto(b"\x24\x02\x06\xec" + bytes(20) + data[40:48] + bytes(16), peer)


def noise(server, data, peer):
    from_new_port(b"hello", peer)


def serve():
    udp = {69: tftp, 53: dns, 5353: dns_wrong, 123: ntp, 7777: noise}
    selector = selectors.DefaultSelector()
    kept = []
    selector.register(tcp_server(2222), selectors.EVENT_READ, kept.append)
    for port, action in udp.items():
        selector.register(udp_server(port), selectors.EVENT_READ, action)
    print("ready", flush=True)
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        for key, _ in selector.select(1):
            if key.data == kept.append:
                kept.append(key.fileobj.accept()[0])
                continue
            data, peer = key.fileobj.recvfrom(2000)
            if len(data) >= 2 or key.data == noise:
                key.data(key.fileobj, data, peer)


def client(port, address, away):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    one = socket.socket(family, socket.SOCK_STREAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind(("", port))
    one.connect((address, 2222))
    if away:
        one.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
        one.close()
    print("ready", flush=True)
    time.sleep(0 if away else SECONDS)


if sys.argv[1] == "target":
    serve()
else:
    client(int(sys.argv[2]), sys.argv[3], "away" in sys.argv[4:])
