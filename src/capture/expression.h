/* expression: a filter in tcpdump's language, compiled for each kind of link. */
#ifndef PORTLIGHT_CAPTURE_EXPRESSION_H
#define PORTLIGHT_CAPTURE_EXPRESSION_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"

struct expression;

/*
 * Compiles pcap-filter(7) text for every row of link_type_table, with all look-ups of names that
 * it asks for, so that nothing is left to do later. Where it has no meaning for a link ("ether
 * host" on raw IP) that shows when frames of it come. NULL with *f (EXIT_USAGE) if it is not in
 * the language, or has no meaning on any link.
 */
struct expression *expression_new(const char *text, struct failure *f);
void expression_free(struct expression *e);

/* Whether a frame of link_type_table[type] passes. 1, 0, or -1 with *f where it has no meaning. */
int expression_match(const struct expression *e, unsigned type, const uint8_t *bytes,
		     uint32_t length, uint32_t wire_bytes, struct failure *f);

/*
 * The program for the kernel, valid until expression_free: 0, or -1 with *f where it has no
 * meaning for link_type_table[type] or is longer than the kernel takes.
 */
int expression_program(const struct expression *e, unsigned type, struct sock_fprog *program,
		       struct failure *f);

#endif
