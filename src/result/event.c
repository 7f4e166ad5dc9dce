/* event: the table of event kinds, and the names of the detector's events. */
#include "result/event.h"

#include <string.h>

// clang-format off
#define SCAN_ATTACKS                                                                               \
	(1 << ATTACK_SERVICE_DISCOVERY | 1 << ATTACK_SYSTEM_DISCOVERY | 1 << ATTACK_SCANNING_BLOCKS)

/* Common fields of the four kinds of scan. */
#define KIND_SCAN                                                                                  \
	.reason = "%F first contacts failed, %A were answered; confidence %C",                     \
	.ecs_kind = "alert", .ecs_category = {"network", "intrusion_detection"},                   \
	.ecs_type = "info", .severity = SEVERITY_MEDIUM, .severity_open = SEVERITY_HIGH,           \
	.priority = PRIORITY_WARNING, .attacks = SCAN_ATTACKS, .is_alert = true,                   \
	.in_scanlogd = true

#define KIND_OTHER .ecs_kind = "event", .ecs_category = {"network"}, .ecs_type = "info"
#define KIND_LOW                                                                                   \
	.severity = SEVERITY_LOW, .severity_open = SEVERITY_LOW, .priority = PRIORITY_NOTICE
#define KIND_HIGH                                                                                  \
	.severity = SEVERITY_HIGH, .severity_open = SEVERITY_HIGH, .priority = PRIORITY_WARNING

const struct event_kind event_kinds[EVENT_ACTIONS] = {
[EVENT_PORT_SCAN] = {
	KIND_SCAN, .name = "port_scan", .title = "Port scan", .actor = ACTOR_SOURCE,
	.phrase = "Port scan of %T by %S",
	.meaning = "many ports of one host or a few",
	.message_id = "2c8c96a49fd6469d8131c5f317181db9",
},
[EVENT_NETWORK_SWEEP] = {
	KIND_SCAN, .name = "network_sweep", .title = "Network sweep", .actor = ACTOR_SOURCE,
	.phrase = "Network sweep of %T by %S",
	.meaning = "one port, or pings or ARP requests, of many hosts",
	.message_id = "b57e32f208154094970add2711ab2f31",
},
[EVENT_BLOCK_SCAN] = {
	KIND_SCAN, .name = "block_scan", .title = "Block scan", .actor = ACTOR_SOURCE,
	.phrase = "Block scan of %T by %S",
	.meaning = "many ports of many hosts",
	.message_id = "d54089994bae4f66936492c112af1dbe",
},
[EVENT_DISTRIBUTED_SCAN] = {
	KIND_SCAN, .name = "distributed_scan", .title = "Distributed scan", .actor = ACTOR_CROWD,
	.phrase = "Distributed scan of %T by %S",
	.meaning = "the ports of one host shared out among many sources whose packets are alike",
	.message_id = "bf6674f60df0442eaf213113abe24d3a",
},
[EVENT_SYN_FLOOD] = {
	KIND_OTHER, KIND_HIGH, .name = "syn_flood", .title = "SYN flood",
	.phrase = "SYN flood on %T by %S",
	.reason = "many sources open connections to few ports and finish none",
	.meaning = "many sources, few ports",
	.message_id = "817a52535dca4f8aa2dbbd713f58dcbc",
},
[EVENT_BACKSCATTER] = {
	KIND_OTHER, KIND_LOW, .name = "backscatter", .title = "Backscatter",
	.phrase = "Backscatter from %S to %T",
	.reason = "answers to packets that were not sent from here",
	.meaning = "answers to packets that others sent with our addresses as the spoofed source",
	.message_id = "968ad4cd0f6d4bc6a57912bb9cb8d056",
},
[EVENT_REFLECTION] = {
	KIND_OTHER, KIND_LOW, .name = "reflection", .title = "Reflection",
	.phrase = "Reflection on %T by %S",
	.reason = "answers of many servers to requests that were not sent from here",
	.meaning = "many servers whose answers to spoofed requests go to one of our hosts",
	.message_id = "588f5e78907a44bfa0eea8b0756dce0c",
},
[EVENT_BLIND] = {
	KIND_OTHER, KIND_HIGH, .name = "blind", .title = "Blind spot", .is_notice = true,
	.phrase = "Blind spot: the capture lost %L packets, %E evidence records were evicted",
	.reason = "packets or evidence are lost, so scans may be missed",
	.meaning = "the capture lost packets, or evidence was evicted",
	.message_id = "495872b6d66d486e86b9ee2de51b7458",
},
[EVENT_SUPPRESSED] = {
	KIND_OTHER, KIND_LOW, .name = "suppressed", .title = "Events suppressed", .is_notice = true,
	.phrase = "%N suppressed (rate limit)",
	.reason = "more events in a minute than the limit allows",
	.meaning = "number of events beyond --events-per-minute",
	.message_id = "3d3477d87e15410d900341e239808211",
},
};

const struct attack event_attacks[ATTACKS] = {
	[ATTACK_SERVICE_DISCOVERY] = {"T1046", "Network Service Discovery", "TA0007", "Discovery"},
	[ATTACK_SYSTEM_DISCOVERY] = {"T1018", "Remote System Discovery", "TA0007", "Discovery"},
	[ATTACK_SCANNING_BLOCKS] = {"T1595.001", "Scanning IP Blocks", "TA0043", "Reconnaissance"},
};

static const char *const phase_names[EVENT_PHASES] = {
	[EVENT_OPEN] = "open", [EVENT_UPDATE] = "update", [EVENT_CLOSE] = "close",
};

static const char *const shape_names[EVENT_SHAPES] = {
	[SHAPE_NONE]	    = "none",
	[SHAPE_VERTICAL]    = "vertical",
	[SHAPE_HORIZONTAL]  = "horizontal",
	[SHAPE_BLOCK]	    = "block",
	[SHAPE_DISTRIBUTED] = "distributed",
};

static const char *const tool_names[EVENT_TOOLS] = {
	[TOOL_UNKNOWN]	    = "unknown",
	[TOOL_NMAP]	    = "nmap",
	[TOOL_MASSCAN]	    = "masscan",
	[TOOL_ZMAP]	    = "zmap",
	[TOOL_MIRAI]	    = "mirai",
	[TOOL_UNICORNSCAN]  = "unicornscan",
	[TOOL_HPING]	    = "hping",
	[TOOL_PORTLIGHT]    = "portlight",
	[TOOL_CONNECT]	    = "connect",
};

/* The techniques that are not in the table. */
static const char *const sight_names[SEEN_TECHNIQUES - TECHNIQUES] = {
	[SEEN_ODD - TECHNIQUES]     = "odd",
	[SEEN_ICMP - TECHNIQUES]    = "icmp",
	[SEEN_ARP - TECHNIQUES]     = "arp",
	[SEEN_IPPROTO - TECHNIQUES] = "ipproto",
	[SEEN_SYNACK - TECHNIQUES]  = "synack",
	[SEEN_SCTP_INIT - TECHNIQUES] = "sctp_init",
	[SEEN_SCTP_COOKIE - TECHNIQUES] = "sctp_cookie",
};
// clang-format on

_Static_assert(SEEN_TECHNIQUES <= 32, "struct event holds the sightings in 32 bits");

static const char *name_of(const char *const *names, unsigned count, unsigned index)
{
	return index < count && names[index] ? names[index] : "unknown";
}

const struct event_kind *event_kind(unsigned action)
{
	static const struct event_kind unknown = {
		KIND_OTHER,   KIND_LOW,	    .name = "unknown", .title = "Unknown",
		.phrase = "", .reason = "", .meaning = "",     .message_id = NULL,
	};

	return action < EVENT_ACTIONS ? &event_kinds[action] : &unknown;
}

const char *event_action_name(unsigned action)
{
	return event_kind(action)->name;
}

const char *event_phase_name(unsigned phase)
{
	return name_of(phase_names, EVENT_PHASES, phase);
}

const char *event_shape_name(unsigned shape)
{
	return name_of(shape_names, EVENT_SHAPES, shape);
}

const char *event_tool_name(unsigned tool)
{
	return name_of(tool_names, EVENT_TOOLS, tool);
}

const char *event_technique_name(unsigned bit)
{
	if (bit < TECHNIQUES)
		return technique_table[bit].name;
	return name_of(sight_names, SEEN_TECHNIQUES - TECHNIQUES, bit - TECHNIQUES);
}

bool event_is_alert(unsigned action)
{
	return event_kind(action)->is_alert;
}

/* The members of `techniques` that send the same packets as `bit`, itself included. */
static uint32_t look_alikes(uint32_t techniques, unsigned bit)
{
	uint32_t set = UINT32_C(1) << bit;

	if (bit < TECHNIQUES)
		set |= technique_by_sight(technique_table[bit].proto, technique_table[bit].flags);
	return set & techniques;
}

/* Appends `before` and `word`. Returns false, and changes nothing, if they do not fit. */
static bool append(char *text, size_t size, size_t *length, char before, const char *word)
{
	size_t letters = strlen(word);

	if (letters + (before != '\0') >= size - *length)
		return false;
	if (before)
		text[(*length)++] = before;
	memcpy(text + *length, word, letters + 1);
	*length += letters;
	return true;
}

/*
 * One set, "syn|connect". Raw probes come before the ordinary connections that they look like. A
 * set that does not fit is left out as a whole.
 */
static bool append_set(char *text, size_t size, size_t *length, uint32_t set)
{
	size_t start = *length;
	char before = start ? ' ' : '\0';

	for (int ordinary = 0; ordinary <= 1; ordinary++) {
		for (unsigned bit = 0; bit < SEEN_TECHNIQUES; bit++) {
			bool is_ordinary =
				bit < TECHNIQUES && technique_table[bit].needs == NEEDS_NOTHING;

			if (!(set >> bit & 1) || is_ordinary != (ordinary == 1))
				continue;
			if (!append(text, size, length, before, event_technique_name(bit))) {
				text[start] = '\0';
				*length = start;
				return false;
			}
			before = '|';
		}
	}
	return true;
}

const char *event_techniques_text(uint32_t techniques, char *text, size_t size)
{
	size_t length = 0;

	if (size == 0)
		return text;
	text[0] = '\0';
	for (unsigned bit = 0; bit < SEEN_TECHNIQUES; bit++) {
		uint32_t set;

		if (!(techniques >> bit & 1))
			continue;
		set = look_alikes(techniques, bit);
		techniques &= ~set;
		if (!append_set(text, size, &length, set))
			break;
	}
	return text;
}
