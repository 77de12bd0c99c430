# SPDX-License-Identifier: Apache-2.0
"""How long `pintle export` and `pintle import` take for many rules, in every format there is."""
import base64
import hashlib
import json
import os
import subprocess

import peers

MANY, FEW, RUNS = 10_000, 1_000, 3
# Carries certificates: without those of all keys there is nothing to write.
NEEDS_CERTIFICATES = {"alamofire"}


def _pin(text):
    return {"spki": "sha256/" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode(), "at": "leaf"}


def _document(count):
    rules = [{"id": f"rule-{i}", "match": [("**." if i % 2 else "") + f"host{i:06}.example.com"],
              "pins": [_pin(f"a{i}"), _pin(f"b{i}")]} for i in range(count)]
    return json.dumps({"pintle": 1, "app": "com.example.bench", "version": 1, "issued": "2026-11-21T00:00:00Z",
                       "expires": "2036-11-21T00:00:00Z", "rules": rules})


def _cpu_s(command):
    """CPU time of a whole process, in seconds."""
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    error = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise peers.CannotRun(f"{' '.join(map(str, command))}: {error.decode(errors='replace')[-500:]}")
    return usage.ru_utime + usage.ru_stime


def _rows(name, command_for):
    times = {count: [_cpu_s(command_for(count)) for _ in range(RUNS)] for count in (FEW, MANY)}
    yield peers.row(f"{name}, 10 000 rules", times[MANY], "s", "CPU of the whole process", target=1)
    yield peers.row(f"{name}, 10 000 rules / 1 000 rules", [m / f for m, f in zip(times[MANY], times[FEW])], "x",
                    "10 would be linear", target=13)


def rows(pintle, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for count in (FEW, MANY):
        (folder / f"{count}.json").write_text(_document(count))
    told = subprocess.run([pintle, "export", "--to", "list", "--json"], stdout=subprocess.PIPE, check=True)
    for made in json.loads(told.stdout)["formats"]:
        name = made["name"]
        if made["one_host"] or name in NEEDS_CERTIFICATES or not made["export"]:
            continue
        yield from _rows(f"export to {name}", lambda count, name=name: [
            pintle, "export", "--to", name, "-q", "-p", folder / f"{count}.json", "-o", folder / f"{count}.{name}"])
        if made["import"]:
            yield from _rows(f"import from {name}", lambda count, name=name: [
                pintle, "import", "--from", name, "-q", folder / f"{count}.{name}", "-o", folder / f"{count}.out", "--force"])
