#!/bin/sh
# purity: proves that the pure half asks nothing of the system and keeps no state.
#
# usage: tests/purity.sh BUILD-DIRECTORY        (built without sanitizers)
# One check an object for what it calls, one for what it keeps in writable memory. Last line:
# "N passed, M failed".
. "$(dirname "$0")/harness.sh"
need nm size
archive=$(cd "${1:?usage: tests/purity.sh BUILD-DIRECTORY}" && pwd)/src/libportlight_pure.a
# Bytes, strings, memory, sorting; no file, clock, random number, errno or system call.
allowed=' memchr memcmp memcpy memmove memset strchr strcmp strcspn strlen strncmp strrchr strspn
 snprintf vsnprintf qsort bsearch malloc calloc realloc reallocarray free __assert_fail '

if ! nm "$archive" >/dev/null 2>&1; then
	echo "$archive is not there"
	exit 1
fi
own=$(nm --defined-only --extern-only "$archive" 2>/dev/null | awk 'NF == 3 { print $3 }')
allowed=$(printf '%s\n' $allowed $own)
# The archive may be thin (its members are paths), so each object is read by itself.
cd "$(dirname "$archive")" || exit 1
objects=$(find libportlight_pure.a.p -name '*.o' | sort)
if [ -z "$objects" ]; then
	echo 'no object files next to the archive'
	exit 1
fi
for object in $objects; do
	# __memcpy_chk is memcpy as _FORTIFY_SOURCE spells it; __stack_chk_fail the compiler's guard,
	# __udivti3 and __popcountdi2 its arithmetic.
	strange=$(nm --undefined-only "$object" | awk '{ print $2 }' |
		sed -e 's/^__\([a-z]*\)_chk$/\1/' -e '/^__stack_chk_fail$/d' -e '/^__udivti3$/d' -e '/^__popcountdi2$/d' -e '/^_GLOBAL_OFFSET_TABLE_$/d' |
		sort -u | grep -vxF -e "$allowed")
	[ -z "$strange" ]
	ok "$object calls $strange" $?
	state=$(nm --defined-only "$object" | awk '$2 ~ /^[bBcC]$/ { print $3 }')
	[ -z "$state" ]
	ok "$object keeps $state" $?
done
# Initialised variables: tables of pointers live in .data.rel.ro, so the section tells, not the type.
data=$(size -A $objects 2>/dev/null | awk '$1 == ".data" || $1 == ".bss" { n += $2 } END { print n + 0 }')
same 'bytes of writable variables' 0 "$data"
[ "$data" = 0 ] || size -A $objects | awk '/ex / { o = $1 }
	($1 == ".data" || $1 == ".bss") && $2 > 0 { print o, $1, $2 }'
conclude
