---@meta specs

--- The words of a `*_spec.lua` file. Each `it` runs in a fresh Lua state and a world of its own, with the file loaded anew.

--- Groups specs; its name goes before theirs. Its function is called while the file is read, and touches nothing outside.
---@param name string
---@param body fun()
function describe(name, body) end

--- A spec: one promise, and what shows that it is kept.
---@param name string What is promised.
---@param body fun()
function it(name, body) end

--- A spec that is not written yet; inside an `it`, the reason why it cannot be tried.
---@param name_or_why string
function pending(name_or_why) end

--- Is called before each spec of its group, the outer ones first.
---@param hook fun()
function before_each(hook) end

--- Is called after each spec of its group, the inner ones first, also when the spec fails.
---@param hook fun()
function after_each(hook) end

--- Is called at the end of its spec, the last one first, also when the spec fails.
---@param hook fun()
function finally(hook) end

--- Says what is expected of a value: `expect(rows).to_equal { 1, 2 }`. Each matcher has its opposite, with `never_` before it.
---@param value any
---@return Expectation
function expect(value) end

---@class Expectation
local Expectation = {}

---@class (exact) Expectation.Raised
---@field kind? errors.Kind
---@field message? string A plain text that occurs in the message or its causes.
---@field hint? string A plain text that occurs in the hint.

--- Expects the same value, tables by all that they hold.
---@param expected any
function Expectation.to_equal(expected) end

--- Expects anything but the same value, tables by all that they hold.
---@param expected any
function Expectation.never_to_equal(expected) end

--- Expects the same value, and a table the very same table.
---@param expected any
function Expectation.to_be(expected) end

--- Expects anything but the same value, and a table the very same table.
---@param expected any
function Expectation.never_to_be(expected) end

--- Expects nil.
function Expectation.to_be_nil() end

--- Expects anything but nil.
function Expectation.never_to_be_nil() end

--- Expects `true`, not only something that counts as true.
function Expectation.to_be_true() end

--- Expects anything but `true`, not only something that counts as true.
function Expectation.never_to_be_true() end

--- Expects `false`, not nil.
function Expectation.to_be_false() end

--- Expects anything but `false`, not nil.
function Expectation.never_to_be_false() end

--- Expects a text in which a Lua pattern occurs.
---@param pattern string
function Expectation.to_match(pattern) end

--- Expects anything but a text in which a Lua pattern occurs.
---@param pattern string
function Expectation.never_to_match(pattern) end

--- Expects a text with this text in it, or a table with this value in it.
---@param part any
function Expectation.to_contain(part) end

--- Expects anything but a text with this text in it, or a table with this value in it.
---@param part any
function Expectation.never_to_contain(part) end

--- Calls the function and expects an error, which it gives for a closer look; a text is one that occurs in its message.
---@param what? string|Expectation.Raised Default: any error.
---@return errors.Failure
function Expectation.to_raise(what) end

--- Calls the function and expects it to raise no error, or no such error.
---@param what? string|Expectation.Raised Default: any error.
function Expectation.never_to_raise(what) end

---@class (exact) simulate.Catalog
---@field overdue? simulate.Overdue[] What `catalog.overdue` gives.
---@field runs? simulate.PastRun[] What `catalog.runs` and `catalog.backups` give, the newest first.
---@field removed? string[] The paths that runs have removed.
---@field unreadable? string Why the record cannot be read.

---@class (exact) simulate.PastRun
---@field recipe string
---@field status? string Default `success`.
---@field type? string Default `daily`.
---@field started_at string RFC 3339.
---@field took? integer|string
---@field error? string
---@field backups? { path: string, size_bytes: integer }[]

---@class (exact) simulate.Overdue
---@field recipe string
---@field target? string Default: the recipe.
---@field verdict "late"|"stale"|"never_ran"|"stuck"|"broken"
---@field due? string When it should have run, as `now`.
---@field since? string When it ran last; for `stuck`, since when it runs.
---@field age? string How old its last good backup is, such as `"49h"`.
---@field objective? string How old that may be.
---@field why? string
