/* Faults x ways to wait x what ends the call: it returns within 250 ms of that moment, and says why. */
#include "cells.h"

#include <stdlib.h>

enum {
    PARALLEL = 24,
    LARGE = 12 * 1024 * 1024, /* more than the buffers of two sockets take */
};

static const struct step half_head[] = {{STEP_SEND, "HTTP/1.1 200 OK\r\ncontent-type: text/eve", 0},
                                        {STEP_STALL, NULL, 0}};
static const struct step no_head[] = {{STEP_STALL, NULL, 0}};
static const struct step head_only[] = {{STEP_HEAD, NULL, 0}, {STEP_STALL, NULL, 0}};
static const struct step half_body[] = {
    {STEP_SEND, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{\"type\":", 0},
    {STEP_STALL, NULL, 0}};
static const struct step half_stream[] = {
    {STEP_HEAD, NULL, 0}, {STEP_EVENT, EVENT_START EVENT_BLOCK EVENT_DELTA, 0}, {STEP_STALL, NULL, 0}};
static const struct step half_event[] = {{STEP_HEAD, NULL, 0},
                                         {STEP_EVENT, EVENT_START EVENT_BLOCK, 0},
                                         {STEP_SEND, "event: content_block_delta\ndata: {\"type\":\"con", 0},
                                         {STEP_STALL, NULL, 0}};

enum {
    ON_CONNECT = ENDS(END_CONNECT) | ENDS(END_STREAM_TOTAL),
    ON_ANSWER = ENDS(END_FIRST_BYTE) | ENDS(END_STREAM_TOTAL),
    ON_STREAM = ENDS(END_IDLE) | ENDS(END_PROGRESS) | ENDS(END_STREAM_TOTAL),
};

static const struct fault faults[] = {
    {.name = "full queue",
     .plan = {.mode = SERVER_DEAF},
     .base_url = "http://127.0.0.1:%u",
     .not_seen = true,
     .endings = ON_CONNECT},
    {.name = "full queue, plain",
     .plan = {.mode = SERVER_DEAF},
     .base_url = "http://127.0.0.1:%u",
     .not_seen = true,
     .plain = true,
     .endings = ENDS(END_CONNECT) | ENDS(END_TOTAL)},
    {.name = "silent TLS", .plan = {.mode = SERVER_SILENT}, .base_url = "https://127.0.0.1:%u", .endings = ON_CONNECT},
    {.name = "half a TLS record",
     .plan = {.mode = SERVER_SILENT, .answer = "\x16\x03\x03\x01\x7a\x02"},
     .base_url = "https://127.0.0.1:%u",
     .plain = true,
     .endings = ENDS(END_CONNECT) | ENDS(END_TOTAL)},
    {.name = "no head", .plan = {.steps = no_head}, .base_url = "http://127.0.0.1:%u", .endings = ON_ANSWER},
    {.name = "no head, plain",
     .plan = {.steps = no_head},
     .base_url = "http://127.0.0.1:%u",
     .plain = true,
     .endings = ENDS(END_TOTAL)},
    {.name = "half a head",
     .plan = {.steps = half_head},
     .base_url = "http://127.0.0.1:%u",
     .endings = ENDS(END_IDLE) | ENDS(END_STREAM_TOTAL)},
    {.name = "head only",
     .plan = {.steps = head_only},
     .base_url = "http://127.0.0.1:%u",
     .endings = ENDS(END_IDLE) | ENDS(END_STREAM_TOTAL)},
    {.name = "half a body, plain",
     .plan = {.steps = half_body},
     .base_url = "http://127.0.0.1:%u",
     .plain = true,
     .endings = ENDS(END_TOTAL)},
    {.name = "half a stream", .plan = {.steps = half_stream}, .base_url = "http://127.0.0.1:%u", .endings = ON_STREAM},
    {.name = "half an event",
     .plan = {.steps = half_event},
     .base_url = "http://127.0.0.1:%u",
     .endings = ENDS(END_IDLE) | ENDS(END_STREAM_TOTAL)},
    {.name = "nothing is read",
     .plan = {.stops_reading = true},
     .base_url = "http://127.0.0.1:%u",
     .bytes = LARGE,
     .endings = ON_ANSWER},
    {.name = "HTTP/2, no head",
     .plan = {.steps = no_head},
     .base_url = "http://127.0.0.1:%u",
     .http2 = true,
     .endings = ON_ANSWER},
    {.name = "HTTP/2, half a stream",
     .plan = {.steps = half_stream},
     .base_url = "http://127.0.0.1:%u",
     .http2 = true,
     .endings = ON_STREAM},
    {.name = "HTTP/2, no window",
     .plan = {.no_window = true},
     .base_url = "http://127.0.0.1:%u",
     .http2 = true,
     .endings = ON_ANSWER},
    {.name = "HTTP/2, no window, plain",
     .plan = {.no_window = true},
     .base_url = "http://127.0.0.1:%u",
     .http2 = true,
     .plain = true,
     .endings = ENDS(END_TOTAL)},
    {.name = "HTTP/2, window used up",
     .base_url = "http://127.0.0.1:%u",
     .http2 = true,
     .bytes = 200000,
     .not_seen = true,
     .endings = ON_ANSWER},
    {.name = "proxy, no answer",
     .plan = {.mode = SERVER_SILENT},
     .base_url = "https://api.invalid",
     .proxy = "http://127.0.0.1:%u",
     .endings = ON_CONNECT},
    {.name = "proxy, no answer, plain",
     .plan = {.mode = SERVER_SILENT},
     .base_url = "https://api.invalid",
     .proxy = "http://127.0.0.1:%u",
     .plain = true,
     .endings = ENDS(END_CONNECT) | ENDS(END_TOTAL)},
    {.name = "proxy, half an answer",
     .plan = {.mode = SERVER_SILENT, .answer = "HTTP/1.1 200 OK\r\nvia: p"},
     .base_url = "https://api.invalid",
     .proxy = "http://127.0.0.1:%u",
     .endings = ON_CONNECT},
    {.name = "proxy, tunnel to nowhere",
     .plan = {.mode = SERVER_SILENT, .answer = "HTTP/1.1 200 OK\r\n\r\n"},
     .base_url = "https://api.invalid",
     .proxy = "http://127.0.0.1:%u",
     .endings = ON_CONNECT},
    {.name = "proxy, full queue",
     .plan = {.mode = SERVER_DEAF},
     .base_url = "https://api.invalid",
     .proxy = "http://127.0.0.1:%u",
     .not_seen = true,
     .endings = ON_CONNECT},
    {.name = "proxy, silent TLS of its own",
     .plan = {.mode = SERVER_SILENT},
     .base_url = "https://api.invalid",
     .proxy = "https://127.0.0.1:%u",
     .endings = ON_CONNECT},
    {.name = "proxy, no head",
     .plan = {.steps = no_head},
     .base_url = "http://api.invalid",
     .proxy = "http://127.0.0.1:%u",
     .endings = ON_ANSWER},
    {.name = "proxy, half a stream",
     .plan = {.steps = half_stream},
     .base_url = "http://api.invalid",
     .proxy = "http://127.0.0.1:%u",
     .endings = ON_STREAM},
};

int main(int argc, char **argv)
{
    size_t count = 0;
    struct cell *cells = make_cells(faults, sizeof faults / sizeof faults[0], &count);
    int status = run_cells("deadlines, matrix", cells, count, PARALLEL, argc, argv);

    free(cells);
    return status;
}
