#!/bin/sh
# run: measures portlight side by side with nmap and with a bare send loop, in a private network.
#
# usage: bench/run.sh [--write] [--runs N] [--only NAME[,NAME...]]      (see bench.py)
# Builds build/ first. --write keeps the table in bench/RESULTS.md.
set -eu
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin
export PATH
tests/packages.sh gcc clang libc6-dev linux-libc-dev meson ninja-build pkg-config libmnl-dev \
	libcap-ng-dev libseccomp-dev libpcap-dev zlib1g-dev libexpat1-dev iproute2 nftables \
	util-linux procps nmap python3
tests/configure.sh build -Dtests=lab -Dbench=true >/dev/null
meson compile -C build >/dev/null
# The far end's program. Without a BPF compiler the far end drops in nftables, and the table says so.
clang -O2 -target bpf "-I/usr/include/$(gcc -print-multiarch)" -Wall \
	-c bench/xdp_drop.bpf.c -o build/xdp_drop.o || rm -f build/xdp_drop.o
exec tests/net/private.sh /usr/bin/python3 bench/bench.py "$@"
