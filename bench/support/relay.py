"""What the proxies of the benches have in common: a request goes on as it came, Host included, which the
signature covers, and the answer comes back as it was."""
import http.server


class Relay(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def body(self):
        return self.rfile.read(int(self.headers["Content-Length"] or 0))

    def pass_on(self, upstream, body):
        """(status, headers, content), over this connection."""
        upstream.request(self.command, self.path, body, dict(self.headers.items()))
        answer = upstream.getresponse()
        return answer.status, answer.getheaders(), answer.read()

    def reply(self, status, headers, content):
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
