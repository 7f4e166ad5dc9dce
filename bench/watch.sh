#!/bin/sh
# watch: measures `portlight watch` next to scanlogd, psad and tcpdump, in a private network.
#
# usage: bench/watch.sh [--write] [--only matrix,speed,memory,flood,blind] [--runs N]  (see watch.py)
# Builds build/ first. --write keeps the figures in bench/RESULTS-watch.md and the verdicts on
# captures in docs/detection-matrix.md. The captures are those of tests/pcap/captures.sh.
set -eu
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin
export PATH LC_ALL=C
tests/packages.sh gcc clang libc6-dev linux-libc-dev meson ninja-build pkg-config libmnl-dev \
	libcap-ng-dev libpcap-dev zlib1g-dev libseccomp-dev libbpf-dev bpftool libexpat1-dev iproute2 nftables util-linux procps tcpdump tshark \
	wireshark-common time scanlogd psad python3 python3-jsonschema
tests/configure.sh build -Dtests=lab -Dbench=true >/dev/null
meson compile -C build >/dev/null
for library in scanlogd_feed count_allocations; do
	gcc -std=gnu11 -D_GNU_SOURCE -O2 -Wall -fPIC -shared "bench/$library.c" \
		-o "build/$library.so" -lpcap -ldl
done
export PORTLIGHT="$PWD/build/portlight"
export PORTLIGHT_PCAPS="${PORTLIGHT_PCAPS:-$PWD/../shared/pcaps}"
exec tests/net/private.sh /usr/bin/python3 bench/watch.py "$@"
