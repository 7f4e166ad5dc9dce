/* evidence: what speaks against a source, in memory of fixed size. */
#ifndef PORTLIGHT_WATCH_EVIDENCE_H
#define PORTLIGHT_WATCH_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address/addr.h"
#include "base/siphash.h"
#include "result/event.h"
#include "watch/host_set.h"
#include "watch/probation.h"

/*
 * A sequential test (threshold random walk: Jung, Paxson, Berger, Balakrishnan, "Fast Portscan
 * Detection Using Sequential Hypothesis Testing", IEEE S&P 2004) over distinct first contacts.
 * One walk for the ports of one host, one for the hosts of one port, one for the IP protocols of
 * one host. A failed contact is a step up, one that was used a step down; a scan is called at
 * ln(beta / alpha). The walk leaks, and a second one leaks far more slowly and needs twice as much:
 * two time scales, minutes and days.
 */
enum evidence_kind {
	EVIDENCE_PORTS,	    /* of one target, TCP or UDP */
	EVIDENCE_HOSTS,	    /* with one port, or pinged, or asked for by ARP */
	EVIDENCE_PROTOCOLS, /* of one target */
	EVIDENCE_STRAYS,    /* hosts that got answers they did not ask for: backscatter */
	EVIDENCE_KINDS,
};

#define EVIDENCE_LISTED_PORTS 96
#define EVIDENCE_LISTED_HOSTS 48

struct evidence {
	uint64_t tag;			/* keyed hash of kind, source and subject; 0: free */
	uint64_t owner;			/* in the host set: of this record's life alone */
	uint64_t first_ns, last_ns;	/* capture's clock */
	uint64_t began_ms, moved_ms;	/* detector's clock */
	struct addr src, target;	/* target: the latest one, for HOSTS */
	float score, slow;		/* the two walks */
	uint16_t seen[SEEN_TECHNIQUES]; /* contacts by technique (event.h), up to 65,535 */
	uint32_t packets;
	uint32_t last_seq;
	uint16_t last_sport;
	uint16_t port;	       /* HOSTS: which */
	uint16_t failed, used; /* distinct contacts */
	uint16_t answered;     /* HOSTS: distinct ones that answered a ping or ARP */
	uint32_t hosts;	       /* HOSTS: distinct ones that are listed here or in the host set */
	uint8_t kind, proto;
	uint8_t listed;		 /* elements below */
	uint8_t half_open, idle; /* seen, up to 255 */
	bool proven;
	uint8_t home;		     /* our own network asks outwards: ten times the evidence */
	uint16_t tools[EVENT_TOOLS]; /* contacts with the relation, up to 65,535 */
	union {
		struct {
			uint16_t number[EVIDENCE_LISTED_PORTS]; /* ports or protocols */
			uint64_t open[2];	/* by place in number[]: it answered */
			uint64_t used_ports[8]; /* filter of ports that were used */
		};
		struct {
			uint32_t host[EVIDENCE_LISTED_HOSTS]; /* name_host */
			uint64_t used_hosts[8];		      /* filter of hosts that were used */
			uint64_t networks[4]; /* filter of /24 (IPv4) and /64 (IPv6) networks */
		};
	};
};

struct evidence_table {
	struct evidence *record;
	struct probation_table probation;
	uint64_t buckets;
	struct host_set *hosts; /* those beyond a record's list */
	struct siphash_key key;
	double threshold;
	uint64_t used, evicted, made;
};

/* One contact that is over. */
struct contact {
	struct addr src, dst;
	uint64_t source, target; /* their names (name.h) */
	uint64_t t_ns;		 /* of its first packet */
	uint64_t now_ms;
	uint64_t over_ms; /* when it was over: its wait may have ended before now_ms, or later */
	uint32_t techniques;
	uint32_t seq;
	uint16_t sport, dport;
	uint8_t proto;
	uint16_t window, mss;
	uint16_t tools; /* bit set */
	bool failed;	/* refused, unanswered, or abandoned half-open; else it was answered */
	bool open;	/* the port answered */
	bool used;	/* the opener went on to use it: counts for the source */
	bool half_open; /* the opener abandoned it with a RST */
	bool idle;	/* the opener completed it, and closed it without a word */
	bool proven;	/* the opener completed a handshake: its address is real */
	bool home;	/* from our own network outwards */
	bool again;	/* told before; only what was learned since is new */
};

/* *hosts is lent, and outlives the table. 0, or -1 out of memory. */
int evidence_table_init(struct evidence_table *t, size_t bytes, const struct siphash_key *key,
			struct host_set *hosts);
/* A scan is called at ln(beta / alpha). */
void evidence_set_errors(struct evidence_table *t, double alpha, double beta);
void evidence_table_fini(struct evidence_table *t);

/*
 * Adds a contact to the walks it belongs to. Returns the record whose walk is over the threshold
 * by this contact, or NULL. The record stays until evidence_drop.
 */
struct evidence *evidence_add(struct evidence_table *t, const struct contact *c);

/* An answer that nobody asked for, from src to dst: the record once it is over the threshold. */
struct evidence *evidence_stray(struct evidence_table *t, const struct contact *c);

void evidence_drop(struct evidence_table *t, struct evidence *record);

/*
 * Drops a record together with the other records about ports that its source has, as far as they
 * can be reached from it: those of the same hosts, of the same ports, and so on. Calls `each` for
 * every one but the first before it is dropped.
 */
void evidence_take(struct evidence_table *t, struct evidence *record,
		   void (*each)(void *context, const struct evidence *other), void *context);

/* Sets the marks (host_set.h) of all records that own hosts in the set. */
void evidence_mark_owners(const struct evidence_table *t, uint64_t alive[static 1024]);

/* Probability that the verdict is wrong, by its walk: e^-score, at most 1. */
double evidence_error(const struct evidence *record);

/* Calls `each` for every record of a source, as faded as it is now. */
void evidence_of(const struct evidence_table *t, struct addr src, uint64_t now_ms,
		 void (*each)(void *context, const struct evidence *record), void *context);

#endif
