#!/bin/sh
# readme_check: README's "Build by hand", line by line, on a Debian 12 that has nothing installed.
#
# usage: tests/readme_check.sh       as root, with debootstrap and a package mirror
# The commands are read from README.md itself. They run in a tree of this run (debootstrap, chroot)
# that is removed at the end. Exits 77 where no such tree can be made.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/harness.sh"
cd "$here/.." || exit 1
if [ "$(id -u)" != 0 ]; then
	echo 'debootstrap needs root'
	exit 77
fi
PATH=$PATH:/usr/sbin:/sbin
need debootstrap chroot git
tree=$(mktemp -d /var/tmp/portlight-clean.XXXXXX) || exit 1
leave() {
	umount "$tree/dev/null" "$tree/proc" 2>/dev/null
	rm -rf --one-file-system "$tree"
}
trap 'leave; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

# The mirror that this machine's own apt uses.
# shellcheck disable=SC2016 # apt's own word
mirror=$(apt-get indextargets --format '$(SITE)' 'Codename: bookworm' 'Created-By: Packages' 2>/dev/null |
	head -n 1)
mirror=${mirror:-http://deb.debian.org/debian}
echo "making a tree of Debian 12 from $mirror ..."
if ! debootstrap --variant=minbase bookworm "$tree" "$mirror" >"$work/debootstrap" 2>&1; then
	echo "no Debian tree can be made here: $(tail -n 1 "$work/debootstrap")"
	exit 77
fi
cp /etc/resolv.conf /etc/hosts "$tree/etc/" 2>/dev/null
cat /etc/apt/apt.conf.d/*[Pp]roxy* >"$tree/etc/apt/apt.conf.d/90proxy" 2>/dev/null
mount -t proc proc "$tree/proc" || exit 1
: >"$tree/dev/null" 2>/dev/null || mknod -m 666 "$tree/dev/null" c 1 3
mkdir "$tree/src" && git archive HEAD | tar -x -C "$tree/src" || exit 1

inside() { # COMMAND: in the tree, in its copy of the project
	chroot "$tree" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		HOME=/root LC_ALL=C DEBIAN_FRONTEND=noninteractive sh -c "cd /src && $1" </dev/null
}

# The first block after the heading, without sudo: root runs it.
sed -n '/^## Build by hand/,/^## /p' README.md | awk '/^```/ { n++; next } n == 1' |
	sed -e 's/^sudo //' -e 's/^apt-get install/apt-get install -y --no-install-recommends/' \
		>"$work/commands"
same 'README has commands to build by hand' 4 "$(wc -l <"$work/commands")"
inside 'apt-get update' >"$work/why" 2>&1 || {
	echo "no packages can be had in there: $(tail -n 1 "$work/why")"
	exit 77
}
find "$tree/usr/local" | sort >"$work/before"
show='why stdout'
while IFS= read -r command; do
	inside "$command" >"$work/stdout" 2>&1
	ok "$command" $?
done <"$work/commands"
same 'the program runs' 'portlight' "$(inside 'portlight --version' | cut -d' ' -f1)"
for schema in portlight portlight-watch; do
	ok "the schema of $schema is installed" test -s "$tree/usr/local/share/portlight/$schema.schema.json"
done
ok 'with engine xdp' sh -c "grep -q xdp_programs '$tree/src/build/build.ninja'"
for page in portlight portlight-watch; do
	ok "the manual page $page is installed" test -s "$tree/usr/local/share/man/man1/$page.1"
done
ok 'tests and measuring programs are not built' sh -c "! ls '$tree/src/build' | grep -qx 'tests\|bench'"
inside 'make uninstall' >"$work/stdout" 2>&1
ok 'make uninstall' $?
find "$tree/usr/local" -not -type d | sort >"$work/after"
same 'make uninstall leaves no file' '' "$(grep -vxF -f "$work/before" "$work/after" | head -n 3)"
conclude
