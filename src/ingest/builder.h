/* builder: builds one host's record piece by piece, within bounds, as it is read. */
#ifndef PORTLIGHT_INGEST_BUILDER_H
#define PORTLIGHT_INGEST_BUILDER_H

#include <stdbool.h>
#include <stddef.h>

#include "result/record.h"

/* A host has at most one finding per technique and port. */
#define BUILDER_FINDINGS ((size_t)PORT_TECHNIQUES * 65536)
/* Most bytes of service names and host names. */
#define BUILDER_TEXT ((size_t)64 << 20)

struct builder_block;

struct builder {
	struct host_report host; /* its findings are set by builder_finish */
	struct host_status status;
	struct finding *findings;
	size_t count, capacity;
	struct builder_block *text;
	size_t text_bytes;
	const char *last_service; /* neighbouring ports often have the same one */
};

/* Zero-initialised is empty. Begins the next host; discards the texts and findings of the previous
 * one. */
void builder_reset(struct builder *b);
void builder_fini(struct builder *b);

/* Returns a copy that lives until the next reset, or NULL if there is no room. */
const char *builder_text(struct builder *b, const char *text);

/* Appends a copy of *finding; false if there is no room for it. The result is valid until the next
 * call. */
struct finding *builder_add(struct builder *b, const struct finding *finding);

/* Appends a copy of *finding for each port of `list` ("22,80-90", in any order; "" is the empty
 * list). Returns their number, or -1 if the syntax is invalid or there is no room. */
long builder_add_list(struct builder *b, const char *list, const struct finding *finding);

/*
 * Completes the summarised findings of a protocol from number `from` on: sets their replies, and
 * if `reasons` is not NULL, their reasons. `reasons` has the number of findings with each reason
 * (together as many as there are findings), but not which ones: they are marked
 * FINDING_REASON_SHARED.
 */
void builder_share_reasons(struct builder *b, size_t from, uint8_t proto,
			   const uint64_t reasons[REASONS]);

/* Sorts the findings and sets b->host to them. False: one technique has two verdicts on a port;
 * *twice is one of them. */
bool builder_finish(struct builder *b, struct finding *twice);

#endif
