# A thin coat over meson, for people's habit. `./demo` and `./check` need no make.
PREFIX ?= /usr/local
BUILD ?= build

all: $(BUILD)/build.ninja
	meson compile -C $(BUILD)

$(BUILD)/build.ninja:
	meson setup $(BUILD) --prefix=$(PREFIX)

demo:
	./demo

check:
	./check

bench: all
	bench/run.sh

# Longer than the short fixed count of `make check`: make fuzz RUNS=1000000
fuzz:
	test -f build-clang/build.ninja || CC=clang meson setup build-clang -Dfuzz=true \
		-Db_sanitize=address,undefined -Dbuildtype=debugoptimized -Db_lundef=false
	meson compile -C build-clang
	RUNS=$(RUNS) tests/fuzz/run.sh build-clang

install: all
	meson configure $(BUILD) --prefix=$(PREFIX)
	meson install -C $(BUILD) $(if $(DESTDIR),--destdir $(abspath $(DESTDIR)))

clean:
	rm -rf build build-check build-clang

.PHONY: all demo check bench fuzz install clean
