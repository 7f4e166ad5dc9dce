/* What somebody who has read the source sends, to hide a scan or to have another called a scanner.
 */
#include "watch_lab.h"

#define PROBES	   60
#define FIRST_PORT 1000

/* The forged or hidden scanner, and its target. */
static struct addr attacker(const struct lab *l)
{
	return lab_far(l, 7);
}

static struct addr victim(const struct lab *l)
{
	return lab_near(l, 1);
}

/* Each probe is followed by an error about it, made by the prober itself. */
static void errors_from_the_prober_excuse_nothing(void **state)
{
	struct lab lab;

	(void)state;
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct lab *l = lab_open(&lab);

		l->v6 = v6;
		for (uint16_t n = 0; n < PROBES; n++) {
			struct packet probe = lab_syn(l, attacker(l), victim(l), lab_port(l),
						      (uint16_t)(FIRST_PORT + n));
			struct packet error = {
				.has = PACKET_IP | PACKET_ICMP | PACKET_QUOTE,
				.src = attacker(l),
				.dst = victim(l),
				.proto = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP,
				.ttl = 60,
				.icmp_type = v6 ? 3 : 11, /* time exceeded */
				.quote = {probe.src, probe.dst, probe.sport, probe.dport, probe.seq,
					  probe.ip_id, IPPROTO_TCP, 1},
			};

			lab_packet(l, &probe);
			lab_packet(l, &error);
			lab_segment(l, &probe, true, TCP_RST | TCP_ACK, 0);
		}
		assert_int_equal(lab_one_alert(l)->event.ports_total, PROBES);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_from_the_prober_excuse_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
