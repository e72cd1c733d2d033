-- What fsorch_route.lua uses of FreeSWITCH: variables from the environment, what it does on standard output, and `curl`
-- by the command in CURL, which gets the arguments on its standard input.

session = {}

function session:getVariable(name)
  return os.getenv("V_" .. name)
end

function session:setVariable(name, value)
  print("set " .. name .. "=" .. value)
end

function session:transfer(...)
  print("transfer " .. table.concat({ ... }, " "))
end

freeswitch = {}

function freeswitch.getGlobalVariable(name)
  return os.getenv("G_" .. name) or ""
end

function freeswitch.consoleLog(level, text)
  io.write("log " .. level .. " " .. text)
end

function freeswitch.API()
  local api = {}
  function api:execute(name, arguments)
    assert(name == "curl")
    local path = os.getenv("ARGUMENTS")
    local file = assert(io.open(path, "w"))
    file:write(arguments)
    file:close()
    local pipe = assert(io.popen(os.getenv("CURL") .. " < " .. path))
    local answer = pipe:read("a")
    pipe:close()
    return answer
  end
  return api
end

dofile(os.getenv("SCRIPT"))
