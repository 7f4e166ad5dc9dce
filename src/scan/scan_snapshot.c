/* scan_snapshot: header, scan, windows, checksum. */
#include "scan/scan_snapshot.h"

#include <string.h>

#include "base/siphash_stream.h"
#include "scan/sheet_snapshot.h"

#define SNAPSHOT_FORMAT 1u
#define HEADER_BYTES	32
#define CHECKSUM_BYTES	8

/* The line ends show a file that was changed by a transfer as text. */
static const uint8_t magic[8] = {'P', 'L', 's', 'n', 'a', 'p', '\r', '\n'};

/* How far ahead of now any time may be: waits of a scan are of some round trips. */
#define AHEAD_NS UINT64_C(10000000000)
/* Times that are no points of time. */
#define DURATION_MOST_NS (UINT64_C(1) << 50)

static uint64_t checksum(const uint8_t *bytes, size_t length)
{
	static const struct siphash_key fixed = {
		{UINT64_C(0x706f72746c696768), UINT64_C(0x7420736e61702031)}};
	struct siphash_stream s;

	siphash_stream_init(&s, &fixed);
	siphash_stream_put(&s, bytes, length);
	return siphash_stream_end(&s);
}

static void put_double(struct snapshot_writer *w, double number)
{
	uint64_t bits;

	_Static_assert(sizeof(bits) == sizeof(number), "binary64 of IEEE 754");
	memcpy(&bits, &number, sizeof(bits));
	snapshot_put(w, bits, 8);
}

/* One that is not within [least, most], as NaN is not, is wrong. */
static double get_double(struct snapshot_reader *r, double least, double most)
{
	const uint64_t bits = snapshot_get(r, 8);
	double number;

	memcpy(&number, &bits, sizeof(number));
	if (!(number >= least && number <= most)) {
		r->bad = true;
		return least;
	}
	return number;
}

static void put_rtt(const struct rtt *rtt, struct snapshot_writer *w)
{
	snapshot_put(w, rtt->smoothed_ns, 8);
	snapshot_put(w, rtt->variation_ns, 8);
	snapshot_put(w, rtt->count, 8);
	for (unsigned i = 0; i < sizeof(rtt->histogram) / sizeof(rtt->histogram[0]); i++)
		snapshot_put(w, rtt->histogram[i], 4);
}

static void get_rtt(struct rtt *rtt, struct snapshot_reader *r)
{
	rtt->smoothed_ns = snapshot_get_most(r, 8, DURATION_MOST_NS);
	rtt->variation_ns = snapshot_get_most(r, 8, DURATION_MOST_NS);
	rtt->count = snapshot_get(r, 8);
	for (unsigned i = 0; i < sizeof(rtt->histogram) / sizeof(rtt->histogram[0]); i++)
		rtt->histogram[i] = (uint32_t)snapshot_get(r, 4);
}

static void put_pacer(const struct pacer *p, struct snapshot_writer *w)
{
	put_double(w, p->rate_pps);
	put_double(w, p->tokens);
	put_double(w, p->threshold_pps);
	put_double(w, p->best_share);
	put_double(w, p->lowered_share);
	put_double(w, p->lowered_from_pps);
	snapshot_put(w, p->idle, 1);
	snapshot_put_time(w, p->filled_ns);
	snapshot_put_time(w, p->epoch_ns);
	snapshot_put_time(w, p->epoch_end_ns);
	snapshot_put_time(w, p->hold_ns);
	snapshot_put(w, p->epoch_sent, 8);
	snapshot_put(w, p->epoch_answered, 8);
	snapshot_put(w, p->best_sent, 8);
	snapshot_put(w, p->lowered_sent, 8);
	snapshot_put(w, p->rtt_ns, 8);
	snapshot_put(w, p->backoffs, 8);
}

/* The limits of the rate are those of the new configuration. */
static void get_pacer(struct pacer *p, struct snapshot_reader *r)
{
	const double most = 1e12, packets = 1e15;

	p->rate_pps = get_double(r, 1e-3, most);
	p->tokens = get_double(r, -1e3, packets);
	p->threshold_pps = get_double(r, 0, most);
	p->best_share = get_double(r, 0, packets);
	p->lowered_share = get_double(r, 0, packets);
	p->lowered_from_pps = get_double(r, 0, most);
	p->idle = snapshot_get_most(r, 1, 1);
	p->filled_ns = snapshot_get_time(r);
	p->epoch_ns = snapshot_get_time(r);
	p->epoch_end_ns = snapshot_get_time(r);
	p->hold_ns = snapshot_get_time(r);
	p->epoch_sent = snapshot_get(r, 8);
	p->epoch_answered = snapshot_get(r, 8);
	p->best_sent = snapshot_get(r, 8);
	p->lowered_sent = snapshot_get(r, 8);
	p->rtt_ns = snapshot_get_most(r, 8, DURATION_MOST_NS);
	p->backoffs = snapshot_get(r, 8);
	pacer_limit(p);
}

/* `position`: the walk's own, or where the pass began that an engine sends. */
static void put_walk(const struct walk *walk, uint32_t position, struct snapshot_writer *w)
{
	const struct paced *l = &walk->paced;

	snapshot_put(w, walk->udp_paced, 1);
	snapshot_put(w, walk->idle, 1);
	snapshot_put(w, walk->done, 1);
	snapshot_put(w, walk->timeout_ns, 8);
	snapshot_put_time(w, walk->due_ns);
	snapshot_put_time(w, walk->take_ns);
	snapshot_put_time(w, walk->last_sent_ns);
	snapshot_put_time(w, walk->end_ns);
	snapshot_put(w, walk->pass, 4);
	snapshot_put(w, position, 4);
	snapshot_put(w, walk->left, 4);
	snapshot_put(w, walk->sent, 8);
	snapshot_put(w, walk->resent, 8);
	snapshot_put_time(w, l->due_ns);
	snapshot_put_time(w, l->soonest_ns);
	snapshot_put(w, l->count, 4);
	snapshot_put(w, l->turn, 4);
	for (uint32_t i = 0; i < l->count; i++)
		snapshot_put(w, l->host[i], 4);
}

static void get_paced(struct paced *l, struct snapshot_reader *r)
{
	const uint32_t hosts = sheet_hosts(l->sheet);
	const uint64_t due_ns = snapshot_get_time(r), soonest_ns = snapshot_get_time(r);
	const uint32_t count = (uint32_t)snapshot_get_most(r, 4, hosts);
	const uint32_t turn = (uint32_t)snapshot_get_most(r, 4, count);

	for (uint32_t i = 0; i < count && !r->bad; i++) {
		const uint32_t host = (uint32_t)snapshot_get_most(r, 4, hosts - 1);

		if (!r->bad && !paced_restore(l, host))
			r->bad = true;
	}
	l->due_ns = due_ns;
	l->soonest_ns = soonest_ns;
	l->turn = turn;
}

static void get_walk(struct walk *walk, struct snapshot_reader *r)
{
	walk->udp_paced = snapshot_get_most(r, 1, 1);
	walk->idle = snapshot_get_most(r, 1, 1);
	walk->done = snapshot_get_most(r, 1, 1);
	walk->timeout_ns = snapshot_get_most(r, 8, DURATION_MOST_NS);
	walk->due_ns = snapshot_get_time(r);
	walk->take_ns = snapshot_get_time(r);
	walk->last_sent_ns = snapshot_get_time(r);
	walk->end_ns = snapshot_get_time(r);
	walk->pass = (uint32_t)snapshot_get_most(r, 4, UINT16_MAX);
	walk->position = (uint32_t)snapshot_get_most(r, 4, walk->end);
	walk->left = (uint32_t)snapshot_get(r, 4);
	walk->sent = snapshot_get(r, 8);
	walk->resent = snapshot_get(r, 8);
	/* "Never" is for the list of paced hosts alone. */
	r->bad |= walk->due_ns == UINT64_MAX || walk->take_ns == UINT64_MAX ||
		  walk->last_sent_ns == UINT64_MAX || walk->end_ns == UINT64_MAX;
	sheet_set_position(walk->sheet, walk->pass, walk->position);
	get_paced(&walk->paced, r);
}

/* Places of open windows, in the order of the windows. */
static unsigned places(const struct scan *s, unsigned place[SHEETS])
{
	unsigned count = 0;

	for (uint64_t window = s->window_next > SHEETS ? s->window_next - SHEETS : 0;
	     window < s->window_next; window++)
		for (unsigned i = 0; i < SHEETS; i++)
			if (s->sheet[i] && sheet_window(s->sheet[i]) == window)
				place[count++] = i;
	return count;
}

static void put_scan(struct scan *s, struct snapshot_writer *w)
{
	unsigned place[SHEETS] = {0}, count = places(s, place);

	snapshot_put(w, s->window_next, 8);
	snapshot_put(w, s->sent, 8);
	snapshot_put(w, s->resent, 8);
	snapshot_put(w, s->valid, 8);
	snapshot_put(w, s->duplicate, 8);
	snapshot_put(w, s->stray, 8);
	put_rtt(&s->rtt, w);
	put_pacer(&s->pacer, w);
	snapshot_put(w, count, 1);
	for (unsigned i = 0; i < count; i++) {
		const struct walk *walk = &s->walk[place[i]];
		const bool passing = s->passing == walk;

		sheet_snapshot(s->sheet[place[i]], passing ? s->pass_from : UINT32_MAX, w);
		put_walk(walk, passing ? s->pass_from : walk->position, w);
	}
}

size_t scan_snapshot(struct scan *s, uint64_t now_ns, void *out, size_t room)
{
	struct snapshot_writer w = {.out = out, .room = room, .now_ns = now_ns}, length;

	for (unsigned i = 0; i < sizeof(magic); i++)
		snapshot_put(&w, magic[i], 1);
	snapshot_put(&w, SNAPSHOT_FORMAT, 4);
	snapshot_put(&w, 0, 4);
	length = w;
	snapshot_put(&w, 0, 8);
	snapshot_put(&w, plan_hash(s->plan, s->conf.first, s->conf.last), 8);
	put_scan(s, &w);
	snapshot_put(&length, w.at + CHECKSUM_BYTES, 8);
	snapshot_put(&w, w.at <= room ? checksum(out, w.at) : 0, 8);
	return w.at;
}

/* The windows before window_next that are not open are finished: these are the last ones. */
static enum snapshot_error get_windows(struct scan *s, struct snapshot_reader *r, unsigned count)
{
	const uint64_t oldest = s->conf.first / s->plan->window_cells;
	const uint64_t opened = s->window_next - oldest;
	uint64_t cells = s->window_next * s->plan->window_cells;

	r->bad |= count > opened;
	for (unsigned i = 0; i < count && !r->bad; i++) {
		if (!scan_open_window(s, i, s->window_next - count + i, r->now_ns))
			return SNAPSHOT_MEMORY;
		(void)sheet_restore(s->sheet[i], r);
		get_walk(&s->walk[i], r);
		r->bad |= !paced_valid(&s->walk[i].paced);
		s->resent_seen[i] = s->walk[i].resent;
	}
	if (r->bad || r->at != r->length)
		return SNAPSHOT_INVALID;
	cells = (cells < s->conf.last ? cells : s->conf.last);
	s->cells_done = cells > s->conf.first ? cells - s->conf.first : 0;
	for (unsigned i = 0; i < count; i++)
		s->cells_done -= sheet_ours(s->sheet[i]);
	return SNAPSHOT_OK;
}

static enum snapshot_error get_scan(struct scan *s, struct snapshot_reader *r)
{
	const uint64_t oldest = s->window_next;

	s->window_next = snapshot_get_most(r, 8, s->window_last);
	r->bad |= s->window_next < oldest;
	s->sent = snapshot_get(r, 8);
	s->resent = snapshot_get(r, 8);
	s->valid = snapshot_get(r, 8);
	s->duplicate = snapshot_get(r, 8);
	s->stray = snapshot_get(r, 8);
	get_rtt(&s->rtt, r);
	get_pacer(&s->pacer, r);
	return get_windows(s, r, (unsigned)snapshot_get_most(r, 1, SHEETS));
}

static enum snapshot_error check(const struct scan *s, const uint8_t *bytes, size_t length)
{
	struct snapshot_reader r = {.bytes = bytes, .length = length, .at = sizeof(magic)};
	uint64_t sum = 0;

	if (length < sizeof(magic) || memcmp(bytes, magic, sizeof(magic)) != 0)
		return SNAPSHOT_NONE;
	if (snapshot_get(&r, 4) != SNAPSHOT_FORMAT)
		return r.bad ? SNAPSHOT_DAMAGED : SNAPSHOT_VERSION;
	(void)snapshot_get(&r, 4);
	if (snapshot_get(&r, 8) != length || length < HEADER_BYTES + CHECKSUM_BYTES)
		return SNAPSHOT_DAMAGED;
	for (unsigned i = 0; i < CHECKSUM_BYTES; i++)
		sum |= (uint64_t)bytes[length - CHECKSUM_BYTES + i] << i * 8;
	if (sum != checksum(bytes, length - CHECKSUM_BYTES))
		return SNAPSHOT_DAMAGED;
	if (snapshot_get(&r, 8) != plan_hash(s->plan, s->conf.first, s->conf.last))
		return SNAPSHOT_OTHER_PLAN;
	return SNAPSHOT_OK;
}

enum snapshot_error scan_restore(struct scan *s, const void *bytes, size_t length, uint64_t now_ns,
				 uint64_t away_ns)
{
	struct snapshot_reader r = {
		.bytes = bytes,
		.length = length - CHECKSUM_BYTES,
		.at = HEADER_BYTES,
		.now_ns = now_ns,
		.ahead_ns = AHEAD_NS + 4 * s->conf.rtt.max_ns,
		.away_ns = away_ns,
	};
	const struct scan before = *s;
	enum snapshot_error error = check(s, bytes, length);

	if (error != SNAPSHOT_OK)
		return error;
	error = get_scan(s, &r);
	if (error != SNAPSHOT_OK) {
		scan_fini(s);
		*s = before;
	}
	return error;
}

size_t scan_window_snapshot(struct scan *s, int place, uint64_t now_ns, void *out, size_t room)
{
	struct snapshot_writer w = {.out = out, .room = room, .now_ns = now_ns};

	sheet_snapshot(s->sheet[place], UINT32_MAX, &w);
	return w.at;
}

enum snapshot_error scan_window_restore(struct scan *s, uint64_t window, const void *bytes,
					size_t length, uint64_t now_ns, uint64_t away_ns)
{
	struct snapshot_reader r = {
		.bytes = bytes, .length = length, .now_ns = now_ns, .away_ns = away_ns};

	if (window < s->window_next || window >= s->window_last || s->sheet[0])
		return SNAPSHOT_INVALID;
	if (!scan_open_window(s, 0, window, now_ns))
		return SNAPSHOT_MEMORY;
	if (sheet_restore(s->sheet[0], &r) && r.at == length)
		return SNAPSHOT_OK;
	scan_close(s, 0);
	return SNAPSHOT_INVALID;
}

uint64_t scan_window_first(const struct scan *s)
{
	unsigned place[SHEETS] = {0};

	return s->window_next - places(s, place);
}

void scan_taken_up(struct scan *s, uint64_t now_ns)
{
	for (int i = 0; i < SHEETS; i++) {
		const uint64_t timeout_ns = s->walk[i].timeout_ns > s->conf.rtt.initial_ns
						    ? s->walk[i].timeout_ns
						    : s->conf.rtt.initial_ns;

		if (s->sheet[i])
			s->withdrawn += walk_withdraw(
				&s->walk[i], now_ns > timeout_ns ? now_ns - timeout_ns : 0, now_ns);
	}
}

const char *snapshot_error_text(enum snapshot_error error)
{
	switch (error) {
	case SNAPSHOT_OK:
		return "no error";
	case SNAPSHOT_NONE:
		return "this is not a checkpoint of portlight";
	case SNAPSHOT_VERSION:
		return "the checkpoint has a format that this version of portlight cannot read";
	case SNAPSHOT_DAMAGED:
		return "the checkpoint is damaged: it is incomplete or its checksum is wrong";
	case SNAPSHOT_OTHER_PLAN:
		return "the checkpoint is of another scan: targets, excludes, ports, techniques, "
		       "seed or shard differ";
	case SNAPSHOT_INVALID:
		return "the checkpoint has impossible values";
	case SNAPSHOT_MEMORY:
		return "out of memory";
	}
	return "unknown error";
}
