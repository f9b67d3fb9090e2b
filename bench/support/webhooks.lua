-- wrk's part of bench/webhooks.sh: sends each delivery of the file once, over all connections, and prints
-- one row: how many, p50, p99, max in ms, answered otherwise. (Clients in Python were what was measured.)
local threads = {}
function setup(thread) table.insert(threads, thread) end

function init(args)
  deliveries, sent, answered, wrong = {}, 0, 0, -1  -- -1: they were not all sent
  awaited, got = {}, {}
  for line in io.lines(args[1]) do
    local status, signature, body = line:match("^(%d+) (%S+) (.*)$")
    awaited[status] = (awaited[status] or 0) + 1
    table.insert(deliveries, wrk.format("POST", "/v1/webhooks/github", {
      ["Content-Type"] = "application/json",
      ["X-GitHub-Event"] = "workflow_job",
      ["X-Hub-Signature-256"] = signature,
    }, body))
  end
end

function request()
  sent = sent % #deliveries + 1
  return deliveries[sent]
end

function response(status)
  answered = answered + 1
  got[tostring(status)] = (got[tostring(status)] or 0) + 1
  -- wrk has no way not to send: the first few are sent again until the last is answered.
  if answered < #deliveries + 64 then return end
  wrong = 0
  for awaited_status, count in pairs(awaited) do
    wrong = wrong + math.max(0, count - (got[awaited_status] or 0))
  end
  wrk.thread:stop()
end

function done(summary, latency)
  local wrong = threads[1]:get("wrong")
  io.write(string.format("| %d | %.1f | %.1f | %.1f | %d |", summary.requests,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency.max / 1000, wrong))
end
