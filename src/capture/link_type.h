/* link_type: the numbers by which capture files say what their frames start with. */
#ifndef PORTLIGHT_CAPTURE_LINK_TYPE_H
#define PORTLIGHT_CAPTURE_LINK_TYPE_H

#include <stdbool.h>

#include "packet/packet.h"

/* *link of a LINKTYPE_ number (tcpdump.org/linktypes); false if it is not understood. */
bool link_type_known(unsigned number, enum packet_link *link);

/* A LINKTYPE_ number for the link; the same number is libpcap's DLT_ for all but raw IP. */
unsigned link_type_number(enum packet_link link);

#endif
