/* What the parts of the runner share: a case under way, its connections, and
 * what was received and not yet expected. Only runner.c and its parts
 * (conn, inbox, echo, opening, asking, steps_*, match, pattern, words, closing, grade) include it. */
#ifndef ENGINE_PLAY_H
#define ENGINE_PLAY_H

#include "base/hash.h"
#include "engine/endpoint.h"
#include "engine/runner/listener.h"
#include "engine/runner/runner.h"
#include "engine/runner/socketio_link.h"

#define NEVER UINT64_MAX
#define PINGS_KEPT 64u   /* our unanswered pings that we remember */
#define MASKS_KEPT 256u  /* masking keys that we remember */
#define SETUPS_KEPT 64u  /* messages of one connection's set-up */
#define PREVIEW_BYTES 64u /* of a payload, in a sentence */

/* ---- what came, in order ---- */

enum item_kind {
    ITEM_FRAME = 1,     /* as on the wire; kept only for cases that use `expect frame` */
    ITEM_MESSAGE = 2,
    ITEM_PING = 4,
    ITEM_PONG = 8,
    ITEM_CLOSE = 16,
    ITEM_END = 32,      /* the transport; stays for every later expect */
    ITEM_PACKET = 64,   /* of Socket.IO, and Engine.IO's close */
    ITEM_BEAT = 128,    /* other packets of Engine.IO */
};
struct item {
    enum item_kind kind;
    uint64_t at_ns;
    uint64_t frame;             /* number of the (last) frame that it came in */
    uint8_t opcode;             /* MESSAGE */
    uint16_t code;              /* CLOSE */
    struct ws_frame_head head;  /* FRAME */
    const char *stale_mask;     /* FRAME: why its masking key is not a fresh one; NULL: it is */
    bool answers;               /* PONG: to a ping of ours */
    enum layer_end end;         /* END */
    struct item_packet *packet; /* PACKET, BEAT; data are then the packet's text */
    size_t held;                /* memory that it holds beside its data, about */
    uint8_t *data;              /* payload; CLOSE: the reason; END: what was wrong */
    size_t size;
    struct item *next;
};

/* A message of ours that `expect echo` waits for: its length, a hash of all of
 * it, and its beginning for the report, so that memory stays small. */
struct sent_message {
    uint8_t opcode;
    uint64_t size;
    struct hash hash;
    uint8_t preview[PREVIEW_BYTES];
    struct sent_message *next;
};

/* A peer's head, kept with its bytes. */
struct kept_head {
    bool there;
    bool broken;              /* beyond reading: head is empty, scan tells */
    uint64_t at_ns;
    struct ws_head_scan scan;
    struct ws_head head;
    struct buf bytes;
};

/* ---- a connection: one actor's ---- */

enum conn_phase {
    CONN_NONE,
    CONN_DIALLING,  /* connecting, or waiting for the peer to come */
    CONN_TRANSPORT, /* bytes may flow, no frames */
    CONN_FRAMES,    /* the handshake is done */
};
/* Faults told before there was a connection: the next one has them from its beginning. */
struct fault_plan {
    struct fault_setting faults[FAULTS];
    bool set[FAULTS];
};

/* How a client began a connection: what `service setup` found in its messages. */
struct setup {
    uint64_t said[SETUPS_KEPT]; /* hashes of the first groups */
    size_t count;               /* further ones are counted only */
    bool late;                  /* some of it behind a numbered message */
};

enum opening_stage { OPENING_NOT, OPENING_DIAL, OPENING_HEAD_OUT, OPENING_ANSWER };

struct conn {
    struct runner *runner;
    const char *actor;          /* NULL: the only one */
    unsigned number;            /* of the present connection */
    enum conn_phase phase;
    struct endpoint *endpoint;
    struct layer *fault;        /* owned by the endpoint's stack; NULL when the case uses none */
    struct fault_plan plan;
    struct listener_waiter waiter;
    size_t attempt;             /* ticket of the present connection; 0: none */

    /* opening */
    uint64_t came_ns;           /* when the transport was there */
    const struct step *opened_by;
    enum opening_stage opening;
    uint64_t opening_deadline;
    struct buf sent_head;       /* client: our request as it went out */
    struct kept_head head;
    struct buf body;            /* client: what came behind the head of a refusal; `failed`: there was more */
    struct ws_client_answer answer;   /* client: our judgement of the response */
    struct ws_server_answer request;  /* server: of the request */
    struct ws_deflate_params agreed;  /* server: what our answer says */
    bool agreed_deflate;
    char protocol[128];         /* agreed subprotocol */

    /* received */
    struct item *first, **last;
    struct item *end;           /* the transport's end, behind all others */
    size_t queued_bytes, queued_items;
    bool paused;
    struct buf message;         /* under way */
    struct setup setup;
    size_t numbered;            /* numbered messages that came */
    uint64_t frames;            /* heads that came */
    uint64_t frames_whole;      /* frames that were kept */
    uint64_t frames_taken;      /* the last one that an `expect frame` took */

    /* sent */
    struct sent_message *unreturned, **unreturned_last;
    size_t unreturned_count;
    struct sent_message *sending; /* fragments of a message of ours under way */
    uint64_t pings[PINGS_KEPT];   /* hashes; 0: free */
    unsigned ping_next;
    struct sio_link *link;        /* of a Socket.IO connection; NULL: it is none */
    bool recovers;                /* the server restores connections: events have an offset behind their arguments */
    bool heartbeat_off;
    bool auto_pong_off;
    bool close_sent, close_received;
    enum { CLOSING_NOT, CLOSING_CLOSE, CLOSING_TCP, CLOSING_OVER } closing; /* at the end of the case */
    uint64_t closing_deadline;
    uint16_t close_sent_code, close_code;
    bool fin_sent;
    bool broken_out;            /* what we sent is not a stream of whole frames: no closing handshake can follow */
    bool end_taken;             /* an expect took the Close or the end */
    struct fleet *fleet;        /* this actor is many; NULL: it is one */
    struct conn *next;
};

/* Endpoints that a case left behind: silent ones stay as they are, the others
 * go when their peer ends. */
struct limbo {
    struct runner *runner;
    struct endpoint *endpoint;
    size_t attempt;
    struct limbo *next;
};

/* ---- a case under way ---- */

/* What a restart under way answers to; it outlives the runner, in the run's arena. */
struct testee_ticket {
    struct runner *runner; /* NULL: it is over */
    bool answered;
};

enum progress {
    STEP_DONE,
    STEP_WAIT, /* call again when something happened, or at runner->wake_at */
    STEP_OVER, /* the case is decided */
};

struct cursor {
    const struct step *step;   /* to be played next; NULL: behind the last */
    const struct step *repeat; /* whose body it is */
    uint64_t round, rounds;
    uint64_t until; /* of `repeat ... for`; NEVER */
};

/* Numbers in the order in which they came, and whether some did not fit. */
struct numbers {
    struct number { uint64_t n, came_ns; } *at;
    size_t count, capacity, left_out;
};

struct service;

/* Bytes on their way out, in pieces when told so. */
struct pump {
    bool raw; /* the trace has not seen them yet: heads, and bytes as they are */
    struct buf bytes;
    size_t at, chunk;
    uint64_t every_ns, next_ns;
};

/* What a testee that we started uses of the system. */
enum usage { USAGE_MEMORY, USAGE_DESCRIPTORS, USAGES };

enum stage { PLAYING, CLOSING, WATCHING, OVER };

struct runner {
    struct runner_config config;
    const struct test_case *test;
    struct run_result *run;
    struct case_result *result;
    runner_done_fn *done;
    void *done_arg;

    uint64_t seed;             /* of this case */
    struct prng random, backoff;
    struct sample_reader samples;
    struct trace trace;
    uint64_t began_ns;

    enum stage stage;
    struct cursor cursors[LIMIT_REPEAT_DEPTH + 1];
    unsigned depth;
    const struct step *step;   /* being played */
    bool step_fresh;           /* its first call */
    uint64_t step_ns;          /* when it began, or will: a connection waits for its turn */
    uint64_t paced_ns;         /* waited for turns so far */
    unsigned phase;            /* of the step, zero at its beginning */
    uint64_t wake_at;          /* when to call it again at the latest */
    struct timer *kick, *timer;

    struct conn *conns;
    struct conn *alive;        /* for expect testee-alive */
    unsigned connections, limbo_count;
    struct limbo *limbo;
    struct pump pump;
    struct ws_handshake_scratch *scratch;
    bool uses_frames, uses_pings, uses_echo, uses_fault, uses_promises;
    unsigned uses_engine;      /* packets of Engine.IO that a step asks for: 1 << enum eio_type */
    uint64_t message_max;      /* a received message may be as large as those that the script sends and expects */
    uint64_t fragment_bytes;   /* that it sends in all */
    bool opened_once;          /* the testee took a connection in this case */
    bool alive_before;         /* the testee ran when the case began */
    bool killed;               /* the script ended the testee itself */
    bool lost;                 /* a connection ended without a closing handshake: perhaps it died */
    struct testee_ticket *ticket;
    uint64_t weighed[USAGES]; /* what the testee used at `testee weigh`; 0: not weighed */

    struct capture captures[LIMIT_CAPTURES];
    size_t capture_count;
    char round_text[24];       /* ${i} */
    char accept_key[WS_ACCEPT_SIZE + 1]; /* ${accept}, as server: the answer to the latest request's key */
    char accept_lower[WS_ACCEPT_SIZE + 1]; /* the same in lower case, which is wrong */

    uint32_t masks[MASKS_KEPT]; /* keys of the last frames, on all connections */
    unsigned mask_count;

    /* a client under test */
    struct attempt *attempts;  /* in the run's arena */
    size_t attempt_count, attempt_capacity, attempts_left_out;
    struct service *service;   /* NULL: messages go to the inbox */
    size_t taken;              /* attempts that took a certificate that they must not */
    struct setup first_setup;  /* of its first connection */
    struct numbers sent_numbers, received_numbers;
    uint64_t published;        /* our last number */
    uint64_t publish_at;       /* when the next one is due */
    const char *client_ended;  /* how its last process did; NULL: one runs */
    enum { TOLD_NOTHING, TOLD_OPEN, TOLD_FAILED } told; /* by its driver, in a case with hints */
    bool listened_off;         /* the port was closed: that nobody comes is the client's doing */

    unsigned fences;
    unsigned tries;            /* of a reconnect */
    uint64_t try_at;           /* when its next one is due */

    bool decided;              /* by end_case */
    bool timed_out;            /* what the testee had to do did not come in time */
    bool hard;                 /* FAIL whatever the requirement's level: a violation, a crash */
    enum verdict verdict;
    enum close_verdict close_verdict;
    int line;
    const char *expected, *seen, *detail, *last_words;
    uint64_t watch_until;
};

/* ---- runner.c ---- */

/* Something happened: go on, soon, from the loop. */
void runner_wake(struct runner *r);
uint64_t runner_now(const struct runner *r);
uint64_t runner_patience(const struct runner *r); /* the case's timeout, ns */
/* A time, drawn out by --timeout. */
uint64_t runner_patient(const struct runner *r, uint64_t ns);
/* How long this `within` waits; NULL: the case's timeout. */
uint64_t runner_within(const struct runner *r, const struct setting *within);
/* A time that a script names, at the run's pace. */
uint64_t runner_paced(const struct runner *r, uint64_t ns);
/* Is it earlier than a script allows, by more than clocks differ? */
bool runner_too_early(const struct runner *r, uint64_t took_ns, uint64_t least_ns);
/* The case ends with this verdict. The first one stands. Returns STEP_OVER. */
enum progress end_case(struct runner *r, enum verdict verdict, const char *expected, const char *seen,
                       const char *detail, ...) __attribute__((format(printf, 5, 6)));
/* A remark that worsens a PASS: the case goes on. */
void remark(struct runner *r, enum verdict verdict, const char *detail, ...)
    __attribute__((format(printf, 3, 4)));
/* Text in the run's arena; never NULL. */
const char *runner_text(struct runner *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Waits until then at the latest. Returns STEP_WAIT. */
enum progress wait_until(struct runner *r, uint64_t at_ns);
/* The bytes of a payload with captures filled in. False: the case ended as ERROR. */
bool runner_payload(struct runner *r, const struct payload *payload, struct buf *out);
/* The same for one option's value, which may be absent: then `otherwise`. */
bool runner_option(struct runner *r, const struct setting *setting, const char *otherwise, struct buf *out);
/* The step behind the one that is played, for the same actor; NULL at the end. */
const struct step *runner_next_step(const struct runner *r);
void runner_note(struct runner *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- steps_*.c: one function per form ---- */

typedef enum progress step_fn(struct runner *r, struct conn *c, const struct step *step);
step_fn step_open, step_reconnect;
step_fn step_send_frame, step_send_bytes, step_drop, step_fault, step_wait, step_auto_pong;
step_fn step_expect, step_fence;
step_fn step_send_packet, step_heartbeat;
step_fn step_testee, step_testee_restart, step_testee_alive, step_testee_weigh, step_testee_usage;
step_fn step_tunnel;
step_fn step_fleet, step_fleet_drop, step_recovered, step_measured;
step_fn step_listen, step_publish, step_nobody, step_attempts, step_gaps, step_numbers, step_setup;

/* Writes what the pump holds. */
enum progress pump_run(struct runner *r, struct conn *c);
void pump_begin(struct runner *r, const struct step *step);
/* The same, until the peer has taken enough of it. */
enum progress pump_drain(struct runner *r, struct conn *c);

/* ---- steps_fleet.c ---- */

/* False: the case is over, for this step is nothing for an actor who is many, or for one who is not. */
bool fleet_step_allowed(struct runner *r, const struct conn *c, const struct step *step);
/* What happens next may cost every fleet its connections: it is measured from now on. */
void fleets_brace(struct runner *r);
/* The storm of the case, for its result. */
void fleet_tell(struct runner *r);

/* ---- opening.c: the heads that we write, and what becomes of the handshake ---- */

enum opening { OPENING_WAIT, OPENING_DONE, OPENING_FAILED, OPENING_ENDED };
/* One opening handshake with the options of `step`; `whole`: it must succeed,
 * else it is done when our head is out. FAILED: *seen tells why (no such testee,
 * refused ...); ENDED: the case is over. */
enum opening opening_begin(struct runner *r, struct conn *c, const struct step *step, uint64_t patience_ns);
enum opening opening_poll(struct runner *r, struct conn *c, bool whole, const char **seen);
/* Server: nothing may come behind a request before it is answered (RFC 6455 section 4.1). False: the case is over. */
bool waited_for_us(struct runner *r, struct conn *c);
/* Judges the handshake that came about: remarks, UNIMPLEMENTED, FAIL. False: the case is over. */
bool opening_judge(struct runner *r, struct conn *c);
/* The extensions that a head names; good until the next call. */
const struct ws_extension_list *opening_extensions(struct runner *r, const struct ws_head *head);

/* ---- asking.c ---- */

/* Client: the header line with what the step asks for. False: the case is over. */
bool asking_put_offers(struct runner *r, const struct step *step, struct buf *out);
/* Server: what is agreed to, when the step asks for something. False: the case is over. */
bool asking_agree(struct runner *r, struct conn *c);

/* Client: the peer's response has come. */
void opening_response(struct runner *r, struct conn *c);
/* Server: the peer's request has come. */
void opening_request(struct runner *r, struct conn *c);
/* Server: a head of ours is out, c->sent_head; what it agreed to is read from it. Frames begin behind every
 * final head, whatever its status: a testee that goes on shows by its frames that it has taken it. */
void opening_head_out(struct runner *r, struct conn *c);

/* ---- conn.c ---- */

struct conn *conn_of(struct runner *r, const char *actor);
struct conn *conn_new(struct runner *r, const char *actor);
/* Forgets what the connection was (to limbo, where it must flush or stay) and is ready for another. */
void conn_renew(struct conn *c);
bool conn_dial(struct conn *c);  /* client: connects; server: waits. False: the case is over */
void conn_free(struct conn *c);
void limbo_free(struct runner *r);
void conn_mark_ping(struct conn *c, const uint8_t *payload, size_t size);
/* Leaves the connection to itself, open; `mute`: what comes is read and thrown away, else it is not read. */
void conn_silence(struct conn *c, bool mute);
/* Resets all that were left so. */
void limbo_reset(struct runner *r);
void conn_apply_fault(struct conn *c, const struct fault_setting *setting);
/* ---- attempts.c: the connections of a client under test, by ticket (0: nothing happens) ---- */

extern const struct listener_watch attempts_watch; /* arg: the runner */
struct attempt *attempt_of(struct runner *r, size_t ticket);
void attempt_opened(struct runner *r, size_t ticket);
/* The first fate stands. */
void attempt_failed(struct runner *r, size_t ticket, const char *fate);
void attempt_ended(struct runner *r, size_t ticket);
/* What the client did so far: "came back after the 1st reset in 1.0 s". `waited_ns`: and not since; 0: no such word. */
const char *attempts_story(struct runner *r, uint64_t waited_ns);

/* ---- service.c: how the server that we play answers ---- */

/* NULL when there is nothing to be served, or with the case ended. */
struct service *service_new(struct runner *r, const struct promises *promises);
void service_free(struct service *service);
void service_opened(struct conn *c);
/* A whole message; it is taken. */
void service_message(struct conn *c, uint8_t opcode, const uint8_t *bytes, size_t size);
/* Our next number goes out where there is a connection. False: the case is over. */
bool service_publish(struct runner *r, struct conn *c);
void numbers_add(struct numbers *numbers, uint64_t n, uint64_t came_ns);

/* ---- inbox.c ---- */

/* A fresh item with a copy of the bytes; with `steal`, the buffer's own memory. NULL: the case is over. */
struct item *inbox_item(struct conn *c, enum item_kind kind, const uint8_t *bytes, size_t size, struct buf *steal);
void inbox_add(struct conn *c, struct item *item);
/* The first item that is not passed over by one who wants these kinds; NULL: nothing yet. */
struct item *inbox_peek(struct conn *c, unsigned wanted);
void inbox_take(struct conn *c, struct item *item);
/* Drops everything that waits but Close and end. */
void inbox_discard(struct conn *c);
void inbox_free(struct conn *c);

/* ---- echo.c ---- */

/* A frame of ours, right or wrong, with its payload before compression. */
void echo_sent(struct conn *c, const struct frame_order *order, const uint8_t *body, size_t size);
bool echo_equals(const struct sent_message *sent, const struct item *item);
void echo_taken(struct conn *c, const struct item *item);
void echo_free(struct conn *c);

/* ---- match.c ---- */

enum match { MATCH_WAIT, MATCH_NO, MATCH_YES };
struct outcome {
    enum verdict grade;         /* what the outcome is worth */
    enum close_verdict close;   /* CLOSE_NONE: says nothing of it */
    const char *why;            /* of a lower grade, or of a mismatch; may be NULL */
};
/* The kinds of items that this form looks at; 0: it looks at the handshake. */
unsigned match_wants(enum form form);
/* DONE: on such a connection the expect, and each of its alternatives, may come true; of packets or of messages. */
enum progress match_fits(struct runner *r, const struct conn *c, const struct step *expect);
bool header_is_named(const struct ws_header *header, const char *name, size_t size); /* in any case of letters */
bool is_handshake_form(enum form form);
/* `payload`, `matches` and `capture` of the step over these bytes. */
enum match match_payload(struct runner *r, const struct step *step, const uint8_t *bytes, size_t size,
                         struct outcome *outcome);
/* The case is over: a step of Socket.IO on another connection. */
enum progress link_missing(struct runner *r, const struct step *step);
/* match_socketio.c */
unsigned match_engine_wanted(enum form form); /* 1 << enum eio_type; 0: none */
enum match match_engine(struct runner *r, struct conn *c, const struct step *step, struct item *item,
                        struct outcome *outcome);
enum match match_packet(struct runner *r, struct conn *c, const struct step *step, struct item *item,
                        struct outcome *outcome);
enum match match_step(struct runner *r, struct conn *c, const struct step *step, struct item *item,
                      struct outcome *outcome);

/* "the driver says ..." */
const char *told_words(const struct runner *r);
/* The head that is there, or the driver's word, as one of these forms wants it; in hints.c. */
enum match match_request(struct runner *r, struct conn *c, const struct step *step, struct outcome *outcome);
enum match match_told(struct runner *r, const struct conn *c, const struct step *step, struct outcome *outcome);
enum match match_sni(struct runner *r, const struct conn *c, const struct step *step, struct outcome *outcome);

/* ---- pattern.c ---- */

/* `matches` and `capture` of the step over these bytes; YES where it has neither. */
enum match pattern_match(struct runner *r, const struct step *step, const uint8_t *bytes, size_t size,
                         struct outcome *outcome);
void pattern_free_captures(struct runner *r);

/* ---- words.c: "text \"two\"", "close 1002 \"bad frame\"" ... ---- */

void item_words(const struct item *item, struct buf *out);
void head_words(const struct conn *c, struct buf *out);
/* The lines of the head that have the name of the step's header; false: there are none. */
bool header_words(struct runner *r, const struct conn *c, const struct step *step, struct buf *out);
/* The status line and the body behind it; false: there is none. */
bool body_words(const struct conn *c, struct buf *out);
/* Moves the words to the run's arena. */
const char *runner_words(struct runner *r, struct buf *words);
const char *end_words(struct runner *r, const struct conn *c);
const char *expected_words(struct runner *r, const struct step *step);
const char *duration_words(struct runner *r, uint64_t ns);

/* ---- closing.c ---- */

/* The Close of theirs was taken by an expect: answer it, unless the script does. */
void closing_answer(struct runner *r, struct conn *c);
/* A verdict on the closing; the worst one stands. */
void closing_verdict(struct runner *r, enum close_verdict verdict);
/* The end of a case: a closing handshake on every connection that is open. */
enum progress closing_poll(struct runner *r);

/* ---- grade.c ---- */

void breach_frame(struct runner *r, const struct ws_violation *violation);
/* `fatal`: the handshake came to nothing by it. */
void breach_handshake(struct runner *r, const struct ws_breach *breach, bool fatal);
/* Fills the result from what was decided. */
void grade_fill(struct runner *r);
/* Id, title ...; a case whose needs cannot be met is decided by it. */
void grade_prepare(struct runner *r);
/* A testee of ours that died is found out here, also when the case had passed. */
enum progress grade_watch(struct runner *r);

#endif
