# What the tests do in Ruby: use.rb PART URL KEY. Prints lines "name=value"; each part is in use.pl and use.tcl, too.
require "claude"

PART, URL, KEY = ARGV
include Claude

def say_that(name, value)
  puts "#{name}=#{value.nil? ? '(nothing)' : value}"
end

def hex_of(text)
  text.unpack1("H*")
end

def new_client
  config = Claude.claude_config_new
  Claude.claude_config_set(config, "api_key", KEY)
  Claude.claude_config_set(config, "base_url", URL)
  Claude.claude_client_new(config)
end

def new_request(text)
  request = Claude.claude_request_new("messages.create")
  Claude.claude_request_set_model(request, "claude-haiku-5-5")
  Claude.claude_request_set_max_tokens(request, 1024)
  Claude.claude_request_add_user_text(request, text)
  request
end

# What went wrong in a block, as a line.
def failure(name)
  yield
  say_that(name, "no error")
rescue Claude::Error => e
  say_that(name, "#{e.class}|#{e.name}|#{e.message}")
rescue StandardError => e
  say_that(name, "#{e.class} #{e.message}")
end

def open_files
  Dir.children("/proc/self/fd").length
end

def memory_kib
  4 * File.read("/proc/self/statm").split[1].to_i
end

def message
  text = "Gr\u00fc\u00dfe\0\u6f22\u{1f600}"
  response = Claude.claude_client_execute(new_client, new_request(text.encode("UTF-16LE")))
  say_that("text", hex_of(Claude.claude_response_text(response)))
  say_that("status", Claude.claude_response_status(response))
  say_that("missing", Claude.claude_response_header(response, "x-nothing"))
end

def stream
  call = Claude.claude_client_stream(new_client, new_request("hi"))
  text = +""
  first = nil
  rc, event = Claude.claude_call_next(call, 5000)
  while rc == 1
    first ||= event
    text << Claude.claude_event_text(event) if Claude.claude_event_type(event) == CLAUDE_EVENT_TEXT_DELTA
    rc, event = Claude.claude_call_next(call, 5000)
  end
  say_that("end", rc)
  say_that("event", event)
  say_that("text", text)
  say_that("first", Claude.claude_event_name(first))
  response = Claude.claude_call_result(call)
  Claude.claude_call_unref(call)
  say_that("stop", Claude.claude_response_stop_reason(response))
end

def pull
  call = Claude.claude_client_stream(new_client, new_request("hi"))
  loop do
    rc, type, index, text = Claude.claude_call_pull(call, 5000)
    break if rc != 1
    say_that(type, "#{index} #{text || '(nothing)'}")
  end
end

def event_loop
  calls = Claude.claude_loop_new(new_client)
  call = Claude.claude_loop_submit(calls, new_request("hi"), CLAUDE_STREAM, 18446744073709551615)
  file = IO.for_fd(Claude.claude_loop_fd(calls), autoclose: false)
  text = +""
  while Claude.claude_loop_count(calls).positive?
    IO.select([file], nil, nil, 5) or raise "nothing came"
    Claude.claude_loop_dispatch(calls)
    loop do
      rc, tag, event = Claude.claude_loop_next(calls)
      break if rc.zero?
      text << (Claude.claude_event_text(event) || "") if rc == 1
      say_that("end", "#{rc} #{tag}") if rc == CLAUDE_DONE
    end
  end
  say_that("text", text)
  say_that("result", Claude.claude_response_text(Claude.claude_call_result(call)))
end

def api_error
  Claude.claude_client_execute(new_client, new_request("hi"))
rescue Claude::Error => e
  %w[name code category http_status api_type message].each { |field| say_that(field, e.public_send(field)) }
  say_that("retry_after_ms", Claude.claude_error_retry_after_ms(e.handle))
  say_that("body", Claude.claude_response_string(Claude.claude_error_response(e.handle), "/error/type"))
  say_that("cause", Claude.claude_error_cause(e.handle))
end

def cut
  call = Claude.claude_client_stream(new_client, new_request("hi"))
  begin
    nil while Claude.claude_call_next(call, 5000)[0] == 1
  rescue Claude::Error => e
    partial = Claude.claude_error_response(e.handle)
    Claude.claude_error_unref(e.handle)
    say_that("name", e.name)
  end
  Claude.claude_call_unref(call)
  say_that("partial", Claude.claude_response_text(partial))
end

def bad_input
  client = new_client
  config = Claude.claude_config_new
  request = new_request("hi")
  released = new_client
  2.times { Claude.claude_client_unref(released) }
  failure("released") { Claude.claude_client_execute(released, request) }
  failure("kind") { Claude.claude_client_execute(request, request) }
  failure("text") { Claude.claude_config_set_secret(config, KEY) }
  failure("nul") { Claude.claude_request_set_model(request, "a\0b") }
  failure("no_text") { Claude.claude_request_set_model(request, [KEY]) }
  failure("nothing") { Claude.claude_request_add_user_text(request, nil) }
  failure("int64") { Claude.claude_request_set_max_tokens(request, 9223372036854775808) }
  failure("uint32") { Claude.claude_client_start(client, request, -1) }
  failure("int32") { Claude.claude_request_set_stream(request, 4294967296) }
  failure("fraction") { Claude.claude_request_set_max_tokens(request, 1.5) }
  failure("number") { Claude.claude_request_set_max_tokens(request, "12x") }
  failure("double") { Claude.claude_request_set_temperature(request, KEY) }
  failure("flags") { Claude.claude_client_start(client, request, 128) }
  failure("json") { Claude.claude_request_set_json(request, '{"a":NaN}') }
  failure("utf8") { Claude.claude_request_add_user_text(request, "\xff") }
  failure("option") { Claude.claude_config_set(config, "timeout.totel_ms", "1") }
  failure("arity") { Claude.claude_client_trim }
end

def values
  response = Claude.claude_client_execute(new_client, new_request("hi"))
  %w[big least most missing].each { |name| say_that(name, Claude.claude_response_int(response, "/#{name}", -1)) }
  say_that("fallback", Claude.claude_response_int(response, "/missing", -9223372036854775808))
  say_that("half", Claude.claude_response_double(response, "/half", 0))
  say_that("yes", Claude.claude_response_bool(response, "/yes", 0))
  say_that("nul", hex_of(Claude.claude_response_string(response, "/nul")))
  say_that("slice", Claude.claude_response_slice(response, "/list").join(" "))
  say_that("header", Claude.claude_response_header_at(response, 1000).compact.join(" "))
  say_that("version", Claude.claude_version)
  say_that("keep", Claude.claude_config_get(Claude.claude_config_new, "no.such.option"))
end

# Handles that nobody holds are released, also those of failures; their descriptors tell, and the memory.
def lifetime
  client = new_client
  request = new_request("hi")
  body = %("#{'x' * 20_000}")
  many = lambda do |count|
    count.times do |number|
      config = Claude.claude_config_new
      Claude.claude_config_set(config, "api_key", KEY)
      Claude.claude_client_new(config)
      Claude.claude_request_set_field(new_request("hi"), "/metadata", body)
      10.times { failure_of_request }
      GC.start if (number % 200).zero?
    end
    20.times do
      Claude.claude_loop_new(client)
      Claude.claude_call_next(Claude.claude_client_stream(client, request), 5000)
    end
    # What the stack seems to hold is overwritten.
    100.times { [Object.new, Object.new].hash }
    3.times { GC.start }
  end
  many.call(200)
  files = open_files
  memory = memory_kib
  many.call(2000)
  say_that("files", open_files - files <= 2 ? 0 : open_files - files)
  say_that("memory", memory_kib - memory < 4096 ? "steady" : "grows")
end

def failure_of_request
  Claude.claude_request_new("no.such.endpoint")
rescue Claude::Error
  nil
end

# No combination of arguments may do more than fail.
def anything
  functions = Claude.singleton_methods.grep(/^claude_/).sort
  functions.each { |function| say_that("function", function) }
  functions.each do |function|
    [nil, 0, "", {}, -1, Object.new].each do |value|
      8.times do |count|
        Claude.public_send(function, *([value] * count))
      rescue StandardError
        nil
      end
    end
  end
end

# Handles that are still there at the end, in use and in any order.
def leave
  $client = new_client
  $call = Claude.claude_client_stream($client, new_request("hi"))
  rc, $event = Claude.claude_call_next($call, 5000)
  $loop = Claude.claude_loop_new($client)
  $other = Claude.claude_loop_submit($loop, new_request("hi"), 0, 1)
  say_that("left", rc)
end

# The collector runs at each allocation.
def special
  GC.stress = true
  call = Claude.claude_client_stream(new_client, new_request("hi"))
  text = +""
  loop do
    rc, event = Claude.claude_call_next(call, 5000)
    break if rc != 1
    text << (Claude.claude_event_text(event) || "")
  end
  failure("error") { Claude.claude_request_new("no.such.endpoint") }
  GC.stress = false
  say_that("text", text)
end

# The endpoints beside messages: parameters, forms, lines, bytes, pages; and what is known without asking.
# A call with retries and what is told of it; then the objects by themselves.
def reliability
  config = Claude.claude_config_new
  { "api_key" => KEY, "base_url" => URL, "retry.enabled" => "true", "retry.initial_delay_ms" => "0",
    "breaker.failure_threshold" => "1", "limiter.burst" => "1", "metrics.enabled" => "true",
    "health.degraded_ms" => "5000" }.each { |name, value| Claude.claude_config_set(config, name, value) }
  news = Claude.claude_attempts_new(config, 100)
  client = Claude.claude_client_new(config)
  report_of_retries(client, news)
  objects_of(config)
  metrics_of(client)
end

def report_of_retries(client, news)
  response = Claude.claude_client_execute_with_retries(client, new_request("hi"))
  report = Claude.claude_response_report(response)
  codes = [0, 1].map { |index| Claude.claude_report_attempt_code(report, index) }
  asked = Claude.claude_report_features(report) == Claude::CLAUDE_WITH_RETRIES ? 1 : 0
  counts = [Claude.claude_report_attempts(report), Claude.claude_report_retries(report)]
  say_that("report", [asked, *counts, *codes].join(" "))
  while Claude.claude_attempts_take(news) == 1
    numbers = %w[phase number code].map { |name| Claude.claude_attempts_number(news, name) }
    unknown = Claude.claude_attempts_text(news, "x").nil? ? 0 : 1
    say_that("news", [*numbers, Claude.claude_attempts_text(news, "endpoint_name"), unknown].join(" "))
  end
  begin
    Claude.claude_client_execute_with_retries(client, new_request("hi"))
  rescue Claude::Error => e
    stopped = Claude.claude_report_stopped_by(Claude.claude_error_report(e.handle))
    say_that("gave_up", "#{e.name} #{Claude.claude_error_feature(e.handle)} #{stopped}")
  end
end

def objects_of(config)
  breaker = Claude.claude_breaker_new(config)
  permit = Claude.claude_breaker_allow(breaker)
  Claude.claude_breaker_record(breaker, permit, Claude::CLAUDE_BREAKER_FAILURE)
  begin
    Claude.claude_breaker_allow(breaker)
  rescue Claude::Error => e
    say_that("open", "#{e.name} #{Claude.claude_error_retry_after_ms(e.handle).positive? ? 1 : 0}")
  end
  limiter = Claude.claude_limiter_new(config)
  turn = Claude.claude_limiter_reserve(limiter, "messages", 10, 10)
  wait = Claude.claude_reservation_wait_ms(turn)
  say_that("turn", "#{wait} #{Claude.claude_limiter_available(limiter, "messages", "requests")}")
  failover = Claude.claude_failover_new(config)
  indexes = %w[a b].map { |name| Claude.claude_failover_add_endpoint(failover, "https://#{name}.example", 1, nil) }
  say_that("failover", [*indexes, Claude.claude_failover_select_endpoint(failover, 1)].join(" "))
end

def metrics_of(client)
  metrics = Claude.claude_client_metrics(client)
  say_that("bucket", Claude.claude_metrics_histogram(metrics, "call_input_tokens", 14).join(" "))
  say_that("no_bucket", Claude.claude_metrics_histogram(metrics, "call_input_tokens", 15).join(" "))
  say_that("metric", Claude.claude_metric_at(0)[0..3].join(" "))
  state, ms = Claude.claude_health_check_endpoint(client, URL)
  alive = %w[healthy degraded].include?(Claude.claude_health_state_name(state)) ? 1 : 0
  say_that("health", "#{alive} #{ms >= 0 ? 1 : 0}")
end

# Quotas, bytes in gzip, log lines, keys that change, configuration that changes, the trail, diagnostics.
def operations
  operation_of_quotas
  config = Claude.claude_config_new
  { "api_key" => KEY, "base_url" => URL, "compression.min_size" => "0" }.each do |name, value|
    Claude.claude_config_set(config, name, value)
  end
  operation_of_bytes(config)
  logs = Claude.claude_logs_new(config, Claude::CLAUDE_LOG_INFO, 1)
  client = Claude.claude_client_new(config)
  Claude.claude_client_execute(client, new_request("hi"))
  found, event, fields, level = Claude.claude_news_take(logs)
  say_that("log", [found, event, fields[0], level, Claude.claude_news_dropped(logs).positive? ? 1 : 0].join(" "))
  say_that("no_log", Claude.claude_news_take(logs)[0])
  operation_of_keys(client)
  Claude.claude_client_set_snapshot(client, "b", config)
  say_that("snapshot", Claude.claude_client_generation(client, "b"))
  operation_of_watchers
  operation_of_diagnostics(client)
end

def operation_of_quotas
  quota = Claude.claude_quota_new(nil)
  Claude.claude_quota_set_limit(quota, nil, "daily_requests", 1)
  Claude.claude_quota_record_usage(quota, "claude-haiku-5-5", 10, 5)
  begin
    Claude.claude_quota_reserve(quota, nil, 1, 1)
  rescue Claude::Error => e
    figures = %w[limit used].map { |name| Claude.claude_error_quota(e.handle, name) }
    say_that("quota", [e.name, *figures].join(" "))
  end
  kept = Claude.claude_quota_export_json(quota)
  say_that("kept", Claude.claude_response_int(kept, "/total/day/input_tokens", -1))
end

def operation_of_bytes(config)
  bytes = "\xff\0".b * 100
  code, packed = Claude.claude_compress(bytes, config)
  gzip = Claude.claude_response_bytes(packed)
  undone, back = Claude.claude_decompress(gzip, 0)
  same = Claude.claude_response_bytes(back) == bytes ? 1 : 0
  say_that("gzip", [code, Claude.claude_is_gzip(gzip), undone, same].join(" "))
end

def operation_of_keys(client)
  secret = Claude.claude_secret_new_unchecked("token")
  print = Claude.claude_secret_fingerprint(secret)
  Claude.claude_secret_set_expiry(secret, 1)
  expiries = Claude.claude_expiries_new(secret, 0)
  Claude.claude_trail_start(4)
  Claude.claude_secret_expose(secret)
  found, whose, _, at, left = Claude.claude_news_take(expiries)
  say_that("expiry", [found, whose == print ? 1 : 0, at, left.negative? ? 1 : 0].join(" "))
  _, time, operation, used = Claude.claude_trail_at(Claude.claude_trail_read, 0)
  say_that("trail", [time.positive? ? 1 : 0, operation, used == print ? 1 : 0].join(" "))
  Claude.claude_trail_stop
  Claude.claude_client_rotate_secret(client, Claude::CLAUDE_KEY_OF_CLIENT, secret)
  now = Claude.claude_client_secret(client, Claude::CLAUDE_KEY_OF_CLIENT)
  say_that("rotated", Claude.claude_secret_fingerprint(now) == print ? 1 : 0)
end

def operation_of_watchers
  watcher = Claude.claude_watcher_new("/no/such/file", '{"max_retries": 2}')
  retries = Claude.claude_config_get(Claude.claude_watcher_config(watcher), "retry.max_retries")
  changed = Claude.claude_watcher_poll(watcher)
  Claude.claude_watcher_error(watcher)
rescue Claude::Error => e
  say_that("watcher", [retries, changed, e.name].join(" "))
end

def operation_of_diagnostics(client)
  curl = Claude.claude_curl_command(client, new_request("hi"), 0, "body.json")
  say_that("curl", "#{Claude.claude_curl_text(curl)[0, 5]} #{Claude.claude_curl_bytes(curl)[0]}")
  test = Claude.claude_selftest_run(client, 0, nil, 5000)
  say_that("selftest", Claude.claude_selftest_name(test, 0))
  say_that("report", Claude.claude_diagnostics_json(Claude.claude_client_diagnostics(client))[0])
end

def api
  client = new_client
  api_of_batches(client)
  api_of_files(client)
  api_of_lists(client)
  api_without_calls
  api_of_notices
  runner = Claude.claude_runner_new(client, new_request("hi"), 0)
  Claude.claude_runner_on_tool(runner, "mine")
  rc, last = Claude.claude_runner_step(runner, 5000)
  say_that("runner", "#{rc} #{Claude.claude_response_text(last)}")
end

def api_of_batches(client)
  request = Claude.claude_request_new("messages.batches.create")
  Claude.claude_request_set_json(request, '{"requests":[{"custom_id":"a","params":{"model":"m","max_tokens":9,' \
                                          '"messages":[{"role":"user","content":"hi"}]}}]}')
  id = Claude.claude_response_id(Claude.claude_client_execute(client, request))
  rc, batch = Claude.claude_batch_wait(client, id, 1, 1, 5000)
  say_that("wait", "#{rc} #{Claude.claude_response_string(batch, '/processing_status')}")
  request = Claude.claude_request_new("messages.batches.results")
  Claude.claude_request_set_path(request, "message_batch_id", id)
  call = Claude.claude_client_start(client, request, CLAUDE_STREAM)
  loop do
    rc, type, _, _, line = Claude.claude_call_pull(call, 5000)
    break if rc != 1
    kind, custom_id, message = Claude.claude_batch_result_slices(line)
    text = Claude.claude_response_text(Claude.claude_response_parse(message))
    say_that("line", [type == CLAUDE_EVENT_LINE ? 1 : 0, kind, custom_id, text].join("|"))
  end
end

def api_of_files(client)
  file = Claude.claude_file_from_bytes("a\xff\0b".b, "a.bin")
  made = Claude.claude_client_execute(client, Claude.claude_file_upload_request(file))
  say_that("upload", Claude.claude_response_string(made, "/filename"))
  request = Claude.claude_file_download_request(Claude.claude_response_id(made))
  call = Claude.claude_client_start(client, request, CLAUDE_STREAM)
  all = "".b
  loop do
    rc, bytes = Claude.claude_call_read_some(call, 3, 5000)
    break if rc != 1
    all << bytes
  end
  say_that("bytes", hex_of(all))
  failure("no_bytes") { Claude.claude_file_from_bytes(5, nil) }
end

def api_of_lists(client)
  request = Claude.claude_request_new("models.list")
  Claude.claude_request_set_query_json(request, '{"limit": 1}')
  rc, following = Claude.claude_page_next(request, Claude.claude_client_execute(client, request))
  say_that("page", "#{rc} #{Claude.claude_response_count(Claude.claude_client_execute(client, following), '/data')}")
  Claude.claude_request_set_query(request, "limit", "1000")
  rc, following = Claude.claude_page_next(request, Claude.claude_client_execute(client, request))
  say_that("last_page", "#{rc}#{' more' if following}")
end

def api_without_calls
  request = Claude.claude_request_new("messages.create")
  Claude.claude_request_set_json(request, '{"model":"m","max_tokens":-1,"messages":[{"role":"user","content":"x"}]}')
  rc, problems = Claude.claude_request_validate(request)
  say_that("problem", "#{rc} #{Claude.claude_problems_count(problems)} #{Claude.claude_problems_field(problems, 0)}")
  say_that("no_problem", Claude.claude_request_validate(new_request("hi")).compact.join)
  usage = '{"input_tokens": 1000000, "output_tokens": 0}'
  cost = Claude.claude_cost_of_json(nil, "claude-haiku-5-5", usage, 0, nil)
  same = cost == Claude.claude_cost_estimate(nil, "claude-haiku-5-5", 1_000_000, 0, 0)
  say_that("cost", same && cost.positive? ? 1 : 0)
end

def api_of_notices
  config = Claude.claude_config_new
  Claude.claude_config_set(config, "api_key", KEY)
  Claude.claude_config_set(config, "base_url", URL)
  notices = Claude.claude_notices_new(config)
  models = (0...Claude.claude_models_count(nil)).map { |index| Claude.claude_models_at(nil, index) }
  old = models.find { |model| Claude.claude_models_deprecation(nil, model, nil)[0] == 1 }
  request = new_request("hi")
  Claude.claude_request_set_model(request, old)
  Claude.claude_client_execute(Claude.claude_client_new(config), request)
  expected = [old, Claude.claude_models_deprecation(nil, old, nil)[1]]
  say_that("notice", Claude.claude_notices_take(notices) == expected ? 1 : 0)
  say_that("no_notice", Claude.claude_notices_take(notices)[0])
end

PART == "loop" ? event_loop : send(PART)
