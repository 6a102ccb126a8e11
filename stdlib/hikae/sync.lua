--- Copies a folder of backups to an object store, as the recipes of the clouds do it: the plan is shown, guarded, and carried out.
local params = require "hikae.params"

local sync = {}

--- How many names a line lists.
local LISTED = 5

--- The params that all clouds share; `own` adds to them and changes them.
---@param own table<string, hikae.params.Change>
---@return table<string, recipe.Param>
function sync.params(own)
  local shared = {
    source = { default = "/backups", type = "path", says = "Folder of the backups" },
    bucket = { default = "english-cafe-backups", says = "Bucket, which is made if it is not there" },
    prefix = { default = "production", says = "Folder in the bucket" },
    url = { optional = true, says = "Address of another store and folder, in place of bucket and prefix" },
    exclude = { type = "list", default = { "*.tmp" }, says = "Files that are not copied" },
    include_unproved = { default = false, says = "Whether files without a manifest are copied as well" },
    delete = { default = true, says = "Whether what is gone from the folder is deleted in the store" },
    max_delete = { default = "10 %", says = "Largest share that one run may delete, besides what retention removed" },
    delete_last = { default = false, says = "Whether the last proved backup of a kind may be deleted" },
    delete_foreign = { default = false, says = "Whether objects are deleted that no sync put there" },
    replace = { default = false, says = "Whether a backup may take the place of another one of the same name" },
    takeover = { default = false, says = "Whether this folder goes on where another one was synced before" },
    allow_empty = { default = false, says = "Whether the folder may be empty" },
    marker = { default = true, says = "Whether a marker in the folder shows that its disk is mounted; a folder that is only read has none" },
    limit = { type = "size", optional = true, says = "Most bytes a second for all uploads together" },
  }
  local names = {}
  for name in pairs(shared) do
    names[#names + 1] = name
  end
  for _i, name in ipairs(names) do
    local change = own[name]
    if type(change) == "table" then
      for field, value in pairs(change) do
        shared[name][field] = value
      end
    end
    own[name] = nil
  end
  return params.join(shared, own)
end

--- Whether the params name a store that speaks as Amazon's does.
---@param p table
---@return boolean
function sync.is_s3(p)
  return not p.url or string.sub(p.url, 1, 5) == "s3://"
end

--- The store that the params name; what only stores of one vendor know is left out for another.
---@param p table
---@param scheme "s3"|"gs"
---@param options? { region: string?, endpoint: string? }
---@return Store
function sync.open(p, scheme, options)
  local url = p.url or scheme .. "://" .. p.bucket
  if string.sub(url, 1, 5) ~= "s3://" then
    return objects.open { url = url }
  end
  options = options or {}
  return objects.open { url = url, region = options.region, endpoint = options.endpoint }
end

--- The names of some items, for people.
---@param items objects.Planned[]
---@return string
local function some(items)
  local names = {}
  for index = 1, math.min(LISTED, #items) do
    names[index] = items[index].name
  end
  local more = #items - #names
  return more > 0 and _("%s and %d more", table.concat(names, ", "), more) or table.concat(names, ", ")
end

--- Those that have one of these reasons.
---@param items objects.Planned[]
---@param ... string
---@return objects.Planned[]
local function of(items, ...)
  local reasons, found = {}, {}
  for _i, reason in ipairs { ... } do
    reasons[reason] = true
  end
  for _i, item in ipairs(items) do
    found[#found + 1] = reasons[item.reason] and item or nil
  end
  return found
end

--- Shows the whole plan: a line for each object at the level of details, and what people must know at theirs.
---@param plan objects.Plan
function sync.show(plan)
  for _i, item in ipairs(plan.upload) do
    log.debug(_("Upload: %s (%s)", item.name, item.why))
  end
  for _i, item in ipairs(plan.skip) do
    log.debug(_("Skip: %s (%s)", item.name, item.why))
  end
  for _i, item in ipairs(plan.delete) do
    log.debug(_("Delete: %s (%s)", item.name, item.why))
  end
  log.info(_("Plan for %s: %d to upload, %d to skip, %d to delete", plan.target, #plan.upload, #plan.skip, #plan.delete))
  local unproved, foreign = of(plan.skip, "unproved", "orphan"), of(plan.skip, "foreign")
  if #unproved > 0 then
    log.info(_("Not copied, for no manifest proves them: %d, such as %s", #unproved, some(unproved)))
  end
  if #foreign > 0 then
    log.info(_("Left alone, for no sync put them there: %d, such as %s", #foreign, some(foreign)))
  end
end

--- Says what makes the copy incomplete, and what the store did not delete.
---@param plan objects.Plan
---@param done objects.Applied
local function remark(plan, done)
  local damaged = of(plan.skip, "damaged", "unfit")
  if #damaged > 0 then
    run.remark {
      level = "incomplete", kind = "not_copied",
      message = _("backups that are not copied: %d, such as %s (%s)", #damaged, some(damaged), damaged[1].why),
      hint = _("prove them: `hikae verify` reads a backup and compares it with its manifest"),
    }
  end
  for _i, kept in ipairs(done.kept) do
    run.remark { level = "note", kind = "kept_by_store", message = _("the store keeps %s: %s", kept.name, kept.why) }
  end
end

--- Plans the copy as the params have it.
---@param p table
---@param store Store
---@return objects.Plan
local function plan_of(p, store)
  return objects.plan(p.source, store, {
    prefix = not p.url and p.prefix or nil, exclude = p.exclude, include_unproved = p.include_unproved, delete = p.delete,
    max_delete = p.max_delete, delete_last = p.delete_last, delete_foreign = p.delete_foreign, replace = p.replace,
    takeover = p.takeover, allow_empty = p.allow_empty, marker = p.marker,
  })
end

--- What a plan says before its uploads and deletions: how much there is to do, and what is left as it is, each with its reason.
---@param p table
---@param store Store
---@return string[]
function sync.preview(p, store)
  local plan = plan_of(p, store)
  local lines = { _("Plan for %s: %d to upload, %d to skip, %d to delete", plan.target, #plan.upload, #plan.skip, #plan.delete) }
  for _i, item in ipairs(plan.skip) do
    lines[#lines + 1] = _("skip: %s (%s)", item.name, item.why)
  end
  return lines
end

--- Plans the copy, shows the plan, and carries it out.
---@param p table
---@param store Store
---@param options objects.ApplyOptions
---@return objects.Applied
function sync.run(p, store, options)
  local plan = plan_of(p, store)
  sync.show(plan)
  options.limit = p.limit
  if p.url and not string.find(p.url, "^s3://") and not string.find(p.url, "^gs://") then
    options.storage_class = nil -- a folder has none
  end
  local done = objects.apply(plan, options)
  remark(plan, done)
  log.info(_("Copied to %s: %d uploaded, %d unchanged, %d deleted", plan.target, done.uploaded, done.skipped, done.deleted))
  return done
end

--- Brings the lifecycle of the bucket to the policy that the params name. A copy that is there counts whatever becomes of that.
---@param p table
---@param store Store
function sync.lifecycle(p, store)
  local json = p.lifecycle_file and fs.read(p.lifecycle_file) or nil
  local ok, answer = errors.try(objects.lifecycle, store, { prefix = not p.url and p.prefix or nil, json = json })
  if ok then
    for _i, line in ipairs(answer) do
      log.info(_("Lifecycle rule changed: %s", line))
    end
    return
  end
  run.remark {
    level = "incomplete", kind = "lifecycle", message = _("the lifecycle of the bucket could not be set: %s", answer.message),
    hint = _("where the store has none, say so: --set lifecycle=none"),
  }
  errors.accept(answer, _("the copy is complete without it"))
end

return sync
