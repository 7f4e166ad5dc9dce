/* nft_match: what an nf_tables rule may do to some probes, without running it. */
#include "net/nft_match.h"

#include <netinet/in.h> /* before <linux/in.h>, which then leaves out what it defines */

#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <string.h>

#include "base/bytes.h"

/* Registers of 4 bytes; the first four are the verdict (nf_tables(8) has 16 more). */
#define REGISTERS	 20
#define REGISTER_BYTES	 4
#define REGISTER_VERDICT 4
/* Bits of "ct state" in the register: NF_CT_STATE_BIT(IP_CT_NEW), and untracked. */
#define STATE_NEW	(1u << 3)
#define STATE_UNTRACKED (1u << 6)

enum known {
	KNOWN_NOTHING,
	KNOWN_DESTINATION, /* address of a target, or its first bytes */
	KNOWN_SOURCE,
	KNOWN_PROTOCOL,
	KNOWN_PORT,   /* of a target */
	KNOWN_FAMILY, /* NFPROTO_IPV4, NFPROTO_IPV6 */
	KNOWN_ETHER,  /* EtherType */
	KNOWN_LINK_NAME,
	KNOWN_LINK_INDEX,
	KNOWN_DESTINATION_KIND, /* RTN_* */
	KNOWN_STATE,		/* of connection tracking */
};

/* What a register holds: `bytes` of it, under a mask if `masked`. */
struct held {
	uint8_t known; /* enum known */
	uint8_t bytes;
	bool masked;
	uint8_t mask[16];
};

struct match {
	const struct local_probe *probe;
	const struct nft_chain *chain;
	struct held held[REGISTERS];
	struct nft_outcome outcome;
};

static bool probe_is_v4(const struct local_probe *probe)
{
	return addr_is_v4(probe->source);
}

/* Number of 4-byte registers before that register; REGISTERS if there is no such. */
static unsigned register_place(struct attributes data, unsigned type)
{
	uint32_t number;

	if (!attribute_be32(data, type, &number))
		return REGISTERS;
	if (number <= NFT_REG_4)
		return number * 4;
	number -= NFT_REG32_00 - REGISTER_VERDICT;
	return number < REGISTERS ? number : REGISTERS;
}

static void hold(struct match *m, unsigned place, enum known known, size_t bytes)
{
	if (place < REGISTERS)
		m->held[place] = (struct held){.known = (uint8_t)known, .bytes = (uint8_t)bytes};
}

static struct held held(const struct match *m, struct attributes data, unsigned type)
{
	const unsigned place = register_place(data, type);

	return place < REGISTERS ? m->held[place] : (struct held){0};
}

/* Whether [first, last] has all (ALWAYS), some or none (NEVER) of the addresses. */
static enum nft_truth targets_within(const struct local_probe *probe, struct addr first,
				     struct addr last)
{
	bool some = false, all = true;

	for (size_t i = 0; i < probe->targets->count; i++) {
		const struct range *r = &probe->targets->range[i];

		if (addr_is_v4(r->first) != probe_is_v4(probe))
			continue;
		some |= addr_compare(r->first, last) <= 0 && addr_compare(r->last, first) >= 0;
		all &= addr_compare(r->first, first) >= 0 && addr_compare(r->last, last) <= 0;
	}
	return !some ? NFT_NEVER : all ? NFT_ALWAYS : NFT_MAYBE;
}

/* The lowest or highest address that begins with `value` under the mask. */
static bool address_end(const struct match *m, const struct held *h, struct attributes value,
			bool highest, struct addr *out)
{
	const size_t whole = probe_is_v4(m->probe) ? 4 : 16;
	uint8_t bytes[16];

	if (h->bytes > whole || value.length < h->bytes)
		return false;
	for (size_t i = 0; i < whole; i++) {
		const uint8_t mask = i >= h->bytes ? 0 : h->masked ? h->mask[i] : 0xff;

		bytes[i] = (uint8_t)((i < h->bytes ? value.bytes[i] & mask : 0) |
				     (highest ? (uint8_t)~mask : 0));
	}
	*out = whole == 4 ? addr_from_bytes4(bytes) : addr_from_bytes16(bytes);
	return true;
}

static enum nft_truth address_compare(const struct match *m, const struct held *h,
				      struct attributes from, struct attributes to)
{
	const struct addr source = m->probe->source;
	struct addr first, last;

	if (!address_end(m, h, from, false, &first) || !address_end(m, h, to, true, &last))
		return NFT_MAYBE;
	if (h->known == KNOWN_DESTINATION)
		return targets_within(m->probe, first, last);
	return addr_compare(source, first) >= 0 && addr_compare(source, last) <= 0 ? NFT_ALWAYS
										   : NFT_NEVER;
}

static bool set_is_empty(const struct port_set *set)
{
	for (size_t i = 0; i < sizeof(set->word) / sizeof(set->word[0]); i++)
		if (set->word[i])
			return false;
	return true;
}

/* Whether a port of the scan is in [first, last]; ports of TCP, UDP or both. */
static enum nft_truth ports_within(const struct ports *ports, unsigned first, unsigned last,
				   int protocol)
{
	for (unsigned port = first; port <= last && port <= UINT16_MAX; port++)
		if ((protocol != IPPROTO_UDP && port_set_has(&ports->tcp, port)) ||
		    (protocol != IPPROTO_TCP && port_set_has(&ports->udp, port)))
			return NFT_MAYBE;
	return NFT_NEVER;
}

static enum nft_truth protocol_is(const struct ports *ports, unsigned protocol)
{
	const bool tcp = !set_is_empty(&ports->tcp), udp = !set_is_empty(&ports->udp);

	if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP)
		return NFT_NEVER;
	if (protocol == IPPROTO_TCP ? !tcp : !udp)
		return NFT_NEVER;
	return tcp && udp ? NFT_MAYBE : NFT_ALWAYS;
}

static enum nft_truth truth_of(bool is)
{
	return is ? NFT_ALWAYS : NFT_NEVER;
}

static enum nft_truth truth_not(enum nft_truth truth)
{
	return truth == NFT_MAYBE ? NFT_MAYBE : truth_of(truth == NFT_NEVER);
}

/* As many bytes of the name are compared as the rule has: "eth*" has no NUL. */
static enum nft_truth link_is_named(const struct link *link, struct attributes value)
{
	char name[IF_NAMESIZE] = "";

	memcpy(name, link->name, strnlen(link->name, sizeof(name) - 1));
	return truth_of(value.bytes && value.length <= sizeof(name) &&
			memcmp(name, value.bytes, value.length) == 0);
}

/* Numbers of interfaces and kinds of addresses are in the machine's byte order. */
static bool host_number(struct attributes value, uint32_t *out)
{
	if (value.length < sizeof(*out))
		return false;
	memcpy(out, value.bytes, sizeof(*out));
	return true;
}

/* "equal": whether what the register holds is from `from` to `to`, both included. */
static enum nft_truth value_within(const struct match *m, const struct held *h,
				   struct attributes from, struct attributes to)
{
	const bool same = from.bytes == to.bytes;
	uint32_t number;

	switch (h->known) {
	case KNOWN_DESTINATION:
	case KNOWN_SOURCE:
		return address_compare(m, h, from, to);
	case KNOWN_PORT:
		if (h->masked || from.length < 2 || to.length < 2)
			return NFT_MAYBE;
		return ports_within(m->probe->ports, bytes_get16(from.bytes, from.length, 0),
				    bytes_get16(to.bytes, to.length, 0), 0);
	default:
		break;
	}
	if (!same || from.length == 0 || h->masked)
		return NFT_MAYBE;
	switch (h->known) {
	case KNOWN_PROTOCOL:
		return protocol_is(m->probe->ports, from.bytes[0]);
	case KNOWN_FAMILY:
		return truth_of(from.bytes[0] ==
				(probe_is_v4(m->probe) ? NFPROTO_IPV4 : NFPROTO_IPV6));
	case KNOWN_ETHER:
		if (from.length < 2)
			return NFT_MAYBE;
		return truth_of(bytes_get16(from.bytes, from.length, 0) ==
				(probe_is_v4(m->probe) ? ETH_P_IP : ETH_P_IPV6));
	case KNOWN_LINK_NAME:
		return link_is_named(m->probe->link, from);
	case KNOWN_LINK_INDEX:
		return host_number(from, &number) ? truth_of(number == m->probe->link->index)
						  : NFT_MAYBE;
	case KNOWN_DESTINATION_KIND:
		if (!host_number(from, &number))
			return NFT_MAYBE;
		if (number == RTN_LOCAL)
			return truth_of(m->probe->local);
		return number == RTN_UNICAST && !m->probe->local ? NFT_MAYBE : NFT_NEVER;
	default:
		return NFT_MAYBE;
	}
}

static struct attributes data_value(struct attributes data, unsigned type)
{
	return attribute_find(attribute_find(data, type), NFTA_DATA_VALUE);
}

/* "ct state x" is a mask and "not 0": the first packet of a connection is new, or not tracked. */
static enum nft_truth state_compare(const struct match *m, const struct held *h, uint32_t op)
{
	uint32_t mask;

	memcpy(&mask, h->mask, sizeof(mask));
	if (op != NFT_CMP_NEQ || !h->masked || !m->probe->begins)
		return NFT_MAYBE;
	return mask & (STATE_NEW | STATE_UNTRACKED) ? NFT_MAYBE : NFT_NEVER;
}

static enum nft_truth on_compare(struct match *m, struct attributes data)
{
	const struct attributes value = data_value(data, NFTA_CMP_DATA);
	const struct held h = held(m, data, NFTA_CMP_SREG);
	enum nft_truth truth;
	uint32_t op;

	if (!attribute_be32(data, NFTA_CMP_OP, &op) || value.length == 0)
		return NFT_MAYBE;
	if (h.known == KNOWN_STATE)
		return state_compare(m, &h, op);
	if (op != NFT_CMP_EQ && op != NFT_CMP_NEQ)
		return NFT_MAYBE;
	truth = value_within(m, &h, value, value);
	return op == NFT_CMP_EQ ? truth : truth_not(truth);
}

static enum nft_truth on_range(struct match *m, struct attributes data)
{
	const struct attributes from = data_value(data, NFTA_RANGE_FROM_DATA);
	const struct attributes to = data_value(data, NFTA_RANGE_TO_DATA);
	const struct held h = held(m, data, NFTA_RANGE_SREG);
	enum nft_truth truth;
	uint32_t op;

	if (!attribute_be32(data, NFTA_RANGE_OP, &op) || from.length == 0 || to.length == 0)
		return NFT_MAYBE;
	truth = value_within(m, &h, from, to);
	return op == NFT_RANGE_EQ ? truth : truth_not(truth);
}

static enum nft_truth on_bitwise(struct match *m, struct attributes data)
{
	const struct attributes mask = data_value(data, NFTA_BITWISE_MASK);
	const struct attributes xor = data_value(data, NFTA_BITWISE_XOR);
	struct held h = held(m, data, NFTA_BITWISE_SREG);
	bool plain = mask.length > 0 && mask.length <= sizeof(h.mask) && !h.masked;

	for (size_t i = 0; i < xor.length; i++)
		plain &= xor.bytes[i] == 0;
	if (!plain || mask.length < h.bytes)
		h.known = KNOWN_NOTHING;
	else
		memcpy(h.mask, mask.bytes, mask.length);
	h.masked = true;
	if (register_place(data, NFTA_BITWISE_DREG) < REGISTERS)
		m->held[register_place(data, NFTA_BITWISE_DREG)] = h;
	return NFT_ALWAYS;
}

/* A mark that is set in a chain of type route chooses the route again. */
static enum nft_truth on_meta(struct match *m, struct attributes data)
{
	const unsigned place = register_place(data, NFTA_META_DREG);
	uint32_t key = UINT32_MAX, from;

	(void)attribute_be32(data, NFTA_META_KEY, &key);
	if (attribute_be32(data, NFTA_META_SREG, &from)) {
		if (key == NFT_META_MARK && m->chain->routes)
			m->outcome.effect = NFT_ALTERS;
		return NFT_ALWAYS;
	}
	switch (key) {
	case NFT_META_L4PROTO:
		hold(m, place, KNOWN_PROTOCOL, 1);
		break;
	case NFT_META_NFPROTO:
		hold(m, place, KNOWN_FAMILY, 1);
		break;
	case NFT_META_PROTOCOL:
		hold(m, place, KNOWN_ETHER, 2);
		break;
	case NFT_META_OIFNAME:
		hold(m, place, KNOWN_LINK_NAME, IF_NAMESIZE);
		break;
	case NFT_META_OIF:
		hold(m, place, KNOWN_LINK_INDEX, REGISTER_BYTES);
		break;
	default:
		hold(m, place, KNOWN_NOTHING, 0);
	}
	return NFT_ALWAYS;
}

/* Where a header field of `bytes` bytes is known. Offsets: RFC 791, 3.1; RFC 8200, 3. */
static enum known payload_known(const struct match *m, uint32_t base, uint32_t offset,
				uint32_t bytes)
{
	const bool v4 = probe_is_v4(m->probe);

	if (base == NFT_PAYLOAD_TRANSPORT_HEADER)
		return offset == 2 && bytes == 2 ? KNOWN_PORT : KNOWN_NOTHING;
	if (base != NFT_PAYLOAD_NETWORK_HEADER)
		return KNOWN_NOTHING;
	if (offset == (v4 ? 9 : 6) && bytes == 1)
		return KNOWN_PROTOCOL;
	if (offset == (v4 ? 16 : 24) && bytes <= (v4 ? 4 : 16))
		return KNOWN_DESTINATION;
	if (offset == (v4 ? 12 : 8) && bytes <= (v4 ? 4 : 16))
		return KNOWN_SOURCE;
	return KNOWN_NOTHING;
}

/* Whether a rule that writes there changes addresses or ports. */
static bool payload_matters(uint32_t base, uint32_t offset)
{
	return base == NFT_PAYLOAD_TRANSPORT_HEADER
		       ? offset < 4
		       : base == NFT_PAYLOAD_NETWORK_HEADER && offset >= 8;
}

static enum nft_truth on_payload(struct match *m, struct attributes data)
{
	uint32_t base = 0, offset = 0, bytes = 0, from;

	(void)attribute_be32(data, NFTA_PAYLOAD_BASE, &base);
	(void)attribute_be32(data, NFTA_PAYLOAD_OFFSET, &offset);
	(void)attribute_be32(data, NFTA_PAYLOAD_LEN, &bytes);
	if (!attribute_be32(data, NFTA_PAYLOAD_SREG, &from))
		hold(m, register_place(data, NFTA_PAYLOAD_DREG),
		     payload_known(m, base, offset, bytes), bytes);
	else if (payload_matters(base, offset))
		m->outcome.effect = NFT_ALTERS;
	return NFT_ALWAYS;
}

static enum nft_truth on_ct(struct match *m, struct attributes data)
{
	uint32_t key = UINT32_MAX;

	(void)attribute_be32(data, NFTA_CT_KEY, &key);
	hold(m, register_place(data, NFTA_CT_DREG),
	     key == NFT_CT_STATE ? KNOWN_STATE : KNOWN_NOTHING, REGISTER_BYTES);
	return NFT_ALWAYS;
}

static enum nft_truth on_fib(struct match *m, struct attributes data)
{
	uint32_t result = 0, flags = 0;

	(void)attribute_be32(data, NFTA_FIB_RESULT, &result);
	(void)attribute_be32(data, NFTA_FIB_FLAGS, &flags);
	hold(m, register_place(data, NFTA_FIB_DREG),
	     result == NFT_FIB_RESULT_ADDRTYPE && flags == NFTA_FIB_F_DADDR ? KNOWN_DESTINATION_KIND
									    : KNOWN_NOTHING,
	     REGISTER_BYTES);
	return NFT_ALWAYS;
}

static enum nft_truth on_immediate(struct match *m, struct attributes data)
{
	const struct attributes verdict =
		attribute_find(attribute_find(data, NFTA_IMMEDIATE_DATA), NFTA_DATA_VERDICT);
	const unsigned place = register_place(data, NFTA_IMMEDIATE_DREG);
	uint32_t code;

	if (place != NFT_REG_VERDICT || !attribute_be32(verdict, NFTA_VERDICT_CODE, &code)) {
		hold(m, place, KNOWN_NOTHING, 0);
		return NFT_ALWAYS;
	}
	m->outcome.target = attribute_find(verdict, NFTA_VERDICT_CHAIN);
	switch ((int32_t)code) {
	case NF_ACCEPT:
		m->outcome.effect = NFT_ACCEPTS;
		break;
	case NFT_RETURN:
		m->outcome.effect = NFT_RETURNS;
		break;
	case NFT_JUMP:
		m->outcome.effect = NFT_JUMPS;
		break;
	case NFT_GOTO:
		m->outcome.effect = NFT_GOES;
		break;
	case NFT_CONTINUE:
	case NFT_BREAK:
		break;
	default: /* drop, queue */
		m->outcome.effect = NFT_ALTERS;
	}
	return NFT_ALWAYS;
}

/* A set; with the verdict as its result any verdict is possible. */
static enum nft_truth on_lookup(struct match *m, struct attributes data)
{
	const unsigned place = register_place(data, NFTA_LOOKUP_DREG);
	uint32_t number;

	if (attribute_be32(data, NFTA_LOOKUP_DREG, &number) && place == NFT_REG_VERDICT)
		m->outcome.effect = NFT_ALTERS;
	hold(m, place, KNOWN_NOTHING, 0);
	return NFT_MAYBE;
}

static enum nft_truth on_alter(struct match *m, struct attributes data)
{
	(void)data;
	m->outcome.effect = NFT_ALTERS;
	return NFT_ALWAYS;
}

/* The address of the interface in place of the source, which is that mostly. */
static enum nft_truth on_masquerade(struct match *m, struct attributes data)
{
	(void)data;
	if (!m->probe->link_address && !m->probe->local)
		m->outcome.effect = NFT_ALTERS;
	return NFT_ALWAYS;
}

static enum nft_truth on_nothing(struct match *m, struct attributes data)
{
	(void)m;
	(void)data;
	return NFT_ALWAYS;
}

/* Targets of iptables that change neither addresses nor ports. */
static const char *const target_harmless[] = {
	"LOG",	   "NFLOG", "TRACE",	 "AUDIT", "CONNMARK", "CONNSECMARK", "SECMARK",
	"TCPMSS",  "TOS",   "DSCP",	 "TTL",	  "HL",	      "CLASSIFY",    "CHECKSUM",
	"NOTRACK", "CT",    "IDLETIMER", "LED",	  "RATEEST",  "TCPOPTSTRIP",
};

static enum nft_truth on_target(struct match *m, struct attributes data)
{
	if (attribute_is(data, NFTA_TARGET_NAME, "MASQUERADE"))
		return on_masquerade(m, data);
	if (attribute_is(data, NFTA_TARGET_NAME, "MARK") && !m->chain->routes)
		return NFT_ALWAYS;
	for (size_t i = 0; i < sizeof(target_harmless) / sizeof(target_harmless[0]); i++)
		if (attribute_is(data, NFTA_TARGET_NAME, target_harmless[i]))
			return NFT_ALWAYS;
	m->outcome.effect = NFT_ALTERS;
	return NFT_ALWAYS;
}

/* iptables -m addrtype: by the kind of the destination alone. */
static enum nft_truth match_addrtype(const struct match *m, struct attributes info)
{
	struct xt_addrtype_info_v1 type;
	enum nft_truth truth;

	if (info.length < sizeof(type))
		return NFT_MAYBE;
	memcpy(&type, info.bytes, sizeof(type));
	if (type.source || type.dest != XT_ADDRTYPE_LOCAL ||
	    type.flags & ~(uint32_t)XT_ADDRTYPE_INVERT_DEST)
		return NFT_MAYBE;
	truth = truth_of(m->probe->local);
	return type.flags & XT_ADDRTYPE_INVERT_DEST ? truth_not(truth) : truth;
}

/* iptables -m tcp --dport, -m udp --dport. */
static enum nft_truth match_ports(const struct match *m, struct attributes info, int protocol)
{
	const bool tcp = protocol == IPPROTO_TCP;
	struct xt_tcp t = {0};
	struct xt_udp u = {0};

	if (info.length < (tcp ? sizeof(t) : sizeof(u)))
		return NFT_MAYBE;
	if (tcp)
		memcpy(&t, info.bytes, sizeof(t));
	else
		memcpy(&u, info.bytes, sizeof(u));
	if (tcp ? t.invflags & XT_TCP_INV_DSTPT : u.invflags & XT_UDP_INV_DSTPT)
		return NFT_MAYBE;
	return tcp ? ports_within(m->probe->ports, t.dpts[0], t.dpts[1], protocol)
		   : ports_within(m->probe->ports, u.dpts[0], u.dpts[1], protocol);
}

static enum nft_truth on_match(struct match *m, struct attributes data)
{
	const struct attributes info = attribute_find(data, NFTA_MATCH_INFO);
	uint32_t revision = 0;

	(void)attribute_be32(data, NFTA_MATCH_REV, &revision);
	if (attribute_is(data, NFTA_MATCH_NAME, "addrtype") && revision == 1)
		return match_addrtype(m, info);
	if (attribute_is(data, NFTA_MATCH_NAME, "tcp") && revision == 0)
		return match_ports(m, info, IPPROTO_TCP);
	if (attribute_is(data, NFTA_MATCH_NAME, "udp") && revision == 0)
		return match_ports(m, info, IPPROTO_UDP);
	if (attribute_is(data, NFTA_MATCH_NAME, "comment"))
		return NFT_ALWAYS;
	return NFT_MAYBE;
}

/* An expression that is not here may match. */
static const struct {
	const char *name;
	enum nft_truth (*on)(struct match *m, struct attributes data);
} expressions[] = {
	{"cmp", on_compare},	 {"range", on_range},	      {"bitwise", on_bitwise},
	{"meta", on_meta},	 {"payload", on_payload},     {"ct", on_ct},
	{"fib", on_fib},	 {"immediate", on_immediate}, {"lookup", on_lookup},
	{"nat", on_alter},	 {"redir", on_alter},	      {"reject", on_alter},
	{"queue", on_alter},	 {"fwd", on_alter},	      {"tproxy", on_alter},
	{"synproxy", on_alter},	 {"masq", on_masquerade},     {"target", on_target},
	{"match", on_match},	 {"counter", on_nothing},     {"log", on_nothing},
	{"notrack", on_nothing}, {"last", on_nothing},	      {"dup", on_nothing},
	{"secmark", on_nothing},
};

static enum nft_truth on_expression(struct match *m, struct attributes expression)
{
	for (size_t i = 0; i < sizeof(expressions) / sizeof(expressions[0]); i++)
		if (attribute_is(expression, NFTA_EXPR_NAME, expressions[i].name))
			return expressions[i].on(m, attribute_find(expression, NFTA_EXPR_DATA));
	return NFT_MAYBE;
}

struct nft_outcome nft_match_rule(const struct nft_chain *chain, const struct nft_rule *rule,
				  const struct local_probe *probe)
{
	struct match m = {.probe = probe, .chain = chain, .outcome = {.truth = NFT_ALWAYS}};
	struct attributes rest = {rule->expressions, rule->length}, expression;
	unsigned type;

	while (m.outcome.truth != NFT_NEVER && m.outcome.effect != NFT_ALTERS &&
	       attribute_next(&rest, &type, &expression)) {
		const enum nft_truth truth = on_expression(&m, expression);

		if (truth < m.outcome.truth)
			m.outcome.truth = (uint8_t)truth;
	}
	return m.outcome;
}
