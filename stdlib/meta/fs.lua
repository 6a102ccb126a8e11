---@meta fs

--- Files and folders below the paths that the recipe declares in `needs.read` and `needs.write`.
fs = {}

---@class (exact) fs.ListOptions
---@field dir string The folder.
---@field name? string A pattern for file names, as the shell has them: `db_backup_*.sql.gz`. Default: all names.
---@field recursive? boolean Also in folders below; links are never followed. Default false.
---@field older_than_days? integer Only what is more than this many whole days old, as `find -mtime +N` counts.
---@field newer_than_days? integer Only what is less than this many whole days old, as `find -mtime -N` counts.
---@field modified_before? integer|string Only what was modified before this moment: seconds since 1970, RFC 3339 text, or an age such as `"7d"`.
---@field modified_after? integer|string Only what was modified at this moment or later.
---@field larger_than? integer|string Only files of more bytes: a number, or text such as `"100 MiB"`.
---@field smaller_than? integer|string Only files of fewer bytes.
---@field kind? "file"|"dir"|"link"|"other" Default: all kinds.
---@field not_utf8? "error"|"skip" What becomes of names that are not UTF-8. Default `"error"`.

---@class (exact) fs.Stat
---@field kind "file"|"dir"|"link"|"other"
---@field size_bytes integer
---@field modified integer Seconds since 1970.
---@field age_secs integer
---@field mode integer Permission bits.
---@field owner integer The number of the user that it belongs to.
---@field group integer The number of the group that it belongs to.

---@class (exact) fs.Entry: fs.Stat
---@field path string
---@field name string

---@class (exact) fs.WriteOptions
---@field replace? boolean Whether it may take the place of another file. Default false.

---@class (exact) fs.RemoveOptions
---@field why? string Why it may go, in words: plans and the audit tell it.
---@field recursive? boolean Whether all that is in a folder goes with it; links are not followed. Default false.

---@class (exact) fs.CopyOptions
---@field mode? integer Permission bits of the copy. Default 0600.

---@class (exact) fs.Space
---@field free_bytes integer What an ordinary user may still use.
---@field total_bytes integer
---@field free string For people: `12.3 GB`.

--- The entries of a folder, sorted by path. Partial files of runs under way are left out.
---@param options fs.ListOptions
---@return fs.Entry[]
---@return integer? skipped With `not_utf8 = "skip"`: how many were left out.
function fs.list(options) end

---@class (exact) fs.Usage
---@field files integer How many files there are.
---@field size_bytes integer How much is in them.

--- How much is in the files below a folder, whatever their names. Links are not followed.
---@param dir string
---@return fs.Usage
function fs.usage(dir) end

--- What is at a path, without following a link at its end; nil when nothing does.
---@param path string
---@return fs.Stat?
function fs.stat(path) end

--- The text of a file of at most 1 MiB.
---@param path string
---@return string
function fs.read(path) end

--- Writes a small file of mode 0600, whole or not at all.
---@param path string
---@param text string
---@param options? fs.WriteOptions
function fs.write(path, text, options) end

--- Makes a folder of mode 0700, and those above it; an existing one is fine.
---@param path string
function fs.mkdir(path) end

--- Renames a file or folder on one file system, never over another.
---@param from string
---@param to string
function fs.rename(from, to) end

--- Copies a file, never over another; the copy is there whole or not at all.
---@param from string
---@param to string
---@param options? fs.CopyOptions
function fs.copy(from, to, options) end

--- Removes a file, or an empty folder; an absent one is an error of kind `not_found`. A list is removed in one go, what is in
--- a folder before the folder; one path that cannot be removed keeps no other, and is an error at the end.
---@param path string|table One path, or a list of paths or of entries as `fs.list` gives them.
---@param options? fs.RemoveOptions
function fs.remove(path, options) end

--- Sets the permission bits of a file or folder, never of what a link leads to.
---@param path string
---@param mode integer|string As `chmod` takes them: `"0640"`.
function fs.set_mode(path, mode) end

---@class (exact) fs.Owner
---@field user? integer|string A name or a number.
---@field group? integer|string A name or a number.

--- Gives a file or folder another owner, never what a link leads to.
---@param path string
---@param owner fs.Owner
function fs.set_owner(path, owner) end

--- The space of the file system that holds a path.
---@param path string
---@return fs.Space
function fs.disk_free(path) end

--- A stream of the bytes of a file.
---@param path string
---@return Stream
function fs.open(path) end
