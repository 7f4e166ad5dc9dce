/* evidence_take: all records of a source that belong to one scan leave the table together. */
#include <netinet/in.h>
#include <string.h>

#include "watch/evidence_cells.h"
#include "watch/evidence_record.h"
#include "watch/name.h"

void evidence_drop(struct evidence_table *t, struct evidence *record)
{
	memset(record, 0, sizeof(*record));
	t->used--;
}

/* Hosts and ports whose records evidence_take still has to look up. */
#define TAKEN_MOST 256
struct taking {
	uint32_t host[TAKEN_MOST];
	struct {
		uint16_t port;
		uint8_t proto;
	} port[TAKEN_MOST];
	unsigned hosts, ports;
};

static void taking_host(struct taking *g, uint32_t host)
{
	for (unsigned i = 0; i < g->hosts; i++)
		if (g->host[i] == host)
			return;
	if (g->hosts < TAKEN_MOST)
		g->host[g->hosts++] = host;
}

static void taking_port(struct taking *g, uint16_t port, uint8_t proto)
{
	for (unsigned i = 0; i < g->ports; i++)
		if (g->port[i].port == port && g->port[i].proto == proto)
			return;
	if (g->ports < TAKEN_MOST) {
		g->port[g->ports].port = port;
		g->port[g->ports++].proto = proto;
	}
}

static void taking_record(struct evidence_table *t, struct taking *g, const struct evidence *r)
{
	if (r->kind == EVIDENCE_HOSTS) {
		taking_port(g, r->port, r->proto);
		for (int i = 0; i < r->listed; i++)
			taking_host(g, r->host[i]);
	} else if (evidence_is_cells(r)) {
		for (int i = 0; i < r->listed; i++) {
			taking_host(g, r->cell_host[i]);
			taking_port(g, r->cell_port[i],
				    r->cell_udp >> i & 1 ? IPPROTO_UDP : IPPROTO_TCP);
		}
	} else if (r->kind != EVIDENCE_STRAYS) {
		taking_host(g, name_host(name_of(&t->key, r->target)));
		for (int i = 0; i < r->listed && r->kind == EVIDENCE_PORTS; i++)
			taking_port(g, r->number[i], r->proto);
	}
}

void evidence_take(struct evidence_table *t, struct evidence *record,
		   void (*each)(void *context, const struct evidence *other), void *context)
{
	static const struct subject of_host[] = {{0, 0, EVIDENCE_PORTS, IPPROTO_TCP},
						 {0, 0, EVIDENCE_PORTS, IPPROTO_UDP},
						 {0, 0, EVIDENCE_PORTS, IPPROTO_SCTP},
						 {0, 0, EVIDENCE_PROTOCOLS, 0}};
	const unsigned kinds = sizeof(of_host) / sizeof(of_host[0]);
	struct taking g = {.hosts = 0};
	struct addr src = record->src;
	uint64_t source = name_of(&t->key, record->src);
	unsigned hosts = 0, ports = 0;

	struct addr target = record->target;

	taking_record(t, &g, record);
	evidence_drop(t, record);
	cells_forget(t, src, target);
	while (hosts < g.hosts * kinds || ports < g.ports) {
		struct subject about;
		struct evidence *r;

		if (hosts < g.hosts * kinds) {
			about = of_host[hosts % kinds];
			about.host = g.host[hosts++ / kinds];
		} else {
			about = (struct subject){0, g.port[ports].port, EVIDENCE_HOSTS,
						 g.port[ports].proto};
			ports++;
		}
		r = record_find(t, record_tag(source, &about));
		if (!r)
			continue;
		taking_record(t, &g, r);
		each(context, r);
		target = r->target;
		evidence_drop(t, r);
		cells_forget(t, src, target);
	}
}
