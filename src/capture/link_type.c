/* link_type: the numbers by which capture files say what their frames start with. */
#include "capture/link_type.h"

#include <stddef.h>

/* The first row of a link is the number it is given back by. */
static const struct {
	unsigned number;
	enum packet_link link;
} link_types[] = {
	{1, PACKET_LINK_ETHERNET},
	{101, PACKET_LINK_RAW_IP},
	{12, PACKET_LINK_RAW_IP}, /* these two: what raw IP is to libpcap's users on */
	{14, PACKET_LINK_RAW_IP}, /* most systems and on OpenBSD; written by some programs */
	{228, PACKET_LINK_RAW_IP}, /* IPv4 only */
	{229, PACKET_LINK_RAW_IP}, /* IPv6 only */
	{113, PACKET_LINK_COOKED},
	{276, PACKET_LINK_COOKED2},
	{0, PACKET_LINK_FAMILY},
	{108, PACKET_LINK_FAMILY}, /* OpenBSD */
	{9, PACKET_LINK_PPP},
	{50, PACKET_LINK_PPP},	/* with address and control bytes */
	{104, PACKET_LINK_PPP}, /* Cisco HDLC */
};

#define LINK_TYPES (sizeof(link_types) / sizeof(link_types[0]))

bool link_type_known(unsigned number, enum packet_link *link)
{
	for (size_t i = 0; i < LINK_TYPES; i++)
		if (link_types[i].number == number) {
			*link = link_types[i].link;
			return true;
		}
	return false;
}

unsigned link_type_number(enum packet_link link)
{
	size_t i = 0;

	while (link_types[i].link != link)
		i++;
	return link_types[i].number;
}
