/* SCTP and STUN by their first bytes, typed from RFC 9260 and RFC 8489. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "packet/packet.h"

/* An IPv4 header of `proto`, 20 bytes, for `bytes` behind it. */
static size_t ipv4(uint8_t *frame, uint8_t proto, const uint8_t *payload, size_t bytes)
{
	const uint8_t header[20] = {
		0x45, 0, 0, (uint8_t)(20 + bytes), 0, 1, 0, 0, 64, proto, 0, 0, 198, 18, 0, 1, 198,
		18,   0, 2};

	memcpy(frame, header, 20);
	memcpy(frame + 20, payload, bytes);
	return 20 + bytes;
}

static void sctp_chunks(void **state)
{
	const uint8_t init[] = {0xd2, 0x3d, 0, 51, 1, 2, 3, 4, 0, 0, 0, 0, 1, 0, 0, 20};
	uint8_t frame[64];
	struct packet p;

	(void)state;
	for (size_t cut = 0; cut <= sizeof(init); cut++) {
		size_t length = ipv4(frame, 132, init, sizeof(init));

		packet_parse(PACKET_LINK_RAW_IP, frame, length - cut, &p);
		assert_int_equal(!!(p.has & PACKET_SCTP), cut == 0);
		if (cut)
			continue;
		assert_int_equal(p.sport, 0xd23d);
		assert_int_equal(p.dport, 51);
		assert_int_equal(p.seq, 0x01020304);
		assert_int_equal(p.chunk, SCTP_INIT);
	}
}

/* An ICMP error quotes the ports of SCTP, too. */
static void quoted_sctp(void **state)
{
	uint8_t frame[64], icmp[36] = {3, 2, 0, 0, 0, 0, 0, 0};
	const uint8_t ports[8] = {0xd2, 0x3d, 0, 51, 1, 2, 3, 4};
	struct packet p;

	(void)state;
	(void)ipv4(icmp + 8, 132, ports, sizeof(ports));
	packet_parse(PACKET_LINK_RAW_IP, frame, ipv4(frame, 1, icmp, sizeof(icmp)), &p);
	assert_true(p.has & PACKET_QUOTE);
	assert_int_equal(p.quote.sport, 0xd23d);
	assert_int_equal(p.quote.dport, 51);
}

static void stun_messages(void **state)
{
	uint8_t udp[28] = {0x9c, 0x40, 0xc3, 0x50, 0, 28, 0, 0, 0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};
	uint8_t frame[64];
	struct packet p;

	(void)state;
	packet_parse(PACKET_LINK_RAW_IP, frame, ipv4(frame, 17, udp, sizeof(udp)), &p);
	assert_true(p.has & PACKET_UDP && p.has & PACKET_STUN);
	udp[15]++; /* another cookie */
	packet_parse(PACKET_LINK_RAW_IP, frame, ipv4(frame, 17, udp, sizeof(udp)), &p);
	assert_false(p.has & PACKET_STUN);
	udp[15]--;
	udp[8] = 0x80; /* RTP begins so */
	packet_parse(PACKET_LINK_RAW_IP, frame, ipv4(frame, 17, udp, sizeof(udp)), &p);
	assert_false(p.has & PACKET_STUN);
	packet_parse(PACKET_LINK_RAW_IP, frame, ipv4(frame, 17, udp, 20), &p);
	assert_false(p.has & PACKET_STUN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sctp_chunks),
		cmocka_unit_test(quoted_sctp),
		cmocka_unit_test(stun_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
