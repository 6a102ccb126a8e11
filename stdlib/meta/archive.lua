---@meta archive

--- Tar archives: files and folders into one, what is in one, and its way into a folder. Plain, `.gz` and `.zst` ones are
--- recognized by their first bytes.
archive = {}

---@class (exact) archive.PackOptions
---@field roots? string[] Files and folders that must be there. None may be a link, or are below another.
---@field optional? string[] Files and folders that may be missing.
---@field base? string The folder that names in the archive are relative to. Default `/`: `etc/nginx/nginx.conf`.
---@field exclude? string[] What is left out, by the rules of .gitignore, relative to each root: `*.log`, `/cache/`, `!keep.log`.
---@field include? string[] The only files that go in, by the same rules; a folder takes all that is in it. Default: all.
---@field newer_than? integer|string Only files that were modified, or whose owner or mode was changed, at this moment or later: seconds since 1970, RFC 3339 text, or an age such as `"7d"`.
---@field older_than? integer|string Only files that were modified before this moment.
---@field one_file_system? boolean Whether folders of other file systems are left empty. Default false.
---@field xattrs? boolean Whether extended attributes are kept. Default false.
---@field acls? boolean Whether access control lists are kept. Default false.
---@field allow_empty? boolean Whether an archive without any file is fine. Default false.
---@field on_change? "warn"|"error"|"accept" What becomes of a file that changes while it is read. Default `"warn"`.
---@field accept_unreadable? string[] Files and folders that are left out, with all in them, when they cannot be read.
---@field timeout? integer|string Longest time. Default: that of the run.
---@field idle_timeout? integer|string Longest time without a byte. Default: that of the run.

--- What an archive left out, or what changed: how many, and the first 100 by name.
---@class archive.Named
---@field count integer
---@field first string[]

--- What `:save` and its like tell of an archive, under `archive`.
---@class archive.Packed
---@field entries integer All that is in it: `files`, `dirs`, `links` and `hard_links`.
---@field files integer
---@field dirs integer
---@field links integer
---@field hard_links integer Further names of files that are in it already.
---@field size_bytes integer How much is in its files.
---@field base string
---@field roots string[]
---@field sockets integer Left out and never opened, as `fifos` and `devices`.
---@field fifos integer
---@field devices integer
---@field unfinished integer Partial files of hikae, which are left out.
---@field excluded integer What the patterns leave out; a folder counts once.
---@field out_of_age integer Files that are not of the age that was asked for.
---@field absent archive.Named Optional roots that are not there.
---@field other_file_systems archive.Named
---@field unreadable archive.Named What could not be read, as was accepted.
---@field changed archive.Named Files that changed while they were read, with how.

--- A stream of a tar archive of files and folders, with their names, modes, owners, times to the nanosecond, links and hard
--- links. Each file has exactly the size that it had when it was opened; one that grows, shrinks, changes or vanishes is
--- noticed. No link is followed, sockets and pipes are never opened, and the archive cannot be saved into a folder that it
--- packs. Its list goes into the manifest, or beside the archive as `X.files.jsonl.zst` when it has more than 1000 entries.
---@param options archive.PackOptions
---@return Stream
function archive.pack(options) end

---@class (exact) archive.ListOptions
---@field identity? string|Secret What decrypts an encrypted archive: a file, or a secret that is a key.
---@field passphrase? Secret Passphrase that decrypts it, or that of the key.
---@field only? string[] Names, or patterns by the rules of .gitignore; each must fit something. Default: all entries.
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
---@field identity? string|Secret What decrypts an encrypted archive: a file, or a secret that is a key.
---@field passphrase? Secret Passphrase that decrypts it, or that of the key.
---@field source string The archive.
---@field into string The folder, which is made, or is empty.
---@field links? "refuse"|"skip" What becomes of links, which are never made. Default `"refuse"`.
---@field max_entries? integer The most entries that it may have. Default 100000.
---@field max_bytes? integer The most that it may unpack to. Default 10 GiB.
---@field only? string[] Names, or patterns by the rules of .gitignore; each must fit something. Default: all entries.
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

---@class (exact) archive.VerifyOptions
---@field identity? string|Secret What decrypts an encrypted archive: a file, or a secret that is a key.
---@field passphrase? Secret Passphrase that decrypts it, or that of the key.
---@field timeout? integer|string Longest time. Default: that of the run.
---@field idle_timeout? integer|string Longest time without a byte. Default: that of the run.

---@class (exact) archive.Verified
---@field path string
---@field entries integer
---@field files integer
---@field plain_bytes integer How much is in its files.
---@field size_bytes integer Of the archive itself.
---@field sha256 string Of the archive itself.

--- Reads a whole archive that hikae made and compares every entry with its list: name, kind, size, SHA-256, mode and time. What
--- differs, is missing or is too much is an error of kind `integrity`.
---@param path string
---@param options? archive.VerifyOptions
---@return archive.Verified
function archive.verify(path, options) end
