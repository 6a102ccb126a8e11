--- What the words about objects promise.
local recipe_file = "tests/specs/words/store.lua"

describe("run:put", function()
  local world = {
    programs = { pg_dump = { stdout = "a dump" } },
    objects = { ["s3://shop/daily/new_19691201_020000.gz"] = { content = "old", age = "40d" }, ["s3://shop/else"] = "else" },
    env = { STORE_SECRET = secret "odd-long-word-of-a-store" },
  }

  it("tells what was put, removed and kept", function()
    local run = simulate(world):run(recipe_file)
    run:ok()
    run:put("s3://shop/daily/new_*.gz"):gunzips_to("a dump"):has_manifest()
    run:put("s3://shop/daily/*")
    run:removed("s3://shop/daily/new_19691201_020000.gz")
    run:kept("s3://shop/else")
    run:never_showed("odd-long-word-of-a-store")
  end)

  it("plans what would be put and removed", function()
    expect(simulate(world):plan(recipe_file)).never_to_be(nil)
  end)

  it("fails where the store does not know the key", function()
    local other = { programs = world.programs, objects = world.objects, env = world.env, store = { access_key = "AKIAOTHER" } }
    simulate(other):run(recipe_file):failed("denied")
  end)

  it("tells no lie, whichever step fails", function()
    simulate(world):each_failure(recipe_file, function(run)
      run:kept("s3://shop/daily/new_19691201_020000.gz", "s3://shop/else")
      run:left_nothing_partial()
    end)
  end)
end)
