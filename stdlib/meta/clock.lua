---@meta clock

--- The time of day, stamps for names, and waiting.
clock = {}

--- The local time for a file name: `20260215_020000`.
---@return string
function clock.stamp() end

--- Seconds since 1970.
---@return integer
function clock.now() end

--- The local time as RFC 3339 has it: `2026-02-15T02:00:00+09:00`.
---@return string
function clock.iso() end

--- Seconds since some fixed moment, untouched by anyone who sets the clock: for measuring.
---@return number
function clock.elapsed() end

--- Seconds since 1970 of a stamp in local time; nil when the text is no stamp.
---@param text string
---@return integer?
function clock.parse_stamp(text) end

--- Waits: seconds, or text such as `"1m 30s"`.
---@param duration number|string
function clock.sleep(duration) end
