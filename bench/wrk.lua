-- Sends the bodies of a file in turn, one a line; prints what was measured as JSON.

local requests = {}
local next_request = 0

function init(args)
    wrk.method = "POST"
    wrk.headers["content-type"] = "application/json"
    wrk.headers["accept"] = "application/json"
    for header in io.lines(args[2]) do
        local name, value = header:match("^([^:]+): (.*)$")
        wrk.headers[name] = value
    end
    for body in io.lines(args[1]) do
        requests[#requests + 1] = wrk.format(nil, nil, nil, body)
    end
end

function request()
    next_request = next_request % #requests + 1
    return requests[next_request]
end

function done(summary, latency, _)
    local errors = summary.errors
    io.write(string.format(
        '\nRESULT {"requests":%d,"seconds":%.6f,"bytes":%d,"p50_us":%d,"p99_us":%d,"failed":%d}\n',
        summary.requests, summary.duration / 1e6, summary.bytes,
        latency:percentile(50), latency:percentile(99),
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
