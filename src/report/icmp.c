/* icmp: names of ICMP and ICMPv6 types and codes. */
#include "report/icmp.h"

#include <stddef.h>

struct icmp_word {
	uint8_t family, type, code;
	const char *word;
};

// clang-format off
/* RFC 792, RFC 4443; `code` is not used. */
static const struct icmp_word type_words[] = {
	{4,   0, 0, "echo reply"},
	{4,   3, 0, "destination unreachable"},
	{4,   4, 0, "source quench"},
	{4,   5, 0, "redirect"},
	{4,   8, 0, "echo request"},
	{4,  11, 0, "time exceeded"},
	{4,  12, 0, "parameter problem"},
	{6,   1, 0, "destination unreachable"},
	{6,   2, 0, "packet too big"},
	{6,   3, 0, "time exceeded"},
	{6,   4, 0, "parameter problem"},
	{6, 128, 0, "echo request"},
	{6, 129, 0, "echo reply"},
	{6, 135, 0, "neighbour solicitation"},
	{6, 136, 0, "neighbour advertisement"},
};

/* RFC 792; RFC 1122, 3.2.2.1; RFC 1812, 5.2.7.1; RFC 4443, 3. */
static const struct icmp_word code_words[] = {
	{4,  3,  0, "network unreachable"},
	{4,  3,  1, "host unreachable"},
	{4,  3,  2, "protocol unreachable"},
	{4,  3,  3, "port unreachable"},
	{4,  3,  4, "fragmentation needed but forbidden"},
	{4,  3,  5, "source route failed"},
	{4,  3,  6, "network unknown"},
	{4,  3,  7, "host unknown"},
	{4,  3,  8, "source host isolated"},
	{4,  3,  9, "network administratively prohibited"},
	{4,  3, 10, "host administratively prohibited"},
	{4,  3, 11, "network unreachable for this type of service"},
	{4,  3, 12, "host unreachable for this type of service"},
	{4,  3, 13, "communication administratively prohibited"},
	{4,  3, 14, "host precedence violation"},
	{4,  3, 15, "precedence cutoff in effect"},
	{4, 11,  0, "in transit"},
	{4, 11,  1, "in reassembly"},
	{6,  1,  0, "no route to destination"},
	{6,  1,  1, "communication administratively prohibited"},
	{6,  1,  2, "beyond scope of source address"},
	{6,  1,  3, "address unreachable"},
	{6,  1,  4, "port unreachable"},
	{6,  1,  5, "source address failed policy"},
	{6,  1,  6, "route rejected"},
	{6,  3,  0, "in transit"},
	{6,  3,  1, "in reassembly"},
	{6,  4,  0, "erroneous header field"},
	{6,  4,  1, "unrecognised next header"},
	{6,  4,  2, "unrecognised option"},
};
// clang-format on

const char *icmp_type_name(int family, uint8_t type)
{
	for (size_t i = 0; i < sizeof(type_words) / sizeof(type_words[0]); i++)
		if (type_words[i].family == family && type_words[i].type == type)
			return type_words[i].word;
	return "message";
}

const char *icmp_code_name(int family, uint8_t type, uint8_t code)
{
	for (size_t i = 0; i < sizeof(code_words) / sizeof(code_words[0]); i++)
		if (code_words[i].family == family && code_words[i].type == type &&
		    code_words[i].code == code)
			return code_words[i].word;
	return "";
}
