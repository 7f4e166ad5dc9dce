"""tun_cable: a raw-IP link between two network namespaces: two tun devices and this in between.

usage: tun_cable.py NAME NAMESPACE     makes NAME here and NAME in NAMESPACE, says "ready", carries
                                       packets until it is killed, 120 s at most
"""
import ctypes
import fcntl
import os
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 1, 0x1000
CLONE_NEWNET = 0x40000000


def tun(name):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH14x", name.encode(), IFF_TUN | IFF_NO_PI))
    return fd


near = tun(sys.argv[1])
namespace = os.open("/run/netns/" + sys.argv[2], os.O_RDONLY)
if ctypes.CDLL(None, use_errno=True).setns(namespace, CLONE_NEWNET) != 0:
    sys.exit("tun_cable: setns: " + os.strerror(ctypes.get_errno()))
far = tun(sys.argv[1])
print("ready", flush=True)
other = {near: far, far: near}
end = time.monotonic() + 120
while time.monotonic() < end:
    for fd in select.select([near, far], [], [], 1)[0]:
        try:
            os.write(other[fd], os.read(fd, 65536))
        except OSError:  # the other end is down: the packet is lost, as on a wire
            pass
