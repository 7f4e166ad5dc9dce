"""refuse_bpf: runs a command to which the kernel refuses one kind of bpf(2) call, as a kernel does
that is older, has another verifier or less memory.

usage: refuse_bpf.py BPF-COMMAND ERRNO COMMAND [ARGS...]     numbers as in linux/bpf.h, or names of
                                                             errno(3)
"""
import ctypes
import errno
import os
import struct
import sys

PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
ALLOW, ERRNO = 0x7fff0000, 0x00050000
# BPF: load a word, jump if equal, return. Of struct seccomp_data: the call, low half of argument 0.
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
CALL, FIRST = 0, 16
BPF = {"x86_64": 321, "aarch64": 280, "riscv64": 280}[os.uname().machine]

command, number = int(sys.argv[1]), getattr(errno, sys.argv[2])
program = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *row) for row in [
    (LOAD, 0, 0, CALL), (EQUAL, 0, 3, BPF), (LOAD, 0, 0, FIRST), (EQUAL, 0, 1, command),
    (RETURN, 0, 0, ERRNO | number), (RETURN, 0, 0, ALLOW)]), 48)
libc = ctypes.CDLL(None, use_errno=True)
# Without no_new_privs, which would be seen in the command: it takes root.
if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER,
              struct.pack("@HP", 6, ctypes.addressof(program)), 0, 0) != 0:
    sys.exit("refuse_bpf: seccomp: " + os.strerror(ctypes.get_errno()))
os.execvp(sys.argv[3], sys.argv[3:])
