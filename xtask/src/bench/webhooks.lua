-- For wrk: sends the same request of 1 kB to a webhook endpoint (`wrk -s webhooks.lua URL -- TOKEN`), and prints one line of
-- figures at the end.

local sent

function init(arguments)
  local body = '{"event":"' .. string.rep("x", 1000) .. '"}'
  sent = wrk.format("POST", nil, {
    ["Content-Type"] = "application/json",
    ["X-Release-Webhook-Token"] = arguments[1],
  }, body)
end

function request()
  return sent
end

function done(summary, latency)
  local errors = summary.errors
  local broken = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format("figures %d %d %d %d %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), errors.status, broken))
end
