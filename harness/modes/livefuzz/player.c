/* See player.h. */
#include "modes/livefuzz/player.h"

bool player_start(struct player *player, const struct whom_options *options, struct diag *why)
{
    player->options = *options;
    player->seed = options->seed;
    player->patience = options->patience;
    if (player->parallel == 0)
        player->parallel = 1;
    if (!whom_start(&player->whom, &player->options, why))
        return false;
    if (player->interrupted != NULL)
        loop_on_interrupt(player->whom.loop, player->interrupted, player->interrupted_arg);
    return true;
}

void player_deafen(struct player *player)
{
    if (player->whom.loop != NULL)
        loop_on_interrupt(player->whom.loop, NULL, NULL);
}

void player_end(struct player *player)
{
    player_deafen(player);
    whom_end(&player->whom);
}

/* The oracle writes no mistakes: one here is ours. */
static bool read_suite(struct suite *suite, const struct buf *text, struct diag *why)
{
    struct buf errors;
    unsigned error_count = 0;
    buf_init(&errors, 0);
    struct script *script = script_parse("session", buf_text(text), text->size, &errors, &error_count);
    bool fine = script != NULL && error_count == 0;
    if (fine)
        fine = suite_add_script(suite, script, why);
    else
        diag_set(why, DIAG_TROUBLE, "a session that does not parse: %s", buf_text(&errors));
    if (!fine && error_count != 0)
        script_free(script);
    buf_free(&errors);
    return fine;
}

enum play_end player_play_suite(struct player *player, const struct suite *suite, struct run_result **run,
                                struct diag *why)
{
    const struct play_config config = {
        .runner = {.loop = player->whom.loop, .testee = &player->whom.testee, .role = WS_CLIENT,
                   .seed = player->seed, .patience = player->patience, .replay_prefix = "", .pacing = player->pacing},
        .parallel = player->parallel,
        .echoes = player->echoes,
        .unchecked = player->unchecked,
        .most_ns = player->most_ns,
        .note = player->note,
        .progress = player->progress,
        .arg = player->told,
    };
    *run = run_result_new();
    if (*run != NULL)
        return suite_play(suite, &config, *run, why);
    diag_set(why, DIAG_TROUBLE, "out of memory");
    return PLAY_NO_TESTEE;
}

enum play_end player_play(struct player *player, const struct buf *text, struct run_result **run, struct diag *why)
{
    struct suite suite = {0};
    enum play_end end = PLAY_NO_TESTEE;
    *run = NULL;
    if (read_suite(&suite, text, why))
        end = player_play_suite(player, &suite, run, why);
    suite_free(&suite);
    return end;
}
