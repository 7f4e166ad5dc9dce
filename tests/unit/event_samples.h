/* event_samples: one event of every kind, for test_event_sinks.c and emit_events.c. */
#ifndef PORTLIGHT_TESTS_EVENT_SAMPLES_H
#define PORTLIGHT_TESTS_EVENT_SAMPLES_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/event/event_sink.h"

/* 2026-11-23T07:30:20Z. */
#define SAMPLE_START_NS UINT64_C(1795419020000000000)
#define SAMPLE_SECOND	UINT64_C(1000000000)

#define SAMPLE_BIT(bit) (UINT32_C(1) << (bit))
#define SAMPLE_V4(a, b, c, d)                                                                      \
	{                                                                                          \
		0, ADDR_V4_PREFIX | (uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d)               \
	}
#define SAMPLE_V6(last)                                                                            \
	{                                                                                          \
		UINT64_C(0x20010db800000000), (last)                                               \
	}
#define SAMPLE_PORTS(table)                                                                        \
	{                                                                                          \
		(table), sizeof(table) / sizeof((table)[0])                                        \
	}

enum sample_name {
	SAMPLE_OPEN,
	SAMPLE_UPDATE,
	SAMPLE_CLOSE,
	SAMPLE_PING,
	SAMPLE_BLOCK,
	SAMPLE_DISTRIBUTED,
	SAMPLE_ARP,
	SAMPLE_IPPROTO,
	SAMPLE_ACK,
	SAMPLE_ODD,
	SAMPLE_FLOOD,
	SAMPLE_BACKSCATTER,
	SAMPLE_REFLECTION,
	SAMPLE_BLIND,
	SAMPLE_SUPPRESSED,
	SAMPLE_HOSTILE,
	SAMPLE_WIDE,
	SAMPLES,
};

static const uint16_t sample_ports[][2] = {{1, 1000}, {8080, 8080}};
static const uint16_t sample_udp[][2] = {{53, 53}, {123, 124}};
static const uint16_t sample_open[][2] = {{22, 22}, {80, 80}};
static const uint16_t sample_fin[][2] = {{21, 25}, {80, 80}, {443, 443}};
static const uint16_t sample_web[][2] = {{80, 80}};

static const struct event_suspect sample_suspects[] = {
	{SAMPLE_V4(192, 0, 2, 7), 1000, 993},
	{SAMPLE_V6(7), 900, 900},
	{SAMPLE_V4(192, 0, 2, 8), UINT32_MAX, 20},
	{SAMPLE_V4(192, 0, 2, 9), 20, 10},
};

/* Every other port: the longest list there can be. Filled by sample_events. */
#define SAMPLE_WIDE_RANGES 32768
static uint16_t sample_wide[SAMPLE_WIDE_RANGES][2];

// clang-format off
static const struct event sample_table[SAMPLES] = {
	[SAMPLE_OPEN] = {
		.id = 12, .t_ns = SAMPLE_START_NS + 3 * SAMPLE_SECOND,
		.first_ns = SAMPLE_START_NS, .last_ns = SAMPLE_START_NS + 2500000000,
		.source = SAMPLE_V4(192, 0, 2, 7), .target = SAMPLE_V4(198, 51, 100, 1),
		.packets = 1010, .hosts = 1, .sources = 1, .ports_total = 1001,
		.tcp = SAMPLE_PORTS(sample_ports), .open = SAMPLE_PORTS(sample_open),
		.failed = 999, .answered = 2, .rate_pps = 404.0,
		.confidence = 0.9999999999, .tool_confidence = 0.95,
		.techniques = SAMPLE_BIT(TECH_SYN) | SAMPLE_BIT(TECH_CONNECT),
		.action = EVENT_PORT_SCAN, .phase = EVENT_OPEN, .shape = SHAPE_VERTICAL,
		.tool = TOOL_NMAP, .has = EVENT_HAS_SOURCE | EVENT_HAS_TARGET | EVENT_SPOOFABLE,
		.interface = "eth0",
	},
	[SAMPLE_UPDATE] = {
		.id = 12, .t_ns = SAMPLE_START_NS + 4 * SAMPLE_SECOND,
		.first_ns = SAMPLE_START_NS, .last_ns = SAMPLE_START_NS + 4 * SAMPLE_SECOND,
		.updates = 1,
		.source = SAMPLE_V4(192, 0, 2, 7), .target = SAMPLE_V4(198, 51, 100, 1),
		.packets = 10100, .hosts = 1, .sources = 1, .ports_total = 1004,
		.tcp = SAMPLE_PORTS(sample_ports), .udp = SAMPLE_PORTS(sample_udp),
		.open = SAMPLE_PORTS(sample_open), .failed = 1002, .answered = 2,
		.rate_pps = 2525.25, .confidence = 0.999999, .tool_confidence = 0.95, .lost = 1,
		.techniques = SAMPLE_BIT(TECH_CONNECT) | SAMPLE_BIT(TECH_UDP),
		.action = EVENT_PORT_SCAN, .phase = EVENT_UPDATE, .shape = SHAPE_VERTICAL,
		.tool = TOOL_NMAP, .has = EVENT_HAS_SOURCE | EVENT_HAS_TARGET | EVENT_HANDSHAKE,
		.interface = "eth0",
	},
	[SAMPLE_CLOSE] = {
		.id = 12, .t_ns = SAMPLE_START_NS + 310 * SAMPLE_SECOND,
		.first_ns = SAMPLE_START_NS, .last_ns = SAMPLE_START_NS + 10 * SAMPLE_SECOND,
		.updates = 2,
		.source = SAMPLE_V4(192, 0, 2, 7), .target = SAMPLE_V4(198, 51, 100, 1),
		.packets = 10200, .hosts = 1, .sources = 1, .ports_total = 1004,
		.tcp = SAMPLE_PORTS(sample_ports), .udp = SAMPLE_PORTS(sample_udp),
		.open = SAMPLE_PORTS(sample_open), .failed = 1002, .answered = 2,
		.rate_pps = 1020, .confidence = 0.999999, .tool_confidence = 0.95,
		.techniques = SAMPLE_BIT(TECH_CONNECT) | SAMPLE_BIT(TECH_UDP),
		.action = EVENT_PORT_SCAN, .phase = EVENT_CLOSE, .shape = SHAPE_VERTICAL,
		.tool = TOOL_NMAP, .has = EVENT_HAS_SOURCE | EVENT_HAS_TARGET | EVENT_HANDSHAKE,
		.interface = "eth0",
	},
	[SAMPLE_PING] = {
		.id = 13, .t_ns = SAMPLE_START_NS, .first_ns = SAMPLE_START_NS - SAMPLE_SECOND,
		.last_ns = SAMPLE_START_NS, .source = SAMPLE_V4(10, 0, 0, 5),
		.packets = 254, .hosts = 254, .sources = 1, .failed = 250, .answered = 4,
		.rate_pps = 254, .confidence = 0.99,
		.techniques = SAMPLE_BIT(SEEN_ICMP), .action = EVENT_NETWORK_SWEEP,
		.shape = SHAPE_HORIZONTAL,
		.has = EVENT_HAS_SOURCE | EVENT_SPOOFABLE | EVENT_HOSTS_AT_LEAST,
	},
	[SAMPLE_BLOCK] = {
		.id = 14, .t_ns = SAMPLE_START_NS, .first_ns = SAMPLE_START_NS - 60 * SAMPLE_SECOND,
		.last_ns = SAMPLE_START_NS, .source = SAMPLE_V6(0x7), .packets = 4000,
		.hosts = 300, .sources = 1, .ports_total = 10,
		.tcp = SAMPLE_PORTS(sample_fin), .udp = SAMPLE_PORTS(sample_udp), .failed = 3900,
		.rate_pps = 66.666666, .confidence = 1, .tool_confidence = 0.5,
		.techniques = SAMPLE_BIT(TECH_FIN) | SAMPLE_BIT(TECH_UDP),
		.action = EVENT_BLOCK_SCAN, .shape = SHAPE_BLOCK, .tool = TOOL_CONNECT,
		.has = EVENT_HAS_SOURCE | EVENT_SPOOFABLE, .interface = "br-0a1b",
	},
	[SAMPLE_DISTRIBUTED] = {
		.id = 15, .t_ns = SAMPLE_START_NS, .first_ns = SAMPLE_START_NS - 9 * SAMPLE_SECOND,
		.last_ns = SAMPLE_START_NS, .target = SAMPLE_V4(198, 51, 100, 1), .packets = 1001,
		.hosts = 1, .sources = 50, .ports_total = 1001, .tcp = SAMPLE_PORTS(sample_ports),
		.failed = 1001, .rate_pps = 111.222, .confidence = 0.99999, .tool_confidence = 0.8,
		.techniques = SAMPLE_BIT(TECH_SYN), .action = EVENT_DISTRIBUTED_SCAN,
		.shape = SHAPE_DISTRIBUTED, .tool = TOOL_MASSCAN,
		.has = EVENT_HAS_TARGET | EVENT_SPOOFABLE | EVENT_SOURCES_AT_LEAST,
	},
	[SAMPLE_ARP] = {
		.id = 16, .t_ns = SAMPLE_START_NS, .first_ns = SAMPLE_START_NS - 2 * SAMPLE_SECOND,
		.last_ns = SAMPLE_START_NS, .source = SAMPLE_V4(192, 168, 1, 9), .packets = 255,
		.hosts = 255, .sources = 1, .failed = 240, .answered = 15, .rate_pps = 127.5,
		.confidence = 0.999, .techniques = SAMPLE_BIT(SEEN_ARP),
		.action = EVENT_NETWORK_SWEEP, .shape = SHAPE_HORIZONTAL,
		.has = EVENT_HAS_SOURCE | EVENT_SPOOFABLE, .interface = "eth1",
	},
	[SAMPLE_IPPROTO] = {
		.id = 17, .t_ns = SAMPLE_START_NS, .first_ns = SAMPLE_START_NS - 2 * SAMPLE_SECOND,
		.last_ns = SAMPLE_START_NS, .source = SAMPLE_V4(203, 0, 113, 9),
		.target = SAMPLE_V4(198, 51, 100, 1), .packets = 256, .hosts = 1, .sources = 1,
		.protocols = 256, .failed = 250, .rate_pps = 128, .confidence = 0.999,
		.techniques = SAMPLE_BIT(SEEN_IPPROTO), .action = EVENT_PORT_SCAN,
		.shape = SHAPE_VERTICAL,
		.has = EVENT_HAS_SOURCE | EVENT_HAS_TARGET | EVENT_SPOOFABLE,
	},
	[SAMPLE_ACK] = {
		.id = 18, .t_ns = SAMPLE_START_NS, .first_ns = SAMPLE_START_NS - 2 * SAMPLE_SECOND,
		.last_ns = SAMPLE_START_NS, .source = SAMPLE_V6(0x8), .target = SAMPLE_V6(0x1),
		.packets = 20, .hosts = 1, .sources = 1, .ports_total = 7,
		.tcp = SAMPLE_PORTS(sample_fin), .failed = 7, .rate_pps = 10, .confidence = 0.999,
		.techniques = SAMPLE_BIT(TECH_ACK) | SAMPLE_BIT(TECH_WINDOW) | SAMPLE_BIT(TECH_TTL),
		.action = EVENT_PORT_SCAN, .shape = SHAPE_VERTICAL,
		.has = EVENT_HAS_SOURCE | EVENT_HAS_TARGET | EVENT_SPOOFABLE,
	},
	[SAMPLE_ODD] = {
		.id = 19, .t_ns = SAMPLE_START_NS, .first_ns = SAMPLE_START_NS,
		.last_ns = SAMPLE_START_NS, .source = SAMPLE_V4(203, 0, 113, 10),
		.target = SAMPLE_V4(198, 51, 100, 1), .packets = 7, .hosts = 1, .sources = 1,
		.ports_total = 1, .tcp = SAMPLE_PORTS(sample_web), .confidence = 0.999,
		.tool_confidence = 0.6,
		.techniques = SAMPLE_BIT(SEEN_ODD) | SAMPLE_BIT(TECH_XMAS),
		.action = EVENT_PORT_SCAN, .shape = SHAPE_VERTICAL, .tool = TOOL_HPING,
		.has = EVENT_HAS_SOURCE | EVENT_HAS_TARGET | EVENT_SPOOFABLE,
	},
	[SAMPLE_FLOOD] = {
		.id = 20, .t_ns = SAMPLE_START_NS, .first_ns = SAMPLE_START_NS - SAMPLE_SECOND,
		.last_ns = SAMPLE_START_NS, .target = SAMPLE_V4(198, 51, 100, 1),
		.packets = 500000, .hosts = 1, .sources = 65536, .ports_total = 1,
		.tcp = SAMPLE_PORTS(sample_web), .rate_pps = 500000, .confidence = 0.999,
		.techniques = SAMPLE_BIT(TECH_SYN) | SAMPLE_BIT(TECH_CONNECT),
		.action = EVENT_SYN_FLOOD,
		.has = EVENT_HAS_TARGET | EVENT_SPOOFABLE | EVENT_SOURCES_AT_LEAST,
		.interface = "eth0", .suspects = {sample_suspects, 4},
	},
	[SAMPLE_BACKSCATTER] = {
		.id = 21, .t_ns = SAMPLE_START_NS, .first_ns = SAMPLE_START_NS - SAMPLE_SECOND,
		.last_ns = SAMPLE_START_NS, .source = SAMPLE_V4(203, 0, 113, 77), .packets = 300,
		.hosts = 200, .sources = 1, .rate_pps = 300, .confidence = 0.9,
		.action = EVENT_BACKSCATTER, .has = EVENT_HAS_SOURCE,
	},
	[SAMPLE_REFLECTION] = {
		.id = 22, .t_ns = SAMPLE_START_NS, .first_ns = SAMPLE_START_NS - SAMPLE_SECOND,
		.last_ns = SAMPLE_START_NS, .target = SAMPLE_V6(0x1), .packets = 3000, .hosts = 1,
		.sources = 90, .rate_pps = 3000, .confidence = 0.9,
		.techniques = SAMPLE_BIT(TECH_UDP), .action = EVENT_REFLECTION,
		.has = EVENT_HAS_TARGET,
	},
	[SAMPLE_BLIND] = {
		.id = 23, .t_ns = SAMPLE_START_NS, .first_ns = SAMPLE_START_NS - SAMPLE_SECOND,
		.last_ns = SAMPLE_START_NS, .lost = 1234, .suppressed = 56, .action = EVENT_BLIND,
		.interface = "eth0",
	},
	[SAMPLE_SUPPRESSED] = {
		.id = 24, .t_ns = SAMPLE_START_NS, .first_ns = SAMPLE_START_NS - SAMPLE_SECOND,
		.last_ns = SAMPLE_START_NS, .suppressed = 1, .action = EVENT_SUPPRESSED,
	},
	/* Times that run backwards, invalid numbers, and an interface with a hostile name. */
	[SAMPLE_HOSTILE] = {
		.id = UINT64_MAX, .t_ns = UINT64_MAX, .first_ns = UINT64_MAX, .last_ns = 0,
		.updates = UINT64_MAX, .source = SAMPLE_V6(UINT64_MAX),
		.target = SAMPLE_V6(UINT64_MAX), .packets = UINT64_MAX, .hosts = UINT64_MAX,
		.sources = UINT64_MAX, .ports_total = UINT64_MAX, .tcp = SAMPLE_PORTS(sample_web),
		.udp = SAMPLE_PORTS(sample_web), .open = SAMPLE_PORTS(sample_web),
		.protocols = UINT64_MAX, .failed = UINT64_MAX, .answered = UINT64_MAX,
		.lost = UINT64_MAX, .suppressed = UINT64_MAX, .rate_pps = INFINITY,
		.confidence = NAN, .tool_confidence = -1, .techniques = UINT32_MAX,
		.action = EVENT_PORT_SCAN, .phase = EVENT_UPDATE, .shape = SHAPE_BLOCK,
		.tool = TOOL_MIRAI, .has = UINT16_MAX,
		.interface = {'"', '\\', '\x1b', '[', '2', 'J', '\n', '<', '&', '>', '\xff', '=',
			      '%', 's', '\r', '\''},
	},
	[SAMPLE_WIDE] = {
		.id = 26, .t_ns = SAMPLE_START_NS + SAMPLE_SECOND, .first_ns = SAMPLE_START_NS,
		.last_ns = SAMPLE_START_NS + SAMPLE_SECOND,
		.source = SAMPLE_V4(203, 0, 113, 200), .target = SAMPLE_V4(198, 51, 100, 1),
		.packets = 65536, .hosts = 1, .sources = 1, .ports_total = 65536,
		.tcp = SAMPLE_PORTS(sample_wide), .udp = SAMPLE_PORTS(sample_wide),
		.open = SAMPLE_PORTS(sample_wide), .answered = 65536, .rate_pps = 65536,
		.confidence = 0.5, .tool_confidence = 1,
		.techniques = SAMPLE_BIT(TECH_SYN) | SAMPLE_BIT(TECH_UDP),
		.action = EVENT_PORT_SCAN, .shape = SHAPE_VERTICAL, .tool = TOOL_PORTLIGHT,
		.has = EVENT_HAS_SOURCE | EVENT_HAS_TARGET | EVENT_HANDSHAKE,
	},
};
// clang-format on

static const struct event *sample_events(void)
{
	for (unsigned i = 0; i < SAMPLE_WIDE_RANGES; i++)
		sample_wide[i][0] = sample_wide[i][1] = (uint16_t)(2 * i);
	return sample_table;
}

#endif
