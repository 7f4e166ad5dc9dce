/* builder: builds one host's record piece by piece, within bounds, as it is read. */
#include "ingest/builder.h"

#include <stdlib.h>
#include <string.h>

#include "ingest/words.h"

struct builder_block {
	struct builder_block *next;
	char bytes[];
};

void builder_fini(struct builder *b)
{
	for (struct builder_block *block = b->text, *next; block; block = next) {
		next = block->next;
		free(block);
	}
	free(b->findings);
	*b = (struct builder){.count = 0};
}

void builder_reset(struct builder *b)
{
	struct finding *findings = b->findings;
	size_t capacity = b->capacity;

	b->findings = NULL;
	builder_fini(b);
	b->findings = findings;
	b->capacity = capacity;
}

const char *builder_text(struct builder *b, const char *text)
{
	const size_t bytes = strlen(text) + 1;

	if (b->last_service && strcmp(b->last_service, text) == 0)
		return b->last_service;
	if (bytes > BUILDER_TEXT - b->text_bytes)
		return NULL;
	struct builder_block *block = malloc(sizeof(*block) + bytes);

	if (!block)
		return NULL;
	memcpy(block->bytes, text, bytes);
	block->next = b->text;
	b->text = block;
	b->text_bytes += bytes;
	b->last_service = block->bytes;
	return block->bytes;
}

struct finding *builder_add(struct builder *b, const struct finding *finding)
{
	if (b->count == BUILDER_FINDINGS)
		return NULL;
	if (b->count == b->capacity) {
		size_t capacity = b->capacity ? b->capacity * 2 : 64;
		struct finding *grown = reallocarray(b->findings, capacity, sizeof(*grown));

		if (!grown)
			return NULL;
		b->findings = grown;
		b->capacity = capacity;
	}
	b->findings[b->count] = *finding;
	return &b->findings[b->count++];
}

long builder_add_list(struct builder *b, const char *list, const struct finding *finding)
{
	struct finding one = *finding;
	unsigned first, last;
	long count = 0;

	while (*list) {
		if (!words_port_range(&list, &first, &last))
			return -1;
		for (unsigned port = first; port <= last; port++, count++) {
			one.port = (uint16_t)port;
			if (!builder_add(b, &one))
				return -1;
		}
	}
	return count;
}

void builder_share_reasons(struct builder *b, size_t from, uint8_t proto,
			   const uint64_t reasons[REASONS])
{
	unsigned reason = 0;
	uint64_t left = reasons ? reasons[0] : 0;

	for (size_t i = from; i < b->count; i++) {
		struct finding *p = &b->findings[i];

		if (finding_proto(p->technique) != proto)
			continue;
		if (reasons) {
			while (left == 0 && reason + 1 < REASONS)
				left = reasons[++reason];
			left--;
			p->reason = (uint8_t)reason;
			p->has |= FINDING_REASON_SHARED;
		}
		p->reply = (uint8_t)finding_reply(p->technique, p->state, p->reason);
	}
}

bool builder_finish(struct builder *b, struct finding *twice)
{
	findings_sort(b->findings, b->count);
	for (size_t i = 1; i < b->count; i++)
		if (finding_compare(&b->findings[i - 1], &b->findings[i]) == 0) {
			*twice = b->findings[i];
			return false;
		}
	b->host.findings = b->findings;
	b->host.count = b->count;
	return true;
}
