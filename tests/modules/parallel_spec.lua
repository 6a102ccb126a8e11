--- What the function `parallel` promises.
it("gives what each branch returned, by name", function()
  local got = parallel {
    one = function() return 1 end,
    two = function()
      clock.sleep(0.01)
      return "two", "and no more"
    end,
    none = function() end,
  }
  expect(got).to_equal { one = 1, two = "two" }
end)

it("runs the branches at once", function()
  -- Each waits for what the other does: one after the other they would wait for ever.
  local first, second = false, false
  local function wait_for(condition)
    while not condition() do
      clock.sleep(0.001)
    end
  end
  parallel {
    a = function()
      first = true
      wait_for(function() return second end)
    end,
    b = function()
      second = true
      wait_for(function() return first end)
    end,
  }
  expect(first and second).to_be_true()
end)

it("ends the others at the first failure, and names the branch that failed", function()
  local reached = false
  expect(function()
    parallel {
      bad = function() errors.raise { kind = "network", message = "no route" } end,
      slow = function()
        clock.sleep("30s")
        reached = true
      end,
    }
  end).to_raise { kind = "network", message = "the branch `bad` failed: no route" }
  expect(reached).to_be_false()
end)

it("gives an empty table for no branches", function()
  expect(parallel {}).to_equal {}
end)

it("refuses a branch that is not a function", function()
  expect(function() parallel { a = 1 } end).to_raise("the branch `a` of `parallel` is not a function")
  expect(function() parallel(nil) end).to_raise("`parallel` takes a table, but was given nothing")
end)

it("lets a branch start branches of its own", function()
  local got = parallel { outer = function() return parallel { inner = function() return 3 end } end }
  expect(got).to_equal { outer = { inner = 3 } }
end)
