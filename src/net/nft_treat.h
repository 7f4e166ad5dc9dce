/* nft_treat: whether nf_tables may do anything but accept some probes. */
#ifndef PORTLIGHT_NET_NFT_TREAT_H
#define PORTLIGHT_NET_NFT_TREAT_H

#include <stdbool.h>

#include "net/local_probe.h"
#include "net/nft_list.h"

/* The first chain, of those that the kernel's own packets pass on their way out (hooks output and
 * postrouting), that may refuse, redirect or change the probes; NULL if none does. */
const struct nft_chain *nft_treat_output(const struct nft_list *list,
					 const struct local_probe *probe);

/* The same of the chains that the interface's queue has (family netdev, hook egress): packets and
 * frames pass them alike, but not those that bypass the queue. */
const struct nft_chain *nft_treat_egress(const struct nft_list *list,
					 const struct local_probe *probe);

#endif
