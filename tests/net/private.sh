#!/bin/sh
# private: runs a command in network, mount and process namespaces of its own.
#
# usage: private.sh COMMAND [ARGS...]     exits as COMMAND does
#        private.sh --possible            exits 0 where this can work, else says why not and exits 77
#
# The command sees no interface but lo, names given with `ip netns` are its own, and everything in
# there vanishes when it ends, however it ends: SIGKILL to this process included. SIGTERM is held
# back by unshare, so bound a run with `timeout --kill-after` or `timeout -s KILL`.
# Works without root through a user namespace where the system allows that.
set -eu
PATH=$PATH:/usr/sbin:/sbin

spaces='--net --mount --pid --fork --kill-child --mount-proc'
[ "$(id -u)" = 0 ] && tries="'' user" || tries=user
found='' said=''
for try in $tries; do
	[ "$try" = user ] && as='--user --map-root-user' || as=
	# shellcheck disable=SC2086
	if why=$(unshare $as $spaces mount -t tmpfs tmpfs /run 2>&1); then
		found=yes
		break
	fi
	said="$said
  unshare${as:+ }$as $spaces: $(printf '%s' "$why" | head -n 1)"
done
if [ -z "$found" ]; then
	echo "no private network namespace here; as user $(id -un) tried:$said" >&2
	if [ "$(id -u)" = 0 ]; then
		echo 'no private network namespace here: root lacks CAP_SYS_ADMIN, and user namespaces' \
			'are refused, too (a chroot, a container, or its seccomp filter; kernel.*userns*)' >&2
	else
		echo 'no private network namespace here: not root, and user namespaces are switched off' \
			'(kernel.unprivileged_userns_clone, user.max_user_namespaces,' \
			'kernel.apparmor_restrict_unprivileged_userns)' >&2
	fi
	exit 77
fi
[ "${1-}" = --possible ] && exit 0
# The last line keeps the shell as process 1: a command there would ignore Ctrl-C.
# shellcheck disable=SC2086,SC2016
exec unshare $as $spaces sh -c '
	mount -t tmpfs tmpfs /run && mkdir /run/netns && ip link set lo up || exit 77
	"$@"
	exit $?' private "$@"
