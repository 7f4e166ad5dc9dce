/* evidence: the sequential tests of each source, in memory of fixed size. */
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
#include "watch/proof.h"

/*
 * A sequential test (threshold random walk: Jung, Paxson, Berger, Balakrishnan, "Fast Portscan
 * Detection Using Sequential Hypothesis Testing", IEEE S&P 2004) over distinct first contacts.
 * Each record is one such test: about the ports of one host, the hosts contacted on one port, the
 * IP protocols of one host, or about cells: a block or random scan is one thing. A failed contact
 * raises its score, a contact that was used lowers it; at ln(detection / false positive) the source
 * is a scanner. Scores decay with time; a second, slow score decays much more slowly and needs
 * SLOW_FACTOR times as much, so that the test works on two time scales, minutes and days.
 */
enum evidence_kind {
	EVIDENCE_PORTS,	    /* of one target, TCP or UDP */
	EVIDENCE_HOSTS,	    /* contacted on one port, pinged, or asked for by ARP */
	EVIDENCE_PROTOCOLS, /* of one target */
	EVIDENCE_STRAYS,    /* hosts that got answers without a question: backscatter */
	/* Of cells, a host and a port of it (evidence_cells.h): */
	EVIDENCE_NETWORK, /* in one network, failed or not */
	EVIDENCE_CELLS,	  /* anywhere, by raw tools or on ports that no client sprays */
	EVIDENCE_KNOCKS,  /* in one network, completed and closed without a word, or failed */
	EVIDENCE_KINDS,
};

#define EVIDENCE_LISTED_PORTS 96
#define EVIDENCE_LISTED_HOSTS 48
#define EVIDENCE_LISTED_CELLS 40

struct evidence {
	uint64_t tag;	/* keyed hash of kind, source and subject; 0: free */
	uint64_t owner; /* this record's owner number in the host set, never used again */
	uint64_t first_ns, last_ns;	/* capture's clock */
	uint64_t began_ms, moved_ms;	/* detector's clock */
	struct addr src, target;	/* target: for HOSTS and cells the latest */
	float score, slow;		/* the fast and the slow one */
	uint16_t seen[SEEN_TECHNIQUES]; /* contacts by technique (bits of event.h), up to 65,535 */
	uint32_t packets;
	uint32_t last_seq;
	uint16_t last_sport;
	uint16_t port;	       /* HOSTS: contacted on which port */
	uint16_t failed, used; /* distinct contacts with that outcome */
	uint16_t answered;     /* HOSTS: distinct hosts that answered a ping or ARP */
	uint32_t hosts;	       /* HOSTS and cells: distinct ones, in the list or in the host set */
	uint8_t kind, proto;
	uint8_t listed;		 /* used elements of the list below */
	uint8_t half_open, idle; /* contacts with that end, up to 255 */
	struct proof proof;
	uint8_t home;		     /* contacts from our networks outwards: see OUTWARDS_WEIGHT */
	uint16_t tools[EVENT_TOOLS]; /* contacts whose relations hold (tool.h), up to 65,535 */
	union {
		struct {
			uint16_t number[EVIDENCE_LISTED_PORTS]; /* ports or protocols */
			uint64_t open[2];	/* by index in number[]: the port answered */
			uint64_t used_ports[8]; /* filter of ports that were used */
		};
		struct {
			uint32_t host[EVIDENCE_LISTED_HOSTS]; /* name_host */
			uint64_t used_hosts[8];		      /* filter of hosts that were used */
			uint64_t networks[4]; /* filter of /24 (IPv4) and /64 (IPv6) networks */
		};
		struct {
			uint32_t cell_host[EVIDENCE_LISTED_CELLS]; /* name_host */
			uint16_t cell_port[EVIDENCE_LISTED_CELLS];
			uint64_t cell_udp;	/* by index: a UDP port */
			uint64_t used_cells[8]; /* filter of cells that were used */
			uint64_t cell_hosts[4]; /* filter of the hosts */
			float held;		/* NETWORK: steps before it has enough hosts */
			uint16_t repeats;	/* KNOCKS: contacts with known cells */
			uint16_t held_at;	/* KNOCKS: cells when it came over the threshold */
			bool is_routine;	/* KNOCKS: a monitor, which comes back */
		};
	};
};

#define EVIDENCE_HELD 64

struct evidence_table {
	struct evidence *record;
	struct probation_table probation;
	uint64_t buckets;
	struct host_set *hosts; /* for hosts beyond a record's list */
	struct siphash_key key;
	double threshold;
	uint64_t used, evicted, made;
	/* Records about knocks that came over the threshold, until it is known whether their
	 * source comes back, as a monitor does. */
	struct {
		uint64_t tag, due_ms; /* tag 0: free */
	} held[EVIDENCE_HELD];
};

/* Whether a record is about cells. */
static inline bool evidence_is_cells(const struct evidence *r)
{
	return r->kind >= EVIDENCE_NETWORK;
}

/* One contact whose outcome is known. */
struct contact {
	struct addr src, dst;
	uint64_t source, target; /* their names (name.h) */
	uint64_t t_ns;		 /* of its first packet */
	uint64_t now_ms;
	uint64_t over_ms;    /* when its outcome was decided: before or after now_ms */
	uint32_t techniques; /* bit set: which may have sent its first packet */
	uint32_t seq;
	uint32_t network; /* evidence_network() of dst; 0: not computed yet */
	uint16_t sport, dport;
	uint8_t proto;
	uint16_t window, mss;
	uint16_t print; /* proof_print() of its first packet; 0 if that was not TCP */
	uint16_t tools; /* bit set of tool_relations */
	bool silent;	/* it failed as nothing answered */
	bool older;	/* it may be part of a connection from before the begin */
	bool talks;	/* UDP: more datagrams followed than a scanner repeats */
	bool routine;	/* it failed with a port that its source uses with others nearby */
	bool raw;	/* its first packet has a shape that no operating system sends */
	float weight;	/* of its steps up, 0..1 */
	bool failed;	/* refused, unanswered, or reset half-open; else it was answered */
	bool open;	/* the port answered */
	bool used;	/* the opener sent data, or got a UDP answer: lowers the score */
	bool half_open; /* the opener reset it before it was complete */
	bool idle;	/* the opener completed it, and closed it without data */
	bool proven;	/* the opener completed a handshake with a service that it had not used
			   before: the address of this contact is real */
	bool home;	/* from our own network outwards */
	bool again;	/* reported before by another call; only the flags above are new */
};

/* Hash of the network (/24, /64) of an address; never 0. */
uint32_t evidence_network(const struct siphash_key *key, struct addr a);

/* Allocates at most `bytes`. *hosts is borrowed, and outlives the table. Returns 0, or -1 if out of
 * memory. */
int evidence_table_init(struct evidence_table *t, size_t bytes, const struct siphash_key *key,
			struct host_set *hosts);
/* Sets the threshold of the tests to ln(detection / false_positive). */
void evidence_set_errors(struct evidence_table *t, double false_positive, double detection);
void evidence_table_fini(struct evidence_table *t);

/*
 * Adds a contact to the records that it belongs to, creating them if its source is not on
 * probation. Returns a record that is over the threshold with this contact, or NULL. The record
 * stays in the table until evidence_drop or evidence_take.
 */
struct evidence *evidence_add(struct evidence_table *t, const struct contact *c);

/* The next record about knocks whose time is over by now_ms, and whose source did not come back; it
 * is to be dropped or taken. NULL: there is none. */
struct evidence *evidence_held(struct evidence_table *t, uint64_t now_ms);

/* Adds an answer without a question, from c->src to c->dst. Returns the record once it is over the
 * threshold, else NULL. */
struct evidence *evidence_stray(struct evidence_table *t, const struct contact *c);

/* Removes a record. */
void evidence_drop(struct evidence_table *t, struct evidence *record);

/*
 * Removes a record together with the other records of its source that share hosts or ports with it,
 * or with one of those, and so on. Calls `each` with every one but the first, before it is
 * removed.
 */
void evidence_take(struct evidence_table *t, struct evidence *record,
		   void (*each)(void *context, const struct evidence *other), void *context);

/* Sets the bits (host_set_mark) of all records that own hosts in the host set. */
void evidence_mark_owners(const struct evidence_table *t, uint64_t alive[static 1024]);

/* Probability that a record over the threshold is not a scan: e^-score, at most 1. */
double evidence_error(const struct evidence *record);

/* Calls `each` with a copy of every record of a source, its scores decayed to now_ms. Reads the
 * whole table. */
void evidence_of(const struct evidence_table *t, struct addr src, uint64_t now_ms,
		 void (*each)(void *context, const struct evidence *record), void *context);

#endif
