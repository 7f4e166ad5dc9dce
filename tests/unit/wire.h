/* wire: frames typed by hand as hexadecimal text, and what is asserted of them. */
#ifndef PORTLIGHT_TESTS_WIRE_H
#define PORTLIGHT_TESTS_WIRE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "packet/packet.h"
#include "packets.h"

#define WIRE_MAX 1024

/* Headers that the frames below share; total lengths and protocols are theirs. */
#define MACS		   "020000000002 020000000001 "
#define ADDRS4		   "c0000201 c6336407 " /* 192.0.2.1 to 198.51.100.7 */
#define ADDR6_ONE	   "20010db8 00000000 00000000 00000001 "
#define ADDR6_TWO	   "20010db8 00000000 00000000 00000002 "
#define IP4(total, proto)  "4500 " total " 1234 0000 40 " proto " 0000 " ADDRS4
#define IP6(payload, next) "60000000 " payload " " next " 40 " ADDR6_ONE ADDR6_TWO
#define TCP_HEAD	   "c000 0016 deadbeef 00000000 "
#define SYN		   TCP_HEAD "5002 0400 0000 0000 "

static inline int hex_digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* Bytes of a hexadecimal text, on exactly as much heap. Blanks between bytes are skipped. */
static inline uint8_t *wire_new(const char *text, size_t *length)
{
	uint8_t bytes[WIRE_MAX], *wire;
	size_t count = 0;

	for (; *text; text++) {
		if (*text == ' ')
			continue;
		assert_true(count < sizeof(bytes));
		bytes[count++] = (uint8_t)(hex_digit(text[0]) << 4 | hex_digit(text[1]));
		text++;
	}
	wire = malloc(count ? count : 1);
	assert_non_null(wire);
	memcpy(wire, bytes, count);
	*length = count;
	return wire;
}

static inline void parse_wire(enum packet_link link, const char *text, struct packet *out)
{
	size_t length;
	uint8_t *wire = wire_new(text, &length);

	packet_parse(link, wire, length, out);
	assert_true((size_t)out->payload_offset + out->payload_bytes <= length);
	free(wire);
}

/* parse must return the input of build, and build must write these bytes. */
static inline void assert_golden(enum packet_link link, const char *text, const struct packet *p,
				 const uint8_t *payload, size_t payload_bytes)
{
	uint8_t frame[WIRE_MAX];
	struct packet got;
	size_t length;
	uint8_t *wire = wire_new(text, &length);
	const char *field;

	packet_parse_checked(link, wire, length, &got);
	field = packet_difference(&got, p);
	if (field)
		fail_msg("%s differs (has %x)", field, got.has);
	assert_int_equal(packet_build(link, p, payload, payload_bytes, frame, sizeof(frame)),
			 length);
	assert_memory_equal(frame, wire, length);
	free(wire);
}

static const struct addr one = {UINT64_C(0x20010db800000000), 1};
static const struct addr two = {UINT64_C(0x20010db800000000), 2};

#endif
