/* builder: one host's record as it is read, piece by piece, within bounds. */
#ifndef PORTLIGHT_INGEST_BUILDER_H
#define PORTLIGHT_INGEST_BUILDER_H

#include <stdbool.h>
#include <stddef.h>

#include "result/record.h"

/* A technique has a verdict on a port once: no host has more findings. */
#define BUILDER_FINDINGS ((size_t)TECHNIQUES * 65536)
/* Names of services and of the host, in bytes. */
#define BUILDER_TEXT ((size_t)64 << 20)

struct builder_block;

struct builder {
	struct host_report host; /* its findings are set by builder_finish */
	struct host_status status;
	struct finding *findings;
	size_t count, capacity;
	struct builder_block *text;
	size_t text_bytes;
	const char *last_service; /* most ports of a kind are neighbours */
};

/* Zero-initialised is empty. Begins the next host; texts and findings of the last one are gone. */
void builder_reset(struct builder *b);
void builder_fini(struct builder *b);

/* A copy that lives until the next reset. NULL: there is no room. */
const char *builder_text(struct builder *b, const char *text);

/* Appends a copy of *finding; false if there is no room for it. The result is valid until the next
 * call. */
struct finding *builder_add(struct builder *b, const struct finding *finding);

/* Appends a copy of *finding for each port of `list` ("22,80-90", ascending or not). Returns how
 * many, or -1: the list is none, or there is no room. "" is a list of none. */
long builder_add_list(struct builder *b, const char *list, const struct finding *finding);

/*
 * Completes the summarised findings of a protocol from number `from` on: their replies; and their
 * reasons, if `reasons` is not NULL, which then says how many have each (as many as there are
 * findings), but not which ones: they are shared (FINDING_REASON_SHARED).
 */
void builder_share_reasons(struct builder *b, size_t from, uint8_t proto,
			   const uint64_t reasons[REASONS]);

/* Sorts the findings and hands them to b->host. False: one technique has two verdicts on a port;
 * *twice is that one. */
bool builder_finish(struct builder *b, struct finding *twice);

#endif
