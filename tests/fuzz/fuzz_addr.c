/* Fuzz target: addr_parse agrees with inet_pton on every text, and addr_format with both. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "address/addr.h"
#include "input.h"

/* What libc reads; a NUL inside the text is no part of any address. */
static int libc_parse(const uint8_t *data, size_t size, struct addr *out)
{
	char text[128];
	uint8_t bytes[16];

	if (size >= sizeof(text) || memchr(data, '\0', size))
		return -1;
	memcpy(text, data, size);
	text[size] = '\0';
	if (inet_pton(AF_INET, text, bytes) == 1) {
		*out = addr_from_bytes4(bytes);
		return 0;
	}
	if (inet_pton(AF_INET6, text, bytes) == 1) {
		*out = addr_from_bytes16(bytes);
		return 0;
	}
	return -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct addr ours, theirs, back;
	char text[ADDR_TEXT];
	int result = addr_parse((const char *)data, size, &ours);

	if (result != libc_parse(data, size, &theirs))
		abort();
	if (result != 0)
		return 0;
	if (!addr_equal(ours, theirs))
		abort();
	addr_format(ours, text);
	if (addr_parse(text, strlen(text), &back) != 0 || !addr_equal(ours, back))
		abort();
	if (libc_parse((const uint8_t *)text, strlen(text), &back) != 0 || !addr_equal(ours, back))
		abort();
	return 0;
}
