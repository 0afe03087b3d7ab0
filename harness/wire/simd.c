/* The choice of the vector unit: once, at first use, by what the processor
 * says it has. Everything that depends on it goes through one pointer. */
#include "simd.h"

#include "mask.h"

#include <string.h>

static bool always(void)
{
    return true;
}

#if defined __x86_64__
static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2");
}

static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi");
}
#endif

/* Best first. */
static const struct {
    const struct ws_simd *set;
    bool (*present)(void);
} units[] = {
#if defined __x86_64__
    {&ws_simd_avx512, has_avx512},
    {&ws_simd_avx2, has_avx2},
    {&ws_simd_sse2, always},
#elif defined __aarch64__
    {&ws_simd_neon, always},
#endif
    {&ws_simd_plain, always},
};

_Atomic(const struct ws_simd *) ws_simd_chosen;

/* Takes the named unit, or the best when name is NULL. */
const struct ws_simd *ws_simd_choose(const char *name)
{
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if ((!name || strcmp(name, units[i].set->name) == 0) && units[i].present()) {
            atomic_store_explicit(&ws_simd_chosen, units[i].set, memory_order_relaxed);
            return units[i].set;
        }
    return NULL;
}

const char *ws_simd_name(void)
{
    return ws_simd()->name;
}

int ws_simd_force(const char *name)
{
    return ws_simd_choose(name) != NULL;
}
