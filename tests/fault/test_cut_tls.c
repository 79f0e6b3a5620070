/* HTTP/1.1 and HTTP/2 in TLS, cut inside and on the wire, with and without close_notify. */
#include "cut.h"

static void sweep_endings(enum framing framing, const enum ending *endings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct cut cut = {.transport = TLS, .framing = framing, .ending = endings[i]};
        cut_sweep_ways(&cut, sweep_step(7), is_long() ? 7 : sweep_step(97));
    }
}

static void cut_by_length(void **state)
{
    static const enum ending endings[] = {END_FIN, END_NOTIFY, END_RST};

    (void)state;
    sweep_endings(BY_LENGTH, endings, COUNT_OF(endings));
    finish_checks();
}

static void cut_in_chunks(void **state)
{
    static const enum ending endings[] = {END_FIN, END_NOTIFY, END_RST};

    (void)state;
    sweep_endings(BY_CHUNKS, endings, COUNT_OF(endings));
    finish_checks();
}

/* Only the close_notify would tell a complete body from a cut one, and libcurl does not insist on it. */
static void cut_by_close(void **state)
{
    static const enum ending endings[] = {END_FIN, END_NOTIFY, END_RST};

    (void)state;
    sweep_endings(BY_CLOSE, endings, COUNT_OF(endings));
    finish_checks();
}

static void cut_h2(void **state)
{
    static const enum ending endings[] = {END_FIN, END_NOTIFY, END_RST, END_RST_STREAM, END_RST_AT_ONCE, END_CLEAN};

    (void)state;
    sweep_endings(BY_H2, endings, COUNT_OF(endings));
    finish_checks();
}

/* In the middle of a record of TLS, of which then nothing may be believed. */
static void cut_on_the_wire(void **state)
{
    (void)state;
    for (int framing = 0; framing < FRAMINGS; framing++) {
        struct cut cut = {.transport = TLS, .framing = (enum framing)framing, .wire = true, .record = 211};
        cut.ending = END_FIN;
        cut_sweep_ways(&cut, sweep_step(31), is_long() ? 31 : sweep_step(499));
        cut.ending = END_RST;
        cut_sweep_ways(&cut, sweep_step(31), is_long() ? 31 : sweep_step(499));
    }
    finish_checks();
}

static void cut_on_used_connections(void **state)
{
    (void)state;
    for (int framing = 0; framing < FRAMINGS; framing++) {
        struct cut cut = {.transport = TLS, .framing = (enum framing)framing, .used = true, .ending = END_FIN};
        cut_sweep_ways(&cut, is_long() ? 7 : sweep_step(97), is_long() ? 31 : sweep_step(499));
        cut.ending = END_RST;
        cut_sweep_ways(&cut, is_long() ? 7 : sweep_step(97), is_long() ? 31 : sweep_step(499));
    }
    finish_checks();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_by_length), cmocka_unit_test(cut_in_chunks),   cmocka_unit_test(cut_by_close),
        cmocka_unit_test(cut_h2),        cmocka_unit_test(cut_on_the_wire), cmocka_unit_test(cut_on_used_connections),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests_name("cut_tls", tests, start_all, stop_all);
}
