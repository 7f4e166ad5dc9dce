"""capture_file: reads pcap files, and writes pcap and pcapng files of chosen form and times.

Only what make.py needs: classic pcap with microseconds as tcpdump writes it is read; pcap of either
byte order and resolution, and pcapng with several interfaces and a count of lost packets, are
written. Files are gzipped without a time stamp, so that equal packets give equal bytes.
"""

import dataclasses
import gzip
import struct

LINK_ETHERNET, LINK_RAW_IP = 1, 101
PCAPNG_SECTION, PCAPNG_INTERFACE = 0x0A0D0D0A, 1
PCAPNG_STATISTICS, PCAPNG_PACKET = 5, 6
OPTION_NAME, OPTION_RESOLUTION, OPTION_DROPS = 2, 9, 5


@dataclasses.dataclass
class Frame:
    """One packet: when it was captured (nanoseconds since 1970), its bytes, and its length on the
    wire, which is more than the bytes are if these were cut off."""
    time: int
    data: bytes
    length: int
    interface: int = 0


def read(path):
    """(link type, frames) of a pcap file."""
    data = path.read_bytes()
    if data[:4] != b"\xd4\xc3\xb2\xa1":
        raise ValueError(f"{path}: not a pcap file of this machine's byte order")
    link = struct.unpack_from("<I", data, 20)[0]
    frames, at = [], 24
    while at + 16 <= len(data):
        seconds, micro, captured, length = struct.unpack_from("<4I", data, at)
        frame = data[at + 16:at + 16 + captured]
        frames.append(Frame(seconds * 10**9 + micro * 1000, frame, length))
        at += 16 + captured
    return link, frames


def write_gzip(path, data):
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as file:
        file.write(data)


def pcap(link, frames, order="<", nanoseconds=False, snaplen=262144):
    """The bytes of a pcap file."""
    magic, unit = (0xA1B23C4D, 1) if nanoseconds else (0xA1B2C3D4, 1000)
    out = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snaplen, link)]
    for f in frames:
        seconds, rest = divmod(f.time, 10**9)
        out.append(struct.pack(order + "4I", seconds, rest // unit, len(f.data), f.length))
        out.append(f.data)
    return b"".join(out)


def block(kind, body):
    body += bytes(-len(body) % 4)
    length = len(body) + 12
    return struct.pack("<2I", kind, length) + body + struct.pack("<I", length)


def option(code, value):
    return struct.pack("<2H", code, len(value)) + value + bytes(-len(value) % 4)


def pcapng(link, frames, interfaces, lost=0):
    """The bytes of a pcapng file (draft-ietf-opsawg-pcapng): a section, the interfaces by name, the
    packets with nanoseconds, and statistics that say how many packets the first interface lost:
    once behind three quarters of the packets, and at the end."""
    def statistics(time):
        return block(PCAPNG_STATISTICS, struct.pack("<3I", 0, time >> 32, time & 0xFFFFFFFF) +
                     option(OPTION_DROPS, struct.pack("<Q", lost)) + option(0, b""))

    out = [block(PCAPNG_SECTION, struct.pack("<I2Hq", 0x1A2B3C4D, 1, 0, -1))]
    for name in interfaces:
        options = option(OPTION_NAME, name.encode()) + option(OPTION_RESOLUTION, b"\x09")
        out.append(block(PCAPNG_INTERFACE, struct.pack("<2HI", link, 0, 262144) + options +
                         option(0, b"")))
    for number, f in enumerate(frames):
        if number == len(frames) * 3 // 4:
            out.append(statistics(f.time))
        head = struct.pack("<5I", f.interface, f.time >> 32, f.time & 0xFFFFFFFF, len(f.data),
                           f.length)
        out.append(block(PCAPNG_PACKET, head + f.data))
    out.append(statistics(frames[-1].time))
    return b"".join(out)
