import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from verify import is_genuine

SECRET = os.environ["CHARTERO_WEBHOOK_SECRET"]
LONGEST = 65536  # bytes


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        if not 0 < length <= LONGEST:
            return self.answer(413)
        body = self.rfile.read(length)
        if not is_genuine(self.headers, body, SECRET):
            return self.answer(400)
        event = json.loads(body)
        print(event["id"], event["type"], flush=True)  # store it, then answer
        return self.answer(204)

    def answer(self, status):
        self.send_response(status)
        self.end_headers()


port = int(os.environ.get("PORT", "8010"))
ThreadingHTTPServer(("127.0.0.1", port), Receiver).serve_forever()
