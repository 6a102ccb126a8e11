---@meta simulate

--- The worlds of specs, and what can be said of a run in one. A spec fails by itself when a run is or leaves something behind.

--- A world in memory, as it is before the first run. Nothing in it is real, and nothing takes time.
---@class (exact) simulate.Setup
---@field now? string The moment that its clock shows, such as `"2026-02-15T02:00:00+09:00"`; only waiting moves it.
---@field files? table<string, string|simulate.File> What is there by path: a text, or a table that says more.
---@field programs? table<string, string|simulate.Program|fun(call: simulate.Call): string|simulate.Program|nil> The programs by name: what each writes, a table that says more, or a function that answers each call.
---@field http? table<string, string|simulate.Answer|simulate.Answer[]> What servers answer, by `"POST https://host/path"` or by url alone; a list is answered one after the other, and its last one stays.
---@field postgres? string|fun(said: simulate.Said): string|simulate.Heard|nil The one PostgreSQL server: a function that answers each login and each statement, or one answer to everything. Default: nothing listens.
---@field env? table<string, string|Secret> The environment of the run; nothing of the real one is seen.
---@field smtp? simulate.Smtp The mail server. Default: it takes every mail.
---@field contacts? table<string, string[]> Who to call, by the levels of `[contacts]`. Default: nobody.
---@field catalog? simulate.Catalog What the record of runs says. Default: nothing is wrong.
---@field objects? table<string, string|{ content: string?, size: integer|string|nil, age: string?, modified: string?, storage_class: string?, metadata: table<string, string>? }> What object stores hold, by `"s3://bucket/key"`; `["s3://bucket"] = {}` is an empty bucket.
---@field store? { access_key: string?, secret_key: Secret|nil, down: boolean? } How object stores answer. Default: to everybody.
---@field free_bytes? integer|string Free space of the disk, such as `"3 MiB"`. Default 100 GiB.
---@field locked? string[] The recipes that another process runs, or locks by path.
---@field host? string Default `simulated`.
---@field user? string Default `backup`; `root` may all.
---@field cores? integer Default 2.

---@class (exact) simulate.File
---@field content? string
---@field size? integer|string For a big file: it takes this much space, and reads as zeroes.
---@field dir? boolean
---@field link? string Where it leads, for a link.
---@field age? string How old it is, such as `"76d"`; `"-2h"` is in the future.
---@field modified? string When it was changed last, in place of its age.
---@field mode? string As `chmod` takes it. Default `"0600"`.
---@field owner? string `root`, or a number. Default: the user.

---@class (exact) simulate.Program
---@field stdout? string
---@field stderr? string
---@field exit? integer The exit code. Default 0.
---@field signal? integer The signal that ends it, in place of an exit code.
---@field takes? string How long it takes, such as `"3m"`.
---@field dies_after? integer|string It dies after this many bytes of its output.
---@field hangs_after? integer|string It hangs after this many bytes of its output.
---@field reads_at_most? integer|string It takes this much of its input and no more.
---@field writes? table<string, string> What it has written into files, by path, when it ends well.
---@field missing? boolean It is not installed.
---@field talks? fun(call: simulate.Call): string|simulate.Program|nil A function that may answer while its input is still open, alone in its table; nil reads on.

---@class (exact) simulate.Answer
---@field status? integer Default 200.
---@field headers? table<string, string>
---@field body? string
---@field size? integer|string For a big body: this many zeroes.
---@field takes? string How long it takes until the answer begins, such as `"3s"`.
---@field hangs? boolean It takes the request and never answers.
---@field hangs_after? integer|string It hangs after this many bytes of the body.
---@field cut_after? integer|string The connection breaks after this many bytes of the body.
---@field refused? boolean Nobody listens.
---@field certificate? { days: integer?, names: string[]?, issuer: string? } What an https server shows. Default: valid for 90 days, for its host.

---@class (exact) simulate.Smtp
---@field down? boolean Nobody listens.
---@field hangs? boolean It accepts the connection and never answers.
---@field drops? boolean It breaks off before it has the content of the mail.
---@field no_tls? boolean It has no STARTTLS.
---@field untrusted? boolean Its certificate is signed by nobody who is trusted.
---@field password? string|Secret The password that it wants of every user. Default: any will do.
---@field greylist? integer This many mails are put off before it takes one.
---@field refuse? string[] The addresses that it does not have.
---@field reject? string What it answers to the content of a mail in place of taking it, such as `"552 too large"`.

--- One call of a program that a function of the spec answers.
---@class simulate.Call
---@field program string
---@field argv table<integer, string> Its arguments from 1; its own name at 0.
---@field env table<string, string> All of its environment, with secrets.
---@field stdin string What it was sent.
---@field open boolean Whether more input may come; only a program that `talks` is asked before.
---@field cwd? string

--- One statement that a function of the spec answers as a PostgreSQL server; a login has an empty one.
---@class simulate.Said
---@field database string
---@field host? string
---@field port? integer
---@field user? string
---@field password? string
---@field sql string
---@field rows? string The rows of a `COPY … FROM stdin`.

--- What the server answers. A bare text is one row of one column; nil is no row.
---@class (exact) simulate.Heard
---@field value? string One row of one column.
---@field columns? string[]
---@field rows? string[][]
---@field data? string The data of a `COPY … TO STDOUT`.
---@field error? string It refuses, with this message.
---@field code? string The SQLSTATE of the refusal. Default `XX000`.
---@field takes? string How long it takes, such as `"3m"`.
---@field hangs? boolean It never answers.
---@field down? boolean Nothing listens.

--- A world of its own for this spec: `simulate { files = {...}, programs = {...} }:run("db-backup")`.
---@param setup simulate.Setup
---@return World
function simulate(setup) end

--- A value that never shows itself, as a password in the environment of a world.
---@param text string
---@return Secret
function secret(text) end

---@class Secret

---@class World
local World = {}

---@class (exact) World.RunOptions
---@field set? table<string, string|number|boolean|Secret> The values of params, as `--set` gives them.
---@field type? string The type of the run, such as `"weekly"`.
---@field yes? boolean Whether it is started with `--yes`: `run.confirmed()` is then true. Default `false`; a spec is never asked.

--- Runs an unmodified recipe, by its name or its path. A second run in the same world finds what the first one left.
---@param recipe string
---@param options? World.RunOptions
---@return Run
function World:run(recipe, options) end

--- Lets another program write a file, or remove what is there.
---@param path string
---@param file? string|simulate.File Default: it is removed.
function World:change(path, file) end

--- One change that a run would make.
---@class World.Change
---@field effect string Such as `create`, `remove` or `spawn`.
---@field object string
---@field detail? string How much would be written, or lost.
---@field why? string Why the recipe asks for it, where it says so.
---@field line? integer

---@class World.Plan
---@field ended "whole"|"unknown"|"partial"|"failed"|"interrupted" `unknown`: only a run would know how to go on.
---@field error? { kind: errors.Kind, message: string, hint?: string }
---@field changes World.Change[]

--- Plans a run as `hikae run --dry-run` does: nothing changes, also not in this world.
---@param recipe string
---@param options? World.RunOptions
---@return World.Plan
function World:plan(recipe, options) end

---@class (exact) World.FailureOptions
---@field set? table<string, string|number|boolean|Secret>
---@field type? string
---@field yes? boolean As `--yes`.
---@field before_each? fun() Called before each of these worlds begins: for what a spec's own programs remember.

--- Runs a recipe once for each way in which it can fail, each in a world of its own: each effect fails, is cut half-way,
--- hangs, meets a full disk, or the run is killed there. A run that then reports success though it failed is a lie, and fails the spec.
---@param recipe string
---@param options World.FailureOptions|fun(run: Run) May be left out.
---@param look? fun(run: Run) What must hold for each of them.
---@return integer ways
function World:each_failure(recipe, options, look) end

--- A run that has ended. What a recipe must never do fails the spec by itself: see `Run:complained`.
---@class Run
---@field id string
---@field recipe string
---@field type string
---@field status string
---@field started_at string
---@field ended_at? string
---@field duration_secs? number
---@field error? { kind: errors.Kind, message: string, hint?: string }
---@field backups { path: string, size_bytes: integer, sha256: string }[]
---@field steps table[]
local Run = {}

--- Expects success: done and proved.
---@return Run
function Run:ok() end

--- Expects failure; a text is the kind of its error.
---@param error? errors.Kind|Expectation.Raised Default: any error.
---@return Run
function Run:failed(error) end

--- Expects the run to be done in part; a text is the kind of its error.
---@param error? errors.Kind|Expectation.Raised Default: any error.
---@return Run
function Run:partial(error) end

--- Expects the run to be kept out by another one.
---@return Run
function Run:locked() end

--- Expects one whole file that the run made or changed; the path may be a pattern, as the shell has them.
---@param path string
---@return Written
function Run:wrote(path) end

--- Expects no file to be made or changed.
---@return Run
function Run:wrote_nothing() end

--- Expects files to be there before the run and gone after it.
---@param ... string
---@return Run
function Run:removed(...) end

--- Expects files to be as they were. In `each_failure` one may be gone where a new backup was proved before: nothing is lost then.
---@param ... string
---@return Run
function Run:kept(...) end

--- Expects no difference at all, or none below a path.
---@param path? string Default: everything.
---@return Run
function Run:unchanged(path) end

--- Expects no partial file to be left. A killed run cannot tidy up: what it leaves has no final name, and the next run removes it.
---@return Run
function Run:left_nothing_partial() end

--- Expects a program to be started.
---@param program string
---@return Ran
function Run:ran(program) end

--- Expects a program not to be started.
---@param program string
---@return Run
function Run:never_ran(program) end

--- Expects a line with this text in it, or one that this Lua pattern matches.
---@param text_or_pattern string
---@return Run
function Run:said(text_or_pattern) end

--- Expects no line with this text in it, nor one that this Lua pattern matches.
---@param text_or_pattern string
---@return Run
function Run:never_said(text_or_pattern) end

--- Expects a text nowhere: not in what was said, in arguments, variables, errors, the journal, the record, nor in any file, packed or plain.
---@param text string|Secret
---@return Run
function Run:never_showed(text) end

--- Expects the run to lie, which then does not fail the spec by itself: for specs of recipes that are wrong on purpose.
---@param text? string A plain text that occurs in the words of the are.
---@return Run
function Run:lied(text) end

--- Expects a complaint of the harness, which then does not fail the spec by itself: a lie, a partial file, a stream that
--- nobody consumed, a program that nobody waited for, a secret that was shown, an effect that was not declared.
---@param text string A plain text that occurs in the words of the complaint.
---@return Run
function Run:complained(text) end

---@class Run.Effect
---@field effect string What was done: `create`, `remove`, `spawn`.
---@field object string To what: a path, or a program with its arguments.
---@field line? string The place in the recipe; nil for what hikae does itself.
---@field outcome "done"|"failed"|"dropped"|"underway"
---@field bytes integer

--- The effects of the run, in order.
---@return Run.Effect[]
function Run:journal() end
