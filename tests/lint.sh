#!/bin/sh
# lint: programs that read our programs; one check a file.
#
# usage: tests/lint.sh shell                    shellcheck (.shellcheckrc)
#        tests/lint.sh tidy BUILD-DIRECTORY     clang-tidy (.clang-tidy), built by clang
#        tests/lint.sh analyzer BUILD-DIRECTORY gcc -fanalyzer
# Last line: "N passed, M failed".

# lint.sh one KIND BUILD-DIRECTORY FILE: the output of the tool, and nothing if it finds nothing.
if [ "${1-}" = one ]; then
	case $2 in
	shell) exec shellcheck -s sh "$4" 2>&1 ;;
	tidy) exec clang-tidy -p "$3" --quiet "$4" 2>/dev/null ;; # which counts what it hides
	# Leaks are left to the sanitizers, and uninitialised values to -Wmaybe-uninitialized: gcc 12
	# loses sight of what a struct holds, and of one that another file's function returns.
	analyzer) exec gcc -std=gnu11 -D_GNU_SOURCE '-DPORTLIGHT_VERSION="0"' -Isrc -O1 -fanalyzer -Wno-analyzer-malloc-leak \
		-Wno-analyzer-mismatching-deallocation \
		-Wno-analyzer-use-of-uninitialized-value -c -o /dev/null "$4" 2>&1 ;;
	esac
fi
. "$(dirname "$0")/harness.sh"
cd "$(dirname "$0")/.." || exit 1
kind=${1:?usage: tests/lint.sh shell|tidy|analyzer [BUILD-DIRECTORY]} build=${2-}

files() {
	case $kind in
	shell)
		need shellcheck
		grep -rlE '^#!(/bin/sh|.* bash)' check demo .ci tests bench
		find tests bench -name '*.sh'
		;;
	tidy)
		need clang-tidy
		[ -e "$build/compile_commands.json" ] || exit 1
		find src -name '*.c' ! -name '*.bpf.c' ! -name xdp_absent.c
		;;
	# Where bytes of others are read. In the folders left out it only misunderstands ownership.
	analyzer)
		need gcc
		find src -name '*.c' ! -name '*.bpf.c' ! -path 'src/engine/*' ! -path 'src/watch/*' \
			! -path 'src/cli/*' ! -path 'src/run/*'
		;;
	esac | sort -u
}

# A file with a mistake that the tool must find; its name.
# shellcheck disable=SC2016
mistake() {
	case $kind in
	shell) printf '#!/bin/sh\nif [ $1 == ]; then :; fi\n' ;;
	tidy) printf 'int f(int x)\n{\n\tif (x);\n\t\tx++;\n\treturn x;\n}\n' ;;
	analyzer) printf '#include <stdlib.h>\nvoid f(char *p)\n{\n\tfree(p);\n\tfree(p);\n}\n' ;;
	esac >"$work/mistake.c"
	echo "$work/mistake.c"
}

tests/lint.sh one "$kind" "$build" "$(mistake)" | grep -q mistake.c
ok 'it finds a mistake' $?
files >"$work/files"
mkdir "$work/out"
# shellcheck disable=SC2016
xargs -P "$(nproc)" -n 1 sh -c '"$1" one "$2" "$3" "$5" >"$4/$(echo "$5" | tr / :)" ||
	echo "exit status $?" >>"$4/$(echo "$5" | tr / :)"' \
	lint tests/lint.sh "$kind" "$build" "$work/out" <"$work/files"
while read -r file; do
	output=$work/out/$(echo "$file" | tr / :)
	[ -e "$output" ] && [ ! -s "$output" ]
	ok "$file" $?
	head -n 30 "$output"
done <"$work/files"
conclude
