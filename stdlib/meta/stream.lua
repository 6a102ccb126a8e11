---@meta stream

--- Bytes on their way. Stages are chained, and nothing moves until the end is asked for; a stream can be read once.
---@class Stream
local Stream = {}

---@class (exact) Stream.GzipOptions
---@field level? integer 0 to 9. Default 5, and 6 for archives: smaller than `gzip -6`, in less than half the time.
---@field threads? integer Default: one a core.

---@class (exact) Stream.ZstdOptions
---@field level? integer 1 to 19. Default 1: smaller than `gzip -6` with dumps, much faster.
---@field threads? integer Default: one a core.

---@class (exact) Stream.SaveOptions
---@field timeout? integer|string Longest time for writing: seconds, or text such as `"2h"`.
---@field idle_timeout? integer|string Longest time in which no byte moves.
---@field allow_empty? boolean Whether a backup of nothing is kept: no byte, an archive without entries, either of them packed, a dump without tables where the last one had some. Default false.
---@field restore? string The line of the manifest that restores it with standard tools, for a format of its own. Default: what undoes the stages.

---@class (exact) Stream.PutOptions
---@field storage_class? string What the store is to make of it, such as `STANDARD_IA`. Default: the store's own.
---@field encryption? "AES256"|"aws:kms" How the store encrypts it. Default: as the bucket says.
---@field kms_key? string The key for `aws:kms`. Default: the store's own.
---@field lock? "GOVERNANCE"|"COMPLIANCE" Asks the store to keep the object from being deleted, as long as `lock_for` says. Only for `s3`, in a bucket with object lock. Default: as the bucket says.
---@field lock_for? integer|string How long: seconds, or text such as `"30d"`.
---@field part_size? string Size of the parts of a large object, `5 MiB` to `5 GiB`; one is held in memory. Default `16 MiB`, for up to 160 GB.
---@field timeout? integer|string Longest time for writing: seconds, or text such as `"2h"`.
---@field idle_timeout? integer|string Longest time in which no byte moves.
---@field allow_empty? boolean Whether a backup of nothing is kept. Default false.
---@field restore? string The line of the manifest that restores it with standard tools.

---@class (exact) Stream.UploadOptions
---@field method? "PUT"|"POST"|"PATCH" Default `PUT`.
---@field headers? table<string, string|Secret> Default `Content-Type: application/octet-stream`.
---@field query? table<string, http.Value> Values to be added to the url.
---@field size_bytes? integer How long the body is, for servers that want to know it before; default: it goes in chunks.
---@field expect? integer[] The statuses that are good. Default: 200 to 299.
---@field timeout? integer|string Longest time: seconds, or text such as `"2h"`.
---@field idle_timeout? integer|string Longest time in which no byte moves.
---@field ca_file? string Certificates (PEM) of authorities to be trusted beside the system's; to be declared in `needs.read`.

---@class (exact) Stream.AgeOptions
---@field recipients? string[] Who can decrypt it: recipients of `age`, which begin with `age1`.
---@field passphrase? Secret In place of recipients.

---@class (exact) Stream.UnageOptions
---@field identity? string|Secret A file with identities of `age`, to be declared in `needs.read`; or a secret that is one.
---@field passphrase? Secret In place of an identity.

---@class (exact) Stream.GpgOptions
---@field recipients? string[] Who can decrypt it: full fingerprints, or names of keys that the keyring trusts.
---@field passphrase? Secret In place of recipients.
---@field sign? string The key that signs it, which must have no passphrase. Its secret part is read out of the keyring.
---@field keyring? string Folder of the keyring, to be declared in `needs.read`. Default: that of the user.
---@field timeout? integer|string Longest time: seconds, or text such as `"2h"`.
---@field idle_timeout? integer|string Longest time in which no byte moves.

---@class (exact) Stream.UngpgOptions
---@field identity? string|Secret A file with the secret key, as `gpg --armor --export-secret-keys` writes it; or a secret that is one.
---@field passphrase? Secret Of the secret key, or of the file.
---@field keyring? string Folder of a keyring that has the secret key, to be declared in `needs.read`. Default, where nothing else is given: that of the user.
---@field timeout? integer|string Longest time: seconds, or text such as `"2h"`.
---@field idle_timeout? integer|string Longest time in which no byte moves.

---@class (exact) Stream.ThroughOptions
---@field program string To be declared in `needs.run`.
---@field args? string[]
---@field env? table<string, string|Secret>
---@field cwd? string
---@field undo? string The command line that undoes it, such as `xz -dc`, for the line that restores the backup. Without it a restore ends at what the program wrote.
---@field max_bytes? integer The most that the program may write. Default: 1 GiB and 100 times what it was given.
---@field timeout? integer|string Longest time: seconds, or text such as `"2h"`.
---@field idle_timeout? integer|string Longest time in which no byte moves.

---@class (exact) Stream.TextOptions
---@field max_bytes? integer Default 1 MiB.

---@class Stream.Facts
---@field size_bytes integer Bytes that came out at the end.
---@field plain_bytes integer Bytes that the source gave.
---@field sha256 string Of what came out.
---@field hashes table<string, string> What `:hash(label)` found, by label.
---@field database? { name: string?, server_version: string?, tables: { schema: string, name: string, rows: integer? }[], counts: table<string, integer>, sequences: table[]?, extensions: string[]?, not_valid: integer?, encoding: string?, restorable: boolean?, without_data: boolean? } For a dump. `restorable` is false when the judge of restores refuses it.
---@field warnings? pg.Warning[] What there is to say of it although it is whole; absent when there is nothing.

---@field archive? archive.Packed For an archive of `archive.pack`.
---@field files? table[] The entries of an archive, when there are at most 1000.

---@class Stream.Backup: Stream.Facts
---@field path string
---@field size string For people: `133.2 MB`.
---@field manifest string Path of its manifest.

--- Compresses as gzip (RFC 1952), one member, on all cores.
---@param options? Stream.GzipOptions
---@return Stream
function Stream:gzip(options) end

--- Compresses as Zstandard (RFC 8878).
---@param options? Stream.ZstdOptions
---@return Stream
function Stream:zstd(options) end

--- Undoes gzip; data that ends too early or does not match its checksum is an error of kind `integrity`.
---@return Stream
function Stream:gunzip() end

--- Undoes zstd.
---@return Stream
function Stream:unzstd() end

--- Undoes gzip or zstd, whichever the first bytes show, or passes plain bytes on.
---@return Stream
function Stream:decompress() end

--- Encrypts in the format `age`, to recipients or by a passphrase. The run adds one recipient of its own, whose key never leaves
--- its memory: by it the stored backup is decrypted and compared before it is visible.
---@param options Stream.AgeOptions
---@return Stream
function Stream:age(options) end

--- Decrypts the format `age`; data that was cut or changed is an error of kind `integrity`, a key that does not fit one of kind `denied`.
---@param options Stream.UnageOptions
---@return Stream
function Stream:unage(options) end

--- Encrypts with the program `gpg`, to be declared in `needs.run`. It never prompts, and works in a private folder in memory. The
--- run adds one key of its own, by which the stored backup is decrypted and compared before it is visible.
---@param options Stream.GpgOptions
---@return Stream
function Stream:gpg(options) end

--- Decrypts with the program `gpg`. What it gives is proved only at the end: gpg has written almost all before it reports damage.
---@param options? Stream.UngpgOptions
---@return Stream
function Stream:ungpg(options) end

--- Sends the bytes through a declared program. The stream ends well only when the program has read everything and exited with code 0.
---@param options Stream.ThroughOptions
---@return Stream
function Stream:through(options) end

--- Takes the SHA-256 of the bytes at this place.
---@param label? string Its key in `hashes`. Default `sha256`.
---@return Stream
function Stream:hash(label) end

--- Shows every line that passes to a function, without its line end. The bytes go on unchanged.
---@param fn fun(line: string)
---@return Stream
function Stream:tap_lines(fn) end

--- Fails unless the bytes at this place end with this text: for a format that marks its end.
---@param text string
---@return Stream
function Stream:ends_with(text) end

---@class Stream.Seen
---@field size_bytes integer
---@field head string The first 4096 bytes.
---@field tail string The last 4096 bytes.

--- Asks a function whether the stream was good, when its bytes at this place have passed and before anything is committed.
--- Whatever is not true is a refusal; a second value says why. An error that it raises is one, too.
---@param fn fun(seen: Stream.Seen): boolean?, string?
---@return Stream
function Stream:check(fn) end

--- Also writes the bytes at this place to a second file, which is committed once `:save` has proved the first.
---@param path string
---@return Stream
function Stream:tee(path) end

--- Gives one reading to several places at once. Each function gets a stream of its own, with stages, proof and manifest of its own.
--- A copy that fails does not affect the others: it is among the failures, and the run is partial. When all fail, so does the call.
---@param copies table<string, fun(copy: Stream): any>
---@return table<string, any> made What the functions gave.
---@return table<string, errors.Failure> failures Of the copies that failed; `errors.accept` takes one.
function Stream:copies(copies) end

--- Writes a backup: proved, on stable storage, of mode 0600, with its manifest beside it, or not at all.
---@param path string
---@param options? Stream.SaveOptions
---@return Stream.Backup
function Stream:save(path, options) end

--- Stores a backup as an object: proved, with its manifest beside it, or not at all. Its `path` is `s3://bucket/key`.
---@param store Store
---@param key string
---@param options? Stream.PutOptions
---@return Stream.Backup
function Stream:put(store, key, options) end

--- Sends the stream as the body of a request to a declared host. The server gets the end of the body only when the source has
--- proved its own; otherwise the connection is broken off, so that no server takes a part for the whole. It is sent once, and
--- follows no redirect. What the server keeps is its affair: it is no backup of the run's, and retention knows nothing of it.
---@param url string|Secret A secret one is shown with its host only.
---@param options? Stream.UploadOptions
---@return Stream.Facts
function Stream:upload(url, options) end

--- Reads to the proved end and keeps nothing but the facts of the stream.
---@return Stream.Facts
function Stream:discard() end

--- All bytes of a small stream as text.
---@param options? Stream.TextOptions
---@return string
function Stream:text(options) end
