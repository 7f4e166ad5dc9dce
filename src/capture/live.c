/* live: captures from this machine's interfaces, including those that appear later. */
#include "capture/live.h"

#include <errno.h>
#include <linux/if_arp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/quote.h"
#include "capture/link_type.h"
#include "capture/live_filter.h"

/* Most interfaces whose frames the kernel's filter rejects; those of others are skipped here. */
#define UNWANTED_MOST 64
/* Most frames skipped in one call. */
#define PASSED_MOST 4096
/* The kernel requires a slot size, which packed rings do not use. */
#define SLOT_BYTES 1024u

struct live {
	struct ring *ring;
	struct link_table *links;
	const char *const *names;
	size_t name_count;
	bool bare;    /* the expression is valid without Ethernet headers */
	bool stirred; /* interfaces may have changed */
	/* The last answer to whether frames of an interface are wanted. */
	unsigned asked;
	bool asked_wanted;
};

static bool is_wanted(const struct live *l, const struct link *link)
{
	for (size_t i = 0; i < l->name_count; i++)
		if (strcmp(l->names[i], link->name) == 0)
			return true;
	return l->name_count == 0;
}

static bool has_ethernet(const struct link *link)
{
	return link->kind == LINK_ETHERNET || link->kind == LINK_LOOPBACK;
}

static int check_names(const struct live *l, struct failure *f)
{
	char quoted[TEXT_QUOTED(IF_NAMESIZE)];

	for (size_t i = 0; i < l->name_count; i++)
		if (!link_table_by_name(l->links, l->names[i]))
			return failure_set(f, EXIT_UNAVAILABLE, "there is no interface %s",
					   text_quote(l->names[i], strlen(l->names[i]), quoted,
						      sizeof(quoted)));
	return 0;
}

/* If the expression is invalid for a link type, the program stays empty and accepts nothing. */
static int compile(struct live *l, const struct expression *expression, bool ethernet,
		   struct sock_fprog *program, struct failure *f)
{
	int type = link_type_of(ethernet ? PACKET_LINK_ETHERNET : PACKET_LINK_RAW_IP);
	struct failure why = {0};
	const struct link *link;

	if (expression_program(expression, (unsigned)type, program, &why) == 0)
		return 0;
	*program = (struct sock_fprog){0};
	for (size_t i = 0; (link = link_table_get(l->links, i)); i++)
		if (has_ethernet(link) == ethernet && is_wanted(l, link) &&
		    (l->name_count || link->has & LINK_UP)) {
			char quoted[LINK_QUOTED];

			return failure_set(f, why.exit_code, "interface %s: %s",
					   link_quote(link, quoted), why.text);
		}
	return 0;
}

struct chosen {
	unsigned wanted[UNWANTED_MOST], unwanted[UNWANTED_MOST];
};

/* The interfaces that the kernel's filter accepts; without names it accepts all. */
static void choose(const struct live *l, struct chosen *chosen, struct live_filter_conf *filter)
{
	const struct link *link;

	filter->wanted = chosen->wanted;
	filter->unwanted = chosen->unwanted;
	for (size_t i = 0; l->name_count && (link = link_table_get(l->links, i)); i++)
		if (is_wanted(l, link) && filter->wanted_count < UNWANTED_MOST)
			chosen->wanted[filter->wanted_count++] = link->index;
		else if (!is_wanted(l, link) && filter->unwanted_count < UNWANTED_MOST)
			chosen->unwanted[filter->unwanted_count++] = link->index;
}

static int open_ring(struct live *l, const struct live_conf *conf, struct failure *f)
{
	struct sock_filter *code = calloc(BPF_MAXINSNS, sizeof(*code));
	struct sock_fprog ethernet = {0}, bare = {0}, whole = {.filter = code};
	struct live_filter_conf filter = {
		.other_hosts = conf->promiscuous,
		.most_bytes = LIVE_FRAME_BYTES,
	};
	struct ring_conf ring = {
		.program = &whole,
		.outgoing = true,
		.promiscuous = conf->promiscuous,
		.slot_bytes = SLOT_BYTES,
		.slots = (uint32_t)(conf->bytes / SLOT_BYTES),
		.packed = true,
	};
	struct chosen chosen;
	int result = -1;

	if (!code)
		return failure_set(f, EXIT_SOFTWARE, "out of memory");
	choose(l, &chosen, &filter);
	if (conf->expression) {
		if (compile(l, conf->expression, true, &ethernet, f) < 0 ||
		    compile(l, conf->expression, false, &bare, f) < 0)
			goto out;
		filter.ethernet = &ethernet;
		filter.bare = &bare;
	}
	l->bare = !conf->expression || bare.len > 0;
	whole.len = (unsigned short)live_filter_build(&filter, code, BPF_MAXINSNS);
	if (whole.len == 0) {
		failure_set(f, EXIT_USAGE,
			    "the filter is too long for the kernel, which takes %d "
			    "instructions for all kinds of interfaces together",
			    BPF_MAXINSNS);
		goto out;
	}
	l->ring = ring_open(&ring, f);
	result = l->ring ? 0 : -1;
out:
	free(code);
	return result;
}

static int promiscuous(struct live *l, struct failure *f)
{
	const struct link *link;

	for (size_t i = 0; (link = link_table_get(l->links, i)); i++) {
		char quoted[LINK_QUOTED];
		int error = 0;

		if (link->kind == LINK_ETHERNET && is_wanted(l, link))
			error = ring_promiscuous(l->ring, link->index);
		if (error < 0 && error != -ENODEV)
			return failure_set(f, EXIT_SOFTWARE,
					   "interface %s: cannot be made promiscuous: %s",
					   link_quote(link, quoted), strerror(-error));
	}
	return 0;
}

struct live *live_open(const struct live_conf *conf, struct failure *f)
{
	struct live *l = calloc(1, sizeof(*l));

	if (!l) {
		failure_set(f, EXIT_SOFTWARE, "out of memory");
		return NULL;
	}
	l->names = conf->names;
	l->name_count = conf->name_count;
	l->links = link_table_open(f);
	if (l->links && check_names(l, f) == 0 && open_ring(l, conf, f) == 0 &&
	    (!conf->promiscuous || promiscuous(l, f) == 0))
		return l;
	live_close(l);
	return NULL;
}

void live_close(struct live *l)
{
	if (!l)
		return;
	ring_close(l->ring);
	link_table_close(l->links);
	free(l);
}

const struct link *live_watched(const struct live *l, size_t number)
{
	const struct link *link;

	for (size_t i = 0; (link = link_table_get(l->links, i)); i++)
		if (link->has & LINK_UP && is_wanted(l, link) && number-- == 0)
			return link;
	return NULL;
}

/* The interface of an index. Reads the kernel's messages if it is not known: it may be new. */
static const struct link *find(struct live *l, unsigned interface)
{
	const struct link *link = link_table_by_index(l->links, interface);

	if (link || !interface)
		return link;
	l->stirred |= link_table_refresh(l->links) == 1;
	return link_table_by_index(l->links, interface);
}

const char *live_only(const struct live *l, char out[static LINK_QUOTED])
{
	if (l->name_count != 1)
		return NULL;
	return text_quote(l->names[0], strlen(l->names[0]), out, LINK_QUOTED);
}

const char *live_name(struct live *l, unsigned interface, char out[static LINK_QUOTED])
{
	const struct link *link = find(l, interface);

	return link ? link_quote(link, out) : NULL;
}

/* The kernel's filter rejects frames of interfaces that existed when it was made; for later ones
 * the name decides here. */
static bool frame_is_wanted(struct live *l, unsigned interface)
{
	const struct link *link;

	if (l->name_count == 0)
		return true;
	if (l->asked == interface)
		return l->asked_wanted;
	link = find(l, interface);
	l->asked = interface;
	l->asked_wanted = link && is_wanted(l, link);
	return l->asked_wanted;
}

bool live_receive(struct live *l, struct live_frame *frame)
{
	struct ring_frame *f = &frame->frame;

	for (unsigned passed = 0;; passed++) {
		if (passed == PASSED_MOST || !ring_receive(l->ring, f))
			return false;
		if (frame_is_wanted(l, f->interface))
			break;
		ring_release(l->ring);
	}
	frame->link = PACKET_LINK_ETHERNET;
	if (f->hardware != ARPHRD_ETHER && f->hardware != ARPHRD_LOOPBACK &&
	    f->network <= f->length) {
		frame->link = PACKET_LINK_RAW_IP;
		f->bytes += f->network;
		f->length -= f->network;
		f->wire_bytes -= f->network;
	}
	return true;
}

void live_release(struct live *l)
{
	ring_release(l->ring);
}

int live_wait(struct live *l, int timeout_ms)
{
	struct pollfd poll_fds[] = {
		{.fd = ring_fd(l->ring), .events = POLLIN},
		{.fd = link_table_fd(l->links), .events = POLLIN},
	};
	int ready = poll(poll_fds, 2, timeout_ms);

	if (ready < 0)
		return -errno;
	l->stirred |= poll_fds[1].revents != 0;
	return ready > 0;
}

bool live_news(struct live *l, char line[static LIVE_LINE])
{
	const struct link *link;
	char quoted[LINK_QUOTED];
	enum link_change change;

	if (!l->stirred)
		return false;
	(void)link_table_refresh(l->links); /* if it fails, nothing is reported as changed */
	l->asked = 0;
	do
		link = link_table_changed(l->links, &change);
	while (link && !is_wanted(l, link));
	if (!link) {
		l->stirred = false;
		return false;
	}
	link_quote(link, quoted);
	if (change == LINK_CAME_UP && !has_ethernet(link) && !l->bare)
		(void)snprintf(line, LIVE_LINE,
			       "interface %s is up, and not watched: the filter has no meaning for "
			       "what has no Ethernet header",
			       quoted);
	else
		(void)snprintf(line, LIVE_LINE, "interface %s %s", quoted,
			       change == LINK_CAME_UP	  ? "is up, and watched"
			       : change == LINK_WENT_DOWN ? "went down"
							  : "is gone");
	return true;
}

uint64_t live_drops(struct live *l)
{
	return ring_drops(l->ring);
}
