/* The echo program: what it says, and that it ends when it is told to. */
#include "modes/echo/echo.h"
#include "unit.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs it in a process of its own until its first line, interrupts it, and gives back the line. */
static int run_until_interrupted(struct echo_options options, char *line, int size)
{
    int ends[2], status;
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        struct diag why = {0};
        options.out = fdopen(ends[1], "w");
        _exit(echo_main(&options, &why));
    }
    close(ends[1]);
    FILE *in = fdopen(ends[0], "r");
    ck_assert_ptr_nonnull(fgets(line, size, in));
    kill(child, SIGINT);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    fclose(in);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

START_TEST(says_where_and_ends)
{
    char line[100];
    unsigned port = 0;
    ck_assert_int_eq(run_until_interrupted((struct echo_options){0}, line, sizeof line), 0);
    ck_assert_int_eq(sscanf(line, "listening on ws://127.0.0.1:%u/\n", &port), 1);
    ck_assert_uint_ne(port, 0);
}
END_TEST

START_TEST(tls_with_its_certificate)
{
    char line[100], pem[30] = "";
    struct echo_options options = {.tls = true, .certificate_out = "cert.pem"};
    ck_assert_int_eq(run_until_interrupted(options, line, sizeof line), 0);
    ck_assert_int_eq(strncmp(line, "listening on wss://127.0.0.1:", 29), 0);
    FILE *file = fopen("cert.pem", "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_ptr_nonnull(fgets(pem, sizeof pem, file));
    fclose(file);
    ck_assert_str_eq(pem, "-----BEGIN CERTIFICATE-----\n");
}
END_TEST

START_TEST(mistakes)
{
    static const struct { struct echo_options options; const char *text; int status; } rows[] = {
        {{.fault = "ping-unanswerd"}, "there is no fault 'ping-unanswerd'; did you mean 'ping-unanswered'?", 2},
        {{.fault = "zzz"}, "there is no fault 'zzz'; --fault list shows all", 2},
        {{.tls = true, .certificate_file = "nowhere.pem", .key_file = "nowhere.pem"}, "nowhere.pem", 2},
        {{.tls = true, .certificate_out = "no/where.pem"}, "no/where.pem", 2},
        {{.host = "256.0.0.1"}, "256.0.0.1", 3},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct diag why = {0};
        int status = echo_main(&rows[i].options, &why);
        ck_assert_msg(strstr(why.text, rows[i].text) != NULL, "%s", why.text);
        ck_assert_msg(status == rows[i].status, "%s: %d", why.text, status);
    }
}
END_TEST

START_TEST(faults_are_listed)
{
    char text[40] = "";
    struct diag why = {0};
    struct echo_options options = {.fault = "list", .out = tmpfile()};
    ck_assert_int_eq(echo_main(&options, &why), 0);
    rewind(options.out);
    ck_assert_ptr_nonnull(fgets(text, sizeof text, options.out));
    ck_assert_int_eq(strncmp(text, "accept-key-wrong ", 17), 0);
    fclose(options.out);
}
END_TEST

UNIT_MAIN("echo", says_where_and_ends, tls_with_its_certificate, mistakes, faults_are_listed)
