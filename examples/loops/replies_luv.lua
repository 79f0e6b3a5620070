-- replies_luv.lua - several answers at once in a luv loop, printed as they come, a line for each piece.
--
--     ANTHROPIC_API_KEY=... luajit replies_luv.lua [-v] [-n EVENTS] [-c PIECES] ["A question" ...]
--
-- Needs LuaJIT and luv. Options as in replies.h.

package.path = (arg[0]:match("^(.*/)") or "./") .. "?.lua;" .. package.path

local ffi = require("ffi")
local uv = require("luv")
local claude = require("claude_ffi")
local luv_adapter = require("luv_adapter")

local QUESTIONS = { "Name three rivers, one per line.", "Name three mountains, one per line." }

-- Calls a function that takes a claude_error_t ** last; its failure becomes a Lua error.
local function check(fn, ...)
    local err = ffi.new("claude_error_t *[1]")
    local arguments = { ... }
    arguments[select("#", ...) + 1] = err
    local code = fn(unpack(arguments, 1, select("#", ...) + 1))
    if code < 0 then
        local message = ffi.string(claude.claude_error_message(err[0]))
        claude.claude_error_unref(err[0])
        error({ code = code, message = message })
    end
    return code
end

-- The same for a function that makes something: returns it, released by the collector.
local function make(kind, unref, fn, ...)
    local out = ffi.new(kind .. " *[1]")
    local arguments = { ... }
    arguments[select("#", ...) + 1] = out
    check(fn, unpack(arguments, 1, select("#", ...) + 1))
    return ffi.gc(out[0], unref)
end

local function options()
    local found, questions = {}, {}
    local at = 1
    while arg[at] do
        local name = arg[at]:match("^%-([vnc])$")
        if name == "v" then
            found.v = true
        elseif name then
            at = at + 1
            found[name] = tonumber(arg[at])
        else
            questions[#questions + 1] = arg[at]
        end
        at = at + 1
    end
    found.questions = #questions > 0 and questions or QUESTIONS
    return found
end

local function ask(loop, tag, question)
    local request = make("claude_request_t", claude.claude_request_unref, claude.claude_request_new, "messages.create")
    check(claude.claude_request_set_model, request, "claude-haiku-5-5")
    check(claude.claude_request_set_max_tokens, request, 1024)
    check(claude.claude_request_add_user_text, request, question, #question)
    return make("claude_call_t", claude.claude_call_unref, claude.claude_loop_submit, loop, request,
        claude.CLAUDE_STREAM, tag)
end

local function report_end(tag, call)
    local ok, result = pcall(make, "claude_response_t", claude.claude_response_unref, claude.claude_call_result, call)
    if ok then
        local tokens = tonumber(claude.claude_response_usage(result, "output_tokens"))
        print(("[%d] complete, %d tokens"):format(tag, tokens))
    elseif result.code == claude.CLAUDE_E_CANCELED then
        print(("[%d] cancelled"):format(tag))
    else
        io.stderr:write(("[%d] error: %s\n"):format(tag, result.message))
    end
    return ok or result.code == claude.CLAUDE_E_CANCELED
end

local function main()
    local chosen = options()
    local client = make("claude_client_t", claude.claude_client_unref, claude.claude_client_from_env, nil)
    local loop = make("claude_loop_t", claude.claude_loop_unref, claude.claude_loop_new, client)
    local calls, length = {}, ffi.new("size_t[1]")
    local open, events, pieces, failed = #chosen.questions, 0, 0, false
    for tag, question in ipairs(chosen.questions) do
        calls[tag] = ask(loop, tag, question)
    end

    local adapter
    adapter = luv_adapter.start(loop, function(code, tag, event)
        events = events + 1
        if code < 0 then
            io.stderr:write("error: ", ffi.string(claude.claude_code_name(code)), "\n")
            open, failed = 0, true
        elseif code == claude.CLAUDE_DONE then
            open = open - 1
            failed = not report_end(tag, calls[tag]) or failed
        elseif claude.claude_event_type(event) == claude.CLAUDE_EVENT_TEXT_DELTA then
            local text = claude.claude_event_text(event, length)
            print(("[%d] %s"):format(tag, ffi.string(text, length[0])))
            pieces = pieces + (tag == 1 and 1 or 0)
            if tag == 1 and pieces == chosen.c then
                claude.claude_call_cancel(calls[1])
            end
        end
        if open == 0 then
            adapter.stop()
        end
    end, chosen.n)
    uv.run()

    if chosen.v then
        io.stderr:write(("%d wake-ups, %d events\n"):format(adapter.wakeups, events))
    end
    return failed
end

io.stdout:setvbuf("line")
local ok, failed = pcall(main)
if not ok then
    io.stderr:write("error: ", type(failed) == "table" and failed.message or tostring(failed), "\n")
end
os.exit(ok and not failed and 0 or 1, true)
