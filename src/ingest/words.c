/* words: strict parsers for the numbers, times and names of a saved run. */
#include "ingest/words.h"

#include <netinet/in.h>
#include <string.h>

#include "result/host.h"
#include "technique/technique.h"

#define NS_PER_SECOND UINT64_C(1000000000)

/* Reads digits at *text; *text advances past them. */
static bool digits(const char **text, uint64_t most, uint64_t *value)
{
	const char *at = *text;
	uint64_t sum = 0;

	if (*at < '0' || *at > '9' || (*at == '0' && at[1] >= '0' && at[1] <= '9'))
		return false;
	for (; *at >= '0' && *at <= '9'; at++) {
		const uint64_t digit = (uint64_t)(*at - '0');

		if (sum > (most - digit) / 10 || digit > most)
			return false;
		sum = sum * 10 + digit;
	}
	*text = at;
	*value = sum;
	return true;
}

bool words_number(const char *text, uint64_t most, uint64_t *value)
{
	uint64_t number;

	if (!digits(&text, most, &number) || *text)
		return false;
	*value = number;
	return true;
}

bool words_seconds(const char *text, uint64_t *ns)
{
	uint64_t seconds, unit = NS_PER_SECOND;

	if (!digits(&text, UINT64_MAX / NS_PER_SECOND - 1, &seconds))
		return false;
	seconds *= NS_PER_SECOND;
	if (*text == '.')
		for (text++; *text >= '0' && *text <= '9'; text++) {
			unit /= 10;
			seconds += unit * (uint64_t)(*text - '0');
		}
	if (*text)
		return false;
	*ns = seconds;
	return true;
}

/* Reads `count` digits as a number within low..high. */
static bool fixed(const char *text, int count, unsigned low, unsigned high, unsigned *value)
{
	*value = 0;
	for (int i = 0; i < count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		*value = *value * 10 + (unsigned)(text[i] - '0');
	}
	return *value >= low && *value <= high;
}

/* Days from 1970-01-01; years count from March, so that a leap day is the last of its year. */
static uint64_t days_since_1970(unsigned year, unsigned month, unsigned day)
{
	const unsigned y = month > 2 ? year : year - 1, m = (month + 9) % 12;

	return (uint64_t)365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

static unsigned days_in_month(unsigned year, unsigned month)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return month == 2 && leap ? 29 : days[month - 1];
}

bool words_time(const char *text, uint64_t *ns)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd.dddddddddZ";
	unsigned year, month, day, hour, minute, second, fraction;

	if (strlen(text) != sizeof(form) - 1)
		return false;
	for (size_t i = 0; form[i]; i++)
		if (form[i] != 'd' && form[i] != text[i])
			return false;
	/* Later years do not fit 64 bits of nanoseconds. */
	if (!fixed(text, 4, 1970, 2553, &year) || !fixed(text + 5, 2, 1, 12, &month) ||
	    !fixed(text + 8, 2, 1, days_in_month(year, month), &day) ||
	    !fixed(text + 11, 2, 0, 23, &hour) || !fixed(text + 14, 2, 0, 59, &minute) ||
	    !fixed(text + 17, 2, 0, 59, &second) || !fixed(text + 20, 9, 0, 999999999, &fraction))
		return false;
	*ns = (((days_since_1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second) *
		      NS_PER_SECOND +
	      fraction;
	return true;
}

static int hex_digit(char c)
{
	static const char hex[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c ? strchr(hex, c) : NULL;

	return at ? (int)((at - hex) % 16) : -1;
}

bool words_mac(const char *text, uint8_t mac[static 6])
{
	uint8_t bytes[6];

	if (strlen(text) != 17)
		return false;
	for (int i = 0; i < 6; i++) {
		const int high = hex_digit(text[3 * i]), low = hex_digit(text[3 * i + 1]);

		if (high < 0 || low < 0 || text[3 * i + 2] != (i < 5 ? ':' : '\0'))
			return false;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	memcpy(mac, bytes, sizeof(bytes));
	return true;
}

bool words_port_range(const char **list, unsigned *first, unsigned *last)
{
	const char *at = *list;
	uint64_t low, high;

	if (!digits(&at, 65535, &low))
		return false;
	high = low;
	if (*at == '-') {
		at++;
		if (!digits(&at, 65535, &high) || high < low)
			return false;
	}
	if (*at == ',' ? at[1] == '\0' : *at != '\0')
		return false;
	*list = at + (*at == ',');
	*first = (unsigned)low;
	*last = (unsigned)high;
	return true;
}

bool words_port_count(const char *list, uint64_t *count)
{
	unsigned first, last;
	uint64_t sum = 0;

	while (*list) {
		if (!words_port_range(&list, &first, &last))
			return false;
		sum += last - first + 1;
	}
	*count = sum;
	return true;
}

static bool word(const char *text, const char *(*name)(unsigned), unsigned from, unsigned to,
		 uint8_t *value)
{
	for (unsigned i = from; i < to; i++)
		if (strcmp(text, name(i)) == 0) {
			*value = (uint8_t)i;
			return true;
		}
	return false;
}

bool words_state(const char *text, uint8_t *state)
{
	return word(text, port_state_name, PORT_OPEN, PORT_STATES, state);
}

bool words_proto(const char *text, uint8_t *proto)
{
	if (strcmp(text, "tcp") != 0 && strcmp(text, "udp") != 0)
		return false;
	*proto = *text == 't' ? IPPROTO_TCP : IPPROTO_UDP;
	return true;
}

bool words_host_state(const char *text, uint8_t *state)
{
	return word(text, host_state_name, 0, HOST_STATES, state);
}

bool words_reason(const char *text, uint8_t *reason)
{
	return word(text, reason_name, 0, REASONS, reason);
}
