"""dns_server: a name server for names_check.sh, which lies on request.

usage: dns_server.py LOG     answers on 127.0.0.1:53 (UDP), writes a line for each question to LOG
Names of 127.0.0.N are in NAMES; 127.0.0.9 gets no answer, 127.0.0.8 a packet whose compression
pointers form a loop. Ends after five minutes.
"""

import socket
import sys
import time

SECONDS = 300
A, PTR = 1, 12
NAMES = {
    2: b"good.example",
    4: b"a<b>\"&'.example",
    5: b"\x1b[31mred\x07.example",
    6: b"192.0.2.1",
    7: b"two,names\n.example",
    10: b"x" * 63 + b"." + b"y" * 63 + b".example",
}
FORWARD = {b"named.example": bytes([127, 0, 0, 2])}


def labels(name):
    return b"".join(bytes([len(part)]) + part for part in name.split(b".")) + b"\0"


def question(packet):
    """The name asked for, its type, and where the question ends."""
    at, parts = 12, []
    while packet[at]:
        parts.append(packet[at + 1:at + 1 + packet[at]])
        at += 1 + packet[at]
    return b".".join(parts).lower(), int.from_bytes(packet[at + 1:at + 3], "big"), at + 5


def reply(packet):
    """The answer, or None for silence."""
    name, kind, end = question(packet)
    last = int(name.split(b".")[0]) if name.endswith(b".0.0.127.in-addr.arpa") else None
    data = None
    if kind == PTR and last in NAMES:
        # One label with the dots of an address in it.
        data = b"\x09192.0.2.1\0" if last == 6 else labels(NAMES[last])
    elif kind == PTR and last == 8:
        data = b"\xc0" + bytes([end + 12])
    elif kind == PTR and last == 9:
        return None
    elif kind == A and name in FORWARD:
        data = FORWARD[name]
    found = data is not None
    head = packet[:2] + (b"\x81\x80" if found else b"\x81\x83") + b"\0\1" + bytes([0, found, 0, 0, 0, 0])
    record = b""
    if found:
        record = b"\xc0\x0c" + kind.to_bytes(2, "big") + b"\0\1\0\0\0\x0a" + len(data).to_bytes(2, "big") + data
    return head + packet[12:end] + record


def main():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    server.settimeout(1)
    end = time.monotonic() + SECONDS
    with open(sys.argv[1], "w", buffering=1, encoding="ascii") as log:
        log.write("ready\n")
        while time.monotonic() < end:
            try:
                packet, client = server.recvfrom(512)
            except TimeoutError:
                continue
            log.write(question(packet)[0].decode("ascii", "replace") + "\n")
            answer = reply(packet)
            if answer:
                server.sendto(answer, client)


main()
