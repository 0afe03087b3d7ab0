/* base/: diag, buf, arena, prng. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/prng.h"

#include "unit.h"

START_TEST(diag_is_one_line_and_marks_a_cut)
{
    struct diag d = {0};
    ck_assert(!diag_set(&d, DIAG_USAGE, "no %s", "port"));
    diag_prefix(&d, "%s:%d: ", "a.wsg", 3);
    ck_assert_str_eq(d.text, "a.wsg:3: no port");
    ck_assert_int_eq(d.kind, DIAG_USAGE);
    char big[2 * LIMIT_DIAG_TEXT];
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = 0;
    diag_set(&d, DIAG_TROUBLE, "%s", big);
    ck_assert_str_eq(d.text + strlen(d.text) - 4, "x...");
    ck_assert(!diag_set(NULL, DIAG_USAGE, "nobody listens"));
}
END_TEST

START_TEST(buf_grows_to_its_limit_and_keeps_what_fitted)
{
    struct buf b;
    buf_init(&b, 10);
    ck_assert_str_eq(buf_text(&b), "");
    ck_assert(buf_append_text(&b, "hello"));
    ck_assert(buf_printf(&b, "%d", 12345));
    ck_assert_str_eq(buf_text(&b), "hello12345");
    ck_assert(!buf_append_byte(&b, 'x'));
    ck_assert(b.failed);
    ck_assert_uint_eq(b.size, 10);
    buf_consume(&b, 5);
    ck_assert_str_eq(buf_text(&b), "12345");
    buf_clear(&b);
    ck_assert(buf_append_fill(&b, 'z', 10));
    size_t size;
    uint8_t *stolen = buf_steal(&b, &size);
    ck_assert_uint_eq(size, 10);
    ck_assert_str_eq((char *)stolen, "zzzzzzzzzz");
    free(stolen);
    buf_free(&b);
}
END_TEST

START_TEST(arena_keeps_everything_aligned_until_freed)
{
    struct arena a;
    arena_init(&a);
    char *first = arena_text(&a, "first");
    for (size_t i = 1; i < 2000; i++) {
        void *p = arena_alloc(&a, i);
        ck_assert_uint_eq((uintptr_t)p % _Alignof(max_align_t), 0);
        memset(p, 0xff, i);
    }
    ck_assert_str_eq(first, "first");
    ck_assert_str_eq(arena_printf(&a, "%s-%d", "x", 7), "x-7");
    arena_free(&a);
}
END_TEST

START_TEST(prng_streams_are_repeatable_and_apart)
{
    struct prng a = prng_stream(1, "mask"), b = prng_stream(1, "mask"), c = prng_stream(1, "key");
    uint64_t x = prng_next(&a);
    ck_assert_uint_eq(x, prng_next(&b));
    ck_assert_uint_ne(x, prng_next(&c));
    struct prng n0 = prng_stream_n(1, "mask", 0), n1 = prng_stream_n(1, "mask", 1);
    ck_assert_uint_eq(x, prng_next(&n0));
    ck_assert_uint_ne(x, prng_next(&n1));
    unsigned seen[7] = {0};
    for (int i = 0; i < 7000; i++)
        seen[prng_below(&a, 7)]++;
    for (int i = 0; i < 7; i++)
        ck_assert_uint_gt(seen[i], 800);
    uint8_t bytes[13] = {0};
    prng_fill(&a, bytes, 12);
    ck_assert_uint_eq(bytes[12], 0);
}
END_TEST

START_TEST(no_memory_is_an_answer)
{
    struct buf b;
    struct arena a;
    buf_init(&b, 0);
    arena_init(&a);
    nomem_at(1, 1);
    bool appended = buf_append_text(&b, "x");
    void *p = arena_alloc(&a, 1);
    nomem_at(0, 0);
    ck_assert(!appended && b.failed);
    ck_assert_ptr_null(p);
}
END_TEST

UNIT_MAIN("base", diag_is_one_line_and_marks_a_cut, buf_grows_to_its_limit_and_keeps_what_fitted,
          arena_keeps_everything_aligned_until_freed, prng_streams_are_repeatable_and_apart,
          no_memory_is_an_answer)
