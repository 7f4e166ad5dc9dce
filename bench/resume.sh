#!/bin/sh
# resume: scans of all engines that are killed at random moments, and what they find in the end.
#
# usage: [KILLS=N] bench/resume.sh [--write]     N (334) kills for each engine; some 20 minutes
# --write puts the table into bench/RESULTS-resume.md. BUILD names the build directory.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
export KILLS="${KILLS:-334}"
table() {
	echo '# Scans that are killed and resumed'
	echo
	echo "\`bench/resume.sh --write\` wrote this on $(date -u +%F): each scan is ended by SIGKILL at"
	echo "random moments and resumed until it ends, with a checkpoint every 30 ms. A hole, a port twice, or"
	echo "another state or reason than that of a scan without interruption makes a result another one."
	echo "$(nproc) cores, Linux $(uname -r)."
	echo
	echo '| engine | ports | scans | kills | resumed | another result | not whole |'
	echo '|---|---|---|---|---|---|---|'
	"$here/../tests/net/resume_check.sh" thousand | grep '^|'
}
if [ "${1-}" = --write ]; then
	table >"$here/RESULTS-resume.md.new"
	mv "$here/RESULTS-resume.md.new" "$here/RESULTS-resume.md"
	cat "$here/RESULTS-resume.md"
else
	table
fi
