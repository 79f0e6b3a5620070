-- claude_calls.lua - what the hosts with LuaJIT have in common: a client, a loop, calls on it. To be copied into programs
-- together with claude_ffi.lua of the examples of event loops.

local ffi = require("ffi")
local claude = require("claude_ffi")

local claude_calls = {}

-- Calls a function whose last two parameters are what it makes and a claude_error_t **. Returns what it has made, released
-- by the collector; or nil, the library's message and the code.
local function make(kind, unref, fn, ...)
    local out, err = ffi.new(kind .. " *[1]"), ffi.new("claude_error_t *[1]")
    local arguments, count = { ... }, select("#", ...)
    arguments[count + 1], arguments[count + 2] = out, err
    local code = fn(unpack(arguments, 1, count + 2))
    if code >= 0 then
        return ffi.gc(out[0], unref)
    end
    local message = ffi.string(claude.claude_error_message(err[0]))
    claude.claude_error_unref(err[0])
    return nil, message, code
end

-- A client with the key and the server of the environment.
function claude_calls.client_from_env()
    return make("claude_client_t", claude.claude_client_unref, claude.claude_client_from_env, nil)
end

function claude_calls.loop(client)
    return make("claude_loop_t", claude.claude_loop_unref, claude.claude_loop_new, client)
end

-- Starts a streaming call; what comes of it has this tag.
function claude_calls.ask(loop, tag, prompt)
    local request, message =
        make("claude_request_t", claude.claude_request_unref, claude.claude_request_new, "messages.create")
    if not request then
        return nil, message
    end
    -- Setters remember their first failure, and submitting tells it.
    claude.claude_request_set_model(request, "claude-haiku-5-5", nil)
    claude.claude_request_set_max_tokens(request, 1024, nil)
    claude.claude_request_add_user_text(request, prompt, #prompt, nil)
    return make("claude_call_t", claude.claude_call_unref, claude.claude_loop_submit, loop, request,
        claude.CLAUDE_STREAM, tag)
end

local length = ffi.new("size_t[1]")

-- The text of an event as a string of Lua, which outlives it; nil if it has none to show.
function claude_calls.text(event)
    if claude.claude_event_type(event) == claude.CLAUDE_EVENT_TEXT_DELTA then
        return ffi.string(claude.claude_event_text(event, length), length[0])
    end
end

-- How a call has ended: nil when all is well, else the library's message.
function claude_calls.failure(call)
    local response, message, code =
        make("claude_response_t", claude.claude_response_unref, claude.claude_call_result, call)
    if not response and code ~= claude.CLAUDE_E_CANCELED then
        return message
    end
end

return claude_calls
