"""A Slack of our own on loopback: runs a command, and keeps the messages that it sends in slack.json."""
import http.server, json, os, subprocess, sys, threading

messages = []


class Slack(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slack)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_port}/services/T0CAFE/B0NIGHT/hook"
code = subprocess.call(sys.argv[1:], env={**os.environ, "SLACK_WEBHOOK_URL": address})
with open("slack.json", "w") as kept:
    for message in messages:
        kept.write(json.dumps(message, ensure_ascii=False, indent=1) + "\n")
sys.exit(code)
