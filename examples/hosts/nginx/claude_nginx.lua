-- claude_nginx.lua - answers for clients of nginx, piece by piece, while the worker goes on serving everybody else.
--
-- nginx offers Lua no way to wait for a file descriptor that is not a socket of its own, so the descriptor of a
-- claude_loop_t cannot be handed over to it. What Lua can do is sleep. So a light thread looks after the loop of its
-- worker every few milliseconds: one, however many answers are under way, and none while there are none.

local ffi = require("ffi")
local semaphore = require("ngx.semaphore")
local claude = require("claude_ffi")
local claude_calls = require("claude_calls")

ffi.cdef([[
void claude_call_pause(claude_call_t *call);
void claude_call_resume(claude_call_t *call);
]])

local claude_nginx = {}

local INTERVAL = 0.005 -- seconds from one look to the next: what a piece is late at most
local BREATH = 0.001 -- the same while there is more to take; nginx counts in milliseconds
local BURST = 200 -- events taken before everybody else has a turn
local MOST = 1000 -- pieces kept for a client of nginx that does not read; then the API's server has to wait

local client, loop -- of this worker
local answers, last_tag = {}, 0 -- those under way, by tag
local looking = false

-- In init_worker_by_lua, or once for all in init_by_lua: a client goes on working after a fork. A loop does not, so each
-- worker makes its own when it needs one.
function claude_nginx.start()
    local message
    client, message = claude_calls.client_from_env()
    if not client then
        error(message, 0)
    end
end

local tag, event = ffi.new("uint64_t[1]"), ffi.new("const claude_event_t *[1]")

-- One event for the request that waits for it; false if there is none.
local function hand_over()
    local code = claude.claude_loop_next(loop, tag, event, nil)
    if code <= 0 then
        return false
    end
    local answer = answers[tonumber(tag[0])]
    if code == claude.CLAUDE_DONE then
        answers[tonumber(tag[0])] = nil
        answer.ended = true
    else
        answer.pieces[#answer.pieces + 1] = claude_calls.text(event[0])
        if #answer.pieces == MOST then
            claude.claude_call_pause(answer.call)
        end
    end
    if answer.ready:count() <= 0 then
        answer.ready:post()
    end
    return true
end

-- The light thread. It ends with the last answer, so that it keeps no worker from ending.
local function look()
    while next(answers) do
        local taken = 0
        claude.claude_loop_dispatch(loop, nil)
        while taken < BURST and hand_over() do
            taken = taken + 1
        end
        ngx.sleep(taken == BURST and BREATH or INTERVAL)
    end
    looking = false
end

local function ask(prompt)
    local message, call
    if not loop then
        loop, message = claude_calls.loop(client)
        if not loop then
            return nil, message
        end
    end
    call, message = claude_calls.ask(loop, last_tag + 1, prompt)
    if not call then
        return nil, message
    end
    last_tag = last_tag + 1
    local answer = { call = call, pieces = {}, ready = semaphore.new() }
    answers[last_tag] = answer
    if not looking then
        looking = assert(ngx.timer.at(0, look))
    end
    return answer
end

-- All that has come since the last time, waiting for it if need be; nothing once the answer is complete or has failed.
local function take(answer)
    while #answer.pieces == 0 and not answer.ended do
        answer.ready:wait(60) -- the time-outs that matter are the library's
    end
    local pieces = answer.pieces
    answer.pieces = {}
    claude.claude_call_resume(answer.call)
    return pieces
end

-- content_by_lua: the body of the request is the prompt. lua_check_client_abort has to be on.
function claude_nginx.answer()
    ngx.req.read_body()
    local answer, message = ask(ngx.req.get_body_data() or "")
    if not answer then
        ngx.status = ngx.HTTP_BAD_REQUEST
        return ngx.say(message)
    end
    ngx.on_abort(function()
        claude.claude_call_cancel(answer.call) -- which ends the answer
    end)

    local pieces = take(answer)
    while #pieces > 0 do
        ngx.print(pieces)
        ngx.flush(true) -- waits for a slow client
        pieces = take(answer)
    end

    message = claude_calls.failure(answer.call)
    if message then
        ngx.log(ngx.ERR, message)
        if ngx.headers_sent then
            return ngx.exit(ngx.ERROR) -- without an end, so that the client can tell
        end
        ngx.status = ngx.HTTP_BAD_GATEWAY
        return ngx.say(message)
    end
end

return claude_nginx
