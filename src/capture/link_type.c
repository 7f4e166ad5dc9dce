/* link_type: the numbers of capture files for the first header of their frames. */
#include "capture/link_type.h"

// clang-format off
const struct link_type link_type_table[LINK_TYPES] = {
	{1, 1, PACKET_LINK_ETHERNET},
	{101, 12, PACKET_LINK_RAW_IP},
	{12, 12, PACKET_LINK_RAW_IP},	/* these two: DLT_RAW itself, which some programs write */
	{14, 12, PACKET_LINK_RAW_IP},	/* instead, and OpenBSD's */
	{228, 228, PACKET_LINK_RAW_IP},	/* IPv4 only */
	{229, 229, PACKET_LINK_RAW_IP},	/* IPv6 only */
	{113, 113, PACKET_LINK_COOKED},
	{276, 276, PACKET_LINK_COOKED2},
	{0, 0, PACKET_LINK_FAMILY},
	{108, 108, PACKET_LINK_FAMILY},	/* OpenBSD's loopback: network byte order */
	{9, 9, PACKET_LINK_PPP},
	{50, 50, PACKET_LINK_PPP},	/* with address and control bytes */
	{104, 104, PACKET_LINK_PPP},	/* Cisco HDLC */
};
// clang-format on

int link_type_find(unsigned number)
{
	for (int i = 0; i < LINK_TYPES; i++)
		if (link_type_table[i].number == number)
			return i;
	return -1;
}

int link_type_of(enum packet_link link)
{
	for (int i = 0; i < LINK_TYPES; i++)
		if (link_type_table[i].link == link)
			return i;
	return -1;
}
