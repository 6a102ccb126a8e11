---@meta recipe

--- A value that shows nothing, joins to nothing, and is known to Rust alone.
---@class Secret

---@class (exact) recipe.Param
---@field env? string The environment variable that sets it.
---@field default? any
---@field type? "string"|"integer"|"boolean"|"path"|"duration"|"size"|"list"|"secret"|"choice"|"command"|"hook" Default: that of the default value, else `string`.
---@field min? integer
---@field max? integer
---@field choices? string[] For the type `choice`.
---@field says? string What it is, for people.
---@field secret? boolean The same as `type = "secret"`.
---@field optional? boolean Whether it may be absent. Default false.
---@field detach? boolean For a command or a hook: it may leave programs running when the run ends, and reach services outside. Default false.
---@field target? boolean Whether runs with another value work on another target, which `hikae status` shows in a row of its own. Default: true for a database, its server, and folders and stores among the needs.

---@class (exact) recipe.Needs
---@field run? string[] Programs that it may run. One that need not be installed has a `?` behind it: `"render?"`.
---@field read? string[] Folders and files that it may read; `{name}` is the value of a param.
---@field write? string[] Folders that it may read and write.
---@field connect? string[] Hosts that `http` may speak to: `host`, `host:port`, `*.domain`, or a url.
---@field objects? string[] What it may put, get and remove in object stores: `s3://bucket`, `s3://bucket/prefix*`, `s3://bucket/key`.
---@field sockets? string[] Unix sockets that its programs may use, such as `/run/docker.sock`.
---@field capabilities? string[] Rights of root that its programs keep beside reading and writing the files of others: `"chown"`.
---@field recipes? string[] Recipes that it may run with `recipes.run`.
---@field user? string User of the machine as whom its programs run and its databases are reached, such as `"postgres"`; takes root. Default: the user of hikae.

---@class (exact) recipe.Declaration
---@field kind? "backup"|"restore"|"drill"|"monitor"|"report"|"check"|"maintenance" Default `backup`, which must end in a proved backup.
---@field summary? string Default: the first line of the file's `---` comment.
---@field type "daily"|"weekly"|"monthly"|"manual"
---@field schedule? string When cron runs it: `0 2 * * *`.
---@field objective? string The oldest that its last good backup may be, such as `"25h"` (RPO). Default: by its schedule, at least `25h`.
---@field timeout? string Longest time for the whole run. Default `24h`.
---@field params? table<string, recipe.Param>
---@field needs? recipe.Needs
---@field preview? fun(p: table<string, any>): string[] What it will do, in lines for the person who is asked before a restore, and for `--dry-run`. It changes nothing.
---@field run fun(p: table<string, any>): any

--- Declares a recipe. Loading it does nothing; `run` is called with the params.
---@param declaration recipe.Declaration
---@return any
function recipe(declaration) end

--- A text in the reader's language; `%s` and `%d` take the values in their order.
---@param text string
---@param ... any
---@return string
function _(text, ...) end
