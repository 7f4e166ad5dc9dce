#!/bin/sh
# report_oracles: what other people's programs say about our reports: xmllint, ndiff, libnmap, jq,
# jsonschema.
#
# usage: report_oracles.sh PATH/emit_reports      last line: "N passed, M failed"
. "$(dirname "$0")/harness.sh"
emit=${1:?usage: report_oracles.sh PATH/emit_reports}
schema=$(dirname "$0")/../docs/portlight.schema.json
dtd=/usr/share/nmap/nmap.dtd
folder=$work/reports show=why
need xmllint ndiff jq
mkdir "$folder" || exit 1

exits 'emit_reports writes every sample' 0 "$emit" "$folder"
[ "$failed" -eq 0 ] || conclude

cat >"$folder/libnmap_reads.py" <<'PYTHON'
"""libnmap reads the XML and finds exactly the ports and states that are expected."""
import sys
from libnmap.parser import NmapParser

report = NmapParser.parse_fromfile(sys.argv[1])
assert report.endtime >= report.started > 0, "times"
found = sorted(
    "%s %s %d %s" % (host.address, service.protocol, service.port, service.state)
    for host in report.hosts
    for service in host.services
)
if sys.argv[2].isdigit():
    assert len(found) == int(sys.argv[2]), len(found)
else:
    with open(sys.argv[2]) as expected:
        want = sorted(expected.read().splitlines())
    assert found == want, (found, want)
PYTHON

cat >"$folder/schema_fits.py" <<'PYTHON'
"""Every line fits the schema, the file is whole, and its numbers add up."""
import json
import sys
import jsonschema

with open(sys.argv[1]) as file:
    schema = json.load(file)
validator_class = jsonschema.validators.validator_for(schema)
validator_class.check_schema(schema)
validator = validator_class(schema)
with open(sys.argv[2], encoding="ascii") as file:
    records = [json.loads(line) for line in file]
for record in records:
    validator.validate(record)
assert [r["type"] for r in records].count("run") == 1 and records[0]["type"] == "run"
assert [r["type"] for r in records].count("summary") == 1 and records[-1]["type"] == "summary"
singles, groups = 0, 0
for record in records:
    if record["type"] == "port":
        singles += 1
    elif record["type"] == "ports":
        groups += record["count"]
        assert sum(record["reasons"].values()) == record["count"], record
        spans = [part.split("-") for part in record["ports"].split(",")]
        listed = sum(int(span[-1]) - int(span[0]) + 1 for span in spans)
        assert listed == record["count"], record
    elif record["type"] == "host":
        assert singles + groups == record["results"] == sum(record["states"].values()), record
        singles, groups = 0, 0
# A schema that lets everything pass would prove nothing.
for record in records:
    for key in record.keys() - {"plan"}:
        broken = {k: v for k, v in record.items() if k != key}
        assert not validator.is_valid(broken), (key, "may be missing")
PYTHON

for xml in "$folder"/*.xml; do
	name=$(basename "$xml" .xml)
	exits "$name.xml is well-formed and valid against nmap.dtd" 0 \
		xmllint --noout --dtdvalid "$dtd" "$xml"
	exits "$name.xml: ndiff finds no difference to itself" 0 ndiff "$xml" "$xml"
	want=$folder/$name.expect
	[ -e "$want" ] || want=1000
	exits "$name.xml: libnmap reads the expected ports and states" 0 \
		/usr/bin/python3 "$folder/libnmap_reads.py" "$xml" "$want"
done
exits "ndiff sees a port that closed" 1 ndiff "$folder/basic.xml" "$folder/changed.xml"
exits "closed bulk is summed up in basic.xml" 0 \
	grep -q '<extraports state="closed" count="997">' "$folder/basic.xml"
exits "nothing is summed up in all_ports.xml" 1 grep -q '<extraports' "$folder/all_ports.xml"
exits "a damaged file is noticed by xmllint" 1 \
	sh -c "head -n 10 '$folder/basic.xml' | xmllint --noout -"

for lines in "$folder"/*.ndjson; do
	name=$(basename "$lines" .ndjson)
	exits "$name.ndjson fits the schema and adds up" 0 \
		/usr/bin/python3 "$folder/schema_fits.py" "$schema" "$lines"
	exits "$name.ndjson: jq reads every line" 0 \
		jq -e -s 'length >= 2 and all(.[]; type == "object" and has("type"))' "$lines"
done
exits "jq finds the open ports" 0 \
	jq -e -s '[.[] | select(.type == "port" and .state == "open") | .port] == [22, 80]' \
	"$folder/basic.ndjson"
exits "jq reads hostile bytes back as they went in" 0 \
	jq -e -s '[.[] | select(.type == "host").name] == ["v6\u001b]0;x\u0007\"<]]>--.example"]' \
	"$folder/hostile.ndjson"
exits "techniques.json: jq reads the ten techniques" 0 \
	jq -e 'length == 10 and all(.[]; (.answers | length) >= 3 and .sends != "")' \
	"$folder/techniques.json"

# The converter, on these reports and on nmap's.
portlight=$(dirname "$emit")/../../portlight
oracle=$(dirname "$0")/convert_oracle.py
for lines in "$folder"/*.ndjson; do
	name=$(basename "$lines")
	exits "$name as NDJSON" 0 "$portlight" convert "$lines" --to json -o "$folder/again"
	exits "$name as NDJSON is the same" 0 cmp "$lines" "$folder/again"
done
for xml in "$folder"/*.xml "$(dirname "$0")"/data/nmap-*.xml; do
	name=$(basename "$xml")
	status=0
	case $name in nmap-stopped.xml) status=75 ;; esac
	for format in xml json grepable normal; do
		exits "$name as $format" $status \
			"$portlight" convert "$xml" --to $format -o "$folder/made.$format"
	done
	mv "$folder/made.json" "$folder/made.ndjson"
	exits "$name as XML is valid against nmap.dtd" 0 \
		xmllint --noout --dtdvalid "$dtd" "$folder/made.xml"
	exits "$name as NDJSON fits the schema and adds up" 0 \
		/usr/bin/python3 "$folder/schema_fits.py" "$schema" "$folder/made.ndjson"
	case $name in empty.xml | silent.xml) continue ;; esac
	for made in xml ndjson; do
		exits "$name as $made has the same hosts, ports and states" 0 \
			/usr/bin/python3 "$oracle" ports "$xml" "$folder/made.$made"
	done
done
sed 's/portid="22"/portid="24"/' "$(dirname "$0")/data/nmap-versions.xml" >"$folder/other.xml"
exits "the oracle sees a port that is another" 1 \
	/usr/bin/python3 "$oracle" ports "$(dirname "$0")/data/nmap-versions.xml" "$folder/other.xml"
exits "a file that is no report" 65 "$portlight" convert "$0" --to xml -o "$folder/none.xml"
exits "... leaves no output behind" 1 test -e "$folder/none.xml"
exits "an input that is the output" 64 \
	"$portlight" convert "$folder/basic.xml" --to json -o "$folder/basic.xml"
exits "a full disk" 74 "$portlight" convert "$folder/basic.xml" --to json -o /dev/full
exits "an unknown format" 64 "$portlight" convert "$folder/basic.xml" --to jpeg
exits "standard input to standard output" 0 \
	sh -c "'$portlight' convert - --to json <'$folder/basic.ndjson' | cmp - '$folder/basic.ndjson'"
rm -f "$folder"/made.* "$folder"/other.xml "$folder/again"

# Every format, for any input: only printable ASCII and newlines (grepable: tabs) come out, and
# explanations keep to 100 columns.
tab=$(printf '\t')
for file in "$folder"/*.table "$folder"/*.nmap "$folder"/*.xml "$folder"/*.gnmap \
	"$folder"/*.ndjson "$folder"/*.explain "$folder"/techniques.*; do
	exits "$(basename "$file") is plain ASCII" 1 env LC_ALL=C grep -n "[^ -~$tab]" "$file"
done
for file in "$folder"/*.explain "$folder"/techniques.text; do
	exits "$(basename "$file") keeps to 100 columns" 1 env LC_ALL=C grep -nE '^.{101}' "$file"
done
conclude
