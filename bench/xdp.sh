#!/bin/sh
# xdp: measures the xdp engine next to a constant-frame program, the other engines, masscan, zmap.
#
# usage: bench/xdp.sh [--write] [--rounds N] [--memory | --peers]      (see xdp.py)
# Builds build/ first, unless BUILD names another. --write keeps bench/RESULTS-xdp.md. ZMAP names
# another zmap than the system's: the 4th version has the same plan as all.
set -eu
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin
export PATH
if [ -z "${BUILD-}" ]; then
	# shellcheck disable=SC2046
	tests/packages.sh gcc clang libc6-dev linux-libc-dev meson ninja-build pkg-config \
		libmnl-dev libcap-ng-dev libpcap-dev zlib1g-dev libseccomp-dev libbpf-dev bpftool \
		libexpat1-dev iproute2 util-linux procps python3 masscan $([ "${ZMAP-}" ] || echo zmap)
	tests/configure.sh build -Dtests=lab -Dbench=true >/dev/null
	meson compile -C build >/dev/null
fi
exec tests/net/private.sh /usr/bin/python3 bench/xdp.py "$@"
