/* Fuzzes plan/targets: the first byte chooses between one target, a list file and an option. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "plan/targets.h"

/* Ranges from one text at most, as promised in targets.h. */
#define MOST_RANGES 65536

static void check_failure(int result, const struct failure *f)
{
	input_check(result == 0 || result == -1);
	input_check((result < 0) == (f->exit_code != 0));
	if (result < 0) {
		input_check(f->exit_code == EXIT_USAGE);
		input_check(f->text[0] != '\0');
		input_check_printable(f->text);
	}
}

/* Each range of one family; none of IPv4 where the text was of IPv6 and not mapped. */
static void check_bag(const struct ranges *set, size_t from)
{
	input_check(set->count >= from && set->count - from <= MOST_RANGES);
	input_check(set->count <= set->capacity);
	for (size_t i = from; i < set->count; i++) {
		input_check(addr_compare(set->range[i].first, set->range[i].last) <= 0);
		input_check(addr_is_v4(set->range[i].first) == addr_is_v4(set->range[i].last));
	}
}

static void check_name(const char *text, size_t length, const struct target *target)
{
	size_t name_length = strlen(target->name);

	input_check(name_length > 0 && name_length <= 253 && name_length <= length);
	input_check(memcmp(target->name, text, name_length) == 0);
	input_check(name_length == length || text[name_length] == '/');
	for (size_t i = 0; i < name_length; i++) {
		char c = target->name[i];

		input_check((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			    (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.');
	}
	input_check(target->prefix_bits <= 128);
	input_check(target->has_prefix || target->prefix_bits == 0);
}

/* What was taken, written as the ranges it gave, is taken again and gives the same. */
static void check_again(const struct ranges *set)
{
	struct ranges again = {0};

	for (size_t i = 0; i < set->count && i < 64; i++) {
		char text[2 * ADDR_TEXT + 1], last[ADDR_TEXT];
		struct failure f = {0};
		struct target target;

		(void)addr_format(set->range[i].first, text);
		strcat(text, "-");
		strcat(text, addr_format(set->range[i].last, last));
		input_check(target_parse(text, strlen(text), &again, &target, &f) == 0);
		input_check(again.count == i + 1);
		input_check(addr_equal(again.range[i].first, set->range[i].first));
		input_check(addr_equal(again.range[i].last, set->range[i].last));
	}
	ranges_fini(&again);
}

static void check_sorted(struct ranges *set)
{
	ranges_normalise(set);
	input_check(ranges_size(set) >= set->count);
	for (size_t i = 0; i < set->count; i++) {
		input_check(ranges_contain(set, set->range[i].first));
		input_check(ranges_contain(set, set->range[i].last));
		input_check(i == 0 ||
			    addr_compare(set->range[i - 1].last, set->range[i].first) < 0);
	}
}

static int parse_word(void *context, const char *word, size_t length, struct failure *f)
{
	struct ranges *set = context;
	struct target target;
	size_t before = set->count;
	int result = target_parse(word, length, set, &target, f);

	check_failure(result, f);
	check_bag(set, before);
	if (result < 0) {
		input_check(set->count == before);
	} else if (target.kind == TARGET_NAME) {
		input_check(set->count == before);
		check_name(word, length, &target);
	} else {
		input_check(target.kind == TARGET_RANGES);
		/* ::ffff:0:0/96 in IPv6 text is the only target without an address */
		input_check(set->count > before || memchr(word, ':', length));
		input_check(strlen(target.zone) < sizeof(target.zone));
		input_check_printable(target.zone);
	}
	return result;
}

static int parse_list_word(void *context, const char *word, size_t length, unsigned line,
			   struct failure *f)
{
	struct ranges *set = context;

	input_check(line >= 1);
	input_check(length >= 1 && length <= 1024);
	input_check(!memchr(word, '\n', length) && !memchr(word, '#', length));
	/* a list may be long, a fuzzer's patience is not */
	return set->count > 4 * MOST_RANGES ? -1 : parse_word(context, word, length, f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ranges set = {0};
	struct failure f = {0};
	const char *text;
	int result;

	if (size == 0)
		return 0;
	text = (const char *)data + 1;
	size--;
	switch (data[0] % 4) {
	case 0:
		result = target_list_parse(text, size, "list", parse_list_word, &set, &f);
		input_check(result == 0 || f.exit_code || set.count > 4 * MOST_RANGES);
		input_check_printable(f.text);
		break;
	case 1:
		result = target_split(text, size, parse_word, &set, &f);
		check_failure(result, &f);
		break;
	default:
		result = parse_word(&set, text, size, &f);
		if (result == 0)
			check_again(&set);
		break;
	}
	check_sorted(&set);
	ranges_fini(&set);
	return 0;
}
