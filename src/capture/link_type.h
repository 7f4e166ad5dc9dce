/* link_type: the numbers of capture files for the first header of their frames. */
#ifndef PORTLIGHT_CAPTURE_LINK_TYPE_H
#define PORTLIGHT_CAPTURE_LINK_TYPE_H

#include <stdint.h>

#include "packet/packet.h"

struct link_type {
	uint16_t number; /* LINKTYPE_ (tcpdump.org/linktypes), as in files */
	uint16_t dlt;	 /* DLT_, libpcap's number for it on Linux */
	uint8_t link;	 /* enum packet_link */
};

/* All link types that are supported. The first row of a `link` is the one for live capture. */
#define LINK_TYPES 13
extern const struct link_type link_type_table[LINK_TYPES];

/* Index in the table of a file's link type number; -1 if it is not supported. */
int link_type_find(unsigned number);
/* Index of the first row of a link; -1 if there is none. */
int link_type_of(enum packet_link link);

#endif
