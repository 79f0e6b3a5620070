/* HTTP/2 without TLS, cut at bytes of its frames, and its streams ended early by frames. */
#include "cut.h"

static void sweep_ending(enum ending ending)
{
    struct cut cut = {.framing = BY_H2, .ending = ending};

    cut_sweep_ways(&cut, sweep_step(7), is_long() ? 7 : sweep_step(49));
}

static void cut_by_fin(void **state)
{
    (void)state;
    sweep_ending(END_FIN);
    finish_checks();
}

static void cut_by_rst(void **state)
{
    (void)state;
    sweep_ending(END_RST);
    finish_checks();
}

/* libcurl takes both of these for success. */
static void cut_by_rst_stream(void **state)
{
    (void)state;
    sweep_ending(END_RST_STREAM);
    sweep_ending(END_RST_AT_ONCE);
    finish_checks();
}

static void cut_by_end_stream(void **state)
{
    (void)state;
    sweep_ending(END_CLEAN);
    finish_checks();
}

static void cut_on_used_connections(void **state)
{
    (void)state;
    for (int ending = END_FIN; ending <= END_RST; ending++) {
        struct cut cut = {.framing = BY_H2, .ending = (enum ending)ending, .used = true};
        cut_sweep_ways(&cut, is_long() ? 3 : sweep_step(21), is_long() ? 31 : sweep_step(199));
    }
    finish_checks();
}

static void cut_after_single_bytes(void **state)
{
    struct cut cut = {.framing = BY_H2, .ending = END_FIN, .write_size = 1};

    (void)state;
    cut_sweep_ways(&cut, is_long() ? 7 : sweep_step(199), is_long() ? 29 : sweep_step(997));
    finish_checks();
}

static void stalled(void **state)
{
    struct cut cut = {.framing = BY_H2, .ending = END_STALL};

    (void)state;
    cut_sweep_ways(&cut, is_long() ? 61 : sweep_step(479), is_long() ? 211 : sweep_step(997));
    finish_checks();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_by_fin),
        cmocka_unit_test(cut_by_rst),
        cmocka_unit_test(cut_by_rst_stream),
        cmocka_unit_test(cut_by_end_stream),
        cmocka_unit_test(cut_on_used_connections),
        cmocka_unit_test(cut_after_single_bytes),
        cmocka_unit_test(stalled),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests_name("cut_h2", tests, start_all, stop_all);
}
