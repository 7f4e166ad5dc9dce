/* expression: a pcap-filter(7) expression, compiled for each link type. */
#ifndef PORTLIGHT_CAPTURE_EXPRESSION_H
#define PORTLIGHT_CAPTURE_EXPRESSION_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"

struct expression;

/*
 * Compiles pcap-filter(7) text for every row of link_type_table, and resolves all names in it: no
 * look-ups are made later. An expression may be invalid for some link types ("ether host" on raw
 * IP), which is reported when it is applied to one. NULL with *f (EXIT_USAGE) if it is invalid for
 * all. *text is not needed afterwards.
 */
struct expression *expression_new(const char *text, struct failure *f);
void expression_free(struct expression *e);

/* Applies the expression to a captured frame of link_type_table[type]: 1 if it matches, 0 if not,
 * -1 with *f if the expression is invalid for that link type. */
int expression_match(const struct expression *e, unsigned type, const uint8_t *bytes,
		     uint32_t length, uint32_t wire_bytes, struct failure *f);

/*
 * Gives the BPF program for the kernel, valid until expression_free(). 0, or -1 with *f if the
 * expression is invalid for link_type_table[type] or the program is too long for the kernel.
 */
int expression_program(const struct expression *e, unsigned type, struct sock_fprog *program,
		       struct failure *f);

#endif
