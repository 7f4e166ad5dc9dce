# A thin coat over meson, for people's habit. `./demo` and `./check` need no make.
PREFIX ?= /usr/local
BUILD ?= build

all:
	tests/configure.sh $(BUILD)
	meson compile -C $(BUILD)

demo:
	./demo

check:
	./check

quick:
	./check quick

coverage:
	tests/coverage.sh

bench:
	bench/run.sh

# Longer than the short fixed count of `make check`: make fuzz RUNS=1000000
fuzz:
	CC=clang tests/configure.sh build-clang -Dfuzz=true \
		-Db_sanitize=address,undefined -Dbuildtype=debugoptimized -Db_lundef=false
	meson compile -C build-clang
	RUNS=$(RUNS) tests/fuzz/run.sh build-clang

install: all
	meson configure $(BUILD) --prefix=$(PREFIX)
	meson install -C $(BUILD) $(if $(DESTDIR),--destdir $(abspath $(DESTDIR)))

uninstall:
	ninja -C $(BUILD) uninstall

clean:
	rm -rf build build-check build-clang build-coverage

.PHONY: all demo check quick coverage bench fuzz install uninstall clean
