/* nft_match: what an nf_tables rule may do to some probes, without running it. */
#ifndef PORTLIGHT_NET_NFT_MATCH_H
#define PORTLIGHT_NET_NFT_MATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "net/attribute.h"
#include "net/local_probe.h"
#include "net/nft_list.h"

/* Whether the probes fit the matches of a rule. */
enum nft_truth {
	NFT_NEVER, /* none of them does */
	NFT_MAYBE, /* some do, or it is not known: sets, limits, marks, users */
	NFT_ALWAYS,
};

/* What follows for the probes that fit. */
enum nft_effect {
	NFT_NOTHING, /* counted, logged: the next rule follows */
	NFT_ACCEPTS,
	NFT_RETURNS,
	NFT_JUMPS,  /* to `target`, and back */
	NFT_GOES,   /* to `target` */
	NFT_ALTERS, /* refused, redirected, translated, queued */
};

struct nft_outcome {
	uint8_t truth;		  /* enum nft_truth */
	uint8_t effect;		  /* enum nft_effect */
	struct attributes target; /* name of a chain, borrowed from the rule */
};

/* In doubt the truth is NFT_MAYBE; an effect that is not known is NFT_NOTHING, as matches of
 * unknown kinds are. Reads foreign bytes: any expressions are fine. */
struct nft_outcome nft_match_rule(const struct nft_chain *chain, const struct nft_rule *rule,
				  const struct local_probe *probe);

#endif
