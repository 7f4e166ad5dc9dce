/* input: what the fuzz targets share: the entry point, promises, and bytes taken from the input. */
#ifndef PORTLIGHT_TESTS_FUZZ_INPUT_H
#define PORTLIGHT_TESTS_FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A promise of the code under test; a broken one ends the run, and libFuzzer keeps the input. */
static inline void input_check(int kept)
{
	if (!kept)
		abort();
}

/* What failures quote of the input is printable ASCII. */
static inline void input_check_printable(const char *text)
{
	for (; *text; text++)
		input_check(*text >= ' ' && *text <= '~');
}

/* The input as it is read; the caller's. */
struct input {
	const uint8_t *at;
	size_t left;
};

/* The next `bytes` (at most 4) as a big-endian number; those that are not there count as absent. */
static inline unsigned input_take(struct input *in, unsigned bytes)
{
	unsigned value = 0;

	while (bytes-- > 0 && in->left > 0) {
		value = value << 8 | *in->at++;
		in->left--;
	}
	return value;
}

#endif
