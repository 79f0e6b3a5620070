-- What is shipped: the rock, the examples, the code in the documentation, the functions of the library.
local core = require "claude.core"
local support = require "support"

local lfs = require "lfs"

local function read(path)
    local file = assert(io.open(path, "rb"))
    local text = file:read "*a"
    file:close()
    return text
end

local function write(path, text)
    local file = assert(io.open(path, "wb"))
    file:write(text)
    file:close()
end

-- Runs a shell command: whether it succeeded, and all that it said.
local function sh(command, ...)
    local pipe = io.popen("(" .. command:format(...) .. ") 2>&1; echo \"status $?\"")
    local output = pipe:read "*a"
    pipe:close()
    local said, status = output:match "^(.*)status (%d+)\n$"
    return status == "0", said
end

local ENVIRONMENT = ("ANTHROPIC_API_KEY=%s ANTHROPIC_BASE_URL=%s "):format(support.key, support.url)

local function temporary()
    local path = os.tmpname()
    os.remove(path)
    assert(lfs.mkdir(path))
    return path
end

describe("The functions", function()
    it("are all there, but for those that need a callback or are C's own", function()
        local left_out = {}
        for name in ([[config_on_attempt config_on_deprecation config_on_log config_on_sign credential_reason
            credential_set_secret curl_body request_on_event secret_on_audit secret_on_expiry watcher_on_change
            call_read block_document_content block_search_result request_add_blocks request_add_user_with_images
            request_set_system_blocks skill_create_request tool_with_properties]]):gmatch "%S+" do
            left_out["claude_" .. name] = true
        end
        local exported, missing = {}, {}
        for name in read(support.root .. "/capi/libclaude.map"):gmatch "\n%s+(claude_[%w_]+);" do
            exported[name] = true
            local expected = not (left_out[name] or name:find "^claude_sign_" or name:find "^claude_attempt_"
                or name:find "^claude_runner_result_" or name:find "_ref$")
            if (core[name] ~= nil) ~= expected then
                missing[#missing + 1] = name
            end
        end
        assert.are.same({}, missing)
        assert.is_true(exported.claude_client_new)
        for name, value in pairs(core) do
            if type(value) == "function" and name:find "^claude_" then
                assert.is_true(exported[name] or name:find "_pull$" ~= nil or name:find "^claude_notices_" ~= nil
                    or name:find "^claude_attempts_" ~= nil or name:find "^claude_news_" ~= nil
                    or name:find "^claude_logs_" ~= nil or name == "claude_expiries_new"
                    or name == "claude_response_bytes" or name == "claude_curl_bytes"
                    or name == "claude_call_read_some", name)
            end
        end
        for path in lfs.dir(support.root .. "/bindings/lua/claude") do
            if path:find "%.lua$" then
                for name in read(support.root .. "/bindings/lua/claude/" .. path):gmatch "core%.(claude_[%w_]+)" do
                    assert.are.equal("function", type(core[name]), path .. ": " .. name)
                end
            end
        end
    end)
end)

describe("The examples", function()
    local programs = { "stream", "tools", "batch", "reliability", "replies_luv", "replies_cqueues" }
    if _VERSION < "Lua 5.3" then
        programs[#programs + 1] = "replies_copas"
    end
    for _, name in ipairs(programs) do
        it("run: " .. name, function()
            local ok, output = sh("%s %s %s/examples/lua/%s.lua One Two", ENVIRONMENT, support.lua, support.root, name)
            assert.is_true(ok, output)
            assert.matches("Echo: One", output)
            assert.matches("%d tokens", output)
            if name == "batch" or name:find "^replies" then
                assert.matches("%[2%] Echo: Two", output)
            end
            if name:find "^replies" then
                assert.matches("%[2%] complete", output)
            end
        end)
    end

    it("say what is wrong", function()
        local ok, output = sh("%s %s/examples/lua/stream.lua", support.lua, support.root)
        assert.is_false(ok)
        assert.matches("ANTHROPIC_API_KEY", output)
    end)
end)

describe("The documentation", function()
    for _, page in ipairs { "docs/lua.md", "README.md" } do
        it("runs: " .. page, function()
            local folder, count = temporary(), 0
            for block in read(support.root .. "/" .. page):gmatch "\n```lua\n(.-)\n```" do
                local needs_copas = block:find('require "copas"', 1, true) and _VERSION >= "Lua 5.3"
                local closes = block:find("<close>", 1, true) and _VERSION < "Lua 5.4"
                local iterates = support.puc51 and block:find("-- not in Lua 5.1", 1, true)
                count = count + 1
                if not needs_copas and not closes and not iterates then
                    write(folder .. "/example.lua", block)
                    local ok, output = sh("cd %s && %s %s example.lua", folder, ENVIRONMENT, support.lua)
                    assert.is_true(ok, block .. "\n" .. output)
                    for expected in block:gmatch "%-%-> ([^\n]+)" do
                        assert.is_truthy(output:find(expected, 1, true), block .. "\n" .. output)
                    end
                end
            end
            assert.is_true(count > 0)
            sh("rm -r %s", folder)
        end)
    end
end)

describe("The rock", function()
    local ways = {
        ["made in a checkout"] = [[
            mkdir -p $folder/source/bindings
            cp -R $root/bindings/lua $folder/source/bindings
            cp -R $root/swig $folder/source
            cd $folder/source/bindings/lua
            set -- make]],
        ["that a release hands out"] = [[
            SOURCE_DATE_EPOCH=1700000000 $root/bindings/lua/tools/make_rock.sh 1.2.3 $folder/out
            cd $folder
            set -- install $folder/out/claude-1.2.3-1.src.rock]],
    }

    local function works(way)
        local folder = temporary()
        local version = _VERSION:match "%d%.%d"
        local headers = support.lua == "luajit" and "/usr/include/luajit-2.1" or "/usr/include/" .. support.lua
        local names = { folder = folder, root = support.root, build = os.getenv "CLAUDE_BUILD_DIR", version = version,
            headers = headers, environment = ENVIRONMENT, lua = support.lua }
        local ok, output = sh("%s", ([[set -e
            cmake --install $build --prefix $folder/prefix >/dev/null]] .. way .. [[

            HOME=$folder luarocks-$version --tree $folder/tree "$@" --only-server=http://127.0.0.1:9 \
                CLAUDE_DIR=$folder/prefix LUA_INCDIR=$headers CFLAGS=-fPIC]]):gsub("%$(%w+)", names))
        assert.is_true(ok, output)
        write(folder .. "/hello.lua", [[
            local claude = require "claude"
            local messages = { { role = "user", content = "Hi" } }
            print(claude.from_env():create { model = "m", max_tokens = 9, messages = messages })]])
        ok, output = sh("%s", ([[
            program=$(command -v $lua)
            cd $folder && env -i $environment LUA_PATH='$folder/tree/share/lua/$version/?.lua' \
                LUA_CPATH='$folder/tree/lib/lua/$version/?.so' "$program" hello.lua]]):gsub("%$(%w+)", names))
        assert.is_true(ok, output)
        assert.matches("claude%.response: 200", output)
        sh("rm -r %s", folder)
    end

    for name, way in pairs(ways) do
        it("works without a network, " .. name, function()
            works("\n" .. way)
        end)
    end
end)
