--- What the module `http` promises, over servers in memory.
local api = "https://api.example"

describe("http.get #simulated", function()
  it("gives status, headers, body", function()
    local answer = http.get(api .. "/hello")
    expect(answer.status).to_be(200)
    expect(answer.body).to_be("hello")
    expect(answer.headers["x-kind"]).to_be("greeting")
    expect(requested()).to_equal { { method = "GET", url = api .. "/hello", headers = {}, body = "" } }
  end)

  it("reads an answer as JSON, and says when it is none", function()
    local answer = http.get(api .. "/json")
    expect(answer.json()).to_equal { rows = { 1, 2 } }
    expect(answer:json()).to_equal { rows = { 1, 2 } }
    expect(function() http.get(api .. "/hello").json() end)
      .to_raise { kind = "integrity", message = "the answer to `GET https://api.example/hello` is not JSON" }
  end)

  it("gives the members that are secrets as handles", function()
    local found = http.get(api .. "/exports", { secrets = { "url" } }).json()
    expect(found[1].id).to_be("exp-1")
    expect(tostring(found[1].url)).to_be("********")
    expect(function() http.get(found[1].url) end).to_raise("nothing answers `GET https://files.example/********` in this world")
    expect(type(http.get(api .. "/exports").json()[1].url)).to_be("string")
  end)

  it("sends a token, and shows it to nobody", function()
    http.get(api .. "/hello", { bearer = server().password })
    expect(requested()[1].headers.authorization).to_be("********")
  end)

  it("adds values to the query, and hides what is secret in it", function()
    expect(function() http.get(api .. "/none", { query = { q = "a b&c", n = 3, all = true, id = server().password } }) end)
      .to_raise { kind = "not_found", message = "q=a+b%26c", hint = "spec's world" }
    expect(function() http.get(api .. "/none", { query = { id = server().password } }) end).to_raise("id=********")
  end)

  it("takes the statuses that are expected, and no other", function()
    expect(http.get(api .. "/created").status).to_be(201)
    expect(http.get(api .. "/empty").body).to_be("")
    expect(http.get(api .. "/missing", { expect = { 200, 404 } }).status).to_be(404)
    expect(function() http.get(api .. "/hello", { expect = { 201 } }) end).to_raise("was answered with 200 OK")
    expect(function() http.get(api .. "/hello", { expect = { 42 } }) end).to_raise("`expect` holds `42`")
  end)

  it("raises for a bad status, with its kind and what the server said", function()
    expect(function() http.get(api .. "/denied") end).to_raise {
      kind = "denied",
      message = "`GET https://api.example/denied` was answered with 403 Forbidden: <html>you may not</html>",
      hint = "does not allow it",
    }
    expect(function() http.get(api .. "/missing") end).to_raise { kind = "not_found", hint = "check the address" }
  end)

  it("tries again what may get better, after growing pauses", function()
    local begun = clock.elapsed()
    expect(http.get(api .. "/flaky").body).to_be("at last")
    expect(#requested()).to_be(3)
    expect(clock.elapsed() - begun > 0.7).to_be_true()
    expect(function() http.get(api .. "/down", { retries = 1 }) end)
      .to_raise { kind = "network", message = "`GET https://api.example/down` failed 2 times" }
    expect(function() http.get(api .. "/down", { retries = 99 }) end).to_raise("`retries` must be from 0 to 10")
  end)

  it("waits as long as the server asks", function()
    local begun = clock.elapsed()
    expect(http.get(api .. "/busy").body).to_be("thanks")
    expect(clock.elapsed() - begun >= 7).to_be_true()
  end)

  it("ends by its limits", function()
    local begun = clock.elapsed()
    expect(function() http.get(api .. "/hangs", { timeout = "45s", idle_timeout = "20s", retries = 0 }) end)
      .to_raise { kind = "timeout", message = "moved no byte for 20s", hint = "idle_timeout" }
    expect(clock.elapsed() - begun).to_be(20.0)
    expect(function() http.get(api .. "/hangs") end).to_raise { kind = "timeout" }
    expect(clock.elapsed() - begun <= 140).to_be_true()
  end)

  it("follows redirects", function()
    expect(http.get(api .. "/away").body).to_be("moved")
    expect(http.get(api .. "/away", { expect = { 302 } }).headers.location).to_be("https://other.example/here")
  end)

  it("cuts off an answer that is too long for a text", function()
    expect(function() http.get(api .. "/big") end)
      .to_raise { kind = "space", message = "is longer than 1.0 MB", hint = "http.download" }
    expect(function() http.get(api .. "/hello", { max_bytes = 4 }) end).to_raise { kind = "space", message = "longer than 4 B" }
    expect(function() http.get(api .. "/hello", { max_bytes = 1 << 30 }) end).to_raise { kind = "space" }
  end)

  it("tells what is declared where nothing answers", function()
    expect(function() http.get(api .. "/helo") end).to_raise {
      kind = "not_found",
      message = "nothing answers `GET https://api.example/helo` in this world",
      hint = "did you mean `GET https://api.example/hello`?",
    }
  end)

  it("refuses what is no url, or more than one line", function()
    expect(function() http.get("api.example/hello") end).to_raise { kind = "recipe", message = "cannot be used as a url" }
    expect(function() http.get("ftp://api.example/hello") end).to_raise("only `http` and `https` are spoken")
    expect(function() http.get(api .. "/hello\r\nX: y") end).to_raise("a line break or a control character")
    expect(function() http.get(api .. "/hello", { headers = { ["X-A"] = "1\nX-B: 2" } }) end)
      .to_raise { kind = "recipe", message = "the header `X-A` holds a line break" }
    expect(#requested()).to_be(0)
  end)
end)

describe("http.post #simulated", function()
  it("sends a table as JSON, a form, or a text", function()
    http.post(api .. "/created", { json = { text = "三", list = { 1, 2.5, true }, deep = { a = "b" } } })
    http.post(api .. "/created", { form = { b = "x y", a = 1 } })
    http.post(api .. "/created", { body = "plain" })
    http.post(api .. "/created", { body = "<a/>", headers = { ["content-type"] = "text/xml" } })
    local bodies, types = {}, {}
    for _i, request in ipairs(requested()) do
      bodies[#bodies + 1], types[#types + 1] = request.body, request.headers["content-type"]
    end
    expect(bodies).to_equal { '{"deep":{"a":"b"},"list":[1,2.5,true],"text":"三"}', "a=1&b=x+y", "plain", "<a/>" }
    expect(types).to_equal { "application/json", "application/x-www-form-urlencoded", "text/plain; charset=utf-8", "text/xml" }
    expect(function() http.post(api .. "/created", { json = {}, body = "x" }) end).to_raise("a request has one body")
    expect(function() http.post(api .. "/created", { form = { a = {} } }) end).to_raise("`a` must be a text")
  end)

  it("sends once, unless twice is safe", function()
    expect(function() http.post(api .. "/flaky", { json = {} }) end).to_raise("answered with 500")
    expect(#requested()).to_be(1)
    expect(http.post(api .. "/flaky", { json = {}, retry = true }).body).to_be("at last")
    http.post(api .. "/created", { idempotency = "run-1" })
    expect(requested()[4].headers["idempotency-key"]).to_be("run-1")
  end)

  it("signs the body as GitHub does", function()
    local options = { body = "Hello, World!", sign = { key = secret "It's a Secret to Everybody", header = "X-Hub-Signature-256" } }
    http.post(api .. "/created", options)
    expect(requested()[1].headers["x-hub-signature-256"])
      .to_be("sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")
    expect(function() http.post(api .. "/created", { sign = { key = "k" } }) end).to_raise("header")
    expect(function() http.post(api .. "/created", { sign = { key = "k", header = "a b" } }) end).to_raise("has no valid name")
  end)

  it("sends secrets and shows none", function()
    local secret = server().password
    http.post(api .. "/created", { headers = { ["X-Key"] = secret }, json = { a = { b = secret } } })
    http.post(api .. "/created", { form = { pw = secret } })
    local json, form = requested()[1], requested()[2]
    expect(json.headers["x-key"]).to_be("********")
    expect(json.body).to_be('{"a":{"b":"********"}}')
    expect(form.body).to_be("pw=********")
    expect(function() http.get(secret) end).to_raise("the url, which is a secret, cannot be used as a url")
  end)
end)

describe("http.request #simulated", function()
  it("sends any method", function()
    for _i, method in ipairs { "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "POST", "GET" } do
      expect(http.request({ method = method, url = api .. "/created" }).status).to_be(201)
    end
    expect(requested()[2].method).to_be("DELETE")
    expect(function() http.request { method = "GTE", url = api } end).to_raise { hint = "did you mean `GET`?" }
    expect(function() http.request { method = "GET", url = api .. "/hello", json = {} } end).to_raise("a GET request has no body")
    expect(function() http.request { method = "GET" } end).to_raise("`http.request` needs `url`")
    expect(function() http.request { url = api .. "/hello", ca_file = "/no/ca.pem" } end)
      .to_raise { kind = "not_found", message = "cannot read `/no/ca.pem`" }
  end)
end)

describe("http.download #simulated", function()
  it("is a stream of the answer, proved to its end", function()
    expect(http.download(api .. "/hello"):text()).to_be("hello")
    expect(http.download(api .. "/hello"):gzip():gunzip():discard().plain_bytes).to_be(5)
    expect(http.download(api .. "/hello"):save("/backups/hello").size_bytes).to_be(5)
    expect(fs.read("/backups/hello")).to_be("hello")
    expect(http.download(api .. "/flaky"):text()).to_be("at last")
  end)

  it("leaves nothing when the answer is bad or breaks off", function()
    expect(function() http.download(api .. "/cut"):save("/backups/cut") end)
      .to_raise { kind = "network", message = "the answer to `GET https://api.example/cut` broke off: 4 B of 10 B had come" }
    expect(function() http.download(api .. "/missing"):save("/backups/missing") end).to_raise { kind = "not_found" }
    expect(fs.stat("/backups/cut")).to_be_nil()
    expect(fs.stat("/backups/missing")).to_be_nil()
  end)
end)

describe("stream:upload #simulated", function()
  it("sends a stream whole, and tells its hash", function()
    local sent = http.download(api .. "/hello"):upload(api .. "/created", { method = "POST" })
    expect(sent.size_bytes).to_be(5)
    expect(sent.sha256).to_be("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")
    local request = requested()[2]
    expect(request.body).to_be("hello")
    expect(request.headers["content-type"]).to_be("application/octet-stream")
  end)

  it("sends nothing where the source fails, and fails where the answer is not good", function()
    expect(function() http.download(api .. "/cut"):upload(api .. "/created", { method = "POST" }) end)
      .to_raise { kind = "network", message = "broke off" }
    expect(#requested()).to_be(1)
    expect(function() http.download(api .. "/hello"):upload(api .. "/missing", { method = "POST" }) end).to_raise { kind = "not_found" }
    expect(function() http.download(api .. "/hello"):upload(api .. "/created", { method = "POST", size_bytes = 4 }) end)
      .to_raise { kind = "integrity", message = "is more than the announced 4 bytes" }
    expect(function() http.download(api .. "/hello"):upload(api .. "/created", { method = "GET" }) end)
      .to_raise("a stream cannot be sent by GET")
  end)
end)

describe("http.certificate #simulated", function()
  it("gives the names, the issuer and the days that are left, whatever the status is", function()
    local shown = http.certificate(api .. "/json")
    expect(shown.names).to_equal { "api.example" }
    expect(shown.days_left).to_be(90)
    expect(shown.issuer).to_be("Simulated CA")
    expect(shown.not_after - shown.not_before).to_be(90 * 86400)
  end)

  it("refuses an address without one, and options that it does not have", function()
    expect(function() http.certificate("http://api.example/hello") end).to_raise { kind = "recipe", hint = "https://" }
    expect(function() http.certificate(api .. "/hello", { retries = 3 }) end).to_raise("retries")
  end)
end)
