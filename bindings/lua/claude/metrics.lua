-- metrics.lua - what a client's calls have done, in figures: docs/metrics.md lists them.

local core = require "claude.core"
local json = require "claude.json"

local metrics = {}

local Metrics = {}
Metrics.__index = Metrics
Metrics.__name = "claude.metrics"

local KINDS = { [core.CLAUDE_METRIC_COUNTER] = "counter", [core.CLAUDE_METRIC_GAUGE] = "gauge",
    [core.CLAUDE_METRIC_HISTOGRAM] = "histogram" }

local function known(number)
    return number ~= -1 and number or nil
end

-- A figure; of a histogram, how many values there were; nil for a name that is none.
function Metrics:value(name)
    return known(core.claude_metrics_value(self._handle, name))
end

-- How many attempts failed with a code: metrics:errors(claude.E_OVERLOADED).
function Metrics:errors(code)
    return core.claude_metrics_errors(self._handle, code)
end

-- The sum of the values of a histogram.
function Metrics:sum(name)
    return known(core.claude_metrics_sum(self._handle, name))
end

-- The buckets of a histogram: a list of {upper_bound, count}, the last of which has no bound; nil for a name of none.
function Metrics:histogram(name)
    local buckets, at = {}, 0
    while true do
        local found, upper_bound, count = core.claude_metrics_histogram(self._handle, name, at)
        if found == 0 then
            break
        end
        at = at + 1
        buckets[at] = { upper_bound = upper_bound, count = count }
    end
    if at == 0 then
        return nil
    end
    buckets[at].upper_bound = nil
    return buckets
end

-- All of it: counters, calls_running, errors by their names, histograms.
function Metrics:table()
    return json.decode(self:json())
end

function Metrics:json()
    return core.claude_metrics_json(self._handle)
end

-- All of it as text for Prometheus.
function Metrics:prometheus()
    return core.claude_metrics_prometheus(self._handle)
end

-- What a client has counted until now.
function metrics.of(client)
    return setmetatable({ _handle = core.claude_client_metrics(client) }, Metrics)
end

-- A list of all metrics that there are: {name, kind, unit, help, otel_name}.
function metrics.list()
    local list = {}
    while true do
        local found, name, kind, unit, help, otel_name = core.claude_metric_at(#list)
        if found == 0 then
            return list
        end
        list[#list + 1] = { name = name, kind = KINDS[kind], unit = unit, help = help,
            otel_name = otel_name ~= "" and otel_name or nil }
    end
end

return metrics
