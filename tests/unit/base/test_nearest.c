/* Did you mean: what is near, what is not, and that the first of two equals wins. */
#include "base/nearest.h"

#include "unit.h"

static const char *among(const char *written, const char *const *words)
{
    struct nearest nearest = {0};
    for (; *words != NULL; words++)
        nearest_offer(&nearest, written, *words);
    return nearest.word;
}

static const char *const words[] = {"within", "without", "wait", "drop", "-j", "reconnect", NULL};

START_TEST(near_words_are_found)
{
    ck_assert_str_eq(among("whithin", words), "within");
    ck_assert_str_eq(among("wihtin", words), "within"); /* swapped letters are one mistake */
    ck_assert_str_eq(among("recconect", words), "reconnect");
    ck_assert_str_eq(among("within", words), "within");
    ck_assert_str_eq(among("dropp", words), "drop");
    ck_assert_str_eq(among("wiat", words), "wait");
}
END_TEST

START_TEST(far_words_are_not)
{
    ck_assert_ptr_null(among("banana", words));
    ck_assert_ptr_null(among("x", words));
    ck_assert_ptr_null(among("", words));
    static const char *const equal[] = {"aab", "aac", NULL};
    ck_assert_str_eq(among("aad", equal), "aab");
}
END_TEST

START_TEST(long_words_are_near_to_nothing)
{
    char longer[4096];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    const char *const same[] = {longer, NULL};
    ck_assert_ptr_null(among(longer, same));
    ck_assert_ptr_null(among("within", same));
}
END_TEST

UNIT_MAIN("nearest", near_words_are_found, far_words_are_not, long_words_are_near_to_nothing)
