---@meta process

--- Runs programs that the recipe declares in `needs.run`, with a list of arguments and never through a shell.
process = {}

---@class (exact) process.Options
---@field program string
---@field args? string[]
---@field env? table<string, string|Secret> Beside `PATH HOME USER LOGNAME LANG TZ`, and `LC_MESSAGES=C`; nothing else is inherited.
---@field cwd? string
---@field stdin? string|Secret What the program reads. Default: nothing.
---@field load? string For a stream: the command line that takes its bytes back, for the line that restores a backup of them.
---@field ok_codes? integer[] Exit codes that are no failure. Default `{ 0 }`.
---@field timeout? integer|string Longest time: seconds, or text such as `"2h"`.
---@field idle_timeout? integer|string Longest time in which no byte arrives.

---@class (exact) process.Result
---@field code integer
---@field stdout string At most 4 MiB.
---@field stderr string The last 64 KiB, without secrets.

--- Runs a program to its end. Any other exit code than those in `ok_codes` is an error of kind `command`.
---@param options process.Options
---@return process.Result
function process.run(options) end

--- A stream of what a program writes; it ends well only when the program exits 0, or with one of `ok_codes`. Takes no `stdin`.
---@param options process.Options
---@return Stream
function process.stream(options) end

--- Where a program is on the `PATH`; nil when it does not.
---@param program string
---@return string?
function process.which(program) end
