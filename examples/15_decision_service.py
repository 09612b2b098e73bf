"""A decision service: POST a round's start and past needs, get haircuts; bounded, on record."""

import json
import tempfile
import threading
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import adlopt as adl

LOG = tempfile.mkdtemp() + "/log.jsonl"


class Decide(BaseHTTPRequestHandler):
    """Answers one request."""

    timeout = 5  # seconds for a slow client

    def do_POST(self):
        """Decide, or say what is wrong with the request."""
        try:
            asked = json.loads(self.rfile.read(min(int(self.headers["Content-Length"]), 10**7)))
            plan = adl.decide(adl.RoundStart(**asked.pop("start")), **asked, deadline=1.0)
            adl.write_decision(plan, LOG)
            code, body = 200, plan.to_dict()["haircut_usd"]
        except (ValueError, TypeError, adl.AdloptError) as error:
            code, body = 400, {"error": str(error)}
        self.wfile.write(f"HTTP/1.0 {code} \r\n\r\n{json.dumps(body)}".encode())


with ThreadingHTTPServer(("127.0.0.1", 0), Decide) as service:
    threading.Thread(target=service.serve_forever, daemon=True).start()
    for samples in ([20, 40, 60], []):
        start = {"account": ["ann", "bob"], "capacity": [120, 80], "deficit": 90}
        client = HTTPConnection("127.0.0.1", service.server_port, timeout=5)
        client.request("POST", "/", json.dumps({"start": start, "belief": samples}))
        print((answer := client.getresponse()).status, answer.read().decode())
    service.shutdown()
print(adl.audit(LOG).decisions, "decision on record")
