-- claude.lua - a plugin for Neovim: ":Claude {prompt}" writes an answer into a new buffer while you go on editing, there
-- or elsewhere. ":ClaudeStop" ends all answers.
--
--     ANTHROPIC_API_KEY=... nvim --cmd "set runtimepath^=examples/hosts/nvim"
--
-- Needs Neovim 0.7 or later, built with LuaJIT.

-- The files that it needs may also be copied into a folder lua/ beside this one.
local here = debug.getinfo(1, "S").source:match("^@(.*/)")
package.path = here .. "../../?.lua;" .. here .. "../../../loops/?.lua;" .. package.path

local api = vim.api
local space = api.nvim_create_namespace("claude")
local answers, last_tag = {}, 0 -- those under way, by tag
local claude, claude_calls, client, loop, watcher

local function complain(message)
    vim.notify(message, vim.log.levels.ERROR)
end

-- Puts what has come where the last piece ended, even if lines above it or text after it have changed since.
local function write(answer)
    if not api.nvim_buf_is_loaded(answer.buffer) then
        claude.claude_call_cancel(answer.call)
        return
    end
    local row, column = unpack(api.nvim_buf_get_extmark_by_id(answer.buffer, space, answer.mark, {}))
    local lines = vim.split(table.concat(answer.pieces), "\n", { plain = true })
    answer.pieces = {}
    api.nvim_buf_set_text(answer.buffer, row, column, row, column, lines)
end

-- Told by the loop of Neovim, in the middle of anything: only what is the library's may be done here. Buffers are for
-- when it is their turn.
local function on_event(code, tag, event)
    local answer = answers[tag]
    if code < 0 then
        watcher.stop()
    elseif code == claude.CLAUDE_DONE then
        answers[tag] = nil
        local message = claude_calls.failure(answer.call)
        if message then
            vim.schedule(function()
                complain(message)
            end)
        end
    else
        local text = claude_calls.text(event)
        if text then
            answer.pieces[#answer.pieces + 1] = text
            if #answer.pieces == 1 then -- else it is scheduled already
                vim.schedule(function()
                    write(answer)
                end)
            end
        end
    end
end

-- At the first question: a Neovim that asks none loads nothing and reads no key.
local function start()
    claude, claude_calls = require("claude_ffi"), require("claude_calls")
    local message
    client, message = claude_calls.client_from_env()
    if client then
        loop, message = claude_calls.loop(client)
    end
    if loop then
        watcher = require("luv_adapter").start(loop, on_event, 100)
    end
    return message
end

local function ask(prompt)
    local message = not loop and start()
    if message then
        return complain(message)
    end
    local call
    call, message = claude_calls.ask(loop, last_tag + 1, prompt)
    if not call then
        return complain(message)
    end
    last_tag = last_tag + 1
    vim.cmd("new")
    local buffer = api.nvim_get_current_buf()
    vim.bo[buffer].buftype = "nofile"
    local mark = api.nvim_buf_set_extmark(buffer, space, 0, 0, {})
    answers[last_tag] = { call = call, buffer = buffer, mark = mark, pieces = {} }
end

local function stop()
    for _, answer in pairs(answers) do
        claude.claude_call_cancel(answer.call)
    end
end

api.nvim_create_user_command("Claude", function(command)
    ask(command.args)
end, { nargs = "+", desc = "Ask Claude, and write the answer into a new buffer" })
api.nvim_create_user_command("ClaudeStop", stop, { desc = "End all answers of Claude" })

-- Neovim stops watching the descriptor before it is closed, which happens when the collector comes for the loop.
api.nvim_create_autocmd("VimLeavePre", {
    callback = function()
        if watcher then
            watcher.stop()
        end
    end,
})
