#!/usr/bin/env python3
"""The network that the hosts of `./dev boot-test` stand in: what EC2's would give them, and nothing else.

cloud.py SETTINGS, a JSON object (Cloud says its keys). It makes a network namespace with a bridge,
`wire`, and serves there what a machine in EC2 finds: DHCP and names (dnsmasq), the metadata service at
169.254.169.254, which knows a machine by its address, and behind TLS the service
(https://api.boot.test), GitHub (https://github.boot.test) and a mirror of the runner
(https://mirror.boot.test). There is no other way out. On the loopback of its own side it puts itself
between the service and GitHub. On both sides it can do harm: FAULTS.

Prints "ready FD PORT": its descriptor of the namespace, and the port where the service finds GitHub. All
of it ends with this process.
"""
import ctypes
import email.utils
import http.client
import http.server
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time

FAULTS = {
    "api-gone": "nobody listens where the service should be",
    "clock-wrong": "the service's clock is an hour ahead of the machine's",
    "archive-cut": "the runner's archive breaks off in the middle, the first time",
    "archive-wrong": "the runner's archive is another one",
    "runner-too-old": "GitHub refuses the runner's version when it connects",
    "jit-409": "GitHub says that a runner of each new name exists already",
    "jit-401": "GitHub no longer knows the service's token when it wants a runner",
}
CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG, SIGKILL = 1, 9
GATEWAY, GITHUB, MIRROR, IMDS = "10.0.0.1", "10.0.0.2", "10.0.0.3", "169.254.169.254"
libc = ctypes.CDLL(None, use_errno=True)


def must(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


class Server(http.server.ThreadingHTTPServer):
    """One listener. `route` says where a request goes and what is done to it."""

    request_queue_size = 100
    daemon_threads = True

    def __init__(self, address, route, context=None):
        super().__init__(address, Handler)
        self.route = route
        self.context = context

    def finish_request(self, request, client_address):
        if self.context:
            request.settimeout(30)
            request = self.context.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def send_response(self, code, message=None):
        self.send_response_only(code, message)  # the headers are those of who really answers

    def handle_request(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.server.route(self, self.rfile.read(length))

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = handle_request

    def answer(self, status, headers, body):
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def ask(self, port, path, body, secure=False):
        """The real answer of 127.0.0.1:port: (status, headers, body)."""
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        options = {"context": ssl._create_unverified_context()} if secure else {}
        connection = kind("127.0.0.1", port, timeout=60, **options)
        try:
            headers = {name: value for name, value in self.headers.items()
                       if name.lower() != "connection"}
            connection.request(self.command, path, body or None, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()


class Cloud:
    """Settings: aws_port, github_port, api_port (on our loopback), hosts (a folder: in the file INSTANCE,
    "MAC,ADDRESS"), tls (a folder with certificate.pem and key.pem), mirror (a folder that is served, or
    ""), faults (a list)."""

    def __init__(self, settings):
        self.settings = settings
        self.faults = set(settings["faults"])
        assert self.faults <= set(FAULTS), self.faults
        self.cuts = 0
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(f"{settings['tls']}/certificate.pem",
                                     f"{settings['tls']}/key.pem")

    # --- what is answered

    def instance_of(self, address):
        folder = self.settings["hosts"]
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), encoding="ascii") as line:
                if line.read().strip().endswith("," + address):
                    return name
        return "nobody"

    def imds(self, call, body):
        prefix = "/imds/" + self.instance_of(call.client_address[0])
        call.answer(*call.ask(self.settings["aws_port"], prefix + call.path, body))

    def api(self, call, body):
        status, headers, answer = call.ask(self.settings["api_port"], call.path, body, True)
        headers = [(name, value) for name, value in headers if name.lower() != "date"]
        ahead = email.utils.formatdate(time.time() + 3600, usegmt=True)
        call.answer(status, headers + [("Date", ahead)], answer)

    def github(self, call, body):
        if call.path == "/_runner/session" and "runner-too-old" in self.faults:
            told = b'{"message":"Runner version v2.300.0 is deprecated and cannot receive messages."}'
            return call.answer(403, [("Content-Type", "application/json")], told)
        status, headers, answer = call.ask(self.settings["github_port"], call.path, body)
        if "/_download/" in call.path:
            return self.archive(call, headers, answer)
        return call.answer(status, headers, answer)

    def archive(self, call, headers, data):
        if "archive-wrong" in self.faults:
            data = data[:-1] + bytes([data[-1] ^ 1])
        asked = call.headers.get("Range", "")
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        if start >= len(data):
            return call.answer(416, [("Content-Range", f"bytes */{len(data)}")], b"")
        if start:
            headers = headers + [("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")]
        if "archive-cut" in self.faults and not self.cuts:
            self.cuts += 1
            call.send_response(200)
            call.send_header("Content-Length", str(len(data)))
            call.end_headers()
            call.wfile.write(data[:len(data) // 2])
            call.close_connection = True
            return None
        return call.answer(206 if start else 200, headers, data[start:])

    def mirror(self, call, body):
        del body
        file = os.path.join(self.settings["mirror"], os.path.basename(call.path))
        if not self.settings["mirror"] or not os.path.isfile(file):
            return call.answer(404, [], b"")
        with open(file, "rb") as data:
            return self.archive(call, [("Content-Type", "application/gzip")], data.read())

    def github_for_service(self, call, body):
        if call.path.endswith("/generate-jitconfig"):
            if "jit-409" in self.faults:
                told = b'{"message":"Already exists - A runner with the name *** already exists."}'
                return call.answer(409, [("Content-Type", "application/json")], told)
            if "jit-401" in self.faults:
                told = b'{"message":"Bad credentials"}'
                return call.answer(401, [("Content-Type", "application/json")], told)
        return call.answer(*call.ask(self.settings["github_port"], call.path, body))

    def pass_on(self, listener):
        """The service's own TLS, byte for byte."""
        while True:
            near, _ = listener.accept()
            threading.Thread(target=self.pass_one, args=(near,), daemon=True).start()

    def pass_one(self, near):
        try:
            far = socket.create_connection(("127.0.0.1", self.settings["api_port"]), 10)
        except OSError:
            near.close()
            return
        far.settimeout(None)
        for one, other in ((near, far), (far, near)):
            threading.Thread(target=pump, args=(one, other), daemon=True).start()

    # --- where

    def open(self):
        """Makes the namespace and what listens in it; leaves us outside of it."""
        ours = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        must(libc.unshare(CLONE_NEWNET))
        wire = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            for command in ("link set lo up", "link add wire type bridge stp_state 0 forward_delay 0",
                            f"addr add {GATEWAY}/16 dev wire", f"addr add {GITHUB}/16 dev wire",
                            f"addr add {MIRROR}/16 dev wire", f"addr add {IMDS}/32 dev wire",
                            "link set wire up"):
                subprocess.run(["ip", *command.split()], check=True)
            self.start_dnsmasq()
            starts = self.listeners()
        finally:
            must(libc.setns(ours, CLONE_NEWNET))
        # A thread is where its maker is: these have to reach our own loopback.
        for start in starts:
            threading.Thread(target=start, daemon=True).start()
        return wire

    def listeners(self):
        servers = [Server((IMDS, 80), self.imds), Server((GITHUB, 443), self.github, self.context),
                   Server((MIRROR, 443), self.mirror, self.context)]
        if "clock-wrong" in self.faults:
            servers.append(Server((GATEWAY, 443), self.api, self.context))
        starts = [server.serve_forever for server in servers]
        if not self.faults & {"clock-wrong", "api-gone"}:
            listener = socket.create_server((GATEWAY, 443), backlog=100)
            starts.append(lambda: self.pass_on(listener))
        return starts

    def start_dnsmasq(self):
        subprocess.Popen(
            ["dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--interface=wire",
             "--bind-interfaces", "--no-resolv", "--no-hosts", "--no-ping",
             "--pid-file=", "--leasefile-ro", "--dhcp-authoritative", "--dhcp-ignore-clid",
             "--dhcp-range=10.0.0.0,static,255.255.0.0,1h",
             f"--dhcp-hostsdir={self.settings['hosts']}", f"--address=/api.boot.test/{GATEWAY}",
             f"--address=/github.boot.test/{GITHUB}", f"--address=/mirror.boot.test/{MIRROR}"],
            stdin=subprocess.DEVNULL, stdout=sys.stderr,
            preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, SIGKILL))


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        for end in (source, sink):
            end.close()


def main():
    must(libc.prctl(PR_SET_PDEATHSIG, SIGKILL))
    cloud = Cloud(json.loads(sys.argv[1]))
    wire = cloud.open()
    between = Server(("127.0.0.1", 0), cloud.github_for_service)
    threading.Thread(target=between.serve_forever, daemon=True).start()
    print("ready", wire, between.server_port, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
