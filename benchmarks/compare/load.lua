-- Calls one of a file's paths at a time, by chance, with the key in the environment; prints the sums as JSON.
-- BENCHMARK_PAUSE: milliseconds that each connection waits before each call.
local calls = {}
local pause = tonumber(os.getenv("BENCHMARK_PAUSE") or "0")

function init(arguments)
  wrk.headers["Authorization"] = "Bearer " .. os.getenv("BENCHMARK_TOKEN")
  math.randomseed(os.time())
  for path in io.lines(arguments[1]) do
    calls[#calls + 1] = wrk.format("GET", path)
  end
end

function request()
  return calls[math.random(#calls)]
end

if pause > 0 then
  function delay()
    return math.random(2 * pause)
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "microseconds": %d, "median": %.1f, "late": %.1f, "slow": %.1f, "refused": %d, "broken": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(95), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout
  ))
end
