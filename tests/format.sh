#!/bin/sh
# format: clang-format has nothing to change. Prints what it would.
#
# usage: tests/format.sh
cd "$(dirname "$0")/.." || exit 1
command -v clang-format >/dev/null || {
	echo 'clang-format is not installed'
	exit 1
}
find src tests bench -name '*.[ch]' -print0 | xargs -0 clang-format --dry-run -Werror
