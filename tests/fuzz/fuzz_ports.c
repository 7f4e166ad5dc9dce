/* Fuzzes scan/ports with a small table of services, and that table's own reader. */
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "plan/ports.h"
#include "system/services.h"

static const char services_text[] = "ftp 21/tcp\nssh 22/tcp\ndomain 53/tcp\ndomain 53/udp\n"
				    "http 80/tcp www\nntp 123/udp\nhttps 443/tcp\nhttps 443/udp\n";

/* Digits, as a number up to 65,536. False if there is none. */
static bool read_number(const char *text, size_t length, size_t *at, unsigned *value)
{
	size_t start = *at;

	*value = 0;
	for (; *at < length && text[*at] >= '0' && text[*at] <= '9'; ++*at) {
		*value = *value * 10 + (unsigned)(text[*at] - '0');
		if (*value > 65536)
			*value = 65536;
	}
	return *at > start;
}

/* Another reader for the commonest texts: numbers, ranges with both ends, commas; nothing else.
 * -1 if the text is not of them, 0 if it is to be refused, 1 if taken. */
static int read_plainly(const char *text, size_t length, struct port_set *set)
{
	bool right = true;
	size_t at = 0;

	for (;;) {
		unsigned low, high;

		if (!read_number(text, length, &at, &low))
			return -1;
		high = low;
		if (at < length && text[at] == '-') {
			at++;
			if (!read_number(text, length, &at, &high))
				return -1;
		}
		right = right && high <= 65535 && low <= high;
		for (unsigned port = low; right && port <= high; port++)
			port_set_add(set, port);
		if (at == length)
			return right;
		if (text[at++] != ',')
			return -1;
	}
}

static void fuzz_ports(const char *text, size_t size)
{
	struct services *s = services_new(services_text, sizeof(services_text) - 1);
	static struct ports ports, before;
	static struct port_set plain;
	struct service_names names;
	struct failure f = {0};
	int result, plainly;

	if (!s)
		return;
	names = services_names(s);
	memset(&ports, 0, sizeof(ports));
	port_set_add(&ports.tcp, 65535);
	before = ports;
	result = ports_parse(text, size, &names, &ports, &f);
	input_check(result == 0 || result == -1);
	input_check((result < 0) == (f.exit_code != 0));
	if (result < 0) {
		input_check(f.exit_code == EXIT_USAGE && f.text[0] != '\0');
		input_check_printable(f.text);
		input_check(memcmp(&ports, &before, sizeof(ports)) == 0);
	} else {
		input_check(port_set_has(&ports.tcp, 65535));
		input_check(port_set_size(&ports.tcp) + port_set_size(&ports.udp) >= 1);
		/* port 0 only where a 0 was written */
		input_check(memchr(text, '0', size) ||
			    (!port_set_has(&ports.tcp, 0) && !port_set_has(&ports.udp, 0)));
	}
	memset(&plain, 0, sizeof(plain));
	plainly = read_plainly(text, size, &plain);
	if (plainly == 0)
		input_check(result < 0);
	if (plainly == 1) {
		input_check(result == 0 && memcmp(&plain, &ports.udp, sizeof(plain)) == 0);
		port_set_add(&plain, 65535);
		input_check(memcmp(&plain, &ports.tcp, sizeof(plain)) == 0);
	}
	services_free(s);
}

static void find_none(void *context, uint16_t port)
{
	(void)port;
	++*(size_t *)context;
}

static void fuzz_services(const char *text, size_t size)
{
	struct services *s = services_new(text, size);
	struct service_names names;
	size_t found = 0, named = 0;

	if (!s)
		return;
	names = services_names(s);
	(void)names.find(names.context, "*", 1, IPPROTO_TCP, find_none, &found);
	(void)names.find(names.context, "*", 1, IPPROTO_UDP, find_none, &found);
	input_check(found == services_count(s));
	for (unsigned port = 0; port <= 65535 && named < found; port += size % 7 + 1) {
		const char *name = services_name(s, (uint16_t)port, IPPROTO_TCP);

		if (!name)
			continue;
		named++;
		input_check(strlen(name) >= 1 && strlen(name) <= 63);
		input_check_printable(name);
		input_check(!strpbrk(name, "<>&\"' "));
		input_check(names.find(names.context, name, strlen(name), IPPROTO_TCP, find_none,
				       &(size_t){0}) >= 1);
	}
	/* a pattern from the text as well */
	(void)names.find(names.context, text, size < 64 ? size : 64, IPPROTO_UDP, find_none,
			 &found);
	services_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (data[0] % 4 == 0)
		fuzz_services((const char *)data + 1, size - 1);
	else
		fuzz_ports((const char *)data + 1, size - 1);
	return 0;
}
