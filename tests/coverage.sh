#!/bin/sh
# coverage: which lines of src/ the unit tests run.
#
# usage: tests/coverage.sh      builds build-coverage; the pages are in build-coverage/coverage/
# Last lines: lines, functions and branches in percent. Suites that start the program are left out:
# some need root, and in its cage it cannot write what gcov counts. So drivers and engines are counted
# lower than they are tested.
set -u
cd "$(dirname "$0")/.." || exit 1
build="build-coverage"
tests/packages.sh gcc libc6-dev linux-libc-dev meson ninja-build pkg-config libmnl-dev \
	libcap-ng-dev libseccomp-dev libpcap-dev zlib1g-dev libcmocka-dev jq gcovr || exit
mkdir -p $build || exit 1
if ! { CC=gcc tests/configure.sh $build -Db_coverage=true -Dbuildtype=debugoptimized \
	-Dtests=all && meson compile -C $build; } >$build/build.log 2>&1; then
	tail -n 30 $build/build.log
	exit 1
fi
find $build -name '*.gcda' -delete
JOBS=$(nproc) tests/unit/run.sh $build | tail -n 1
mkdir -p $build/coverage
gcovr --root . --filter src/ --exclude-unreachable-branches --print-summary \
	--html-details $build/coverage/index.html $build | tail -n 3
