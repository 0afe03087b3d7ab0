/* Scenario text (engine/language/script.h). Oracles: what parses prints, and what is
 * printed parses to the same script and prints the same again; mistakes are
 * told in clean text; and nothing of it costs more than linear time. */
#include "fuzz.h"

#include "../tests/unit/engine/same_script.h"
#include "base/hash.h"
#include "plain_utf8.h"

#include <time.h>

FUZZ_TARGET("script");

#define NS_PER_BYTE 4000.0      /* of text, under sanitizers; families are paid by their steps */
#define NS_PER_STEP 10000.0
#define NS_BEFORE_ANYTHING 2e8

static double cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* What is written to a terminal holds no control characters, whatever the file held. */
static void clean(const struct buf *text, const char *what)
{
    bool complete;
    must(plain_utf8_bad(text->data, text->size, &complete) == text->size && complete, "%s are not UTF-8", what);
    for (size_t i = 0; i < text->size; i++)
        must((text->data[i] >= ' ' && text->data[i] != 0x7f) || text->data[i] == '\n' || text->data[i] == '\t',
             "%s hold the byte %02x", what, text->data[i]);
}

static struct script *parse(const char *text, size_t size, unsigned *mistakes)
{
    struct buf errors;
    size_t steps = 0;
    double started = cpu_ns();
    buf_init(&errors, 0);
    struct script *script = script_parse("fuzz.wsg", text, size, &errors, mistakes);
    double took = cpu_ns() - started;
    must(script != NULL, "no memory");
    must((*mistakes == 0) == (errors.size == 0), "%u mistakes in %zu bytes of messages", *mistakes, errors.size);
    clean(&errors, "messages");
    for (size_t i = 0; i < script->case_count; i++)
        steps += 1 + script->cases[i].step_count;
    must(took < NS_BEFORE_ANYTHING + NS_PER_BYTE * (double)size + NS_PER_STEP * (double)steps,
         "%zu bytes with %zu steps take %.0f ms", size, steps, took / 1e6);
    buf_free(&errors);
    return script;
}

/* The printed text parses, says the same, and prints as itself. */
static void print_and_back(const struct script *script)
{
    struct buf once, twice;
    unsigned mistakes;
    buf_init(&once, 0);
    buf_init(&twice, 0);
    script_print(script, &once);
    struct script *again = parse(buf_text(&once), once.size, &mistakes);
    must(mistakes == 0, "the printed text has mistakes:\n%s", buf_text(&once));
    must(same_steps(script->lines, again->lines), "printed, it is another script:\n%s", buf_text(&once));
    script_print(again, &twice);
    must(once.size == twice.size && strcmp(buf_text(&once), buf_text(&twice)) == 0,
         "printed twice, it is another text:\n%s\n-- then\n%s", buf_text(&once), buf_text(&twice));
    script_free(again);
    buf_free(&once);
    buf_free(&twice);
}

/* Eight times the text must not cost much more than eight times as much. */
static void parse_eightfold(const char *text, size_t size)
{
    unsigned mistakes;
    struct buf much;
    buf_init(&much, 0);
    for (int i = 0; i < 8; i++)
        must(buf_append(&much, text, size), "no memory");
    script_free(parse(buf_text(&much), much.size, &mistakes));
    buf_free(&much);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned mistakes;
    struct buf warnings;
    char *text = fuzz_text(data, size);
    struct script *script = parse(text, size, &mistakes);
    if (mistakes == 0) {
        buf_init(&warnings, 0);
        print_and_back(script);
        unsigned count = script_lint(script, NULL, &warnings);
        must((count == 0) == (warnings.size == 0), "%u warnings in %zu bytes", count, warnings.size);
        clean(&warnings, "warnings");
        buf_free(&warnings);
    }
    script_free(script);
    if (hash_bytes(HASH_START, data, size) % 16 == 0)
        parse_eightfold(text, size);
    free(text);
    return 0;
}
