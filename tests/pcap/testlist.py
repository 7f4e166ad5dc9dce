"""testlist: reads TESTLIST and judges what `portlight watch` reports about a capture of ours.

A line of TESTLIST: file, expectation, reason; tabs between them. The expectation is `silent`, or
all events, in any order, joined by "; ". It is compared as a whole with the text that described()
makes of the events, so all of it is checked. A reason that begins with "near miss of EVENT[,
EVENT...]:" is checked, too: the expectation must not have these events.
"""

import collections
import json
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
LIST, FOLDER = HERE / "TESTLIST", HERE / "made"
NEAR_MISS = re.compile(r"near miss of ([a-z_]+(?:, [a-z_]+)*): ")
# More sources than this, with events that are else alike, are counted and not listed.
LISTED_SOURCES = 3

Row = collections.namedtuple("Row", "file expect reason")


def rows():
    found = []
    for number, line in enumerate(LIST.read_text(encoding="ascii").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        fields = line.split("\t")
        if len(fields) != 3 or not all(fields):
            raise ValueError(f"TESTLIST:{number}: not three fields with one tab between them")
        found.append(Row(*fields))
    return found


def count(number, noun):
    return f"{number} {noun}" + ("" if number == 1 else "s")


def event_text(event):
    """(action, source, other members) of an event in its last phase."""
    p, action = event["portlight"], event["event"]["action"]
    source = event.get("source", {}).get("ip")
    details = []
    if event["event"]["kind"] == "alert":
        details = [" ".join(p["technique_sets"])]
        if p["protocols"]:
            details.append(count(p["protocols"], "protocol"))
        else:
            details.append(count(p["port_count"], "port"))
        details += [count(p["hosts"], "host"), p["tool"]]
        if source is None:
            details.append(count(p["sources"], "source"))
    elif action == "blind":
        details = [count(p["lost"], "packet") + " lost"]
    elif action == "suppressed":
        details = [count(p["suppressed"], "event")]
    elif source:
        details = [count(p["hosts"], "host")]
    if not source and "destination" in event:
        details.insert(0, "of " + event["destination"]["ip"])
    return action, source, ", ".join(details)


def described(output):
    """What was reported, as an expectation says it."""
    last = {}
    for line in output.decode("ascii").splitlines():
        event = json.loads(line)
        last[event["event"]["id"]] = event
    alike = collections.defaultdict(list)
    for event in last.values():
        action, source, details = event_text(event)
        alike[action, details].append(source)
    texts = []
    for (action, details), sources in alike.items():
        words = [f"by {s}" if s else "" for s in sources]
        if len(sources) > LISTED_SOURCES:
            words = [f"by each of {len(set(sources))} sources"]
        for word in words:
            head = f"{action} {word}".strip()
            texts.append(f"{head}: {details}" if details else head)
    return "; ".join(sorted(texts)) or "silent"


def judge(row, output):
    """All that is wrong."""
    wanted = "; ".join(sorted(row.expect.split("; ")))
    found = described(output)
    if found != wanted:
        yield f"expected: {row.expect}. Reported: {found}"


def actions_of(expect):
    """The event kinds that an expectation names."""
    if expect == "silent":
        return set()
    return {re.match("[a-z_]+", text)[0] for text in expect.split("; ")}


def check_list(all_rows, kinds):
    """What is wrong with the list itself: each kind of event needs a capture with it and a near
    miss without it; files and lines must be the same."""
    fired, near = set(), set()
    for row in all_rows:
        actions = actions_of(row.expect)
        match = NEAR_MISS.match(row.reason)
        missed = set(match[1].split(", ")) if match else set()
        fired |= actions
        near |= missed
        for action in sorted((actions | missed) - kinds):
            yield f"{row.file}: {action} is no kind of event"
        for action in sorted(actions & missed):
            yield f"{row.file}: is called a near miss of {action}, but is expected to be one"
        if actions == set() and not match:
            yield f"{row.file}: is silent, but the reason does not say what it is a near miss of"
    for action in sorted(kinds - fired):
        yield f"no capture of {action}"
    for action in sorted(kinds - near):
        yield f"no near miss of {action}"
    listed = collections.Counter(row.file for row in all_rows)
    present = {path.name for path in FOLDER.iterdir()}
    for file, times in listed.items():
        if times > 1:
            yield f"{file}: has {times} lines"
        if file not in present:
            yield f"{file}: there is no such file"
    for file in sorted(present - set(listed)):
        yield f"{file}: has no line"


def main():
    """Prints what is reported about each file given, as a TESTLIST line would say it."""
    for path in sys.argv[1:]:
        result = subprocess.run([os.environ["PORTLIGHT"], "watch", "-r", path, "--json"],
                                check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                timeout=120)
        print(pathlib.Path(path).name, described(result.stdout), sep="\t")


if __name__ == "__main__":
    main()
