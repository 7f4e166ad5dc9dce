"""captures: what `portlight watch -r` reports about captures, against what is known of them.

First the captures of our own making, as TESTLIST says (testlist.py). Then, where they are, public
ones: one check a row of TRUTH.tsv: the right source, technique, shape and numbers, no other alert;
or no alert at all. For each capture also: events by the schema; the same bytes on a second run,
and whether the file is compressed by gzip or not. For each public one: the same events from the
other file format. Rows marked optional are shown and not judged.
"""

import collections
import concurrent.futures
import csv
import fnmatch
import gzip
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import jsonschema

import testlist

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness  # noqa: E402

PORTLIGHT = os.environ["PORTLIGHT"]
FOLDER = pathlib.Path(os.environ["PORTLIGHT_PCAPS"])
SCHEMA = pathlib.Path(__file__).parent.parent.parent / "docs/portlight-watch.schema.json"
RUN_SECONDS = 120

# TRUTH's words for techniques as sets: all that look alike on the wire count as right.
TECHNIQUES = {
    "tcp_syn": {"syn", "connect"}, "tcp_connect": {"syn", "connect"}, "tcp_fin": {"fin"},
    "tcp_null": {"null"}, "tcp_xmas": {"xmas"}, "tcp_ack": {"ack", "window", "ttl"},
    "udp": {"udp"}, "icmp_echo": {"icmp"}, "icmp_timestamp": {"icmp"}, "arp": {"arp"},
    "ip_proto": {"ipproto"}, "sctp_init": {"sctp_init"}, "tcp_synack": {"synack"}}
ACTIONS = {"vertical": "port_scan", "horizontal": "network_sweep", "block": "block_scan",
           "distributed": "distributed_scan"}
# Counts of more hosts than this may be off by one in a hundred: before it is an alert a sweep is
# held in a filter.
EXACT_HOSTS = 1000
# No capture of so few bytes holds a packet: nothing in it is no proof of silence.
EMPTY_BYTES = 64

# Whose packets they are, where the name of the capture says it and a tool has a mark.
TOOLS = {"nmap-s[SFNXWR]-*": "nmap", "cloud-nmap-s[SF]-*": "nmap", "nmap-PA80-*": "nmap",
         "masscan-tcp-*": "masscan", "zmap-*": "zmap"}

# Where TRUTH's line says less than the capture holds. `ports` and `hosts`: first and last right
# number; `also`: techniques that the scanner used besides; `may_miss`: of several, those that need
# not be named; `others`: other sources that may be called scanners.
Margin = collections.namedtuple("Margin", "why ports hosts also may_miss others",
                                defaults=((), (), (), (), ()))
MARGINS = {
    "angryip-38hosts.pcap": Margin(
        "most pings are answered, so no evidence; NetBIOS questions (udp/137) to the same hosts, "
        "and its PC's DNS", ports=(3, 5), also=("udp",), may_miss=("icmp_echo",)),
    "cloud-nmap-sU-100+radiation.pcap": Margin(
        "nmap's pings, a SYN to 443 and an ACK to 80; in the radiation is a real slow scanner",
        ports=(100, 102), others=("78.128.114.82",)),
    "ctf-block-233hosts-1003ports.pcap": Margin(
        "nmap's ACK pings; 308 addresses of two networks are sent something in all",
        hosts=(233, 308), also=("ack", "window", "ttl")),
    "nmap-b-ftpbounce-999.pcap": Margin(
        "to the three open ports the FTP server made real connections", ports=(996, 999)),
    "nmap-sS-p1-10000.pcapng": Margin(
        "the scanner's host asks one port more of the same host", ports=(10000, 10001)),
    "nmap-sS-3hosts-1000ports.pcap": Margin(
        "the scan of 4 hosts follows an ARP sweep of their /24 by the same source",
        ports=(1000, 1001), hosts=(4, 255), also=("arp",)),
    "nmap-sO-253.pcap": Margin(
        "all 256 are asked; TCP, UDP and ICMP (of both families) pass as what they are",
        ports=(252, 253)),
    "xprobe-udp-145.pcap": Margin(
        "port 53 of the resolver is asked, too", ports=(145, 146), hosts=(1, 2)),
    "masscan-17-allports-500pps.pcap": Margin(
        "the capture holds a part of the scan: 7,972 random cells", ports=(7000, 7972),
        hosts=(6900, 7972)),
    "nmap-sS-104+arp239.pcap": Margin("an ARP sweep of the scanner's network goes with it",
                                      also=("arp",)),
    "v6-p22-64.pcap": Margin("neighbour solicitations before the SYNs", also=("arp",)),
    "sT-4ports-open.pcap": Margin("50 hosts exist", hosts=(50, 51)),
    "p445-32.pcap": Margin("", hosts=(32, 33)),
    "xscan-vulnscan-235ports.pcap": Margin(
        "235 ports by connect, 274 with those that its checks of services touch, some by UDP",
        ports=(235, 274), also=("udp",)),
}


def watch(path):
    result = subprocess.run([PORTLIGHT, "watch", "-r", str(path), "--json"], check=False,
                            stdin=subprocess.DEVNULL, capture_output=True, timeout=RUN_SECONDS)
    if result.returncode != 0:
        raise RuntimeError(f"exit status {result.returncode}: {result.stderr.decode().strip()[-800:]}")
    return result.stdout


def events_of(output):
    return [json.loads(line) for line in output.decode("ascii").splitlines()]


def final_alerts(events):
    """The final report of each scan."""
    last = {e["event"]["id"]: e for e in events if e["event"]["kind"] == "alert"}
    return list(last.values())


def described(alert):
    p = alert["portlight"]
    return (f"{alert['event']['action']} by {alert.get('source', {}).get('ip', 'many')} of "
            f"{alert.get('destination', {}).get('ip', 'many')}: "
            f"{' '.join(p['technique_sets'])}, {p['port_count']} ports, {p['hosts']} hosts, "
            f"{p['tool']} {p['tool_confidence']:.2f}")


def numbers(text):
    return [int(n) for n in re.findall(r"[0-9]+", text)]


def bounds(text, margin):
    """First and last right count: a margin; "38-51"; of several techniques ("1000/195") the sets
    of ports may overlap or not, so from the largest to the sum."""
    if margin:
        return margin
    found = numbers(text)
    if "/" in text:
        return max(found), sum(found)
    return min(found), max(found)


def wrong_techniques(row, margin, found):
    wanted = [word.split("(")[0] for word in row["technique"].split("+")]
    allowed = set(margin.also).union(*(TECHNIQUES[word] for word in wanted))
    for word in wanted:
        if not TECHNIQUES[word] & found and word not in margin.may_miss:
            yield f"{word} is not named"
    if found - allowed:
        yield f"{', '.join(sorted(found - allowed))} is named"


def wrong_alert(row, alerts):
    """All that is wrong with the alerts about a scan."""
    margin = MARGINS.get(row["file"], Margin(""))
    scanner = None if row["scanner"] == "many" else row["scanner"]
    mine = [a for a in alerts if a.get("source", {}).get("ip") == scanner]
    strangers = [a for a in alerts if a not in mine and
                 a.get("source", {}).get("ip") not in margin.others]
    if not mine:
        yield f"no alert about {row['scanner']}"
        return
    for stranger in strangers:
        yield f"another alert: {described(stranger)}"
    if len(mine) > 1:
        yield f"{len(mine)} alerts about one scan"
    scan = mine[0]["portlight"]
    yield from wrong_techniques(row, margin, set(scan["techniques"]))
    shape = row["shape"].split("(")[0]
    if scan["shape"] != shape or mine[0]["event"]["action"] != ACTIONS[shape]:
        yield f"shape {scan['shape']}, {mine[0]['event']['action']}; not {shape}"
    ports = scan["protocols"] if row["technique"] == "ip_proto" else scan["port_count"]
    first, last = bounds(row["ports"], margin.ports)
    if not first <= ports <= last:
        yield f"{ports} ports, not {first} to {last}"
    first, last = bounds(row["hosts"], margin.hosts)
    slack = last // 100 if last > EXACT_HOSTS else 0
    if not first - slack <= scan["hosts"] <= last:
        yield f"{scan['hosts']} hosts, not {first} to {last}"
    for pattern, tool in TOOLS.items():
        if fnmatch.fnmatch(row["file"], pattern) and (scan["tool"] != tool or
                                                      scan["tool_confidence"] <= 0.5):
            yield f"tool {scan['tool']} {scan['tool_confidence']}, not {tool}"
    target = mine[0].get("destination", {}).get("ip")
    if row["hosts"] == "1" and scan["hosts"] == 1 and target != row["target"]:
        yield f"target {target}"


def judge(row, alerts):
    expect = row["expect"].split("(")[0]
    if expect == "alert":
        return list(wrong_alert(row, alerts))
    if expect == "no-alert":
        return [f"false alarm: {described(a)}" for a in alerts]
    raise ValueError(f"TRUTH.tsv: {row['file']}: expect {row['expect']}")


def converted(path, folder):
    """The same packets in the other format, pcap or pcapng."""
    with open(path, "rb") as file:
        is_pcapng = file.read(4) == b"\x0a\x0d\x0d\x0a"
    other = folder / (path.name + (".pcap" if is_pcapng else ".pcapng"))
    result = subprocess.run(["editcap", "-F", "nsecpcap" if is_pcapng else "pcapng", path, other],
                            check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                            timeout=RUN_SECONDS)
    if result.returncode != 0:
        raise RuntimeError(f"editcap: {result.stderr[-300:]}")
    return other


def without_observer(output):
    """pcapng may name the interface, pcap cannot."""
    events = events_of(output)
    for event in events:
        event["observer"].pop("ingress", None)
    return events


def check_capture(row, validator, folder):
    """("passed"|"failed"|"skipped", what) a check."""
    path = FOLDER / row["folder"] / row["file"]
    results = []

    def check(good, what):
        results.append(("passed" if good else "failed", f"{row['file']}: {what}"))

    output = watch(path)
    events = events_of(output)
    errors = [e.message for event in events for e in validator.iter_errors(event)]
    check(not errors, f"an event is not by the schema: {errors[:1]}")
    alerts = final_alerts(events)
    if row["expect"].startswith("optional"):
        said = "; ".join(described(a) for a in alerts) or "nothing"
        results.append(("skipped", f"{row['file']} is not judged ({row['technique']}, "
                                   f"{row['expect']}): {said}"))
    else:
        wrong = judge(row, alerts)
        check(not wrong, "; ".join(wrong))
    check(watch(path) == output, "a second run says something else")
    packed = folder / (row["file"] + ".gz")
    with open(path, "rb") as plain, gzip.open(packed, "wb", compresslevel=1) as file:
        shutil.copyfileobj(plain, file)
    check(watch(packed) == output, "the gzip copy says something else")
    other = converted(path, folder)
    check(without_observer(watch(other)) == without_observer(output),
          f"converted to {other.suffix} it says something else")
    packed.unlink()
    other.unlink()
    return results


def check_own(row, validator, folder):
    """The same of a capture of TESTLIST."""
    path = testlist.FOLDER / row.file
    output = watch(path)
    errors = [e.message for event in events_of(output) for e in validator.iter_errors(event)]
    unpacked = folder / row.file.removesuffix(".gz")
    unpacked.write_bytes(gzip.decompress(path.read_bytes()))
    checks = [("" if unpacked.stat().st_size > EMPTY_BYTES else "it holds no packet", None),
              ("; ".join(testlist.judge(row, output)), None),
              (errors[:1], "an event is not by the schema"),
              (watch(path) != output, "a second run reports something else"),
              (watch(unpacked) != output, "the file without gzip gives something else")]
    unpacked.unlink()
    return [("failed" if wrong else "passed", f"{row.file}: {what or wrong}")
            for wrong, what in checks]


def guarded(check, file, *arguments):
    try:
        return check(*arguments)
    except (RuntimeError, ValueError, KeyError, OSError, subprocess.SubprocessError) as error:
        return [("failed", f"{file}: {error}")]


def rows_of_truth():
    """The rows of TRUTH.tsv, and those of the captures near the detector's lines, if these are
    here."""
    found = []
    for list_file in (FOLDER / "TRUTH.tsv", FOLDER / "lines/TRUTH.tsv"):
        if not list_file.exists():
            continue
        with open(list_file, encoding="ascii") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                row["folder"] = row["kind"] if list_file.parent == FOLDER else "lines"
                found.append(row)
    return found


def main():
    patterns = sys.argv[1:] or ["*"]

    def wanted(file):
        return any(fnmatch.fnmatch(file, p) for p in patterns)

    with open(SCHEMA, encoding="utf-8") as file:
        schema = json.load(file)
    validator = jsonschema.Draft202012Validator(schema)
    kinds = set(schema["$defs"]["event"]["properties"]["action"]["enum"])
    own = testlist.rows()
    checks = harness.Checks()
    wrong = list(testlist.check_list(own, kinds))
    for what in wrong or [None]:
        checks.check(not what, f"TESTLIST: {what}")
    jobs = [(check_own, row.file, row) for row in own if wanted(row.file)]
    if (FOLDER / "TRUTH.tsv").exists():
        jobs += [(check_capture, row["file"], row) for row in rows_of_truth()
                 if wanted(row["file"])]
    else:
        checks.skip(f"the public captures are not here ({FOLDER}/TRUTH.tsv)")
    with tempfile.TemporaryDirectory() as folder, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(guarded, *job, validator, pathlib.Path(folder)) for job in jobs]
        for job in jobs:
            for status, what in job.result():
                if status == "skipped":
                    checks.skip(what)
                else:
                    checks.check(status == "passed", what)
    return checks.conclude()


if __name__ == "__main__":
    sys.exit(main())
