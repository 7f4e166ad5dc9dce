#!/bin/sh
# nmap_options: every option of the installed nmap's --help and man page is answered by name.
#
# usage: tests/nmap_options.sh BUILD    its portlight and portlight.1 are tried
# Each option is either one of portlight's, or refused with "portlight has no ...": never unknown, and
# never taken for another one. The man page has them all. Exits 77 without nmap 7.93.
# shellcheck disable=SC1091
. "$(dirname "$0")/harness.sh"
build=${1:?usage: nmap_options.sh BUILD}
nmap --help 2>/dev/null | grep -q '^Nmap 7\.93 ' || {
	echo 'nmap 7.93 is not installed: its options cannot be compared'
	exit 77
}
nmap --help >"$work/words"
page=/usr/share/man/man1/nmap.1.gz
[ ! -e "$page" ] || gzip -dc "$page" | sed 's/\\-/-/g; s/\\f[BIR]//g; s/\\&//g' >>"$work/words"
# "-PS/PA/PU", "--min-hostgroup/max-hostgroup" name one option behind each slash.
{
	grep -oE -- '(^|[ (,/])--[a-z][a-z0-9-]+[a-z0-9]' "$work/words"
	grep -oE -- '--[a-z0-9-]+(/[a-z]+-[a-z0-9-]+)+' "$work/words" | tr / '\n' | sed 's/^[a-z]/--&/'
	grep -oE -- '^ +-[A-Za-z0-9]+(/[A-Za-z]+)*' "$work/words" | tr -d ' ' | tr / '\n' |
		sed 's/^[a-zA-Z]/-&/'
} | sed 's/^[ (,/]*//' | sort -u >"$work/options"
# Of iptables, in an example; "-1" is a result; what "-T<0-5>" begins with takes a value.
grep -vxE -- '--state|--syn|-[0-9]' "$work/options" >"$work/wanted"
ok 'there are options to compare' [ "$(wc -l <"$work/wanted")" -gt 100 ]

answers() { # option: it is known by that name
	timeout 10 "$build/portlight" scan "$1" >"$work/said" 2>&1
	! grep -e 'unknown option' -e 'did you mean' "$work/said" && grep . "$work/said" >/dev/null
}

in_man() { # option
	grep -qE "^\.It Fl .*$(printf '%s' "${1#-}" | sed 's/-/\\\\?-/g')( |$)" "$build/portlight.1" ||
		case $1 in
		-s?) grep -q '^\.It Fl s Ar LETTERS' "$build/portlight.1" ;;
		-v? | -d?) true ;;
		*) false ;;
		esac
}

while read -r option; do
	ok "$option is answered by name" answers "$option"
	ok "$option is in the man page" in_man "$option"
done <"$work/wanted"
conclude
