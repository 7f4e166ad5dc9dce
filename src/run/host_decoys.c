/* host_decoys: asks ports that cannot be open, of hosts where many are. */
#include "run/host_decoys.h"

#include <net/if.h>
#include <stdlib.h>

#include "base/mix.h"
#include "system/handshake.h"

/* Handshakes under way at a time: of 64 hosts, within the usual limit of 1,024 files. */
#define UNDER_WAY (64 * DECOYS)
/* A host whose handshakes could not be started by then is left as it is. */
#define STUCK_NS  UINT64_C(5000000000)
#define ACCEPT_NS UINT64_C(1000000000)
/* Linux acknowledges within 40 ms, others within 500 (RFC 9293, 3.8.6.3). */
#define ACK_NS UINT64_C(600000000)

/* Decoys are no ports of well-known services. */
#define DECOY_FIRST 1024u
#define DECOY_DRAWS 64u

struct asked_host {
	uint32_t host;
	uint32_t notes;
	unsigned over; /* of its decoys, those before this one */
	struct handshake decoy[DECOYS];
};

struct host_decoys {
	const struct scan_setup *setup;
	struct handshake_conf conf;
	struct asked_host *asked;
	uint32_t count, capacity;
	uint32_t next;	/* host_decoys_notes: not yet reached */
	uint32_t first; /* hosts before this one are over */
	bool begun, waits;
	uint64_t started_ns; /* when the last handshakes were started */
	uint64_t moved_ns;   /* when a host was last over */
	double allowed;	     /* handshakes that the rate allows now */
};

struct host_decoys *host_decoys_new(const struct scan_setup *setup)
{
	struct host_decoys *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->setup = setup;
	d->conf = (struct handshake_conf){
		.interface = setup->request->interface,
		.has_source = setup->request->has_source,
		.source = setup->request->source,
		.zone = setup->targets.zone[0] ? if_nametoindex(setup->targets.zone) : 0,
		.accept_ns = ACCEPT_NS,
		.ack_ns = ACK_NS,
	};
	return d;
}

void host_decoys_free(struct host_decoys *d)
{
	if (!d)
		return;
	for (uint32_t i = 0; i < d->count; i++)
		handshake_end(d->asked[i].decoy, DECOYS);
	free(d->asked);
	free(d);
}

static bool is_suspicious(const struct sheet *sheet, uint32_t host)
{
	const struct plan *plan = sheet_plan(sheet);
	const uint32_t *slot = plan_slots(plan);
	uint32_t open = 0, asked = 0;

	for (uint32_t i = 0; i < plan->slots; i++) {
		const unsigned technique = plan_slot_technique(slot[i]);
		unsigned reply;

		if (!technique_handshake(technique))
			continue;
		reply = sheet_get(sheet, host * plan->slots + i);
		if (reply == SHEET_NOT_OURS)
			continue;
		asked++;
		open += reply != REPLY_SILENCE &&
			technique_rule(technique, reply)->state == PORT_OPEN;
	}
	return open >= DECOYS_OPEN && open >= asked / 2;
}

static bool is_scanned(const struct plan *plan, uint16_t port)
{
	uint32_t slot;

	return plan_find_slot(plan, TECH_SYN, port, &slot) ||
	       plan_find_slot(plan, TECH_CONNECT, port, &slot);
}

static bool is_drawn(const struct asked_host *a, unsigned count, uint16_t port)
{
	for (unsigned i = 0; i < count; i++)
		if (a->decoy[i].port == port)
			return true;
	return false;
}

/* A port that the scan does not ask, if there is one after some draws: of a scan of all ports, one
 * of them. Even and odd ones in turn: a host whose services have ports of one kind is no proxy. */
static uint16_t draw_port(const struct plan *plan, const struct asked_host *a, unsigned number,
			  struct addr to)
{
	uint16_t port = 0;

	for (unsigned draw = 0; draw < DECOY_DRAWS; draw++) {
		const uint64_t random =
			mix64(plan->seed[0] ^ to.hi ^ mix64(to.lo + draw * DECOYS + number));

		port = (uint16_t)(DECOY_FIRST + (random % (65536 - DECOY_FIRST) & ~UINT64_C(1)) +
				  number % 2);
		if (!is_drawn(a, number, port) && !is_scanned(plan, port))
			break;
	}
	return port;
}

static bool add_host(struct host_decoys *d, const struct sheet *sheet, uint32_t host)
{
	const struct plan *plan = sheet_plan(sheet);
	const struct addr to = plan_host(plan, sheet_first_host(sheet) + host);
	struct asked_host *a;

	if (d->count == d->capacity) {
		const uint32_t wanted = d->capacity ? d->capacity * 2 : 16;
		struct asked_host *grown = reallocarray(d->asked, wanted, sizeof(*grown));

		if (!grown)
			return false;
		d->asked = grown;
		d->capacity = wanted;
	}
	a = &d->asked[d->count++];
	*a = (struct asked_host){.host = host};
	for (unsigned i = 0; i < DECOYS; i++)
		a->decoy[i] = (struct handshake){.to = to, .port = draw_port(plan, a, i, to)};
	return true;
}

static void judge(struct asked_host *a)
{
	unsigned accepted = 0, bare = 0, shut = 0, deaf = 0;

	for (unsigned i = 0; i < DECOYS; i++) {
		const struct handshake *h = &a->decoy[i];

		if (h->state != HANDSHAKE_ACCEPTED)
			continue;
		accepted++;
		bare += h->no_options;
		shut += h->no_window;
		deaf += h->no_ack;
	}
	if (accepted < DECOYS_ACCEPT)
		return;
	a->notes = HOST_DECOYS | (bare == accepted ? HOST_NO_OPTIONS : 0) |
		   (shut == accepted ? HOST_NO_WINDOW : 0) | (deaf == accepted ? HOST_NO_ACK : 0);
}

/* Handshakes that may be started now: as many as the rate allows since the last. */
static unsigned allowance(struct host_decoys *d, uint64_t now_ns)
{
	const double pps = d->setup->conf.pace.ceiling_pps;

	d->allowed += (double)(now_ns - d->started_ns) / 1e9 * pps;
	if (d->allowed > UNDER_WAY)
		d->allowed = UNDER_WAY;
	d->started_ns = now_ns;
	return (unsigned)d->allowed;
}

static void ask(struct host_decoys *d, uint64_t now_ns)
{
	unsigned left = allowance(d, now_ns);
	const uint32_t last =
		d->count - d->first < UNDER_WAY / DECOYS ? d->count : d->first + UNDER_WAY / DECOYS;

	d->waits = d->first < d->count;
	for (uint32_t i = d->first; i < last; i++) {
		struct asked_host *a = &d->asked[i];
		unsigned started = 0;

		for (unsigned n = 0; n < DECOYS; n++)
			started += a->decoy[n].at_ns == 0;
		const unsigned may = started < left ? started : left;

		if (i == d->first && now_ns - d->moved_ns >= STUCK_NS)
			handshake_end(a->decoy, DECOYS);
		if (handshake_step(a->decoy, DECOYS, may, &d->conf, now_ns) == 0 && i == d->first) {
			judge(a);
			d->first++;
			d->moved_ns = now_ns;
		}
		left -= may;
		d->allowed -= may;
	}
}

bool host_decoys_wait(struct host_decoys *d, const struct scan *scan, int place, uint64_t now_ns)
{
	if (!d->begun) {
		d->begun = true;
		d->count = d->first = d->next = 0;
		d->started_ns = d->moved_ns = now_ns;
		d->allowed = 1;
		for (uint32_t host = 0; host < scan_hosts(scan, place); host++)
			if (is_suspicious(scan_sheet(scan, place), host) &&
			    !add_host(d, scan_sheet(scan, place), host))
				break; /* without memory, the others are reported as they are */
	}
	ask(d, now_ns);
	if (d->waits)
		return true;
	d->begun = false;
	return false;
}

bool host_decoys_waits(const struct host_decoys *d)
{
	return d->begun && d->waits;
}

uint32_t host_decoys_notes(struct host_decoys *d, uint32_t host)
{
	while (d->next < d->count && d->asked[d->next].host < host)
		d->next++;
	return d->next < d->count && d->asked[d->next].host == host ? d->asked[d->next].notes : 0;
}
