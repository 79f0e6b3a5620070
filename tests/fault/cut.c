#include "cut.h"

static const char *const ending_names[ENDINGS] = {"FIN",        "close_notify",       "RST",  "proper end",
                                                  "RST_STREAM", "RST_STREAM at once", "stall"};

enum {
    LIMIT_MS = 15000, /* generous: a cut is noticed at once */
    STALL_MS = 60,    /* timeout.idle_ms of stalled streams */
};

/* A sweep's things. */
struct sweep {
    struct cut cut;
    enum way way;
    size_t first;
    size_t step;
    struct client client;
    struct bytes body;
    struct reply reply;
    size_t runs;
};

/* One cut. */
struct run {
    size_t offset;
    char name[160];
    size_t body_bytes; /* that must have reached the client */
    bool head;         /* and whether the head has */
};

static const char complete_message[] =
    "{\"id\":\"msg_f\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":["
    "{\"type\":\"thinking\",\"thinking\":\"Let me think\\n\xe2\x80\xa6\",\"signature\":\"EqQB+/c==\"},"
    "{\"type\":\"text\",\"text\":\"Caf\xc3\xa9 \xf0\x9f\x98\x80 \xf0\x9f\x98\x80 and more\"},"
    "{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"get_weather\",\"input\":{\"n\":12345678901234567890,"
    "\"city\":\"Z\\u00fcrich\"}}],\"stop_reason\":\"tool_use\",\"stop_sequence\":null,"
    "\"usage\":{\"input_tokens\":25,\"output_tokens\":87}}";

static int ending_step(enum ending ending)
{
    static const int steps[ENDINGS] = {STEP_FIN, STEP_NOTIFY_FIN, STEP_RST, STEP_NEXT, STEP_NEXT, STEP_NEXT, STEP_HOLD};

    return steps[ending];
}

/* The reply up to the cut, with the beginning of the connection if it is new. */
static void add_reply(const struct sweep *s, struct script *script, const struct reply *reply, size_t len)
{
    const char *raw = reply->raw.ptr;
    size_t settings = len < reply->settings ? len : reply->settings;

    script_step(script, STEP_WAIT_REQUEST);
    if (s->cut.used) {
        if (len > reply->opening)
            script_send(script, raw + reply->opening, len - reply->opening);
        return;
    }
    script_send(script, raw, settings);
    /* What is cut by a reset must have been read before: so the client's answer is waited for. */
    if (reply->settings > 0 && len > settings)
        script_step(script, STEP_WAIT_ACK);
    script_send(script, raw + settings, len - settings);
}

/* Endings that are made with the body cut, not the bytes on the wire. */
static bool cuts_body(enum ending ending)
{
    return ending == END_CLEAN || ending == END_RST_STREAM || ending == END_RST_AT_ONCE;
}

static void add_cut_body(const struct sweep *s, struct script *script, size_t len)
{
    struct bytes ping = {NULL, 0, 0};
    struct bytes reset = {NULL, 0, 0};
    struct reply reply;

    reply_build(&reply, s->cut.framing, s->body.ptr, len);
    frame_add(&ping, H2_PING, 0, 0, "fault...", 8);
    frame_number(&reset, H2_RST_STREAM, H2_THIS, 0);
    if (s->cut.ending != END_CLEAN)
        reply.raw.len -= H2_FRAME_HEAD; /* the end of the stream */
    if (s->cut.ending == END_RST_AT_ONCE)
        bytes_add(&reply.raw, reset.ptr, reset.len);
    add_reply(s, script, &reply, reply.raw.len);
    if (s->cut.ending == END_RST_STREAM) {
        script_send(script, ping.ptr, ping.len);
        script_step(script, STEP_WAIT_PING);
        script_send(script, reset.ptr, reset.len);
    }
    reply_free(&reply);
    bytes_free(&reset);
    bytes_free(&ping);
}

static struct script make_script(struct sweep *s, struct run *run)
{
    struct script script = SCRIPT_INIT;

    script.write_size = s->cut.write_size;
    script.record = s->cut.record;
    if (cuts_body(s->cut.ending)) {
        add_cut_body(s, &script, run->offset);
        run->body_bytes = run->offset;
        run->head = true;
    } else if (s->cut.wire) {
        script.cut = (int64_t)run->offset;
        add_reply(s, &script, &s->reply, s->reply.raw.len);
    } else {
        add_reply(s, &script, &s->reply, run->offset);
        run->body_bytes = s->reply.body_at[run->offset];
        run->head = run->offset >= s->reply.head_end;
    }
    script_step(&script, ending_step(s->cut.ending));
    return script;
}

static void check_texts(const struct outcome *o, size_t events, const char *name)
{
    struct bytes text = {NULL, 0, 0};
    struct bytes thinking = {NULL, 0, 0};

    expected_text(events, CLAUDE_EVENT_TEXT_DELTA, &text);
    expected_text(events, CLAUDE_EVENT_THINKING_DELTA, &thinking);
    check(strcmp(o->text, text.ptr) == 0, "%s: the message has the text \"%s\"", name, o->text);
    check(strcmp(o->thinking, thinking.ptr) == 0, "%s: the message has the thinking \"%s\"", name, o->thinking);
    bytes_free(&text);
    bytes_free(&thinking);
}

static void judge(const struct sweep *s, const struct run *run, const struct outcome *o)
{
    size_t sent = complete_events(s->body.ptr, run->body_bytes);
    bool may_lose = s->cut.ending == END_RST_AT_ONCE && (o->events < sent || o->events == 0);
    size_t events = may_lose ? o->events : sent;
    bool complete = events == STREAM_EVENTS;
    const char *name = run->name;

    check_always(o, complete, LIMIT_MS, name);
    check(o->events == events, "%s: %zu events came, %zu are complete", name, o->events, events);
    check(o->report.requests == 1, "%s: the server has %llu requests", name, (unsigned long long)o->report.requests);
    if (complete) {
        check(o->json_len == sizeof complete_message - 1 && strcmp(o->json, complete_message) == 0, "%s: %s", name,
              o->json);
    } else if (s->cut.ending == END_STALL) {
        check(o->code == CLAUDE_E_TIMEOUT, "%s: %s", name, claude_code_name(o->code));
    } else if (may_lose) {
        check(o->code == CLAUDE_E_TRUNCATED || o->code == CLAUDE_E_CLOSED, "%s: %s (%s)", name,
              claude_code_name(o->code), o->message);
    } else if (run->head) {
        check(o->code == CLAUDE_E_TRUNCATED, "%s: %s (%s)", name, claude_code_name(o->code), o->message);
        check(o->http_status == 200, "%s: status %d", name, (int)o->http_status);
    } else {
        check(o->code == CLAUDE_E_CLOSED || o->code == CLAUDE_E_PROTOCOL, "%s: %s (%s)", name,
              claude_code_name(o->code), o->message);
        check(o->http_status == 0, "%s: status %d of half a head", name, (int)o->http_status);
    }
    check(events == 0 || complete || o->has_partial, "%s: no partial message", name);
    check_texts(o, events, name);
}

/* Bytes of the reply that came through whole TLS records; the oracle of cuts on the wire. */
static void find_delivered(const struct sweep *s, struct run *run, const struct outcome *o)
{
    size_t plain = (size_t)o->report.plain;

    if (!s->cut.wire)
        return;
    check(plain <= s->reply.raw.len, "%s: %zu bytes of %zu", run->name, plain, s->reply.raw.len);
    run->body_bytes = s->reply.body_at[plain];
    run->head = plain >= s->reply.head_end;
}

/* False: the cut lay behind the end. */
static bool cut_at(struct sweep *s, size_t offset)
{
    struct run run = {.offset = offset};
    struct script script;
    struct outcome o;
    bool whole;

    (void)snprintf(run.name, sizeof run.name, "%s%s%s, %s at %s%zu%s, by %s", framing_names[s->cut.framing],
                   s->cut.transport == TLS ? " in TLS" : "", s->cut.used ? ", used connection" : "",
                   ending_names[s->cut.ending], s->cut.wire ? "wire " : "", offset,
                   s->cut.write_size > 0 ? " in small writes" : "", way_names[s->way]);
    if (s->cut.used)
        check_goes_on(&s->client, s->way, "nothing");
    else if (s->cut.framing == BY_H2)
        client_trim(&s->client); /* streams end without their connections */
    script = make_script(s, &run);
    server_play(&server, &script);
    run_stream(&s->client, s->way, &o);
    find_delivered(s, &run, &o);
    judge(s, &run, &o);
    whole = o.report.plain >= s->reply.raw.len;
    outcome_free(&o);
    script_free(&script);
    s->runs++;
    return !(s->cut.wire && whole);
}

static size_t last_offset(const struct sweep *s)
{
    if (s->cut.wire)
        return SIZE_MAX; /* ends by itself */
    return cuts_body(s->cut.ending) ? s->body.len : s->reply.raw.len;
}

static void sweep(void *arg)
{
    struct sweep *s = arg;
    size_t last;

    client_open(&s->client, s->cut.transport, s->cut.framing == BY_H2, NULL);
    if (s->cut.used && s->client.h2 && !h2_connections_last(&s->client)) {
        printf("    left out: libcurl does not use the connection twice\n");
        client_close(&s->client);
        return;
    }
    if (s->cut.ending == END_STALL) {
        char text[16];
        (void)snprintf(text, sizeof text, "%d", STALL_MS);
        client_set(&s->client, "timeout.idle_ms", text);
        client_set(&s->client, "timeout.first_byte_ms", text);
    }
    stream_body(&s->body);
    reply_build(&s->reply, s->cut.framing, s->body.ptr, s->body.len);
    check(complete_events(s->body.ptr, s->body.len) == STREAM_EVENTS, "the oracle does not see all events");
    last = last_offset(s);
    if (s->cut.used)
        s->first += s->reply.opening;
    for (size_t offset = s->first; offset < last; offset += s->step) {
        if (!cut_at(s, offset))
            break;
    }
    if (last != SIZE_MAX)
        (void)cut_at(s, last);
    printf("    %s%s%s, %s%s%s, by %s: %zu cuts\n", framing_names[s->cut.framing],
           s->cut.transport == TLS ? " in TLS" : "", s->cut.used ? ", used connection" : "",
           ending_names[s->cut.ending], s->cut.wire ? " on the wire" : "",
           s->cut.write_size > 0 ? " in small writes" : "", way_names[s->way], s->runs);
    client_close(&s->client);
    reply_free(&s->reply);
    bytes_free(&s->body);
}

void cut_sweep(const struct cut *cut, enum way way, size_t first, size_t step)
{
    struct sweep s = {.cut = *cut, .way = way, .first = first, .step = step};

    run_small(sweep, &s);
}

void cut_sweep_ways(const struct cut *cut, size_t step, size_t other)
{
    bool first = true;

    for (int way = 0; way < WAYS; way++) {
        if (!way_wanted((enum way)way))
            continue;
        cut_sweep(cut, (enum way)way, 0, first ? step : other);
        first = false;
    }
}
