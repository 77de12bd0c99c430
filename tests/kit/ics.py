# SPDX-License-Identifier: Apache-2.0
"""A strict reader of iCalendar, RFC 5545: as much of it as a plan uses, and nothing that is not in it.

    for event in ics.parse(raw_bytes):
        event["UID"], event["DTSTART"], event.alarms
"""
import datetime
import re

LINE = re.compile(r"^([A-Z-]+)((?:;[A-Z-]+=[^\";:,]+)*):(.*)$")
ONCE = {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION", "CATEGORIES", "TRANSP"}


class Error(ValueError):
    pass


class Component(dict):
    def __init__(self, name):
        super().__init__()
        self.name = name
        self.children = []

    @property
    def alarms(self):
        return [child for child in self.children if child.name == "VALARM"]


def _lines(raw):
    """Content lines, unfolded (section 3.1)."""
    if not raw.endswith(b"\r\n"):
        raise Error("the last line does not end with CRLF")
    physical = raw[:-2].split(b"\r\n")
    for line in physical:
        if b"\n" in line or b"\r" in line:
            raise Error(f"a bare line break: {line!r}")
        if len(line) > 75:
            raise Error(f"{len(line)} octets: {line!r}")
        if re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", line):
            raise Error(f"a control character: {line!r}")
        line.decode("utf-8")  # folding leaves characters whole
    unfolded = []
    for line in physical:
        if line.startswith((b" ", b"\t")):
            if not unfolded:
                raise Error("begins with a continuation")
            unfolded[-1] += line[1:]
        elif line:
            unfolded.append(line)
        else:
            raise Error("an empty line")
    return [line.decode("utf-8") for line in unfolded]


def text(value):
    """Section 3.3.11."""
    if re.search(r"(?<!\\)(?:\\\\)*[;,]", value):
        raise Error(f"not escaped: {value!r}")
    if re.search(r"\\(?![\\;,nN])", value.replace("\\\\", "")):
        raise Error(f"a bad escape: {value!r}")
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], value)


def time(value):
    """Section 3.3.5, form 2."""
    if not re.fullmatch(r"\d{8}T\d{6}Z", value):
        raise Error(f"no UTC time: {value!r}")
    return datetime.datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)


def _tree(lines):
    root, stack = None, []
    for line in lines:
        found = LINE.match(line)
        if not found:
            raise Error(f"no content line: {line!r}")
        name, parameters, value = found.groups()
        if parameters:
            raise Error(f"an unexpected parameter: {line!r}")
        if name == "BEGIN":
            if root is not None and not stack:
                raise Error("two calendars")
            component = Component(value)
            if stack:
                stack[-1].children.append(component)
            else:
                root = component
            stack.append(component)
        elif name == "END":
            if not stack or stack.pop().name != value:
                raise Error(f"END:{value} without its BEGIN")
        elif not stack or name in stack[-1]:
            raise Error(f"outside of a component, or twice: {line!r}")
        else:
            stack[-1][name] = value
    if root is None or stack:
        raise Error("not closed")
    return root


def parse(raw):
    """The events of a calendar."""
    calendar = _tree(_lines(raw))
    if calendar.name != "VCALENDAR" or calendar["VERSION"] != "2.0" or not calendar["PRODID"]:
        raise Error("no calendar of version 2.0")
    uids = set()
    for event in calendar.children:
        if event.name != "VEVENT" or set(event) != ONCE:
            raise Error(f"members of {event.name}: {sorted(event)}")
        event["SUMMARY"], event["DESCRIPTION"] = text(event["SUMMARY"]), text(event["DESCRIPTION"])
        for name in ("DTSTAMP", "DTSTART", "DTEND"):
            event[name] = time(event[name])
        if event["DTEND"] <= event["DTSTART"] or event["UID"] in uids:
            raise Error(f"no length, or two of one UID: {event}")
        uids.add(event["UID"])
        for alarm in event.alarms:
            if (alarm["ACTION"] != "DISPLAY" or not text(alarm["DESCRIPTION"])
                    or not re.fullmatch(r"-?P(\d+D|T\d+[HMS])", alarm["TRIGGER"])):
                raise Error(f"alarm: {alarm}")
    return calendar.children
