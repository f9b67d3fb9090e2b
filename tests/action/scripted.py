"""A service that answers as a test tells it to, and remembers what it was asked."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LEASE = {"id": "l-00000000000000000001", "architecture": "x86_64", "state": "online",
         "runs_on": ["mayfly-7-x86_64", "arch_x86_64"],
         "status_url": "https://mayfly.example.org/v1/leases/l-00000000000000000001"}


def lease(**changes):
    return {**LEASE, **changes}


def leases(*all_of_them, status=201):
    return status, {}, json.dumps({"leases": list(all_of_them) or [lease()]})


def shown(**changes):
    return 200, {}, json.dumps(lease(**changes))


def problem(status, code, detail="why", remedy="what to do", **headers):
    document = {"type": "urn:mayfly:error:" + code, "status": status, "code": code,
                "detail": detail, "remedy": remedy}
    return status, {"Content-Type": "application/problem+json", **headers}, json.dumps(document)


LOST = None  # the connection ends without an answer


class Scripted:
    """answers: for POST and GET and DELETE, each a list; the last one of a list is repeated."""

    def __init__(self, **answers):
        self.asked = []
        scripts = {method: list(answers.get(method, [])) for method in ("POST", "GET", "DELETE")}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                size = int(self.headers.get("Content-Length", 0))
                body = self.rfile.read(size).decode()
                outer.asked.append((self.command, self.path, body))
                script = scripts[self.command]
                given = script.pop(0) if len(script) > 1 else script[0]
                if given is LOST:
                    self.close_connection = True
                    return
                status, headers, text = given
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **headers}.items():
                    self.send_header(name, value)
                raw = text.encode("utf-8", "surrogateescape")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            do_POST = do_GET = do_DELETE = answer

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def count(self, method):
        return sum(1 for asked in self.asked if asked[0] == method)
