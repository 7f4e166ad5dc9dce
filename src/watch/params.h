/* params: every threshold of the detector, with its unit, its default and the reason for it. */
#ifndef PORTLIGHT_WATCH_PARAMS_H
#define PORTLIGHT_WATCH_PARAMS_H

#include <stdint.h>

/*
 * Sizes of tables and of lists in them are not here: they are capacities, and stand where the
 * memory is laid out. Tests of one module may type a value again as an independent check; the
 * manual page and the help of the options read it from here.
 */

/* ---- Defaults of struct watch_conf; each has an option. ---- */

/* Error probability of the sequential test: an innocent source is called a scanner
 * (--false-positive). One false alert in a million sources.
 */
#define WATCH_FALSE_POSITIVE 1e-6
/* Probability that a scanner is called one (--detection): the value of Jung et al. */
#define WATCH_DETECTION 0.99
/* Seconds of silence after which a scan is over (--idle): nmap's slowest template, -T0, waits as
 * long between two probes. */
#define WATCH_IDLE_S 300
/* Events a minute; the rest is counted in one `suppressed` event (--events-per-minute): as much as
 * a person can read, and a bound for disks. */
#define WATCH_EVENTS_PER_MINUTE 60
/* MiB of all tables (--memory): room for about 80,000 flows. */
#define WATCH_MEMORY_MIB 32
/* MiB: with less the share of the episodes (9/64) cannot hold the port ranges of one event and a
 * few scans. */
#define WATCH_MEMORY_LEAST_MIB 4

/* ---- Contacts (watch.c, flow.c, fragment.c, sight.c). ---- */

/* ms without an answer until a first contact has failed: the second retransmission of a SYN is sent
 * after 3 s (RFC 6298, 2.1), and answers of the Internet take less than one. */
#define ANSWER_WAIT_MS 3000
/* Datagrams of one flow without an answer within ANSWER_WAIT_MS that make it a stream (voice,
 * video, a tunnel): resolvers and scanners repeat a question less often. */
#define STREAM_DATAGRAMS 8
/* Datagrams behind the first that are more than a scanner's repetitions: half a conversation, where
 * the other half is not captured. It is no cell of a walk. */
#define TALK_DATAGRAMS 3
/* us between two captures of one packet at two interfaces of this machine (bridge, VLAN, egress):
 * they follow each other at once. */
#define COPY_US 1000
/* ms of silence after which the same ports are a new contact. Retransmissions of one SYN are at
 * most 64 s apart (Linux, tcp_syn_retries 6). */
#define REUSE_AFTER_MS 120000
/* Bytes behind a SYN+ACK that the packet which completes the handshake may acknowledge, where
 * packets before it were lost: a window of 1 MiB. */
#define ACK_WITHIN_BYTES (UINT32_C(1) << 20)
/* ms to wait for the other fragments of a TCP header, as Linux does (net.ipv4.ipfrag_time,
 * net.ipv6.ip6frag_time). */
#define FRAGMENT_WAIT_MS  30000
#define FRAGMENT_WAIT6_MS 60000
/* First port of clients (Linux); others take ports from 49152 on (RFC 6335, 6). */
#define CLIENT_PORTS 32768
/* Bytes from which a datagram from the port of a service is an answer to some host: no scanner
 * sends as many, and amplifiers answer to forged questions with more. */
#define ANSWER_BYTES_MOST 512
/* ms in which hosts answer a question that was sent to a group or broadcast address: SSDP lets them
 * wait up to 120 s (UPnP 1.0, MX). */
#define ASKED_MS 120000
/* ms after the begin in which segments to the ports of clients may belong to connections from
 * before, and weigh OLDER_WEIGHT if they are refused: servers close idle ones after a minute or
 * two, and ask after them (keepalive). */
#define OLDER_EXCUSE_MS 120000
#define OLDER_WEIGHT	0.25f
/* The flow table forgets: after it evicted a flow that was idle for less than that, late ends to
 * clients' ports are no probes for as long. */
#define FLOW_REMEMBERED_MS UINT64_C(3600000)
/* ms after the begin in which datagrams from the ports of services may be answers to questions from
 * before: resolvers wait up to 30 s. Without an answer they are then no evidence; refused they
 * weigh START_WEIGHT. */
#define START_EXCUSE_MS 30000
#define START_WEIGHT	0.5f
/* First default port of traceroute; it takes three ports a hop, up to 64 hops; a TTL above this is
 * a datagram that is to arrive. */
#define TRACEROUTE_PORT	 33434
#define TRACEROUTE_PORTS 256
#define TRACEROUTE_TTL	 30
/* First port of other tracers (mtr), that count up one by one; and how many they send in a second
 * at most. */
#define TRACE_PORT_LEAST 33000
#define TRACE_A_SECOND	 64
/* ms that a host counts as alive after it spoke on the link: an answer that does not reach us is
 * not missed if the host spoke within the hour before. */
#define ARP_HEARD_MS UINT64_C(3600000)

/* ---- The detector's clock, losses (watch.c). ---- */

/* ms that the detector's clock moves at once at most: a capture that skips years is no reason to
 * count through them. */
#define CLOCK_LEAP_MS UINT64_C(86400000)
/* ns that packets may be out of order, as from several queues, before the clock counts as set
 * back. */
#define CLOCK_DISORDER_NS UINT64_C(10000000000)
/* ms between two sweeps of a full host set: a sweep costs milliseconds. */
#define HOST_SET_SWEEP_MS 60000
/* ms between two `blind` events, and the share of packets lost since the last one from which it is
 * reported: single lost packets hide no scan. */
#define BLIND_EVERY_MS 600000
#define BLIND_SHARE    0.01

/* ---- Proof of a source address (proof.h). ---- */

/* One in this many contacts of a scan must have the header fields of the proven one, after as many
 * others were subtracted: three quarters of all. A scanner's SYNs are alike. */
#define PROOF_SHARE_ONE_IN 2

/* ---- The sequential test (evidence.c). ---- */

/*
 * Steps, in natural logarithms of likelihood ratios. A benign source's first contacts succeed in 4
 * of 5 cases, a scanner's in 1 of 5 (Jung et al., 4.2). Of contacts with ever new hosts half of a
 * benign source's may fail (peers that are gone, stale addresses), so a failure there weighs less.
 */
#define STEP_PORT_FAILED 1.3863f  /* ln(0.8 / 0.2) */
#define STEP_PORT_USED	 -1.3863f /* ln(0.2 / 0.8) */
#define STEP_HOST_FAILED                                                                           \
	0.7300f /* ln(0.83 / 0.4): no innocent source of 10,642 captures failed at 14 */
#define STEP_HOST_USED -0.9163f /* ln(0.2 / 0.5) */
/* Completed, and closed without a word: rarely a scanner that failed elsewhere. */
#define STEP_HOST_IDLE -0.4700f
/* A host that failed where no ordinary client does: by a raw tool, or on a port that none sprays
 * (sprayed.h); in those captures no innocent source failed at more than two hosts there. */
#define STEP_HOST_RAW 1.3863f
/* A packet with a relation that chance makes once in 2^16 (tool.h): a third of ln(2^16), as several
 * programs may have it. */
#define STEP_STRICT 3.5f
/* Hosts ask for their neighbours all day: ARP raises the fast score only. */
#define STEP_ARP 0.25f
/* Monitoring pings hosts that exist: two that answer outweigh one that does not. With more, sweeps
 * of well-filled networks would not be seen. */
#define STEP_PING_FAILED 0.4700f
#define STEP_PING_USED	 -0.2350f
/* Weight of a host in a network (/24, /64) where the source contacted no other: peer-to-peer
 * programs look so, sweeps do not. */
#define SCATTERED_WEIGHT 0.05f
/* The same for a failure on a port that no client sprays: about 40 hosts of the Internet. Their
 * direction does not matter. */
#define SCATTERED_WEIGHT_SPRAYED 0.26f
/* Weight of contacts from our own networks outwards (Zeek: 25 hosts inwards, 250 outwards). */
#define OUTWARDS_WEIGHT 0.1f
/* ms in which the fast and the slow score lose what one failed port added: a scan of one port every
 * 15 minutes is found by the fast score, of one every few hours by the slow one. */
#define LEAK_MS	     1800000.0f
#define LEAK_SLOW_MS 43200000.0f
/* Threshold of the slow score, in thresholds of the fast one: twice the evidence, since innocent
 * failures add up in twelve hours, too. */
#define SLOW_FACTOR 2.0

/* ---- Cells: a host and a port of it (evidence_cells.c). ---- */

/* Of one network, by ordinary clients: innocent sources failed at 13 cells of a /24 at most. Before
 * CELLS_HOSTS hosts are among them they count for the ports of a host only. */
#define STEP_CELL_FAILED 0.9000f
#define STEP_CELL_USED	 -1.4000f
#define CELLS_HOSTS	 3
/* Anywhere, by a raw tool. */
#define STEP_CELL_RAW 0.7000f
/* Connections that were completed and closed without a word, and failures among them: on ports that
 * no client sprays, and on others. */
#define STEP_KNOCK_SPRAYED 0.7300f
#define STEP_KNOCK	   0.2800f
/* ms until a source that knocks is called a scanner: monitors come back to the same cells within
 * five minutes; one in how many known cells it must have contacted again by then. */
#define KNOCKS_WAIT_MS	    330000
#define KNOCKS_AGAIN_ONE_IN 2
/* With fewer failures than one in this many knocks a source is judged by its knocks only: a monitor
 * knows hosts that are gone. */
#define KNOCKS_FAILED_ONE_IN 3
/* Weight of a UDP datagram without an answer: few services answer what they do not know. */
#define UDP_SILENT_WEIGHT 0.1f
/* Weight of what an application explains in part: candidates of ICE that are tried in turns, and
 * high ports that a control connection (FTP, RPC) may have named. */
#define ICE_WEIGHT     0.25f
#define CONTROL_WEIGHT 0.25f
/* A port counts as a client's own business in a network where it used that port with this number of
 * hosts: a monitor asks new hosts for what it knows from others. */
#define ROUTINE_HOSTS 3

/* ---- Floods (crowd.c, cusum.c, judge.c, suspects.c). ---- */

/* First contacts with one target in a second, their sources, and one in how many may be completed:
 * more than a busy server's clients that all fail at once. */
#define FLOOD_CONTACTS	       100
#define FLOOD_SOURCES	       50
#define FLOOD_COMPLETED_ONE_IN 10
/* ms that a target counts as flooded after its last flooded second. */
#define FLOOD_HOLD_MS 10000
/* An estimate from less than a second replaces the last full one's if it is this many times higher:
 * the estimate's own error is below that. */
#define FLOOD_RISEN 1.2
/* Failed contacts of a scanner of a flooded target: twice as many as elsewhere. */
#define FLOOD_FAILED 20
/* Sources that came to stand out in about a second, and their share of all contacts, from which a
 * flood counts as uneven (some of a botnet's machines are faster); how the ratio of the busiest
 * sources' rate to the mean rate then grows a tenth of a second, and shrinks else. At most
 * UNEVEN_MOST: an attacker could otherwise raise it with a few spoofed sources to hide a scan. */
#define ADMITTED_MOST  4
#define ADMITTED_SHARE 1e-4
#define UNEVEN_MORE    1.1
#define UNEVEN_LESS    0.99
#define UNEVEN_MOST    2.0
/* -ln of the probability that chance makes a source so busy, from which it gets an evidence record
 * during a flood: of a million spoofed contacts a hundred have it. */
#define CROWD_ADMITS 9.2
/* Allowance of the CUSUM, in mean rates: a source that is no busier than so much never rises. */
#define CUSUM_FACTOR 1.7
/* The root of e^x = 1 + CUSUM_FACTOR x: what one contact above the allowance is worth as -ln of a
 * probability (Lundberg's bound). */
#define CUSUM_SURPRISE 0.9816
/* Suspects that a flood lists at most: a flood from more sources has none that are busy and many.
 */
#define SUSPECTS 384
/* Failed contacts and ports of a suspect: what the test asks of a scanner elsewhere, about. */
#define SUSPECT_CONTACTS 20
#define SUSPECT_PORTS	 10
/* ms between the first two reports of a flood's suspects; then twice as long each time, up to the
 * second value. */
#define SUSPECTS_WAIT_MS      1000
#define SUSPECTS_WAIT_MOST_MS 60000

/* ---- Distributed scans (crowd.c, judge.c). ---- */

/* Ports and sources of a group whose packets look alike, until it is a scan. */
#define GROUP_PORTS   24
#define GROUP_SOURCES 3
/* One in this many contacts may probe a port that was probed before. */
#define GROUP_REPEATS_ONE_IN 4
/* The same where sources of several networks share few ports each, and where sources have nothing
 * but the time in common: ports, and one in this many contacts with a port that was probed before.
 * Strangers ask for the same few ports. */
#define GROUP_PORTS_SPREAD	    40
#define GROUP_REPEATS_SPREAD_ONE_IN 8
/* ms of silence after which a group is forgotten, and mean ms between two of its contacts at most:
 * slower ones are strangers whose packets look alike. The last one is for sources that need
 * GROUP_PORTS_SPREAD: half a minute for them all. An address of a cloud is asked by strangers with
 * the same tools, for other ports each, every two seconds. */
#define GROUP_IDLE_MS	     120000
#define GROUP_PACE_MS	     2000
#define GROUP_PACE_SPREAD_MS 800
/* Mean ms between the contacts of sources with few ports each, at least: a flood with forged
 * addresses and ports is faster. */
#define GROUP_PACE_FORGED_MS 150
/* Confidence of what many sources do together, which no sequential test decides. */
#define CROWD_CONFIDENCE 0.99

/* ---- Events (episode.c, episode_kind.c, tool.c). ---- */

/* One IPv6 /48 may use one in this many of the events of a minute: its holder has addresses enough
 * to use up all of them, proven ones too. */
#define NETWORK_EVENTS_ONE_IN 4
/* Hosts that an event about a scan lists. */
#define HITS 20
/* An event is updated when it has grown this many times since its last report, and not below the
 * second number of ports or hosts: a scan of all ports has five reports. */
#define UPDATE_GROWTH 10
#define UPDATE_LEAST  10
/* It is also updated when it has drawn in this many times the hosts of its last report: a patient
 * scan of 360 hosts has six reports. */
#define UPDATE_HOSTS_GROWTH 4
/* A scan ends after this many of its own mean pauses (or --idle, if longer), up to this many ms:
 * slow scans pause for long. */
#define CLOSE_PAUSES	     8
#define CLOSE_PAUSES_MOST_MS UINT64_C(172800000)
/* Mean pauses, and ms for a fast scan, without a contact in which it still continues, so that it is
 * reported although it was beyond the limit of events when it opened. */
#define GOES_ON_PAUSES 2
#define GOES_ON_MS     5000
/* A technique is a by-product, such as the pings before a scan, with less contacts than the first
 * value and less than one in the second of all. */
#define NAMED_CONTACTS	   10
#define NAMED_SHARE_ONE_IN 4
/* SYN or connect: one in this many open ports may have looked like the other (a lost RST, a
 * connection that was reset). */
#define SYN_CONNECT_ONE_IN 20
/* "A few" hosts or ports, and how many times as many of the other make a shape vertical or
 * horizontal. */
#define SHAPE_FEW 3
/* All but one in this many contacts with one host make it the target of a vertical scan. */
#define MAIN_TARGET_ONE_IN 10
#define SHAPE_RATIO	   4
/* Share of a scan's contacts whose header fields must fit a tool for it to be named. */
#define TOOL_SHARE 0.5

#endif
