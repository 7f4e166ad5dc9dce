/* Fuzz target: datagrams as answers to UDP payloads: what is read of them lies in them. */
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "technique/payload_echo.h"

static int is_within(const uint8_t *bytes, size_t length, const uint8_t *part, size_t count)
{
	for (size_t at = 0; at + count <= length; at++)
		if (memcmp(bytes + at, part, count) == 0)
			return 1;
	return 0;
}

/* SIP has its cookie as hexadecimal digits. */
static int is_within_as_hex(const uint8_t *bytes, size_t length, const uint8_t *part, size_t count)
{
	char hex[2 * PAYLOAD_ECHO + 1];

	for (size_t i = 0; i < count; i++) {
		hex[2 * i] = "0123456789abcdef"[part[i] >> 4];
		hex[2 * i + 1] = "0123456789abcdef"[part[i] & 15];
	}
	return is_within(bytes, length, (const uint8_t *)hex, 2 * count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	const uint16_t port = payload_port(input_take(&in, 1) % payload_count());
	const unsigned attempt = input_take(&in, 1);
	uint8_t echo[PAYLOAD_ECHO], *copy;
	int got;

	/* On the heap, so that a byte behind the end is seen to be read. */
	copy = malloc(in.left + 1);
	if (!copy)
		return 0;
	memcpy(copy + 1, in.at, in.left);
	got = payload_answer(port, attempt, copy + 1, in.left, echo);
	input_check(got == PAYLOAD_NO_ANSWER || got == PAYLOAD_TRANSFER ||
		    (got >= 2 && got <= PAYLOAD_ECHO));
	if (got > 0)
		input_check(port == 5060 ? is_within_as_hex(copy + 1, in.left, echo, (size_t)got)
					 : is_within(copy + 1, in.left, echo, (size_t)got));
	free(copy);
	return 0;
}
