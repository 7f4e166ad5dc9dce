/* Which hosts each format lists, by which names, and what it keeps of their techniques. */
#include "report_checks.h"

/* A host behind a packet filter of its own that answers ARP only, in each format. */
static void test_filtered_neighbour(void **state)
{
	static const struct {
		const struct report_ops *ops;
		const char *part;
	} formats[] = {
		{&report_table, "portlight report for 192.0.2.5\nHost is up (arp-response).\n"},
		{&report_normal, "portlight report for 192.0.2.5\nHost is up (arp-response).\n"},
		{&report_xml, "<status state=\"up\" reason=\"arp-response\" reason_ttl=\"0\"/>\n"
			      "<address addr=\"192.0.2.5\" addrtype=\"ipv4\"/>\n"},
		{&report_grepable, "Host: 192.0.2.5 ()\tStatus: Up\n"},
		{&report_grepable, "\n# Not listed: 1 host that did not answer.\n# portlight done"},
		{&report_ndjson, "\"ip\":\"192.0.2.5\",\"name\":null,\"status\":\"up\","
				 "\"reason\":\"arp-response\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		struct sample *s = sample_empty(true);

		s->host[0].notes = HOST_MAC;
		check_has(s, formats[i].ops, formats[i].part);
	}
}

/* Every name of an address, and the interface of a link-local one, in each format. */
static void test_names_and_zone(void **state)
{
	static const struct {
		const struct report_ops *ops;
		const char *part;
	} formats[] = {
		{&report_table, "report for www.example (fe80::5%eth0)\n"
				"Other names: mail.example, ftp.example\n"},
		{&report_grepable, "Host: fe80::5%eth0 (www.example)\tStatus: Up\t"
				   "Other names: mail.example,ftp.example\n"},
		{&report_xml, "<address addr=\"fe80::5%eth0\" addrtype=\"ipv6\"/>\n<hostnames>\n"
			      "<hostname name=\"www.example\" type=\"user\"/>\n"
			      "<hostname name=\"mail.example\" type=\"user\"/>\n"
			      "<hostname name=\"ftp.example\" type=\"user\"/>\n</hostnames>\n"},
		{&report_ndjson, "{\"type\":\"port\",\"ip\":\"fe80::5\",\"zone\":\"eth0\","},
		{&report_ndjson, "{\"type\":\"host\",\"ip\":\"fe80::5\",\"zone\":\"eth0\","
				 "\"name\":\"www.example\","
				 "\"other_names\":\"mail.example,ftp.example\","},
		{&report_explain, "portlight explains www.example (fe80::5%eth0)\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		struct sample *s = sample_basic(false);

		s->host[0].addr = (struct addr){UINT64_C(0xfe80000000000000), 5};
		s->host[0].name = "www.example";
		s->host[0].other_names = "mail.example,ftp.example";
		s->host[0].zone = "eth0";
		check_has(s, formats[i].ops, formats[i].part);
	}
}

/* A name by reverse DNS, after one that the user gave or alone; its bytes escaped. */
static void test_reverse_name(void **state)
{
	static const struct {
		const struct report_ops *ops;
		const char *name, *reverse_name, *part;
	} cases[] = {
		{&report_table, "a.example", "b.example",
		 "portlight report for a.example (192.0.2.5)\nName by reverse DNS: b.example\nHost "
		 "is"},
		{&report_table, NULL, "b.example",
		 "portlight report for b.example (192.0.2.5)\nHost is"},
		{&report_table, NULL, "\x1b[2J", "portlight report for \\x1b[2J (192.0.2.5)\n"},
		{&report_grepable, "a.example", "b.example",
		 "Host: 192.0.2.5 (a.example)\tStatus: Up\tName by reverse DNS: b.example\n"},
		{&report_grepable, NULL, "b.example", "Host: 192.0.2.5 (b.example)\tStatus: Up\n"},
		{&report_grepable, NULL, "b)\tc\n",
		 "Host: 192.0.2.5 (b)\\x09c\\x0a)\tStatus: Up\n"},
		{&report_xml, "a.example", "b.example",
		 "<hostnames>\n<hostname name=\"a.example\" type=\"user\"/>\n"
		 "<hostname name=\"b.example\" type=\"PTR\"/>\n</hostnames>\n"},
		{&report_xml, NULL, "<\"&\x01",
		 "<hostnames>\n<hostname name=\"&lt;&quot;&amp;\\x01\" "
		 "type=\"PTR\"/>\n</hostnames>\n"},
		{&report_ndjson, "a.example", "b.example",
		 "\"name\":\"a.example\",\"reverse_name\":\"b.example\",\"status\""},
		{&report_ndjson, NULL, "\"\n", "\"name\":null,\"reverse_name\":\"\\\"\\u000a\","},
		{&report_explain, NULL, "b.example", "portlight explains b.example (192.0.2.5)\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sample *s = sample_basic(false);

		s->host[0].name = cases[i].name;
		s->host[0].reverse_name = cases[i].reverse_name;
		check_has(s, cases[i].ops, cases[i].part);
	}
}

/* The XML keeps each technique's results in addition to the merged ones. */
static void test_xml_techniques(void **state)
{
	(void)state;
	check_has(sample_merged(), &report_xml,
		  "</ports>\n<hostscript><script id=\"portlight-techniques\"");
	check_has(sample_merged(), &report_xml, "&#xa;fin ");
}

/* --open lists a host whose ports are open|filtered, also when it answered nothing at all. */
static void test_open_or_filtered(void **state)
{
	struct sample *s = sample_empty(true);

	(void)state;
	s->conf.open_only = true;
	s->findings[0].technique = TECH_UDP;
	s->findings[0].state = PORT_OPEN_FILTERED;
	check_has(s, &report_table,
		  "portlight report for 192.0.2.5\n"
		  "Host did not answer: it is behind a packet filter, or not there.\n"
		  "PORT    STATE          SERVICE\n"
		  "22/udp  open|filtered  ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filtered_neighbour), cmocka_unit_test(test_open_or_filtered),
		cmocka_unit_test(test_names_and_zone),	   cmocka_unit_test(test_reverse_name),
		cmocka_unit_test(test_xml_techniques),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
