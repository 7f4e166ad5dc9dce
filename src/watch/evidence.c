/* evidence: the sequential tests, one record for each source and subject. */
#include "watch/evidence.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/logarithm.h"
#include "watch/evidence_cells.h"
#include "watch/evidence_record.h"
#include "watch/name.h"
#include "watch/params.h"

int evidence_table_init(struct evidence_table *t, size_t bytes, const struct siphash_key *key,
			struct host_set *hosts)
{
	memset(t, 0, sizeof(*t));
	t->buckets = bytes * 4 / 5 / (EVIDENCE_WAYS * sizeof(struct evidence));
	if (t->buckets == 0)
		return -1;
	t->record = calloc(t->buckets * EVIDENCE_WAYS, sizeof(struct evidence));
	if (!t->record || probation_init(&t->probation, bytes / 5) < 0) {
		evidence_table_fini(t);
		return -1;
	}
	t->key = *key;
	t->hosts = hosts;
	return 0;
}

void evidence_set_errors(struct evidence_table *t, double false_positive, double detection)
{
	t->threshold = logarithm(detection / false_positive);
}

void evidence_table_fini(struct evidence_table *t)
{
	free(t->record);
	probation_fini(&t->probation);
	t->record = NULL;
}

/* Adds a port (or protocol) to the list; *place is set to its index. Returns whether it is new. */
static bool list_port(struct evidence *r, uint16_t port, int *place)
{
	for (int i = 0; i < r->listed; i++)
		if (r->number[i] == port) {
			*place = i;
			return false;
		}
	*place = r->listed < EVIDENCE_LISTED_PORTS ? r->listed++ : EVIDENCE_LISTED_PORTS - 1;
	r->number[*place] = port;
	r->open[*place >> 6] &= ~(UINT64_C(1) << (*place & 63));
	return true;
}

static uint32_t port_hash(uint16_t number)
{
	return number * UINT32_C(2654435761) >> 16;
}

/* Whether a contact would be part of a scan: used ones are not, except answers to UDP. */
static bool contact_is_listed(const struct contact *c)
{
	return c->failed || c->idle || (c->used && !c->again);
}

/* Adds a contact to the record about the ports or IP protocols of its target. */
static struct evidence *add_port(struct evidence_table *t, const struct contact *c)
{
	bool protocol = c->techniques == UINT32_C(1) << SEEN_IPPROTO;
	struct subject about = {name_host(c->target), 0,
				protocol ? EVIDENCE_PROTOCOLS : EVIDENCE_PORTS,
				protocol ? 0 : c->proto};
	uint16_t number = protocol ? c->proto : c->dport;
	struct evidence *r = record_get(t, c, &about, c->failed || c->idle);
	int place;

	if (!r)
		return NULL;
	record_leak(r, c->now_ms);
	record_note(r, c);
	/* Each port counts once, or a scanner could undo its failures with one open port. */
	if (c->used && used_add(r->used_ports, port_hash(number))) {
		count_contact(&r->used);
		record_step(r, STEP_PORT_USED, STEP_PORT_USED);
	}
	if (contact_is_listed(c)) {
		bool fresh = list_port(r, number, &place);

		if (c->open)
			r->open[place >> 6] |= UINT64_C(1) << (place & 63);
		if (fresh && c->failed) {
			count_contact(&r->failed);
			record_step(r, STEP_PORT_FAILED * c->weight, STEP_PORT_FAILED * c->weight);
		}
	}
	return record_is_over(t, r) ? r : NULL;
}

/* How well a host's network is known to the record, 0..1: 0 if it is new to the filter. It may seem
 * known by a collision, the likelier the more bits are set, so less than 1 then. */
static float host_trust(struct evidence_table *t, struct evidence *r, const struct contact *c)
{
	float empty = 1 - (float)filter_bits(r->networks, 4) / 256, trust;

	if (filter_add(r->networks, 256, host_network(t, c->dst)))
		return 0;
	trust = empty * empty;
	trust *= trust;
	return trust * trust;
}

/* The step of a failed host, whose network is known by `trust`. */
static float host_step(const struct contact *c, float trust)
{
	bool tcp_udp = c->proto == IPPROTO_TCP || c->proto == IPPROTO_UDP;
	float near, far;

	if (tcp_udp && contact_is_strict(c))
		return STEP_STRICT * c->weight;
	if (tcp_udp && contact_is_unusual(c)) {
		near = STEP_HOST_RAW;
		far = STEP_HOST_RAW * (c->raw ? SCATTERED_WEIGHT : SCATTERED_WEIGHT_SPRAYED);
	} else {
		near = tcp_udp ? STEP_HOST_FAILED : STEP_PING_FAILED;
		far = near * SCATTERED_WEIGHT;
		near *= c->home ? OUTWARDS_WEIGHT : 1;
		far *= c->home ? OUTWARDS_WEIGHT : 1;
	}
	return (far + (near - far) * trust) * c->weight;
}

static void step_host_failed(struct evidence_table *t, struct evidence *r, const struct contact *c)
{
	if (c->techniques == UINT32_C(1) << SEEN_ARP) {
		record_step(r, STEP_ARP * (c->home ? OUTWARDS_WEIGHT : 1), 0);
	} else {
		float step = host_step(c, host_trust(t, r, c));

		record_step(r, step, step);
	}
}

static void step_host_used(struct evidence *r, const struct contact *c)
{
	float step = c->techniques == UINT32_C(1) << SEEN_ICMP	? STEP_PING_USED
		     : c->techniques == UINT32_C(1) << SEEN_ARP ? -STEP_ARP
								: STEP_HOST_USED;

	record_step(r, step, step);
}

static bool is_sweep_only(uint32_t techniques)
{
	return techniques == UINT32_C(1) << SEEN_ICMP || techniques == UINT32_C(1) << SEEN_ARP;
}

/* Whether a contact creates a record: failed, closed without data, or a ping or ARP request, since
 * all answers to a fast sweep come before the first wait is over. */
static bool contact_is_asked(const struct contact *c)
{
	return c->failed || c->idle || (c->used && is_sweep_only(c->techniques));
}

/* Adds a contact to the record about hosts contacted on its port, or by the same kind of ping. */
static struct evidence *add_host(struct evidence_table *t, const struct contact *c, uint8_t kind)
{
	struct subject about = {0, kind == EVIDENCE_STRAYS ? 0 : c->dport, kind, c->proto};
	struct evidence *r = record_get(t, c, &about, contact_is_asked(c));
	uint32_t host = name_host(c->target);

	if (!r)
		return NULL;
	record_leak(r, c->now_ms);
	record_note(r, c);
	/* Each host counts once, for or against. */
	if (c->used) {
		if (used_add(r->used_hosts, host)) {
			count_contact(&r->used);
			step_host_used(r, c);
		}
		/* Answers to pings are what a sweep looks for. */
		if (is_sweep_only(c->techniques) && list_host(t, r, host))
			count_contact(&r->answered);
	} else if (contact_is_listed(c)) {
		bool fresh = list_host(t, r, host);

		r->target = c->dst;
		if (fresh && c->failed) {
			count_contact(&r->failed);
			step_host_failed(t, r, c);
		} else if (fresh && !contact_is_unusual(c)) {
			record_step(r, STEP_HOST_IDLE, STEP_HOST_IDLE);
		}
	}
	return r;
}

/* Adds the contact from probation to the record about the target, if that is the same. */
static void probation_bring(struct evidence_table *t, const struct contact *c,
			    const struct probation_entry *earlier)
{
	struct contact first = probation_contact(c, earlier);

	if (earlier->target != name_host(c->target))
		return;
	/* Probes for protocols have no port. */
	if (c->techniques == UINT32_C(1) << SEEN_IPPROTO ? earlier->port != 0
							 : earlier->proto != c->proto)
		return;
	(void)add_port(t, &first);
}

/* The same for the record about hosts. The network is not stored, so the host weighs as one of
 * another. */
static void probation_bring_host(struct evidence_table *t, struct evidence *r,
				 const struct contact *c, const struct probation_entry *earlier)
{
	struct contact first = probation_contact(c, earlier);
	float step = host_step(&first, 0);

	if (!r || earlier->port != c->dport || earlier->proto != c->proto)
		return;
	record_note(r, &first);
	if (!list_host(t, r, earlier->target))
		return;
	if (!first.failed) {
		if (is_sweep_only(c->techniques))
			count_contact(&r->answered);
		return;
	}
	count_contact(&r->failed);
	record_step(r, step, step);
}

struct evidence *evidence_add(struct evidence_table *t, const struct contact *c)
{
	struct probation_entry earlier = {0};
	struct evidence *ports = NULL, *hosts = NULL, *cells = NULL;
	bool sweep = is_sweep_only(c->techniques);
	enum probation_answer admission = PROBATION_OVER;

	if (contact_is_asked(c))
		admission = probation_check(&t->probation, c, name_host(c->target), &earlier);
	if (admission == PROBATION_HOLD)
		return NULL;
	if (admission == PROBATION_ENDS && !sweep)
		probation_bring(t, c, &earlier);
	if (!sweep && !c->routine)
		ports = add_port(t, c);
	if (c->techniques != UINT32_C(1) << SEEN_IPPROTO) {
		hosts = add_host(t, c, EVIDENCE_HOSTS);
		if (admission == PROBATION_ENDS)
			probation_bring_host(t, hosts, c, &earlier);
	}
	if (!c->routine)
		cells = cells_add(t, c);
	if (ports)
		return ports;
	if (hosts && record_is_over(t, hosts))
		cells = hosts;
	if (cells && cells->kind != EVIDENCE_KNOCKS && !contact_is_unusual(c) &&
	    cells_mostly_complete(t, c))
		return NULL;
	return cells;
}

struct evidence *evidence_stray(struct evidence_table *t, const struct contact *c)
{
	struct evidence *r = add_host(t, c, EVIDENCE_STRAYS);

	return r && record_is_over(t, r) ? r : NULL;
}

void evidence_mark_owners(const struct evidence_table *t, uint64_t alive[static 1024])
{
	for (uint64_t i = 0; i < t->buckets * EVIDENCE_WAYS; i++) {
		const struct evidence *r = &t->record[i];
		uint16_t mark = host_set_mark(r->owner);

		if (r->tag && r->kind != EVIDENCE_PORTS && r->kind != EVIDENCE_PROTOCOLS &&
		    r->hosts >= EVIDENCE_LISTED_CELLS)
			alive[mark >> 6] |= UINT64_C(1) << (mark & 63);
	}
}

double evidence_error(const struct evidence *record)
{
	double slow = (double)record->slow / SLOW_FACTOR, power = 1;
	double score = slow > (double)record->score ? slow : (double)record->score;

	/* e^-score by squaring e^-(score / 1024). */
	if (score <= 0)
		return 1;
	power = 1 - score / 1024 + score * score / (2 * 1024.0 * 1024.0);
	for (int i = 0; i < 10; i++)
		power *= power;
	return power;
}

void evidence_of(const struct evidence_table *t, struct addr src, uint64_t now_ms,
		 void (*each)(void *context, const struct evidence *record), void *context)
{
	for (uint64_t i = 0; i < t->buckets * EVIDENCE_WAYS; i++) {
		struct evidence faded = t->record[i];

		if (!faded.tag || !addr_equal(faded.src, src))
			continue;
		record_leak(&faded, now_ms);
		each(context, &faded);
	}
}
