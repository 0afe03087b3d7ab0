/* Recording of a story; story_write.c makes the scenarios. See story.h. */
#include "engine/story/story.h"

#include <stdlib.h>

void story_init(struct story *story)
{
    *story = (struct story){0};
    arena_init(&story->arena);
}

void story_free(struct story *story)
{
    free(story->events);
    arena_free(&story->arena);
    story_init(story);
}

void story_add(struct story *story, const struct story_event *event)
{
    if (story->count == story->capacity) {
        size_t room = story->capacity == 0 ? 64 : story->capacity * 2;
        struct story_event *events = room > STORY_EVENTS_MAX * 2 ? NULL : realloc(story->events, room * sizeof *events);
        if (events == NULL) {
            story->left_out++;
            return;
        }
        story->events = events;
        story->capacity = room;
    }
    if (story->count >= STORY_EVENTS_MAX || story->arena.used + event->size > STORY_BYTES_MAX) {
        story->left_out++;
        return;
    }
    struct story_event *copy = &story->events[story->count];
    *copy = *event;
    copy->order = story->count + story->left_out;
    copy->bytes = event->size == 0 ? (const uint8_t *)"" : arena_copy(&story->arena, event->bytes, event->size);
    if (copy->bytes == NULL)
        story->left_out++;
    else
        story->count++;
}
