/* Every hard limit of the program, in one place. A limit that is passed is a
 * message to the user, never a silent cut. wire/ has its own limits beside the
 * structures they size, so that the library stands alone. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#define LIMIT_SCRIPT_BYTES      (1u << 20)  /* one .wsg file */
#define LIMIT_SCRIPT_ERRORS     50u         /* mistakes reported per file */
#define LIMIT_SCRIPT_STEPS      100000u     /* steps of one file, families expanded */
#define LIMIT_FAMILY_CASES      10000u      /* values behind `each` */
#define LIMIT_REPEAT_TIMES      1000000u    /* N of `repeat N` */
#define LIMIT_REPEAT_DEPTH      4u
#define LIMIT_PAYLOAD_BYTES     (64u << 20) /* one payload expression */
#define LIMIT_MESSAGE_BYTES     (32u << 20) /* a received message that we keep */
#define LIMIT_MESSAGE_LEAST     (4u << 20)  /* the same for a case that sends and expects nothing as large */
#define LIMIT_BODY_BYTES        (64u << 10) /* kept of the body of a refusal */
#define LIMIT_QUEUED_BYTES      (8u << 20)  /* received and not yet expected; above it we stop reading */
#define LIMIT_QUEUED_EVENTS     16384u
#define LIMIT_HELD_BYTES        (24u << 20) /* the same for all cases under way together ... */
#define LIMIT_HELD_SHARE        (1u << 20)  /* ... of which each has this much for itself */
#define LIMIT_TOGETHER_BYTES    (8u << 20)  /* of the largest messages of cases that play at the same time */
#define LIMIT_PONG_BYTES        (1u << 20)  /* of ours that wait to be sent; above it pings are not answered */
#define LIMIT_TRACE_EVENTS      20000u      /* the first and the last of more are kept */
#define LIMIT_TRACE_BYTES       4096u       /* payload bytes kept per traced event */
#define LIMIT_TRACE_KEPT        (2u << 20)  /* the same: of events with more bytes than this together */
#define LIMIT_RUN_TRACES        (8u << 20)  /* of all traces of a run as text, each case its share ... */
#define LIMIT_TRACE_TEXT        (256u << 10) /* ... but no more than this */
#define LIMIT_TRACE_SHARE       (8u << 10)  /* and no less */
#define LIMIT_RESULT_EVENTS     100u        /* of a case's trace that reports draw: its first and its last */
#define LIMIT_RESULT_BYTES      512u        /* of the payload of each */
#define LIMIT_RESULT_CLOSE      125u        /* ... and of a Close: all that one may have (RFC 6455 section 5.5) */
#define LIMIT_RESULT_SHARED     (8u << 10)  /* of all of them together, each its share: but never less than ... */
#define LIMIT_RESULT_SHARE      48u
#define LIMIT_FIGURE_POINTS     20000u      /* of one series of a picture */
#define LIMIT_FIGURES           1000u       /* of one case or run that is read, and series of one */
#define LIMIT_RESULT_FILE       (512u << 20)
#define LIMIT_REPORTS           16u         /* that one command writes */
#define LIMIT_STDERR_TAIL       4096u       /* of a testee that we started */
#define LIMIT_OUTPUT_LINE       4096u       /* of its standard output; of a longer line only the beginning */
#define LIMIT_FAULT_HELD        (1u << 20)  /* received and held back by network faults; above it we stop reading */
#define LIMIT_FAULT_PIECES      4096u       /* ... in so many writes of their own; later ones are joined */
#define LIMIT_CAPTURES          64u
#define LIMIT_ATTEMPTS          10000u      /* connections of a client under test in one case; later ones are counted */
#define LIMIT_NUMBERS           1000000u    /* numbered messages in one case; later ones are counted */
#define LIMIT_RESTARTS          20u         /* of a testee that dies or hangs again and again, in one run */
#define LIMIT_CONNECTIONS       20000u
#define LIMIT_DURATION_S        86400u      /* the longest time a script may name */
#define LIMIT_DIAG_TEXT         512u

#endif
