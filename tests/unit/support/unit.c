/* See unit.h. */
#include "unit.h"

#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

int unit_run(const char *suite, const TTest *const *tests, size_t count)
{
    Suite *s = suite_create(suite);
    TCase *t = tcase_create(suite);
    tcase_set_timeout(t, 120);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(t, tests[i]);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}

static struct guard guard_make(const void *bytes, size_t size, int at_end)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t room = (size + page - 1) / page * page;
    size_t total = room + 2 * page;
    uint8_t *map = mmap(NULL, total, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED)
        abort();
    if (room != 0 && mprotect(map + page, room, PROT_READ | PROT_WRITE) != 0)
        abort();
    struct guard g = {.bytes = map + page + (at_end ? room - size : 0), .size = size,
                      .map = map, .map_size = total};
    if (size != 0)
        memcpy(g.bytes, bytes, size);
    return g;
}

struct guard guard_end(const void *bytes, size_t size)
{
    return guard_make(bytes, size, 1);
}

struct guard guard_begin(const void *bytes, size_t size)
{
    return guard_make(bytes, size, 0);
}

void guard_free(struct guard *g)
{
    munmap(g->map, g->map_size);
    *g = (struct guard){0};
}

static unsigned long countdown;
static int stay_failed, was_hit;

void nomem_at(unsigned long n, int for_ever)
{
    countdown = n;
    stay_failed = for_ever;
    if (n != 0)
        was_hit = 0;
}

int nomem_hit(void)
{
    return was_hit;
}

static int fails_now(void)
{
    if (countdown == 0)
        return 0;
    if (countdown > 1) {
        countdown--;
        return 0;
    }
    was_hit = 1;
    if (!stay_failed)
        countdown = 0;
    return 1;
}

/* The linker sends our code's allocations here (-Wl,--wrap). */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

void *__wrap_malloc(size_t size)
{
    return fails_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails_now() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
    return fails_now() ? NULL : __real_realloc(p, size);
}

char *unit_file(const char *path_below_root, size_t *size)
{
    const char *root = getenv("WSG_ROOT");
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", root == NULL ? "." : root, path_below_root);
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        perror(path);
        abort();
    }
    fseek(f, 0, SEEK_END);
    long n = ftell(f);
    rewind(f);
    char *text = __real_malloc((size_t)n + 1);
    if (text == NULL || fread(text, 1, (size_t)n, f) != (size_t)n)
        abort();
    fclose(f);
    text[n] = 0;
    if (size != NULL)
        *size = (size_t)n;
    return text;
}

void unit_update(const char *path, const char *text)
{
    char whole[4096];
    if (getenv("WSG_UPDATE") == NULL)
        return;
    snprintf(whole, sizeof whole, "%s/%s", getenv("WSG_ROOT"), path);
    FILE *f = fopen(whole, "wb");
    if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0) {
        perror(whole);
        abort();
    }
}

void unit_golden(const char *path, const char *text)
{
    char below[512];
    snprintf(below, sizeof below, "tests/golden/%s", path);
    unit_update(below, text);
    char *wanted = unit_file(below, NULL);
    size_t at = 0;
    while (wanted[at] != 0 && wanted[at] == text[at])
        at++;
    bool same = wanted[at] == text[at];
    if (!same)
        fprintf(stderr, "%s differs at byte %zu:\n--- wanted\n%s\n--- got\n%s\n", below, at, wanted + at, text + at);
    free(wanted);
    ck_assert_msg(same, "%s differs", below);
}
