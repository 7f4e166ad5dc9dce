/* technique: the rows of the table, and the functions that read them. */
#include "technique/technique.h"

#include <netinet/in.h>
#include <string.h>

#include "packet/packet.h"

#define RFC_CLOSED "RFC 9293, 3.10.7.1"
#define RFC_LISTEN "RFC 9293, 3.10.7.2"
#define RFC_ICMP   "RFC 1122, 3.2.2.1; RFC 1812, 5.2.7.1; RFC 4443, 3.1"
#define PHRACK	   "U. Maimon, Port Scanning without the SYN Flag, Phrack 49-15, 1996"

// clang-format off

/* An ICMP error means the same for every technique: the probe was rejected before it reached the port. */
#define RULE_UNREACH                                                                               \
	[REPLY_UNREACH] = {PORT_FILTERED,                                                          \
		"An ICMP error says the probe was turned away before it reached the port.",        \
		RFC_ICMP}

/* TCP refuses with a RST; an ICMP port unreachable for TCP comes from a packet filter. */
#define RULE_TCP_PORT_UNREACH                                                                      \
	[REPLY_PORT_UNREACH] = {PORT_FILTERED,                                                     \
		"TCP refuses with a RST, never with ICMP: a port unreachable for a TCP probe is "  \
		"the word of a packet filter.", RFC_ICMP}

/* A connection of the same addresses and ports answers segments that do not belong to it. */
#define RULE_CHALLENGE_ACK                                                                         \
	[REPLY_ACK] = {PORT_UNFILTERED,                                                            \
		"An ACK came back, which does not answer the probe: the host's TCP has a "         \
		"connection of these addresses and ports. The port can be reached; probes from other " \
		"source ports did not show whether it accepts more.",                    \
		"RFC 9293, 3.10.7.4; RFC 5961, 4.2"}

/* The SYN family: the port itself sends a RST or SYN+ACK. */
#define RULES_SYN(silence_text)                                                                    \
	[REPLY_SILENCE] = {PORT_FILTERED, silence_text,                                            \
		"RFC 9293, 3.10.7.1 and 3.10.7.2: a host must answer a SYN"},                      \
	RULE_UNREACH, RULE_TCP_PORT_UNREACH, RULE_CHALLENGE_ACK,                                   \
	[REPLY_RST] = {PORT_CLOSED,                                                                \
		"No socket has this port: TCP answers any segment but a RST with a RST.",          \
		RFC_CLOSED},                                                                       \
	[REPLY_RST_WINDOW] = {PORT_CLOSED,                                                         \
		"No socket has this port: TCP answers any segment but a RST with a RST.",          \
		RFC_CLOSED},                                                                       \
	[REPLY_SYN] = {PORT_OPEN,                                                                  \
		"A bare SYN came back: the other end opens the connection too (simultaneous open).", \
		"RFC 9293, 3.5, figure 7"},                                                        \
	[REPLY_SYN_ACK] = {PORT_OPEN,                                                              \
		"A socket listens: it accepts the SYN and acknowledges it with its own.",          \
		RFC_LISTEN}

/* FIN, NULL, Xmas, Maimon: only a closed port must answer. */
#define RULES_INVERSE                                                                              \
	[REPLY_SILENCE] = {PORT_OPEN_FILTERED,                                                     \
		"A listening socket drops a segment without SYN, ACK and RST, and so does a "      \
		"packet filter: nothing came, so it is one of the two (or every copy was lost).",  \
		RFC_LISTEN},                                                                       \
	RULE_UNREACH, RULE_TCP_PORT_UNREACH, RULE_CHALLENGE_ACK,                                   \
	[REPLY_RST] = {PORT_CLOSED,                                                                \
		"No socket has this port: TCP answers any segment but a RST with a RST.",          \
		RFC_CLOSED},                                                                       \
	[REPLY_RST_WINDOW] = {PORT_CLOSED,                                                         \
		"No socket has this port: TCP answers any segment but a RST with a RST.",          \
		RFC_CLOSED}

/* The ACK family: a RST comes from open and closed ports alike. */
#define RULES_ACK_SILENCE                                                                          \
	[REPLY_SILENCE] = {PORT_FILTERED,                                                          \
		"An ACK without a connection gets a RST from open and closed ports alike: "        \
		"silence means that a packet filter dropped it (or every copy was lost).",         \
		"RFC 9293, 3.10.7.1 and 3.10.7.2"},                                                \
	RULE_UNREACH, RULE_TCP_PORT_UNREACH, RULE_CHALLENGE_ACK

const struct technique technique_table[TECHNIQUES] = {
[TECH_CONNECT] = {
	.name = "connect", .letter = 'T', .proto = IPPROTO_TCP, .flags = TCP_SYN,
	.needs = NEEDS_NOTHING, .cookie = COOKIE_ACK, .retries = 3,
	.title = "TCP connect",
	.sends = "The kernel opens a connection with connect(2): SYN, and ACK if the port accepts. "
		 "It is closed at once.",
	.caveat = "",
	.rules = { RULES_SYN("Neither acceptance nor refusal: the SYN or its answer was dropped on "
			     "the way.") },
},
[TECH_SYN] = {
	.name = "syn", .letter = 'S', .proto = IPPROTO_TCP, .flags = TCP_SYN,
	.needs = NEEDS_FRAMES, .cookie = COOKIE_ACK, .retries = 3,
	.title = "SYN (half-open)",
	.sends = "A SYN. An acceptance is answered with a RST, so no connection ever exists.",
	.caveat = "",
	.rules = { RULES_SYN("Neither SYN+ACK nor RST: the SYN or its answer was dropped on the "
			     "way.") },
},
[TECH_FIN] = {
	.name = "fin", .letter = 'F', .proto = IPPROTO_TCP, .flags = TCP_FIN,
	.needs = NEEDS_FRAMES, .cookie = COOKIE_ACK, .retries = 4,
	.title = "FIN",
	.sends = "A FIN for a connection that does not exist.",
	.caveat = "Hosts that answer RST whether the port is open or closed (Windows and others) "
		  "look closed everywhere.",
	.rules = { RULES_INVERSE },
},
[TECH_NULL] = {
	.name = "null", .letter = 'N', .proto = IPPROTO_TCP, .flags = 0,
	.needs = NEEDS_FRAMES, .cookie = COOKIE_ACK, .retries = 4,
	.title = "NULL",
	.sends = "A segment without any flag.",
	.caveat = "Hosts that answer RST whether the port is open or closed (Windows and others) "
		  "look closed everywhere.",
	.rules = { RULES_INVERSE },
},
[TECH_XMAS] = {
	.name = "xmas", .letter = 'X', .proto = IPPROTO_TCP, .flags = TCP_FIN | TCP_PSH | TCP_URG,
	.needs = NEEDS_FRAMES, .cookie = COOKIE_ACK, .retries = 4,
	.title = "Xmas",
	.sends = "A segment lit up like a Christmas tree: FIN, PSH and URG.",
	.caveat = "Hosts that answer RST whether the port is open or closed (Windows and others) "
		  "look closed everywhere.",
	.rules = { RULES_INVERSE },
},
[TECH_ACK] = {
	.name = "ack", .letter = 'A', .proto = IPPROTO_TCP, .flags = TCP_ACK,
	.needs = NEEDS_FRAMES, .cookie = COOKIE_SEQ, .retries = 3,
	.title = "ACK",
	.sends = "An ACK for a connection that does not exist.",
	.caveat = "It maps packet filters; it never tells open from closed.",
	.rules = {
		RULES_ACK_SILENCE,
		[REPLY_RST] = {PORT_UNFILTERED,
			"A RST came back: the port can be reached. Open and closed ports both "
			"answer an ACK so.", "RFC 9293, 3.10.7.1 and 3.10.7.2"},
		[REPLY_RST_WINDOW] = {PORT_UNFILTERED,
			"A RST came back: the port can be reached. Open and closed ports both "
			"answer an ACK so.", "RFC 9293, 3.10.7.1 and 3.10.7.2"},
	},
},
[TECH_WINDOW] = {
	.name = "window", .letter = 'W', .proto = IPPROTO_TCP, .flags = TCP_ACK,
	.needs = NEEDS_FRAMES, .cookie = COOKIE_SEQ, .retries = 3,
	.title = "ACK, judged by window",
	.sends = "An ACK for a connection that does not exist.",
	.caveat = "Only some old systems put the listening socket's window into the RST. Where "
		  "every RST carries window 0, as on Linux, it cannot tell open from closed.",
	.rules = {
		RULES_ACK_SILENCE,
		[REPLY_RST] = {PORT_CLOSED,
			"The RST carries window 0: no listening socket lent it one.", PHRACK},
		[REPLY_RST_WINDOW] = {PORT_OPEN,
			"The RST carries the window of a listening socket.", PHRACK},
	},
},
[TECH_TTL] = {
	.name = "ttl", .letter = 0, .proto = IPPROTO_TCP, .flags = TCP_ACK,
	.needs = NEEDS_FRAMES, .cookie = COOKIE_SEQ, .retries = 3, .compares_ttl = true,
	.title = "ACK, judged by TTL",
	.sends = "An ACK for a connection that does not exist.",
	.caveat = "Only some old systems send the RST of a listening socket with a lower TTL. "
		  "Where every RST of a host has the same TTL, as on Linux, it cannot tell open "
		  "from closed.",
	.rules = {
		RULES_ACK_SILENCE,
		[REPLY_RST] = {PORT_UNFILTERED,
			"A RST with the same TTL as every other RST of this host: the port can be "
			"reached, more it does not say.", PHRACK},
		[REPLY_RST_WINDOW] = {PORT_UNFILTERED,
			"A RST with the same TTL as every other RST of this host: the port can be "
			"reached, more it does not say.", PHRACK},
		[REPLY_RST_TTL_HIGHER] = {PORT_CLOSED,
			"The RST has a higher TTL than other RSTs of this host: it is not from a "
			"listening socket.", PHRACK},
		[REPLY_RST_TTL_LOWER] = {PORT_OPEN,
			"The RST has a lower TTL than other RSTs of this host, as from a listening "
			"socket.", PHRACK},
	},
},
[TECH_MAIMON] = {
	.name = "maimon", .letter = 'M', .proto = IPPROTO_TCP, .flags = TCP_FIN | TCP_ACK,
	.needs = NEEDS_FRAMES, .cookie = COOKIE_SEQ, .retries = 4,
	.title = "Maimon (FIN+ACK)",
	.sends = "A FIN+ACK for a connection that does not exist.",
	.caveat = "RFC 9293 wants a RST for it from open and closed ports alike; only old BSD "
		  "systems drop it on open ports. Elsewhere, as on Linux, every port looks closed.",
	.rules = {
		[REPLY_SILENCE] = {PORT_OPEN_FILTERED,
			"Old BSD systems drop a FIN+ACK to a listening port, and so does a packet "
			"filter: nothing came, so it is one of the two (or every copy was lost).",
			PHRACK},
		RULE_UNREACH, RULE_TCP_PORT_UNREACH, RULE_CHALLENGE_ACK,
		[REPLY_RST] = {PORT_CLOSED,
			"A RST came back. Old BSD systems send it from closed ports only; others "
			"from open ports too.", PHRACK "; RFC 9293, 3.10.7.1 and 3.10.7.2"},
		[REPLY_RST_WINDOW] = {PORT_CLOSED,
			"A RST came back. Old BSD systems send it from closed ports only; others "
			"from open ports too.", PHRACK "; RFC 9293, 3.10.7.1 and 3.10.7.2"},
	},
},
[TECH_UDP] = {
	.name = "udp", .letter = 'U', .proto = IPPROTO_UDP, .flags = 0,
	.needs = NEEDS_NOTHING, .cookie = COOKIE_PORT, .retries = 4,
	.title = "UDP",
	.sends = "A datagram: a question in the port's usual protocol where one is known, "
		 "otherwise empty.",
	.caveat = "Hosts limit how many ICMP errors they send a second (Linux: one a second and "
		  "target after a burst of six): many closed ports take long.",
	.rules = {
		[REPLY_SILENCE] = {PORT_OPEN_FILTERED,
			"Neither an answer nor an ICMP error: the service did not understand the "
			"question, or a packet filter dropped it (or every copy was lost).",
			"RFC 768; RFC 1122, 4.1.3.1"},
		RULE_UNREACH,
		[REPLY_PORT_UNREACH] = {PORT_CLOSED,
			"The host itself says that no socket has this port.",
			"RFC 1122, 4.1.3.1; RFC 4443, 3.1"},
		[REPLY_DATA] = {PORT_OPEN, "The service answered.", "RFC 768"},
	},
},
};

static const char *const state_names[PORT_STATES] = {
	[STATE_NONE] = "unknown",
	[PORT_OPEN] = "open",
	[PORT_CLOSED] = "closed",
	[PORT_FILTERED] = "filtered",
	[PORT_UNFILTERED] = "unfiltered",
	[PORT_OPEN_FILTERED] = "open|filtered",
};

static const char *const reason_names[REASONS] = {
	[REASON_NO_RESPONSE] = "no-response",
	[REASON_SYN_ACK] = "syn-ack",
	[REASON_SPLIT_HANDSHAKE] = "split-handshake-syn",
	[REASON_RESET] = "reset",
	[REASON_CONN_REFUSED] = "conn-refused",
	[REASON_UDP_RESPONSE] = "udp-response",
	[REASON_NET_UNREACH] = "net-unreach",
	[REASON_HOST_UNREACH] = "host-unreach",
	[REASON_PROTO_UNREACH] = "proto-unreach",
	[REASON_PORT_UNREACH] = "port-unreach",
	[REASON_NET_PROHIBITED] = "net-prohibited",
	[REASON_HOST_PROHIBITED] = "host-prohibited",
	[REASON_ADMIN_PROHIBITED] = "admin-prohibited",
	[REASON_DEST_UNREACH] = "dest-unreach",
	[REASON_TIME_EXCEEDED] = "time-exceeded",
	[REASON_PARAM_PROBLEM] = "param-prob",
	[REASON_NO_ROUTE] = "no-route",
	[REASON_BEYOND_SCOPE] = "beyond-scope",
	[REASON_REJECT_ROUTE] = "reject-route",
	[REASON_CHALLENGE_ACK] = "challenge-ack",
	[REASON_UNKNOWN] = "unknown-response",
};

static const char *const reply_names[REPLIES] = {
	[REPLY_SILENCE] = "silence",
	[REPLY_UNREACH] = "ICMP error",
	[REPLY_PORT_UNREACH] = "port unreachable",
	[REPLY_RST] = "RST",
	[REPLY_RST_WINDOW] = "RST with a window",
	[REPLY_RST_TTL_HIGHER] = "RST with a higher TTL",
	[REPLY_RST_TTL_LOWER] = "RST with a lower TTL",
	[REPLY_DATA] = "datagram",
	[REPLY_SYN] = "SYN",
	[REPLY_SYN_ACK] = "SYN+ACK",
	[REPLY_ACK] = "ACK",
};

/*
 * ICMP errors: a row for each type and code that is about a port. `port` marks the one that decides when the target itself sends it. Codes: RFC 792, RFC 1812 5.2.7.1, RFC 4443 3.1.
 */
static const struct icmp_row {
	uint8_t family, type, code, port, reason;
} icmp_rows[] = {
	{4, 3,  0, 0, REASON_NET_UNREACH},
	{4, 3,  1, 0, REASON_HOST_UNREACH},
	{4, 3,  2, 0, REASON_PROTO_UNREACH},
	{4, 3,  3, 1, REASON_PORT_UNREACH},
	{4, 3,  5, 0, REASON_DEST_UNREACH},	/* source route failed */
	{4, 3,  6, 0, REASON_NET_UNREACH},	/* network unknown */
	{4, 3,  7, 0, REASON_HOST_UNREACH},	/* host unknown */
	{4, 3,  8, 0, REASON_DEST_UNREACH},	/* source host isolated */
	{4, 3,  9, 0, REASON_NET_PROHIBITED},
	{4, 3, 10, 0, REASON_HOST_PROHIBITED},
	{4, 3, 11, 0, REASON_NET_UNREACH},	/* for this type of service */
	{4, 3, 12, 0, REASON_HOST_UNREACH},	/* for this type of service */
	{4, 3, 13, 0, REASON_ADMIN_PROHIBITED},
	{4, 3, 14, 0, REASON_DEST_UNREACH},	/* host precedence violation */
	{4, 3, 15, 0, REASON_DEST_UNREACH},	/* precedence cutoff in effect */
	{4, 11, 0, 0, REASON_TIME_EXCEEDED},
	{4, 12, 0, 0, REASON_PARAM_PROBLEM},
	{6, 1,  0, 0, REASON_NO_ROUTE},
	{6, 1,  1, 0, REASON_ADMIN_PROHIBITED},
	{6, 1,  2, 0, REASON_BEYOND_SCOPE},
	{6, 1,  3, 0, REASON_HOST_UNREACH},	/* address unreachable */
	{6, 1,  4, 1, REASON_PORT_UNREACH},
	{6, 1,  5, 0, REASON_ADMIN_PROHIBITED},	/* source address failed ingress/egress policy */
	{6, 1,  6, 0, REASON_REJECT_ROUTE},
	{6, 3,  0, 0, REASON_TIME_EXCEEDED},
	{6, 4,  0, 0, REASON_PARAM_PROBLEM},
	{6, 4,  1, 0, REASON_PARAM_PROBLEM},
	{6, 4,  2, 0, REASON_PARAM_PROBLEM},
};

/* The reason for a reply that is a packet of the target itself. */
static const uint8_t reply_reasons[REPLIES] = {
	[REPLY_SILENCE] = REASON_NO_RESPONSE,
	[REPLY_UNREACH] = REASON_DEST_UNREACH,
	[REPLY_PORT_UNREACH] = REASON_PORT_UNREACH,
	[REPLY_RST] = REASON_RESET,
	[REPLY_RST_WINDOW] = REASON_RESET,
	[REPLY_RST_TTL_HIGHER] = REASON_RESET,
	[REPLY_RST_TTL_LOWER] = REASON_RESET,
	[REPLY_DATA] = REASON_UDP_RESPONSE,
	[REPLY_SYN] = REASON_SPLIT_HANDSHAKE,
	[REPLY_SYN_ACK] = REASON_SYN_ACK,
	[REPLY_ACK] = REASON_CHALLENGE_ACK,
};
// clang-format on

int technique_by_name(const char *name, size_t length)
{
	for (int t = 0; t < TECHNIQUES; t++)
		if (strlen(technique_table[t].name) == length &&
		    memcmp(technique_table[t].name, name, length) == 0)
			return t;
	return -1;
}

int technique_by_letter(char letter)
{
	for (int t = 0; t < TECHNIQUES; t++)
		if (letter != 0 && technique_table[t].letter == letter)
			return t;
	return -1;
}

bool technique_is_inverse(unsigned technique)
{
	return technique < TECHNIQUES && !technique_is_udp(technique) &&
	       technique_table[technique].rules[REPLY_SILENCE].state == PORT_OPEN_FILTERED;
}

bool technique_open_is_silent(unsigned technique)
{
	return technique_is_inverse(technique) && !(technique_table[technique].flags & TCP_ACK);
}

bool technique_window_decides(unsigned technique)
{
	return technique_rule(technique, REPLY_RST)->state !=
	       technique_rule(technique, REPLY_RST_WINDOW)->state;
}

bool technique_compares_rsts(unsigned technique)
{
	return technique < TECHNIQUES &&
	       (technique_table[technique].compares_ttl || technique_window_decides(technique));
}

const char *technique_letters(char text[static TECHNIQUE_LETTERS])
{
	size_t length = 0;

	for (unsigned t = 0; t < TECHNIQUES; t++) {
		if (technique_table[t].letter == 0)
			continue;
		if (length > 0)
			text[length++] = ' ';
		text[length++] = technique_table[t].letter;
	}
	text[length] = '\0';
	return text;
}

uint32_t technique_by_sight(uint8_t proto, uint8_t flags)
{
	uint32_t rows = 0;

	flags &= (uint8_t) ~(TCP_ECE | TCP_CWR);
	for (unsigned t = 0; t < TECHNIQUES; t++)
		if (technique_table[t].proto == proto &&
		    (proto == IPPROTO_UDP || technique_table[t].flags == flags))
			rows |= UINT32_C(1) << t;
	return rows;
}

const struct rule *technique_rule(unsigned technique, unsigned reply)
{
	static const struct rule none = {STATE_NONE, "", ""};

	if (technique >= TECHNIQUES || reply >= REPLIES)
		return &none;
	const struct rule *rule = &technique_table[technique].rules[reply];

	return rule->state == STATE_NONE ? &none : rule;
}

const char *port_state_name(unsigned state)
{
	return state < PORT_STATES ? state_names[state] : "unknown";
}

const char *reason_name(unsigned reason)
{
	return reason < REASONS ? reason_names[reason] : "unknown";
}

const char *reply_name(unsigned reply)
{
	return reply < REPLIES ? reply_names[reply] : "unknown";
}

static const struct icmp_row *icmp_row(int family, uint8_t type, uint8_t code)
{
	/* Both time-exceeded codes, transit and reassembly, say the same here. */
	if ((family == 4 && type == 11) || (family == 6 && type == 3) ||
	    (family == 4 && type == 12))
		code = 0;
	for (size_t i = 0; i < sizeof(icmp_rows) / sizeof(icmp_rows[0]); i++)
		if (icmp_rows[i].family == family && icmp_rows[i].type == type &&
		    icmp_rows[i].code == code)
			return &icmp_rows[i];
	return NULL;
}

enum reply technique_icmp_reply(int family, uint8_t type, uint8_t code, bool from_target)
{
	const struct icmp_row *row = icmp_row(family, type, code);

	if (!row)
		return REPLY_SILENCE;
	return row->port && from_target ? REPLY_PORT_UNREACH : REPLY_UNREACH;
}

enum reason technique_icmp_reason(int family, uint8_t type, uint8_t code)
{
	const struct icmp_row *row = icmp_row(family, type, code);

	return row ? (enum reason)row->reason : REASON_NO_RESPONSE;
}

enum reason technique_reason(unsigned reply)
{
	return reply < REPLIES ? (enum reason)reply_reasons[reply] : REASON_NO_RESPONSE;
}

enum reply technique_tcp_reply(uint8_t flags, uint16_t window)
{
	if (flags & TCP_RST)
		return window ? REPLY_RST_WINDOW : REPLY_RST;
	if ((flags & (TCP_SYN | TCP_FIN)) == TCP_SYN)
		return flags & TCP_ACK ? REPLY_SYN_ACK : REPLY_SYN;
	return (flags & (TCP_ACK | TCP_FIN | TCP_SYN)) == TCP_ACK ? REPLY_ACK : REPLY_SILENCE;
}
