"""refuse_call: runs a command to which the kernel refuses one kind of system call: of bpf(2), as a
kernel does that is older, has another verifier or less memory; or sendmmsg(2), as some interfaces do.

usage: refuse_call.py BPF-COMMAND|sendmmsg ERRNO COMMAND [ARGS...]     numbers as in linux/bpf.h, or
                                                                       names of errno(3)
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
BPF = {"x86_64": 321, "aarch64": 280, "riscv64": 280}
SENDMMSG = {"x86_64": 307, "aarch64": 269, "riscv64": 269}

number, machine = getattr(errno, sys.argv[2]), os.uname().machine
if sys.argv[1] == "sendmmsg":
    rows = [(LOAD, 0, 0, CALL), (EQUAL, 0, 1, SENDMMSG[machine])]
else:
    rows = [(LOAD, 0, 0, CALL), (EQUAL, 0, 3, BPF[machine]), (LOAD, 0, 0, FIRST),
            (EQUAL, 0, 1, int(sys.argv[1]))]
rows += [(RETURN, 0, 0, ERRNO | number), (RETURN, 0, 0, ALLOW)]
program = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *row) for row in rows))
libc = ctypes.CDLL(None, use_errno=True)
# Without no_new_privs, which would be seen in the command: it takes root.
if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER,
              struct.pack("@HP", len(rows), ctypes.addressof(program)), 0, 0) != 0:
    sys.exit("refuse_call: seccomp: " + os.strerror(ctypes.get_errno()))
os.execvp(sys.argv[3], sys.argv[3:])
