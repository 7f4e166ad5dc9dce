/* Answers typed from the protocols' documents return the cookie of the question, and others do not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "technique/payload_echo.h"

static const uint8_t cookie[PAYLOAD_ECHO] = {0xa1, 0xb2, 0xc3, 0xd4, 0xe5, 0xf6, 0x07, 0x18};

#define C2 "\xa1\xb2"
#define C3 "\xa1\xb2\xc3"
#define C4 "\xa1\xb2\xc3\xd4"
#define C8 "\xa1\xb2\xc3\xd4\xe5\xf6\x07\x18"
#define Z4 "\0\0\0\0"
#define Z8 Z4 Z4

#define A(port, attempt, echo, text)                                                               \
	{                                                                                          \
		port, attempt, echo, text, sizeof(text) - 1                                        \
	}
// clang-format off
static const struct golden {
	uint16_t port;
	uint8_t attempt;
	int echo;
	const char *bytes;
	size_t length;
} golden[] = {
	/* RFC 1035, 4.1.1: ID, then QR, opcode 0, and a code, REFUSED. */
	A(53, 0, 2, C2 "\x81\x05\0\1\0\0\0\0\0\0\0\0\2\0\1"),
	A(5353, 0, 2, C2 "\x84\0\0\1\0\1\0\0\0\0"),
	/* RFC 1002, 4.2.18. */
	A(137, 0, 2, C2 "\x84\0\0\0\0\1\0\0\0\0\x20" "CKAAAAAA"),
	/* RFC 5531, 9: xid, REPLY, MSG_ACCEPTED. */
	A(111, 0, 4, C4 "\0\0\0\1" Z8 Z8),
	A(2049, 0, 4, C4 "\0\0\0\1\0\0\0\1" Z8),
	/* RFC 5905, figure 8: mode 4, stratum 2; reference at 16, origin at 24. */
	A(123, 0, 8, "\x24\2\6\xec" Z4 Z4 "\x7f\0\0\1" "\xe0\0\0\0" Z4 C8 Z8 Z8),
	/* RFC 1157, 4.1.4 (GetResponse, context tag 2), the lengths in one byte and in others. */
	A(161, 0, 3, "\x30\x2e\2\1\0\4\6public\xa2\x21\2\4p" C3 "\2\1\0\2\1\0\x30\x13"),
	A(161, 0, 3, "\x30\x82\0\x30\2\1\0\4\6public\xa2\x81\x21\2\4p" C3 "\2\1\0\2\1\0\x30\x13"),
	A(161, 2, 3, "\x30\x84\0\0\0\x30\2\1\1\4\6public\xa2\x21\2\4p" C3 "\2\1\0\2\1\0"),
	/* RFC 3412, 6: msgID first in msgGlobalData; a Report behind. */
	A(161, 1, 3, "\x30\x69\2\1\3\x30\x11\2\4p" C3 "\2\3\0\xff\xe3\4\1\0\2\1\3\4\x1f"),
	/* RFC 4511, 4.5.2: SearchResultEntry. */
	A(389, 0, 3, "\x30\x0c\2\4p" C3 "d\x04\4\0\x30\0"),
	/* RFC 2608, 8 and 10.2. */
	A(427, 0, 2, "\2\x0a\0\0\x14\0\0\0\0\0" C2 "\0\2en\0\0\0\0"),
	/* RFC 8999, 6: version 0, destination connection ID of 8 bytes, which was our source's. */
	A(443, 0, 8, "\xca\0\0\0\0\x08" C8 "\x08portligh\0\0\0\1"),
	/* RFC 2408, 3.1: cookies, payload SA, version 1.0, main mode. */
	A(500, 0, 8, C8 "respondr\x01\x10\2\0\0\0\0\0\0\0\0\x50"),
	/* RFC 7296, 3.1: INFORMATIONAL 37, flag R; INVALID_MAJOR_VERSION with the responder SPI zero. */
	A(500, 1, 8, C8 Z8 "\x29\x20\x22\x20\0\0\0\0\0\0\0\x24"),
	A(4500, 0, 8, Z4 C8 "respondr\x01\x10\2\0\0\0\0\0\0\0\0\x50"),
	A(4500, 1, 8, Z4 C8 Z8 "\x29\x20\x22\x20\0\0\0\0\0\0\0\x24"),
	/* OpenVPN: opcode 8 << 3, its session, one acknowledgement of packet 0, our session. */
	A(1194, 0, 8, "\x40" "theirown" "\1" Z4 C8 Z4),
	/* RFC 2661, 3.1: T and L and S set, version 2, length, our tunnel. */
	A(1701, 0, 2, "\xc8\2\0\x65" C2 "\0\0\0\0\0\1\x80\x08\0\0\0\0\0\2"),
	/* 3GPP TS 29.060, 6 and 7.2.2. */
	A(2152, 0, 2, "\x32\2\0\6" Z4 C2 "\0\0\x0e\0"),
	/* RFC 8489, 5: success 0x0101 and error 0x0111. */
	A(3478, 0, 8, "\1\1\0\x0c\x21\x12\xa4\x42" C8 "t-st" "\0\1\0\x08"),
	A(3478, 0, 8, "\1\x11\0\0\x21\x12\xa4\x42" C8 "t-st"),
	/* RFC 3261, 8.2.6.2; a parameter may stand before. */
	A(5060, 0, 4, "SIP/2.0 404 Not Found\r\nVia: SIP/2.0/UDP portlight.invalid;"
		"branch=z9hG4bKpla1b2c3d4;received=192.0.2.1;rport=61442\r\n"),
	A(5060, 0, 4, "SIP/2.0 200 OK\r\nv: SIP/2.0/UDP x;rport=1;branch=z9hG4bKpla1b2c3d4\r\n"),
	/* RFC 7252, 3: acknowledgement with content, and reset. */
	A(5683, 0, 2, "\x60\x45" C2 "\xc1\x28\xff<"),
	A(5683, 0, 2, "\x70\0" C2),
	A(11211, 0, 2, C2 "\0\0\0\1\0\0VERSION 1.6.18\r\n"),
	A(44818, 0, 8, "c\0\x33\0" Z4 Z4 C8 Z4 "\1\0\x0c\0"),
	A(64738, 0, 8, "\0\1\4\3" C8 "\0\0\0\1\0\0\0\x64\0\1\x1b\x58"),
	/* RFC 1350, 5: error; data; RFC 2347, 3. */
	A(69, 0, 0, "\0\5\0\1File not found\0"),
	A(69, 0, 0, "\0\3\0\1contents"),
	A(69, 3, 0, "\0\6blksize\0" "512\0"),
	/* A block that is not the first, an error that does not exist, requests. */
	A(69, 0, -1, "\0\3\0\2contents"),
	A(69, 0, -1, "\0\5\0\x63?\0"),
	A(69, 0, -1, "\0\1portlight\0octet\0"),
	A(69, 0, -1, "hello"),
	A(69, 0, -1, "\0"),
	/* Protocols that return nothing, or too little; a port without a question. */
	A(177, 0, -1, "\0\1\0\5\0\0"),
	A(47808, 0, -1, "\x81\x0a\0\x11\1\0\x30\1\x0c"),
	A(7777, 0, -1, "hello"),
	/* Not answers: a query, a call, a client's mode, a request. */
	A(53, 0, -1, C2 "\1\0\0\1\0\0\0\0\0\0\0\0\2\0\1"),
	A(111, 0, -1, C4 "\0\0\0\0" Z8),
	A(123, 0, -1, "\x23\2\6\xec" Z4 Z4 Z8 Z4 C8 Z8 Z8),
	A(161, 0, -1, "\x30\x29\2\1\0\4\6public\xa0\x1c\2\4p" C3
		"\2\1\0\2\1\0\x30\x0e\x30\x0c\6\x08\x2b\6\1\2\1\1\1\0\5\0"),
	A(3478, 0, -1, "\0\1\0\0\x21\x12\xa4\x42" C8 "t-st"),
	A(5060, 0, -1, "OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=z9hG4bKpla1b2c3d4\r\n"),
	A(5060, 0, -1, "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP x;branch=z9hG4bKpla1b2c3dX\r\n"),
	/* Lengths that lead outside, integers of another form. */
	A(161, 0, -1, "\x30\x84\xff\xff\xff\xff\2\x84\xff\xff\xff\xff"),
	A(161, 0, -1, "\x30\x2e\2\1\0\4\x7fpublic\xa2\x21\2\4p" C3),
	A(161, 0, -1, "\x30\x2e\2\1\0\4\6public\xa2\x21\2\3" C3 "\2\1\0\2\1\0\x30\x13"),
	A(161, 0, -1, "\x30\x2e\2\1\0\4\6public\2\x21\2\4p" C3 "\2\1\0\2\1\0\x30\x13"),
	A(161, 0, -1, "\x30\x2e\2\1\0\4\6public\xa2\x21\2\4q" C3 "\2\1\0\2\1\0\x30\x13"),
};
// clang-format on

static void answers_return_the_cookie(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++) {
		const struct golden *g = &golden[i];
		uint8_t echo[PAYLOAD_ECHO] = {0};
		/* On the heap, so that a byte behind the end is seen to be read. */
		uint8_t *copy = malloc(g->length);
		int got;

		assert_non_null(copy);
		memcpy(copy, g->bytes, g->length);
		got = payload_answer(g->port, g->attempt, copy, g->length, echo);
		if (got != g->echo)
			print_message("# row %zu, port %u\n", i, g->port);
		assert_int_equal(got, g->echo);
		if (got > 0)
			assert_memory_equal(echo, cookie, (size_t)got);
		free(copy);
	}
}

/* Each cut short: it has its cookie whole, or none; nothing behind the end is read. */
static void what_is_cut_returns_nothing(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++)
		for (size_t length = 0; length < golden[i].length; length++) {
			uint8_t echo[PAYLOAD_ECHO], *copy = malloc(length + 1);
			int got;

			assert_non_null(copy);
			memcpy(copy + 1, golden[i].bytes, length);
			got = payload_answer(golden[i].port, golden[i].attempt, copy + 1, length,
					     echo);
			assert_true(got == -1 || got == golden[i].echo);
			if (got > 0)
				assert_memory_equal(echo, cookie, (size_t)got);
			free(copy);
		}
}

/* The question differs from the plain one in its cookie only, and is no answer to itself. */
static void questions_carry_it(void **unused)
{
	unsigned with = 0;

	(void)unused;
	for (unsigned n = 0; n < payload_count(); n++) {
		const uint16_t port = payload_port(n);

		for (unsigned d = 0; d < payload_dialects(port); d++) {
			uint8_t with_it[PAYLOAD_MOST], echo[PAYLOAD_ECHO];
			const uint8_t *plain;
			size_t length, changed = 0;

			payload_for_attempt(port, d, &plain, &length);
			assert_int_equal(payload_write(port, d, cookie, with_it), length);
			for (size_t i = 0; i < length; i++)
				changed += with_it[i] != plain[i];
			assert_true(changed <= 8);
			with += changed > 0;
			assert_int_equal(payload_answer(port, d, with_it, length, echo), -1);
			assert_int_equal(payload_answer(port, d, plain, length, echo), -1);
		}
	}
	assert_true(with >= 30);
	assert_int_equal(payload_port(payload_count()), 0);
}

/* Where the cookie has to be: the field that the answer's document says is copied. */
static void fields_are_where_they_belong(void **unused)
{
	static const struct {
		uint16_t port;
		uint8_t attempt, at;
		const char *bytes;
	} fields[] = {
		{53, 0, 0, C2},		  {123, 0, 40, C8},
		{161, 0, 15, "\2\4p" C3}, {161, 1, 7, "\2\4p" C3},
		{389, 0, 2, "\2\4p" C3},  {500, 0, 0, C8},
		{4500, 1, 4, C8},	  {1701, 0, 55, "\0\0\0\x09" C2},
		{3478, 0, 8, C8},	  {5060, 0, 78, ";branch=z9hG4bKpla1b2c3d4;rport"},
		{443, 0, 14, "\x08" C8},  {427, 0, 10, C2},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		uint8_t out[PAYLOAD_MOST];
		size_t length = payload_write(fields[i].port, fields[i].attempt, cookie, out);
		size_t want = strlen(fields[i].bytes);

		if (fields[i].port == 1701)
			want = 6;
		assert_true(fields[i].at + want <= length);
		assert_memory_equal(out + fields[i].at, fields[i].bytes, want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_return_the_cookie),
		cmocka_unit_test(what_is_cut_returns_nothing),
		cmocka_unit_test(questions_carry_it),
		cmocka_unit_test(fields_are_where_they_belong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
