-- luv_adapter.lua - libclaude in a luv loop (also Neovim's vim.loop). To be copied into programs.

local ffi = require("ffi")
local uv = require("luv")
local claude = require("claude_ffi")

local luv_adapter = {}

-- Calls on_event(code, tag, event) for everything that happens on a claude_loop_t; code is what claude_loop_next()
-- returned: 1 an event, CLAUDE_DONE the end of a call, negative: the loop is lost. At most max_events each time (nil: all
-- there are), so that the rest of the program has its turn. stop() ends it, also from on_event; release the claude_loop_t
-- when the luv loop has run once more, or has ended.
function luv_adapter.start(loop, on_event, max_events)
    local self = { wakeups = 0 }
    local poll = uv.new_poll(claude.claude_loop_fd(loop))
    local tag, event = ffi.new("uint64_t[1]"), ffi.new("const claude_event_t *[1]")

    local function ready()
        local taken = 0
        self.wakeups = self.wakeups + 1
        claude.claude_loop_dispatch(loop, nil)
        repeat
            local code = claude.claude_loop_next(loop, tag, event, nil)
            if code == 0 then
                break
            end
            on_event(code, tonumber(tag[0]), event[0])
            taken = taken + 1
        until code < 0 or taken == max_events
    end

    function self.stop()
        if not poll:is_closing() then
            poll:close()
        end
    end

    poll:start("r", ready)
    return self
end

return luv_adapter
