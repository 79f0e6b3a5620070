-- luv.lua - a loop in libuv's: for luv, and for Neovim with vim.loop in its place.
--
--     local loop = require "claude.luv"(client, uv, on_event)
--
-- Its create(), stream(), ... are for coroutines, which run inside uv.run(). on_event(call, event), if given, hears of
-- the calls of loop:submit(). libuv is kept running by calls only.

local claude_loop = require "claude.loop"

return function(client, uv, on_event)
    local loop = claude_loop.new(client)
    local poll = uv.new_poll(loop:fd())

    local function ready()
        loop:step(on_event)
        if not poll:is_closing() and loop:count() == 0 then
            poll:stop()
        end
    end

    function loop.watch()
        if not poll:is_active() then
            poll:start("r", ready)
        end
    end

    function loop.sleep(_, ms)
        local routine, timer, over = coroutine.running(), uv.new_timer(), false
        timer:start(ms, 0, function()
            timer:close()
            over = true
            if coroutine.status(routine) == "suspended" then
                assert(coroutine.resume(routine))
            end
        end)
        while not over do
            coroutine.yield()
        end
    end

    function loop.unwatch()
        poll:stop()
        poll:close()
    end

    return loop
end
