"""tap_host: hosts behind a tap device: what the device takes lies in its queue until this reads it.

usage: tap_host.py NAME [QUEUES [HOLD...]]
    makes the device NAME and says "ready" on standard error. It speaks for 198.18.3.2 and above:
    answers address resolution, and each SYN with a RST. Once it has read HOLD probes, it stops
    itself (SIGSTOP) until SIGCONT, so that the sender is met in the middle of its work however fast
    either is. While it is stopped nothing is read, and the queues fill up. At SIGTERM, or after
    120 s, it reads what is left in them without a stop, and writes each probe (SYN) that ever came
    to standard output: "address port times".
"""
import collections
import fcntl
import os
import select
import signal
import socket
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI, IFF_MULTI_QUEUE = 2, 0x1000, 0x100
MAC = bytes.fromhex("020000000003")
seen = collections.Counter()
taken = []  # one entry a probe


def tap(name, flags):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH14x", name.encode(), flags | IFF_TAP | IFF_NO_PI))
    return fd


def total(data):
    value = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    value = (value & 0xffff) + (value >> 16)
    value = (value & 0xffff) + (value >> 16)
    return ~value & 0xffff


def resolved(frame):
    """The answer to a question for one of us, or None."""
    if frame[20:22] != b"\0\1" or frame[38:41] != b"\xc6\x12\x03" or frame[41] < 2:
        return None
    return frame[6:12] + MAC + frame[12:20] + b"\0\2" + MAC + frame[38:42] + frame[22:32]


def reset(frame):
    source, to = frame[26:30], frame[30:34]
    number = struct.unpack("!I", frame[38:42])[0] + 1
    tcp = frame[36:38] + frame[34:36] + struct.pack("!IIBBHHH", 0, number & 0xffffffff, 0x50,
                                                    0x14, 0, 0, 0)
    tcp = tcp[:16] + struct.pack("!H", total(to + source + b"\0\x06\0\x14" + tcp)) + tcp[18:]
    ip = b"\x45\0\0\x28\0\0\x40\0\x40\x06\0\0" + to + source
    ip = ip[:10] + struct.pack("!H", total(ip)) + ip[12:]
    return frame[6:12] + frame[:6] + b"\x08\0" + ip + tcp


def take(frame):
    if frame[12:14] == b"\x08\x06":
        return resolved(frame)
    if frame[12:14] != b"\x08\0" or frame[23] != 6 or frame[47] != 2:
        return None
    seen[frame[30:34] + frame[36:38]] += 1
    taken.append(None)
    return reset(frame)


def hold():
    """Stops this process if it has read as many probes as the next HOLD says."""
    if holds and not over and len(taken) >= holds[0]:
        del holds[0]
        os.kill(os.getpid(), signal.SIGSTOP)


def drain(fd):
    for _ in range(4096):
        try:
            answer = take(os.read(fd, 2048))
            if answer:
                os.write(fd, answer)
                hold()
        except OSError as error:  # empty; or down, which takes no answer
            if isinstance(error, BlockingIOError):
                return


queues = int(sys.argv[2]) if len(sys.argv) > 2 else 1
fds = [tap(sys.argv[1], IFF_MULTI_QUEUE if queues > 1 else 0) for _ in range(queues)]
holds = [int(word) for word in sys.argv[3:]]
over = []
signal.signal(signal.SIGTERM, lambda *_: over.append(True))
print("ready", file=sys.stderr, flush=True)
end = time.monotonic() + 120
while not over and time.monotonic() < end:
    for fd in select.select(fds, [], [], 0.05)[0]:
        drain(fd)
for fd in fds:
    drain(fd)
for probe, times in sorted(seen.items()):
    print(socket.inet_ntoa(probe[:4]), struct.unpack("!H", probe[4:])[0], times)
