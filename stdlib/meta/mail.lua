---@meta mail

--- Sends mails. The server is the one of `SMTP_HOST SMTP_PORT SMTP_SECURE SMTP_USER SMTP_PASSWORD SMTP_CA_FILE` (environment or `.env`); the recipe declares it: `needs = { connect = { "smtp.example.com:587" } }`.
mail = {}

---@class (exact) mail.SendOptions
---@field to string|string[] Addresses, also several in one text, split at commas: `"Ops <ops@example.com>, boss@example.com"`.
---@field cc? string|string[]
---@field from? string Default: `SMTP_FROM`.
---@field subject string One line.
---@field text string
---@field html? string The same for programs that show HTML.
---@field host? string Another server; nothing of the server is then taken from the environment.
---@field port? integer Default 587 with `host`.
---@field security? "starttls"|"tls"|"plain" Default by port: 465 `tls`, 25 and 1025 `plain`, else `starttls`.
---@field user? string Without one nobody logs in.
---@field password? Secret|string
---@field ca_file? string Certificates (PEM) that are trusted beside those of the system; a file to be declared in `needs.read`.
---@field allow_plain_auth? boolean Lets the password go over a connection that is not encrypted. Default false.
---@field allow_refused? boolean No error when only some recipients are refused. Default false.
---@field message_id? string Default: a new one.
---@field timeout? integer|string Longest time for all of it. Default `"5m"`.

---@class (exact) mail.Refused
---@field address string
---@field reply string What the server said.
---@field retryable boolean Whether it may have this address later.

---@class (exact) mail.Sent
---@field message_id string
---@field reply string The server's last word.
---@field accepted string[]
---@field refused mail.Refused[]

--- Sends one mail. Kinds of errors: `network` (no connection, TLS, or "try again later"), `denied` (login, or refused for good), `timeout`.
---@param options mail.SendOptions
---@return mail.Sent
function mail.send(options) end
