#!/bin/sh
# packages: installs the Debian packages given that are not there yet, and says which.
#
# usage: tests/packages.sh PACKAGE...
# Exits 0 when all are there, 69 with the one command to run where it may not install them itself.
set -u

if ! command -v dpkg-query >/dev/null; then
	echo "Not a Debian system: make sure that the counterparts of these are installed: $*" >&2
	exit 0
fi
missing=
for package; do
	status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || status=
	[ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

command="apt-get install -y --no-install-recommends$missing"
if [ "$(id -u)" = 0 ]; then
	as=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
	as='sudo -n'
else
	echo "Missing packages:$missing" >&2
	echo "Run this and try again:  sudo sh -c 'apt-get update && $command'" >&2
	exit 69
fi

log=$(mktemp) || exit 69
trap 'rm -f "$log"' EXIT
# apt waits for another one that holds its lock, a while; it must never wait for a person.
# shellcheck disable=SC2086
apt() {
	$as env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 "$@" \
		>>"$log" 2>&1 </dev/null
}
echo "Installing missing packages:$missing"
# A fresh machine has no package lists, an old one stale ones: then the first try fails.
# shellcheck disable=SC2086
if ! apt install -y --no-install-recommends $missing; then
	apt update
	if ! apt install -y --no-install-recommends $missing; then
		tail -n 15 "$log" >&2
		echo "Could not install:$missing" >&2
		exit 69
	fi
fi
