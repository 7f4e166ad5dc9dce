/* tool: which program's packets look like this one. */
#ifndef PORTLIGHT_WATCH_TOOL_H
#define PORTLIGHT_WATCH_TOOL_H

#include <stdint.h>

#include "packet/packet.h"
#include "result/event.h"

/* Relations between the fields of one first packet that hold for a tool: bits 1 << enum
 * event_tool. They are counted over a scan; one packet proves nothing. */
uint16_t tool_relations(const struct packet *p);

/* nmap keeps one sequence number for all its raw probes from a source port: the relations of a
 * probe that repeats both of the one before. */
uint16_t tool_repeated(uint16_t relations, uint16_t window);

/* The best explanation: hits[tool] of `contacts` contacts. *confidence is the share, less what
 * chance would give. TOOL_UNKNOWN and 0 where nothing fits half of them. */
enum event_tool tool_choose(const uint64_t hits[EVENT_TOOLS], uint64_t contacts,
			    double *confidence);

#endif
