#!/bin/sh
# service_check: the systemd unit: well formed, locked in, and what it starts is really there.
#
# usage: tests/service_check.sh     BUILD names the build directory (default: build)
# Exits 77 where there is no systemd-analyze. Last line: "N passed, M failed".
. "$(dirname "$0")/harness.sh"
root=$(cd "$(dirname "$0")/.." && pwd)
: "${BUILD:=$root/build}"
unit=$(realpath "$BUILD/packaging/portlight-watch.service") || exit 1
program=$(realpath "$BUILD/portlight") || exit 1
if ! command -v systemd-analyze >/dev/null; then
	echo 'no systemd-analyze here'
	exit 77
fi
score() { # most, in tenths
	systemd-analyze security --no-pager --offline=yes --threshold="$1" "$unit"
}

# The unit as it would be after installation, with the program that was built.
verified() {
	sed -e "s|^ExecStart=[^ ]*|ExecStart=$program|" -e '/^Documentation=/d' "$unit" \
		>"$work/portlight-watch.service" || return
	systemd-analyze verify --man=no "$work/portlight-watch.service" 2>&1 | tee "$work/words" || return
	# It warns about keys and values that it does not know, and exits 0.
	! grep -F portlight-watch "$work/words"
}

# Each word of the command line is one that the program knows.
started() {
	words=$(sed -n 's/^ExecStart=[^ ]* //p' "$unit")
	# shellcheck disable=SC2086
	"$program" $words --help
}

# The manual page that it names is installed, and that of what it starts.
documented() {
	pages=$(sed -n 's/^Documentation=man:\([^(]*\)(\([0-9]\))$/\1.\2/p' "$unit")
	[ -n "$pages" ] || return
	for page in $pages; do
		grep -q '^\.Nm portlight watch' "$BUILD/$page" || return
	done
}

# A wrong word on the command line ends it for good, with the status that the unit knows.
not_again() {
	"$program" watch --nonsense
	status=$?
	sed -n 's/^RestartPreventExitStatus=/ /p' "$unit" | sed 's/$/ /' | grep -q " $status "
}

user_made() {
	mkdir -p "$work/root/etc" &&
		systemd-sysusers --root="$work/root" "$root/packaging/portlight.sysusers" &&
		grep '^portlight:' "$work/root/etc/passwd"
}

installed() {
	DESTDIR=$work/dest meson install -C "$BUILD" --no-rebuild || return
	found=$(find "$work/dest" -name portlight-watch.service -o -name portlight.conf | sort |
		sed 's|.*/lib/||')
	[ "$found" = 'systemd/system/portlight-watch.service
sysusers.d/portlight.conf' ] || return
	command=$(sed -n 's/^ExecStart=\([^ ]*\) .*/\1/p' "$work"/dest/*/*/lib/systemd/system/*.service \
		"$work"/dest/*/lib/systemd/system/*.service 2>/dev/null)
	[ -x "$work/dest$command" ]
}

ok 'exposure of 2.0 or less' score 20
ok 'a threshold that it cannot meet is reported' eval '! score 1'
ok 'well formed' verified
ok 'its command line' started
ok 'its manual page' documented
ok 'no new start after a wrong option' not_again
if [ "$(id -u)" = 0 ]; then
	ok 'its user' user_made
else
	skip 'its user: only root can make one'
fi
ok 'installed where systemd looks' installed
conclude
