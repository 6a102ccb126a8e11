---@meta path

--- Paths as text; nothing here looks at a disk.
path = {}

--- Joins up to four parts with `/`. A later part that is absolute is an error.
---@param first string
---@param second? string
---@param third? string
---@param fourth? string
---@return string
function path.join(first, second, third, fourth) end

--- The folder part: `/a/b` of `/a/b/c.gz`; nil when there is none.
---@param path string
---@return string?
function path.dir(path) end

--- The last part: `c.gz` of `/a/b/c.gz`; nil when there is none.
---@param path string
---@return string?
function path.name(path) end

--- The last part without its last ending: `c.sql` of `c.sql.gz`.
---@param path string
---@return string?
function path.stem(path) end

--- The last ending, without its dot: `gz` of `c.sql.gz`; nil when there is none.
---@param path string
---@return string?
function path.ext(path) end

--- Whether the path starts at the root.
---@param path string
---@return boolean
function path.is_absolute(path) end
