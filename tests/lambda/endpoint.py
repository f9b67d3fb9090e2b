#!/usr/bin/env python3
"""EC2 over TLS, for one question: lists no instances, whatever is asked.

    endpoint.py ADDRESS PORT CERTIFICATE KEY

Prints "ready" when it listens.
"""

import ssl
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

ANSWER = (b'<?xml version="1.0" encoding="UTF-8"?>'
          b'<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
          b"<requestId>r-1</requestId><reservationSet/></DescribeInstancesResponse>")


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)


def main():
    address, port, certificate, key = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = HTTPServer((address, int(port)), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
