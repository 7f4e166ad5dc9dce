#!/bin/sh
# words: no text of the project uses the words of words.tsv, but for words.exceptions.tsv.
#
# usage: tests/words.sh [FILE...]        default: all text that git tracks
# One check per word, and one that each exception is still needed. WORDS_SHOWN is the number of lines
# printed per word (default 10). Last line: "N passed, M failed".
set -u
cd "$(dirname "$0")/.." || exit 1
tab=$(printf '\t')
passed=0 failed=0
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# Exceptions are one expression, joined by "|"; reasons are for people.
sed -e '/^#/d' -e "s/$tab.*//" tests/words.exceptions.tsv >"$work/exceptions"
paste -sd '|' - <"$work/exceptions" >"$work/except"
if [ $# -eq 0 ]; then
	git ls-files -- '*.c' '*.h' '*.sh' '*.py' '*.md' '*.in' '*.tsv' '*.json' Makefile meson.build check demo |
		grep -v '^tests/words\.\|/corpus/' >"$work/files"
else
	printf '%s\n' "$@" >"$work/files"
fi

: >"$work/all"
while IFS=$tab read -r word instead; do
	case $word in '' | '#'*) continue ;; esac
	xargs -d '\n' grep -HniE -e "$word" -- <"$work/files" >"$work/lines"
	cat "$work/lines" >>"$work/all"
	if grep -vE -f "$work/except" "$work/lines" >"$work/found"; then
		failed=$((failed + 1))
		printf 'not ok %s: write %s (%s lines)\n' "$word" "$instead" "$(wc -l <"$work/found")"
		head -n "${WORDS_SHOWN:-10}" "$work/found" | cut -c1-160 | sed 's/^/        /'
	else
		passed=$((passed + 1))
	fi
done <tests/words.tsv

# An exception without a line that needs it would hide the next mistake.
if [ $# -eq 0 ]; then
	while read -r exception; do
		if grep -qE -e "$exception" "$work/all"; then
			passed=$((passed + 1))
		else
			failed=$((failed + 1))
			printf 'not ok exception without use: %s\n' "$exception"
		fi
	done <"$work/exceptions"
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
