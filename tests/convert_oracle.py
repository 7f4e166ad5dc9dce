"""convert_oracle: compares reports of one run that are in different formats.

usage: convert_oracle.py ports FILE FILE    the same hosts, states and ports, listed or summarised
       convert_oracle.py listed FILE FILE   the same listed ports (of a grepable file all it has)
A file is nmap's or portlight's XML, portlight's NDJSON, or a grepable report, by its name's end.
Of several techniques each verdict is compared where a format has them; where it lists one state of a
port, that must be among them.
"""
import json
import re
import sys
import xml.etree.ElementTree as ElementTree


def spread(text):
    """The ports of "22,80-90"."""
    for part in text.split(",") if text else []:
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def of_techniques(text):
    """{(proto, port): states} of the lines "fin closed: 22-25"."""
    every = {}
    for line in filter(None, text.split("\n")):
        technique, state, ports = re.fullmatch(r"(\S+) (\S+): (\S+)", line).groups()
        for port in spread(ports):
            every.setdefault(("udp" if technique == "udp" else "tcp", port), set()).add(state)
    return every


def of_xml(path):
    """{address: (status, {(proto, port): states}, the same of listed ports)}; a cut-off file counts
    up to where it ends."""
    hosts = {}
    parser = ElementTree.XMLPullParser(["end"])
    with open(path, "rb") as file:
        parser.feed(file.read())
    for _, host in parser.read_events():
        if host.tag != "host":
            continue
        address = next(a.get("addr") for a in host.iter("address") if a.get("addrtype") != "mac")
        listed = {
            (port.get("protocol"), int(port.get("portid"))): {port.find("state").get("state")}
            for port in host.iterfind("ports/port")
        }
        every = dict(listed)
        for extra in host.iterfind("ports/extraports"):
            before = len(every)
            for reasons in extra.iterfind("extrareasons"):
                for port in spread(reasons.get("ports")):
                    every[(reasons.get("proto"), port)] = {extra.get("state")}
            assert len(every) - before == int(extra.get("count")), (path, address)
        for script in host.iterfind("hostscript/script[@id='portlight-techniques']"):
            every = of_techniques(script.get("output"))
        hosts[address] = (host.find("status").get("state"), every, listed)
    return hosts


def of_ndjson(path):
    """The same of portlight's NDJSON."""
    hosts, every, listed = {}, {}, {}
    with open(path, encoding="ascii") as file:
        for record in map(json.loads, file):
            if record["type"] == "port":
                key = (record["proto"], record["port"])
                every.setdefault(key, set()).add(record["state"])
                listed[key] = every[key]
            elif record["type"] == "ports":
                for port in spread(record["ports"]):
                    every.setdefault((record["proto"], port), set()).add(record["state"])
            elif record["type"] == "host":
                hosts[record["ip"]] = (record["status"], every, listed)
                every, listed = {}, {}
    return hosts


def of_grepable(path):
    """The same; what is summarised has no ports here."""
    hosts = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            match = re.match(r"Host: (\S+) \(.*?\)\t", line)
            if not match:
                continue
            status, every, _ = hosts.get(match[1], ("?", {}, {}))
            for field in line.rstrip("\n").split("\t"):
                name, _, value = field.partition(": ")
                if name == "Status":
                    status = value.lower()
                elif name == "Ports":
                    for port in value.split(", "):
                        number, state, proto = port.split("/")[:3]
                        every[(proto, int(number))] = {state}
            hosts[match[1]] = (status, every, every)
    return hosts


def load(path):
    """A report by the end of its name."""
    ends = {".xml": of_xml, ".ndjson": of_ndjson, ".gnmap": of_grepable}
    return ends["." + path.rpartition(".")[2]](path)


def differences(one, other):
    return {port: (one.get(port), other.get(port)) for port in one.keys() | other.keys()
            if one.get(port) != other.get(port)}


def main():
    what, one, other = sys.argv[1:]
    one, other = load(one), load(other)
    assert one and sorted(one) == sorted(other), (sorted(one), sorted(other))
    for address, (status, every, listed) in one.items():
        status_2, every_2, listed_2 = other[address]
        if what == "ports":
            assert status == status_2, (address, status, status_2)
            assert every == every_2, (address, differences(every, every_2))
        assert sorted(listed) == sorted(listed_2), (address, set(listed) ^ set(listed_2))
        for port, states in listed.items():
            assert states & listed_2[port], (address, port, states, listed_2[port])


if __name__ == "__main__":
    main()
