#!/bin/sh
# unpack: fetches Debian packages and unpacks them into a folder, without installing them.
#
# usage: tests/unpack.sh FOLDER PACKAGE...
# For programs that a test wants to run and whose installation would start a daemon, now and at every
# boot: nothing of theirs runs, and the system does not know that they are there. Needs no root.
# A package is taken from FOLDER/PACKAGE if it is there already. Exits 0 when all are, 69 if not.
set -u
[ $# -ge 2 ] || exit 64
mkdir -p "$1" && folder=$(cd "$1" && pwd) || exit 69
shift

for package; do
	[ -d "$folder/$package" ] && continue
	draft=$(mktemp -d "$folder/.$package.XXXXXX") || exit 69
	if (cd "$draft" &&
		apt-get -q -o APT::Sandbox::User=root download "$package" >&2 &&
		dpkg-deb -x "$package"_*.deb tree >&2) &&
		mv -T "$draft/tree" "$folder/$package"; then
		rm -rf "$draft"
	else
		rm -rf "$draft"
		[ -d "$folder/$package" ] && continue
		echo "could not fetch the package $package" >&2
		exit 69
	fi
done
