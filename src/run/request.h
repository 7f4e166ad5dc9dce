/* request: a scan or a watch as plain parsed values, independent of the command line. */
#ifndef PORTLIGHT_RUN_REQUEST_H
#define PORTLIGHT_RUN_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address/addr.h"
#include "base/words.h"
#include "engine/registry.h"

struct target_list;

/*
 * All zero is a scan of no target with default ports, pace and engine; timing 0 is -T0, the
 * default of the command line is 3. Texts and lists belong to the caller and outlive the scan.
 * Targets, ports and files are resolved when the scan is set up, since names of hosts and services
 * may need it.
 */
struct scan_request {
	struct words targets;	    /* one target each, in the grammar of plan/targets.h */
	struct words excludes;	    /* comma-separated lists of targets */
	struct words lists;	    /* files of targets; "-" is standard input */
	struct words exclude_lists; /* files of excluded targets */
	bool ipv4, ipv6;	    /* names: addresses of these families; neither: the first */
	bool all_addresses;	    /* names: all addresses of those families */
	/* Of a scan that is resumed: its targets, in place of all the above; the run takes them. */
	struct target_list *resolved;
	bool strict_targets; /* a target that does not resolve ends the scan */
	bool reverse;	     /* looks up the names of addresses that are up */
	unsigned techniques; /* bit set of enum technique_id; 0: the engine's default */
	const char *ports;   /* in the grammar of plan/ports.h; NULL: the most common */
	const char *exclude_ports;
	uint64_t top_ports; /* without `ports`: how many of the most common; 0: 1000 */

	unsigned timing;				 /* 0..5: the row of run/timing.h */
	double min_rate_pps, max_rate_pps;		 /* 0: that row's */
	bool has_max_retries;				 /* retransmissions per probe: */
	uint64_t max_retries;				 /* 0..15 */
	uint64_t initial_rtt_ns, min_rtt_ns, max_rtt_ns; /* 0: that row's */

	const struct engine_row *engine; /* NULL: the most preferred that can do the scan */
	bool xdp_generic;		 /* engine_conf.generic */
	const char *interface;		 /* only this interface; NULL: by route */
	bool has_source;
	struct addr source; /* one of ours */
	bool has_source_port;
	uint64_t source_port; /* 1..65535 */
	uint64_t ttl;	      /* 1..255; 0: the default of 64 */
	uint64_t max_sockets; /* 0: what the file limit allows */
	bool bad_sum;
	bool no_bypass; /* all packets pass the queueing disciplines and captures of this machine */

	bool has_seed; /* fixes the order of the probes; else it is random */
	uint64_t seed;
	uint64_t shard, shards; /* part `shard` of `shards`, 1-based, with a seed; 0/0: all */
	/* NDJSON of a run: its targets, ports, techniques and seed are those of this scan; or
	 * NULL. Then targets, ports, techniques and seed above are not given. */
	const char *plan_file;
	bool has_part;
	uint64_t part_first, part_last; /* only these indices of the plan: [first, last) */
};

/* Addresses, in the order given. All zero is none. */
struct request_addrs {
	struct addr *addr; /* from malloc */
	size_t count;
};

/* A watch; watch_options_parse sets the defaults. */
struct watch_request {
	struct words
		interfaces; /* names; none, or "any" among them: all interfaces, also later ones */
	const char *read;   /* a capture file, "-": standard input; NULL: live */
	const char *filter; /* of pcap-filter(7), or NULL */
	bool promiscuous;
	uint64_t count; /* end after this number of packets; 0: no limit */

	uint64_t memory_bytes; /* total resident memory (watch_memory.h) */
	double false_positive, detection;
	uint64_t idle_ns;
	struct words home, ignores, never_block; /* comma-separated lists of networks */
	struct words ignore_files;
	uint64_t events_per_minute;
	struct request_addrs explain; /* sources that watch_driver_explain reports on */
	uint64_t stats_every_ns;      /* observer->stats; 0: never */

	bool block, dry_run;
	uint64_t block_time_ns;

	const char *user;    /* user to switch to in the cage; NULL: portlight, or else nobody */
	const char *metrics; /* file that observer->counters rewrites: its folder stays writable in
				the cage; or NULL */
};

#endif
