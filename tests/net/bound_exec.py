"""bound_exec: runs a command in a control group that binds each new socket to an interface and marks
it, as `ip vrf exec` does.

usage: bound_exec.py DIRECTORY INTERFACE|- MARK COMMAND [ARGS...]     DIRECTORY: a new one, of cgroup2
"""
import ctypes
import os
import socket
import struct
import subprocess
import sys

# linux/bpf.h
PROG_LOAD, PROG_ATTACH = 5, 8
CGROUP_SOCK, INET_SOCK_CREATE = 9, 2
MOV, STORE, EXIT = 0xb7, 0x63, 0x95
BOUND_DEV_IF, SOCKET_MARK = 0, 16  # in struct bpf_sock
CALL = {"x86_64": 321, "aarch64": 280, "riscv64": 280}[os.uname().machine]
libc = ctypes.CDLL(None, use_errno=True)


def bpf(command, attributes):
    buffer = ctypes.create_string_buffer(attributes, 144)
    result = libc.syscall(CALL, command, buffer, 144)
    if result < 0:
        sys.exit("bound_exec: bpf: " + os.strerror(ctypes.get_errno()))
    return result


def program(interface, mark):
    rows = [(MOV, 0, 0, 1), (EXIT, 0, 0, 0)]
    for offset, value in ((BOUND_DEV_IF, interface), (SOCKET_MARK, mark)):
        if value:
            rows[:0] = [(MOV, 2, 0, value), (STORE, 2 << 4 | 1, offset, 0)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=BBhi", *row) for row in rows))
    licence = ctypes.create_string_buffer(b"MIT")
    return bpf(PROG_LOAD, struct.pack("=IIQQ", CGROUP_SOCK, len(rows), ctypes.addressof(code),
                                      ctypes.addressof(licence)))


directory = sys.argv[1]
os.mkdir(directory)
try:
    index = 0 if sys.argv[2] == "-" else socket.if_nametoindex(sys.argv[2])
    group = os.open(directory, os.O_RDONLY)
    bpf(PROG_ATTACH, struct.pack("=IIII", group, program(index, int(sys.argv[3])),
                                 INET_SOCK_CREATE, 0))

    def join():
        with open(directory + "/cgroup.procs", "w") as procs:
            procs.write(str(os.getpid()))

    status = subprocess.run(sys.argv[4:], preexec_fn=join, check=False).returncode
finally:
    os.rmdir(directory)
sys.exit(status)
