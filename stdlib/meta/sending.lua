---@meta sending

--- What is sent in the worlds of specs: what a run has requested and mailed, and what a channel makes of an event.

---@class World
local World = {}

---@class Run
local Run = {}

---@class (exact) World.EventOptions
---@field kind? string Default `backup_failure`.
---@field about? string Default: the kind.
---@field id? string
---@field type? string Default `daily`.
---@field time? string A moment; default: that of the world.
---@field recipe? string Default `db-backup`.
---@field host? string
---@field status? string How the run ended. Default: as the kind has it.
---@field error? string
---@field hint? string
---@field database? string
---@field system_url? string
---@field duration_secs? number
---@field backups? { path: string, size_bytes: integer, sha256: string }[]
---@field failures? integer
---@field relapses? integer
---@field first_failure? string
---@field level? integer
---@field contacts? string[]
---@field findings? { subject: string, message: string }[]
---@field period? string
---@field rehearsal? boolean

---@class (exact) World.ChannelOptions
---@field name? string Default: its kind.
---@field target? string|Secret The url of its webhook, or its key.
---@field secret? Secret What it signs by.
---@field recipients? string[]
---@field settings? table<string, any>

--- Sends an event by a channel: the file of that name in `channels/`, else a built-in one, as after a real run.
---@param channel string
---@param event World.EventOptions
---@param options? World.ChannelOptions
---@return Sending
function World:send(channel, event, options) end

--- Pings the state of a run by a channel, as at the beginning or the end of a real one.
---@param channel string
---@param run World.EventOptions
---@param options? World.ChannelOptions
---@return Sending
function World:ping(channel, run, options) end

--- Expects an http request to exactly this address.
---@param method string
---@param url string
---@return Requests
function Run:requested(method, url) end

--- Expects no http request, or none to this address.
---@param method? string
---@param url? string
---@return Run
function Run:never_requested(method, url) end

--- Expects a mail that the server has taken.
---@param mail? Run.Mail Default: any.
---@return Mails
function Run:mailed(mail) end

--- Expects no mail, or none like this.
---@param mail? Run.Mail Default: any.
---@return Run
function Run:never_mailed(mail) end

--- Expects the run to raise an alert: the event that every channel that takes it gets, once the run has ended.
---@param type? string Such as `"backup_failure"`. Default: any.
---@return Run
function Run:alerted(type) end

--- Expects the run to raise no alert.
---@return Run
function Run:never_alerted() end

--- What a mail must have: texts that occur in it, and one address that got it.
--- Expects one object to be put under an address, or one like it: `s3://bucket/daily/*.gz`. What a run removes or keeps may be an address too.
---@param address string
---@return Written
function Run:put(address) end

---@class (exact) Run.Mail
---@field to? string
---@field from? string
---@field subject? string
---@field text? string
---@field html? string

--- The requests that everything so far holds for; secrets are masked in them.
---@class Requests
---@field headers table<string, string> Of the first one, names in lower case.
---@field body string
---@field json any
local Requests = {}

--- Expects a request with this header.
---@param name string
---@param value string
---@return Requests
function Requests:with_header(name, value) end

--- Expects a request with this text in its body.
---@param text string
---@return Requests
function Requests:with_body(text) end

--- Expects a request whose JSON has all that the table names.
---@param json table
---@return Requests
function Requests:with_json(json) end

--- Expects one request.
---@return Requests
function Requests:once() end

--- Expects this many requests.
---@param times integer
---@return Requests
function Requests:times(times) end

--- The mails that everything so far holds for.
---@class Mails
---@field to string[] Of the first one.
---@field subject string
---@field text string
---@field html? string
---@field message_id string
local Mails = {}

--- Expects one mail.
---@return Mails
function Mails:once() end

--- Expects this many mails.
---@param times integer
---@return Mails
function Mails:times(times) end

--- The result of an event that was sent by a channel.
---@class Sending
local Sending = {}

--- Expects that everybody got it.
---@return Sending
function Sending:ok() end

--- Expects the channel to fail.
---@param error? Expectation.Raised Default: any error.
---@return Sending
function Sending:failed(error) end

--- Expects that the channel says that there is nothing to send.
---@param why? string A text that occurs in its reason.
---@return Sending
function Sending:sent_nothing(why) end

--- Expects that this recipient is reported as one who did not get it.
---@param address string
---@return Sending
function Sending:refused(address) end

--- Expects an http request to exactly this address.
---@param method string
---@param url string
---@return Requests
function Sending:requested(method, url) end

--- Expects no http request, or none to this address.
---@param method? string
---@param url? string
---@return Sending
function Sending:never_requested(method, url) end

--- Expects a mail that the server has taken.
---@param mail? Run.Mail Default: any.
---@return Mails
function Sending:mailed(mail) end

--- Expects no mail, or none like this.
---@param mail? Run.Mail Default: any.
---@return Sending
function Sending:never_mailed(mail) end

--- Expects a text in no error and nowhere in the journal.
---@param text string|Secret
---@return Sending
function Sending:never_showed(text) end
