/* payload_echo: where each protocol returns what the client chose. */
#include "technique/payload_echo.h"

#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"

/* Of BER (X.690, 8.1.2 and 8.1.3). */
#define BER_INTEGER	0x02
#define BER_CONSTRUCTED 0x20
#define BER_LONG	0x80 /* the low bits are the number of bytes of the length */

/* An integer of four bytes whose first makes it positive, and needed: no shorter form exists, which
 * an answer might have. The cookie is the other three. */
#define BER_COOKIE_FIRST 'p'
#define BER_COOKIE	 3

#define SIP_COOKIE	 4 /* as hexadecimal digits */
#define SIP_BRANCH	 "z9hG4bKpl"
#define SIP_RESPONSE	 "SIP/2.0 "

enum echo_kind {
	KIND_NONE,
	KIND_FIXED,    /* at answer_at */
	KIND_BER,      /* an integer behind `answer_at` elements of the outer sequence */
	KIND_SIP,      /* in the branch of the topmost Via */
	KIND_TRANSFER, /* nowhere */
};

/*
 * Where the cookie stands in the question and the answer. The byte at check_at must be `value` in
 * the bits of `mask`; that tells an answer from the question itself.
 */
static const struct echo_row {
	uint8_t kind;  /* enum echo_kind */
	uint8_t bytes; /* of the cookie */
	uint8_t at, answer_at;
	uint8_t check_at, mask, value;
} echo_rows[PAYLOAD_ECHOES] = {
	[PAYLOAD_ECHO_NONE] = {KIND_NONE, 0, 0, 0, 0, 0, 0},
	/* RFC 1035, 4.1.1: ID, and the bit QR; RFC 6762, 6.7 for queries from other ports than
	 * 5353; RFC 1002, 4.2.1.1. */
	[PAYLOAD_ECHO_DNS] = {KIND_FIXED, 2, 0, 0, 2, 0x80, 0x80},
	/* RFC 1350, 5: no packet from the server returns anything of the request. */
	[PAYLOAD_ECHO_TFTP] = {KIND_TRANSFER, 0, 0, 0, 0, 0, 0},
	/* RFC 5531, 9: xid, and REPLY. */
	[PAYLOAD_ECHO_RPC] = {KIND_FIXED, 4, 0, 0, 7, 0xff, 1},
	/* RFC 5905, 7.3: the transmit timestamp comes back as origin timestamp, in mode 4. */
	[PAYLOAD_ECHO_NTP] = {KIND_FIXED, 8, 40, 24, 0, 0x07, 4},
	/* RFC 1157, 4.1.1; RFC 3416, 4.2.1: request-id, in a Response or Report behind version and
	 * community. */
	[PAYLOAD_ECHO_SNMP] = {KIND_BER, BER_COOKIE, 18, 2, 0, 0xff, 0x30},
	/* RFC 3412, 7.1 and 7.2: msgID, in the header behind the version. */
	[PAYLOAD_ECHO_SNMP_V3] = {KIND_BER, BER_COOKIE, 10, 1, 0, 0xff, 0x30},
	/* RFC 4511, 4.1.1.1: messageID. */
	[PAYLOAD_ECHO_LDAP] = {KIND_BER, BER_COOKIE, 5, 0, 0, 0xff, 0x30},
	/* RFC 2608, 8: XID; SrvTypeRply (10.2). */
	[PAYLOAD_ECHO_SLP] = {KIND_FIXED, 2, 10, 10, 1, 0xff, 10},
	/* RFC 8999, 6: the server's Version Negotiation has version 0 and our source connection ID
	 * as its destination connection ID. */
	[PAYLOAD_ECHO_QUIC] = {KIND_FIXED, 8, 15, 6, 1, 0xff, 0},
	/* RFC 2408, 3.1; RFC 7296, 3.1: the initiator's SPI; RFC 3948, 2.2 for the marker before.
	 */
	[PAYLOAD_ECHO_IKE] = {KIND_FIXED, 8, 0, 0, 17, 0xc0, 0},
	[PAYLOAD_ECHO_IKE_NAT] = {KIND_FIXED, 8, 4, 4, 21, 0xc0, 0},
	/* OpenVPN protocol: P_CONTROL_HARD_RESET_SERVER_V2 with one acknowledgement, behind which
	 * is the session of the client. */
	[PAYLOAD_ECHO_OPENVPN] = {KIND_FIXED, 8, 1, 14, 0, 0xf8, 0x40},
	/* RFC 2661, 3.1 and 4.4.3: the Assigned Tunnel ID is the Tunnel ID of the answer. */
	[PAYLOAD_ECHO_L2TP] = {KIND_FIXED, 2, 59, 4, 0, 0x80, 0x80},
	/* 3GPP TS 29.060, 7.2.2: sequence number; Echo Response. */
	[PAYLOAD_ECHO_GTP] = {KIND_FIXED, 2, 8, 8, 1, 0xff, 2},
	/* RFC 8489, 5: transaction ID; a response of either class. */
	[PAYLOAD_ECHO_STUN] = {KIND_FIXED, 8, 8, 8, 0, 0xff, 1},
	/* RFC 3261, 8.2.6.2: Via as in the request; 8.1.1.7: its branch. */
	[PAYLOAD_ECHO_SIP] = {KIND_SIP, SIP_COOKIE, 95, 0, 0, 0xff, 'S'},
	/* RFC 7252, 4.2 and 5.2.1: message ID; an acknowledgement or reset. */
	[PAYLOAD_ECHO_COAP] = {KIND_FIXED, 2, 2, 2, 0, 0xe0, 0x60},
	/* memcached, doc/protocol.txt, "UDP protocol": request ID; "VERSION". */
	[PAYLOAD_ECHO_MEMCACHED] = {KIND_FIXED, 2, 0, 0, 8, 0xff, 'V'},
	/* ODVA EtherNet/IP, 2-3.2: sender context; ListIdentity, with items. */
	[PAYLOAD_ECHO_ETHERNET_IP] = {KIND_FIXED, 8, 12, 12, 0, 0xff, 'c'},
	/* Mumble protocol, "Ping": the identifier behind the version. */
	[PAYLOAD_ECHO_MUMBLE] = {KIND_FIXED, 8, 4, 4, 0, 0, 0},
};

/* Bytes of the question that the cookie takes. */
static size_t echo_width(const struct echo_row *row)
{
	return row->kind == KIND_SIP ? 2 * SIP_COOKIE : row->bytes;
}

static char hex_digit(unsigned number)
{
	return "0123456789abcdef"[number & 15];
}

/* -1: none. */
static int hex_number(uint8_t digit)
{
	const char *at = digit ? strchr("0123456789abcdef", digit) : NULL;

	return at ? (int)(at - "0123456789abcdef") : -1;
}

size_t payload_write(uint16_t port, unsigned attempt, const uint8_t cookie[static PAYLOAD_ECHO],
		     uint8_t out[static PAYLOAD_MOST])
{
	const struct echo_row *row = &echo_rows[payload_echo_of(port, attempt)];
	const uint8_t *bytes;
	size_t length;

	payload_for_attempt(port, attempt, &bytes, &length);
	memcpy(out, bytes, length);
	if (row->kind != KIND_SIP) {
		memcpy(out + row->at, cookie, row->bytes);
		return length;
	}
	for (unsigned i = 0; i < SIP_COOKIE; i++) {
		out[row->at + 2 * i] = (uint8_t)hex_digit(cookie[i] >> 4);
		out[row->at + 2 * i + 1] = (uint8_t)hex_digit(cookie[i]);
	}
	return length;
}

/* Reads a BER element's tag and length at *at, which is then at its contents. False if they are not
 * there, or its length has more than four bytes. */
static bool ber_element(struct bytes_view v, size_t *at, uint8_t *tag, size_t *length)
{
	unsigned count;

	if (!bytes_hold(v.length, *at, 2))
		return false;
	*tag = bytes_at8(v, (*at)++);
	*length = bytes_at8(v, (*at)++);
	if (!(*length & BER_LONG))
		return true;
	count = *length & ~(unsigned)BER_LONG;
	if (count == 0 || count > 4 || !bytes_hold(v.length, *at, count))
		return false;
	for (*length = 0; count > 0; count--)
		*length = *length << 8 | bytes_at8(v, (*at)++);
	return true;
}

/* The integer of the cookie: the first of the outer sequence, or of the constructed element behind
 * `skip` others. */
static bool ber_cookie(struct bytes_view v, unsigned skip, uint8_t echo[static PAYLOAD_ECHO])
{
	size_t at = 0, length;
	uint8_t tag;

	if (!ber_element(v, &at, &tag, &length))
		return false;
	for (unsigned i = 0; i < skip; i++) {
		if (!ber_element(v, &at, &tag, &length) || !bytes_hold(v.length, at, length))
			return false;
		at += length;
	}
	if (skip > 0 && (!ber_element(v, &at, &tag, &length) || !(tag & BER_CONSTRUCTED)))
		return false;
	if (!ber_element(v, &at, &tag, &length) || tag != BER_INTEGER || length != BER_COOKIE + 1 ||
	    !bytes_hold(v.length, at, length) || bytes_at8(v, at) != BER_COOKIE_FIRST)
		return false;
	memcpy(echo, v.bytes + at + 1, BER_COOKIE);
	return true;
}

static bool sip_cookie(struct bytes_view v, uint8_t echo[static PAYLOAD_ECHO])
{
	const size_t prefix = strlen(SIP_BRANCH), response = strlen(SIP_RESPONSE);

	if (v.length < response || memcmp(v.bytes, SIP_RESPONSE, response) != 0)
		return false;
	for (size_t at = response; bytes_hold(v.length, at, prefix + 2 * SIP_COOKIE); at++) {
		if (memcmp(v.bytes + at, SIP_BRANCH, prefix) != 0)
			continue;
		at += prefix;
		for (unsigned i = 0; i < SIP_COOKIE; i++) {
			const int high = hex_number(bytes_at8(v, at + 2 * i));
			const int low = hex_number(bytes_at8(v, at + 2 * i + 1));

			if (high < 0 || low < 0)
				return false;
			echo[i] = (uint8_t)(high << 4 | low);
		}
		return true;
	}
	return false;
}

/* RFC 1350, 5 and RFC 2347, 3: the first block, an error with its message, or an OACK. */
static bool is_transfer(struct bytes_view v)
{
	switch (bytes_at16(v, 0)) {
	case 3:
		return bytes_at16(v, 2) == 1;
	case 5:
		return v.length >= 5 && bytes_at16(v, 2) <= 8;
	case 6:
		return v.length > 2;
	default:
		return false;
	}
}

/* Whether a datagram is the question itself, sent back: whole, or as far as it was captured. */
static bool is_question(uint16_t port, unsigned attempt, const struct echo_row *row,
			struct bytes_view v)
{
	const size_t at = row->at, behind = at + echo_width(row);
	const uint8_t *bytes;
	size_t length;

	payload_for_attempt(port, attempt, &bytes, &length);
	if (v.length < length)
		length = v.length;
	return memcmp(v.bytes, bytes, at < length ? at : length) == 0 &&
	       (behind >= length || memcmp(v.bytes + behind, bytes + behind, length - behind) == 0);
}

int payload_answer(uint16_t port, unsigned attempt, const uint8_t *bytes, size_t length,
		   uint8_t echo[static PAYLOAD_ECHO])
{
	const struct echo_row *row = &echo_rows[payload_echo_of(port, attempt)];
	const struct bytes_view v = {bytes, length};
	bool there = false;

	if (row->kind == KIND_TRANSFER)
		return is_transfer(v) ? PAYLOAD_TRANSFER : PAYLOAD_NO_ANSWER;
	if (row->kind == KIND_NONE || !bytes_hold(length, row->check_at, 1) ||
	    (bytes_at8(v, row->check_at) & row->mask) != row->value ||
	    is_question(port, attempt, row, v))
		return PAYLOAD_NO_ANSWER;
	switch (row->kind) {
	case KIND_FIXED:
		there = bytes_hold(length, row->answer_at, row->bytes);
		if (there)
			memcpy(echo, bytes + row->answer_at, row->bytes);
		break;
	case KIND_BER:
		there = ber_cookie(v, row->answer_at, echo);
		break;
	case KIND_SIP:
		there = sip_cookie(v, echo);
		break;
	default:
		break;
	}
	return there ? row->bytes : PAYLOAD_NO_ANSWER;
}
