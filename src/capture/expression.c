/* expression: a pcap-filter(7) expression, compiled for each link type. */
#include "capture/expression.h"

#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#include "base/quote.h"
#include "capture/file.h"
#include "capture/link_type.h"

/* libpcap's instructions and the kernel's have the same layout of 8 bytes: both are BSD's. */
_Static_assert(sizeof(struct bpf_insn) == sizeof(struct sock_filter), "BPF instruction");

struct expression {
	struct bpf_program program[LINK_TYPES]; /* no instructions: invalid for that type */
	char why[LINK_TYPES][128];
};

static void compile(struct expression *e, int type, const char *text)
{
	const struct link_type *row = &link_type_table[type];
	pcap_t *dead = pcap_open_dead(row->dlt, FILE_FRAME_MOST);

	if (!dead) {
		strcpy(e->why[type], "out of memory");
		return;
	}
	if (pcap_compile(dead, &e->program[type], text, 1, PCAP_NETMASK_UNKNOWN) != 0) {
		const char *why = pcap_geterr(dead);

		e->program[type] = (struct bpf_program){0};
		text_quote(why, strlen(why), e->why[type], sizeof(e->why[type]));
	}
	pcap_close(dead);
}

struct expression *expression_new(const char *text, struct failure *f)
{
	struct expression *e = calloc(1, sizeof(*e));
	bool any = false;
	char quoted[200];

	if (!e) {
		failure_set(f, EXIT_SOFTWARE, "out of memory");
		return NULL;
	}
	for (int type = 0; type < LINK_TYPES; type++) {
		compile(e, type, text);
		any |= e->program[type].bf_len > 0;
	}
	if (any)
		return e;
	failure_set(f, EXIT_USAGE, "filter \"%s\": %s",
		    text_quote(text, strlen(text), quoted, sizeof(quoted)), e->why[0]);
	expression_free(e);
	return NULL;
}

void expression_free(struct expression *e)
{
	if (!e)
		return;
	for (int type = 0; type < LINK_TYPES; type++)
		pcap_freecode(&e->program[type]);
	free(e);
}

static int no_meaning(const struct expression *e, unsigned type, struct failure *f)
{
	return failure_set(f, EXIT_USAGE,
			   "the filter has no meaning for frames of link type %u: %s",
			   link_type_table[type].number, e->why[type]);
}

int expression_match(const struct expression *e, unsigned type, const uint8_t *bytes,
		     uint32_t length, uint32_t wire_bytes, struct failure *f)
{
	const struct bpf_program *program = &e->program[type];

	if (program->bf_len == 0)
		return no_meaning(e, type, f);
	return bpf_filter(program->bf_insns, bytes, wire_bytes, length) != 0;
}

int expression_program(const struct expression *e, unsigned type, struct sock_fprog *program,
		       struct failure *f)
{
	const struct bpf_program *compiled = &e->program[type];

	if (compiled->bf_len == 0)
		return no_meaning(e, type, f);
	if (compiled->bf_len > BPF_MAXINSNS)
		return failure_set(f, EXIT_USAGE,
				   "the filter is %u instructions long; the kernel "
				   "takes %d",
				   compiled->bf_len, BPF_MAXINSNS);
	program->len = (unsigned short)compiled->bf_len;
	program->filter = (struct sock_filter *)compiled->bf_insns;
	return 0;
}
