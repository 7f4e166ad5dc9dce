/* targets: nmap's target grammar, text to ranges. */
#ifndef PORTLIGHT_PLAN_TARGETS_H
#define PORTLIGHT_PLAN_TARGETS_H

#include <stddef.h>
#include <stdint.h>

#include "address/ranges.h"
#include "base/failure.h"

enum target_kind {
	TARGET_RANGES, /* the text was numeric; its ranges were added */
	TARGET_NAME,   /* it looks like a host name: resolve `name`, then apply prefix_bits */
};

struct target {
	enum target_kind kind;
	char name[254];	     /* TARGET_NAME: RFC 1123 host name (underscores pass), as typed */
	uint8_t prefix_bits; /* TARGET_NAME with has_prefix: "host/24" */
	uint8_t has_prefix;
	char zone[16]; /* "fe80::1%eth0": the interface name; "" otherwise */
};

/*
 * One target of `length` bytes (no NUL needed):
 *   192.0.2.5  192.0.2.0/28  192.0.0-3.1,5,9  192.0.2.*  192.0.2.5-192.0.2.9  192.0.2.5-9
 *   2001:db8::1  2001:db8::/126  2001:db8::1-2001:db8::9  fe80::1%eth0  fe80::/64%eth0 host.example
 * host/28 Numeric ones are added to *set (not normalised). Returns 0; or -1 with *f naming the
 * offending text and *set unchanged. Host bits behind a prefix length are allowed, as in nmap.
 * Octet lists are bounded: at most 65,536 ranges come from one text. Text starting with '-' is
 * refused. Leading zeros are refused (to inet_aton 010 is 8), and so are names that a resolver
 * would take for a number ("0x7f.1"). IPv6 text with ::ffff:0:0/96 inside (as ::/0) does not mean
 * IPv4.
 */
int target_parse(const char *text, size_t length, struct ranges *set, struct target *out,
		 struct failure *f);

/* The network of prefix_bits around `a` (IPv4: 0..32, IPv6: 0..128) added to *set.
 * 0, or -1 (*f: prefix too long for the family, or out of memory). */
int target_add_prefix(struct ranges *set, struct addr a, unsigned prefix_bits, struct failure *f);

/*
 * Splits list-file text: calls `each` for every word (separated by white space; '#' starts a
 * comment up to the end of the line; a UTF-8 byte order mark in front is skipped) with its line
 * number from 1, and f. Stops at, and returns, the first non-zero result of `each`. A word longer
 * than 1,024 bytes or a NUL byte is refused with *f ("WHERE:LINE: ..."), and -1. `where` names the
 * file there, and is safe to print already (text_quote).
 */
int target_list_parse(const char *text, size_t length, const char *where,
		      int (*each)(void *context, const char *word, size_t length, unsigned line,
				  struct failure *f),
		      void *context, struct failure *f);

/*
 * Splits the text of an option that takes targets between commas ("192.0.2.9,host,10.0.0.1,5"):
 * calls `each` for every one, with `f`. A comma inside an octet list does not split; in an
 * ambiguous text, the word is one that target_parse refuses. Stops at, and returns, the first
 * non-zero result of `each`.
 */
int target_split(const char *text, size_t length,
		 int (*each)(void *context, const char *word, size_t length, struct failure *f),
		 void *context, struct failure *f);

#endif
