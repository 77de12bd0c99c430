# SPDX-License-Identifier: Apache-2.0
"""Servers for tests on loopback, good ones and hostile ones, each on a random port.

Every server is a context manager and has .port; stop() ends it. Those in threads keep what they
were sent: .received is every byte of application data, .connections how often somebody came.
"""
import contextlib
import hashlib
import http.server
import json
import pathlib
import random
import re
import shutil
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time
import urllib.parse

from cryptography import x509

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"


def free_port(host="127.0.0.1"):
    """A port nobody listens on, below those that the kernel gives to others meanwhile."""
    while True:
        port = random.randint(20000, 32000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((host, port))
            return port


def context(*certificates, client_ca=None, weak=False):
    """A server's TLS context from Certificates with their chains; weak: of any strength."""
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if weak:
        ctx.set_ciphers("DEFAULT:@SECLEVEL=0")
    with tempfile.TemporaryDirectory() as folder:
        for certificate in certificates:
            chain = certificate.write(pathlib.Path(folder) / "chain.pem", chain=True)
            key = certificate.write_key(pathlib.Path(folder) / "key.pem")
            ctx.load_cert_chain(chain, key)
        if client_ca is not None:
            ctx.verify_mode = ssl.CERT_REQUIRED
            ctx.load_verify_locations(cadata=client_ca.pem)
    return ctx


# --- in threads ------------------------------------------------------------------------------


class Server:
    """Runs serve(socket) for each connection in a thread of its own."""

    def __init__(self, host="127.0.0.1"):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listener = socket.create_server((host, 0), family=family, backlog=64)
        self.host, self.port = self.listener.getsockname()[:2]
        self.received = b""
        self.connections = 0
        self.errors = []
        self.over = threading.Event()
        self.lock = threading.Lock()
        self.open = set()
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def _accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._run, args=(peer,), daemon=True).start()

    def _run(self, peer):
        with self.lock:
            self.open.add(peer)
        try:
            peer.settimeout(30)
            self.serve(peer)
        except (OSError, ssl.SSLError, ValueError) as error:
            self.errors.append(error)
        finally:
            with self.lock:
                self.open.discard(peer)
            with contextlib.suppress(OSError):
                peer.close()

    def serve(self, peer):
        raise NotImplementedError

    def keep(self, data):
        with self.lock:
            self.received += data

    def stop(self):
        self.over.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.lock:
            peers = list(self.open)
        for peer in peers:
            with contextlib.suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def address(self):
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Tls(Server):
    """Greets with `greeting`, then answers what it reads with answer(data)."""

    def __init__(self, ctx, greeting=b"", answer=lambda data: data, host="127.0.0.1"):
        self.ctx, self.greeting, self.answer = ctx, greeting, answer
        super().__init__(host)

    def serve(self, peer):
        with self.ctx.wrap_socket(peer, server_side=True) as tls:
            self.talk(tls)

    def talk(self, tls):
        if self.greeting:
            tls.sendall(self.greeting)
        while data := tls.recv(65536):
            self.keep(data)
            tls.sendall(self.answer(data))
        with contextlib.suppress(OSError, ssl.SSLError):
            tls.unwrap()


class Script(Server):
    """A server that does what a function does with the bare socket: script(server, peer)."""

    def __init__(self, script, host="127.0.0.1"):
        self.script = script
        super().__init__(host)

    def serve(self, peer):
        self.script(self, peer)


def silent(server, peer):
    """Accepts and says nothing."""
    del peer
    server.over.wait(60)


def dripping(server, peer):
    """The beginning of a TLS record, a byte now and then."""
    for byte in b"\x16\x03\x03\x40\x00" + bytes(16384):
        peer.sendall(bytes([byte]))
        if server.over.wait(0.2):
            return


def closing(server, peer):
    """Takes the ClientHello and hangs up."""
    del server
    peer.recv(65536)


def plain_http(server, peer):
    """Speaks HTTP on the TLS port."""
    server.keep(peer.recv(65536))
    peer.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def flooding(ctx):
    """Sends and sends while it reads nothing, until the other side has sent 'stop'."""
    def script(server, peer):
        with ctx.wrap_socket(peer, server_side=True) as tls:
            for _ in range(256):
                tls.sendall(bytes(65536))
            while data := tls.recv(65536):
                server.keep(data)
            with contextlib.suppress(OSError, ssl.SSLError):
                tls.unwrap()
    return script


def cutting(ctx, text):
    """Sends `text` and cuts the connection without close_notify."""
    def script(server, peer):
        tls = ctx.wrap_socket(peer, server_side=True)
        server.keep(tls.recv(65536))
        tls.sendall(text)
        with socket.socket(fileno=tls.detach()) as bare:
            bare.shutdown(socket.SHUT_WR)
            while bare.recv(65536):
                pass
    return script


# --- STARTTLS --------------------------------------------------------------------------------


class _Line:
    def __init__(self, peer):
        self.peer = peer

    def read(self):
        line = b""
        while not line.endswith(b"\n"):
            byte = self.peer.recv(1)
            if not byte:
                raise OSError("hung up")
            line += byte
        return line

    def say(self, text):
        self.peer.sendall(text)


# Each returns the server's last words in plain text.

def _smtp(line, how):
    line.say(b"220-mail.example.com\r\n220 ready\r\n")
    line.read()
    offer = b"" if how == "stripped" else b"250-STARTTLS\r\n"
    line.say(b"250-mail.example.com\r\n" + offer + b"250 HELP\r\n")
    line.read()
    return b"454 no\r\n" if how == "refused" else b"220 go\r\n"


def _imap(line, how):
    line.say(b"* OK ready\r\n")
    tag = line.read().split()[0]
    return tag + (b" NO not now\r\n" if how == "refused" else b" OK begin\r\n")


def _pop3(line, how):
    line.say(b"+OK ready\r\n")
    line.read()
    return b"-ERR no\r\n" if how == "refused" else b"+OK begin\r\n"


def _ftp(line, how):
    line.say(b"220 ready\r\n")
    line.read()
    return b"502 no\r\n" if how == "refused" else b"234 go\r\n"


def _postgres(line, how):
    line.peer.recv(8)
    return b"N" if how == "refused" else b"S"


PRELUDES = {"smtp": _smtp, "imap": _imap, "pop3": _pop3, "ftp": _ftp, "postgres": _postgres}


class Starttls(Tls):
    """how: None, "refused", "stripped" (smtp), or "injected": plain text behind the go-ahead."""

    def __init__(self, protocol, ctx, how=None, **options):
        self.protocol, self.how = protocol, how
        super().__init__(ctx, **options)

    def serve(self, peer):
        line = _Line(peer)
        last = PRELUDES[self.protocol](line, self.how)
        line.say(last + (b"RSET\r\n" if self.how == "injected" else b""))
        super().serve(peer)


# --- HTTP ------------------------------------------------------------------------------------


class _Handler(http.server.BaseHTTPRequestHandler):
    """
    /echo               the request, as JSON
    /redirect?to=&code=302
    /status?code=&body=
    /flaky?fail=2       503 so many times, then 200
    /bytes?n=
    /cut?n=             promises twice as many bytes as it sends
    /hang               answers the header and half the body, then waits
    /type               sends an odd header
    /with               sends the server's `extra` headers
    /goto?to=           both: elsewhere, with those headers
    """
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def setup(self):
        self.request = self.server.wrap(self.request)
        super().setup()

    def finish(self):
        super().finish()
        with contextlib.suppress(OSError, ssl.SSLError, ValueError):
            self.request.unwrap()

    def body(self):
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            data = b""
            while size := int(self.rfile.readline(), 16):
                data += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return data
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(self, body, code=200, headers=()):
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle_any(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        body = self.body()
        seen = {"method": self.command, "path": self.path, "body": body.decode("latin-1"),
                "headers": {name.lower(): value for name, value in self.headers.items()},
                "peer": self.client_address[1]}
        with self.server.guard:
            self.server.requests.append(seen)
        getattr(self, "path_" + url.path.strip("/").replace("/", "_"), self.path_missing)(
            query, seen)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = handle_any

    def path_missing(self, *_):
        self.answer(b"nothing here\n", 404)

    def path_echo(self, query, seen):
        del query
        self.answer(json.dumps(seen).encode(), headers=[("Content-Type", "application/json")])

    def path_redirect(self, query, _):
        self.answer(b"elsewhere\n", int(query.get("code", 302)), [("Location", query["to"])])

    def path_status(self, query, _):
        self.answer(query.get("body", "").encode(), int(query["code"]))

    def path_flaky(self, query, _):
        with self.server.guard:
            self.server.flaky += 1
            count = self.server.flaky
        self.answer(b"made it\n" if count > int(query["fail"]) else b"not yet\n",
                    200 if count > int(query["fail"]) else 503)

    def path_bytes(self, query, _):
        self.answer(bytes(range(256)) * (int(query["n"]) // 256))

    def path_cut(self, query, _):
        count = int(query["n"])
        self.send_response(200)
        self.send_header("Content-Length", str(2 * count))
        self.end_headers()
        self.wfile.write(bytes(count))
        self.close_connection = True

    def path_hang(self, *_):
        self.send_response(200)
        self.send_header("Content-Length", "2000")
        self.end_headers()
        self.wfile.write(bytes(1000))
        self.wfile.flush()
        self.server.hung.set()
        self.server.over.wait(60)

    def path_type(self, *_):
        self.answer(b"typed\n", headers=[("X-Odd", "a\tb"), ("Content-Type", "text/plain")])


    def path_with(self, *_):
        self.answer(b"with headers\n", headers=self.server.extra)

    def path_goto(self, query, _):
        self.answer(b"elsewhere\n", 302, [("Location", query["to"]), *self.server.extra])


class Https(http.server.ThreadingHTTPServer):
    """An HTTP/1.1 server over TLS, or without it when ctx is None. .requests: what it was asked.
    .ctx and .extra (headers) may be changed between requests."""
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    handler = _Handler

    def __init__(self, ctx, host="127.0.0.1"):
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, 0), self.handler)
        self.ctx = ctx
        self.port = self.server_address[1]
        self.host = host
        self.requests, self.flaky, self.refused, self.extra = [], 0, 0, []
        self.guard, self.over, self.hung = threading.Lock(), threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def wrap(self, peer):
        peer.settimeout(30)
        if self.ctx is None:
            return peer
        return self.ctx.wrap_socket(peer, server_side=True)

    def handle_error(self, *_):
        self.refused += 1

    def stop(self):
        self.over.set()
        self.shutdown()
        self.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def address(self):
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def url(self, host, path="/echo"):
        return f"https://{host}:{self.port}{path}"


class _FolderHandler(_Handler):
    def handle_any(self):
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path).lstrip("/")
        body = self.body()
        with self.server.guard:
            self.server.requests.append((self.command, path, dict(self.headers.items())))
        hook = self.server.hooks.get(path, self.server.hooks.get("*"))
        if hook is not None:
            hook(self, path, body)
        else:
            self.serve_file(path)

    do_GET = do_POST = handle_any

    def serve_file(self, path, _=b""):
        """A file of the folder, with an ETag, 304 and single ranges."""
        file = self.server.folder / path
        if not path or not file.is_file():
            self.answer(b"nothing here\n", 404)
            return
        data = file.read_bytes()
        tag = '"%s"' % hashlib.sha256(data).hexdigest()[:16]
        if self.headers.get("If-None-Match") == tag:
            self.send_response(304)
            self.send_header("ETag", tag)
            self.end_headers()
            return
        part = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if part and self.headers.get("If-Range", tag) == tag and int(part[1]) < len(data):
            start = int(part[1])
            self.answer(data[start:], 206, [("ETag", tag), (
                "Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")])
            return
        self.answer(data, 200, [("ETag", tag)])


class Folder(Https):
    """
    Serves the files of a folder. .requests: (method, path, headers). .hooks: {path or "*": function},
    called with (handler, path, body) instead of serving that file; handler.answer() and
    handler.serve_file() are there for it.
    """
    handler = _FolderHandler

    def __init__(self, folder, ctx=None, host="127.0.0.1"):
        self.folder, self.hooks = pathlib.Path(folder), {}
        super().__init__(ctx, host)

    @property
    def base(self):
        return f"{'http' if self.ctx is None else 'https'}://{self.address}"


def answer_with(code, body=b"", headers=()):
    """A hook: always this answer."""
    return lambda handler, path, _: handler.answer(body, code, headers)


def redirect_to(where):
    return answer_with(302, b"elsewhere\n", [("Location", where)])


def drip(handler, path, _):
    """A hook: a byte of the file now and then."""
    del path
    handler.send_response(200)
    handler.send_header("Content-Length", "4000")
    handler.end_headers()
    with contextlib.suppress(OSError):
        for _ in range(4000):
            handler.wfile.write(b"{")
            handler.wfile.flush()
            if handler.server.over.wait(0.2):
                return


def endless(handler, path, _):
    """A hook: a body that does not end."""
    del path
    handler.send_response(200)
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.close_connection = True
    with contextlib.suppress(OSError):
        while not handler.server.over.is_set():
            handler.wfile.write(b" " * 65536)


def cut_once(share=2):
    """A hook: the first answer breaks off after a part of the file; later ones are whole."""
    cut = []

    def hook(handler, path, _):
        data = (handler.server.folder / path).read_bytes()
        if cut:
            handler.serve_file(path)
            return
        cut.append(path)
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data)))
        handler.send_header("ETag", '"%s"' % hashlib.sha256(data).hexdigest()[:16])
        handler.end_headers()
        handler.wfile.write(data[:len(data) // share])
        handler.close_connection = True
    return hook


class Nginx:
    """Debian's nginx with HTTP/2, and both an RSA and an ECDSA chain if given both."""

    CONFIG = """
        daemon off; master_process off; pid {dir}/pid; error_log {dir}/error.log notice;
        events {{ worker_connections 64; }}
        http {{
          access_log {dir}/access.log combined;
          client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy;
          fastcgi_temp_path {dir}/fastcgi; uwsgi_temp_path {dir}/uwsgi; scgi_temp_path {dir}/scgi;
          server {{
            {listens}
            ssl_protocols TLSv1.2 TLSv1.3;
            {chains}
            root {dir}/www;
          }}
        }}
    """

    def __init__(self, *certificates, hosts=("127.0.0.1",), port=None):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="pintle-nginx-"))
        self.hosts = hosts
        (self.dir / "www").mkdir()
        (self.dir / "www/index.html").write_text("hello from nginx\n")
        self.process = None
        for _ in range(5):
            self.port = port or free_port()
            if self._start(certificates):
                return
        log = (self.dir / "error.log").read_text()
        self.stop()
        raise RuntimeError(f"nginx does not start: {log}")

    def _start(self, certificates):
        chains = ""
        for index, certificate in enumerate(certificates):
            chain = certificate.write(self.dir / f"chain{index}.pem", chain=True)
            key = certificate.write_key(self.dir / f"key{index}.pem")
            chains += f"ssl_certificate {chain}; ssl_certificate_key {key};\n"
        listens = "".join(f"listen {host}:{self.port} ssl http2;\n" for host in self.hosts)
        config = self.dir / "nginx.conf"
        config.write_text(self.CONFIG.format(dir=self.dir, listens=listens, chains=chains))
        self.process = subprocess.Popen(
            [NGINX, "-p", str(self.dir), "-c", str(config), "-e", str(self.dir / "error.log")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            if self.process.poll() is not None:
                return False
            if (self.dir / "pid").exists():  # written once it listens
                return True
            time.sleep(0.02)
        self.process.kill()
        self.process.wait(10)
        return False

    @property
    def address(self):
        return f"{self.hosts[0]}:{self.port}"

    @property
    def requests(self):
        return (self.dir / "access.log").read_text().splitlines()

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def big_certificate(authority, host, kib=64):
    """A certificate of about so many KiB, by an extension nobody knows."""
    extension = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.1"),
                                           b"\x04\x83" + struct.pack(">I", kib * 1024)[1:]
                                           + bytes(kib * 1024))
    return authority.issue(host, extra=[extension])
