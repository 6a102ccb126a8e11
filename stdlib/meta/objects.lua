---@meta objects

--- What lies in object stores, in the buckets and under the keys that the recipe declares in `needs.objects`.
objects = {}

--- A bucket of a store, and who asks. It shows as `s3://bucket`.
---@class Store

---@class (exact) objects.StoreOptions
---@field bucket string
---@field endpoint? string The url of a store that speaks as Amazon's does; its host must stand in `needs.connect`. Default: Amazon's own.
---@field region? string Default `us-east-1`.
---@field path_style? boolean Whether the bucket stands in the path of a url, and not before its host. Default: yes with an `endpoint`.
---@field access_key string|Secret
---@field secret_key Secret A text that stands in the recipe is refused.
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

--- A store to be asked; nothing is sent yet.
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
