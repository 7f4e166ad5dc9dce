/* ports: nmap's port grammar, text to sets of ports. */
#include "plan/ports.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/quote.h"

#define PORT_MOST 65535u

/* As much of a text as a message shows. */
#define QUOTE_BYTES	 128
#define QUOTE_WORD_BYTES 64

struct ports_reader {
	const char *text; /* all of it, for messages */
	size_t length;
	size_t at;
	const struct service_names *names;
	struct failure *failure;
	bool tcp, udp;	    /* where the next ports go */
	bool known_only;    /* inside brackets */
	bool known_read;    /* `known` is filled */
	struct ports known; /* every port that has a service name */
	struct ports result;
};

unsigned port_set_size(const struct port_set *set)
{
	unsigned size = 0;

	for (size_t i = 0; i < sizeof(set->word) / sizeof(set->word[0]); i++) {
		for (uint64_t rest = set->word[i]; rest; rest &= rest - 1)
			size++;
	}
	return size;
}

static bool port_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Says `BEFORE "WORD" in "-p TEXT"AFTER`; without the quotes around WORD if it is a number. */
static int ports_refuse(struct ports_reader *r, const char *before, const char *word, size_t length,
			const char *after)
{
	char all[QUOTE_BYTES], quoted[QUOTE_WORD_BYTES];
	bool number = length > 0;

	for (size_t i = 0; i < length; i++)
		number = number && port_digit(word[i]);
	text_quote(r->text, r->length, all, sizeof(all));
	text_quote(word, length, quoted, sizeof(quoted));
	return failure_set(r->failure, EXIT_USAGE,
			   number ? "%s%s in \"-p %s\"%s" : "%s\"%s\" in \"-p %s\"%s", before,
			   quoted, all, after);
}

static int ports_refuse_all(struct ports_reader *r, const char *what)
{
	char all[QUOTE_BYTES];

	return failure_set(r->failure, EXIT_USAGE, "%s in \"-p %s\"", what,
			   text_quote(r->text, r->length, all, sizeof(all)));
}

static void ports_skip_space(struct ports_reader *r)
{
	while (r->at < r->length && (r->text[r->at] == ' ' || r->text[r->at] == '\t'))
		r->at++;
}

static void port_found(void *context, uint16_t port)
{
	port_set_add(context, port);
}

static int ports_find(struct ports_reader *r, const char *name, size_t length, int proto,
		      struct port_set *set)
{
	return r->names ? r->names->find(r->names->context, name, length, proto, port_found, set)
			: 0;
}

static void ports_read_known(struct ports_reader *r)
{
	if (r->known_read)
		return;
	(void)ports_find(r, "*", 1, IPPROTO_TCP, &r->known.tcp); /* none is an answer too */
	(void)ports_find(r, "*", 1, IPPROTO_UDP, &r->known.udp);
	r->known_read = true;
}

static void ports_add_range(struct ports_reader *r, unsigned low, unsigned high)
{
	if (r->known_only)
		ports_read_known(r);
	for (unsigned port = low; port <= high; port++) {
		if (r->tcp && (!r->known_only || port_set_has(&r->known.tcp, port)))
			port_set_add(&r->result.tcp, port);
		if (r->udp && (!r->known_only || port_set_has(&r->known.udp, port)))
			port_set_add(&r->result.udp, port);
	}
}

/* Decimal digits only; the caller has looked. Leading zeros are decimal too, as in nmap. */
static int port_read(struct ports_reader *r, const char *digits, size_t length, unsigned *port)
{
	unsigned value = 0;

	for (size_t i = 0; i < length; i++) {
		value = value * 10 + (unsigned)(digits[i] - '0');
		if (value > PORT_MOST)
			return ports_refuse(r, "port ", digits, length, " is over 65535");
	}
	*port = value;
	return 0;
}

/* "22", "80-90", "-100", "60000-", "-". */
static int ports_read_range(struct ports_reader *r, const char *item, size_t length)
{
	const char *dash = memchr(item, '-', length);
	size_t left = dash ? (size_t)(dash - item) : length;
	size_t right = dash ? length - left - 1 : 0;
	unsigned low = 1, high = PORT_MOST;

	if (dash && memchr(dash + 1, '-', right))
		return ports_refuse(r, "", item, length, " is no port range");
	if (left > 0 && port_read(r, item, left, &low) < 0)
		return -1;
	if (!dash)
		high = low;
	else if (right > 0 && port_read(r, dash + 1, right, &high) < 0)
		return -1;
	if (low > high)
		return ports_refuse(r, "reversed range ", item, length, "");
	ports_add_range(r, low, high);
	return 0;
}

static int ports_read_item(struct ports_reader *r, const char *item, size_t length)
{
	bool numeric = true;
	int found = 0;

	if (length == 0)
		return ports_refuse_all(r, "empty item");
	for (size_t i = 0; i < length; i++)
		numeric = numeric && (port_digit(item[i]) || item[i] == '-');
	if (numeric)
		return ports_read_range(r, item, length);
	if (r->tcp)
		found += ports_find(r, item, length, IPPROTO_TCP, &r->result.tcp);
	if (r->udp)
		found += ports_find(r, item, length, IPPROTO_UDP, &r->result.udp);
	return found > 0 ? 0 : ports_refuse(r, "unknown service ", item, length, "");
}

/* "T:" or "U:", if one is next. */
static int ports_read_protocol(struct ports_reader *r)
{
	const char *at = r->text + r->at;

	if (r->length - r->at < 2 || at[1] != ':')
		return 0;
	switch (at[0]) {
	case 'T':
	case 't':
	case 'U':
	case 'u':
		r->udp = at[0] == 'U' || at[0] == 'u';
		r->tcp = !r->udp;
		break;
	default:
		return ports_refuse(r, "", at, 2, ": only T: (TCP) and U: (UDP) can be scanned");
	}
	r->at += 2;
	ports_skip_space(r);
	return 0;
}

/* Protocol and bracket, in this order or the other, before an item. */
static int ports_read_before(struct ports_reader *r)
{
	ports_skip_space(r);
	if (ports_read_protocol(r) < 0)
		return -1;
	while (r->at < r->length && r->text[r->at] == '[') {
		if (r->known_only)
			return ports_refuse_all(r, "\"[\" inside brackets");
		r->known_only = true;
		r->at++;
		ports_skip_space(r);
		if (ports_read_protocol(r) < 0)
			return -1;
	}
	return 0;
}

static int ports_read_after(struct ports_reader *r)
{
	if (r->at < r->length && r->text[r->at] == ']') {
		if (!r->known_only)
			return ports_refuse_all(r, "\"]\" without \"[\"");
		r->known_only = false;
		r->at++;
		ports_skip_space(r);
	}
	if (r->at < r->length && r->text[r->at] != ',')
		return ports_refuse_all(r, "missing comma");
	return 0;
}

static int ports_read_list(struct ports_reader *r)
{
	for (;;) {
		size_t start, end;

		if (ports_read_before(r) < 0)
			return -1;
		start = r->at;
		while (r->at < r->length && !memchr(",[]", r->text[r->at], 3))
			r->at++;
		end = r->at;
		while (end > start && (r->text[end - 1] == ' ' || r->text[end - 1] == '\t'))
			end--;
		if (ports_read_item(r, r->text + start, end - start) < 0 || ports_read_after(r) < 0)
			return -1;
		if (r->at == r->length)
			break;
		r->at++;
	}
	if (r->known_only)
		return ports_refuse_all(r, "\"[\" without \"]\"");
	if (port_set_size(&r->result.tcp) == 0 && port_set_size(&r->result.udp) == 0)
		return ports_refuse_all(r, "no port with a service name");
	return 0;
}

int ports_parse(const char *text, size_t length, const struct service_names *names,
		struct ports *ports, struct failure *f)
{
	struct ports_reader r = {
		.text = text,
		.length = length,
		.names = names,
		.failure = f,
		.tcp = true,
		.udp = true,
	};

	if (length == 0)
		return ports_refuse_all(&r, "no ports");
	if (ports_read_list(&r) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(ports->tcp.word) / sizeof(ports->tcp.word[0]); i++) {
		ports->tcp.word[i] |= r.result.tcp.word[i];
		ports->udp.word[i] |= r.result.udp.word[i];
	}
	return 0;
}

char *port_set_text(const struct port_set *set)
{
	size_t length = 0, capacity = 16;
	char *text = malloc(capacity);

	if (!text)
		return NULL;
	text[0] = '\0';
	for (unsigned port = 0; port < 65536; port++) {
		unsigned last = port;

		if (!port_set_has(set, port))
			continue;
		while (last < 65535 && port_set_has(set, last + 1))
			last++;
		if (capacity - length < 16) {
			char *grown = realloc(text, capacity * 2);

			if (!grown) {
				free(text);
				return NULL;
			}
			text = grown;
			capacity *= 2;
		}
		length += (size_t)snprintf(text + length, capacity - length,
					   last > port ? "%s%u-%u" : "%s%u", length ? "," : "",
					   port, last);
		port = last;
	}
	return text;
}
