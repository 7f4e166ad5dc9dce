/* local_rules: whether rules of this machine treat the kernel's own packets in another way than
 * frames: nf_tables, iptables, IPsec policies, filters of an interface's queue. */
#include "net/local_rules.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/quote.h"
#include "net/ipsec.h"
#include "net/nft_treat.h"
#include "net/traffic_control.h"

/* Room for a quoted name of a chain or table. */
#define NAME_QUOTED 64

struct local_rules {
	struct nft_list nft;
	struct ipsec_list ipsec;
	bool unknown; /* some could not be read */
};

struct local_rules *local_rules_read(struct failure *f)
{
	struct local_rules *rules = calloc(1, sizeof(*rules));

	if (!rules) {
		failure_set(f, EXIT_SOFTWARE, "out of memory");
		return NULL;
	}
	rules->unknown = nft_list_read(&rules->nft) < 0;
	rules->unknown |= ipsec_list_read(&rules->ipsec) < 0;
	return rules;
}

void local_rules_free(struct local_rules *rules)
{
	if (!rules)
		return;
	nft_list_fini(&rules->nft);
	ipsec_list_fini(&rules->ipsec);
	free(rules);
}

static void where_chain(const struct nft_chain *chain, char where[static LOCAL_RULES_WHERE])
{
	char name[NAME_QUOTED], table[NAME_QUOTED];

	text_quote(chain->name, strlen(chain->name), name, sizeof(name));
	text_quote(chain->table, strlen(chain->table), table, sizeof(table));
	snprintf(where, LOCAL_RULES_WHERE, "the firewall (nftables: table %s, chain %s)", table,
		 name);
}

enum local_treatment local_rules_treat(const struct local_rules *rules,
				       const struct local_probe *probe,
				       char where[static LOCAL_RULES_WHERE])
{
	const enum ipsec_treatment ipsec = ipsec_treat(&rules->ipsec, probe);
	const struct nft_chain *chain;

	where[0] = '\0';
	if (ipsec != IPSEC_NONE) {
		snprintf(where, LOCAL_RULES_WHERE, "an IPsec policy");
		return ipsec == IPSEC_BY_PORT ? LOCAL_CONNECT : LOCAL_DIFFERS;
	}
	chain = nft_treat_output(&rules->nft, probe);
	if (chain) {
		where_chain(chain, where);
		return LOCAL_DIFFERS;
	}
	chain = nft_treat_egress(&rules->nft, probe);
	if (chain) {
		where_chain(chain, where);
		return LOCAL_QUEUE;
	}
	if (!probe->local && traffic_control_has_egress(probe->link->index)) {
		snprintf(where, LOCAL_RULES_WHERE, "a traffic control filter (tc)");
		return LOCAL_QUEUE;
	}
	return rules->unknown ? LOCAL_UNKNOWN : LOCAL_ALIKE;
}
