"""A mail server for one test: says its port, writes each mail that it takes as a line of JSON, ends with its standard input."""
import asyncio, base64, json, os, socket, ssl, sys, threading, types

from aiosmtpd.smtp import SMTP, AuthResult

options = json.loads(sys.argv[1])


class Box:
    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        answer = options["refuse"].get(address)
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def auth_XOAUTH2(self, server, args):
        said = base64.b64decode(args[1]).decode() if len(args) > 1 else ""
        if said == f"user=backup\x01auth=Bearer {options['token']}\x01\x01":
            return AuthResult(success=True, auth_data=types.SimpleNamespace(login=b"backup"))
        await server.push("334 " + base64.b64encode(b'{"status":"401"}').decode())
        await server._reader.readline()
        await server.push("535 5.7.8 Username and Password not accepted")
        return AuthResult(success=False, handled=True)

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        return responses

    async def handle_DATA(self, server, session, envelope):
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "content": base64.b64encode(envelope.content).decode(),
            "hello": session.host_name,
            "user": session.auth_data.login.decode() if session.auth_data else None,
            "encrypted": server.transport.get_extra_info("ssl_object") is not None,
        }
        print(json.dumps(mail), flush=True)
        return "250 queued"


def authenticate(server, session, envelope, mechanism, auth_data):
    good = auth_data.login == b"backup" and auth_data.password == options["password"].encode()
    return AuthResult(success=good, handled=False, auth_data=auth_data)


def context():
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(options["cert"], options["key"])
    return tls


def conversation():
    starttls = options["tls"] == "starttls"
    return SMTP(
        Box(),
        hostname="mail.test",
        tls_context=context() if starttls else None,
        authenticator=authenticate,
        auth_required=options["auth_required"],
        # Behind implicit TLS the server does not know that it is encrypted.
        auth_require_tls=starttls,
        auth_exclude_mechanism=options["without"],
        enable_SMTPUTF8=False,
    )


async def main():
    listener = socket.create_server(("127.0.0.1", 0))
    tls = context() if options["tls"] == "implicit" else None
    server = await asyncio.get_running_loop().create_server(conversation, sock=listener, ssl=tls)
    print(listener.getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


def end_with_the_test():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_the_test, daemon=True).start()
asyncio.run(main())
