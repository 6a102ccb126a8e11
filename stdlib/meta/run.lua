---@meta run

--- The run that is under way.
run = {}

--- Its id: `BKP-20260215-020000-daily`.
---@return string
function run.id() end

--- The name of its recipe.
---@return string
function run.recipe() end

--- The kind of its recipe.
---@return "backup"|"restore"|"drill"|"monitor"|"report"|"check"|"maintenance"
function run.kind() end

--- Whether it was started with `--yes`: its starter agreed to everything that it does, before seeing any of it.
---@return boolean
function run.confirmed() end

---@class (exact) run.NoteOptions
---@field took? number How many seconds it took. Default 0.
---@field measure? "rto" What `took` is a measure of: `"rto"` is how long a restore took, which `hikae status` shows.
---@field failed? string What is wrong with it: the step is then one that failed. The outcome stays as it is.

--- Writes a step of the recipe's own into the record of the run: `runs show` and the last line of `--json` have it.
---@param name string What it is, such as `"RTO reached"`.
---@param options? run.NoteOptions
function run.note(name, options) end

--- Asks the person who started the run at a terminal, and waits for the answer. Nobody is asked with `--yes`, `--quiet` or `--json`.
---@param question string One sentence or more; `(yes/no)` at its end.
---@return boolean? answer Whether the answer is `yes`; nil where nobody can be asked.
function run.ask(question) end

--- Accepts what the run says beside its result when its kind or its text matches one of the patterns: it then counts as a note.
---@param patterns string[] `*` is any text, everything else is itself.
function run.accept_warnings(patterns) end

---@class (exact) run.RemarkOptions
---@field level "note"|"warning"|"incomplete"|"failure" A note is for the record; a warning is reported; `incomplete` makes the run partial (exit 2); `failure` makes it fail (exit 1).
---@field kind string A short word for programs, the same for every remark of this kind.
---@field message string
---@field hint? string What to do about it.

--- Says something beside the result of the run: it is shown, recorded, and decides the outcome by its level.
---@param remark run.RemarkOptions
function run.remark(remark) end

--- The paths of the backups that it has proved so far.
---@return string[]
function run.backups() end

--- Who to call at one level, as `[contacts]` of `hikae.toml` has it.
---@class run.Contacts
---@field level "1"|"2"|"3"|"support"
---@field names string[] As people wrote them: name, number, mail address.

--- Who to call, the first level first; levels without a contact are left out.
---@return run.Contacts[]
function run.contacts() end

--- Says that the run has reported its own end to this address: an alert of the run does not go there as well, unless it escalates.
---@param address string|Secret
function run.reported(address) end
