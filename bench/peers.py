# SPDX-License-Identifier: Apache-2.0
"""What bench/run measures pintle against: OkHttp, curl, and the nginx they both talk to."""
import os
import platform
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import time
from pathlib import Path

HOST = "host000002.example.test"
JARS = ["/usr/share/java/okhttp.jar", "/usr/share/java/okio.jar"]


class CannotRun(Exception):
    """A benchmark could not run; the text says why."""


def need(programs):
    """Install the Debian packages of missing programs or files, if we may."""
    missing = sorted({package for what, package in programs.items()
                      if not (Path(what).exists() if what.startswith("/") else shutil.which(what))})
    if not missing:
        return
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if shutil.which("apt-get") is None or (prefix and shutil.which("sudo") is None):
        raise CannotRun(f"needs the Debian packages {' '.join(missing)}")
    done = subprocess.run([*prefix, "apt-get", "install", "-y", "--no-install-recommends",
                           *missing], env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise CannotRun(f"cannot install {' '.join(missing)}: {done.stdout[-1000:]}")


def make_chain(out):
    """A P-256 leaf under an RSA intermediate under an RSA root, as most public servers have."""
    out.mkdir(parents=True, exist_ok=True)
    if (out / "chain.pem").exists():
        return

    def openssl(*args):
        done = subprocess.run(["openssl", *args], cwd=out, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise CannotRun(f"openssl {args[0]}: {done.stdout[-1000:]}")

    def certificate(name, issuer, key, extensions):
        signed_by = ["-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key"] if issuer else []
        added = [word for e in extensions for word in ("-addext", e)]
        openssl("req", "-x509", "-newkey", *key, "-nodes", "-sha256", "-days", "3650", "-config",
                "/dev/null", "-subj", f"/O=pintle benchmark/CN={name}", "-keyout", f"{name}.key",
                "-out", f"{name}.pem", *signed_by, *added)
        openssl("x509", "-in", f"{name}.pem", "-outform", "DER", "-out", f"{name}.der")

    ca = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"]
    certificate("root", None, ["rsa:2048"], ca)
    certificate("int", "root", ["rsa:2048"], ca)
    certificate("leaf", "int", ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
                ["basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature",
                 "extendedKeyUsage=serverAuth", f"subjectAltName=DNS:{HOST}"])
    (out / "chain.pem").write_text((out / "leaf.pem").read_text() + (out / "int.pem").read_text())


def machine():
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""

    def first_line(*command):
        try:
            return subprocess.run(command, stdout=subprocess.PIPE, text=True).stdout.split("\n")[0]
        except OSError:
            return ""
    return {"architecture": platform.machine(), "cores": os.cpu_count(),
            "sha_instructions": " sha_ni" in flags or " sha2 " in flags,
            "openssl": first_line("openssl", "version"), "curl": first_line("curl", "--version")}


def row(name, values, unit, note, **target):
    return {"name": name, "value": statistics.median(values), "min": min(values),
            "max": max(values), "unit": unit, "note": note, **target}


# --- OkHttp ---------------------------------------------------------------------------------------

def _checks(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise CannotRun(f"{command[0]}: {done.stderr[-1000:]}")
    lines = (line.split() for line in done.stdout.splitlines())
    return {(int(hosts), pin): float(ns) for hosts, pin, ns in lines}


def okhttp_rows(ours, material, classes, runs=3):
    """CertificatePinner.check() and pintle in turn, `runs` processes each."""
    need({"javac": "default-jdk-headless", JARS[0]: "libokhttp-java", JARS[1]: "libokio-java"})
    classes.mkdir(parents=True, exist_ok=True)
    path = ":".join([*JARS, str(classes)])
    source = Path(__file__).resolve().parent / "OkHttpCheck.java"
    done = subprocess.run(["javac", "-cp", path, "-d", str(classes), str(source)],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise CannotRun(f"javac: {done.stdout[-1000:]}")
    pairs = [(_checks(["java", "-cp", path, "OkHttpCheck", str(material)]),
              _checks([str(ours), str(material)])) for _ in range(runs)]
    for case in pairs[0][1]:
        hosts, pin = case
        yield row(f"OkHttp / pintle, {hosts} hosts, {pin} pin",
                  [theirs[case] / mine[case] for theirs, mine in pairs], "x",
                  "times faster: host as text to verdict; CPU, JIT warm", at_least=1)
        yield row(f"OkHttp, {hosts} hosts, {pin} pin", [t[case] for t, _ in pairs], "ns", "")
        yield row(f"pintle, {hosts} hosts, {pin} pin", [m[case] for _, m in pairs], "ns", "")


# --- curl -----------------------------------------------------------------------------------------

class Nginx:
    """nginx on a free loopback port with the benchmark's chain; a context manager."""

    def __init__(self, material):
        need({"/usr/sbin/nginx": "nginx-light"})
        self.home = material / "nginx"
        self.home.mkdir(exist_ok=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        (self.home / "nginx.conf").write_text(f"""
daemon off;
worker_processes 1;
pid {self.home}/pid;
error_log {self.home}/error.log;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {self.home}; proxy_temp_path {self.home}; fastcgi_temp_path {self.home};
    uwsgi_temp_path {self.home}; scgi_temp_path {self.home};
    server {{
        listen 127.0.0.1:{self.port} ssl;
        ssl_certificate {material}/chain.pem;
        ssl_certificate_key {material}/leaf.key;
        keepalive_timeout 0;
        location / {{ return 200 "ok\\n"; }}
    }}
}}
""")

    def __enter__(self):
        self.process = subprocess.Popen(
            ["/usr/sbin/nginx", "-p", str(self.home), "-c", str(self.home / "nginx.conf"),
             "-e", str(self.home / "error.log")], stderr=subprocess.DEVNULL)
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
        self.__exit__()
        raise CannotRun(f"nginx did not start: {(self.home / 'error.log').read_text()[-500:]}")

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def _spend(command):
    """CPU and wall seconds of one process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise CannotRun(f"{command[0]} ended with {done.returncode}: {done.stderr.decode()[-500:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def cli_rows(pintle, material, rounds=10, processes=20):
    """`pintle fetch --pin` and `curl --pinnedpubkey`: rounds x processes of each, in turn."""
    need({"curl": "curl"})
    pin = subprocess.run([pintle, "pin", material / "leaf.pem"], stdout=subprocess.PIPE, text=True)
    found = re.search(r"sha256/(\S{44})", pin.stdout)
    if found is None:
        raise CannotRun("pintle pin printed no pin")
    with Nginx(material) as server:
        url, ca = f"https://{HOST}:{server.port}/", str(material / "root.pem")
        at = ["--resolve", f"{HOST}:{server.port}:127.0.0.1"]
        curl = ["curl", "-q", "-sS", "--cacert", ca, *at]
        commands = {
            "pintle": [str(pintle), "fetch", "--pin", found[0], "--ca", ca, *at, url],
            "curl": [*curl, "--pinnedpubkey", f"sha256//{found[1]}", url],
            "no pin": [*curl, url],
            "pintle start": [str(pintle), "version"],
            "curl start": ["curl", "-q", "--version"],
        }
        spent = {name: [] for name in commands}
        for command in commands.values():
            _spend(command)
        for _ in range(rounds):
            sums = {name: (0.0, 0.0) for name in commands}
            for _ in range(processes):
                for name, command in commands.items():
                    sums[name] = tuple(map(sum, zip(sums[name], _spend(command))))
            for name, both in sums.items():
                spent[name].append([1000 * s / processes for s in both])
    yield from _cli_report(spent)


def _cli_report(spent):
    def ratio(a, b, which):
        return [x[which] / y[which] for x, y in zip(spent[a], spent[b])]

    note = "200 processes each, one request, same CA file"
    yield row("pintle fetch --pin / curl --pinnedpubkey, CPU", ratio("pintle", "curl", 0), "x", note,
              target=1.05)
    yield row("pintle fetch --pin / curl --pinnedpubkey, wall", ratio("pintle", "curl", 1), "x",
              note)
    yield row("curl --pinnedpubkey / curl without, CPU", ratio("curl", "no pin", 0), "x", note)
    for name, says in (("pintle", "pintle fetch"), ("curl", "curl --pinnedpubkey"),
                       ("pintle start", "start only: pintle version"),
                       ("curl start", "start only: curl --version")):
        yield row(f"{says}, CPU", [s[0] for s in spent[name]], "ms", "one process")
        yield row(f"{says}, wall", [s[1] for s in spent[name]], "ms", "one process")
