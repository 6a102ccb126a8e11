---@meta objects

--- What is in object stores, in the buckets and under the keys that the recipe declares in `needs.objects`.
objects = {}

--- A bucket of a store, and who asks. It shows as `s3://bucket`.
---@class Store

---@class (exact) objects.OpenOptions
---@field url string `s3://bucket`, `gs://bucket`, `azblob://container`, `sftp://HOST/absolute/path`, `rclone://REMOTE/path` or `file:///absolute/path`. What follows the bucket is the folder that all keys are below.
---@field endpoint? string The url of the store; its host must be declared in `needs.connect`. Default: what the environment says, else the vendor's own.
---@field region? string Default: what the environment says, else `us-east-1`. Only for `s3`, as the fields below.
---@field path_style? boolean Whether the bucket is in the path of a url, and not before its host. Default: yes with an endpoint.
---@field access_key? string|Secret Default: the keys that the vendor's own tools would find.
---@field secret_key? Secret
---@field session_token? Secret
---@field ca_file? string The authority's certificate as PEM, where the system does not trust it.

---@class (exact) objects.StoreOptions
---@field bucket string
---@field endpoint? string The url of a store that speaks as Amazon's does; its host must stand in `needs.connect`. Default: Amazon's own.
---@field region? string Default: what the environment says, else `us-east-1`.
---@field path_style? boolean Whether the bucket is in the path of a url, and not before its host. Default: yes with an `endpoint`.
---@field access_key? string|Secret Default: the keys that Amazon's own tools would find.
---@field secret_key? Secret A text in the recipe is refused.
---@field session_token? Secret For keys that are only lent.
---@field ca_file? string The authority's certificate as PEM, where the system does not trust it.

---@class (exact) objects.Stat
---@field size_bytes integer
---@field modified integer Seconds since 1970.
---@field age_secs integer
---@field etag string The store's own mark of these bytes.
---@field storage_class? string nil for the usual one.

---@class (exact) objects.Entry: objects.Stat
---@field key string

---@class (exact) objects.RemoveOptions
---@field why? string Why it may go, in words: plans and the audit tell it.

--- The store of an address, of any kind; nothing is sent yet. All keys are below the folder that the address names.
---@param options objects.OpenOptions
---@return Store
function objects.open(options) end

--- A bucket that speaks as Amazon's do; nothing is sent yet.
---@param options objects.StoreOptions
---@return Store
function objects.store(options) end

--- The objects whose keys begin with a prefix, sorted by key byte by byte, however many they are.
---@param store Store
---@param prefix? string Default: all.
---@return objects.Entry[]
function objects.list(store, prefix) end

--- What is stored under a key; nil when nothing is.
---@param store Store
---@param key string
---@return objects.Stat?
function objects.stat(store, key) end

--- A stream of the bytes of an object.
---@param store Store
---@param key string
---@return Stream
function objects.get(store, key) end

--- Removes an object; an absent one is an error of kind `not_found`.
---@param store Store
---@param key string
---@param options? objects.RemoveOptions
function objects.remove(store, key, options) end

--- Makes the bucket, unless it exists; returns whether it was made.
---@param store Store
---@return boolean
function objects.make_bucket(store) end

---@class (exact) objects.PlanOptions
---@field prefix? string The folder in the store. Default: none.
---@field include? string[] Only files of these names, as the shell has them; `*` also matches slashes. Default: all.
---@field exclude? string[] Files that are left alone on both sides, such as `{ "*.tmp" }`.
---@field include_unproved? boolean Also files without a manifest. Default false.
---@field delete? boolean Whether objects are deleted whose files are gone, if this sync has put them there. Default false.
---@field delete_foreign? boolean Also those that this sync has not put there. Default false.
---@field delete_last? boolean Also the last proved backup of a kind. Default false.
---@field max_delete? number|string The largest share that may be deleted, in percent, such as `"10 %"`; what retention has removed on record does not count. Default 10.
---@field replace? boolean Whether a backup may take the place of another one of the same name. Default false.
---@field takeover? boolean Whether this folder may go on where another one was synced before. Default false.
---@field allow_empty? boolean Whether the folder may be empty. Default false.
---@field marker? boolean Whether the first sync puts a marker into the folder, without which no later one runs. Default true; a folder that is only read takes false.

---@class (exact) objects.Planned
---@field name string Its name below the folder.
---@field key string Its key in the store.
---@field size_bytes integer
---@field reason string The reason as one word, such as `new`, `size` or `same_checksum`.
---@field why string The reason in words.

---@class (exact) objects.Refusal
---@field guard "source_missing"|"no_marker"|"other_sync"|"source_empty"|"max_delete"|"last_copy"|"other_backup"
---@field kind string The kind of the error that `objects.apply` raises.
---@field message string
---@field why string
---@field hint string How to override it.

--- What a sync would do. It shows as `3 to upload, 20 to skip, 1 to delete`.
---@class objects.Plan
---@field upload objects.Planned[]
---@field skip objects.Planned[]
---@field delete objects.Planned[]
---@field refusals objects.Refusal[] Why it must not be carried out; empty when it may.
---@field target string Where it goes, for people.
---@field upload_bytes integer

---@class (exact) objects.ApplyOptions
---@field storage_class? string For backups, such as `STANDARD_IA`; manifests stay in the usual class.
---@field encryption? "AES256"|"aws:kms" How the store encrypts. Default: as the bucket says.
---@field kms_key? string The key for `aws:kms`. Default: the store's own.
---@field lock? "GOVERNANCE"|"COMPLIANCE" Asks the store to keep each object from being deleted, as long as `lock_for` says. Only for `s3`, in a bucket with object lock. Default: as the bucket says.
---@field lock_for? number|string How long, such as `"30d"`.
---@field limit? integer|string The most bytes a second for all uploads together, such as `"10 MiB"`. Default: no limit.
---@field tags? boolean Whether objects get the tag `hikae`, which is `backup` or `manifest`: the rules of a lifecycle go by it. Default false.

---@class (exact) objects.Kept
---@field name string
---@field why string

---@class (exact) objects.Applied
---@field uploaded integer
---@field uploaded_bytes integer
---@field skipped integer
---@field deleted integer
---@field kept objects.Kept[] What the store did not delete: a lock or a policy keeps it.

--- Plans the copy of a folder of backups to a store, and changes nothing.
---@param dir string
---@param store Store
---@param options? objects.PlanOptions
---@return objects.Plan
function objects.plan(dir, store, options) end

--- Carries a plan out: uploads first, each verified, then deletions. Raises when the plan has refusals; one that was cut off goes on where it was.
---@param plan objects.Plan
---@param options? objects.ApplyOptions
---@return objects.Applied
function objects.apply(plan, options) end

---@class (exact) objects.LifecycleOptions
---@field prefix? string The folder whose objects the documented policy is for.
---@field json? string Another policy, as the vendor's JSON has it. Default: to GLACIER after 30 days, to DEEP_ARCHIVE after 365, gone after 2555.

--- Brings the lifecycle rules of a bucket to a policy; gives a line for each rule that differed, such as `+ BackupRetentionRule`. Rules that
--- are neither named so nor begin with `hikae-` stay as they are. Manifests are left out of transitions: backups need the tag `hikae`.
---@param store Store
---@param options? objects.LifecycleOptions
---@return string[]
function objects.lifecycle(store, options) end
