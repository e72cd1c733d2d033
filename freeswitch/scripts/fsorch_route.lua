-- The Lua door: asks fsorch where a call shall go, and sends it to the park door (dialplan/fsorch.xml) either way.
--
--   <action application="lua" data="fsorch_route.lua"/>        in a dialplan, as the last action
--
-- Needs mod_lua, and mod_curl for HTTP, which FreeSWITCH's Lua has not. Reads from the channel, then from vars/:
--   fsorch_route_url       http://127.0.0.1:8700/hooks/route
--   fsorch_route_token     web.doors.token of fsorch.yaml
--   fsorch_route_timeout   seconds the caller may wait for the answer (2)
-- An answer is route=park and lines such as fsorch_queue=sales, which become channel variables. Without one, in time and
-- well formed, the call is parked without a word: then the centre's own flow takes it, or the switch alone when fsorch is not there.

local ALLOWED = {
  fsorch_flow = true, fsorch_queue = true, fsorch_priority = true, fsorch_skills = true, fsorch_tenant = true,
}
local LINES_MAX = 20

-- A channel variable, else the global one, else the default.
local function setting(name, default)
  local value = session:getVariable(name)
  if value == nil or value == "" then value = freeswitch.getGlobalVariable(name) end
  if value == nil or value == "" then return default end
  return value
end

-- What a number may be made of, so that it can be neither a word of the curl command nor of transfer.
local function plain(text)
  if text ~= nil and #text <= 64 and text:match("^[%w_.*#+-]+$") then return text end
  return nil
end

-- mod_curl undoes percent codes in what is posted, once, before it sends it: a plus must come through as %2B.
local function form(name, value)
  return name .. "=" .. value:gsub("[^%w_.-]", function(sign) return string.format("%%25%02X", sign:byte()) end)
end

-- The lines of an answer as variables; nil when anything in it is not as expected.
local function parse(answer)
  local found, lines = {}, 0
  if not answer:find("^route=park\n") then return nil end
  answer = answer:sub(12)
  for line in answer:gmatch("[^\r\n]+") do
    local name, value = line:match("^(fsorch_%l+)=([%w_.,:<>=!() -]+)$")
    lines = lines + 1
    -- Skills may be an expression: german >= 3 and (billing or sales).
    local plain_value = value and (name == "fsorch_skills" or not value:find("[<>=!() ]"))
    if not plain_value or not ALLOWED[name] or #value > 1000 or lines > LINES_MAX then return nil end
    found[name] = value
  end
  return found
end

-- The SIP domain that was called, where the call says: whose number it is may depend on it.
local function domains()
  local told = ""
  for _, name in ipairs({ "sip_req_host", "sip_to_host" }) do
    local host = plain(session:getVariable(name))
    if host then told = told .. "&" .. form(name, host) end
  end
  return told
end

local function ask(number, caller)
  local url, token = setting("fsorch_route_url", ""), setting("fsorch_route_token", "")
  local seconds = tonumber(setting("fsorch_route_timeout", "2")) or 2
  if not url:match("^https?://[%w_.:/%[%]-]+$") or not token:match("^[%w._~+=@:-]+$") then
    freeswitch.consoleLog("WARNING", "fsorch_route: fsorch_route_url or fsorch_route_token is not set, or odd\n")
    return nil
  end
  -- mod_curl takes ten words and no more.
  local words = {
    url, "timeout " .. math.max(1, math.floor(seconds)),
    "append_headers 'Authorization: Bearer " .. token .. "'",
    "content-type application/x-www-form-urlencoded",
    "post " .. form("destination", number) .. "&" .. form("number", caller) .. domains(),
  }
  local answer = freeswitch.API():execute("curl", table.concat(words, " "))
  local found = parse(answer or "")
  if not found then
    freeswitch.consoleLog("WARNING", "fsorch_route: no answer in time, or none that can be used, for " .. number .. "\n")
  end
  return found
end

local number = plain(session:getVariable("destination_number"))
if number then
  local done, found = pcall(ask, number, plain(session:getVariable("caller_id_number")) or "unknown")
  if not done then
    freeswitch.consoleLog("ERR", "fsorch_route: " .. tostring(found) .. "\n")
  elseif found then
    for name, value in pairs(found) do session:setVariable(name, value) end
  end
end
session:transfer(number or "unknown", "XML", "fsorch")
