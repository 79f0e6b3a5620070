# What the tests do in Perl: use.pl PART URL KEY. Prints lines "name=value"; each part is in use.rb and use.tcl, too.
use strict;
use warnings FATAL => 'all';
use utf8;
use threads;
use Claude;

my ($part, $url, $key) = @ARGV;
binmode STDOUT, ':utf8';

sub say_that { my ($name, $value) = @_; print "$name=", defined $value ? $value : '(nothing)', "\n" }
sub hex_of { my ($text) = @_; utf8::encode($text); return unpack 'H*', $text }

sub new_client {
    my $config = Claude::claude_config_new();
    Claude::claude_config_set($config, 'api_key', $key);
    Claude::claude_config_set($config, 'base_url', $url);
    return Claude::claude_client_new($config);
}

sub new_request {
    my ($text) = @_;
    my $request = Claude::claude_request_new('messages.create');
    Claude::claude_request_set_model($request, 'claude-haiku-5-5');
    Claude::claude_request_set_max_tokens($request, 1024);
    Claude::claude_request_add_user_text($request, $text);
    return $request;
}

# What went wrong in a block, as a line.
sub failure {
    my ($name, $block) = @_;
    eval { $block->(); 1 } and return say_that($name, 'no error');
    my $error = $@;
    return say_that($name, ref $error ? join('|', ref $error, $error->name, $error) : $error =~ s/ at \S+ line.*//sr);
}

sub open_files { opendir my $folder, '/proc/self/fd'; my @names = readdir $folder; return scalar @names }
sub memory_kib { open my $file, '<', '/proc/self/statm'; return 4 * (split ' ', <$file>)[1] }

my %parts;

$parts{message} = sub {
    my $text = "Gr\x{fc}\x{df}e\0\x{6f22}\x{1f600}";
    my $response = Claude::claude_client_execute(new_client(), new_request($text));
    say_that('text', hex_of(Claude::claude_response_text($response)));
    say_that('status', Claude::claude_response_status($response));
    say_that('missing', Claude::claude_response_header($response, 'x-nothing'));
};

$parts{stream} = sub {
    my $call = Claude::claude_client_stream(new_client(), new_request('hi'));
    my ($rc, $event, $first, $text) = (0, undef, undef, '');
    while ((($rc, $event) = Claude::claude_call_next($call, 5000)) && $rc == 1) {
        $first //= $event;
        next if Claude::claude_event_type($event) != Claude::CLAUDE_EVENT_TEXT_DELTA;
        $text .= Claude::claude_event_text($event);
    }
    say_that('end', $rc);
    say_that('event', $event);
    say_that('text', $text);
    say_that('first', Claude::claude_event_name($first));
    my $response = Claude::claude_call_result($call);
    undef $call;
    say_that('stop', Claude::claude_response_stop_reason($response));
};

$parts{pull} = sub {
    my $call = Claude::claude_client_stream(new_client(), new_request('hi'));
    while ((my ($rc, $type, $index, $text) = Claude::claude_call_pull($call, 5000))[0] == 1) {
        say_that($type, join ' ', $index, defined $text ? $text : '(nothing)');
    }
};

$parts{loop} = sub {
    my $loop = Claude::claude_loop_new(new_client());
    my $call = Claude::claude_loop_submit($loop, new_request('hi'), Claude::CLAUDE_STREAM, 18446744073709551615);
    open my $file, '<&=', Claude::claude_loop_fd($loop) or die $!;
    my ($text, $ready) = ('', '');
    while (Claude::claude_loop_count($loop)) {
        vec($ready = '', fileno $file, 1) = 1;
        select $ready, undef, undef, 5 or die 'nothing came';
        Claude::claude_loop_dispatch($loop);
        while ((my ($rc, $tag, $event) = Claude::claude_loop_next($loop))[0] > 0) {
            $text .= Claude::claude_event_text($event) // '' if $rc == 1;
            say_that('end', "$rc $tag") if $rc == Claude::CLAUDE_DONE;
        }
    }
    say_that('text', $text);
    say_that('result', Claude::claude_response_text(Claude::claude_call_result($call)));
};

$parts{api_error} = sub {
    eval { Claude::claude_client_execute(new_client(), new_request('hi')) };
    my $error = $@;
    say_that($_, $error->$_) for qw(name code category http_status api_type message);
    say_that('retry_after_ms', Claude::claude_error_retry_after_ms($error->handle));
    say_that('body', Claude::claude_response_string(Claude::claude_error_response($error->handle), '/error/type'));
    say_that('cause', Claude::claude_error_cause($error->handle));
};

$parts{cut} = sub {
    my $call = Claude::claude_client_stream(new_client(), new_request('hi'));
    eval { 1 while (Claude::claude_call_next($call, 5000))[0] == 1 };
    my $partial = Claude::claude_error_response($@->handle);
    say_that('name', $@->name);
    undef $call;
    eval { 1 };
    say_that('partial', Claude::claude_response_text($partial));
};

$parts{bad_input} = sub {
    my ($client, $config, $request) = (new_client(), Claude::claude_config_new(), new_request('hi'));
    my $released = new_client();
    Claude::claude_client_unref($released) for 1 .. 2;
    failure(released => sub { Claude::claude_client_execute($released, $request) });
    failure(kind => sub { Claude::claude_client_execute($request, $request) });
    failure(text => sub { Claude::claude_config_set_secret($config, $key) });
    failure(nul => sub { Claude::claude_request_set_model($request, "a\0b") });
    failure(no_text => sub { Claude::claude_request_set_model($request, [$key]) });
    failure(nothing => sub { Claude::claude_request_add_user_text($request, undef) });
    failure(int64 => sub { Claude::claude_request_set_max_tokens($request, 9223372036854775808) });
    failure(uint32 => sub { Claude::claude_client_start($client, $request, -1) });
    failure(int32 => sub { Claude::claude_request_set_stream($request, 4294967296) });
    failure(fraction => sub { Claude::claude_request_set_max_tokens($request, 1.5) });
    failure(number => sub { Claude::claude_request_set_max_tokens($request, '12x') });
    failure(double => sub { Claude::claude_request_set_temperature($request, $key) });
    failure(flags => sub { Claude::claude_client_start($client, $request, 128) });
    failure(json => sub { Claude::claude_request_set_json($request, '{"a":NaN}') });
    failure(utf8 => sub { no warnings; Claude::claude_request_add_user_text($request, chr 0xd800) });
    failure(option => sub { Claude::claude_config_set($config, 'timeout.totel_ms', 1) });
    failure(arity => sub { Claude::claude_client_trim() });
};

$parts{values} = sub {
    my $response = Claude::claude_client_execute(new_client(), new_request('hi'));
    say_that($_, Claude::claude_response_int($response, "/$_", -1)) for qw(big least most missing);
    say_that('fallback', Claude::claude_response_int($response, '/missing', -9223372036854775807 - 1));
    say_that('half', Claude::claude_response_double($response, '/half', 0));
    say_that('yes', Claude::claude_response_bool($response, '/yes', 0));
    say_that('nul', hex_of(Claude::claude_response_string($response, '/nul')));
    say_that('slice', join ' ', Claude::claude_response_slice($response, '/list'));
    say_that('header', join ' ', grep { defined } Claude::claude_response_header_at($response, 1000));
    say_that('version', Claude::claude_version());
    say_that('keep', Claude::claude_config_get(Claude::claude_config_new(), 'no.such.option'));
};

# Handles that nobody holds are released, also those of failures; their descriptors tell, and the memory.
$parts{lifetime} = sub {
    my ($client, $request, $body) = (new_client(), new_request('hi'), '"' . 'x' x 20000 . '"');
    my $many = sub {
        for (1 .. $_[0]) {
            my $config = Claude::claude_config_new();
            Claude::claude_config_set($config, 'api_key', $key);
            Claude::claude_client_new($config);
            Claude::claude_request_set_field(new_request('hi'), '/metadata', $body);
            eval { Claude::claude_request_new('no.such.endpoint') } for 1 .. 10;
        }
        for (1 .. 20) {
            my $loop = Claude::claude_loop_new($client);
            Claude::claude_call_next(Claude::claude_client_stream($client, $request), 5000);
        }
    };
    $many->(20);
    my ($files, $memory) = (open_files(), memory_kib());
    $many->(2000);
    say_that('files', open_files() - $files);
    say_that('memory', memory_kib() - $memory < 4096 ? 'steady' : 'grows');
};

# No combination of arguments may do more than fail.
$parts{anything} = sub {
    no strict 'refs';
    my @functions = sort grep { /^claude_/ && defined &{"Claude::$_"} } keys %Claude::;
    say_that('function', $_) for @functions;
    for my $function (@functions) {
        for my $value (undef, 0, '', {}, -1, \'x') {
            eval { &{"Claude::$function"}(($value) x $_) } for 0 .. 7;
        }
    }
};

# Handles that are still there at the end, in use and in any order.
$parts{leave} = sub {
    our $client = new_client();
    our $call = Claude::claude_client_stream($client, new_request('hi'));
    our ($rc, $event) = Claude::claude_call_next($call, 5000);
    our $loop = Claude::claude_loop_new($client);
    our $other = Claude::claude_loop_submit($loop, new_request('hi'), 0, 1);
    say_that('left', $rc);
};

# A thread has none of its parent's handles, and releases none.
$parts{special} = sub {
    my $client = new_client();
    my $status = sub { return Claude::claude_response_status(Claude::claude_client_execute($_[0], new_request('hi'))) };
    say_that('thread', threads->create(sub { return $status->(new_client()) })->join());
    say_that('theirs', threads->create(sub { return eval { $status->($client) } || 'failed' })->join());
    say_that('client', $status->($client));
};

# A call with retries and what is told of it; then the objects by themselves.
$parts{reliability} = sub {
    my $config = Claude::claude_config_new();
    Claude::claude_config_set($config, @$_)
        for [api_key => $key], [base_url => $url], ['retry.enabled' => 'true'], ['retry.initial_delay_ms' => '0'],
        ['breaker.failure_threshold' => '1'], ['limiter.burst' => '1'], ['metrics.enabled' => 'true'],
        ['health.degraded_ms' => '5000'];
    my $news    = Claude::claude_attempts_new($config, 100);
    my $client  = Claude::claude_client_new($config);
    my $flags   = Claude::CLAUDE_WITH_RETRIES;
    my $report = Claude::claude_response_report(
        Claude::claude_client_execute_with_retries($client, new_request('hi')));
    say_that('report', join ' ', Claude::claude_report_features($report) == $flags,
        Claude::claude_report_attempts($report), Claude::claude_report_retries($report),
        map { Claude::claude_report_attempt_code($report, $_) } 0, 1);
    while (Claude::claude_attempts_take($news)) {
        say_that('news', join ' ', map({ Claude::claude_attempts_number($news, $_) } qw(phase number code)),
            Claude::claude_attempts_text($news, 'endpoint_name'), defined Claude::claude_attempts_text($news, 'x') ? 1 : 0);
    }
    eval { Claude::claude_client_execute_with_retries($client, new_request('hi')) };
    say_that('gave_up', join ' ', $@->name, Claude::claude_error_feature($@->handle),
        Claude::claude_report_stopped_by(Claude::claude_error_report($@->handle)));

    my $breaker = Claude::claude_breaker_new($config);
    my $permit  = Claude::claude_breaker_allow($breaker);
    Claude::claude_breaker_record($breaker, $permit, Claude::CLAUDE_BREAKER_FAILURE);
    eval { Claude::claude_breaker_allow($breaker) };
    say_that('open', join ' ', $@->name, Claude::claude_error_retry_after_ms($@->handle) > 0 ? 1 : 0);
    my $limiter = Claude::claude_limiter_new($config);
    my $turn    = Claude::claude_limiter_reserve($limiter, 'messages', 10, 10);
    my $wait    = Claude::claude_reservation_wait_ms($turn);
    say_that('turn', "$wait " . Claude::claude_limiter_available($limiter, 'messages', 'requests'));
    my $failover = Claude::claude_failover_new($config);
    my @indexes  = map { Claude::claude_failover_add_endpoint($failover, "https://$_.example", 1, undef) } qw(a b);
    say_that('failover', "@indexes " . Claude::claude_failover_select_endpoint($failover, 1));

    my $metrics = Claude::claude_client_metrics($client);
    say_that('bucket', join ' ', Claude::claude_metrics_histogram($metrics, 'call_input_tokens', 14));
    say_that('no_bucket', join ' ', Claude::claude_metrics_histogram($metrics, 'call_input_tokens', 15));
    say_that('metric', join ' ', (Claude::claude_metric_at(0))[0 .. 3]);
    my ($state, $ms) = Claude::claude_health_check_endpoint($client, $url);
    say_that('health', join ' ', Claude::claude_health_state_name($state) =~ /healthy|degraded/ ? 1 : 0, $ms >= 0 ? 1 : 0);
};

# Quotas, bytes in gzip, log lines, keys that change, configuration that changes, the trail, diagnostics.
$parts{operations} = sub {
    my $quota = Claude::claude_quota_new(undef);
    Claude::claude_quota_set_limit($quota, undef, 'daily_requests', 1);
    Claude::claude_quota_record_usage($quota, 'claude-haiku-5-5', 10, 5);
    eval { Claude::claude_quota_reserve($quota, undef, 1, 1) };
    say_that('quota', join ' ', $@->name, map { Claude::claude_error_quota($@->handle, $_) } qw(limit used));
    say_that('kept', Claude::claude_response_int(Claude::claude_quota_export_json($quota), '/total/day/input_tokens', -1));

    my $config = Claude::claude_config_new();
    Claude::claude_config_set($config, @$_)
        for [api_key => $key], [base_url => $url], ['compression.min_size' => '0'];
    my $bytes = "\xff\0" x 100;
    my ($code, $packed) = Claude::claude_compress($bytes, $config);
    my $gzip = Claude::claude_response_bytes($packed);
    my ($undone, $back) = Claude::claude_decompress($gzip, 0);
    say_that('gzip', join ' ', $code, Claude::claude_is_gzip($gzip), $undone,
        Claude::claude_response_bytes($back) eq $bytes ? 1 : 0);

    my $logs = Claude::claude_logs_new($config, Claude::CLAUDE_LOG_INFO, 1);
    my $client = Claude::claude_client_new($config);
    Claude::claude_client_execute($client, new_request('hi'));
    my ($found, $event, $fields, $level) = Claude::claude_news_take($logs);
    say_that('log', join ' ', $found, $event, substr($fields, 0, 1), $level, Claude::claude_news_dropped($logs) > 0 ? 1 : 0);
    say_that('no_log', (Claude::claude_news_take($logs))[0]);

    my $secret = Claude::claude_secret_new_unchecked('token');
    my $print = Claude::claude_secret_fingerprint($secret);
    Claude::claude_secret_set_expiry($secret, 1);
    my $expiries = Claude::claude_expiries_new($secret, 0);
    Claude::claude_trail_start(4);
    Claude::claude_secret_expose($secret);
    my ($heard, $whose, undef, $when, $left) = Claude::claude_news_take($expiries);
    say_that('expiry', join ' ', $heard, $whose eq $print ? 1 : 0, $when, $left < 0 ? 1 : 0);
    my (undef, $time, $operation, $used) = Claude::claude_trail_at(Claude::claude_trail_read(), 0);
    say_that('trail', join ' ', $time > 0 ? 1 : 0, $operation, $used eq $print ? 1 : 0);
    Claude::claude_trail_stop();
    Claude::claude_client_rotate_secret($client, Claude::CLAUDE_KEY_OF_CLIENT, $secret);
    my $now = Claude::claude_secret_fingerprint(Claude::claude_client_secret($client, Claude::CLAUDE_KEY_OF_CLIENT));
    say_that('rotated', $now eq $print ? 1 : 0);

    Claude::claude_client_set_snapshot($client, 'b', $config);
    say_that('snapshot', Claude::claude_client_generation($client, 'b'));
    my $watcher = Claude::claude_watcher_new('/no/such/file', '{"max_retries": 2}');
    my $retries = Claude::claude_config_get(Claude::claude_watcher_config($watcher), 'retry.max_retries');
    my $changed = Claude::claude_watcher_poll($watcher);
    eval { Claude::claude_watcher_error($watcher) };
    say_that('watcher', join ' ', $retries, $changed, $@->name);

    my $curl = Claude::claude_curl_command($client, new_request('hi'), 0, 'body.json');
    my ($text, $body) = (Claude::claude_curl_text($curl), Claude::claude_curl_bytes($curl));
    say_that('curl', join ' ', substr($text, 0, 5), substr($body, 0, 1));
    my $test = Claude::claude_selftest_run($client, 0, undef, 5000);
    say_that('selftest', Claude::claude_selftest_name($test, 0));
    my $report = Claude::claude_diagnostics_json(Claude::claude_client_diagnostics($client));
    say_that('report', substr $report, 0, 1);
};

# The endpoints beside messages: parameters, forms, lines, bytes, pages; and what is known without asking.
$parts{api} = sub {
    my ($client, $lines) = (new_client(), 0);
    my $request = Claude::claude_request_new('messages.batches.create');
    Claude::claude_request_set_json($request, '{"requests":[{"custom_id":"a","params":{"model":"m","max_tokens":9,'
            . '"messages":[{"role":"user","content":"hi"}]}}]}');
    my $id = Claude::claude_response_id(Claude::claude_client_execute($client, $request));
    my ($rc, $batch) = Claude::claude_batch_wait($client, $id, 1, 1, 5000);
    say_that('wait', "$rc " . Claude::claude_response_string($batch, '/processing_status'));
    $request = Claude::claude_request_new('messages.batches.results');
    Claude::claude_request_set_path($request, 'message_batch_id', $id);
    my $call = Claude::claude_client_start($client, $request, Claude::CLAUDE_STREAM);
    while ((my ($code, $type, undef, undef, $line) = Claude::claude_call_pull($call, 5000))[0] == 1) {
        my ($kind, $custom_id, $message) = Claude::claude_batch_result_slices($line);
        my $text = Claude::claude_response_text(Claude::claude_response_parse($message));
        say_that('line', join '|', $type == Claude::CLAUDE_EVENT_LINE, $kind, $custom_id, $text);
    }

    my $file = Claude::claude_file_from_bytes("a\xff\0b", 'a.bin');
    my $made = Claude::claude_client_execute($client, Claude::claude_file_upload_request($file));
    say_that('upload', Claude::claude_response_string($made, '/filename'));
    $request = Claude::claude_file_download_request(Claude::claude_response_id($made));
    $call = Claude::claude_client_start($client, $request, Claude::CLAUDE_STREAM);
    my $all = '';
    while ((my ($code, $bytes) = Claude::claude_call_read_some($call, 3, 5000))[0] == 1) {
        $all .= $bytes;
    }
    say_that('bytes', unpack 'H*', $all);
    failure(no_bytes => sub { Claude::claude_file_from_bytes("\x{6f22}", undef) });

    $request = Claude::claude_request_new('models.list');
    Claude::claude_request_set_query_json($request, '{"limit": 1}');
    ($rc, my $next) = Claude::claude_page_next($request, Claude::claude_client_execute($client, $request));
    say_that('page', "$rc " . Claude::claude_response_count(Claude::claude_client_execute($client, $next), '/data'));
    Claude::claude_request_set_query($request, 'limit', '1000');
    ($rc, $next) = Claude::claude_page_next($request, Claude::claude_client_execute($client, $request));
    say_that('last_page', $rc . (defined $next ? ' more' : ''));

    $request = Claude::claude_request_new('messages.create');
    Claude::claude_request_set_json($request, '{"model":"m","max_tokens":-1,"messages":[{"role":"user","content":"x"}]}');
    ($rc, my $problems) = Claude::claude_request_validate($request);
    say_that('problem', "$rc " . Claude::claude_problems_count($problems) . ' ' . Claude::claude_problems_field($problems, 0));
    say_that('no_problem', join '', grep { defined } Claude::claude_request_validate(new_request('hi')));

    my $usage = '{"input_tokens": 1000000, "output_tokens": 0}';
    my $cost = Claude::claude_cost_of_json(undef, 'claude-haiku-5-5', $usage, 0, undef);
    say_that('cost', $cost == Claude::claude_cost_estimate(undef, 'claude-haiku-5-5', 1000000, 0, 0) && $cost > 0);

    my $config = Claude::claude_config_new();
    Claude::claude_config_set($config, 'api_key', $key);
    Claude::claude_config_set($config, 'base_url', $url);
    my $notices = Claude::claude_notices_new($config);
    my ($old) = grep { (Claude::claude_models_deprecation(undef, $_, undef))[0] }
        map { Claude::claude_models_at(undef, $_) } 0 .. Claude::claude_models_count(undef) - 1;
    $request = new_request('hi');
    Claude::claude_request_set_model($request, $old);
    Claude::claude_client_execute(Claude::claude_client_new($config), $request);
    my ($model, $text) = Claude::claude_notices_take($notices);
    say_that('notice', $model eq $old && $text eq (Claude::claude_models_deprecation(undef, $old, undef))[1]);
    say_that('no_notice', (Claude::claude_notices_take($notices))[0]);

    my $runner = Claude::claude_runner_new($client, new_request('hi'), 0);
    Claude::claude_runner_on_tool($runner, 'mine');
    ($rc, my $last) = Claude::claude_runner_step($runner, 5000);
    say_that('runner', "$rc " . Claude::claude_response_text($last));
};

$parts{$part}->();
