/* HTTP/1.1 without TLS, cut at every byte. */
#include "cut.h"

static void sweep_endings(enum framing framing, const enum ending *endings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct cut cut = {.framing = framing, .ending = endings[i]};
        cut_sweep_ways(&cut, sweep_step(1), sweep_step(13));
    }
}

static void cut_by_length(void **state)
{
    static const enum ending endings[] = {END_FIN, END_RST, END_CLEAN};

    (void)state;
    sweep_endings(BY_LENGTH, endings, COUNT_OF(endings));
    finish_checks();
}

static void cut_in_chunks(void **state)
{
    static const enum ending endings[] = {END_FIN, END_RST, END_CLEAN};

    (void)state;
    sweep_endings(BY_CHUNKS, endings, COUNT_OF(endings));
    finish_checks();
}

static void cut_by_close(void **state)
{
    static const enum ending endings[] = {END_FIN, END_RST};

    (void)state;
    sweep_endings(BY_CLOSE, endings, COUNT_OF(endings));
    finish_checks();
}

/* libcurl sends a request again by itself when a used connection ends before the answer. */
static void cut_on_used_connections(void **state)
{
    (void)state;
    for (int framing = BY_LENGTH; framing <= BY_CHUNKS; framing++) {
        struct cut cut = {.framing = (enum framing)framing, .used = true, .ending = END_FIN};
        cut_sweep_ways(&cut, sweep_step(7), sweep_step(97));
        cut.ending = END_RST;
        cut_sweep_ways(&cut, sweep_step(7), sweep_step(97));
    }
    finish_checks();
}

static void cut_after_single_bytes(void **state)
{
    (void)state;
    for (int framing = BY_LENGTH; framing <= BY_CLOSE; framing++) {
        struct cut cut = {.framing = (enum framing)framing, .write_size = 1, .ending = END_FIN};
        cut_sweep_ways(&cut, is_long() ? 7 : sweep_step(101), is_long() ? 29 : sweep_step(499));
    }
    finish_checks();
}

static void stalled(void **state)
{
    (void)state;
    for (int framing = BY_LENGTH; framing <= BY_CLOSE; framing++) {
        struct cut cut = {.framing = (enum framing)framing, .ending = END_STALL};
        cut_sweep_ways(&cut, is_long() ? 61 : sweep_step(479), is_long() ? 211 : sweep_step(997));
    }
    finish_checks();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_by_length),          cmocka_unit_test(cut_in_chunks),
        cmocka_unit_test(cut_by_close),           cmocka_unit_test(cut_on_used_connections),
        cmocka_unit_test(cut_after_single_bytes), cmocka_unit_test(stalled),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests_name("cut_plain", tests, start_all, stop_all);
}
