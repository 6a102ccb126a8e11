---@meta http

--- Requests to the hosts that the recipe declares in `needs.connect`. An answer is good, or it is raised as an error.
--- Redirects are followed, each hop only to a declared host, never from https to http, and without secrets to another server.
--- Proxies are those of `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, also in `.env`. Secrets in any option are shown to nobody.
http = {}

---@alias http.Value string|number|boolean|Secret

---@class (exact) http.RequestOptions
---@field url string|Secret A secret one is shown with its host only.
---@field method? "GET"|"HEAD"|"OPTIONS"|"PUT"|"DELETE"|"POST"|"PATCH" Default `GET`.
---@field headers? table<string, string|Secret>
---@field bearer? string|Secret A token that is sent as `Authorization: Bearer …`.
---@field query? table<string, http.Value> Values to be added to the url.
---@field body? string|Secret A text as it is. Of `body`, `json` and `form` there can be one.
---@field json? any A table to be sent as JSON; there may be secrets in it.
---@field form? table<string, http.Value> Fields of a form.
---@field expect? integer[] The statuses that are good. Default: 200 to 299.
---@field max_bytes? integer The longest answer. Default 1 MiB.
---@field secrets? string[] Names of members whose texts are secrets, such as `{ "url" }`: `json()` gives them as handles. Default: none.
---@field timeout? integer|string Longest time with all tries: seconds, or text such as `"90s"`. Default 2 minutes.
---@field idle_timeout? integer|string Longest time in which no byte arrives. Default 30 seconds.
---@field retries? integer More tries after the first, 0 to 10. Default 2.
---@field retry? boolean Whether it is safe to send twice. Default: what the method says, so not for POST and PATCH.
---@field idempotency? string|Secret A key by which the server knows a second try: sent as `Idempotency-Key`, and then it is safe.
---@field sign? http.Signing Signs the body.
---@field ca_file? string Certificates (PEM) of authorities to be trusted beside the system's; to be declared in `needs.read`.

---@class (exact) http.PostOptions
---@field headers? table<string, string|Secret>
---@field bearer? string|Secret A token that is sent as `Authorization: Bearer …`.
---@field query? table<string, http.Value> Values to be added to the url.
---@field body? string|Secret A text as it is. Of `body`, `json` and `form` there can be one.
---@field json? any A table to be sent as JSON; there may be secrets in it.
---@field form? table<string, http.Value> Fields of a form.
---@field expect? integer[] The statuses that are good. Default: 200 to 299.
---@field max_bytes? integer The longest answer. Default 1 MiB.
---@field secrets? string[] Names of members whose texts are secrets, such as `{ "url" }`: `json()` gives them as handles. Default: none.
---@field timeout? integer|string Longest time with all tries: seconds, or text such as `"90s"`. Default 2 minutes.
---@field idle_timeout? integer|string Longest time in which no byte arrives. Default 30 seconds.
---@field retries? integer More tries after the first, 0 to 10. Default 2.
---@field retry? boolean Whether it is safe to send twice. Default false.
---@field idempotency? string|Secret A key by which the server knows a second try: sent as `Idempotency-Key`, and then it is safe.
---@field sign? http.Signing Signs the body.
---@field ca_file? string Certificates (PEM) of authorities to be trusted beside the system's; to be declared in `needs.read`.

--- HMAC with SHA-256 over the bytes of the body, in hexadecimal behind `sha256=`, as GitHub signs its webhooks.
---@class (exact) http.Signing
---@field key string|Secret
---@field header string The header that carries it: `"X-Hub-Signature-256"`.

---@class (exact) http.GetOptions
---@field headers? table<string, string|Secret>
---@field bearer? string|Secret A token that is sent as `Authorization: Bearer …`.
---@field query? table<string, http.Value> Values to be added to the url.
---@field expect? integer[] The statuses that are good. Default: 200 to 299.
---@field max_bytes? integer The longest answer. Default 1 MiB.
---@field secrets? string[] Names of members whose texts are secrets, such as `{ "url" }`: `json()` gives them as handles. Default: none.
---@field timeout? integer|string Longest time with all tries: seconds, or text such as `"90s"`. Default 2 minutes.
---@field idle_timeout? integer|string Longest time in which no byte arrives. Default 30 seconds.
---@field retries? integer More tries after the first, 0 to 10. Default 2.
---@field ca_file? string Certificates (PEM) of authorities to be trusted beside the system's; to be declared in `needs.read`.

---@class (exact) http.DownloadOptions
---@field headers? table<string, string|Secret>
---@field bearer? string|Secret A token that is sent as `Authorization: Bearer …`.
---@field query? table<string, http.Value> Values to be added to the url.
---@field expect? integer[] The statuses that are good. Default: 200 alone.
---@field timeout? integer|string Longest time: seconds, or text such as `"2h"`.
---@field idle_timeout? integer|string Longest time in which no byte arrives. Default 5 minutes.
---@field retries? integer More tries to get an answer, 0 to 10; none once its bytes flow. Default 2.
---@field ca_file? string Certificates (PEM) of authorities to be trusted beside the system's; to be declared in `needs.read`.

---@class (exact) http.CertificateOptions
---@field timeout? integer|string Longest time: seconds, or text such as `"10s"`. Default 30 seconds.
---@field ca_file? string Certificates (PEM) of authorities to be trusted beside the system's; to be declared in `needs.read`.

---@class http.Certificate
---@field names string[] The host names and addresses that it is for.
---@field issuer string Who issued it: `"R11, Let's Encrypt"`.
---@field not_before integer Since when it is valid, in seconds since 1970.
---@field not_after integer Until when it is valid.
---@field days_left integer How many whole days it is still valid.

---@class http.Response
---@field status integer
---@field headers table<string, string> Names in lower case; values of the same name are joined by commas.
---@field body string
---@field json fun(): any The body as a value; one that is not JSON is an error of kind `integrity`. In a plan, nobody knows what a request that was not sent is answered.

--- Sends a request and gives its answer. A status that is not expected is an error: 401 and 403 of kind `denied`, 404 `not_found`,
--- 408 and 504 `timeout`, 429 and 5xx `network`. What is safe to repeat is tried again after a pause, or after the one that `Retry-After` asks for.
---@param options http.RequestOptions
---@return http.Response
function http.request(options) end

--- Asks for a small answer.
---@param url string|Secret
---@param options? http.GetOptions
---@return http.Response
function http.get(url, options) end

--- Sends something. It is sent once, and again only where nothing can have arrived, or where the options say that twice is safe.
---@param url string|Secret
---@param options? http.PostOptions
---@return http.Response
function http.post(url, options) end

--- The certificate that the server of an `https` address shows. One that is not valid (expired, for another name, from an unknown
--- issuer) is an error of kind `denied`, as for every request. The status of the answer does not matter.
---@param url string|Secret
---@param options? http.CertificateOptions
---@return http.Certificate
function http.certificate(url, options) end

--- A stream of a large answer: `http.download(url):gunzip():save(path)`. It ends well only when every byte has come that the
--- server announced; a server that announces neither a length nor an end is refused, and so is one that answers with a part.
---@param url string|Secret
---@param options? http.DownloadOptions
---@return Stream
function http.download(url, options) end
