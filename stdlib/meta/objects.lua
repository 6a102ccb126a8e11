---@meta objects

--- What lies in object stores, in the buckets and under the keys that the recipe declares in `needs.objects`.
objects = {}

--- A bucket of a store, and who asks. It shows as `s3://bucket`.
---@class Store

---@class (exact) objects.OpenOptions
---@field url string `s3://bucket`, `gs://bucket`, `azblob://container`, `sftp://HOST/absolute/path`, `rclone://REMOTE/path` or `file:///absolute/path`. What follows the bucket is the folder that all keys lie below.
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
---@field path_style? boolean Whether the bucket stands in the path of a url, and not before its host. Default: yes with an `endpoint`.
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

--- The store of an address, of any kind; nothing is sent yet. All keys lie below the folder that the address names.
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

--- Makes the bucket, unless it stands already; tells whether it was made.
---@param store Store
---@return boolean
function objects.make_bucket(store) end
