/* libwebsockets as a testee: echoes on every path.
 *   libwebsockets_server PORT [CERT KEY]      (wss with a certificate) */
#include <libwebsockets.h>

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_MAX (64u << 20)

/* A connection: the message that comes, and the one that waits to go. */
struct echo {
    unsigned char *bytes; /* behind LWS_PRE bytes of room for the library */
    size_t size, capacity;
    bool binary, whole;
};

static volatile sig_atomic_t ended;

static void end(int signal)
{
    (void)signal;
    ended = 1;
}

static bool append(struct echo *echo, const void *bytes, size_t size)
{
    if (size > MESSAGE_MAX - echo->size)
        return false;
    if (echo->size + size > echo->capacity) {
        size_t capacity = 2 * (echo->size + size);
        unsigned char *more = realloc(echo->bytes, LWS_PRE + capacity);
        if (more == NULL)
            return false;
        echo->bytes = more;
        echo->capacity = capacity;
    }
    if (size != 0)
        memcpy(echo->bytes + LWS_PRE + echo->size, bytes, size);
    echo->size += size;
    return true;
}

static int receive(struct lws *wsi, struct echo *echo, const void *bytes, size_t size)
{
    if (lws_is_first_fragment(wsi)) {
        echo->size = 0;
        echo->binary = lws_frame_is_binary(wsi);
    }
    if (!append(echo, bytes, size)) {
        lws_close_reason(wsi, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE, NULL, 0);
        return -1;
    }
    if (lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0) {
        echo->whole = true;
        lws_rx_flow_control(wsi, 0); /* one message at a time */
        lws_callback_on_writable(wsi);
    }
    return 0;
}

static int answer(struct lws *wsi, struct echo *echo)
{
    if (!echo->whole)
        return 0;
    echo->whole = false;
    if (!append(echo, "", 0) || (echo->bytes == NULL && (echo->bytes = malloc(LWS_PRE + 1)) == NULL))
        return -1;
    int sent = lws_write(wsi, echo->bytes + LWS_PRE, echo->size, echo->binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT);
    lws_rx_flow_control(wsi, 1);
    return sent < (int)echo->size ? -1 : 0;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *bytes, size_t size)
{
    switch (reason) {
    case LWS_CALLBACK_RECEIVE:
        return receive(wsi, user, bytes, size);
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return answer(wsi, user);
    case LWS_CALLBACK_CLOSED:
        free(((struct echo *)user)->bytes);
        return 0;
    default:
        return lws_callback_http_dummy(wsi, reason, user, bytes, size);
    }
}

int main(int argc, char **argv)
{
    static const struct lws_protocols protocols[] = {
        /* the first is for those who ask for none */
        {.name = "default", .callback = on_event, .per_session_data_size = sizeof(struct echo)},
        {.name = "chat", .callback = on_event, .per_session_data_size = sizeof(struct echo)},
        {.name = "superchat", .callback = on_event, .per_session_data_size = sizeof(struct echo)},
        {0},
    };
    static const struct lws_extension extensions[] = {
        {"permessage-deflate", lws_extension_callback_pm_deflate,
         "permessage-deflate; client_no_context_takeover; client_max_window_bits"},
        {NULL, NULL, NULL},
    };
    if (argc != 2 && argc != 4)
        return 2;
    struct lws_context_creation_info info = {
        .port = atoi(argv[1]),
        .iface = "127.0.0.1",
        .protocols = protocols,
        .extensions = extensions,
        .pt_serv_buf_size = 32768,
        .options = LWS_SERVER_OPTION_VALIDATE_UTF8 | LWS_SERVER_OPTION_DISABLE_IPV6,
    };
    if (argc == 4) {
        info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
        info.ssl_cert_filepath = argv[2];
        info.ssl_private_key_filepath = argv[3];
    }
    signal(SIGINT, end);
    signal(SIGTERM, end);
    lws_set_log_level(LLL_ERR, NULL);
    struct lws_context *context = lws_create_context(&info);
    if (context == NULL)
        return 1;
    while (!ended && lws_service(context, 0) >= 0)
        continue;
    lws_context_destroy(context);
    return 0;
}
