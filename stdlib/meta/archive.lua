---@meta archive

--- Tar archives: what is in them, and their way into a folder. Plain, `.gz` and `.zst` ones are told by their first bytes.
archive = {}

---@class (exact) archive.ListOptions
---@field timeout? integer|string Longest time. Default: that of the run.
---@field idle_timeout? integer|string Longest time without a byte. Default: that of the run.

--- One thing in an archive.
---@class (exact) archive.Entry
---@field path string Its name as the archive has it.
---@field kind "file"|"dir"|"link"|"hard_link"|"other" What it is; `other` is a device or a pipe.
---@field size_bytes integer
---@field mode integer Its permission bits.
---@field link? string Where a link leads.

--- What is in an archive, in its order. It is read to its end, so that one that is cut, damaged or followed by anything else
--- is refused with an error of kind `integrity`, and so is one that is not what the manifest beside it describes.
---@param path string
---@param options? archive.ListOptions
---@return archive.Entry[]
function archive.list(path, options) end

---@class (exact) archive.UnpackOptions
---@field source string The archive.
---@field into string The folder, which is made, or is empty.
---@field links? "refuse"|"skip" What becomes of links, which are never made. Default `"refuse"`.
---@field max_entries? integer The most entries that it may have. Default 100000.
---@field max_bytes? integer The most that it may unpack to. Default 10 GiB.
---@field timeout? integer|string Longest time. Default: that of the run.
---@field idle_timeout? integer|string Longest time without a byte. Default: that of the run.

---@class (exact) archive.Unpacked
---@field files integer How many files there are now.
---@field size_bytes integer How much is in them.
---@field skipped string[] The names of the links that were left out.

--- Unpacks an archive into a folder: all of it, proved as `archive.list` proves it, or nothing; whatever fails, what was made
--- is removed again. Files have mode 0600, or 0700 where they can be run, and folders 0700. A name that leads out of the folder,
--- one that comes twice, a device, and more than was allowed are refused.
---@param options archive.UnpackOptions
---@return archive.Unpacked
function archive.unpack(options) end
