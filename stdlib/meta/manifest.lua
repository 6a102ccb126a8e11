---@meta manifest

--- The manifest beside a backup: what it says, and whether the backup is still what it describes.
manifest = {}

---@class (exact) manifest.ReadOptions
---@field lists? boolean Whether to return the lists of tables, sequences and files. Default true.

---@class (exact) manifest.VerifyOptions
---@field identity? string|Secret What decrypts it: a file, or a secret that is an identity.
---@field passphrase? Secret In place of an identity.
---@field timeout? integer|string Longest time for reading: seconds, or text such as `"2h"`.
---@field idle_timeout? integer|string Longest time in which no byte arrives.

---@class manifest.Manifest
---@field manifest integer Version of the format.
---@field run_id string
---@field created_at string RFC 3339.
---@field name string
---@field size_bytes integer
---@field sha256 string
---@field plain_bytes integer
---@field restore string One line of standard tools that restores the backup.
---@field encryption? { kind: string, recipients: string[], passphrase: boolean?, throwaway: string? } For an encrypted backup.
---@field database? table For dumps.
---@field warnings? pg.Warning[] What there was to say of it although it is whole.

---@class manifest.Verified
---@field path string
---@field size_bytes integer
---@field sha256 string
---@field encryption? string How it is encrypted: `age`.
---@field opened boolean Whether it was decrypted and unpacked; without its key only its bytes are compared.

--- The manifest beside a backup, of whatever size; nil where there is none. One of a later version is an error.
---@param path string Path of the backup.
---@param options? manifest.ReadOptions
---@return manifest.Manifest?
function manifest.read(path, options) end

--- What a file holds, by its first bytes (unpacked), and by its manifest where they do not say; its name does not matter.
--- Reads only the beginning: whether the file is whole, `pg.inspect`, `archive.list` and `manifest.verify` find out.
---@param path string Path of the backup.
---@return "dump"|"archive"|"encrypted"|nil kind Nil for anything else, and for content that is damaged at its beginning.
function manifest.content(path) end

---@class (exact) manifest.ListOptions
---@field dir string
---@field name string The pattern of the backups' names, as the shell has them.

---@class manifest.Listed
---@field name string Name of the backup.
---@field path string
---@field size_bytes? integer Nil where there is a manifest and no backup.
---@field modified? integer Seconds since 1970.
---@field has_manifest boolean
---@field has_list boolean Whether the list of an archive is beside it.
---@field proved boolean Whether its manifest describes it (name and size), and hikae can restore it.
---@field restorable? boolean Whether hikae can restore it, as its manifest says.
---@field rows? integer Rows in it, where all were counted.
---@field databases? string[] The databases in it; without a manifest, what the head of the dump says; nil where nothing says it.
---@field problem? string Why its manifest, or without one the backup itself, cannot be read.

--- The backups in a folder with what their manifests say, by name, in one pass: far faster than reading each manifest.
---@param options manifest.ListOptions
---@return manifest.Listed[]
function manifest.list(options) end

--- Reads a backup back to its end, unpacks it, and compares size and SHA-256 with its manifest.
---@param path string Path of the backup.
---@param options? manifest.VerifyOptions
---@return manifest.Verified
function manifest.verify(path, options) end

---@class (exact) manifest.SetOptions
---@field files string[] The parts, in the order in which they are restored: backups below the folder of the list.
---@field left_out? string[] What the set leaves out, such as databases, as its manifest says.

---@class manifest.Set: Stream.Backup
---@field files { path: string, size_bytes: integer, sha256: string }[] By path from the folder of the list.
---@field databases { name: string, path: string, tables: integer, rows?: integer }[] The databases in it.

--- Makes one backup of several: a list of their SHA-256 for `sha256sum --check`, with one manifest that describes and restores
--- the whole set. Saved last, it says by being there that the set is complete.
---@param path string Path of the list, beside the files or above them.
---@param options manifest.SetOptions
---@return manifest.Set
function manifest.save_set(path, options) end
