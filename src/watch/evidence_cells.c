/* evidence_cells: one more walk over all that a source contacts in a network, or anywhere. */
#include "watch/evidence_cells.h"

#include <netinet/in.h>

#include "technique/technique.h"
#include "watch/evidence_record.h"
#include "watch/name.h"
#include "watch/params.h"
#include "watch/sprayed.h"
#include "watch/tool.h"

bool contact_is_strict(const struct contact *c)
{
	return c->tools & TOOL_STRICT;
}

bool contact_is_unusual(const struct contact *c)
{
	return c->raw || (c->proto == IPPROTO_TCP && port_is_sprayed(c->dport));
}

static uint32_t cell_hash(const struct contact *c)
{
	return (uint32_t)name_with(c->target, SALT_CELL, (uint64_t)c->proto << 16 | c->dport);
}

/* Adds a cell; returns whether it is new. If the host set is full, none is. */
static bool list_cell(struct evidence_table *t, struct evidence *r, const struct contact *c)
{
	const uint32_t host = name_host(c->target);
	const bool udp = c->proto == IPPROTO_UDP;

	for (int i = 0; i < r->listed; i++)
		if (r->cell_host[i] == host && r->cell_port[i] == c->dport &&
		    (r->cell_udp >> i & 1) == udp)
			return false;
	if (r->listed < EVIDENCE_LISTED_CELLS) {
		r->cell_udp |= (uint64_t)udp << r->listed;
		r->cell_port[r->listed] = c->dport;
		r->cell_host[r->listed++] = host;
	} else if (host_set_add(t->hosts, r->owner, cell_hash(c)) != HOST_SET_NEW) {
		return false;
	}
	r->hosts++;
	(void)filter_add(r->cell_hosts, 256, host);
	return true;
}

static float step_up(const struct contact *c, float usual, float unusual)
{
	float step = contact_is_strict(c) ? STEP_STRICT : contact_is_unusual(c) ? unusual : usual;

	if (!contact_is_unusual(c) && c->home)
		step *= OUTWARDS_WEIGHT;
	if (c->proto == IPPROTO_UDP && c->silent)
		step *= UDP_SILENT_WEIGHT;
	return step * c->weight;
}

/* A step that counts only once the record has enough hosts: then all at once. */
static void step_held(struct evidence *r, float step)
{
	if (filter_bits(r->cell_hosts, 4) < CELLS_HOSTS) {
		r->held += step;
		return;
	}
	record_step(r, step + r->held, step + r->held);
	r->held = 0;
}

static void held_leak(struct evidence *r, uint64_t now_ms)
{
	float ms = now_ms > r->moved_ms ? (float)(now_ms - r->moved_ms) : 0;

	r->held -= ms / LEAK_MS * STEP_PORT_FAILED;
	if (r->held < 0)
		r->held = 0;
}

static struct evidence *cells_record(struct evidence_table *t, const struct contact *c,
				     uint8_t kind, bool make)
{
	const struct subject about = {kind == EVIDENCE_CELLS ? 0 : contact_network(t, c), 0, kind,
				      0};
	struct evidence *r = record_get(t, c, &about, make);

	if (!r)
		return NULL;
	held_leak(r, c->now_ms);
	record_leak(r, c->now_ms);
	record_note(r, c);
	r->target = c->dst;
	return r;
}

static bool step_used(struct evidence *r, const struct contact *c, float step)
{
	if (!used_add(r->used_cells, cell_hash(c)))
		return false;
	count_contact(&r->used);
	record_step(r, step, step);
	return true;
}

static struct evidence *add_network(struct evidence_table *t, const struct contact *c)
{
	struct evidence *r = cells_record(t, c, EVIDENCE_NETWORK, c->failed);

	if (!r)
		return NULL;
	if (c->used) {
		(void)step_used(r, c, STEP_CELL_USED);
	} else if (c->failed && list_cell(t, r, c)) {
		count_contact(&r->failed);
		step_held(r, step_up(c, STEP_CELL_FAILED, STEP_HOST_RAW));
	} else if (c->idle && !contact_is_unusual(c)) {
		(void)step_used(r, c, STEP_HOST_IDLE);
	}
	return record_is_over(t, r) ? r : NULL;
}

static struct evidence *add_anywhere(struct evidence_table *t, const struct contact *c)
{
	struct evidence *r;

	if (!contact_is_unusual(c))
		return NULL;
	r = cells_record(t, c, EVIDENCE_CELLS, c->failed);
	if (!r)
		return NULL;
	if (c->used) {
		(void)step_used(r, c, STEP_HOST_USED);
	} else if (c->failed && list_cell(t, r, c)) {
		float step = step_up(
			c, 0, c->raw ? STEP_CELL_RAW : STEP_HOST_RAW * SCATTERED_WEIGHT_SPRAYED);

		count_contact(&r->failed);
		record_step(r, step, step);
	}
	return record_is_over(t, r) ? r : NULL;
}

/* Lets a record wait. Returns false if there is no place: then it is judged at once. */
static bool hold(struct evidence_table *t, const struct evidence *r, uint64_t now_ms)
{
	for (unsigned i = 0; i < EVIDENCE_HELD; i++) {
		if (t->held[i].tag)
			continue;
		t->held[i].tag = r->tag;
		t->held[i].due_ms = now_ms + KNOCKS_WAIT_MS;
		return true;
	}
	return false;
}

static struct evidence *add_knock(struct evidence_table *t, const struct contact *c)
{
	struct evidence *r;

	if (c->proto != IPPROTO_TCP || c->raw)
		return NULL;
	r = cells_record(t, c, EVIDENCE_KNOCKS, c->idle);
	if (!r || r->is_routine)
		return NULL;
	if (c->used) {
		(void)step_used(r, c, STEP_CELL_USED);
		return NULL;
	}
	if (!c->failed && !c->idle)
		return NULL;
	if (list_cell(t, r, c)) {
		float step = step_up(c, STEP_KNOCK, STEP_KNOCK_SPRAYED);

		if (c->failed)
			count_contact(&r->failed);
		step_held(r, step);
	} else {
		count_contact(&r->repeats);
	}
	if (r->held_at || !record_is_over(t, r))
		return NULL;
	r->held_at = r->hosts < UINT16_MAX ? (uint16_t)r->hosts : UINT16_MAX;
	return hold(t, r, c->now_ms) ? NULL : r;
}

struct evidence *cells_add(struct evidence_table *t, const struct contact *c)
{
	struct evidence *network, *anywhere, *knock;

	if ((c->proto != IPPROTO_TCP && c->proto != IPPROTO_UDP) || c->older ||
	    (c->talks && c->silent))
		return NULL;
	network = add_network(t, c);
	anywhere = add_anywhere(t, c);
	knock = add_knock(t, c);
	return network ? network : anywhere ? anywhere : knock;
}

bool cells_mostly_complete(struct evidence_table *t, const struct contact *c)
{
	const struct subject about = {contact_network(t, c), 0, EVIDENCE_KNOCKS, 0};
	const struct evidence *r = record_find(t, record_tag(c->source, &about));

	return r && (uint32_t)r->failed * KNOCKS_FAILED_ONE_IN < r->hosts;
}

/* Whether the source came back to what it knew, as monitors do: then its record is routine. */
static bool came_back(struct evidence *r)
{
	if ((uint32_t)r->repeats * KNOCKS_AGAIN_ONE_IN < r->held_at)
		return false;
	r->is_routine = true;
	r->score = r->slow = 0;
	return true;
}

struct evidence *evidence_held(struct evidence_table *t, uint64_t now_ms)
{
	for (unsigned i = 0; i < EVIDENCE_HELD; i++) {
		struct evidence *r;

		if (t->held[i].tag == 0 || t->held[i].due_ms > now_ms)
			continue;
		r = record_find(t, t->held[i].tag);
		t->held[i].tag = 0;
		if (r && !came_back(r))
			return r;
	}
	return NULL;
}

void cells_forget(struct evidence_table *t, struct addr src, struct addr host)
{
	static const uint8_t kinds[] = {EVIDENCE_NETWORK, EVIDENCE_KNOCKS, EVIDENCE_CELLS};
	const uint64_t source = name_of(&t->key, src);
	const uint32_t network = evidence_network(&t->key, host);

	for (unsigned i = 0; i < sizeof(kinds); i++) {
		const struct subject about = {kinds[i] == EVIDENCE_CELLS ? 0 : network, 0, kinds[i],
					      0};
		struct evidence *r = record_find(t, record_tag(source, &about));

		if (r)
			evidence_drop(t, r);
	}
}
