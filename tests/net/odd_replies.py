"""odd_replies: a host on a wire that answers each port in its own odd way: forged, cut, repeated,
wrapped. It is no stack: what it sends is typed here from the RFCs.

usage: odd_replies.py INTERFACE    says "ready", answers until it is killed, 120 s at most
       odd_replies.py table        family, protocol, port, trick, and what is right to say of it by
                                   frames and by sockets: "state reason", a line each, with tabs
"""
import socket
import struct
import sys
import time

OUR_MAC = bytes.fromhex("020000000002")
TARGET = {4: socket.inet_pton(socket.AF_INET, "198.18.0.2"),
          6: socket.inet_pton(socket.AF_INET6, "2001:db8::2")}
OTHER = {4: socket.inet_pton(socket.AF_INET, "198.18.0.3"),
         6: socket.inet_pton(socket.AF_INET6, "2001:db8::3")}
ROUTER = {4: socket.inet_pton(socket.AF_INET, "198.18.0.254"),
          6: socket.inet_pton(socket.AF_INET6, "2001:db8::fe")}
TCP, UDP, ICMP4, ICMP6 = 6, 17, 1, 58
FIN, SYN, RST, ACK = 1, 2, 4, 16
SA, RA = SYN | ACK, RST | ACK
HOP, FRAGMENT, DESTINATION = 0, 44, 60
PADDING = b"\x01\x04\0\0\0\0"  # PadN that fills an options header of 8 bytes (RFC 8200, 4.2)


def total(data):
    if len(data) % 2:
        data += b"\0"
    value = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while value >> 16:
        value = (value & 0xffff) + (value >> 16)
    return ~value & 0xffff


def pseudo(src, dst, proto, length):
    if len(src) == 4:
        return src + dst + struct.pack("!BBH", 0, proto, length)
    return src + dst + struct.pack("!IHBB", length, 0, 0, proto)


class Probe:
    """A TCP segment or datagram to us, and how to answer it."""

    number = 77

    def __init__(self, wire, frame):
        self.wire, self.mac = wire, frame[6:12]
        self.ip = frame[14:]
        self.family = self.ip[0] >> 4
        if self.family == 4:
            head = (self.ip[0] & 15) * 4
            self.ip = self.ip[:struct.unpack("!H", self.ip[2:4])[0]]
            self.proto, self.src, self.dst = self.ip[9], self.ip[12:16], self.ip[16:20]
        else:
            head = 40
            self.ip = self.ip[:40 + struct.unpack("!H", self.ip[4:6])[0]]
            self.proto, self.src, self.dst = self.ip[6], self.ip[8:24], self.ip[24:40]
        self.head = head
        self.sport, self.dport = struct.unpack("!HH", self.ip[head:head + 4])
        if self.proto == TCP:
            self.seq, self.ack = struct.unpack("!II", self.ip[head + 4:head + 12])
            self.flags = self.ip[head + 13]

    # What is sent, from the inside out.

    def frame(self, packet, tag=b"", trailer=b""):
        kind = b"\x08\x00" if packet[0] >> 4 == 4 else b"\x86\xdd"
        frame = self.mac + OUR_MAC + tag + kind + packet + trailer
        self.wire.send(frame)

    def packet(self, proto, body, source=None, options=b"", ttl=64, fragment=0, number=77,
               chain=()):
        """chain: IPv6 extension headers, (kind, the header without its first byte)."""
        source = source or self.dst
        if self.family == 4:
            length = 20 + len(options) + len(body)
            head = struct.pack("!BBHHHBBH", 0x45 + len(options) // 4, 0, length, number, fragment,
                               ttl, proto, 0) + source + self.src + options
            return head[:10] + struct.pack("!H", total(head)) + head[12:] + body
        for kind, rest in reversed(chain):
            body = bytes([proto]) + rest + body
            proto = kind
        return struct.pack("!IHBB", 6 << 28, len(body), proto, ttl) + source + self.src + body

    def summed(self, proto, body, at, source=None, wrong=0):
        source = source or self.dst
        start = b"" if proto == ICMP4 else pseudo(source, self.src, proto, len(body))
        value = total(start + body) ^ wrong
        return body[:at] + struct.pack("!H", value) + body[at + 2:]

    def segment(self, flags, seq=1000, ack=None, to=None, data=b"", source=None, wrong=0,
                tcp_options=b"\x02\x04\x05\xb4"):
        ack = self.seq + 1 if ack is None else ack
        body = struct.pack("!HHIIBBHHH", self.dport, to or self.sport, seq & 0xffffffff,
                           ack & 0xffffffff, 0x60 if flags & SYN else 0x50, flags,
                           8192 if flags & SYN else 0, 0, 0)
        body += (tcp_options if flags & SYN else b"") + data
        return self.summed(TCP, body, 16, source, wrong)

    def tcp(self, flags, source=None, options=b"", ttl=64, chain=(), tag=b"", trailer=b"", **more):
        body = self.segment(flags, source=source, **more)
        self.frame(self.packet(TCP, body, source, options, ttl, chain=chain), tag, trailer)

    def datagram(self, data=b"answer", sport=None, source=None, wrong=0, sum_zero=False):
        body = struct.pack("!HHHH", sport or self.dport, self.sport, 8 + len(data), 0) + data
        return body if sum_zero else self.summed(UDP, body, 6, source, wrong)

    def udp(self, source=None, **more):
        self.frame(self.packet(UDP, self.datagram(source=source, **more), source))

    def icmp_body(self, kind, code, quote=None, source=None, rest=0, behind=b"", wrong=0):
        quote = self.ip if quote is None else quote
        proto = ICMP4 if self.family == 4 else ICMP6
        body = struct.pack("!BBHI", kind, code, 0, rest) + quote + behind
        return self.summed(proto, body, 2, source, wrong)

    def icmp(self, kind, code, source=None, options=b"", chain=(), **more):
        proto = ICMP4 if self.family == 4 else ICMP6
        body = self.icmp_body(kind, code, source=source, **more)
        self.frame(self.packet(proto, body, source, options, chain=chain))

    def pieces(self, proto, body, cut, source=None, backwards=False):
        """As fragments: cut bytes in the first, a multiple of 8."""
        Probe.number += 1  # else pieces of two answers are taken for one
        number = Probe.number
        if self.family == 4:
            both = [self.packet(proto, body[:cut], source, fragment=0x2000, number=number),
                    self.packet(proto, body[cut:], source, fragment=cut // 8, number=number)]
        else:
            both = [self.packet(proto, piece, source, chain=[
                (FRAGMENT, struct.pack("!BHI", 0, offset, number))])
                    for piece, offset in ((body[:cut], 1), (body[cut:], cut))]
        for packet in reversed(both) if backwards else both:
            self.frame(packet)

    # Quotes.

    def quote(self, bytes_kept=8, src=None, dst=None, options=b"", chain=(), change=None,
              length=None):
        head, body = bytearray(self.ip[:self.head]), bytearray(self.ip[self.head:])
        if self.family == 4:
            head[12:16], head[16:20] = src or self.src, dst or self.dst
            head[0] += len(options) // 4
            if length is not None:
                head[2:4] = length
        else:
            head[8:24], head[24:40] = src or self.src, dst or self.dst
        if change:
            change(head, body)
        proto = self.proto
        for kind, rest in reversed(chain):
            body = bytes([proto]) + rest + body
            proto = kind
        if chain:
            head[6] = proto
        return bytes(head) + options + bytes(body[:bytes_kept + 8 * len(chain)])

    def extended(self, kind, code, source):
        """RFC 4884: quote padded to 128 bytes, its length said, an MPLS label (RFC 4950) behind."""
        quote = self.quote(len(self.ip)).ljust(128, b"\0")
        entry = struct.pack("!HBBI", 8, 1, 1, 0x00010140)
        behind = struct.pack("!BBH", 0x20, 0, 0) + entry
        behind = behind[:2] + struct.pack("!H", total(behind)) + behind[4:]
        rest = (128 // 4) << 16 if self.family == 4 else (128 // 8) << 24
        self.icmp(kind, code, source=source, quote=quote, rest=rest, behind=behind)


def flip(at):
    def change(head, body):
        body[at] ^= 1
    return change


def worn(head, body):
    """A quote as NAT and old routers leave it: TTL, TOS and checksum are not what was sent."""
    head[1], head[8], head[10] = 0x28, 1, head[10] ^ 0xff


def options_quote(p):
    p.icmp(3, 13, quote=p.quote(options=b"\x07\x07\x04\0\0\0\0\0"))


UNREACH = {4: (3, 1), 6: (1, 3)}
PROHIBITED = {4: (3, 13), 6: (1, 1)}
EXCEEDED = {4: (11, 0), 6: (3, 0)}
PORT = {4: (3, 3), 6: (1, 4)}
CHALLENGE = "unfiltered challenge-ack"
SILENT, OPEN, CLOSED = "filtered no-response", "open syn-ack", "closed reset"
ADMIN, TIME = "filtered admin-prohibited", "filtered time-exceeded"
HOST = "filtered host-unreach"


def both(first, second):
    def trick(p):
        first(p)
        second(p)
    return trick


def answer(p):
    p.tcp(SA)


# Families, trick in words, what it does, frames' words and, where the kernel judges otherwise,
# those of sockets. The port is FIRST + the row's number.
TCP_TRICKS = [
    ("46", "SYN+ACK", answer, OPEN),
    ("46", "RST", lambda p: p.tcp(RA, seq=0), CLOSED),
    ("46", "SYN+ACK with a wrong acknowledgement", lambda p: p.tcp(SA, ack=p.seq + 2), SILENT),
    ("46", "SYN+ACK that acknowledges zero", lambda p: p.tcp(SA, ack=0), SILENT),
    ("46", "RST with a wrong acknowledgement", lambda p: p.tcp(RA, ack=p.seq + 5), SILENT),
    ("46", "RST without acknowledgement", lambda p: p.tcp(RST, seq=77, ack=0), SILENT),
    ("46", "SYN+ACK twice", both(answer, answer), OPEN),
    ("46", "a wrong SYN+ACK before the right one",
     both(lambda p: p.tcp(SA, ack=p.seq + 9), answer), OPEN),
    ("46", "a wrong RST before the right SYN+ACK",
     both(lambda p: p.tcp(RA, ack=p.seq + 9), answer), OPEN),
    ("46", "SYN+ACK from another address", lambda p: p.tcp(SA, source=OTHER[p.family]), SILENT),
    ("46", "SYN+ACK to another port of ours", lambda p: p.tcp(SA, to=p.sport ^ 1), SILENT),
    ("46", "RST to the port of an attempt never made",
     lambda p: p.tcp(RA, to=p.sport ^ 0x800), SILENT),
    ("46", "SYN+ACK with a wrong checksum", lambda p: p.tcp(SA, wrong=0x5555), SILENT),
    ("46", "SYN+ACK with data", lambda p: p.tcp(SA, data=b"hello"), OPEN),
    ("46", "SYN+ACK with ECN's flag", lambda p: p.tcp(SA | 0x40), OPEN),
    ("46", "SYN+ACK with a TCP option of length 0",
     lambda p: p.tcp(SA, tcp_options=b"\x08\0\0\0"), OPEN),
    ("46", "SYN+ACK with a TCP option behind its header",
     lambda p: p.tcp(SA, tcp_options=b"\x01\x08\x0a\0"), OPEN),
    # RFC 5961, 4.2. The kernel of the sockets drops it (RFC 9293, 3.10.7.3).
    ("46", "ACK alone", lambda p: p.tcp(ACK), CHALLENGE, SILENT),
    ("46", "ACK of another connection", lambda p: p.tcp(ACK, ack=p.seq - 7), CHALLENGE, SILENT),
    ("46", "SYN+ACK in a frame filled up to 60 bytes",
     lambda p: p.tcp(SA, trailer=b"\xaa\x55\xff"), OPEN),
    ("46", "SYN+ACK with a priority tag", lambda p: p.tcp(SA, tag=b"\x81\x00\xa0\x00"), OPEN),
    ("46", "RST with a priority tag", lambda p: p.tcp(RA, tag=b"\x81\x00\xe0\x00"), CLOSED),
    ("4", "SYN+ACK with IPv4 options",
     lambda p: p.tcp(SA, options=b"\x01\x01\x01\x01\x07\x07\x04\0\0\0\0\0"), OPEN),
    ("4", "RST with 40 bytes of IPv4 options", lambda p: p.tcp(RA, options=b"\x01" * 40), CLOSED),
    ("46", "error that quotes 8 bytes", lambda p: p.icmp(*PROHIBITED[p.family], quote=p.quote()),
     ADMIN),
    ("46", "error that quotes 7 bytes",
     lambda p: p.icmp(*PROHIBITED[p.family], quote=p.quote(7)), SILENT),
    ("46", "error that quotes nothing of TCP",
     lambda p: p.icmp(*PROHIBITED[p.family], quote=p.quote(0)), SILENT),
    ("46", "error that quotes half an IP header",
     lambda p: p.icmp(*PROHIBITED[p.family], quote=p.ip[:12]), SILENT),
    ("4", "error whose quote has IPv4 options", options_quote, ADMIN),
    ("4", "error whose quote is worn", lambda p: p.icmp(3, 13, quote=p.quote(change=worn)), ADMIN),
    ("4", "error whose quoted length has its bytes swapped",
     lambda p: p.icmp(3, 13, quote=p.quote(length=b"\x2c\0")), ADMIN),
    ("46", "error whose quote has another target",
     lambda p: p.icmp(*PROHIBITED[p.family], quote=p.quote(dst=OTHER[p.family])), SILENT),
    ("46", "error whose quote has another source",
     lambda p: p.icmp(*PROHIBITED[p.family], quote=p.quote(src=OTHER[p.family])), SILENT),
    ("46", "error whose quote has a wrong sequence number",
     lambda p: p.icmp(*PROHIBITED[p.family], quote=p.quote(change=flip(4))), SILENT),
    ("46", "error whose quote has another port of the target",
     lambda p: p.icmp(*PROHIBITED[p.family], quote=p.quote(change=flip(3))), SILENT),
    ("46", "error whose quote has another port of ours",
     lambda p: p.icmp(*PROHIBITED[p.family], quote=p.quote(change=flip(1))), SILENT),
    ("46", "error with a wrong checksum",
     lambda p: p.icmp(*PROHIBITED[p.family], wrong=0x1234), SILENT),
    ("46", "error of a router",
     lambda p: p.icmp(*UNREACH[p.family], source=ROUTER[p.family]), HOST),
    ("46", "error with RFC 4884 extensions",
     lambda p: p.extended(*UNREACH[p.family], ROUTER[p.family]), HOST),
    ("46", "time exceeded with RFC 4884 extensions",
     lambda p: p.extended(*EXCEEDED[p.family], ROUTER[p.family]), TIME),
    ("46", "time exceeded", lambda p: p.icmp(*EXCEEDED[p.family], source=ROUTER[p.family]), TIME),
    ("46", "error before the SYN+ACK",
     both(lambda p: p.icmp(*UNREACH[p.family], source=ROUTER[p.family]), answer), OPEN, HOST),
    ("4", "source quench", lambda p: p.icmp(4, 0), SILENT),
    ("4", "fragmentation needed, then SYN+ACK",
     both(lambda p: p.icmp(3, 4, rest=1400, source=ROUTER[4]), answer), OPEN),
    ("6", "packet too big, then SYN+ACK",
     both(lambda p: p.icmp(2, 0, rest=1400, source=ROUTER[6]), answer), OPEN),
    ("4", "an unknown unreachable code", lambda p: p.icmp(3, 99), SILENT),
    ("6", "SYN+ACK behind hop-by-hop options",
     lambda p: p.tcp(SA, chain=[(HOP, b"\0" + PADDING)]), OPEN),
    ("6", "RST behind destination options",
     lambda p: p.tcp(RA, chain=[(DESTINATION, b"\0" + PADDING)]), CLOSED),
    ("6", "SYN+ACK behind both, and a long one", lambda p: p.tcp(SA, chain=[
        (HOP, b"\0" + PADDING), (DESTINATION, b"\x02\x1e\x14" + bytes(20))]), OPEN),
    ("6", "SYN+ACK as a fragment that is whole (RFC 6946)",
     lambda p: p.tcp(SA, chain=[(FRAGMENT, struct.pack("!BHI", 0, 0, 5))]), OPEN),
    ("6", "error behind hop-by-hop options",
     lambda p: p.icmp(1, 1, chain=[(HOP, b"\0" + PADDING)]), ADMIN),
    ("6", "error that quotes hop-by-hop options",
     lambda p: p.icmp(1, 1, quote=p.quote(chain=[(HOP, b"\0" + PADDING)])), ADMIN),
    ("6", "error that quotes destination options",
     lambda p: p.icmp(1, 1, quote=p.quote(chain=[(DESTINATION, b"\0" + PADDING)])), ADMIN),
    ("6", "error that quotes a fragment header", lambda p: p.icmp(
        1, 1, quote=p.quote(chain=[(FRAGMENT, struct.pack("!BHI", 0, 0, 5))])), ADMIN),
    ("6", "error that quotes a later fragment", lambda p: p.icmp(
        1, 1, quote=p.quote(chain=[(FRAGMENT, struct.pack("!BHI", 0, 64, 5))])), SILENT),
    # A header of 24 bytes in two pieces: the first 16 hold all numbers and the flags.
    ("4", "SYN+ACK in two fragments", lambda p: p.pieces(TCP, p.segment(SA), 16), OPEN),
    ("4", "RST in two fragments", lambda p: p.pieces(TCP, p.segment(RA, seq=0), 16), CLOSED),
    ("4", "SYN+ACK in two fragments, the last one first",
     lambda p: p.pieces(TCP, p.segment(SA), 16, backwards=True), OPEN),
    ("4", "SYN+ACK with a wrong acknowledgement in two fragments",
     lambda p: p.pieces(TCP, p.segment(SA, ack=p.seq + 2), 16), SILENT),
    # The first 8 do not; frames puts none together.
    ("4", "SYN+ACK in two fragments, cut behind 8 bytes",
     lambda p: p.pieces(TCP, p.segment(SA), 8), SILENT, OPEN),
    # RFC 8200, 4.5: the first one must hold all headers.
    ("6", "SYN+ACK in two fragments", lambda p: p.pieces(TCP, p.segment(SA), 16), SILENT),
    ("46", "SYN+ACK whole in the first of two fragments",
     lambda p: p.pieces(TCP, p.segment(SA, data=bytes(32)), 40), OPEN),
    ("46", "error in two fragments, quote in the first", lambda p: p.pieces(
        ICMP4 if p.family == 4 else ICMP6,
        p.icmp_body(*PROHIBITED[p.family], quote=p.ip + bytes(80)), 80), ADMIN),
]

DATA, NOTHING, REFUSED = "open udp-response", "open|filtered no-response", "closed port-unreach"
UDP_TRICKS = [
    ("46", "answer", lambda p: p.udp(), DATA),
    ("46", "answer from another port", lambda p: p.udp(sport=p.dport + 1), NOTHING),
    ("46", "answer from another address", lambda p: p.udp(source=OTHER[p.family]), NOTHING),
    ("46", "answer with a wrong checksum", lambda p: p.udp(wrong=0x5555), NOTHING),
    ("4", "answer without checksum", lambda p: p.udp(sum_zero=True), DATA),
    ("6", "answer without checksum", lambda p: p.udp(sum_zero=True), NOTHING),
    ("46", "answer without data", lambda p: p.udp(data=b""), DATA),
    ("46", "answer in two fragments",
     lambda p: p.pieces(UDP, p.datagram(data=bytes(1600)), 1400), DATA),
    ("46", "answer in two fragments, the last one first",
     lambda p: p.pieces(UDP, p.datagram(data=bytes(1600)), 1400, backwards=True), DATA),
    ("46", "port unreachable that quotes 8 bytes",
     lambda p: p.icmp(*PORT[p.family], quote=p.quote()), REFUSED),
    ("46", "port unreachable that quotes 7 bytes",
     lambda p: p.icmp(*PORT[p.family], quote=p.quote(7)), NOTHING),
    ("46", "port unreachable of a router",
     lambda p: p.icmp(*PORT[p.family], source=ROUTER[p.family]), "filtered port-unreach"),
    ("46", "port unreachable with RFC 4884 extensions",
     lambda p: p.extended(*PORT[p.family], None), REFUSED),
    ("46", "port unreachable, then an answer",
     both(lambda p: p.icmp(*PORT[p.family]), lambda p: p.udp()), DATA, REFUSED),
    ("46", "time exceeded", lambda p: p.icmp(*EXCEEDED[p.family], source=ROUTER[p.family]), TIME),
    ("46", "port unreachable for another address",
     lambda p: p.icmp(*PORT[p.family], quote=p.quote(dst=OTHER[p.family])), NOTHING),
]
FIRST = 20000


def arp(wire, frame):
    if frame[20:22] != b"\0\x01" or frame[38:42] not in (TARGET[4], OTHER[4], ROUTER[4]):
        return
    wire.send(frame[6:12] + OUR_MAC + b"\x08\x06" + frame[14:20] + b"\0\x02" + OUR_MAC +
              frame[38:42] + frame[22:32])


def neighbour(wire, frame):
    source, wanted = frame[22:38], frame[62:78]
    if wanted not in (TARGET[6], OTHER[6], ROUTER[6]):
        return
    body = struct.pack("!BBHI", 136, 0, 0, 0x60000000) + wanted + b"\x02\x01" + OUR_MAC
    value = total(pseudo(wanted, source, ICMP6, len(body)) + body)
    body = body[:2] + struct.pack("!H", value) + body[4:]
    wire.send(frame[6:12] + OUR_MAC + b"\x86\xdd" +
              struct.pack("!IHBB", 6 << 28, len(body), ICMP6, 255) + wanted + source + body)


def take(wire, frame):
    kind = frame[12:14]
    if kind == b"\x08\x06":
        return arp(wire, frame)
    if kind == b"\x86\xdd" and frame[20] == ICMP6 and frame[54] == 135:
        return neighbour(wire, frame)
    if kind not in (b"\x08\0", b"\x86\xdd"):
        return
    if frame[23 if kind == b"\x08\0" else 20] not in (TCP, UDP):
        return
    p = Probe(wire, frame)
    rows = TCP_TRICKS if p.proto == TCP else UDP_TRICKS
    # Our kernel's RSTs and ACKs go unanswered.
    if p.dst != TARGET[p.family] or not 0 <= p.dport - FIRST < len(rows) or (
            p.proto == TCP and p.flags & (SYN | ACK | RST) != SYN):
        return
    rows[p.dport - FIRST][2](p)


if sys.argv[1] == "table":
    for name, rows in (("tcp", TCP_TRICKS), ("udp", UDP_TRICKS)):
        for number, row in enumerate(rows):
            for family in row[0]:
                print(family, name, FIRST + number, row[1], row[3], row[-1], sep="\t")
    sys.exit()
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
wire.bind((sys.argv[1], 0))
wire.settimeout(1)
print("ready", flush=True)
# Long enough for an emulated machine; it is ended when the suite is.
end = time.monotonic() + 900
while time.monotonic() < end:
    try:
        frame, where = wire.recvfrom(65536)
    except socket.timeout:
        continue
    if where[2] != socket.PACKET_OUTGOING:
        take(wire, frame)
print("the caller did not end this program", flush=True)
