#!/bin/sh
# cage_check: what the detector's process may still do, seen from inside and from outside.
#
# usage: tests/net/cage_check.sh     BUILD names the build directory (default: build)
. "$(dirname "$0")/suite.sh"
need setpriv
: "${PROBE:=$BUILD/tests/unit/caged_probe}"
# Any user must be able to run it, and to write to its folder.
cp "$PROBE" "$work/probe" && chmod 755 "$work/probe" || exit 1
PROBE=$work/probe
mkdir -m 1777 "$work/open" && mkdir -m 755 "$work/shut" || exit 1
. "$here/caged.sh"

as_nobody='setpriv --reuid 65534 --regid 65534 --clear-groups'
zero=0000000000000000
# Landlock may be missing in a kernel; then files are kept by the user's rights alone.
landlock=
"$PROBE" self-test </dev/null >"$work/self-test" 2>&1
grep -q '^The cage: .*Landlock [0-9]' "$work/self-test" && landlock=yes

# held WHAT FILE STATUS [WAYS]: the self-test in FILE found no escape but WAYS, and reports them.
held() {
	grep -e '^ESCAPED' -e '^FAILED' "$2" | sed 's/^\([A-Z]*\) *\(.*[^ ]\)  .*/\1 \2/' >"$work/ways"
	same "$1: exit status" "$((${4:+1} + 0))" "$3"
	same "$1: closing line" "N ways out tried, $(wc -l <"$work/ways") not refused" \
		"$(tail -n 1 "$2" | sed 's/^[0-9]* /N /')"
	same "$1: ways out" "${4-}" "$(cat "$work/ways")"
	same "$1: work" 1 "$(grep -c '^works ' "$2")"
	# Checks the number: a list that lost rows by mistake would pass otherwise.
	same "$1: attempts" 40 "$(($(grep -c -e '^refused' -e '^allowed' "$2") + $(wc -l <"$work/ways")))"
}

self_tests() {
	"$PROBE" self-test </dev/null >"$work/self-test" 2>&1
	held 'self-test' "$work/self-test" $?
	"$PROBE" self-test "$work/open" </dev/null >"$work/self-test.files" 2>&1
	# Without Landlock, a process that may write files can open every file that its user may.
	held 'self-test with a directory' "$work/self-test.files" $? "$([ -n "$landlock" ] ||
		printf 'ESCAPED %s\n' 'read /etc/passwd' 'list the root directory' \
			'create a file in a world-writable folder')"
	if [ "$real" = 0 ]; then
		$as_nobody "$PROBE" self-test </dev/null >"$work/self-test.nobody" 2>&1
		held 'self-test of nobody' "$work/self-test.nobody" $?
	fi
	# The layers under seccomp hold by themselves.
	set -- 'open a packet socket' 'take capabilities' 'mount a file system' \
		'trace the parent process'
	# The root user of a user namespace keeps that identity after setuid.
	[ "$real" = 0 ] && set -- "$@" 'become root'
	for way; do
		same "without seccomp: $way" \
			'Operation not permitted' \
			"$(grep "$way" "$work/self-test" | sed 's/.*; without seccomp: //')"
	done
	[ -n "$landlock" ] || return
	for way in 'read /etc/passwd' 'create a file in a world' 'run another program' 'make a symbolic'; do
		same "without seccomp: $way" \
			'Permission denied' \
			"$(grep "$way" "$work/self-test" | sed 's/.*; without seccomp: //')"
	done
}

from_outside() {
	serve outside "$PROBE" serve "write=$work/open"
	case $said in
	ready*) same 'cage is entered' yes yes ;;
	*) same 'cage is entered' 'ready ...' "$said" ;;
	esac
	for field in CapInh CapPrm CapEff CapAmb; do
		same "outside view: $field" $zero "$(status_of $main $field)"
	done
	same 'outside view: NoNewPrivs' 1 "$(status_of $main NoNewPrivs)"
	same 'outside view: Seccomp' 2 "$(status_of $main Seccomp)"
	if [ "$real" = 0 ]; then
		same 'outside view: CapBnd' $zero "$(status_of $main CapBnd)"
		same 'outside view: Groups' '' "$(status_of $main Groups)"
		same 'outside view: ids' 0 "$(awk '/^[UG]id:/ { for (i = 2; i < 6; i++) if ($i == 0) n++ }
			END { print n + 0 }' /proc/$main/status)"
	fi
	ask write "$work/open/metrics.prom" first
	same 'a file where it may' 'write: done' "$said"
	ask write "$work/open/metrics.prom" second
	same 'the file again' 'write: done' "$said"
	same 'what is in it' second "$(cat "$work/open/metrics.prom")"
	ask write "$work/shut/metrics.prom" text
	same 'a file where it may not' 'write: Permission denied' "$said"
	if [ -n "$landlock" ]; then
		ask write "/tmp/portlight-check-$$" text
		same 'a file in a folder writable by all' 'write: Permission denied' "$said"
		ask open /etc/passwd
		same 'a file readable by all' 'open: Permission denied' "$said"
	fi
	echo socket >&3
	leave
	same 'a socket kills it' 159 $status # 128 + SIGSYS
	serve quiet "$PROBE" serve
	ask open /etc/passwd
	same 'no file at all' 'open: Permission denied' "$said"
	ask write "$work/open/other" text
	same 'no directory given' 'write: Permission denied' "$said"
	leave
	same 'it ends by itself' 0 $status
}

refusals() {
	said=$("$PROBE" serve user=root </dev/null)
	same 'user root' 'failure 64: user root is root: that would give nothing up' "$said"
	said=$("$PROBE" serve user=no-such-user </dev/null)
	same 'unknown user' 'failure 64: there is no user no-such-user' "$said"
	said=$("$PROBE" serve "write=$work/none" </dev/null)
	same 'missing directory' "failure 73: directory $work/none: No such file or directory" \
		"$said"
	[ "$real" = 0 ] || return
	said=$("$PROBE" serve "write=$work/shut" </dev/null)
	# Where portlight was installed, sysusers.d may have made its user.
	user=$(id -un portlight 2>/dev/null || echo nobody)
	same 'directory of others' "failure 73: directory $work/shut: user $user cannot \
make files there: Permission denied" "$said"
	said=$($as_nobody "$PROBE" serve user=daemon </dev/null)
	same 'another user without root' 'failure 77: only root can become user daemon' "$said"
	# As a service manager starts it: unprivileged, with one ambient capability.
	serve ambient $as_nobody --inh-caps +net_raw --ambient-caps +net_raw "$PROBE" serve
	for field in CapInh CapPrm CapEff CapAmb; do
		same "after ambient capabilities: $field" $zero "$(status_of $main $field)"
	done
	leave
	same 'it ends by itself' 0 $status
}

listeners() {
	"$LAB_SERVER" tcp 22 udp-echo 53 || return
	serve listeners "$PROBE" serve
	ask listens 127.0.0.1 22 tcp
	same 'TCP listens' 'listens: 1' "$said"
	ask listens 127.0.0.1 23 tcp
	same 'TCP does not' 'listens: -1' "$said"
	ask listens 127.0.0.1 53 udp
	same 'UDP listens' 'listens: 1' "$said"
	ask listens 127.0.0.1 53 tcp
	same 'TCP of the same number does not' 'listens: -1' "$said"
	ask listens 198.51.100.1 22 tcp
	same 'an address that is not ours' 'listens: 0' "$said"
	ip addr add 198.51.100.1/32 dev lo
	"$LAB_SERVER" tcp 8022 3>&- || return
	ask refresh
	same 'a new picture, in the cage' 'refresh: 1' "$said"
	ask listens 198.51.100.1 22 tcp
	same 'the address has become ours' 'listens: 1' "$said"
	ask listens 127.0.0.1 8022 tcp
	same 'the server is new' 'listens: 1' "$said"
	ip addr del 198.51.100.1/32 dev lo
	leave
}

notifications() { # address, as $NOTIFY_SOCKET has it
	rm -f "$work/told"
	# shellcheck disable=SC2016
	python3 -c '
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.settimeout(20)
s.bind(sys.argv[1].replace("@", "\0", 1))
if sys.argv[1][0] == "/":
	os.chmod(sys.argv[1], 0o777)
open(sys.argv[2] + ".up", "w").close()
text = s.recv(100).decode()
with open(sys.argv[2] + ".new", "w") as told:
	told.write(text)
os.rename(sys.argv[2] + ".new", sys.argv[2])' "$1" "$work/told" &
	listener=$!
	soon 'service manager is there' test -e "$work/told.up"
	serve notify env NOTIFY_SOCKET="$1" "$PROBE" serve
	ask notify READY=1
	same "notify $1" 'notify: 0' "$said"
	leave
	wait $listener
	same "told at $1" READY=1 "$(cat "$work/told")"
	rm -f "$work/told" "$work/told.up"
}

self_tests
from_outside
refusals
listeners
notifications "$work/notify.socket"
notifications "@portlight-check-$$"
conclude
