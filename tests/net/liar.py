"""liar: a host that accepts every TCP port, by raw packets.

usage: liar.py INTERFACE MODE SECONDS
MODE: tarpit (window 0, no options, acknowledges nothing), proxy (no options, acknowledges data),
stack (options, acknowledges data), half (accepts every second port as `stack`, silent at the others).
The kernel's own TCP must be kept quiet by a rule (nft: input drop).
"""
import socket
import struct
import sys
import time

interface, mode, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
SYN, RST, ACK = 2, 4, 16


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def reply(ether, ip, tcp, flags, seq, ack, window, options):
    """Frame that answers the one with these headers."""
    body = struct.pack("!HHIIBBHHH", *reversed(struct.unpack("!HH", tcp[:4])), seq, ack,
                       (20 + len(options)) // 4 << 4, flags, window, 0, 0) + options
    pseudo = ip[16:20] + ip[12:16] + struct.pack("!BBH", 0, 6, len(body))
    body = body[:16] + struct.pack("!H", checksum(pseudo + body)) + body[18:]
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0x4000, 64, 6, 0) + ip[16:20] + ip[12:16]
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    return ether[6:12] + ether[0:6] + ether[12:14] + head + body


wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
wire.bind((interface, 0))
wire.settimeout(0.5)
full = b"\x02\x04\x05\xb4\x04\x02\x01\x01\x01\x03\x03\x07"  # MSS 1460, SACK, window scale 7
bare = mode in ("tarpit", "proxy")
until = time.monotonic() + seconds
while time.monotonic() < until:
    try:
        frame, address = wire.recvfrom(2048)
    except socket.timeout:
        continue
    if address[2] == socket.PACKET_OUTGOING or len(frame) < 54 or frame[23] != 6:
        continue
    ether, ip = frame[:14], frame[14:34]
    length = struct.unpack("!H", ip[2:4])[0]
    tcp = frame[34:14 + length]
    port, seq, flags = struct.unpack("!H", tcp[2:4])[0], struct.unpack("!I", tcp[4:8])[0], tcp[13]
    data = len(tcp) - (tcp[12] >> 4) * 4
    if flags & RST or (mode == "half" and port % 2):
        continue
    window = 0 if mode == "tarpit" else 64240
    if flags & SYN:
        wire.send(reply(ether, ip, tcp, SYN | ACK, 1000, (seq + 1) & 0xFFFFFFFF, window,
                        b"" if bare else full))
    elif data and mode != "tarpit":
        wire.send(reply(ether, ip, tcp, ACK, 1001, (seq + data) & 0xFFFFFFFF, window, b""))
