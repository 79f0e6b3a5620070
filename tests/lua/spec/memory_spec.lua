local support = require "support"

local function run(command, ...)
    local pipe = io.popen(command:format(...) .. ' 2>&1; echo "status $?"')
    local output = pipe:read "*a"
    pipe:close()
    return output
end

describe("Memory", function()
    it("does not grow", function()
        local output = run("%s %s/tests/lua/memory.lua 150", support.lua, support.root)
        assert.matches("status 0", output)
        assert.is_true(tonumber(output:match "grown by (%-?%d+) KiB") < 4096, output)
    end)

    it("is released, once, whatever the order", function()
        local program = [[
            local claude, support = require "claude", require "support"
            local kept = {}
            local finalizer = { __gc = function()
                print("finalizer", pcall(kept.client.create, kept.client, support.body()))
            end }
            if _VERSION == "Lua 5.1" then
                getmetatable(newproxy(true)).__gc = finalizer.__gc
            else
                kept.last = setmetatable({}, finalizer)
            end
            kept.client = support.client()
            kept.stream = kept.client:stream(support.body())
            kept.loop = claude.loop(kept.client)
            kept.call = kept.loop:submit(support.body())
            kept.failure = support.failure(claude.client, {})]]
        local output = run("%s -e '%s'", support.lua, program)
        assert.matches("finalizer\tfalse\tclient is NULL", output)
        assert.matches("status 0", output)
    end)

    -- Of one Lua, because it takes so long; the module's code is the same for all.
    if support.lua == "lua5.4" then
        it("passes memcheck", function()
            local output = run("valgrind -q --error-exitcode=9 --leak-check=full "
                .. "--errors-for-leak-kinds=definite,indirect --suppressions=%s/tests/valgrind.supp "
                .. "%s %s/tests/lua/memory.lua 3", support.root, support.lua, support.root)
            assert.matches("^grown by %-?%d+ KiB\nstatus 0\n$", output)
        end)
    end
end)
