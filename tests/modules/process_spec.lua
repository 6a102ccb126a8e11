--- What the module `process` promises.
describe("process.run", function()
  it("gives the exit code and what the program wrote", function()
    local result = process.run { program = "sh", args = { "-c", "echo out; echo err >&2" } }
    expect(result).to_equal { code = 0, stdout = "out\n", stderr = "err\n" }
  end)

  it("hands each argument over as it is, with no shell in between", function()
    local args = { "a b", "$HOME", "*", "'", "", "三" }
    local result = process.run { program = "printf", args = { "%s|", table.unpack(args) } }
    expect(result.stdout).to_be("a b|$HOME|*|'||三|")
  end)

  it("raises for any other exit code than those that are fine", function()
    expect(function() process.run { program = "sh", args = { "-c", "echo broken >&2; exit 3" } } end)
      .to_raise { kind = "command", message = "`sh` failed: broken" }
    expect(process.run({ program = "sh", args = { "-c", "exit 3" }, ok_codes = { 0, 3 } }).code).to_be(3)
    expect(function() process.run { program = "true", ok_codes = { 1 } } end).to_raise { kind = "command" }
  end)

  it("tells the signal that ended a program", function()
    expect(function() process.run { program = "sh", args = { "-c", "kill -TERM $$" } } end)
      .to_raise { kind = "command", message = "ended by signal 15" }
  end)

  it("lets the program read a text, or nothing", function()
    expect(process.run({ program = "cat", stdin = "fed" }).stdout).to_be("fed")
    expect(process.run({ program = "cat" }).stdout).to_be("")
  end)

  it("gives a secret to the program and shows it to nobody", function()
    local secret = server().password
    local length = process.run { program = "sh", args = { "-c", 'printf %s "$PW" | wc -c' }, env = { PW = secret } }
    expect(tonumber(length.stdout)).to_be(#"pw-0123456789abcdef")
    expect(process.run({ program = "sh", args = { "-c", "cat >&2" }, stdin = secret }).stderr).to_be("********")
    expect(function() process.run { program = "echo", args = { secret } } end).to_raise("must be a text, not a secret")
  end)

  it("lets a program inherit nothing but the few names that every program needs", function()
    local names = process.run { program = "sh", args = { "-c", "env | cut -d= -f1 | sort" }, env = { MINE = "x" } }
    local allowed = { PATH = 1, HOME = 1, USER = 1, LOGNAME = 1, LANG = 1, LC_MESSAGES = 1, TZ = 1, MINE = 1, PWD = 1, SHLVL = 1, _ = 1, OLDPWD = 1 }
    for name in string.gmatch(names.stdout, "[^\n]+") do
      expect({ name, allowed[name] }).to_equal { name, 1 }
    end
    expect(names.stdout).to_contain("MINE\n")
  end)

  it("starts the program in the folder that is named", function()
    expect(process.run({ program = "pwd", cwd = tmp() }).stdout).to_be(tmp() .. "\n")
  end)

  it("ends a program that takes too long, or is silent for too long", function()
    expect(function() process.run { program = "sleep", args = { "60" }, timeout = 0 } end).to_raise { kind = "timeout" }
    expect(function() process.run { program = "sleep", args = { "60" }, timeout = "50ms" } end)
      .to_raise { kind = "timeout", message = "`sleep` took longer than 0.1s" }
    expect(function() process.run { program = "sleep", args = { "60" }, idle_timeout = "50ms" } end)
      .to_raise { kind = "timeout", message = "`sleep` moved no byte", hint = "idle_timeout" }
  end)

  it("keeps 4 MiB of output and refuses more", function()
    local fits = process.run { program = "head", args = { "-c", "4194304", "/dev/zero" } }
    expect(#fits.stdout).to_be(4 * 1024 * 1024)
    expect(function() process.run { program = "head", args = { "-c", "4194305", "/dev/zero" } } end)
      .to_raise { message = "`head` wrote more than", hint = "stream" }
  end)

  it("keeps the last 64 KiB of what the program complains", function()
    local result = process.run { program = "sh", args = { "-c", "yes x | head -c 200000 >&2; echo the end >&2" } }
    expect(#result.stderr <= 64 * 1024).to_be_true()
    expect(result.stderr).to_match("the end\n$")
  end)

  it("says that a program is not there", function()
    expect(function() process.run { program = "no-such-program-here" } end)
      .to_raise { kind = "not_found", message = "no-such-program-here" }
  end)

  it("suggests the option that was meant", function()
    expect(function() process.run { program = "true", arg = { "x" } } end).to_raise { hint = "did you mean `args`?" }
    expect(function() process.run { args = {} } end).to_raise("`process.run` needs `program`")
    expect(function() process.run("ls") end).to_raise("takes a table of options, but was given the text `ls`")
  end)
end)

describe("process.stream", function()
  it("streams what the program writes", function()
    expect(process.stream({ program = "printf", args = { "a\\nb" } }):text()).to_be("a\nb")
  end)

  it("ends well only when the program exits 0", function()
    local half = { program = "sh", args = { "-c", "echo half; exit 1" } }
    expect(function() process.stream(half):text() end).to_raise { kind = "command", message = "`sh` failed" }
    expect(function() process.stream(half):save(tmp("half")) end).to_raise { kind = "command" }
    expect(fs.list { dir = tmp() }).to_equal {}
  end)

  it("takes the exit codes that are named, and no stdin", function()
    local changed = { program = "sh", args = { "-c", "echo x; exit 1" }, ok_codes = { 0, 1 } }
    expect(process.stream(changed):text()).to_be("x\n")
    changed.ok_codes = { 2 }
    expect(function() process.stream(changed):text() end).to_raise { kind = "command", message = "`sh` failed" }
    expect(function() process.stream { program = "cat", stdin = "x" } end).to_raise("takes no `stdin`")
  end)

  it("starts nothing until it is consumed", function()
    local stream = process.stream { program = "touch", args = { tmp("made") } }
    expect(fs.stat(tmp("made"))).to_be_nil()
    stream:discard()
    expect(fs.stat(tmp("made"))).never_to_be_nil()
  end)
end)

it("process.which finds a program on the PATH, and nil for one that is not there", function()
  expect(process.which("sh")).to_match("^/.*/sh$")
  expect(process.which("no-such-program-here")).to_be_nil()
end)
