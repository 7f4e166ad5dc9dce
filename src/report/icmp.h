/* icmp: names of ICMP and ICMPv6 types and codes. */
#ifndef PORTLIGHT_REPORT_ICMP_H
#define PORTLIGHT_REPORT_ICMP_H

#include <stdint.h>

/* family is 4 or 6. Never NULL; "" if the code has no name of its own. */
const char *icmp_type_name(int family, uint8_t type);
const char *icmp_code_name(int family, uint8_t type, uint8_t code);

#endif
