--- Holds the module `mail` to its stub: what it refuses before it sends, and how it fails; real servers stand in `tests/mail/`.
describe("mail", function()
  -- Nothing listens there: it is the port of a service that has been dead for decades.
  local function options(changes)
    local all = { host = "127.0.0.1", port = 1, security = "plain", to = "ops@example.com", from = "a@example.com", subject = "s", text = "t" }
    for name, value in pairs(changes or {}) do all[name] = value end
    return all
  end

  it("says which server cannot be reached, and what to check", function()
    local failure = expect(function() mail.send(options()) end).to_raise { kind = "network", message = "cannot reach the mail server `127.0.0.1:1`" }
    expect(failure.message).to_contain("ECONNREFUSED")
    expect(failure.hint).to_contain("SMTP_HOST, SMTP_PORT")
  end)

  it("takes addresses as a text, split at commas, and as a list", function()
    for _i, to in ipairs { "a@example.com , B <b@example.com>,", { "a@example.com", "b@example.com, c@example.com" } } do
      expect(function() mail.send(options { to = to }) end).to_raise { kind = "network" }
    end
  end)

  it("refuses what is no address, and a mail to nobody", function()
    expect(function() mail.send(options { to = "nobody" }) end).to_raise { kind = "recipe", message = "`nobody` is not a mail address" }
    expect(function() mail.send(options { cc = "x@" }) end).to_raise { kind = "recipe", message = "`x@` is not a mail address" }
    expect(function() mail.send(options { to = " , " }) end).to_raise { kind = "recipe", message = "the mail has no recipient" }
  end)

  it("refuses a line break in a subject, an address and a name", function()
    for _i, bad in ipairs { { subject = "x\r\nBcc: b@example.com" }, { to = '"x\ny" <a@example.com>' }, { from = '"a\nb" <a@example.com>' } } do
      expect(function() mail.send(options(bad)) end).to_raise { kind = "recipe", message = "holds a line break" }
    end
    -- Between addresses it is what a comma is.
    for _i, bad in ipairs { { to = "x\ny <a@example.com>" }, { from = "a@example.com\nb" }, { from = "a@example.com\nb@example.com" } } do
      expect(function() mail.send(options(bad)) end).to_raise { kind = "recipe", message = "is not a mail address" }
    end
  end)

  it("refuses an unknown option and an unknown kind of encryption", function()
    expect(function() mail.send(options { sbject = "x" }) end).to_raise { hint = "did you mean `subject`" }
    expect(function() mail.send(options { security = "ssl" }) end).to_raise { message = "`ssl`" }
  end)

  it("needs a CA file that may be read", function()
    expect(function() mail.send(options { ca_file = tmp("none.pem") }) end).to_raise { kind = "not_found" }
  end)

  it("lets a run be cut off", function()
    expect(function() mail.send(options { host = "192.0.2.1", port = 587, timeout = "1s" }) end).to_raise()
  end)
end)
