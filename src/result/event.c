/* event: the fixed words of the detector's statements. */
#include "result/event.h"

#include <string.h>

// clang-format off
static const char *const action_names[EVENT_ACTIONS] = {
	[EVENT_PORT_SCAN]	 = "port_scan",
	[EVENT_NETWORK_SWEEP]	 = "network_sweep",
	[EVENT_BLOCK_SCAN]	 = "block_scan",
	[EVENT_DISTRIBUTED_SCAN] = "distributed_scan",
	[EVENT_SYN_FLOOD]	 = "syn_flood",
	[EVENT_BACKSCATTER]	 = "backscatter",
	[EVENT_REFLECTION]	 = "reflection",
	[EVENT_BLIND]		 = "blind",
	[EVENT_SUPPRESSED]	 = "suppressed",
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

/* The sightings behind the table's rows. */
static const char *const sight_names[SIGHTS - TECHNIQUES] = {
	[SIGHT_ODD - TECHNIQUES]     = "odd",
	[SIGHT_ICMP - TECHNIQUES]    = "icmp",
	[SIGHT_ARP - TECHNIQUES]     = "arp",
	[SIGHT_IPPROTO - TECHNIQUES] = "ipproto",
};
// clang-format on

_Static_assert(SIGHTS <= 32, "struct event holds the sightings in 32 bits");

static const char *name_of(const char *const *names, unsigned count, unsigned index)
{
	return index < count && names[index] ? names[index] : "unknown";
}

const char *event_action_name(unsigned action)
{
	return name_of(action_names, EVENT_ACTIONS, action);
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
	return name_of(sight_names, SIGHTS - TECHNIQUES, bit - TECHNIQUES);
}

bool event_is_alert(unsigned action)
{
	return action <= EVENT_DISTRIBUTED_SCAN;
}

/* The members of `techniques` that put the same on the wire as `bit`, itself included. */
static uint32_t look_alikes(uint32_t techniques, unsigned bit)
{
	uint32_t set = UINT32_C(1) << bit;

	if (bit < TECHNIQUES)
		set |= technique_by_sight(technique_table[bit].proto, technique_table[bit].flags);
	return set & techniques;
}

/* Appends `word` behind `before`. False, and nothing is changed, if it does not fit. */
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
 * One set, "syn|connect". Hand-made probes come before the ordinary ones they look like: the
 * stealthier reading is the one to read first. A set that does not fit is left out whole.
 */
static bool append_set(char *text, size_t size, size_t *length, uint32_t set)
{
	size_t start = *length;
	char before = start ? ' ' : '\0';

	for (int ordinary = 0; ordinary <= 1; ordinary++) {
		for (unsigned bit = 0; bit < SIGHTS; bit++) {
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
	for (unsigned bit = 0; bit < SIGHTS; bit++) {
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
