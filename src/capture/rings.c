/* rings: live frames of several interfaces, one ring each, as one stream. */
#include "capture/rings.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/link_type.h"
#include "text/quote.h"

/* A ring is made of blocks of this size (capture/ring.h). */
#define RING_UNIT_BYTES ((size_t)65536)

struct member {
	struct ring *ring;
	enum packet_link link;
	bool pending; /* head is there and waits for its turn */
	bool down;    /* to be told */
	struct ring_frame head;
	char name[LINK_QUOTED];
};

struct rings {
	size_t count;
	struct member *member;
	struct pollfd *poll;
	struct member *given; /* whose head is out, to be released */
};

/* Whether to watch an interface where none was named. */
static bool wanted(const struct rings_conf *conf, const struct link *link)
{
	char quoted[LINK_QUOTED], text[200];

	if (!(link->has & LINK_UP))
		return false;
	if (link->kind != LINK_OTHER)
		return true;
	(void)snprintf(text, sizeof(text),
		       "interface %s is not watched: frames of hardware type %u are not understood",
		       link_quote(link, quoted), link->hardware);
	conf->note(conf->note_context, text);
	return false;
}

static int choose_named(const struct rings_conf *conf, const struct link **chosen, size_t *count,
			struct failure *f)
{
	char quoted[TEXT_QUOTED(IF_NAMESIZE)];

	for (size_t i = 0; i < conf->name_count; i++) {
		const char *name = conf->names[i];
		const struct link *link = link_by_name(conf->links, name);
		bool again = false;

		text_quote(name, strlen(name), quoted, sizeof(quoted));
		if (!link)
			return failure_set(f, EXIT_UNAVAILABLE, "there is no interface %s", quoted);
		if (!(link->has & LINK_UP))
			return failure_set(f, EXIT_UNAVAILABLE, "interface %s is down", quoted);
		if (link->kind == LINK_OTHER)
			return failure_set(
				f, EXIT_UNAVAILABLE,
				"interface %s: frames of hardware type %u are not understood",
				quoted, link->hardware);
		for (size_t k = 0; k < *count; k++)
			again |= chosen[k] == link;
		if (!again)
			chosen[(*count)++] = link;
	}
	return 0;
}

/* Room for as many as there can be: conf->names, or all links. */
static int choose(const struct rings_conf *conf, const struct link **chosen, size_t *count,
		  struct failure *f)
{
	*count = 0;
	if (conf->name_count)
		return choose_named(conf, chosen, count, f);
	for (size_t i = 0; i < conf->links->count; i++)
		if (wanted(conf, &conf->links->link[i]))
			chosen[(*count)++] = &conf->links->link[i];
	if (*count == 0)
		return failure_set(f, EXIT_UNAVAILABLE, "there is no interface that is up");
	return 0;
}

static int member_open(struct member *m, const struct rings_conf *conf, const struct link *link,
		       size_t bytes, struct failure *f)
{
	const bool ethernet = link->kind == LINK_ETHERNET || link->kind == LINK_LOOPBACK;
	struct sock_fprog program;
	struct ring_conf ring = {
		.link = link,
		.outgoing = link->kind != LINK_LOOPBACK,
		.promiscuous = conf->promiscuous && link->kind == LINK_ETHERNET,
		.slot_bytes = RINGS_SLOT_BYTES,
		.slots = (uint32_t)(bytes / RINGS_SLOT_BYTES),
	};

	link_quote(link, m->name);
	if (conf->expression) {
		int type = link_type_of(ethernet ? PACKET_LINK_ETHERNET : PACKET_LINK_RAW_IP);

		if (expression_program(conf->expression, (unsigned)type, &program, f) < 0)
			return -1;
		ring.program = &program;
	}
	m->ring = ring_open(&ring, f);
	if (!m->ring)
		return -1;
	m->link = ring_link(m->ring);
	return 0;
}

struct rings *rings_open(const struct rings_conf *conf, struct failure *f)
{
	const size_t most = conf->name_count ? conf->name_count : conf->links->count;
	const struct link **chosen = calloc(most + 1, sizeof(const struct link *));
	struct rings *r = calloc(1, sizeof(*r));
	size_t count, bytes;

	if (!chosen || !r)
		goto err_memory;
	if (choose(conf, chosen, &count, f) < 0)
		goto err;
	r->member = calloc(count, sizeof(*r->member));
	r->poll = calloc(count, sizeof(*r->poll));
	if (!r->member || !r->poll)
		goto err_memory;
	bytes = RINGS_BYTES / count / RING_UNIT_BYTES * RING_UNIT_BYTES;
	if (bytes < RINGS_LEAST_BYTES)
		bytes = RINGS_LEAST_BYTES;
	for (; r->count < count; r->count++) {
		if (member_open(&r->member[r->count], conf, chosen[r->count], bytes, f) < 0)
			goto err;
		r->poll[r->count] = (struct pollfd){
			.fd = ring_fd(r->member[r->count].ring),
			.events = POLLIN,
		};
	}
	free(chosen);
	return r;
err_memory:
	failure_set(f, EXIT_SOFTWARE, "out of memory");
err:
	free(chosen);
	rings_close(r);
	return NULL;
}

void rings_close(struct rings *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->count; i++)
		ring_close(r->member[i].ring);
	free(r->member);
	free(r->poll);
	free(r);
}

size_t rings_count(const struct rings *r)
{
	return r->count;
}

const char *rings_name(const struct rings *r, unsigned ring)
{
	return r->member[ring].name;
}

bool rings_receive(struct rings *r, struct rings_frame *frame)
{
	struct member *oldest = NULL;

	for (size_t i = 0; i < r->count; i++) {
		struct member *m = &r->member[i];

		if (!m->pending)
			m->pending = ring_receive(m->ring, &m->head);
		if (m->pending && (!oldest || m->head.wall_ns < oldest->head.wall_ns))
			oldest = m;
	}
	if (!oldest)
		return false;
	frame->frame = oldest->head;
	frame->ring = (unsigned)(oldest - r->member);
	frame->link = oldest->link;
	r->given = oldest;
	return true;
}

void rings_release(struct rings *r)
{
	ring_release(r->given->ring);
	r->given->pending = false;
}

int rings_wait(struct rings *r, int timeout_ms)
{
	int ready = poll(r->poll, r->count, timeout_ms);

	if (ready < 0)
		return -errno;
	for (size_t i = 0; ready > 0 && i < r->count; i++)
		if (r->poll[i].revents & (POLLERR | POLLHUP | POLLNVAL)) {
			/* Asking takes the error off the socket, which else is ready for ever. */
			int error = ring_error(r->member[i].ring);

			r->member[i].down |= error == -ENETDOWN || error == -ENODEV;
		}
	return ready > 0;
}

int rings_went_down(struct rings *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->member[i].down) {
			r->member[i].down = false;
			return (int)i;
		}
	return -1;
}

uint64_t rings_drops(struct rings *r)
{
	uint64_t drops = 0;

	for (size_t i = 0; i < r->count; i++)
		drops += ring_drops(r->member[i].ring);
	return drops;
}
