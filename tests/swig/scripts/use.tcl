# What the tests do in Tcl: use.tcl PART URL KEY MODULE. Prints lines "name=value"; each part is in use.pl and use.rb.
package require Tcl 8.6
lassign $argv part url key library
load $library Claude
fconfigure stdout -encoding utf-8

proc say_that {name value} {
    puts "$name=[expr {$value eq {} ? {(nothing)} : $value}]"
}

proc hex_of {text} {
    return [binary encode hex [encoding convertto utf-8 $text]]
}

proc new_client {} {
    set config [claude_config_new]
    claude_config_set $config api_key $::key
    claude_config_set $config base_url $::url
    set client [claude_client_new $config]
    claude_config_unref $config
    return $client
}

proc new_request {text} {
    set request [claude_request_new messages.create]
    claude_request_set_model $request claude-haiku-5-5
    claude_request_set_max_tokens $request 1024
    claude_request_add_user_text $request $text
    return $request
}

# What went wrong in a script, as a line.
proc failure {name script} {
    try {
        uplevel 1 $script
        say_that $name {no error}
    } trap CLAUDE {message options} {
        say_that $name "CLAUDE|[lindex [dict get $options -errorcode] 1]|$message"
    } on error message {
        say_that $name $message
    }
}

proc open_files {} {
    return [llength [glob -directory /proc/self/fd *]]
}

proc memory_kib {} {
    set file [open /proc/self/statm]
    set pages [lindex [read $file] 1]
    close $file
    return [expr {4 * $pages}]
}

proc part_message {} {
    set text "Gr\u00fc\u00dfe\0\u6f22[encoding convertfrom utf-8 \xf0\x9f\x98\x80]"
    set response [claude_client_execute [new_client] [new_request $text]]
    say_that text [hex_of [claude_response_text $response]]
    say_that status [claude_response_status $response]
    say_that missing [claude_response_header $response x-nothing]
}

proc part_stream {} {
    set call [claude_client_stream [new_client] [new_request hi]]
    set text ""
    set first ""
    lassign [claude_call_next $call 5000] rc event
    while {$rc == 1} {
        if {$first eq ""} {
            set first [claude_event_keep $event]
        }
        if {[claude_event_type $event] == $::CLAUDE_EVENT_TEXT_DELTA} {
            append text [claude_event_text $event]
        }
        lassign [claude_call_next $call 5000] rc event
    }
    say_that end $rc
    say_that event $event
    say_that text $text
    say_that first [claude_event_name $first]
    set response [claude_call_result $call]
    claude_call_unref $call
    say_that stop [claude_response_stop_reason $response]
}

proc part_pull {} {
    set call [claude_client_stream [new_client] [new_request hi]]
    while {[lindex [set pulled [claude_call_pull $call 5000]] 0] == 1} {
        lassign $pulled rc type index text
        say_that $type "$index [expr {$text eq {} ? {(nothing)} : $text}]"
    }
}

proc part_loop {} {
    set loop [claude_loop_new [new_client]]
    set call [claude_loop_submit $loop [new_request hi] $::CLAUDE_STREAM 18446744073709551615]
    set text ""
    while {[claude_loop_count $loop]} {
        if {![claude_loop_wait $loop 5000]} {
            error "nothing came"
        }
        while {[lindex [set next [claude_loop_next $loop]] 0] > 0} {
            lassign $next rc tag event
            if {$rc == $::CLAUDE_DONE} {
                say_that end "$rc $tag"
            } else {
                append text [claude_event_text $event]
            }
        }
    }
    say_that text $text
    say_that result [claude_response_text [claude_call_result $call]]
}

proc part_api_error {} {
    try {
        claude_client_execute [new_client] [new_request hi]
    } trap CLAUDE {message options} {
        set code [dict get $options -errorcode]
        set fields [lrange $code 2 end]
        say_that name [lindex $code 1]
        foreach field {code category http_status api_type} {
            say_that $field [dict get $fields $field]
        }
        say_that message $message
        set handle [dict get $fields handle]
        say_that retry_after_ms [claude_error_retry_after_ms $handle]
        say_that body [claude_response_string [claude_error_response $handle] /error/type]
        say_that cause [claude_error_cause $handle]
    }
}

proc part_cut {} {
    set call [claude_client_stream [new_client] [new_request hi]]
    try {
        while {[lindex [claude_call_next $call 5000] 0] == 1} {}
    } trap {CLAUDE CLAUDE_E_OVERLOADED} {message options} {
        set partial [claude_error_response [dict get [lrange [dict get $options -errorcode] 2 end] handle]]
        say_that name [lindex [dict get $options -errorcode] 1]
    }
    claude_call_unref $call
    catch {claude_request_new no.such.endpoint}
    say_that partial [claude_response_text $partial]
}

proc part_bad_input {} {
    set client [new_client]
    set config [claude_config_new]
    set request [new_request hi]
    set released [new_client]
    claude_client_unref $released
    claude_client_unref $released
    failure released {claude_client_execute $released $request}
    failure kind {claude_client_execute $request $request}
    failure text {claude_config_set_secret $config $::key}
    failure nul {claude_request_set_model $request "a\0b"}
    failure no_text {claude_request_set_model $request NULL}
    failure nothing {claude_request_add_user_text $request ""}
    failure int64 {claude_request_set_max_tokens $request 9223372036854775808}
    failure uint32 {claude_client_start $client $request -1}
    failure int32 {claude_request_set_stream $request 4294967296}
    failure fraction {claude_request_set_max_tokens $request 1.5}
    failure number {claude_request_set_max_tokens $request 12x}
    failure double {claude_request_set_temperature $request $::key}
    failure flags {claude_client_start $client $request 128}
    failure json {claude_request_set_json $request {{"a":NaN}}}
    failure utf8 {claude_request_add_user_text $request \ud800}
    failure option {claude_config_set $config timeout.totel_ms 1}
    failure arity {claude_client_trim}
}

proc part_values {} {
    set response [claude_client_execute [new_client] [new_request hi]]
    foreach name {big least most missing} {
        say_that $name [claude_response_int $response /$name -1]
    }
    say_that fallback [claude_response_int $response /missing -9223372036854775808]
    say_that half [claude_response_double $response /half 0]
    say_that yes [claude_response_bool $response /yes 0]
    say_that nul [hex_of [claude_response_string $response /nul]]
    say_that slice [join [claude_response_slice $response /list]]
    say_that header [join [lsearch -all -inline -not [claude_response_header_at $response 1000] ""]]
    say_that version [claude_version]
    say_that keep [claude_config_get [claude_config_new] no.such.option]
}

# Handles that are released, and events and errors that nobody releases; their descriptors tell, and the memory.
proc many {count client request body} {
    for {set number 0} {$number < $count} {incr number} {
        claude_client_unref [new_client]
        set other [new_request hi]
        claude_request_set_field $other /metadata $body
        claude_request_unref $other
        for {set time 0} {$time < 10} {incr time} {
            catch {claude_request_new no.such.endpoint}
        }
    }
    for {set number 0} {$number < 20} {incr number} {
        claude_loop_unref [claude_loop_new $client]
        set call [claude_client_stream $client $request]
        claude_call_next $call 5000
        claude_call_unref $call
    }
}

proc part_lifetime {} {
    set client [new_client]
    set request [new_request hi]
    set body "\"[string repeat x 20000]\""
    many 20 $client $request $body
    set files [open_files]
    set memory [memory_kib]
    many 2000 $client $request $body
    puts "files=[expr {[open_files] - $files}]"
    say_that memory [expr {[memory_kib] - $memory < 4096 ? "steady" : "grows"}]
}

# No combination of arguments may do more than fail.
proc part_anything {} {
    set functions [lsort [info commands claude_*]]
    foreach function $functions {
        say_that function $function
    }
    foreach function $functions {
        foreach value [list NULL 0 "" {a b} -1 claude_client1 _00_p_claude_client] {
            for {set count 0} {$count < 8} {incr count} {
                catch {$function {*}[lrepeat $count $value]}
            }
        }
    }
}

# Handles that are still there at the end, in use and in any order.
proc part_leave {} {
    set client [new_client]
    set call [claude_client_stream $client [new_request hi]]
    lassign [claude_call_next $call 5000] rc event
    set loop [claude_loop_new $client]
    claude_loop_submit $loop [new_request hi] 0 1
    say_that left $rc
}

# Handles belong to their interpreter and go with it; names are never evaluated.
proc part_special {} {
    set before [open_files]
    interp create other
    interp eval other [list load $::library Claude]
    interp eval other {proc claude_base {url key} {
        set config [claude_config_new]
        claude_config_set $config api_key $key
        claude_config_set $config base_url $url
        return [claude_loop_new [claude_client_new $config]]
    }}
    set loop [interp eval other [list claude_base $::url $::key]]
    say_that more [expr {[open_files] > $before}]
    failure foreign {claude_loop_fd $loop}
    interp delete other
    puts "left=[expr {[open_files] - $before}]"
    failure evaluated {claude_client_trim {[set ::evaluated 1]}}
    say_that is_evaluated [info exists ::evaluated]
}

# A call with retries and what is told of it; then the objects by themselves.
proc part_reliability {} {
    set config [claude_config_new]
    foreach {name value} [list api_key $::key base_url $::url retry.enabled true retry.initial_delay_ms 0 \
            breaker.failure_threshold 1 limiter.burst 1 metrics.enabled true health.degraded_ms 5000] {
        claude_config_set $config $name $value
    }
    set news [claude_attempts_new $config 100]
    set client [claude_client_new $config]
    report_of_retries $client $news
    objects_of $config
    metrics_of $client
}

proc report_of_retries {client news} {
    set report [claude_response_report [claude_client_execute_with_retries $client [new_request hi]]]
    say_that report [list [expr {[claude_report_features $report] == $::CLAUDE_WITH_RETRIES}] \
        [claude_report_attempts $report] [claude_report_retries $report] \
        [claude_report_attempt_code $report 0] [claude_report_attempt_code $report 1]]
    while {[claude_attempts_take $news]} {
        set numbers [lmap name {phase number code} {claude_attempts_number $news $name}]
        set unknown [expr {[claude_attempts_text $news x] ne ""}]
        say_that news [join [list {*}$numbers [claude_attempts_text $news endpoint_name] $unknown]]
    }
    try {
        claude_client_execute_with_retries $client [new_request hi]
    } trap CLAUDE {message options} {
        set handle [dict get [lrange [dict get $options -errorcode] 2 end] handle]
        set stopped [claude_report_stopped_by [claude_error_report $handle]]
        say_that gave_up "[lindex [dict get $options -errorcode] 1] [claude_error_feature $handle] $stopped"
    }
}

proc objects_of {config} {
    set breaker [claude_breaker_new $config]
    set permit [claude_breaker_allow $breaker]
    claude_breaker_record $breaker $permit $::CLAUDE_BREAKER_FAILURE
    try {
        claude_breaker_allow $breaker
    } trap CLAUDE {message options} {
        set handle [dict get [lrange [dict get $options -errorcode] 2 end] handle]
        set later [expr {[claude_error_retry_after_ms $handle] > 0}]
        say_that open "[lindex [dict get $options -errorcode] 1] $later"
    }
    set limiter [claude_limiter_new $config]
    set turn [claude_limiter_reserve $limiter messages 10 10]
    set wait [claude_reservation_wait_ms $turn]
    say_that turn "$wait [claude_limiter_available $limiter messages requests]"
    set failover [claude_failover_new $config]
    set indexes [lmap name {a b} {claude_failover_add_endpoint $failover https://$name.example 1 NULL}]
    say_that failover "$indexes [claude_failover_select_endpoint $failover 1]"
}

proc metrics_of {client} {
    set metrics [claude_client_metrics $client]
    say_that bucket [claude_metrics_histogram $metrics call_input_tokens 14]
    say_that no_bucket [claude_metrics_histogram $metrics call_input_tokens 15]
    say_that metric [lrange [claude_metric_at 0] 0 3]
    lassign [claude_health_check_endpoint $client $::url] state ms
    say_that health "[expr {[claude_health_state_name $state] in {healthy degraded}}] [expr {$ms >= 0}]"
}

# Quotas, bytes in gzip, log lines, keys that change, configuration that changes, the trail, diagnostics.
proc part_operations {} {
    operation_of_quotas
    set config [claude_config_new]
    foreach {name value} [list api_key $::key base_url $::url compression.min_size 0] {
        claude_config_set $config $name $value
    }
    operation_of_bytes $config
    set logs [claude_logs_new $config $::CLAUDE_LOG_INFO 1]
    set client [claude_client_new $config]
    claude_client_execute $client [new_request hi]
    lassign [claude_news_take $logs] found event fields level
    say_that log "$found $event [string index $fields 0] $level [expr {[claude_news_dropped $logs] > 0}]"
    say_that no_log [lindex [claude_news_take $logs] 0]
    operation_of_keys $client
    claude_client_set_snapshot $client b $config
    say_that snapshot [claude_client_generation $client b]
    operation_of_watchers
    operation_of_diagnostics $client
}

proc operation_of_quotas {} {
    set quota [claude_quota_new NULL]
    claude_quota_set_limit $quota NULL daily_requests 1
    claude_quota_record_usage $quota claude-haiku-5-5 10 5
    try {
        claude_quota_reserve $quota NULL 1 1
    } trap CLAUDE {message options} {
        set handle [dict get [lrange [dict get $options -errorcode] 2 end] handle]
        set figures [lmap name {limit used} {claude_error_quota $handle $name}]
        say_that quota "[lindex [dict get $options -errorcode] 1] $figures"
    }
    say_that kept [claude_response_int [claude_quota_export_json $quota] /total/day/input_tokens -1]
}

proc operation_of_bytes {config} {
    set bytes [string repeat [binary format H* ff00] 100]
    lassign [claude_compress $bytes $config] code packed
    set gzip [claude_response_bytes $packed]
    lassign [claude_decompress $gzip 0] undone back
    say_that gzip "$code [claude_is_gzip $gzip] $undone [expr {[claude_response_bytes $back] eq $bytes}]"
}

proc operation_of_keys {client} {
    set secret [claude_secret_new_unchecked token]
    set print [claude_secret_fingerprint $secret]
    claude_secret_set_expiry $secret 1
    set expiries [claude_expiries_new $secret 0]
    claude_trail_start 4
    claude_secret_expose $secret
    lassign [claude_news_take $expiries] found whose text at left
    say_that expiry "$found [expr {$whose eq $print}] $at [expr {$left < 0}]"
    lassign [claude_trail_at [claude_trail_read] 0] there time operation used
    say_that trail "[expr {$time > 0}] $operation [expr {$used eq $print}]"
    claude_trail_stop
    claude_client_rotate_secret $client $::CLAUDE_KEY_OF_CLIENT $secret
    set now [claude_secret_fingerprint [claude_client_secret $client $::CLAUDE_KEY_OF_CLIENT]]
    say_that rotated [expr {$now eq $print}]
}

proc operation_of_watchers {} {
    set watcher [claude_watcher_new /no/such/file {{"max_retries": 2}}]
    set retries [claude_config_get [claude_watcher_config $watcher] retry.max_retries]
    set changed [claude_watcher_poll $watcher]
    try {
        claude_watcher_error $watcher
    } trap CLAUDE {message options} {
        say_that watcher "$retries $changed [lindex [dict get $options -errorcode] 1]"
    }
}

proc operation_of_diagnostics {client} {
    set curl [claude_curl_command $client [new_request hi] 0 body.json]
    say_that curl "[string range [claude_curl_text $curl] 0 4] [string index [claude_curl_bytes $curl] 0]"
    say_that selftest [claude_selftest_name [claude_selftest_run $client 0 NULL 5000] 0]
    say_that report [string index [claude_diagnostics_json [claude_client_diagnostics $client]] 0]
}

# The endpoints beside messages: parameters, forms, lines, bytes, pages; and what is known without asking.
proc part_api {} {
    set client [new_client]
    api_of_batches $client
    api_of_files $client
    api_of_lists $client
    api_without_calls
    api_of_notices
    set runner [claude_runner_new $client [new_request hi] 0]
    claude_runner_on_tool $runner mine
    lassign [claude_runner_step $runner 5000] rc last
    say_that runner "$rc [claude_response_text $last]"
}

proc api_of_batches {client} {
    set request [claude_request_new messages.batches.create]
    set params {{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}}
    claude_request_set_json $request "{\"requests\":\[{\"custom_id\":\"a\",\"params\":$params}\]}"
    set id [claude_response_id [claude_client_execute $client $request]]
    lassign [claude_batch_wait $client $id 1 1 5000] rc batch
    say_that wait "$rc [claude_response_string $batch /processing_status]"
    set request [claude_request_new messages.batches.results]
    claude_request_set_path $request message_batch_id $id
    set call [claude_client_start $client $request $::CLAUDE_STREAM]
    while {[lindex [set pulled [claude_call_pull $call 5000]] 0] == 1} {
        lassign $pulled rc type index text line
        lassign [claude_batch_result_slices $line] kind custom_id message
        set text [claude_response_text [claude_response_parse $message]]
        say_that line [join [list [expr {$type == $::CLAUDE_EVENT_LINE}] $kind $custom_id $text] |]
    }
}

proc api_of_files {client} {
    set file [claude_file_from_bytes "a\xff\0b" a.bin]
    set made [claude_client_execute $client [claude_file_upload_request $file]]
    say_that upload [claude_response_string $made /filename]
    set request [claude_file_download_request [claude_response_id $made]]
    set call [claude_client_start $client $request $::CLAUDE_STREAM]
    while {[lindex [set piece [claude_call_read_some $call 3 5000]] 0] == 1} {
        append all [lindex $piece 1]
    }
    say_that bytes [binary encode hex $all]
    failure no_bytes {claude_file_from_bytes \u6f22 NULL}
}

proc api_of_lists {client} {
    set request [claude_request_new models.list]
    claude_request_set_query_json $request {{"limit": 1}}
    lassign [claude_page_next $request [claude_client_execute $client $request]] rc next
    say_that page "$rc [claude_response_count [claude_client_execute $client $next] /data]"
    claude_request_set_query $request limit 1000
    lassign [claude_page_next $request [claude_client_execute $client $request]] rc next
    say_that last_page "$rc[expr {$next eq {} ? {} : { more}}]"
}

proc api_without_calls {} {
    set request [claude_request_new messages.create]
    claude_request_set_json $request {{"model":"m","max_tokens":-1,"messages":[{"role":"user","content":"x"}]}}
    lassign [claude_request_validate $request] rc problems
    say_that problem "$rc [claude_problems_count $problems] [claude_problems_field $problems 0]"
    say_that no_problem [join [claude_request_validate [new_request hi]] ""]
    set usage {{"input_tokens": 1000000, "output_tokens": 0}}
    set cost [claude_cost_of_json NULL claude-haiku-5-5 $usage 0 NULL]
    set estimate [claude_cost_estimate NULL claude-haiku-5-5 1000000 0 0]
    say_that cost [expr {$cost == $estimate && $cost > 0}]
}

proc api_of_notices {} {
    set config [claude_config_new]
    claude_config_set $config api_key $::key
    claude_config_set $config base_url $::url
    set notices [claude_notices_new $config]
    for {set index 0} {$index < [claude_models_count NULL]} {incr index} {
        set old [claude_models_at NULL $index]
        lassign [claude_models_deprecation NULL $old NULL] found expected
        if {$found} break
    }
    set request [new_request hi]
    claude_request_set_model $request $old
    claude_client_execute [claude_client_new $config] $request
    lassign [claude_notices_take $notices] model text
    say_that notice [expr {$model eq $old && $text eq $expected}]
    say_that no_notice [lindex [claude_notices_take $notices] 0]
}

part_$part
