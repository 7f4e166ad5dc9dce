#!/bin/sh
# configure: makes a build directory ready for `meson compile`.
#
# usage: [CC=COMPILER] tests/configure.sh DIRECTORY [MESON-OPTION...]
# Meson decides at setup whether the xdp engine can be built, and looks no further. So a directory
# is configured again when clang, bpftool or libbpf have come, gone or changed since. -Dtests=lab
# leaves a directory that has all tests as it is.
set -u
cd "$(dirname "$0")/.." || exit 1
PATH=$PATH:/usr/sbin:/sbin
directory=${1:?usage: tests/configure.sh DIRECTORY [MESON-OPTION...]}
shift

tools=$(for command in 'clang --version' 'bpftool version' 'pkg-config --modversion libbpf'; do
	# shellcheck disable=SC2086
	$command 2>/dev/null | head -n 1
done)
if grep -qs 'tests/unit/test_addr' "$directory/build.ninja"; then
	for option; do
		shift
		[ "$option" = -Dtests=lab ] || set -- "$@" "$option"
	done
fi
if [ ! -f "$directory/build.ninja" ]; then
	meson setup "$directory" "$@" || exit
elif [ "$(cat "$directory/xdp-tools" 2>/dev/null)" != "$tools" ]; then
	meson setup --reconfigure "$directory" "$@" || exit
elif [ $# -gt 0 ]; then
	# An option that is newer than the directory is unknown to `configure`.
	meson configure "$directory" "$@" >/dev/null 2>&1 ||
		meson setup --reconfigure "$directory" "$@" || exit
fi
printf '%s\n' "$tools" >"$directory/xdp-tools"
